"""Code beside the target takes part as context: where it is found, what it adds, and what it never does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from test_gate import commit

from analysis.facts import read_siblings, scan
from analysis.facts.opening import open_tree
from analysis.facts.sibling_files import normalise
from analysis.gate import CheckOptions, check
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.policy import Policy
from analysis.report.provenance import build_provenance

MakeTree = Callable[[Mapping[str, str]], Path]
GIT = {".git/HEAD": "ref: refs/heads/main\n", ".git/objects/a": "", ".git/refs/a": ""}
SHARED = {
    "app/__init__.py": "",
    "app/a.py": "import app.b\nfrom shared.db import Session\nclass Own: ...\n",
    "app/b.py": "from shared.late import late\n",
    "shared/__init__.py": "",
    "shared/db.py": "from shared.more import m\nimport requests\nclass Session: ...\n",
    "shared/more.py": "m = 1\n",
    "shared/late.py": "from .more import m\nlate = m\n",
    "shared/unread.py": "x = 1\n",
    "other/__init__.py": "",
}


def see(root: Path, data: Path, *, siblings: bool = True) -> Investigation:
    policy = Policy.model_validate({"target": {"siblings": siblings}})
    return investigate(root, data=data / str(siblings), jobs=1, policy=policy)


def read_rows(found: Investigation, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = found.table(table).to_pylist()
    return rows


def list_siblings(found: Investigation) -> dict[str, str]:
    return {row["module"]: row["path"] for row in read_rows(found, "siblings")}


def list_findings(found: Investigation) -> set[tuple[str, str, str]]:
    return {(row["rule"], row["subject"], row["severity"]) for row in read_rows(found, "findings")}


# Where they are


def test_without_a_repository_nothing_beside_the_target_is_read(make_tree: MakeTree, tmp_path: Path) -> None:
    root = make_tree(SHARED)
    if read_siblings(scan(root / "app")) is None:  # else the folder of the tests lies in a repository itself
        assert list_siblings(see(root / "app", tmp_path)) == {}


def test_a_target_that_is_the_top_has_no_siblings(make_tree: MakeTree) -> None:
    assert read_siblings(scan(make_tree({**SHARED, **GIT}))) is None


def test_what_imports_lead_to_is_read_and_nothing_else(make_tree: MakeTree, tmp_path: Path) -> None:
    found = see(make_tree({**SHARED, **GIT}) / "app", tmp_path)
    assert list_siblings(found) == {
        "shared": "../shared/__init__.py",
        "shared.db": "../shared/db.py",
        "shared.more": "../shared/more.py",
        "shared.late": "../shared/late.py",
    }
    edges = {(row["importer"], row["imported"]) for row in read_rows(found, "edges")}
    assert {("app.a", "shared.db"), ("app.b", "shared.late"), ("shared.db", "shared.more")} <= edges
    assert read_rows(found, "externals") == []  # requests is the library of a sibling
    assert dict(build_provenance(found).facts)["Read beside the target"].startswith("4 files as context")


def test_a_folder_that_is_no_package_finds_packages_above_it(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "services/api/main.py": "import core.x\nfrom lib.deep.tool import run\nimport local\nimport yaml\n",
        "services/api/local.py": "",
        "services/core/__init__.py": "",
        "services/core/x.py": "import core.y\n",
        "services/core/y.py": "",
        "lib/deep/tool.py": "def run(): ...\n",
        "yaml/data.txt": "",
        **GIT,
    }
    found = see(make_tree(files) / "services/api", tmp_path)
    assert {name: path for name, path in list_siblings(found).items() if not path.endswith("/")} == {
        "core": "../core/__init__.py",
        "core.x": "../core/x.py",
        "core.y": "../core/y.py",
        "lib.deep.tool": "../../lib/deep/tool.py",
    }
    assert {row["package"] for row in read_rows(found, "externals")} == {"yaml"}


def test_the_packages_around_a_target_are_read_too(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "import p.early\n",
        "p/early.py": "import p.sub.a\n",
        "p/util.py": "x = 1\n",
        "p/sub/__init__.py": "",
        "p/sub/a.py": "from ..util import x\nfrom p.util import gone\nimport p.sub.b\n",
        "p/sub/b.py": "import p.sub.a\n",
        **GIT,
    }
    found = see(make_tree(files) / "p/sub", tmp_path)
    assert {"p.util": "../util.py"}.items() <= list_siblings(found).items()
    assert [(row["module"], row["name"]) for row in read_rows(found, "phantom_names")] == [("p.util", "gone")]


def test_a_library_is_not_taken_for_a_folder_of_its_name(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "svc/main.py": "import docker.errors\nfrom docker.models.images import Image\nimport json, app, numpy\n",
        "docker/build.py": "",
        "json.py": "",
        "json/__init__.py": "",
        "numpy.py": "",
        **GIT,
    }
    assert list_siblings(see(make_tree(files) / "svc", tmp_path)) == {}


# What they add, and what not


def test_a_cycle_through_a_sibling_is_found_as_python_runs_into_it(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {**SHARED, "shared/db.py": "from app.a import Own\nclass Session: ...\n", **GIT}
    root = make_tree(files)
    found = see(root / "app", tmp_path)
    outcomes = {row["module"]: row["outcome"] for row in read_rows(found, "simulated")}
    assert set(outcomes) == {"app", "app.a", "app.b"}
    for module, outcome in outcomes.items():
        run = subprocess.run([sys.executable, "-c", f"import {module}"], cwd=root, capture_output=True, check=False)
        assert (run.returncode == 0) == (outcome == "ok"), module
    assert outcomes["app.a"] == "circular"
    rows = read_rows(found, "findings")
    assert {row["rule"] for row in rows} >= {"import-cycle", "module-fails-when-imported-first"}
    for row in rows:
        assert row["evidence"] and not row["evidence"][0]["path"].startswith("../"), row["message"]
    cited = {place["path"] for row in rows for place in row["evidence"]}
    assert "../shared/db.py" in cited
    sources = [place["source"] for row in rows for place in row["evidence"] if place["path"] == "../shared/db.py"]
    assert "from app.a import Own" in sources


def test_a_name_that_a_sibling_lacks_is_a_finding_of_the_target(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {**SHARED, "app/b.py": "from shared.late import gone\nimport shared.nowhere\n", **GIT}
    found = see(make_tree(files) / "app", tmp_path)
    assert {row["rule"] for row in read_rows(found, "findings")} >= {"phantom-name", "phantom-import"}


def test_what_is_wrong_beside_the_target_is_no_finding(make_tree: MakeTree, tmp_path: Path) -> None:
    bad = (
        "import shared.gone\nfrom shared.late import nothing\nclass Own: ...\nclass Twice: ...\n"
        "_cache = {}\ndef keep(user):\n    _cache[user] = user\n"
        "class Holder:\n    items = []\n    def add(self, x):\n        self.items.append(x)\n"
    )
    files = {
        **SHARED,
        "shared/more.py": f"try:\n    import shared.other\nexcept ImportError:\n    m = 1\n{bad}",
        "shared/other.py": bad,
        **GIT,
    }
    root = make_tree(files) / "app"
    assert list_findings(see(root, tmp_path)) - list_findings(see(root, tmp_path, siblings=False)) <= {
        ("module-fails-when-imported-first", "app.a", "P1"),
        ("module-fails-when-imported-first", "app.b", "P1"),
    }


def test_figures_are_of_the_target_alone(make_tree: MakeTree, tmp_path: Path) -> None:
    root = make_tree({**SHARED, "shared/late.py": "late = 1\nclass Own: ...\n", **GIT}) / "app"
    with_them, without = see(root, tmp_path), see(root, tmp_path, siblings=False)
    figures = [{row["metric"]: row["value"] for row in read_rows(each, "metrics")} for each in (with_them, without)]
    same = ("files", "lines", "modules", "packages", "import-statements", "files-not-parsed", "cycles")
    assert [[each.get(name) for name in same] for each in figures] == [[figures[0].get(name) for name in same]] * 2
    for table in ("files", "modules", "imports", "definitions", "bindings"):
        assert read_rows(with_them, table) == read_rows(without, table)
    assert list_siblings(without) == {}
    assert {row["package"] for row in read_rows(without, "externals")} == {"shared"}
    assert read_rows(with_them, "not_analysed") == []


def test_a_second_scan_sees_what_changed_beside_the_target(make_tree: MakeTree, tmp_path: Path) -> None:
    root = make_tree({**SHARED, **GIT})
    assert not read_rows(see(root / "app", tmp_path), "phantom_names")
    (root / "shared/late.py").write_text("later = 1\n")
    assert [row["name"] for row in read_rows(see(root / "app", tmp_path), "phantom_names")] == ["late"]


def test_a_comparison_with_an_earlier_revision_compares_like_with_like(make_tree: MakeTree, tmp_path: Path) -> None:
    text = '{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["import app.gone\\n"]}]}'
    root = make_tree({**SHARED, "app/b.py": "from shared.late import gone\n", "app/nb/a.ipynb": text})
    commit(root)
    (root / "app/new.py").write_text("import app.missing\n")
    found = check(root / "app", CheckOptions(since="HEAD", data=tmp_path / "data"))
    assert [(each.subject, each.status) for each in found.findings if each.status != "known"] == [
        ("app.missing", "new")
    ]
    assert "app.gone" in {each.subject for each in found.findings}


# Hostile trees


def test_links_out_of_the_repository_are_not_followed(make_tree: MakeTree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "__init__.py").write_text("SECRET = 1\n")
    (outside / "m.py").write_text("SECRET = 2\n")
    root = make_tree(
        {"app/__init__.py": "", "app/a.py": "import app\nimport linked.m, one.m\n", "one/__init__.py": "", **GIT}
    )
    (root / "linked").symlink_to(outside)
    (root / "one/m.py").symlink_to(outside / "m.py")
    found = see(root / "app", tmp_path)
    assert {
        row["module"]: row["status"] for row in read_rows(found, "siblings") if row["content_hash"] == ""
    }.keys() >= {"one.m"}
    assert not [
        row for row in read_rows(found, "siblings") if row["content_hash"] and row["module"].startswith("linked")
    ]
    assert "SECRET" not in str(read_rows(found, "paths"))


def test_a_repository_inside_the_repository_is_not_read(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "app/__init__.py": "",
        "app/a.py": "import app\nimport vendor.m\n",
        "vendor/__init__.py": "",
        "vendor/m.py": "",
    }
    inner = {f"vendor/{path}": text for path, text in GIT.items()}
    assert list_siblings(see(make_tree({**files, **GIT, **inner}) / "app", tmp_path)) == {}


def test_a_git_file_that_names_another_repository_gives_no_siblings(make_tree: MakeTree, tmp_path: Path) -> None:
    root = make_tree(
        {**SHARED, "elsewhere/HEAD": "ref: refs/heads/main\n", "elsewhere/objects/a": "", "elsewhere/refs/a": ""}
    )
    (root / ".git").write_text(f"gitdir: {tmp_path / 'nowhere'}\n")
    assert read_siblings(scan(root / "app")) is None


@pytest.mark.parametrize("source", ["def f(:\n", "\0", "import shared.db\nfrom shared import *\n", "x = (" * 300])
def test_siblings_that_cannot_be_read_stop_nothing(make_tree: MakeTree, tmp_path: Path, source: str) -> None:
    found = see(make_tree({**SHARED, "shared/more.py": source, **GIT}) / "app", tmp_path)
    assert "shared.more" in list_siblings(found)
    assert read_rows(found, "not_analysed") == []


def test_the_tree_of_a_repository_reads_nothing_beyond_its_top(make_tree: MakeTree) -> None:
    root = make_tree({"a/b/c.py": "1", "a/d.py": "2", "e.py": "3"})
    tree = open_tree(root / "a/b", top=root / "a")
    assert (tree.read_bytes("c.py"), tree.read_bytes("../d.py")) == (b"1", b"2")
    for path in ("../../e.py", "../../../etc/passwd", "../../a/../e.py", "/etc/passwd", "..", "../x/../../e.py"):
        with pytest.raises(OSError, match=r"no such|No such|no path below|Not a|leaves|not a regular"):
            tree.read_bytes(path)
    assert (tree.has_file("../d.py"), tree.has_folder("../b"), normalise("a/../../b")) == (True, True, None)


def test_what_the_repository_ignores_is_no_sibling(make_tree: MakeTree, tmp_path: Path) -> None:
    root = make_tree({**SHARED, ".gitignore": "late.py\n.venv/\n", ".venv/lib/pkg/__init__.py": "import other\n",
                      ".venv/lib/other/__init__.py": ""})  # fmt: skip
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert list_siblings(see(root / "app", tmp_path)) == {
        "shared": "../shared/__init__.py", "shared.db": "../shared/db.py", "shared.more": "../shared/more.py"
    }  # fmt: skip
    # Installed packages beside each other in a folder that git ignores belong to no revision.
    assert list_siblings(see(root / ".venv/lib/pkg", tmp_path / "again")) == {}

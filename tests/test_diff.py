"""What differs between two states of a target: each change is named with its place, and all commands say the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from git_trees import commit, git
from typer.testing import CliRunner

import analysis
from analysis.cli import app
from analysis.errors import RevisionError, UnknownNameError
from analysis.gate import CheckOptions, check
from analysis.history.difference import Difference
from analysis.report.difference_files import find_format
from analysis.report.difference_markdown import build_difference_markdown
from analysis.report.difference_page import build_difference_page

Tree = Callable[..., Path]
BODY = "".join(f"    def step_{n}(self, x):\n        return self.rest + x * {n}\n" for n in range(6))
BEFORE = {
    "p/__init__.py": "from p.db import Order\n",
    "p/db.py": f"class Order:\n{BODY}\nclass Gone: ...\nLIMIT = 3\n",
    "p/a.py": "import p.b\n",
    "p/b.py": "X = 1\n",
    "p/old.py": "def keep(items=[]):\n    items.append(1)\n    return items\n"
    + "".join(f"V{n} = {n}\n" for n in range(8)),
    "p/fixed.py": "import p.nowhere\n",
    "p/many.py": "from p.absent import one\nfrom p.absent import two\n",
    "p/more.py": "from p.lost import one\n",
}
CHANGES: Mapping[str, str | None] = {
    "p/db.py": "class Order:\n    pass\nLIMIT = 3\n",
    "p/b.py": "import p.a\nX = 1\n",
    "p/old.py": None,
    "p/new_name.py": BEFORE["p/old.py"],
    "p/fixed.py": "",
    "p/many.py": "from p.absent import one\n",
    "p/more.py": "from p.lost import one\nfrom p.lost import two\nfrom p.lost import three\n",
    "p/fresh.py": "def extend(items=[]):\n    items.append(1)\n",
}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def change(root: Path, files: Mapping[str, str | None]) -> None:
    for name, source in files.items():
        if source is None:
            (root / name).unlink()
        else:
            (root / name).write_text(source)


@pytest.fixture
def repository(make_tree: Tree) -> Path:
    """A repository with two commits."""
    root = make_tree(BEFORE)
    commit(root)
    change(root, CHANGES)
    commit(root)
    return root


def list_findings(found: Difference) -> set[tuple[str, str, str]]:
    return {(each.change, each.rule, each.place) for each in found.changed_findings}


def test_every_kind_of_change_of_a_finding_is_named_with_its_place(repository: Path) -> None:
    found = analysis.diff("HEAD~1", "HEAD", target=repository, jobs=1)
    listed = list_findings(found)
    assert ("new", "import-cycle", "p/a.py:1") in listed
    assert "p/fresh.py:1" in {p for c, _, p in listed if c == "new"}
    assert {p for c, _, p in listed if c == "gone"} == {"p/fixed.py:1"}
    assert {p for c, _, p in listed if c == "moved"} == {"p/new_name.py:1"}
    assert {p for c, _, p in listed if c == "better"} == {"p/many.py:1"}
    assert {p for c, _, p in listed if c == "worse"} == {"p/more.py:1"}
    moved = next(each for each in found.changed_findings if each.change == "moved")
    assert "old" in moved.subject_before and "new_name" in moved.subject
    assert found.cautions == ()


def test_check_since_and_diff_name_the_same_findings(repository: Path) -> None:
    found = analysis.diff("HEAD~1", target=repository, jobs=1)
    checked = check(repository, CheckOptions(since="HEAD~1", jobs=1))
    for status in ("new", "worse"):
        said = {each.fingerprint for each in checked.findings if each.status == status}
        assert {each.fingerprint for each in found.changed_findings if each.change == status} == said
        assert said
    assert {each.fingerprint for each in found.changed_findings if each.change == "gone"} == {
        each.fingerprint for each in checked.gone
    }


def test_a_new_cycle_is_named_with_the_edge_that_closed_it_and_an_opened_one_too(repository: Path) -> None:
    found = analysis.diff("HEAD~1", "HEAD", target=repository, jobs=1)
    closed = [each for each in found.changed_cycles if each.change == "new"]
    assert [(each.kind, each.modules, each.edges) for each in closed] == [
        ("import-time", ("p.a", "p.b"), ("p.b -> p.a (p/b.py:1)",))
    ]
    assert ("new", "p.b", "p.a", "p/b.py", 1) in {
        (each.change, each.importer, each.imported, each.path, each.line) for each in found.changed_edges
    }
    back = analysis.diff("HEAD", "HEAD~1", target=repository, jobs=1)
    opened = [each for each in back.changed_cycles if each.change == "gone"]
    assert [(each.modules, each.edges) for each in opened] == [(("p.a", "p.b"), ("p.b -> p.a (p/b.py:1)",))]


def test_a_cycle_that_is_deferred_runs_later_and_names_the_import(make_tree: Tree) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n"})
    commit(root)
    change(root, {"p/b.py": "def f():\n    import p.a\n"})
    found = analysis.diff("HEAD", target=root, jobs=1)
    assert [(each.change, each.kind, each.edges) for each in found.changed_cycles] == [
        ("later", "deferred", ("p.b -> p.a (p/b.py:2)",))
    ]
    assert [(each.change, each.kind, each.kind_before) for each in found.changed_edges] == [
        ("later", "deferred", "import-time")
    ]


def test_names_that_vanish_change_move_and_appear_are_told_apart(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "from p.db import Order, total\n",
        "p/db.py": f"class Order:\n{BODY}\ndef total(): ...\nclass Gone: ...\n",
        "p/user.py": "from p import Order\nfrom p.db import Gone\n", "p/whole.py": "A = 1\nB = 2\n",
    })  # fmt: skip
    commit(root)
    change(root, {
        "p/__init__.py": "from p.models import Order\ntotal = 3\n", "p/models.py": f"class Order:\n{BODY}",
        "p/db.py": "from p.models import Order\ndef total(): ...\ndef added(): ...\n", "p/whole.py": None,
    })  # fmt: skip
    found = analysis.diff("HEAD", target=root, jobs=1)
    said = {(each.change, each.what, each.import_path) for each in found.changed_names}
    assert said == {
        ("vanishes", "name", "p.db.Gone"), ("vanishes", "module", "p.whole"), ("moves", "name", "p.Order"),
        ("moves", "name", "p.db.Order"), ("changes", "name", "p.total"), ("appears", "name", "p.db.added"),
        ("appears", "module", "p.models"), ("moves", "name", "p.user.Order"), ("changes", "name", "p.user.Gone"),
    }  # fmt: skip
    by_path = {each.import_path: each for each in found.changed_names}
    assert (by_path["p.db.Gone"].statements, by_path["p.whole"].names) == (1, 2)
    assert (by_path["p.Order"].object_before, by_path["p.Order"].object) == ("p.db:Order", "p.models:Order")
    assert (by_path["p.total"].kind_before, by_path["p.total"].kind) == ("function", "constant")


def list_names(found: Difference, change: str) -> list[tuple[str, str, str]]:
    return [(each.what, each.object_before, each.import_path) for each in found.changed_names if each.change == change]


def test_a_renamed_module_moves_and_so_do_the_names_that_it_gives(make_tree: Tree) -> None:
    """A file with equal content, one that was edited a little, and the empty file of their package."""
    body = "".join(f"def work_{number}(): ...\n" for number in range(12))
    root = make_tree({
        "p/__init__.py": "from p.old.jobs import work_1, LIMIT\n", "p/old/__init__.py": "",
        "p/old/jobs.py": f"LIMIT = 1\n{body}", "p/old/edited.py": f"import p\n{body}X = 1\n",
        "p/one.py": "A = 1\n", "p/other.py": "A = 1\n",
    })  # fmt: skip
    commit(root)
    for name in ("old/__init__.py", "old/jobs.py", "old/edited.py", "one.py", "other.py"):
        (root / "p" / name).unlink()
    (root / "p/new").mkdir()
    change(root, {
        "p/__init__.py": "from p.new.jobs import work_1, LIMIT\n", "p/new/__init__.py": "",
        "p/new/jobs.py": f"LIMIT = 1\n{body}", "p/new/edited.py": f"import p\n{body}X = 1\nY = 2\n",
        "p/third.py": "A = 1\n",
    })  # fmt: skip
    found = analysis.diff("HEAD", target=root, jobs=1)
    assert list_names(found, "moves") == [
        ("name", "p.old.jobs:LIMIT", "p.LIMIT"), ("module", "p.old", "p.new"),
        ("module", "p.old.edited", "p.new.edited"), ("module", "p.old.jobs", "p.new.jobs"),
        ("name", "p.old.jobs:work_1", "p.work_1"),
    ]  # fmt: skip
    assert [name for _, _, name in list_names(found, "vanishes")] == [
        "p.one",
        "p.other",
    ]  # which one it was is not known
    assert [name for _, _, name in list_names(found, "appears")] == ["p.third"]


def test_a_method_that_a_class_lost_is_named_but_not_one_that_its_base_has(make_tree: Tree) -> None:
    """CPython is the witness of what an importer can still call."""
    before = (
        "class Base:\n    def kept(self): ...\n\nclass Order(Base):\n    def lost(self): ...\n    def up(self): ...\n"
        "    class Line:\n        def inner(self): ...\n\nclass Whole:\n    def gone(self): ...\n"
    )
    after = (
        "class Base:\n    def kept(self): ...\n    def up(self): ...\n\nclass Order(Base):\n    def kept(self): ...\n"
        "    def more(self): ...\n    class Line: ...\n"
    )
    root = make_tree({"p.py": before})
    commit(root)
    change(root, {"p.py": after})
    found = analysis.diff("HEAD", target=root, jobs=1)
    methods = {(each.change, each.import_path) for each in found.changed_names if each.what == "method"}
    assert methods == {
        ("vanishes", "p.Order.lost"), ("vanishes", "p.Order.Line.inner"), ("appears", "p.Order.more"),
        ("appears", "p.Base.up"),
    }  # fmt: skip
    old, new = ({}, {})
    exec(before, old)
    exec(after, new)
    assert {name for name in dir(old["Order"]) if name not in dir(new["Order"])} == {"lost"}
    assert "vanishes: method p.Order.lost p.py:5" in str(found)


def test_a_cycle_through_a_parent_package_is_named_with_the_import_that_closed_it(make_tree: Tree) -> None:
    """``import q.c`` runs ``q`` too, which imports what imports it: CPython runs both."""
    root = make_tree({"p/__init__.py": "", "p/a.py": "import q.c\n", "q/__init__.py": "", "q/c.py": ""})
    commit(root)
    change(root, {"q/__init__.py": "from p import a\n"})
    found = analysis.diff("HEAD", target=root, jobs=1)
    (cycle,) = found.changed_cycles
    assert (cycle.change, cycle.modules, cycle.is_through_packages) == ("new", ("p.a", "q"), True)
    assert cycle.edges == ("q -> p.a (q/__init__.py:1)",)
    assert "new import-time cycle through parent packages of 2 modules: p.a, q; closed by q -> p.a" in str(found)
    program = f"import sys; sys.path[0] = {str(root)!r}; import p.a; print('q' in sys.modules, p.a.q.a is p.a)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "True True\n"


def test_an_unchanged_tree_has_no_difference_and_its_frames_have_their_columns(make_tree: Tree) -> None:
    root = make_tree(BEFORE)
    commit(root)
    found = analysis.diff("HEAD", target=root, jobs=1)
    record = found.as_record()
    assert {name: record[name] for name in ("findings", "names", "edges", "cycles", "figures", "cautions")} == {
        "findings": [], "names": [], "edges": [], "cycles": [], "figures": [], "cautions": []
    }  # fmt: skip
    assert found.summary.startswith("0 fixed, 0 new; score ")
    for frame in (found.findings, found.names, found.edges, found.cycles, found.figures):
        assert frame.empty and len(frame.columns)


def test_the_older_state_is_judged_by_the_policy_of_the_later(make_tree: Tree) -> None:
    root = make_tree(BEFORE)
    first = commit(root)
    (root / "ssot.toml").write_text("[[ignore]]\nrule = 'phantom-*'\nreason = 'later'\n[target]\npackages = ['p']\n")
    commit(root)
    found = analysis.diff(first, target=root, jobs=1)
    assert (found.cautions, found.changed_findings) == ((), [])


def test_snapshots_and_reports_are_compared_as_they_were_kept(repository: Path, tmp_path: Path) -> None:
    older = analysis.investigate(f"{repository}@HEAD~1", jobs=1)
    newer = analysis.investigate(repository, jobs=1)
    wanted = list_findings(analysis.diff(older, newer))
    assert wanted == list_findings(analysis.diff(older.path, newer.path))
    assert wanted == list_findings(analysis.diff(older.path.name, newer.path.name))
    report = tmp_path / "report"
    report.mkdir()
    (report / "run.json").write_text(json.dumps({"format": 1, "snapshot": str(older.path)}))
    assert wanted == list_findings(analysis.diff(report, newer.name))
    with pytest.raises(RevisionError, match="has no revision 'nowhere'"):
        analysis.diff("nowhere", target=repository)


def test_what_the_time_budget_left_out_is_not_called_new_or_gone(repository: Path) -> None:
    whole = analysis.investigate(repository, jobs=1)
    (repository / "p/why.py").write_text("import p.a\n")
    partial = analysis.investigate(repository, jobs=1, simulation_budget=0)
    found = analysis.diff(whole, partial)
    assert found.count("gone") == 0
    assert "what was simulated in time" in found.cautions
    assert analysis.diff(partial, whole).count("new") == 0


def test_text_of_the_target_is_harmless_in_every_format(make_tree: Tree) -> None:
    root = make_tree({"a.py": "A = 1\n"})
    commit(root)
    name = "<b>|`x`@all"
    (root / name).mkdir()
    (root / name / "broken.py").write_text("def f(:\n")
    (root / "ssot.toml").write_text('[target]\nsource_url = "https://example.org/{revision}/{path}#{line}"\n')
    found = analysis.diff("HEAD", target=root, jobs=1)
    page, text = build_difference_page(found), build_difference_markdown(found)
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert "https://example.org/" in page
    assert "\\<b\\>" in text
    assert "@all" not in re.sub("``.*?``", "", text)
    assert "<b>" not in found._repr_html_()


def test_the_command_writes_every_format_and_nothing_for_a_wrong_name(repository: Path, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("x.md", "x.html", "x.json")]
    words = ["diff", "HEAD~1", "HEAD", "--in", str(repository), "--jobs", "1"]
    done = CliRunner().invoke(app, [*words, *(word for place in places for word in ("--write", str(place)))])
    assert done.exit_code == 0, done.output
    assert "p.b -> p.a (p/b.py:1)" in done.output
    text, page, record = (place.read_text() for place in places)
    assert text.startswith("<!-- ssot diff -->")
    assert "color-scheme" in page and "p/fresh.py:1" in page.replace("<wbr>", "")
    assert json.loads(record)["score"]["before"] is not None
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).output)
    assert said["findings"] == json.loads(record)["findings"]
    with pytest.raises(UnknownNameError):
        find_format("x.txt")


def test_a_difference_within_a_repository_needs_no_folder_to_be_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    git(repository, "tag", "v1", "HEAD~1")
    done = CliRunner().invoke(app, ["diff", "v1", "-q", "--jobs", "1"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("1 fixed, ")

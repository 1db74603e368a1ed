"""A tree with changed files says what a copy of it on the disk says, with these files written."""

from __future__ import annotations

import pickle
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from git_trees import commit, git

from analysis import investigate, open_snapshot, store, tables
from analysis.errors import SnapshotError, TargetError
from analysis.facts import scan
from analysis.facts.opening import open_tree
from analysis.facts.overlaid_tree import Changes
from analysis.runtime import ProbeOptions

Tree = Callable[[Mapping[str, str]], Path]
APP = {
    "app/__init__.py": "from app.core import Core\n",
    "app/core.py": "from app import tools\n\n\nclass Core:\n    tool = tools.TOOL\n",
    "app/tools.py": "from app.core import Core\n\nTOOL = 1\n\n\nclass Agent:\n    pass\n",
    "app/sub/__init__.py": "",
    "app/sub/agent.py": "class Agent:\n    pass\n",
    "app/user.py": "from app.sub.agent import Agent\nfrom app import missing\n",
    "main.py": "import app.user\n\nif __name__ == '__main__':\n    print(app)\n",
}
CHANGED: dict[str, Changes] = {
    "a cut": {"app/tools.py": b"TOOL = 1\n\n\nclass Agent:\n    pass\n"},
    "a file that is gone": {"app/sub/agent.py": None},
    "a new module": {"app/missing.py": b"class Agent:\n    pass\n"},
    "a new package in a new folder": {"other/deep/__init__.py": b"", "other/deep/x.py": b"import app\n"},
    "a package that becomes a namespace": {"app/sub/__init__.py": None},
    "a module that becomes a package": {"app/core.py": None, "app/core/__init__.py": b"class Core:\n    pass\n"},
    "a syntax error": {"app/core.py": b"def broken(:\n"},
    "a policy": {"ssot.toml": b'[[concept]]\nname = "agent"\nmatch = ["Agent"]\nmax_classes = 1\n'},
    "a script that is started": {"run.sh": b"#!/bin/sh\ncd app && python core.py\n"},
    "bytes that are no UTF-8": {"app/tools.py": b"# -*- coding: latin-1 -*-\nTOOL = '\xe9'\r\n"},
    "nothing that differs": {"main.py": b"import app.user\n\nif __name__ == '__main__':\n    print(app)\n"},
}


def read_all(root: Path, data: Path, changes: Changes | None = None) -> dict[str, list[dict[str, object]]]:
    """Return all tables of a target but the times."""
    found = investigate(root, data=data, changes=changes)
    return {name: found.table(name).to_pylist() for name in tables.TABLES}


def write_changes(root: Path, changes: Changes) -> None:
    for path, content in changes.items():
        if content is None:
            (root / path).unlink()
    for path, content in changes.items():
        if content is not None:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)


@pytest.mark.parametrize("changes", CHANGED.values(), ids=list(CHANGED))
def test_a_changed_tree_gives_the_tables_of_a_copy_with_these_files_written(
    changes: Changes, make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree(APP)
    copy = tmp_path / "copy" / root.name
    shutil.copytree(root, copy, symlinks=True)
    before = read_all(root, tmp_path / "one")
    found = read_all(root, tmp_path / "one", changes)
    write_changes(copy, changes)
    wanted = read_all(copy, tmp_path / "two")
    for name, rows in wanted.items():
        assert found[name] == rows, name
    assert read_all(root, tmp_path / "one") == before


def test_code_beside_a_target_takes_from_its_changed_files(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(
        {**APP, "lib/__init__.py": "", "lib/x.py": "from app.core import Core\n", "app/uses.py": "import lib.x\n"}
    )
    git(top, "init", "-q")
    copy = tmp_path / "copy" / top.name
    shutil.copytree(top, copy, symlinks=True)
    changes: Changes = {"core.py": b"import lib.x\n\n\nclass Core:\n    pass\n", "tools.py": None}
    write_changes(copy / "app", changes)
    assert read_all(top / "app", tmp_path / "one", changes) == read_all(copy / "app", tmp_path / "two")


def test_a_revision_with_changed_files_is_a_checkout_with_these_files_written(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(APP)
    commit(root)
    copy = tmp_path / "copy" / root.name
    shutil.copytree(root, copy, symlinks=True)
    (root / "app/core.py").write_text("x = 1\n")
    for changes in (CHANGED["a cut"], CHANGED["a module that becomes a package"], CHANGED["a policy"]):
        with_files = tmp_path / "written" / root.name
        shutil.rmtree(with_files, ignore_errors=True)
        shutil.copytree(copy, with_files, symlinks=True)
        write_changes(with_files, changes)
        found = investigate(f"{root}@HEAD", data=tmp_path / "one", changes=changes)
        wanted = investigate(with_files, data=tmp_path / "two")
        for name in tables.TABLES:
            assert found.table(name).to_pylist() == wanted.table(name).to_pylist(), name


def test_only_changed_files_are_read_and_the_real_tree_is_known_afterwards(make_tree: Tree, tmp_path: Path) -> None:
    root, cache = make_tree(APP), tmp_path / "cache"
    time.sleep(2.1)  # files that are younger are read again
    scan(root, cache=cache)
    kept = {path: path.read_bytes() for path in (cache / "scans").iterdir()}
    changed = scan(root, cache=cache, changes=CHANGED["a cut"])
    assert changed.read_count == 1
    assert changed.tree.read_bytes("app/tools.py") == CHANGED["a cut"]["app/tools.py"]
    assert {path: path.read_bytes() for path in (cache / "scans").iterdir()} == kept
    assert scan(root, cache=cache).read_count == 0


def test_a_snapshot_of_a_changed_tree_is_none_of_its_target(make_tree: Tree, tmp_path: Path) -> None:
    root, data = make_tree(APP), tmp_path / "data"
    real = investigate(root, data=data)
    changed = investigate(root, data=data, changes=CHANGED["a cut"])
    assert changed.manifest.changed == ("app/tools.py",)
    assert changed.history().empty
    with pytest.raises(SnapshotError, match="nowhere"):
        changed.refresh()
    assert store.find_snapshots(data) == [real.path]
    assert open_snapshot(str(root), data=data).path == real.path


def test_what_lies_behind_links_is_changed_where_it_lies(make_tree: Tree) -> None:
    root = make_tree(APP)
    (root / "linked").symlink_to("app")
    (root / "one.py").symlink_to("app/tools.py")
    (root / "out.py").symlink_to("/etc/hostname")
    for changes in ({"linked/tools.py": b"x\n"}, {"one.py": b"x\n"}, {"app/tools.py": b"x\n"}):
        tree = open_tree(root, changes=changes)
        for path in ("linked/tools.py", "one.py", "app/tools.py", "./app//tools.py"):
            assert tree.read_bytes(path) == b"x\n", (changes, path)
            assert tree.find_status(path).size_bytes == 2
    assert open_tree(root, changes={"a.py": b""}).find_status("out.py").problem
    gone = open_tree(root, changes={"app/tools.py": None})
    assert not gone.has_file("one.py") and not gone.has_file("linked/tools.py")
    assert gone.count_python_files("app") == len([path for path in APP if path.startswith("app/")]) - 1


def test_a_changed_tree_goes_to_workers_and_is_never_written(make_tree: Tree) -> None:
    root = make_tree(APP)
    tree = pickle.loads(pickle.dumps(open_tree(root, changes={"new/x.py": b"x\n", "main.py": None})))
    assert tree.read_bytes("new/x.py") == b"x\n"
    assert [entry.name for entry in tree.list_folder("new")] == ["x.py"]
    assert "main.py" not in {entry.name for entry in tree.list_folder("")}
    with pytest.raises(OSError, match="No such file"):
        tree.read_bytes("main.py")
    with pytest.raises(OSError, match="larger"):
        tree.read_bytes("new/x.py", most_bytes=1)
    assert not (root / "new").exists() and (root / "main.py").exists()


def test_code_of_a_changed_tree_is_not_run(make_tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="nowhere on the disk"):
        investigate(make_tree(APP), data=tmp_path, changes=CHANGED["a cut"], probe=ProbeOptions())

"""Fixes are written all or none, taken back by one command, and committed without touching the work tree."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest
from git_trees import commit, git
from typer.testing import CliRunner

from analysis import cli
from analysis.errors import BusyError, FixError
from analysis.fixes import applying
from analysis.fixes.applying import apply_changes, recover, undo

Tree = Callable[[Mapping[str, str | bytes]], Path]
ROOT = Path(__file__).resolve().parent.parent
APP = {
    "app/__init__.py": "", "app/core.py": "class Order:\n    pass\n", "app/api.py": "from app.core import Order\n",
    "app/deal.py": "from app.api import Order\n", "app/sale.py": "from app.api import Order\r\n",
}  # fmt: skip
FIXED = {"app/deal.py": b"from app.core import Order\n", "app/sale.py": b"from app.core import Order\r\n"}


def read_tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and mode of each file but those of git."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


@pytest.fixture
def ssot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that runs a command and returns what it prints; its exit code must be the expected one."""
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))

    def run(*words: str, code: int = 0) -> str:
        found = CliRunner().invoke(cli.app, list(words))
        text = found.output + (str(found.exception) if found.exception else "")
        assert (found.exit_code == 0) == (code == 0), text
        return text

    return run


def test_fixes_are_applied_taken_back_and_a_second_run_changes_nothing(
    make_tree: Tree, ssot: Callable[..., str]
) -> None:
    root = make_tree(APP)
    (root / "app/deal.py").chmod(0o755)
    commit(root)
    before = read_tree(root)
    assert "applied to 2 files" in ssot("fix", str(root), "--apply")
    after = read_tree(root)
    assert {path: each[0] for path, each in after.items() if each != before[path]} == FIXED
    assert after["app/deal.py"][1] == 0o755
    assert "nothing to apply" in ssot("fix", str(root), "--apply", "--force")
    assert read_tree(root) == after
    assert "would put back 2 files" in ssot("fix", str(root), "--undo", "--dry-run")
    assert read_tree(root) == after
    ssot("fix", str(root), "--undo")
    assert read_tree(root) == before
    assert "no fixes were applied" in ssot("fix", str(root), "--undo", code=2)


def test_without_being_asked_nothing_is_written(make_tree: Tree, ssot: Callable[..., str], tmp_path: Path) -> None:
    root = make_tree(APP)
    commit(root)
    before = read_tree(root)
    for words in ((), ("--dry-run",), ("--apply", "--dry-run"), ("--output", str(tmp_path / "out")), ("--json",)):
        ssot("fix", str(root), *words)
        assert read_tree(root) == before
    assert [path.name for path in (tmp_path / "out/fixes").iterdir()] == ["01-canonical-imports-app.core-Order.patch"]


def test_a_tree_that_is_not_as_committed_is_fixed_only_by_force(make_tree: Tree, ssot: Callable[..., str]) -> None:
    root = make_tree(APP)
    assert "in no git repository" in ssot("fix", str(root), "--apply", code=2)
    (root / "app/sale.py").unlink()
    commit(root)
    (root / "app/sale.py").write_text("from app.api import Order\n")
    assert "does not track what would be changed: app/sale.py" in ssot("fix", str(root), "--apply", code=2)
    (root / "app/core.py").write_text("class Order:\n    x = 1\n")
    assert "not committed: app/core.py" in ssot("fix", str(root), "--apply", code=2)
    assert (root / "app/deal.py").read_bytes() == APP["app/deal.py"].encode()
    ssot("fix", str(root), "--apply", "--force")
    assert (root / "app/deal.py").read_bytes() == FIXED["app/deal.py"]


def test_a_branch_has_one_commit_for_each_fix_and_the_work_tree_is_as_it_was(
    make_tree: Tree, ssot: Callable[..., str]
) -> None:
    more = {"app/shelf.py": "class Item:\n    pass\n", "app/way.py": "from app.shelf import Item\n",
            "app/uses.py": "from app.way import Item\n"}  # fmt: skip
    root = make_tree({f"inner/{path}": text for path, text in {**APP, **more}.items()})
    commit(root)
    hook = root / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {root}/hooked\n")
    hook.chmod(0o755)
    before, index = read_tree(root), (root / ".git/index").read_bytes()
    ssot("fix", str(root / "inner"), "--branch", "tidy")
    assert (read_tree(root), (root / ".git/index").read_bytes()) == (before, index)
    assert git(root, "log", "--format=%an|%s", "main..tidy").decode().splitlines() == [
        "ssot fix|Import Item from where it is defined", "ssot fix|Import Order from where it is defined",
    ]  # fmt: skip
    changed = git(root, "diff", "--name-only", "main", "tidy").decode().split()
    assert changed == ["inner/app/deal.py", "inner/app/sale.py", "inner/app/uses.py"]
    assert git(root, "show", "tidy:inner/app/sale.py") == FIXED["app/sale.py"]
    assert git(root, "fsck", "--strict") is not None
    assert "already" in ssot("fix", str(root / "inner"), "--branch", "tidy", code=2)
    for name in ("-x", "a..b", "", "x y"):
        if name:
            assert "name for a branch" in ssot("fix", str(root / "inner"), f"--branch={name}", code=2)
    assert git(root, "branch", "--format=%(refname:short)").decode().split() == ["main", "tidy"]


def test_new_and_deleted_files_and_folders_come_and_go(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a/b.py": "1\n", "gone.py": "2\n"})
    before = read_tree(root)
    after = {"a/b.py": b"3\n", "gone.py": None, "new/deep/x.py": b"4\n"}
    apply_changes(root, {"a/b.py": b"1\n", "gone.py": b"2\n", "new/deep/x.py": None}, after, tmp_path / "data")
    assert {path: each[0] for path, each in read_tree(root).items()} == {"a/b.py": b"3\n", "new/deep/x.py": b"4\n"}
    undo(root, tmp_path / "data")
    assert read_tree(root) == before
    assert not (root / "new").exists()


@pytest.mark.parametrize("path", ["linked/b.py", "link.py", "out/x.py", "outside.py"])
def test_nothing_is_written_through_a_link(path: str, make_tree: Tree, tmp_path: Path) -> None:
    root, other = make_tree({"a/b.py": "1\n", "c.py": "1\n"}), make_tree({"x.py": "1\n"})
    (root / "linked").symlink_to("a")
    (root / "link.py").symlink_to("c.py")
    (root / "out").symlink_to(other)
    (root / "outside.py").symlink_to(other / "x.py")
    before = read_tree(root), read_tree(other)
    with pytest.raises(FixError, match="not written to"):
        apply_changes(root, {"c.py": b"1\n", path: b"1\n"}, {"c.py": b"2\n", path: b"2\n"}, tmp_path / "data")
    assert (read_tree(root), read_tree(other)) == before


def test_a_file_that_changed_meanwhile_stops_all_of_it(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "1\n", "b.py": "mine\n"})
    before = read_tree(root)
    with pytest.raises(FixError, match=r"b\.py has changed meanwhile"):
        apply_changes(root, {"a.py": b"1\n", "b.py": b"1\n"}, {"a.py": b"2\n", "b.py": b"2\n"}, tmp_path / "data")
    assert read_tree(root) == before


def test_what_has_changed_since_is_not_taken_back_but_by_force(make_tree: Tree, tmp_path: Path) -> None:
    root, data = make_tree({"a.py": "1\n", "b.py": "1\n"}), tmp_path / "data"
    apply_changes(root, {"a.py": b"1\n", "b.py": b"1\n"}, {"a.py": b"2\n", "b.py": b"2\n"}, data)
    (root / "b.py").write_text("mine\n")
    with pytest.raises(FixError, match=r"b\.py has changed"):
        undo(root, data)
    assert (root / "a.py").read_text() == "2\n"
    undo(root, data, leaves_changed=True)
    assert ((root / "a.py").read_text(), (root / "b.py").read_text()) == ("1\n", "mine\n")


def test_a_disk_that_fails_in_the_middle_leaves_the_files_as_they_were(
    make_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree({f"m{number}.py": "1\n" for number in range(5)})
    before, rename, count = read_tree(root), applying.put_in_place, 0

    def fail_once(*place: object) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise OSError(28, "No space left on device")
        rename(*place)  # type: ignore[arg-type]

    monkeypatch.setattr(applying, "put_in_place", fail_once)
    contents = dict.fromkeys((path for path in before), b"1\n")
    with pytest.raises(OSError, match="No space"):
        apply_changes(root, contents, dict.fromkeys(contents, b"2\n"), tmp_path / "data")
    assert read_tree(root) == before


def test_two_runs_do_not_apply_at_once(make_tree: Tree, tmp_path: Path) -> None:
    root, data = make_tree({"a.py": "1\n"}), tmp_path / "data"
    (data / "fixes").mkdir(parents=True)
    with applying._hold(applying.find_folder(data, root)), pytest.raises(BusyError):
        apply_changes(root, {"a.py": b"1\n"}, {"a.py": b"2\n"}, data)


COUNT = 24
PROGRAM = f"""
import sys
from pathlib import Path
from analysis.fixes.applying import apply_changes, undo
root, data = Path(sys.argv[1]), Path(sys.argv[2])
paths = [f"p/m{{number}}.py" for number in range({COUNT})]
before = {{**dict.fromkeys(paths, b"before\\n"), "new/x.py": None, "gone.py": b"before\\n"}}
after = {{**dict.fromkeys(paths, b"after\\n"), "new/x.py": b"after\\n", "gone.py": None}}
print("ready", flush=True)
apply_changes(root, before, after, data)
if sys.argv[3:] == ["undo"]:
    print("applied", flush=True)
    undo(root, data)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("until", ["apply", "undo"])
def test_a_run_that_is_ended_at_any_moment_leaves_the_target_as_it_was_or_wholly_changed(
    until: str, number: signal.Signals, make_tree: Tree, tmp_path: Path
) -> None:
    """What the next run finds may be in between; after it has begun the target is one or the other."""
    random, seen = Random(f"{until}{number}"), set()
    files = {**{f"p/m{each}.py": "before\n" for each in range(COUNT)}, "gone.py": "before\n"}
    changed = {**{f"p/m{each}.py": "after\n" for each in range(COUNT)}, "new/x.py": "after\n"}
    for turn in range(20):
        root, data = make_tree(files), tmp_path / f"data{turn}"
        run = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, root, data, until], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - nohup
        )  # fmt: skip
        assert run.stdout is not None
        for _ in range(1 if until == "apply" else 2):
            run.stdout.readline()
        time.sleep(random.uniform(0, 0.35))
        run.send_signal(number)
        run.wait()
        recover(root, data)
        found = {path: each[0].decode() for path, each in read_tree(root).items()}
        assert found in (files, changed)
        seen.add(found == files)
        journals = list(applying.list_journals(applying.find_folder(data, root)))
        assert all(each.state in {"applied", "undone"} for each in journals)
        if turn > 2 and True in seen:  # how soon a signal arrives depends on the machine
            break
    assert True in seen


def test_the_next_command_takes_back_what_was_not_finished(
    make_tree: Tree, ssot: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree(APP)
    before = read_tree(root)
    monkeypatch.setattr(applying, "_take_back", lambda *_, **__: None)
    monkeypatch.setattr(applying, "remove_file", _fail)
    contents: dict[str, bytes | None] = {path: text.encode() for path, text in APP.items()}
    with pytest.raises(OSError, match="ended"):
        apply_changes(root, contents, {**dict.fromkeys(contents, b"x = 1\n"), "app/sale.py": None}, tmp_path / "data")
    monkeypatch.undo()
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    assert read_tree(root) != before
    assert "an earlier run was ended while it wrote 5 files" in ssot("fix", str(root))
    assert read_tree(root) == before


def _fail(*_: object) -> None:
    raise OSError(5, "ended")

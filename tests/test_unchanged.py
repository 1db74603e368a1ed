"""The kept snapshot answers as long as nothing changed that it was made from, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.unchanged import find_unchanged, watch
from tests.git_trees import commit, git

Tree = Callable[..., Path]
SHOP = {
    "app/shop/__init__.py": "",
    "app/shop/api.py": "from shop.db import Order\n",
    "app/shop/db.py": "class Order: ...\n",
    "app/ssot.toml": '[target]\nname = "shop"\n',
    "lib/beside.py": "x = 1\n",
    ".gitignore": "build/\n",
}


def prepare(make_tree: Tree, data: Path) -> Path:
    """Return a target in a repository with a kept snapshot; its files are older than one tick of the clock."""
    top = make_tree(SHOP)
    commit(top)
    time.sleep(0.1)
    analysis.investigate(top / "app", data=data)
    return top


def keep_times(path: Path, text: str) -> None:
    """Write a file as a program does that wants to go unnoticed: same size, same time."""
    about = path.stat()
    assert len(text) == about.st_size
    path.write_text(text)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a line": lambda top: (top / "app/shop/api.py").write_text("import shop.db\n"),
    "a line, with size and time kept": lambda top: keep_times(top / "app/shop/db.py", "class Ordex: ...\n"),
    "a new file": lambda top: (top / "app/shop/new.py").write_text(""),
    "a file less": lambda top: (top / "app/shop/db.py").unlink(),
    "another name": lambda top: (top / "app/shop/db.py").rename(top / "app/shop/db2.py"),
    "the policy": lambda top: (top / "app/ssot.toml").write_text('[target]\nname = "shop"\npackages = ["shop"]\n'),
    "a baseline": lambda top: (top / "app/ssot-baseline.json").write_text("{}"),
    "how it is started": lambda top: (top / "app/Makefile").write_text("run:\n\tpython -m shop.api\n"),
    "code beside it": lambda top: (top / "lib/beside.py").write_text("x = 2\n"),
    "what git ignores": lambda top: (top / ".gitignore").write_text("shop/\n"),
    "what this clone ignores": lambda top: (top / ".git/info/exclude").write_text("shop/\n"),
    "a commit": lambda top: git(top, "commit", "-q", "--allow-empty", "-m", "y"),
    "a branch": lambda top: git(top, "checkout", "-q", "-b", "other"),
    "a link": lambda top: (top / "app/shop/linked.py").symlink_to("api.py"),
    "an empty folder, which is a package to Python": lambda top: (top / "app/shop/empty").mkdir(),
    "a repository inside": lambda top: git(top / "app", "init", "-q"),
}


def test_nothing_changed_so_the_snapshot_answers(make_tree: Tree, tmp_path: Path) -> None:
    top = prepare(make_tree, tmp_path / "data")
    kept = find_unchanged((top / "app").resolve(), tmp_path / "data")
    assert kept is not None
    assert kept == analysis.open_snapshot("shop", data=tmp_path / "data").path


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_the_snapshot_answers_no_longer(make_tree: Tree, tmp_path: Path, change: str) -> None:
    top = prepare(make_tree, tmp_path / "data")
    CHANGES[change](top)
    assert find_unchanged((top / "app").resolve(), tmp_path / "data") is None


def test_what_programs_leave_beside_the_code_changes_nothing(make_tree: Tree, tmp_path: Path) -> None:
    top = prepare(make_tree, tmp_path / "data")
    for place in ("app/shop/__pycache__/api.pyc", "app/.pytest_cache/x", "app/run.log", "app/.venv/pyvenv.cfg"):
        (top / place).parent.mkdir(parents=True, exist_ok=True)
        (top / place).write_text("x")
    assert find_unchanged((top / "app").resolve(), tmp_path / "data") is not None


def test_a_run_with_other_options_says_nothing_of_a_plain_one(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP) / "app"
    time.sleep(0.1)
    analysis.investigate(root, data=tmp_path / "data", python_version="3.9")
    assert find_unchanged(root.resolve(), tmp_path / "data") is None


def test_a_change_during_the_run_leaves_no_record(make_tree: Tree, tmp_path: Path) -> None:
    root, data = make_tree(SHOP) / "app", tmp_path / "data"
    time.sleep(0.1)
    before = watch(root, data, root)
    snapshot = analysis.investigate(root, data=tmp_path / "other").path
    (root / "shop/late.py").write_text("")
    assert before is not None
    before.keep(snapshot)
    assert find_unchanged(root.resolve(), data) is None


def test_a_damaged_record_or_a_missing_snapshot_costs_time_only(make_tree: Tree, tmp_path: Path) -> None:
    top = prepare(make_tree, tmp_path / "data")
    root = (top / "app").resolve()
    (record,) = (tmp_path / "data/unchanged").iterdir()
    text = record.read_text()
    for wrong in ("", "[]", "{}", "null", text.replace('"format": 1', '"format": 0'), text.replace("shop/", "gone/")):
        record.write_text(wrong)
        assert find_unchanged(root, tmp_path / "data") is None
    record.write_text(text)
    assert find_unchanged(root, tmp_path / "data") is not None


def test_questions_analyse_once_until_something_changes(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP) / "app"
    time.sleep(0.1)

    def ask(*arguments: str) -> str:
        command = [sys.executable, "-m", "analysis.cli", *arguments, "--in", str(root)]
        environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data")}
        here = Path(__file__).parent.parent
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment, cwd=here, stdin=subprocess.DEVNULL
        ).stdout

    def count() -> int:
        return len(list((tmp_path / "data/snapshots").glob("*/[!.]*")))

    assert "shop/api.py:1" in ask("explain", "shop.api", "shop.db")
    for question in (("explain", "shop.api", "shop.db"), ("paths", "Order"), ("why", "shop.api"), ("findings",)):
        assert ask(*question)
        assert count() == 1
    (root / "shop/api.py").write_text("\nimport shop.db\n")
    assert "shop/api.py:2" in ask("explain", "shop.api", "shop.db")
    assert count() == 2

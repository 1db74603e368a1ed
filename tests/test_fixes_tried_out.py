"""Fixes are run in a copy of the target when somebody asks for it, and those that fail there are not made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis import investigate
from analysis.errors import FixError
from analysis.fixes.choosing import Choice
from analysis.fixes.fixing import find_fixes
from analysis.fixes.trial_runs import copy_target, keep_what_works, probe_with, run_tests

Tree = Callable[[Mapping[str, str]], Path]
NAMES = ("Cart", "Item", "Order", "User")
APP = {
    "app/__init__.py": "",
    "app/core.py": "".join(f"class {name}:\n    pass\n\n\n" for name in NAMES),
    "app/api.py": f"from app.core import {', '.join(NAMES)}\n",
    **{f"app/use_{name}.py": f"from app.api import {name}\n" for name in NAMES},
}
#: Fails with the fix of one class: what no static proof can see.
TEST = "assert 'api' in open('app/use_{}.py').read(), 'it was asked for'\n"


def choose(make_tree: Tree, data: Path, files: Mapping[str, str]) -> tuple[Path, Choice]:
    root = make_tree({**APP, **files})
    return root, find_fixes(investigate(root, data=data))


@pytest.mark.parametrize(("name", "kept"), [("Cart", 0), ("Order", 2), ("User", 3), ("Nobody", 4)])
def test_fixes_are_kept_up_to_the_first_with_which_the_tests_fail(
    name: str, kept: int, make_tree: Tree, tmp_path: Path
) -> None:
    root, choice = choose(make_tree, tmp_path, {"check.py": TEST.format(name) if name in NAMES else "import app\n"})
    assert [fix.offer.subject for fix in choice.fixes] == [f"app.core:{name}" for name in NAMES]
    assert keep_what_works(choice, run_tests(f"{sys.executable} check.py", 60)) == ""
    assert len(choice.fixes) == kept
    assert sorted(choice.changes) == [f"app/use_{name}.py" for name in NAMES[:kept]]
    if kept < len(NAMES):
        assert "AssertionError: it was asked for" in choice.refused[0].reason
    assert (root / "app/use_Cart.py").read_text() == APP["app/use_Cart.py"]


def test_tests_that_fail_anyway_say_nothing(make_tree: Tree, tmp_path: Path) -> None:
    _, choice = choose(make_tree, tmp_path, {})
    note = keep_what_works(choice, run_tests(f"{sys.executable} -c 'raise SystemExit(3)'", 60))
    assert "without any fix the tests fail with exit code 3" in note
    assert len(choice.fixes) == len(NAMES)


def test_a_command_that_cannot_be_started_or_does_not_end_is_one_line(make_tree: Tree, tmp_path: Path) -> None:
    _, choice = choose(make_tree, tmp_path, {})
    with pytest.raises(FixError, match="cannot start"):
        keep_what_works(choice, run_tests("no-such-program-at-all", 60))
    with pytest.raises(FixError, match="names no command"):
        run_tests("", 60)
    note = keep_what_works(choice, run_tests(f"{sys.executable} -c 'import time; time.sleep(60)'", 0.5))
    assert "do not end within 0.5 s" in note


def test_the_probe_refuses_what_only_running_shows(make_tree: Tree, tmp_path: Path) -> None:
    """The source of the user is read while it is imported: what no static proof follows."""
    reads = "from app.api import Order\nassert '.a' 'pi ' in open(__file__).read(), 'x'\n"
    _, choice = choose(make_tree, tmp_path, {"app/use_Order.py": reads})
    assert keep_what_works(choice, probe_with(choice.first)) == ""
    assert len(choice.fixes) == 2
    assert "the import of app.use_Order fails when it is run" in choice.refused[0].reason


def test_a_copy_has_no_caches_environments_and_pipes(make_tree: Tree) -> None:
    root = make_tree({"a.py": "1", "__pycache__/a.pyc": "", "env/pyvenv.cfg": "", "env/x.py": "", "b/c.py": ""})
    (root / "link.py").symlink_to("a.py")
    with copy_target(root, {"b/c.py": None, "new/d.py": b"2"}) as copy:
        assert sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*")) == [
            "a.py", "b", "link.py", "new", "new/d.py",
        ]  # fmt: skip
        assert (copy / "link.py").is_symlink()
    assert not copy.exists()

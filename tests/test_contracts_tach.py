"""Dependencies declared for tach, read as they are, give the errors of tach itself, run side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analysis.gate import check

Tree = Callable[..., Path]
_TREE = {
    "app/__init__.py": "",
    "app/a/__init__.py": "",
    "app/a/one.py": (
        "import app.b.core\nfrom app.b.core import X\nfrom app.b import core\nfrom ..b import (\n    Y,\n)\n"
    ),
    "app/b/__init__.py": "from app.b.core import X\nY = 1\n",
    "app/b/core.py": "from app import c\nclass X: ...\n",
    "app/c.py": "def find():\n    from app.a import one\n    return one\n",
    "app/hints.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.a import one\n",
    "main.py": "import app.a.one\n",
}


def _unit(path: str, rest: str = "") -> str:
    return f'[[modules]]\npath = "{path}"\n{rest}\n'


_LAYERS = 'layers = ["top", "mid", "low"]\n'
_OPEN = _unit("app.a") + _unit("app.b")
CONFIGURATIONS = {
    "everything allowed": _OPEN + _unit("app.c"),
    "declared": (
        _unit("app.a", 'depends_on = ["app.b"]') + _unit("app.b", 'depends_on = ["app.c"]')
        + _unit("app.c", 'depends_on = ["app.a"]')
    ),
    "nothing declared": "".join(_unit(name, "depends_on = []") for name in ("app.a", "app.b", "app.c")),
    "around": _unit("app", "depends_on = []")
    + _unit("app.a", 'depends_on = ["app"]') + _unit("app.b", 'depends_on = ["app"]'),
    "wildcard": _unit("app.a", 'depends_on = ["app.*"]') + _unit("app.b", 'depends_on = ["app.**"]') + _unit("app.c"),
    "forbidden": _unit("app.a", 'cannot_depend_on = ["app.b"]') + _unit("app.b") + _unit("app.c"),
    "utility": _unit("app.a", "depends_on = []") + _unit("app.b", "utility = true\ndepends_on = []") + _unit("app.c"),
    "unchecked": _unit("app.a", "depends_on = []\nunchecked = true")
    + _unit("app.b", "depends_on = []") + _unit("app.c"),
    "layers upwards": _LAYERS
    + _unit("app.a", 'layer = "low"') + _unit("app.b", 'layer = "mid"') + _unit("app.c", 'layer = "top"'),
    "layers": (
        _LAYERS + _unit("app.a", 'layer = "top"\ndepends_on = []') + _unit("app.b", 'layer = "mid"\ndepends_on = []')
        + _unit("app.c", 'layer = "mid"\ndepends_on = []')
    ),
    "layers declared": (
        f"layers_explicit_depends_on = true\n{_LAYERS}" + _unit("app.a", 'layer = "top"\ndepends_on = []')
        + _unit("app.b", 'layer = "mid"')
    ),
    "interface of a module": f'{_OPEN}[[interfaces]]\nexpose = ["core"]\nfrom = ["app.b"]\n',
    "interface of a name": f'{_OPEN}[[interfaces]]\nexpose = ["core.X", "Y"]\nfrom = ["app.b"]\n',
    "interface by pattern": f'{_OPEN}[[interfaces]]\nexpose = ["core.*"]\nfrom = ["app.*"]\n',
    "interface for another": f'{_OPEN}[[interfaces]]\nexpose = ["Y"]\nfrom = ["app.b"]\nvisibility = ["app.c"]\n',
    "hints left out": _unit("app.hints", "depends_on = []") + _unit("app.a"),
    "hints counted": "ignore_type_checking_imports = false\n" + _unit("app.hints", "depends_on = []") + _unit("app.a"),
    "excluded": 'exclude = ["app/a"]\n' + _unit("app.a", "depends_on = []")
    + _unit("app.b", "depends_on = []") + _unit("app.c"),
    "several paths": '[[modules]]\npaths = ["app.a", "app.b"]\ndepends_on = ["app.b"]\n' + _unit("app.c"),
    "module that is not there": _unit("app.gone", "depends_on = []")
    + _unit("app.b", 'depends_on = ["app.q", "app.c"]'),
}  # fmt: skip
REFUSED = {
    "unknown layer": _LAYERS + _unit("app.a", 'layer = "attic"') + _unit("app.b", 'layer = "low"'),
    "unknown key": f"colour = 1\n{_OPEN}",
    "not visible": _unit("app.a", 'depends_on = ["app.b"]') + _unit("app.b", 'visibility = ["app.c"]'),
    "cycle": "forbid_circular_dependencies = true\n"
    + _unit("app.a", 'depends_on = ["app.b"]') + _unit("app.b", 'depends_on = ["app.a"]'),
}  # fmt: skip


def _ask_tach(root: Path) -> set[tuple[str, int]] | None:
    """Return where tach sees an error; None where it judges nothing."""
    command = [str(Path(sys.executable).with_name("tach")), "check", "--output", "json"]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "TACH_DISABLE_LOGGING": "1", "DO_NOT_TRACK": "1"},
    )  # fmt: skip
    try:
        rows = json.loads(done.stdout)
    except json.JSONDecodeError:
        assert done.returncode
        return None
    if not isinstance(rows, list) or any("Global" in row and row["Global"]["severity"] == "Error" for row in rows):
        return None
    located = [row["Located"] for row in rows if "Located" in row]
    found = {(row["file_path"], row["original_line_number"]) for row in located if row["severity"] == "Error"}
    assert bool(found) == bool(done.returncode)
    return found


def _ask_kit(root: Path) -> set[tuple[str, int]] | None:
    found = check(root).findings
    if any(row.rule == "contract-not-judged" for row in found):
        return None
    rows = [row for row in found if row.rule == "import-against-contract"]
    return {(place.path, place.line) for row in rows for place in row.evidence}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_errors_stand_where_tach_says(make_tree: Tree, name: str) -> None:
    root = make_tree({**_TREE, "tach.toml": CONFIGURATIONS[name]})
    theirs = _ask_tach(root)
    assert theirs is not None and _ask_kit(root) == theirs


@pytest.mark.parametrize("name", REFUSED)
def test_what_tach_refuses_to_judge_is_a_fault_of_the_contract(make_tree: Tree, name: str) -> None:
    root = make_tree({**_TREE, "tach.toml": REFUSED[name]})
    assert _ask_tach(root) is None and _ask_kit(root) is None


def test_lines_that_a_comment_lets_pass_are_no_breach(make_tree: Tree) -> None:
    source = "from app.b.core import X  # tach-ignore\n# tach-ignore\nfrom app.b import core\nimport app.b\n"
    files: Mapping[str, str] = {**_TREE, "app/a/one.py": source}
    root = make_tree({**files, "tach.toml": _unit("app.a", "depends_on = []") + _unit("app.b")})
    assert _ask_kit(root) == _ask_tach(root) == {("app/a/one.py", 4)}


def test_the_section_of_a_project_file_is_read_too(make_tree: Tree) -> None:
    section = '[[tool.tach.modules]]\npath = "app.a"\ndepends_on = []\n[[tool.tach.modules]]\npath = "app.b"\n'
    root = make_tree({**_TREE, "pyproject.toml": section})
    theirs = _ask_tach(root)
    assert theirs and _ask_kit(root) == theirs

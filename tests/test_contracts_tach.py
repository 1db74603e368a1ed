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
    "modules by a wildcard": _unit("app.*", "depends_on = []"),
    "modules by wildcards and by name": _unit("app.*.**", "depends_on = []") + _unit("app.b", 'depends_on = ["app.c"]'),
    "all below": _unit("app.**", 'depends_on = ["app.c"]'),
    "module that is not there": _unit("app.gone", "depends_on = []")
    + _unit("app.b", 'depends_on = ["app.q", "app.c"]'),
}  # fmt: skip
#: Parts of the configuration beside the code, by file; everything is relative to their folder.
DOMAINS = {
    "modules": {"app/tach.domain.toml": _unit("a", 'depends_on = ["c"]') + _unit("b") + _unit("c", "depends_on = []")},
    "absolute names": {
        "app/tach.domain.toml": _unit("a", 'depends_on = ["//app.b"]')
        + _unit("b", 'depends_on = ["app.c"]') + _unit("c"),
    },
    "root": {
        "app/a/tach.domain.toml": '[root]\ndepends_on = ["//app.b.core"]\n',
        "app/b/tach.domain.toml": '[root]\ndepends_on = ["core"]\n' + _unit("core", 'depends_on = ["<domain_root>"]'),
        "tach.toml": _unit("app.c", 'depends_on = ["app.b"]'),
    },
    "root named by its parts": {
        "app/tach.domain.toml": "[root]\ndepends_on = []\n" + _unit("a", 'depends_on = ["<domain_root>"]') + _unit("b"),
    },
    "root as the name of a part": {"app/a/tach.domain.toml": _unit("<domain_root>", "depends_on = []")},
    "forbidden": {
        "app/tach.domain.toml": _unit("a", 'cannot_depend_on = ["b"]')
        + _unit("b", 'cannot_depend_on = ["//app.c"]') + _unit("c"),
    },
    "layers": {
        "tach.toml": _LAYERS + _unit("app.c", 'layer = "top"'), "app/a/tach.domain.toml": '[root]\nlayer = "low"\n',
        "app/b/tach.domain.toml": '[root]\nlayer = "mid"\n',
    },
    "interface": {
        "app/tach.domain.toml": _unit("a") + _unit("b") + '[[interfaces]]\nexpose = ["core"]\nfrom = ["b"]\n',
    },
    "interface of its root": {
        "app/b/tach.domain.toml": '[root]\n[[interfaces]]\nexpose = ["Y"]\nfrom = ["<domain_root>"]\n',
        "tach.toml": _unit("app.a"),
    },
    "interface of all": {"app/tach.domain.toml": _unit("a") + _unit("b") + '[[interfaces]]\nexpose = ["Y"]\n'},
    "interface by an absolute name": {
        "app/tach.domain.toml": _unit("a") + _unit("b") + '[[interfaces]]\nexpose = ["Y"]\nfrom = ["//app.b"]\n',
    },
    "interface for some": {
        "app/tach.domain.toml": _unit("a") + _unit("b") + _unit("c")
        + '[[interfaces]]\nexpose = ["Y"]\nfrom = ["b"]\nvisibility = ["a"]\n',
    },
    "interface for some by absolute names": {
        "app/tach.domain.toml": _unit("a") + _unit("b") + _unit("c")
        + '[[interfaces]]\nexpose = ["Y"]\nfrom = ["b"]\nvisibility = ["//app.a"]\n',
    },
    "visible": {
        "app/tach.domain.toml": _unit("a", 'depends_on = ["b"]')
        + _unit("b", 'visibility = ["a", "//main"]') + _unit("c"),
    },
    "several paths": {"app/tach.domain.toml": '[[modules]]\npaths = ["a", "b"]\ndepends_on = ["b"]\n' + _unit("c")},
    "excluded": {
        "tach.toml": 'exclude = ["app/a"]\n' + _unit("app.b", "depends_on = []") + _unit("app.c"),
        "app/a/tach.domain.toml": "colour = 1\n",
    },
    "hidden folder": {"app/.old/tach.domain.toml": "colour = 1\n", "tach.toml": _OPEN},
    "outside of the source roots": {
        "tach.toml": f'source_roots = ["lib"]\n{_OPEN}', "lib/one.py": "import two\n", "lib/two.py": "",
        "app/tach.domain.toml": "colour = 1\n",
    },
    "below another source root": {
        "tach.toml": 'source_roots = ["lib"]\n', "lib/p/__init__.py": "", "lib/p/one.py": "import p.two\n",
        "lib/p/two.py": "", "lib/p/tach.domain.toml": _unit("one", "depends_on = []") + _unit("two"),
    },
    "project file": {
        "tach.toml": "", "pyproject.toml": '[tool.tach]\nsource_roots = ["."]\n',
        "app/tach.domain.toml": _unit("a", "depends_on = []") + _unit("b"),
    },
}  # fmt: skip
REFUSED_DOMAINS = {
    "unknown key": {"app/tach.domain.toml": f"colour = 1\n{_unit('a')}"},
    "unknown key of the root": {"app/tach.domain.toml": "[root]\ncolour = 1\n"},
    "path of the root": {"app/tach.domain.toml": '[root]\npath = "a"\n'},
    "layers": {"app/tach.domain.toml": f"{_LAYERS}{_unit('a')}"},
    "no TOML": {"app/tach.domain.toml": "[root"},
    "in the source root": {"tach.domain.toml": _unit("app.a")},
    "declared twice": {"app/tach.domain.toml": _unit("a"), "tach.toml": _unit("app.a")},
    "declared by two domains": {"app/tach.domain.toml": _unit("a"), "app/a/tach.domain.toml": "[root]\n"},
    "source root in another": {
        "tach.toml": 'source_roots = [".", "app"]\n', "app/a/tach.domain.toml": _unit("one"),
    },
    "not visible": {"app/tach.domain.toml": _unit("a", 'depends_on = ["b"]') + _unit("b", 'visibility = ["app.a"]')},
    "cycle": {
        "tach.toml": "forbid_circular_dependencies = true\n" + _unit("app.a", 'depends_on = ["app.b"]'),
        "app/b/tach.domain.toml": '[root]\ndepends_on = ["//app.a"]\n',
    },
}  # fmt: skip
REFUSED = {
    "declared twice": _unit("app.a") + _unit("app.a"),
    "not visible by several paths": '[[modules]]\npaths = ["app.a", "app.b"]\ndepends_on = ["app.c"]\n'
    + _unit("app.c", 'visibility = ["app.q"]'),
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


@pytest.mark.parametrize("name", DOMAINS)
def test_domains_beside_the_code_are_read_as_tach_reads_them(make_tree: Tree, name: str) -> None:
    root = make_tree({**_TREE, "tach.toml": 'source_roots = ["."]\n', **DOMAINS[name]})
    if name == "project file":
        (root / "tach.toml").unlink()
    theirs = _ask_tach(root)
    assert theirs is not None and _ask_kit(root) == theirs


@pytest.mark.parametrize("name", REFUSED_DOMAINS)
def test_domains_that_tach_refuses_are_a_fault_of_the_contract(make_tree: Tree, name: str) -> None:
    root = make_tree({**_TREE, "tach.toml": 'source_roots = ["."]\n', **REFUSED_DOMAINS[name]})
    assert _ask_tach(root) is None and _ask_kit(root) is None


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

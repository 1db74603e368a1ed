"""What compiled modules state of their classes is read, and nothing of them is loaded."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.lib

from analysis import tables
from analysis.facts import scan
from analysis.facts.compiled import find_compiled_classes
from analysis.facts.source_tree import WorkingTree
from analysis.names.paths import build_resolution

Tree = Callable[..., Path]


def _state(*names: str) -> bytes:
    return b"\x7fELF\0" + b"\0".join(name.encode() for name in names) + b"\0\1\2"


def _read(root: Path) -> dict[str, list[str]]:
    rows = tables.read_rows(scan(root).modules, "module", "classes")
    return {module: list(classes) for module, classes in rows if classes}


def test_classes_are_known_by_the_names_that_the_file_states(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "", "p/fast.cpython-311-x86_64-linux-gnu.so": _state(
            "p.fast.Parser", "p.fast.parse", "p.fast._Hidden", "q.fast.Other", "x fast.Spaced", "fast.Short",
            "p.fast.tree.__init__", "p.fast.tree", "p.faster.No", "breakfast.No", "p.fast.", "p.fast.Ünicode",
        ),
    })  # fmt: skip
    assert _read(root) == {"p.fast": ["Parser", "Short", "_Hidden", "tree"]}


def test_a_module_may_be_called_like_its_package(make_tree: Tree) -> None:
    root = make_tree({"p/__init__.py": "", "p/p/__init__.py": "", "p/p/p.so": _state("p.p.p.P", "p.p.Q", "p.p.p.p.x")})
    assert _read(root) == {"p.p.p": ["P", "Q", "p"]}


def test_they_are_names_of_the_module_and_of_who_takes_them_by_a_star(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "from p.fast import *\nfrom p.other import *\n", "p/fast.so": _state("p.fast.Parser"),
        "p/other.so": b"", "m.py": "from p import Parser\n",
    })  # fmt: skip
    found = {row["import_path"]: row for row in build_resolution(scan(root)).paths.to_pylist()}
    assert {path: (row["definition"], row["certainty"]) for path, row in found.items()} == dict.fromkeys(
        ("m.Parser", "p.Parser", "p.fast.Parser"), ("p.fast:Parser", "conditional")
    )


def test_a_source_or_a_stub_beside_it_says_more(make_tree: Tree) -> None:
    root = make_tree({
        "p/__init__.py": "", "p/a.so": _state("p.a.A", "p.a.B"), "p/a.pyi": "class A: ...\n",
        "p/b.so": _state("p.b.A", "p.b.B"), "p/b.py": "class A: ...\n",
    })  # fmt: skip
    found = {row["import_path"]: row["kind"] for row in build_resolution(scan(root)).paths.to_pylist()}
    assert found == {"p.a.A": "class", "p.a.B": "compiled", "p.b.A": "class"}


def test_a_real_module_has_what_it_states() -> None:
    path = Path(pyarrow.lib.__file__)
    names = find_compiled_classes(WorkingTree(path.parent), {"lib": path.name})["lib"]
    public = [name for name in names if not name.startswith("_")]
    there = [name for name in public if hasattr(pyarrow.lib, name)]
    assert len(there) > 100 and "Table" in there
    assert len(there) >= 0.9 * len(public)
    assert "pyarrow.lib" in sys.modules


def test_what_is_not_there_or_hostile_states_nothing(make_tree: Tree) -> None:
    root = make_tree({"p/__init__.py": "", "p/a.so": b"a." * 300_000, "p/b.so": b"\0b.\0" * 100_000})
    files = {"p/a": "p/a.so", "p/b": "p/b.so", "p/gone": "p/gone.so", "p/c": "../../etc/passwd"}
    assert find_compiled_classes(WorkingTree(root), files) == {}

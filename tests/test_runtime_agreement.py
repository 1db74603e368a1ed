"""Each name by two witnesses: they agree, differ for a cause, or one cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import analysis
from analysis.runtime import ProbeOptions

Tree = Callable[..., Path]


def compare(root: Path, folder: Path) -> dict[str, tuple[str, str]]:
    """Return verdict and cause by import path."""
    inv = analysis.investigate(root, data=folder / "data", jobs=1, probe=ProbeOptions())
    frame = inv.agreement
    keys = frame["module"] + "." + frame["name"]
    return dict(zip(keys, zip(frame["verdict"].astype(str), frame["cause"].astype(str), strict=True), strict=True))


def test_a_tree_without_names_has_nothing_to_compare(make_tree: Tree, tmp_path: Path) -> None:
    assert compare(make_tree({"a.py": ""}), tmp_path) == {}


FILES = {
    "a.py": "import json, os.path\nfrom enum import Enum\nclass A:\n    def f(self): ...\n"
    "class Colour(Enum):\n    RED = 1\ndef g(): ...\none, two = A(), 2\nnone = None\nwhat = [g][0]\n",
    "b.py": "from a import A, g, one\nimport a\n",
    "c.py": "try:\n    from a import A\n    raise ImportError\nexcept ImportError:\n    A = None\n",
    "d.py": "import sys\nsys._getframe().f_globals['made' + 'up'] = 1\n",
    "e.py": "import nobody_has_this\nclass E: ...\n",
}


def test_names_are_compared_by_kind_and_by_the_place_of_their_source(make_tree: Tree, tmp_path: Path) -> None:
    found = compare(make_tree(FILES), tmp_path)
    agreed = {name for name, (verdict, _) in found.items() if verdict == "agree"}
    assert agreed >= {"a.A", "a.Colour", "a.g", "a.one", "a.two", "a.none", "a.json", "b.A", "b.g", "b.one", "b.a"}
    assert found["a.what"] == ("unknown", "not-resolved")
    assert found["c.A"] == ("disagree", "other-kind")
    assert found["d.madeup"] == ("runtime-only", "not-seen")
    assert not any(name.startswith("e.") for name in found)

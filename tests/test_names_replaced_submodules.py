"""A package may have something else under the name of a submodule: what each kind of import takes, Python says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.facts import scan
from analysis.names.paths import build_resolution

Make = Callable[..., Path]
PACKAGES = {
    "the result of a call": "from .x import make\nx = make()\n",
    "the result of a call, with a hint": "from .x import make\nx: object = make()\n",
    "a function of the same name": "from .x import x\n",
    "all names of the module": "from .x import *\n",
    "a constant": "from .x import make\nx = 1\n",
    "a class": "from .x import make\nclass x: ...\n",
    "a loop's name": "from .x import make\nfor x in [make()]: pass\n",
    "set before the module is loaded": "x = 1\nfrom .x import make\n",
    "nothing": "",
}
MODULE = "class Engine: ...\ndef make(): return Engine()\ndef x(): ...\n"
READER = (
    "import p.x as y\nfrom p import x as z\nimport p\nw = p.x\nimport importlib\nv = importlib.import_module('p.x')\n"
    "from p.x import make\n"
)
LIVE = (
    "import b, json, types\n"
    "print(json.dumps({name: isinstance(getattr(b, name), types.ModuleType) for name in 'yzwv'}))\n"
)


@pytest.mark.parametrize("way", PACKAGES)
def test_an_import_takes_what_the_package_has(way: str, make_tree: Make) -> None:
    root = make_tree({"p/__init__.py": PACKAGES[way], "p/x.py": MODULE, "b.py": READER})
    run = subprocess.run([sys.executable, "-c", LIVE], cwd=root, capture_output=True, text=True, check=True)
    rows = build_resolution(scan(root, jobs=1)).paths.to_pylist()
    known = {row["name"]: row["kind"] == "module" for row in rows if row["module"] == "b" and row["name"] in "yzwv"}
    assert known == json.loads(run.stdout)


EARLIER = {
    "under another name": "from . import x as inner\nx = inner.Engine\n",
    "under its own name": "from . import x\nx = x.Engine\n",
    "by a dotted import": "import p.x\nx = 1\n",
    "after a class of the name": "class x: ...\nfrom . import x as inner\n",
    "and all names are taken": "from . import x as inner\n",
}
TAKER = (
    "from p.x import Engine\nfrom p import x as z\nfrom p import x as y\nfrom p import *\nw = x\nimport p\nv = p.x\n"
)


@pytest.mark.parametrize("way", EARLIER)
def test_a_submodule_that_its_package_imports_before_is_not_put_back_later(way: str, make_tree: Make) -> None:
    root = make_tree({"p/__init__.py": EARLIER[way], "p/x.py": MODULE, "p/b.py": TAKER})
    live = LIVE.replace("import b,", "import p.b as b,")
    run = subprocess.run([sys.executable, "-c", live], cwd=root, capture_output=True, text=True, check=True)
    rows = build_resolution(scan(root, jobs=1)).paths.to_pylist()
    known = {row["name"]: row["kind"] == "module" for row in rows if row["module"] == "p.b" and row["name"] in "yzwv"}
    assert known == json.loads(run.stdout)

"""Names that a module puts into its own dictionary: Python and the findings agree which of them are there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.pipeline import investigate

Make = Callable[..., Path]
WAYS = {
    "update with a dictionary, under the same name": "class Engine: ...\nglobals().update({'Engine': Engine})\n",
    "update with a dictionary": "globals().update({'Engine': _Engine})\n",
    "update with a keyword": "vars().update(Engine=_Engine)\n",
    "update with a dictionary by two stars": "globals().update(**{'Engine': _Engine})\n",
    "update with pairs": "globals().update([('Engine', _Engine)])\n",
    "update with a made dictionary": "globals().update(dict(Engine=_Engine))\n",
    "update with a table": "TABLE = {'Engine': _Engine}\nglobals().update(TABLE)\n",
    "item of globals": "globals()['Engine'] = _Engine\n",
    "item of vars": "vars()['Engine'] = _Engine\n",
    "item of locals": "locals()['Engine'] = _Engine\n",
    "item of the module's dictionary": "sys.modules[__name__].__dict__['Engine'] = _Engine\n",
    "item of the module's names": "vars(sys.modules[__name__])['Engine'] = _Engine\n",
    "update of the module's dictionary": "sys.modules[__name__].__dict__.update(Engine=_Engine)\n",
    "setattr of the module": "setattr(sys.modules[__name__], 'Engine', _Engine)\n",
    "attribute of the module": "sys.modules[__name__].Engine = _Engine\n",
    "setattr of the module that get returns": "setattr(sys.modules.get(__name__), 'Engine', _Engine)\n",
    "the module by another name": "this = sys.modules[__name__]\nthis.Engine = _Engine\n",
    "the dictionary by another name": "names = globals()\nnames['Engine'] = _Engine\n",
    "the dictionary by a name with a hint": "names: dict = globals()\nnames['Engine'] = _Engine\n",
    "the dictionary by a name in an expression": "(names := globals())['Engine'] = _Engine\n",
    "the dictionary's method by another name": "put = globals().update\nput(Engine=_Engine)\n",
    "the dictionary by another name in a function": "def f():\n    g = globals()\n    g['Engine'] = _Engine\nf()\n",
    "setdefault": "globals().setdefault('Engine', _Engine)\n",
    "setitem": "globals().__setitem__('Engine', _Engine)\n",
    "a loop over pairs": "for name, value in {'Engine': _Engine}.items():\n    globals()[name] = value\n",
    "a loop over names": "for name in ['Engine']:\n    globals()[name] = _Engine\n",
    "a comprehension": "globals().update({n[1:]: v for n, v in {'_Engine': _Engine}.items()})\n",
    "reading only": "print(globals().get('Engine'), vars().keys(), len(locals()))\n",
    "locals of a function": "def f():\n    locals()['Engine'] = _Engine\n    vars()['Engine'] = 1\nf()\n",
    "names of a class": "class K:\n    locals()['Engine'] = 1\n    vars().update(Engine=1)\n",
}  # fmt: skip
_ABSENT_THERE = {"reading only", "locals of a function", "names of a class"}
#: Who calls a method under another name, and with what, is not followed: any name may be there.
_UNKNOWN_THERE = {"the dictionary's method by another name"}
_READERS = {
    "app/__init__.py": "",
    "app/facade.py": "from app.engine import Engine\n",
    "app/main.py": "from app.facade import Engine\n",
    "app/other.py": "from app.engine import Absent\n",
}


def _has_name(root: Path, module: str) -> bool:
    run = subprocess.run([sys.executable, "-c", f"import {module}"], cwd=root, capture_output=True, check=False)
    return run.returncode == 0


@pytest.mark.parametrize("way", WAYS)
def test_python_and_the_findings_agree_on_what_is_put_into_a_module(way: str, make_tree: Make, tmp_path: Path) -> None:
    root = make_tree({"app/engine.py": f"import sys\nclass _Engine: ...\n{WAYS[way]}", **_READERS})
    rules = {"phantom-name", "import-fails"}
    missing = {
        place["path"]
        for row in investigate(root, data=tmp_path / "data").table("findings").to_pylist()
        if row["rule"] in rules
        for place in row["evidence"]
    }
    assert _has_name(root, "app.main") == ("app/facade.py" not in missing) == (way not in _ABSENT_THERE)
    assert not _has_name(root, "app.other")
    assert ("app/other.py" in missing) == (way not in _UNKNOWN_THERE)


def test_a_list_whose_method_has_another_name_is_not_known_any_more(make_tree: Make, tmp_path: Path) -> None:
    source = "__all__ = []\nadd = __all__.append\nfor name in ('A',):\n    add(name)\nassert len(__all__) == 1\n"
    root = make_tree({"m.py": source})
    assert _has_name(root, "m")
    assert not investigate(root, data=tmp_path / "data").table("findings").num_rows

"""A class that a decorator of the target may replace is not certain; CPython says which one is replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import analysis

DECORATORS = {
    "register": "def register(cls):\n    seen.append(cls)\n    return cls\nseen = []\n",
    "named": "def named(name):\n    def inner(cls):\n        cls.name = name\n        return cls\n    return inner\n",
    "both": "def both(cls=None, *, name=''):\n    def wrap(cls):\n        return cls\n"
    "    if cls is None:\n        return wrap\n    return wrap(cls)\n",
    "lambdas": "def lambdas(name):\n    return lambda cls: cls\n",
    "wrapper": "def wrapper(cls):\n    class Wrapper:\n        inner = cls\n    return Wrapper\n",
    "single": "def single(cls):\n    made = cls()\n    def get():\n        return made\n    return get\n",
    "nothing": "def nothing(cls):\n    cls.seen = True\n",
    "rebound": "def rebound(cls):\n    cls = type('Other', (), {})\n    return cls\n",
    "sometimes": "def sometimes(cls):\n    if len(cls.__name__) == 1:\n        return None\n    return cls\n",
    "Kept": "class Kept:\n    def __init__(self, cls):\n        self.cls = cls\n",
    "passed": "def identity(thing):\n    return thing\ndef passed(cls):\n    return identity(cls)\n",
}
ARGUMENTS = {"named": "('x')", "lambdas": "('x')"}


def write_module(name: str) -> str:
    return f"{DECORATORS[name]}@{name}{ARGUMENTS.get(name, '')}\nclass X:\n    pass\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("decorated") / "pkg"
    root.mkdir()
    (root / "__init__.py").touch()
    for name in DECORATORS:
        (root / f"on_{name}.py").write_text(write_module(name))
        (root / f"far_{name}.py").write_text(
            f"from pkg import on_{name}\n@on_{name}.{name}{ARGUMENTS.get(name, '')}\nclass X:\n    pass\n"
        )
    (root / "library.py").write_text(
        "import dataclasses\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    pass\n"
        "@dataclasses.dataclass(frozen=True)\nclass B:\n    pass\nclass C:\n    pass\n"
    )
    return root.parent


@pytest.fixture(scope="module")
def certain(tree: Path) -> dict[str, str]:
    """Return the definition of each name that is certain."""
    rows = analysis.investigate(tree).frame("paths")
    chosen = rows[rows["certainty"].astype(str) == "certain"]
    return dict(zip(chosen["import_path"].astype(str), chosen["definition"].astype(str), strict=True))


def ask_python(tree: Path, module: str) -> str:
    """Return what X is in CPython: module and name of the class, or of the class of the object."""
    program = f"import {module} as m; k = m.X if isinstance(m.X, type) else type(m.X); "
    program += "print(k.__module__, k.__qualname__)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tree, capture_output=True, text=True, check=True)
    return ":".join(done.stdout.split())


@pytest.mark.parametrize("name", DECORATORS)
@pytest.mark.parametrize("place", ["on", "far"])
def test_what_is_certain_is_what_python_has(place: str, name: str, tree: Path, certain: dict[str, str]) -> None:
    module = f"pkg.{place}_{name}"
    truth, said = ask_python(tree, module), certain.get(f"{module}.X")
    assert said in {None, truth}
    if name in {"register", "named", "both", "lambdas"}:
        assert said == truth == f"{module}:X"


def test_classes_without_decorators_and_with_those_of_libraries_stay_certain(certain: dict[str, str]) -> None:
    assert {name: certain.get(f"pkg.library.{name}") for name in "ABC"} == {
        name: f"pkg.library:{name}" for name in "ABC"
    }


def test_a_changed_body_of_a_decorator_is_noticed_with_a_cache(tmp_path: Path) -> None:
    """Names are kept as long as the structure is the same, and bodies of functions are not of it."""
    (tmp_path / "m.py").write_text("def d(cls):\n    return cls\n@d\nclass X:\n    pass\n")
    first = analysis.investigate(tmp_path).frame("paths").set_index("import_path")["certainty"].astype(str)
    (tmp_path / "m.py").write_text("def d(cls):\n    return 3\n@d\nclass X:\n    pass\n")
    second = analysis.investigate(tmp_path).frame("paths").set_index("import_path")["certainty"].astype(str)
    assert (first["m.X"], second["m.X"]) == ("certain", "conditional")


def test_decorated_classes_of_scripts_and_of_the_tests_beside_them_are_no_failure(tmp_path: Path) -> None:
    (tmp_path / "tool-kit.py").write_text(write_module("wrapper"))
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "deco.py").write_text(write_module("wrapper"))
    (tmp_path / "pkg" / "run-it.py").write_text("from pkg.deco import wrapper\n@wrapper\nclass Y:\n    pass\n")
    found = analysis.investigate(tmp_path)
    assert found.table("not_analysed").num_rows == 0
    certain = found.frame("paths").set_index("import_path")["certainty"].astype(str)
    assert certain["pkg.deco.X"] != "certain"

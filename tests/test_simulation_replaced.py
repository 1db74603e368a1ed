"""Packages that put something else in their own place in ``sys.modules``: their submodules are found as before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from first_imports import Program, compare_programs, place_programs, simulate

Tree = Callable[..., Path]

FORWARDS = "def __init__(self, m): self.m = m\n    "
USES = "import pk.a\nfrom pk.a import A\nfrom pk import b\nimport pk.a as a\na.gone\n"


def _replace(body: str, made: str = "P(sys.modules[__name__])", bases: str = "") -> dict[str, str]:
    """Return a package in whose place an object of a class stands, and modules below it."""
    text = f"import sys, types\nclass P({bases}):\n    {body}\nsys.modules[__name__] = {made}\n"
    return {"pk/__init__.py": text, "pk/a.py": "A = 1\n", "pk/b.py": "import pk.a\n", "pk/m.py": USES}


REPLACED: tuple[Program, ...] = (
    _replace(f"{FORWARDS}def __getattr__(self, n): return getattr(self.m, n)"),
    _replace("def __init__(self, m):\n        super().__init__(m.__name__)\n        self.__path__ = m.__path__",
             bases="types.ModuleType"),
    _replace(f"{FORWARDS}def __getattribute__(self, n):\n"
             "        return getattr(object.__getattribute__(self, 'm'), n)"),
    _replace("def __init__(self, m): self.m = m"),
    _replace("def __init__(self, m):\n        self.__dict__.update(m.__dict__)", bases="types.ModuleType"),
    {
        "pk/__init__.py": "", "pk/s/__init__.py": "from pk.t import hide\nhide('pk.s')\n", "pk/s/a.py": "A = 1\n",
        "pk/t.py": "import sys\nclass P:\n    def __init__(self, m): self.m = m\n"
                   "    def __getattr__(self, n): return getattr(self.m, n)\n"
                   "def hide(name):\n    sys.modules[name] = P(sys.modules[name])\n",
        "pk/m.py": "from pk.s.a import A\nfrom pk.s.a import B\n",
    },
)  # fmt: skip


def test_submodules_of_a_replaced_package_are_found(make_tree: Tree) -> None:
    assert compare_programs(make_tree(place_programs(REPLACED)), REPLACED) == []


def test_what_a_replaced_package_may_find_elsewhere_is_a_doubt(make_tree: Tree) -> None:
    files = dict(REPLACED[0]) | {"pk/m.py": "import pk.gone\n"}  # type: ignore[arg-type]
    row = simulate(make_tree(place_programs([files])))["t0.m"]
    assert row["doubt"] and not row["exception"]


def test_the_started_program_is_always_there(make_tree: Tree) -> None:
    programs: list[Program] = ["import __main__\nfrom pk import m\nraise KeyError\n"]
    assert compare_programs(make_tree(place_programs(programs)), programs) == []


LAZY = """import sys, types, importlib
class LazyModule(types.ModuleType):
    def __init__(self, name, structure):
        super().__init__(name)
        self._where = {n: m for m, names in structure.items() for n in names}
        self.__path__ = __path__
    def __getattr__(self, name):
        if name in self._where:
            return getattr(importlib.import_module("." + self._where[name], "pk"), name)
        raise AttributeError(name)
sys.modules[__name__] = LazyModule(__name__, {"a": ["A"], "b": ["B", "Gone"]})
"""
TABLE = """import sys, importlib
class Lazy:
    names = {"A": "a", "B": "b"}
    def __getattr__(self, name):
        try:
            where = self.names[name]
        except KeyError:
            raise AttributeError(name) from None
        return getattr(importlib.import_module("pk." + where), name)
lazy = Lazy()
lazy.__path__, lazy.__spec__, lazy.__name__ = __path__, __spec__, __name__
sys.modules[__name__] = lazy
"""
FACADE = """import sys, types
class Facade(types.ModuleType):
    @property
    def A(self):
        from pk.a import A
        return A
sys.modules[__name__].__class__ = Facade
"""
BOX = """import sys
class Box:
    def __init__(self, **given):
        for name, value in given.items():
            setattr(self, name, value)
sys.modules[__name__] = Box(A=1)
"""
#: What a class says in other ways than by its own statements is there, too.
HIDDEN = {
    "its dictionary": "def __init__(self):\n        self.__dict__.update(dict(A=1))",
    "vars": "def __init__(self):\n        vars(self).update(A=1)",
    "the setter of its base": "def __init__(self):\n        super().__setattr__('A', 1)",
    "very many calls": "def __init__(self):\n        for n in range(400): self.add(f'n{n}')\n        self.add('A')\n"
    "    def add(self, name): setattr(self, name, 1)",
}


def _use(init: str, *statements: str) -> dict[str, str]:
    files = {"pk/__init__.py": init, "pk/a.py": "class A: ...\n", "pk/b.py": "class B: ...\n"}
    return files | {f"pk/m{number}.py": text for number, text in enumerate(statements)}


STAND_INS: tuple[Program, ...] = (
    _use(LAZY, "from pk import A, B\n", "from pk import A, C\n", "from pk import Gone\n", "import pk\npk.A\npk.C\n"),
    _use(TABLE, "from pk import A\n", "from pk import C\n", "from pk import a, b\nimport pk.a\npk.a.A\n"),
    _use(FACADE, "from pk import A\n", "from pk import C\n", "import pk\npk.A\npk.C\n"),
    _use(BOX, "from pk import A\n", "from pk import C\n", "import pk\npk.A\npk.C\n"),
    *(
        _use(f"import sys\nclass Box:\n    {body}\nsys.modules[__name__] = Box()\n", "from pk import A\n")
        for body in HIDDEN.values()
    ),
    _use("import sys\nfrom dataclasses import dataclass\n@dataclass\nclass Box:\n    A: int\n"
         "sys.modules[__name__] = Box(1)\n", "from pk import A\n"),
)  # fmt: skip


def test_an_object_that_stands_for_a_module_has_what_its_class_gives_it(make_tree: Tree) -> None:
    assert compare_programs(make_tree(place_programs(STAND_INS)), STAND_INS) == []

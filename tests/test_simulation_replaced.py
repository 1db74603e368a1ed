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

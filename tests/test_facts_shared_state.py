"""What counts as state that users share, by its source; each case is what CPython does with it."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from analysis import tables
from analysis.facts.extract import extract


def read(source: str) -> list[tuple[str, str, str, list[int]]]:
    """Return owner, name, kind and changed lines of each state of a source."""
    facts = extract(textwrap.dedent(source).encode())
    number = [table.name for table in tables.FACT_TABLES].index("states")
    names = tables.STATES.names[1:]
    found: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in facts.rows[number]]
    return [(row["owner"], row["name"], row["kind"], row["changed"]) for row in found]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = []\n    def f(self): self.x.append(1)", [("A", "x", "class-attribute", [3])]),
        ("x = {}\n    def f(self): self.x[1] = 2", [("A", "x", "class-attribute", [3])]),
        ("x = {}\n    def f(self): del self.x[1]", [("A", "x", "class-attribute", [3])]),
        ("x = []\n    def f(self): self.x += [1]", [("A", "x", "class-attribute", [3])]),
        ("x = set()\n    async def f(self): self.x.add(1)", [("A", "x", "class-attribute", [3])]),
        ("x: dict = {}\n    def f(self): self.x[1] += 2", [("A", "x", "class-attribute", [3])]),
        ("x = {}\n    @classmethod\n    def f(cls): cls.x[1] = 2", [("A", "x", "class-registry", [4])]),
        ("x = {}\n    def f(self): A.x.update(a=1)", [("A", "x", "class-registry", [3])]),
        ("x = []\n    def f(self): return self.x", []),
        ("x = ()\n    def f(self): self.x += (1,)", []),
        ("x = []\n    def __init__(self): self.x = []\n    def f(self): self.x.append(1)", []),
        ("x = []\n    def f(self, other): other.x.append(1)", []),
    ],
)
def test_containers_of_class_bodies(body: str, expected: list[tuple[str, str, str, list[int]]]) -> None:
    assert read(f"class A:\n    {body}\n") == expected


def test_fields_that_a_base_may_copy_do_not_count() -> None:
    change = "    def f(self): self.x.append(1)\n"
    assert read(f"class A(Model):\n    x: list = []\n{change}") == []
    assert read(f"@dataclass\nclass A:\n    x: list = field()\n{change}") == []
    assert read(f"class A(Model):\n    x: ClassVar[list] = []\n{change}")[0][2] == "class-attribute"
    assert read(f"class A(Model):\n    x = []\n{change}")[0][2] == "class-attribute"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            """
            class A:
                def __new__(cls, *args):
                    if not hasattr(cls, "one"):
                        cls.one = super().__new__(cls)
                    return cls.one
            """,
            [("A", "one", "singleton", [5])],
        ),
        (
            """
            class A:
                _one = None
                @classmethod
                def get(cls):
                    if A._one is None:
                        A._one = A()
                    return A._one
            """,
            [("A", "_one", "singleton", [7])],
        ),
        ("class A:\n    def __new__(cls): return super().__new__(cls)\n", []),
        ("class A:\n    @classmethod\n    def make(cls): return cls()\n", []),
        ("class A:\n    def get(self):\n        self.x = A()\n        return self.x\n", []),
    ],
)
def test_singletons(source: str, expected: list[tuple[str, str, str, list[int]]]) -> None:
    assert read(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(a, x=[]): x.append(a)", [("f", "x", "default", [1])]),
        ("def f(*, x={}): return x", [("f", "x", "default", [1])]),
        ("class A:\n    def f(self, x=[]): self.x = x", [("A.f", "x", "default", [2])]),
        ("async def f(x=dict()): x['a'] = 1", [("f", "x", "default", [1])]),
        ("def f(x=[]):\n    x = list(x)\n    x.append(1)", []),
        ("def f(x=[]): return len(x)", []),
        ("def f(x=None): return x", []),
        ("def f(x=()): return x", []),
    ],
)
def test_defaults(source: str, expected: list[tuple[str, str, str, list[int]]]) -> None:
    assert read(source + "\n") == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@lru_cache\ndef f(): return A()", [("f", "f", "cached-getter", [])]),
        ("@functools.lru_cache(maxsize=1)\ndef f():\n    a = A()\n    return a", [("f", "f", "cached-getter", [])]),
        ("@cache\ndef f(): return a.B()", [("f", "f", "cached-getter", [])]),
        ("@cache\ndef f(x): return A()", []),
        ("@cache\ndef f(): return 3", []),
        ("@cache\ndef f(): print()", []),
        ("@other\ndef f(): return A()", []),
    ],
)
def test_cached_getters(source: str, expected: list[tuple[str, str, str, list[int]]]) -> None:
    assert read(source + "\n") == expected


def test_python_shares_what_is_said_to_be_shared() -> None:
    """The witness: the same statements, run."""
    space: dict[str, Any] = {}
    source = (
        "class A:\n    x = []\n    def f(self): self.x.append(1)\n"
        "class B:\n    x = ()\n    def f(self): self.x += (1,)\n"
        "def g(x=[]):\n    x.append(1)\n    return x\n"
    )
    exec(source, space)
    space["A"]().f()
    space["B"]().f()
    assert (space["A"]().x, space["B"]().x, len(space["g"]()), len(space["g"]())) == ([1], (), 1, 2)
    assert {(owner, kind) for owner, _, kind, _ in read(source)} == {("A", "class-attribute"), ("g", "default")}

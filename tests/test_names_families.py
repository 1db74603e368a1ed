"""The classes of a concept beside one another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.facts import Facts, scan
from analysis.graph import build_import_graph
from analysis.names import Identity, build_identity, find_concepts
from analysis.names.families import (
    MEMBER_COLUMNS,
    USER_COLUMNS,
    build_members_frame,
    build_methods_frame,
    build_users_frame,
    find_wrappers,
)
from analysis.policy import ConceptPolicy, Policy

Read = Callable[[dict[str, str]], tuple[Facts, Identity]]
POLICY = Policy(concept=(ConceptPolicy(name="registries", match=("*Registry",)),))
TREE = {
    "a.py": (
        "from abc import ABC, abstractmethod\n"
        "class BaseRegistry(ABC):\n    @abstractmethod\n    def get(self, key): ...\n"
        "class Registry(BaseRegistry):\n    def get(self, key): return 1\n    async def put(self, key, *values): ...\n"
    ),
    "b.py": "import a\nclass Registry(a.Registry):\n    def drop(self): ...\n",
    "c.py": (
        "from a import Registry\nclass ProxyRegistry:\n    def __init__(self): self._inner = Registry()\n"
        "    def get(self, key): return self._inner.get(key)\n    def put(self, key): self._inner.put(key)\n"
    ),
    "d.py": "def f():\n    from c import Registry\n    from a import Registry as Other\n",
}


@pytest.fixture
def read(make_tree: Callable[..., Path]) -> Read:
    """Return a function from a dict of file name to source to its facts and identity."""

    def run(files: dict[str, str]) -> tuple[Facts, Identity]:
        facts = scan(make_tree(files), jobs=1)
        return facts, build_identity(facts, POLICY)

    return run


def test_a_concept_without_classes_has_empty_frames(read: Read) -> None:
    facts, identity = read({"a.py": "x = 1\n"})
    concepts = find_concepts(facts, POLICY)
    frame = build_members_frame(concepts, facts.definitions, facts.methods, identity.bases, identity.paths)
    assert (list(frame.columns), len(frame)) == (list(MEMBER_COLUMNS), 0)
    assert build_methods_frame([], facts.methods).empty
    users = build_users_frame([], identity.paths, build_import_graph(facts).edges)
    assert (list(users.columns), len(users)) == (list(USER_COLUMNS), 0)


def test_members_say_whom_they_extend_and_wrap_and_who_uses_them(read: Read) -> None:
    facts, identity = read(TREE)
    concepts = find_concepts(facts, POLICY)
    frame = build_members_frame(concepts, facts.definitions, facts.methods, identity.bases, identity.paths)
    rows = frame.set_index("definition").to_dict("index")
    assert {definition: row["role"] for definition, row in rows.items()} == {
        "a:BaseRegistry": "abstract", "a:Registry": "implementation", "b:Registry": "implementation",
        "c:ProxyRegistry": "implementation",
    }  # fmt: skip
    assert rows["b:Registry"]["extends"] == ["a:BaseRegistry", "a:Registry"]
    assert (rows["c:ProxyRegistry"]["delegates"], rows["c:ProxyRegistry"]["wraps"]) == ("wrapper", "a:Registry")
    assert (rows["a:Registry"]["delegates"], rows["a:Registry"]["wraps"]) == ("", "")
    assert (rows["a:Registry"]["methods"], rows["a:Registry"]["lines"], rows["a:Registry"]["place"]) == (2, 3, "a.py:5")
    assert (rows["a:Registry"]["statements"], rows["a:Registry"]["files"]) == (3, 3)


def test_methods_stand_side_by_side(read: Read) -> None:
    facts, _ = read(TREE)
    (concept, *_) = find_concepts(facts, POLICY)
    frame = build_methods_frame(concept.members, facts.methods)
    assert list(frame.columns) == [member.definition for member in concept.members]
    assert list(frame.index) == ["get", "put", "__init__", "drop"]
    assert frame.loc["put", "a:Registry"] == "async (self, key, *values)"
    assert frame.loc["put", "b:Registry"] == ""


def test_users_are_named_with_the_path_they_take(read: Read) -> None:
    facts, identity = read(TREE)
    frame = build_users_frame(["a:Registry"], identity.paths, build_import_graph(facts).edges)
    assert frame[["importer", "line", "import_path", "route", "scope"]].to_numpy().tolist() == [
        ["c", 1, "a.Registry", "definition", "module"],
        ["d", 2, "c.Registry", "accidental", "function"],
        ["d", 3, "a.Registry", "definition", "function"],
    ]


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ("def a(self): return self.x.a()\n    def b(self): return self.x.b()", (False, ("a", "b"))),
        ("def a(self): return self.x.run()\n    def b(self): return self.x.stop()", (True, ("run", "stop"))),
        ("def a(self): return self.x.a()", None),
        ("def a(self): return self.x.a()\n    def b(self): return self.y.b()", None),
        ("def a(self): return 1\n    def b(self): return 2", None),
        ("def _a(self): return self.x.a()\n    def _b(self): return self.x.b()", None),
    ],
)
def test_wrappers_and_adapters_are_recognised_by_what_they_call(
    read: Read, methods: str, expected: tuple[bool, tuple[str, ...]] | None
) -> None:
    facts, _ = read({"a.py": f"class A:\n    {methods}\n"})
    found = find_wrappers(facts.methods).get(("a.py", "A"))
    assert (found and (found.is_adapter, found.calls)) == expected

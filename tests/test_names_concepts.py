"""Families of classes: by the last word of the name, and by policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from analysis import tables
from analysis.facts import scan
from analysis.names.concepts import find_concepts, find_suffix
from analysis.names.frames import CONCEPT_COLUMNS as COLUMNS
from analysis.names.frames import build_concepts_frame
from analysis.policy import ConceptPolicy, Policy


@dataclass(frozen=True)
class _Facts:
    """The tables that the census reads."""

    modules: pa.Table
    definitions: pa.Table


def _facts(classes: dict[str, tuple[str, ...]], *, guard: str = "none") -> _Facts:
    """Build facts from ``module:Class`` and the marks of the class."""
    modules = sorted({name.partition(":")[0] for name in classes})
    empty: list[str] = []
    rows = []
    for line, (definition, marks) in enumerate(classes.items(), start=1):
        module, _, name = definition.partition(":")
        path = module.replace(".", "/") + ".py"
        rows.append(
            (path, line, line, line, name, name, "module", guard, "", "", empty, "", empty, list(marks),
             empty, empty, "0" * 16, [])
        )  # fmt: skip
    return _Facts(
        tables.MODULES.from_rows(
            [(name, name.replace(".", "/") + ".py", "module", ".", True, False, "", []) for name in modules]
        ),
        tables.DEFINITIONS.from_rows(rows),
    )


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("AgentRegistry", "Registry"),
        ("Registry", "Registry"),
        ("_Registry", "Registry"),
        ("HTTPServer", "Server"),
        ("AgentAPI", "API"),
        ("EngineV2", "Engine"),
        ("Engine_v3", "Engine"),
        ("Engine2", "Engine"),
        ("lowercase", ""),
        ("V2", ""),
        ("", ""),
    ],
)
def test_the_last_word_of_a_class_name_is_its_family(name: str, suffix: str) -> None:
    assert find_suffix(name) == suffix


def test_an_empty_target_has_no_concepts() -> None:
    frame = build_concepts_frame(find_concepts(_facts({}), Policy()))
    assert list(frame.columns) == list(COLUMNS)
    assert frame.empty


def test_a_family_needs_two_definitions() -> None:
    assert find_concepts(_facts({"a:AgentRegistry": ()}), Policy()) == []


def test_families_are_proposed_largest_first() -> None:
    names = ("a:AgentRegistry", "b:AgentRegistry", "b:ToolRegistry", "a:FastEngine", "b:SlowEngine", "a:Alone")
    concepts = find_concepts(_facts(dict.fromkeys(names, ())), Policy())
    assert [(concept.name, concept.classes) for concept in concepts] == [("*Registry", 3), ("*Engine", 2)]
    row = build_concepts_frame(concepts).iloc[0]
    assert row["names"] == ["AgentRegistry", "ToolRegistry"]
    assert row["modules"] == ["a", "b"]
    assert row["places"] == ["a.py:1", "b.py:2", "b.py:3"]


def test_abstract_classes_and_protocols_belong_but_do_not_count() -> None:
    facts = _facts(
        {"a:BaseRegistry": ("abstract",), "a:RegistryLike": (), "b:Registry": (), "c:Registry": ("protocol",)}
    )
    (concept,) = find_concepts(facts, Policy())
    assert concept.classes == 1
    assert [member.role for member in concept.members] == ["abstract", "implementation", "protocol"]


def test_fallback_classes_do_not_count() -> None:
    facts = _facts({"a:Registry": (), "b:Registry": ()}, guard="except")
    (concept,) = find_concepts(facts, Policy())
    assert concept.classes == 0
    assert {member.role for member in concept.members} == {"fallback"}


def test_exceptions_and_test_classes_are_not_proposed() -> None:
    facts = _facts({"a:LoadError": ("exception",), "b:SaveError": ("exception",), "tests.x:MockBus": (), "c:Bus": ()})
    assert find_concepts(facts, Policy()) == []


def test_a_policy_names_patterns_a_package_and_what_is_allowed() -> None:
    facts = _facts(
        dict.fromkeys(("app.a:AgentRegistry", "app.b:ToolRegistry", "apple:AgentRegistry", "app.c:OldRegistry"), ())
    )
    rule = ConceptPolicy(
        name="registries",
        match=("*Registry",),
        within="app",
        max_classes=3,
        canonical="app.a:AgentRegistry",
        allow=("app.c.OldRegistry",),
    )
    (concept,) = find_concepts(facts, Policy(concept=(rule,)))
    assert (concept.name, concept.is_policy, concept.classes, concept.max_classes) == ("registries", True, 2, 3)
    assert [(member.definition, member.role) for member in concept.members] == [
        ("app.a:AgentRegistry", "implementation"),
        ("app.b:ToolRegistry", "implementation"),
        ("app.c:OldRegistry", "allowed"),
    ]


def test_a_policy_whose_patterns_fit_no_class_is_an_empty_concept() -> None:
    concepts = find_concepts(
        _facts({"a:Registry": ()}), Policy(concept=(ConceptPolicy(name="none", match=("*Engine",)),))
    )
    assert [(concept.name, concept.members) for concept in concepts] == [("none", ())]


def test_patterns_are_case_sensitive() -> None:
    (concept,) = find_concepts(
        _facts({"a:Registry": ()}), Policy(concept=(ConceptPolicy(name="low", match=("registry",)),))
    )
    assert concept.classes == 0


def test_a_policy_pattern_on_a_tree_without_importable_classes_finds_nothing(make_tree: Callable[..., Path]) -> None:
    policy = Policy(concept=(ConceptPolicy(name="all", match=("*",)),))
    (concept,) = find_concepts(scan(make_tree({"not-a-module.py": "class A: ...\n"})), policy)
    assert (concept.classes, concept.members) == (0, ())

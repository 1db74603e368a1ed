"""What the bundled case says of itself, counted by the static side."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from analysis.bundled_case import build_bundled_case
from analysis.facts import Facts, scan
from analysis.names import Identity, build_identity, find_concepts
from analysis.names.answers import count_violations, find_class_identities, find_instances_like_classes, find_paths
from analysis.names.class_index import build_class_index
from analysis.policy import Policy, read_policy

CASE = Path(__file__).parent.parent / "data" / "cases" / "agent_platform"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((CASE / "expected.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def case() -> tuple[Facts, Policy, Identity]:
    root = build_bundled_case()
    facts = scan(root, jobs=1)
    policy = read_policy(None, target=root)
    return facts, policy, build_identity(facts, policy)


def test_violations_are_counted_as_statements_and_files(case: tuple[Facts, Policy, Identity]) -> None:
    statements, files = count_violations(case[2].violations)
    assert statements == EXPECTED["import-violations"]["value"]
    assert files == EXPECTED["files-with-import-violations"]["value"]


def test_registry_classes_are_counted_where_the_policy_says(case: tuple[Facts, Policy, Identity]) -> None:
    facts, policy, _ = case
    (registries,) = (concept for concept in find_concepts(facts, policy) if concept.name == "agent registries")
    assert registries.classes == EXPECTED["agent-registry-classes"]["value"]


def test_each_class_of_a_name_is_one_class_id(case: tuple[Facts, Policy, Identity]) -> None:
    paths = case[2].paths
    assert len(find_class_identities(paths, "AgentRegistry")) == EXPECTED["class-ids-of-agent-registry"]["value"]
    engine = find_class_identities(paths, "UserExecutionEngine")
    assert len(engine) == EXPECTED["class-ids-of-user-execution-engine"]["value"]


def test_the_paths_of_the_engine_are_those_meant_to_be_imported(case: tuple[Facts, Policy, Identity]) -> None:
    identity = case[2]
    frame = find_paths(identity.paths, identity.violations, "UserExecutionEngine")
    meant = frame[frame["route"] != "accidental"]
    assert sorted(meant["import_path"]) == EXPECTED["paths-of-user-execution-engine"]["paths"]


def test_names_that_do_not_exist_are_counted(case: tuple[Facts, Policy, Identity]) -> None:
    assert case[2].phantom_names.num_rows == EXPECTED["phantom-names"]["value"]


def test_the_fallback_class_is_told_apart(case: tuple[Facts, Policy, Identity]) -> None:
    census = build_class_index(case[0])
    assert sum(each.is_fallback for each in census) == EXPECTED["fallback-classes"]["value"]


def test_objects_named_like_classes_are_told_apart(case: tuple[Facts, Policy, Identity]) -> None:
    found = find_instances_like_classes(case[2].paths)
    assert len(found) == EXPECTED["instances-named-like-classes"]["value"]

"""Factories must have the methods that the policy requires; near matches are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Tree
from rule_trees import judge as judge_rule

import analysis
from analysis.policy import parse_policy
from analysis.rules.families.factories import find_near

POLICY = parse_policy('[[factory]]\nmatch = ["*Factory"]\nrequire_methods = ["create", "get"]\n')


def judge(folder: Path, files: dict[str, str]) -> list[str]:
    """Return the messages of the rule on a tree."""
    for name, source in files.items():
        path = folder / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    inv = analysis.investigate(folder / "src", policy=POLICY, data=folder / "data", jobs=1)
    found = inv.findings()
    return list(found[found["rule"] == "factory-without-method"]["message"])


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("create", [], ()),
        ("create", ["close"], ()),
        (
            "create",
            ["create_for_user", "created", "create_all", "_create"],
            ("create_all", "create_for_user", "created"),
        ),
        ("get", ["user_get", "forget", "gett"], ("user_get", "forget", "gett")),
    ],
)
def test_near_methods_begin_or_end_with_the_wanted_name_before_they_hold_it(
    wanted: str, offered: list[str], expected: tuple[str, ...]
) -> None:
    assert find_near(wanted, offered) == expected


def test_a_factory_with_all_methods_is_in_order(tmp_path: Path) -> None:
    assert (
        judge(tmp_path, {"a.py": "class F: ...\nclass AFactory:\n    def create(self): ...\n    get = create\n"}) == []
    )


def test_missing_methods_are_named_with_what_is_near(tmp_path: Path) -> None:
    source = "class JobFactory:\n    def create_for_user(self, user): ...\n    def count(self): ...\n"
    (message,) = judge(tmp_path, {"a.py": source})
    assert message == "a:JobFactory lacks 2 required methods: create (near: create_for_user); get (nothing near)"


def test_inherited_methods_count_and_a_base_from_elsewhere_may_have_any(tmp_path: Path) -> None:
    files = {
        "base.py": "class Base:\n    def create(self): ...\n",
        "a.py": "from base import Base\nclass AFactory(Base):\n    def get(self): ...\n",
        "b.py": "from factory import Factory\nclass BFactory(Factory): ...\n",
        "c.py": "from abc import ABC\nclass CFactory(ABC):\n    def create(self): ...\n",
    }
    (message,) = judge(tmp_path, files)
    assert message.startswith("c:CFactory lacks 1 required method: get")


def test_a_method_that_two_entries_are_about_is_found_once(make_tree: Tree) -> None:
    entry = '[[factory]]\nmatch = ["{}"]\nuser_scope = ["user_id"]\n'
    root = make_tree({"a.py": "class JobFactory:\n    def create(self): ...\n    def make_all(self): ...\n"})
    (once,) = judge_rule(root, "factory-without-user-scope", entry.format("*Factory"))
    (twice,) = judge_rule(root, "factory-without-user-scope", entry.format("*Factory") + entry.format("Job*"))
    assert once.places == 2
    assert (twice.places, twice.message) == (once.places, once.message)


def test_stand_ins_of_tests_and_fallbacks_are_not_meant(tmp_path: Path) -> None:
    files = {
        "tests/test_a.py": "class JobFactory: ...\n",
        "b.py": "try:\n    from x import JobFactory\nexcept ImportError:\n    class JobFactory: ...\n",
    }
    assert judge(tmp_path, files) == []

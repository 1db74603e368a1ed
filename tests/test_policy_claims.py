"""Claims join a policy; where both speak of one thing, the policy's word stands."""

from __future__ import annotations

from pathlib import Path

import pytest

import analysis
from analysis.errors import PolicyError
from analysis.policy import Policy, parse_policy, read_claims

OWN = """
[[concept]]
name = "registries"
match = ["*Registry"]
max_classes = 3
[[factory]]
match = ["JobFactory"]
require_methods = ["build"]
"""
CLAIMED = """
[[claim]]
metric = "class-ids:Store"
value = 2
paths = ["shop.a.Store", "shop.b.Store", "shop.b.store"]
[[claim]]
metric = "identities:Store"
value = 2
[[claim]]
metric = "factory-methods-missing"
value = 1
[[concept]]
name = "stores"
match = ["*Store"]
[[concept]]
name = "the same registries"
match = ["*Registry"]
max_classes = 1
[[factory]]
match = ["JobFactory"]
require_methods = ["create"]
"""


def write(folder: Path, text: str) -> Path:
    """Write a file of claims."""
    path = folder / "claims.toml"
    path.write_text(text)
    return path


def test_a_file_without_claims_changes_nothing(tmp_path: Path) -> None:
    policy = parse_policy(OWN)
    assert read_claims(write(tmp_path, ""), policy) == policy


def test_claims_bring_what_they_are_about_but_never_overrule_the_policy(tmp_path: Path) -> None:
    policy = read_claims(write(tmp_path, CLAIMED), parse_policy(OWN))
    assert [claim.value for claim in policy.claim] == [2, 2, 1]
    assert [(concept.name, concept.max_classes) for concept in policy.concept] == [("registries", 3), ("stores", 1)]
    assert [factory.require_methods for factory in policy.factory] == [("build",)]


def test_claims_alone_are_a_policy(tmp_path: Path) -> None:
    policy = read_claims(write(tmp_path, CLAIMED), Policy())
    assert len(policy.concept) == 2
    assert len(policy.factory) == 1


def test_a_file_of_claims_decides_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"cannot have \[business\].*--policy"):
        read_claims(write(tmp_path, '[business]\ncurrency = "EUR"\n'), Policy())


def test_class_ids_are_counted_for_the_paths_that_a_claim_names(tmp_path: Path) -> None:
    tree = tmp_path / "src"
    files = {
        "shop/__init__.py": "",
        "shop/a.py": "class Store: ...\n",
        "shop/b.py": "from shop.a import Store\nstore = Store()\n",
        "shop/c.py": "class Store: ...\n",
        "shop/jobs.py": "class JobFactory:\n    def create_for_user(self): ...\n",
    }
    for name, source in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    inv = analysis.investigate(tree, claims=write(tmp_path, CLAIMED), data=tmp_path / "data", jobs=1)
    assert (inv.metric("class-ids:Store"), inv.metric("identities:Store")) == (1, 2)
    assert inv.metric("factory-methods-missing") == 1

"""``ssot init`` proposes a policy that can be read, is true of the code today, and holds it to that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import PolicyError
from analysis.gate import CheckOptions, check, write_policy
from analysis.policy import read_policy

Tree = Callable[..., Path]
SHOP = {
    "shop/__init__.py": "from shop.stores import OrderStore\n",
    "shop/stores.py": "class OrderStore: ...\nclass UserStore: ...\n",
    "shop/other.py": "class OrderStore: ...\n",
    "shop/factories.py": "class JobFactory:\n    def create(self): ...\n    def get(self): ...\n    def _x(self): ...\n"
    "class MailFactory:\n    def create(self): ...\n",
    "shop/a.py": "from shop.stores import OrderStore\n",
    "shop/b.py": "from shop import OrderStore\nfrom shop.stores import OrderStore as Same\n",
    "tests/test_shop.py": "class TestStore: ...\nfrom shop.other import OrderStore\n",
}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def test_what_is_proposed_is_what_the_code_has(make_tree: Tree) -> None:
    root = make_tree(SHOP, name="shop_tree")
    place = write_policy(root)
    assert place == root / "ssot.toml"
    found = read_policy(None, target=root)
    assert found.target.name == "shop_tree"
    stores = next(concept for concept in found.concept if concept.name == "Store")
    assert (stores.match, stores.max_classes) == (("*Store",), 4)
    assert "# Defined several times: OrderStore." in place.read_text()
    assert '# canonical = "shop.stores:OrderStore"' in place.read_text()
    assert [(factory.match, factory.require_methods) for factory in found.factory] == [(("*Factory",), ("create",))]
    assert '# user_scope = ["user", "user_id"]' in place.read_text()
    assert found.redirect == ()  # proposed, but not decided: it would forbid paths that are in use
    place.write_text(uncomment(place.read_text()))
    found = read_policy(None, target=root)
    assert [(redirect.paths, redirect.canonical) for redirect in found.redirect] == [
        (("shop.stores.OrderStore", "shop.OrderStore"), "shop.stores.OrderStore")
    ]


@pytest.mark.parametrize(("classes", "is_proposed"), [(2, True), (20, True), (21, False)])
def test_a_family_of_more_than_twenty_classes_is_no_concept(make_tree: Tree, classes: int, is_proposed: bool) -> None:
    source = "".join(f"class {chr(65 + number)}xStore: ...\n" for number in range(classes))
    root = make_tree({"shop/__init__.py": "", "shop/a.py": source})
    write_policy(root)
    assert [each.name for each in read_policy(None, target=root).concept] == (["Store"] if is_proposed else [])


def uncomment(policy: str) -> str:
    """Take the proposed redirects as decided."""
    head, mark, rest = policy.partition("# [[redirect]]")
    lines = [line.removeprefix("# ") if line.startswith(("#     ", "# ]", "# paths", "# canonical")) else line
             for line in rest.splitlines()]  # fmt: skip
    return head + mark.removeprefix("# ") + "\n".join(lines) + "\n"


def test_the_proposal_holds_today_and_fails_when_it_gets_worse(make_tree: Tree) -> None:
    root = make_tree(SHOP)
    place = write_policy(root)
    place.write_text(uncomment(place.read_text()))
    rules = {"concept-over-its-limit", "redirect-broken", "factory-without-method"}
    assert not rules & {finding.rule for finding in check(root, CheckOptions()).findings}
    (root / "shop/more.py").write_text("class NewStore: ...\nclass NewFactory: ...\n")
    (root / "shop/__init__.py").write_text("from shop.other import OrderStore\n")
    assert rules <= {finding.rule for finding in check(root, CheckOptions()).findings}


def test_a_policy_is_not_replaced_by_chance(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**SHOP, "ssot.toml": "# mine\n"})
    with pytest.raises(PolicyError, match="--force"):
        write_policy(root)
    assert (root / "ssot.toml").read_text() == "# mine\n"
    assert write_policy(root, tmp_path / "deep/other.toml").is_file()
    write_policy(root, force=True)
    assert read_policy(None, target=root).concept


@pytest.mark.parametrize(
    "name", ['a"b', "a\\b", "a\nmax = 1", "a\x1b[31m", "a\u202eb", "ümläut", "a'''b", "a]\n[x]", "#", "a\udcff"]
)
def test_a_hostile_name_stays_a_name(make_tree: Tree, name: str) -> None:
    root = make_tree(SHOP, name=name)
    found = read_policy(write_policy(root))
    assert found.target.name
    assert not set("\n\x1b\u202e") & set(found.target.name)
    assert len(found.concept) >= 1


def test_a_tree_without_classes_has_a_policy_too(make_tree: Tree) -> None:
    found = read_policy(write_policy(make_tree({"a.py": "x = 1\n"})))
    assert (found.concept, found.factory, found.redirect) == ((), (), ())


def test_the_command_says_where(make_tree: Tree) -> None:
    root = make_tree(SHOP)
    command = [sys.executable, "-m", "analysis.cli", "init", str(root), "--quiet"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(2))
    assert (first.returncode, first.stdout) == (0, f"{root}/ssot.toml\n")
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)


def test_a_healthy_project_passes_by_the_policy_proposed_for_it(make_tree: Tree) -> None:
    users = {f"flaskx/m{number}.py": "from .app import Flask\n" for number in range(3)}
    files = {
        "flaskx/__init__.py": "from .app import Flask as Flask\n", "flaskx/app.py": "class Flask: ...\n", **users,
        "cli.py": "from flaskx import Flask\n",
    }  # fmt: skip
    root = make_tree({f"src/{name}": source for name, source in files.items()})
    before = check(root, CheckOptions(strict=True))
    write_policy(root)
    after = check(root, CheckOptions(strict=True))
    assert (before.passed, before.score, after.passed, after.score) == (True, 100.0, True, 100.0)

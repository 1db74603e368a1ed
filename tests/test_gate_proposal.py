"""``ssot init`` proposes a policy that can be read, is true of the code today, and holds it to that."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import PolicyError
from analysis.gate import CheckOptions, check, write_policy
from analysis.policy import Policy, read_policy

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
    """Take the proposed redirects and canonical classes as decided."""
    decided = ("# [[redirect]]", "# paths", "#     ", "# ]", "# canonical")
    return "".join(line.removeprefix("# ") if line.startswith(decided) else line
                   for line in policy.partition("# Findings that you accept")[0].splitlines(keepends=True))  # fmt: skip


def propose(root: Path) -> Policy:
    """Return the proposed policy with all that it leaves to the reader taken as decided."""
    place = write_policy(root)
    place.write_text(uncomment(place.read_text()))
    return read_policy(None, target=root)


def list_redirects(root: Path) -> list[tuple[tuple[str, ...], str]]:
    return [(each.paths, each.canonical) for each in propose(root).redirect]


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


def run_ssot(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "analysis.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_says_that_check_passes_by_the_policy(make_tree: Tree) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/a.py": "class AaRow: ...\nclass BbRow: ...\n"})
    assert run_ssot("init", str(root)).stdout == f"{root}/ssot.toml\nssot check passes by this policy (score 100.0)\n"
    assert run_ssot("check", str(root)).returncode == 0


@pytest.mark.parametrize("outside", [False, True])
def test_the_command_says_why_check_does_not_pass_and_how_it_will(
    make_tree: Tree, tmp_path: Path, outside: bool
) -> None:
    root = make_tree({"a.py": "from b import x\ny = 1\n", "b.py": "from a import y\nx = 1\n"}, name="my app's")
    policy = tmp_path / "own policy.toml" if outside else None
    named = ["--out", str(policy)] if policy else []
    said = run_ssot("init", str(root), *named).stdout.splitlines()
    with_policy = ["--policy", str(policy)] if policy else []
    gate = run_ssot("check", str(root), *with_policy, "--json")
    result = json.loads(gate.stdout)
    assert (gate.returncode, len(said)) == (1, 2)
    assert f"{result['reasons'][0]} ({len(result['findings'])} findings)" in said[1]
    _, _, command = said[1].partition("To fail on new ones only: ssot ")
    assert run_ssot(*shlex.split(command)).returncode == 0
    assert run_ssot("check", str(root), *with_policy).returncode == 0


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


def define(*names: str) -> str:
    return "".join(f"class {name}: ...\n" for name in names)


def test_families_with_repeated_names_come_first_then_the_largest_then_by_name(make_tree: Tree) -> None:
    files = {
        "a.py": define("AaRow", "BbRow", "AaJob", "BbJob", "AaBox", "BbBox", "CcBox", "AaKey", "BbKey"),
        "b.py": define("AaKey", "BbKey", "AaBox", "AaJob"),
    }
    found = propose(make_tree(files)).concept
    assert [(each.name, each.max_classes) for each in found] == [("Key", 4), ("Box", 4), ("Job", 3), ("Row", 2)]


def test_what_does_not_count_as_a_class_of_a_family_repeats_no_name(make_tree: Tree) -> None:
    fallbacks = "try:\n    from elsewhere import AaRow\nexcept ImportError:\n    class AaRow: ...\n"
    files = {
        "a.py": define("AaRow", "BbRow") + fallbacks,
        "b.py": "import abc\nclass AaRow(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\n",
        "c.py": define("AaJob", "BbJob", "CcJob"),
    }
    root = make_tree(files)
    assert [each.name for each in propose(root).concept] == ["Row", "Job"]
    (root / "a.py").write_text(define("BbRow", "CcRow"))
    (root / "c.py").write_text(define("AaJob", "BbJob") + files["b.py"])
    write_policy(root, force=True)
    assert [each.name for each in read_policy(None, target=root).concept] == ["Job", "Row"]


@pytest.mark.parametrize(("families", "left"), [(8, 0), (9, 1), (10, 2)])
def test_eight_families_are_proposed_and_the_others_named(make_tree: Tree, families: int, left: int) -> None:
    names = [chr(65 + number) + "oo" for number in range(families)]
    root = make_tree({"a.py": "".join(define(f"Xa{name}", f"Ya{name}") for name in names)})
    text = write_policy(root).read_text()
    assert [each.name for each in read_policy(None, target=root).concept] == names[:8]
    rest = [line for line in text.splitlines() if line.startswith("# Other families")]
    assert len(rest) == min(left, 1)
    assert all(f"*{name} (2)" in rest[0] for name in names[8:])


def test_the_class_that_most_imports_take_is_offered_as_canonical(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "from p.b import BbRow\n",
        "p/a.py": define("AaRow", "AaJob", "BbJob"), "p/b.py": define("BbRow"),
        "p/m.py": "from p import BbRow\n", "p/n.py": "from p.a import AaRow\nfrom p.b import BbRow\n",
        "p/o.py": "from p.a import AaRow\n",
    }  # fmt: skip
    found = {each.name: each.canonical for each in propose(make_tree(files)).concept}
    assert found == {"Row": "p.b:BbRow", "Job": ""}  # three imports by two paths against two; nobody imports a job
    files["p/o.py"] = "from p.a import AaRow\nfrom p.a import AaRow as Again\nfrom p.a import AaRow as Third\n"
    (_, row) = propose(make_tree({**files, "p/n.py": "", "p/m.py": ""})).concept
    assert row.canonical == "p.a:AaRow"


FACTORY = "class {0}Factory:\n    def create(self): ...\n    def {1}(self): ...\n    def get_it(self): ...\n"


def test_factories_must_offer_the_methods_that_make_something_in_all_of_them(make_tree: Tree) -> None:
    nested = "class Outer:\n    class InnerFactory: ...\n"
    files = {
        "a.py": FACTORY.format("Job", "describe") + FACTORY.format("Mail", "describe") + nested,
        "b.py": "class FactoryOfNothing: ...\n", "tests/test_a.py": "class FakeFactory: ...\n",
    }  # fmt: skip
    root = make_tree(files)
    assert [each.require_methods for each in propose(root).factory] == [("create", "get_it")]
    (root / "c.py").write_text("class EmptyFactory: ...\n")
    text = write_policy(root, force=True).read_text()
    assert [each.require_methods for each in read_policy(None, target=root).factory] == [()]
    assert "# 3 factories: EmptyFactory, JobFactory, MailFactory." in text
    assert "Factory" not in {each.name for each in read_policy(None, target=root).concept}


@pytest.mark.parametrize("method", ["create", "get", "make_job", "build", "new"])
def test_each_word_for_making_is_one(make_tree: Tree, method: str) -> None:
    files = {"a.py": f"class JobFactory:\n    def {method}(self): ...\n    def _{method}(self): ...\n"}
    assert [each.require_methods for each in propose(make_tree(files)).factory] == [(method,)]


TWO_WAYS = {
    "p/__init__.py": "from p.a import Order\nfrom p.z import Zebra\n",
    "p/a.py": "class Order: ...\nclass Item: ...\ndef run(): ...\n", "p/z.py": "class Zebra: ...\n",
    "p/m.py": "from p import Order\nfrom p import Zebra\nfrom p.a import run\n",
    "p/n.py": "from p.a import Order\nfrom p.a import Item\n",
}  # fmt: skip


def test_redirects_are_for_classes_of_the_tree_by_use_then_by_name(make_tree: Tree) -> None:
    order = (("p.a.Order", "p.Order"), "p.a.Order")
    zebra = (("p.Zebra", "p.z.Zebra"), "p.z.Zebra")
    assert list_redirects(make_tree(TWO_WAYS)) == [order, zebra]
    zebra = (("p.Zebra", "p.z.Zebra"), "p.Zebra")  # the package around it is used most
    more = {"p/o.py": "from p import Zebra\n", "p/q.py": "from p import Zebra as Other, run\n"}
    assert list_redirects(make_tree({**TWO_WAYS, **more})) == [zebra, order]


@pytest.mark.parametrize(
    "files",
    [
        {"p/test_it.py": "from p.a import Item\n", "p/o.py": "from p.test_it import Item\n"},  # a path of a test
        {"p/o.py": "from p.a import run\n", "p/q.py": "from p.o import run\n"},  # a function
        {"p/o.py": "from json import JSONDecoder\n", "p/q.py": "from p.o import JSONDecoder\n",
         "p/r.py": "from p.q import JSONDecoder\n"},  # a class of somebody else
        {"p/o.py": "from p.a import Item\n"},  # nobody takes the second path
    ],
)  # fmt: skip
def test_what_has_one_path_or_is_no_class_needs_no_redirect(make_tree: Tree, files: dict[str, str]) -> None:
    assert len(list_redirects(make_tree({**TWO_WAYS, **files}))) == 2


def test_a_path_that_depends_on_a_condition_is_not_redirected(make_tree: Tree) -> None:
    split = "import os\nif os.environ.get('X'):\n    from p.a import Item\nelse:\n    Item = None\n"
    files = {**TWO_WAYS, "p/o.py": split, "p/q.py": "from p.o import Item\n"}
    assert len(list_redirects(make_tree(files))) == 2


@pytest.mark.parametrize(("classes", "told"), [(8, False), (9, True)])
def test_eight_redirects_are_proposed_and_the_others_counted(make_tree: Tree, classes: int, told: bool) -> None:
    names = [f"C{number}" for number in range(classes)]
    files = {
        "p/__init__.py": f"from p.a import {', '.join(names)}\n", "p/a.py": define(*names),
        "p/m.py": f"from p import {', '.join(names)}\n",
    }  # fmt: skip
    root = make_tree(files)
    text = write_policy(root).read_text()
    assert text.count("# [[redirect]]") == 8
    assert ("imported by several paths: see" in text) == told


def test_at_most_eight_paths_of_one_class_are_listed_by_use_then_by_name(make_tree: Tree) -> None:
    ways = {f"p/w{number}.py": "from p.a import Order\nprint(Order)\n" for number in range(9)}
    users = {f"p/u{number}.py": f"from p.w{number} import Order\n" for number in range(9)}
    files = {"p/__init__.py": "", "p/a.py": "class Order: ...\n", **ways, **users}
    ((paths, canonical),) = list_redirects(make_tree({**files, "p/v.py": "from p.w5 import Order as Again\n"}))
    assert paths == ("p.a.Order", "p.w5.Order", *(f"p.w{number}.Order" for number in (0, 1, 2, 3, 4, 6)))
    assert canonical == "p.a.Order"

"""Duplicate classes become redirects where nothing is lost; elsewhere the differences are named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from report_trees import investigate

from analysis.facts.source_tree import WorkingTree
from analysis.fixes.offers import Offer, Refusal, read_changes
from analysis.fixes.redirect_duplicates import offer_redirects

CLASS = '''class Order:
    """What somebody wants."""

    def __init__(self, lines: list):
        self.lines = lines

    def total(self, rate=1):
        return sum(self.lines) * rate
'''
USED = "from shop.db import Order\nfrom shop import db\n"
POLICY = '[[concept]]\nname = "orders"\nmatch = ["Order"]\ncanonical = "shop.db:Order"\n'


def offer(folder: Path, files: Mapping[str, str], policy: str = "") -> list[Offer | Refusal]:
    inv = investigate(folder, {"shop/__init__.py": "", "shop/api.py": USED, **files}, policy, name="tree")
    return list(offer_redirects(inv, WorkingTree(folder / "tree")))


def apply(folder: Path, found: list[Offer | Refusal]) -> Path:
    root = folder / "tree"
    [made] = found
    assert isinstance(made, Offer), made
    for path, content in read_changes(WorkingTree(root), made.edits, made.new_files).items():
        assert content is not None
        (root / path).write_bytes(content)
    return root


def run(root: Path, code: str) -> str:
    """Return what a fresh interpreter prints, warnings included."""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_a_module_with_nothing_else_becomes_a_redirect_that_warns(tmp_path: Path) -> None:
    """The class is one object by both paths, and the warning names the line of who imports it."""
    old = f'"""Old orders."""  # kept\n\n{CLASS.replace("What somebody wants.", "Another text.")}'
    root = apply(tmp_path, offer(tmp_path, {"shop/db.py": CLASS, "shop/old.py": old}))
    assert (root / "shop/old.py").read_text().startswith('"""Old orders."""  # kept\n\nimport warnings\n')
    (root / "user.py").write_text("import shop.db\nimport shop.old\nprint(shop.old.Order is shop.db.Order)\n")
    printed = run(root, "import user")
    assert printed.startswith("True\n") and "user.py:2: DeprecationWarning: shop.old is deprecated" in printed
    assert not offer(tmp_path, {})


def test_a_class_among_others_is_given_on_demand(tmp_path: Path) -> None:
    """The rest of the module stays as it is, byte for byte."""
    before, after = "LIMIT = 3   # most\n\n\n", "\n\ndef count(orders): return len( orders )\n"
    root = apply(tmp_path, offer(tmp_path, {"shop/db.py": CLASS, "shop/old.py": f"{before}{CLASS}{after}"}))
    text = (root / "shop/old.py").read_text()
    assert text.startswith(before) and "def count(orders): return len( orders )\n" in text
    printed = run(root, "from shop.old import Order, count\nimport shop.db; print(Order is shop.db.Order, count([1]))")
    assert printed.splitlines()[-1] == "True 1" or printed.startswith("True 1")
    assert "<string>:1: DeprecationWarning: shop.old.Order is deprecated: import it from shop.db" in printed


def test_a_module_that_uses_the_class_takes_it_where_the_class_stood(tmp_path: Path) -> None:
    """It cannot warn: it would warn itself."""
    old = f"{CLASS}\n\nEMPTY = Order([])\n"
    root = apply(tmp_path, offer(tmp_path, {"shop/db.py": CLASS, "shop/old.py": old}))
    assert (root / "shop/old.py").read_text() == "from shop.db import Order\n\n\nEMPTY = Order([])\n"


@pytest.mark.parametrize(
    ("old", "policy", "reason"),
    [
        (CLASS.replace("* rate", "+ rate"), "", "the code differs"),
        (CLASS + "\n    def cancel(self):\n        self.lines = []\n", POLICY, "has no cancel()"),
        (CLASS.replace("rate=1", "rate=1, *, tax=0"), POLICY, "total() takes other parameters"),
        (CLASS.replace("class Order:", "class Order(dict):"), POLICY, "the base classes are dict, not none"),
        (CLASS.replace("    def total", "    kinds = ()\n\n    def total"), POLICY, "has no attribute kinds"),
        ("def sum(lines):\n    return 0\n\n\n" + CLASS, "", "sum is another object in shop.old"),
        ("class Order:\n    pass\n", "", "the code differs"),
        (
            CLASS.replace("class Order:", "class Order:  # ssot: allow[class-defined-more-than-once] because old"),
            "",
            "accepted",
        ),
    ],
)
def test_what_would_be_lost_is_named(tmp_path: Path, old: str, policy: str, reason: str) -> None:
    """Nothing is offered then."""
    found = offer(tmp_path, {"shop/db.py": CLASS, "shop/old.py": old}, policy)
    assert not [each for each in found if isinstance(each, Offer)]
    assert not found or reason in "; ".join(each.reason for each in found if isinstance(each, Refusal))


def test_a_class_of_which_the_policy_names_a_richer_one_becomes_a_redirect(tmp_path: Path) -> None:
    """Its interface is a part of the other's."""
    richer = CLASS + "\n    def cancel(self):\n        self.lines = []\n"
    poorer = CLASS.replace("sum(self.lines) * rate", "0")
    root = apply(tmp_path, offer(tmp_path, {"shop/db.py": richer, "shop/old.py": poorer}, POLICY))
    assert "from shop.db import Order" in (root / "shop/old.py").read_text()


def test_a_redirect_never_closes_a_cycle(tmp_path: Path) -> None:
    """The canonical module imports the other one."""
    found = offer(tmp_path, {"shop/db.py": f"import shop.old\n\n\n{CLASS}", "shop/old.py": CLASS})
    assert ["would close an import cycle" in each.reason for each in found if isinstance(each, Refusal)] == [True]


def test_short_classes_and_exceptions_are_alike_by_chance(tmp_path: Path) -> None:
    """A handler of one must not catch the other."""
    failed = "class Order(Exception):\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    e = 5\n"
    found = offer(tmp_path, {"shop/db.py": failed, "shop/old.py": failed})
    assert ["alike by chance" in each.reason for each in found if isinstance(each, Refusal)] == [True]


def test_two_redirects_never_close_a_cycle_together(tmp_path: Path) -> None:
    """Each module has what more imports mean of one class; CPython imports each first afterwards."""
    other = CLASS.replace("Order", "Basket")
    users = {f"shop/o{each}.py": "from shop.db import Order\n" for each in "ab"}
    users |= {f"shop/b{each}.py": "from shop.old import Basket\n" for each in "ab"}
    found = offer(tmp_path, {"shop/db.py": CLASS + "\n\n" + other, "shop/old.py": CLASS + "\n\n" + other, **users})
    assert ["would close an import cycle" in each.reason for each in found if isinstance(each, Refusal)] == [True]
    root = apply(tmp_path, [each for each in found if isinstance(each, Offer)])
    code = "import shop.db, shop.old\nprint(shop.db.Basket is shop.old.Basket, shop.old.Order.__module__)"
    assert run(root, code).startswith("True shop.old\n")
    assert run(root, "import shop.old\n" + code).startswith("True shop.old\n")


def test_no_module_takes_a_class_from_the_tests(tmp_path: Path) -> None:
    """However many tests import theirs."""
    users = {f"tests/test_{each}.py": "from tests.fakes import Order\n" for each in "abc"}
    found = offer(tmp_path, {"shop/db.py": CLASS, "tests/__init__.py": "", "tests/fakes.py": CLASS, **users})
    assert ["belongs to the tests" in each.reason for each in found if isinstance(each, Refusal)] == [True]
    assert not [each for each in found if isinstance(each, Offer)]


def test_a_class_with_tests_stays_in_each_file_of_tests(tmp_path: Path) -> None:
    """A runner that collects the other file would not find them there."""
    case = "class OrderTests:\n    def test_one(self):\n        assert 1\n\n    def test_two(self):\n        assert 2\n"
    files = {"tests/__init__.py": "", "tests/test_a.py": case, "tests/test_b.py": case}
    found = offer(tmp_path, {"shop/db.py": "", **files})
    assert ["test runners" in each.reason for each in found if isinstance(each, Refusal)] == [True]
    assert not [each for each in found if isinstance(each, Offer)]

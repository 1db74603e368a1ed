"""Imports past the canonical path are rewritten; every name stays what it was, by CPython's own account."""

from __future__ import annotations

import subprocess
import sys

from fixed_trees import apply_offers, find_fixes, import_each

from analysis.fixes.canonical_imports import find_canonical_imports
from analysis.names.canonical import find_stated

BASE = {
    "p/__init__.py": "",
    "p/a.py": "class Order: ...\nclass Item: ...\nOldOrder = Order\n",
    "p/b.py": "from p.a import Order, Item as Thing\nTAX = 3\ndef work(): return Order, Thing\n",
}


def find(investigation, tree):
    return find_canonical_imports(investigation.table, tree, find_stated(investigation.policy))


def fix(root, *, offers=1):
    """Apply all offers and return what the files became; CPython sees the same names, and nothing is offered again."""
    before = import_each(root)
    found, refused = find_fixes(root, find)
    assert len(found) == offers
    apply_offers(root, found)
    assert import_each(root) == before
    again, still_refused = find_fixes(root, find)
    assert again == []
    assert [each.reason for each in still_refused] == [each.reason for each in refused]
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}


def test_a_tree_in_order_has_no_offers(make_tree):
    assert find_fixes(make_tree(BASE), find) == ([], [])


def test_aliases_and_several_names_keep_what_they_bind(make_tree):
    files = {
        "p/c.py": "from p.b import Order\n",
        "p/d.py": "from p.b import Order as Bill, Thing\n",
        "p/e.py": "import sys\nif sys:\n    from p.b import Order, TAX, work  # noqa: F401\n",
        "p/f.py": "def f():\n    from p.b import Thing as Thing; return Thing\n",
        "p/g.py": "from p.b import (\n    # the tax\n    TAX,\n    Thing,  # a thing\n    Order,\n)\nx = 1\n",
        "p/h.py": "from p.b import Order, TAX; y = Order\n__all__ = ['Order', 'TAX']\n",
    }
    fixed = fix(make_tree({**BASE, **files}))
    assert fixed["p/c.py"] == "from p.a import Order\n"
    assert fixed["p/d.py"] == "from p.a import Order as Bill, Item as Thing\n"
    assert fixed["p/e.py"] == (
        "import sys\nif sys:\n    from p.b import TAX, work  # noqa: F401\n    from p.a import Order  # noqa: F401\n"
    )
    assert fixed["p/f.py"] == "def f():\n    from p.a import Item as Thing; return Thing\n"
    assert fixed["p/g.py"] == (
        "from p.b import (\n    # the tax\n    TAX,\n)\nfrom p.a import Order\n"
        "from p.a import Item as Thing  # a thing\nx = 1\n"
    )
    assert fixed["p/h.py"] == "from p.b import TAX; from p.a import Order; y = Order\n__all__ = ['Order', 'TAX']\n"


def test_relative_imports_stay_relative_where_the_package_allows_it(make_tree):
    files = {
        "p/s/__init__.py": "from ..b import Order as Order\n",
        "p/s/t.py": "from .. b import Order\n",
        "p/s/u.py": "from ..s import t\nfrom .t import Order as O2\n",
        "q/__init__.py": "",
        "q/r.py": "from p.a import Order\nX = 1\ndef f(): return Order\n",
        "q/v.py": "from .r import Order\n",
    }
    fixed = fix(make_tree({**BASE, **files}))
    assert fixed["p/s/__init__.py"] == "from ..a import Order as Order\n"
    assert fixed["p/s/t.py"] == "from ..a import Order\n"
    assert fixed["p/s/u.py"] == "from ..s import t\nfrom ..a import Order as O2\n"
    assert fixed["q/v.py"] == "from p.a import Order\n"


def test_a_name_that_the_canonical_module_has_too_stays(make_tree):
    files = {"p/c.py": "from p.a import OldOrder\nclass C: ...\n", "p/d.py": "from p.c import OldOrder\n"}
    assert fix(make_tree({**BASE, **files}))["p/d.py"] == "from p.a import OldOrder\n"


def test_the_offer_says_what_it_clears(make_tree):
    root = make_tree({**BASE, "p/c.py": "from p.b import Order\n"})
    (offer,), refused = find_fixes(root, find)
    assert (offer.kind, offer.subject, len(offer.clears), refused) == ("canonical-imports", "p.a:Order", 1, [])
    assert offer.reason == "1 import statement in 1 file takes p.a:Order from p.b; canonical is p.a.Order."


def test_what_a_handler_catches_what_is_accepted_and_what_is_not_sure_is_refused(make_tree):
    files = {
        "p/c.py": "try:\n    from p.b import Order\nexcept ImportError:\n    Order = None\n",
        "p/d.py": "from p.b import Order  # ssot: allow[class-taken-from-elsewhere] because we like it\n",
        "p/e.py": "from p.b import (\n    Thing,\n    Order,\n)\n",
    }
    root = make_tree({**BASE, **files})
    offers, refused = find_fixes(root, find)
    assert [each.path for each in refused] == ["p/c.py", "p/d.py"]
    assert [each.reason for each in refused] == [
        "a handler decides what happens when this import fails", "it is accepted: we like it",
    ]  # fmt: skip
    assert {edit.path for offer in offers for edit in offer.edits} == {"p/e.py"}
    assert all(len(offer.clears) == 1 for offer in offers)


def test_a_module_that_chooses_among_classes_is_left_alone(make_tree):
    files = {
        "p/c.py": "import os\nfrom p.a import Order\nif os.environ.get('X'):\n    class Order: ...\nX = 1\n",
        "p/d.py": "from p.c import Order\n",
    }
    offers, refused = find_fixes(make_tree({**BASE, **files}), find)
    assert offers == []
    assert [each.reason for each in refused] == ["it is not sure that p.c.Order is always p.a:Order"]


def test_a_path_that_the_policy_states_is_the_one_that_is_written(make_tree):
    policy = '[[redirect]]\npaths = ["p.a.Order", "p.api.Order"]\ncanonical = "p.api.Order"\n'
    files = {"p/api.py": "from p.a import Order\n", "p/c.py": "from p.a import Order, Item\n", "ssot.toml": policy}
    fixed = fix(make_tree({**BASE, **files}))
    assert fixed["p/c.py"] == "from p.a import Item\nfrom p.api import Order\n"


def test_encodings_and_line_ends_stay(make_tree):
    latin = "# coding: latin-1\r\nx = 'ä'; from p.b import Order # ö\r\n".encode("latin-1")
    root = make_tree({**BASE, "p/c.py": latin})
    apply_offers(root, find_fixes(root, find)[0])
    assert (root / "p/c.py").read_bytes() == latin.replace(b"p.b", b"p.a")


def test_documentation_and_doctests_are_mentioned_and_stay(make_tree):
    files = {
        "p/c.py": "from p.b import Order\nclass C:\n    '''\n    >>> from p.b import Order\n    '''\n",
        "docs/use.md": "# Use\nTake `p.b.Order`, not p.b.Thing; p.bc.Order is another.\n",
        "p/d.py": "from importlib import import_module\nX = import_module('p.b').Order\n",
    }
    root = make_tree({**BASE, **files})
    (offer,), _ = find_fixes(root, find)
    assert [(each.path, each.line) for each in offer.mentions] == [("docs/use.md", 2), ("p/c.py", 4), ("p/d.py", 2)]
    assert {edit.path for edit in offer.edits} == {"p/c.py"}


def test_targets_of_patches_within_the_class_follow_and_those_of_the_name_stay(make_tree):
    """What is replaced is the same object: the tests pass before and after."""
    tests = (
        "from unittest import mock\nfrom p.b import Order\n\n\n@mock.patch('p.b.Order.save', create=False)\n"
        "def test_one(save):\n    assert Order.save is save\n\n\ndef test_two(monkeypatch):\n"
        '    monkeypatch.setattr(\n        r"p.b.Order.save", 3)  # why\n'
        '    monkeypatch.setattr("p.b" ".Order.save", 4)\n'
        "    assert Order.save == 4\n"
    )
    files = {"p/__init__.py": "", "p/a.py": "class Order:\n    save = 1\n",
             "p/b.py": "from p.a import Order\nX = Order\n", "test_p.py": tests}  # fmt: skip
    root = make_tree(files)
    (offer,), _ = find_fixes(root, find)
    apply_offers(root, [offer])
    wanted = tests.replace("from p.b", "from p.a").replace("'p.b.", "'p.a.").replace('r"p.b.', 'r"p.a.')
    assert (root / "test_p.py").read_text() == wanted
    assert [(each.path, each.line) for each in offer.mentions] == [("test_p.py", 13)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_p.py"]
    assert "2 passed" in subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    assert find_fixes(root, find) == ([], [])
    root = make_tree(files | {"test_p.py": tests + "    monkeypatch.setattr('p.b.Order', 1)\n"})
    (offer,), _ = find_fixes(root, find)
    assert len(offer.edits) == 1 and len(offer.mentions) == 4


def test_an_import_in_a_function_stays_where_a_test_replaces_what_it_takes(make_tree):
    files = {
        "p/c.py": "def f():\n    from p.b import Order\n    return Order\n",
        "tests/test_c.py": "from unittest import mock\nimport p.c\ndef test():\n"
        "    with mock.patch('p.b.Order', 1):\n        assert p.c.f() == 1\n",
    }
    offers, refused = find_fixes(make_tree({**BASE, **files}), find)
    assert offers == []
    assert [each.reason for each in refused] == [
        "a test replaces p.b.Order, and this import takes it from there when it runs"
    ]


def test_what_alone_loads_a_submodule_of_a_package_stays(make_tree):
    files = {
        "p/types.py": "from p.a import Order, Item\n__all__ = ['Order', 'Item']\n",
        "p/__init__.py": "from .types import Order as Order\nfrom .types import Item as Item\n",
        "q.py": "import p\nX = p.types.Order\n",
    }
    root = make_tree({**BASE, **files})
    before = import_each(root)
    offers, refused = find_fixes(root, find)
    apply_offers(root, offers)
    assert import_each(root) == before
    assert (root / "p/__init__.py").read_text() == "from .types import Order as Order\nfrom .a import Item as Item\n"
    assert [each.reason for each in refused] == [
        "it alone loads p.types, which others may read as an attribute of its package"
    ]
    again, still = find_fixes(root, find)
    assert (again, [each.line for each in still]) == ([], [each.line for each in refused])


def test_what_lies_beside_the_target_is_left_alone_and_said_so(make_tree):
    files = {
        "q/__init__.py": "", "q/home.py": "class Order:\n    x = 1\n",
        "q/m.py": "from q.home import Order\nO = Order\n",
        "p/__init__.py": "", "p/x.py": "from q.m import Order\nP = Order\n",
    }  # fmt: skip
    root = make_tree(files)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    offers, refused = find_fixes(root / "p", find)
    assert (offers, [each.reason for each in refused]) == (
        [], ["q.home lies beside the target: fix a folder that has both"],
    )  # fmt: skip
    assert len(find_fixes(root, find)[0]) == 1

"""Imports of what is not there are corrected where the tree has one answer; CPython then imports the module."""

from __future__ import annotations

from fixed_trees import apply_offers, find_fixes, import_each

from analysis.fixes.missing_names import find_missing_names


def find(investigation, tree):
    return find_missing_names(investigation.table, tree)


BASE = {
    "p/__init__.py": "",
    "p/store/__init__.py": "",
    "p/store/orders.py": "class Order: ...\ndef load(): ...\nLIMIT = 3\n",
    "p/tools.py": "def work(): ...\ndef load_all(): ...\n",
    "p/user.py": "from p.tools import work\n",
}


def refuse(root):
    offers, refused = find_fixes(root, find)
    assert offers == []
    return [each.reason for each in refused]


def fix(root, module):
    assert isinstance(import_each(root, module)[module], str)
    offers, refused = find_fixes(root, find)
    assert refused == []
    assert all(offer.clears for offer in offers)
    apply_offers(root, offers)
    assert isinstance(import_each(root, module)[module], dict)
    assert find_fixes(root, find) == ([], [])
    return (root / f"{module.replace('.', '/')}.py").read_text()


def test_a_name_that_lives_in_one_other_module_is_taken_from_there(make_tree):
    source = "from p.tools import (\n    Order,  # an order\n    load_all,\n)\nfrom .tools import Order as O\n"
    assert fix(make_tree({**BASE, "p/c.py": source}), "p.c") == (
        "from p.tools import (\n    load_all,\n)\nfrom p.store.orders import Order  # an order\n"
        "from .store.orders import Order as O\n"
    )


def test_a_module_that_moved_is_found_by_its_last_part_and_what_it_has(make_tree):
    source = "from p.orders import Order, LIMIT\n"
    other = {"p/other/__init__.py": "", "p/other/orders.py": "class Bill: ...\n"}
    assert fix(make_tree({**BASE, **other, "p/c.py": source}), "p.c") == "from p.store.orders import Order, LIMIT\n"


def test_a_module_under_a_new_name_is_found_by_its_spelling_and_what_it_has(make_tree):
    assert fix(make_tree({**BASE, "p/c.py": "from .tool import work\n"}), "p.c") == "from .tools import work\n"


def test_a_relative_import_with_a_dot_too_few_gets_it(make_tree):
    root = make_tree({**BASE, "p/store/c.py": "from .tools import work, load_all\n"})
    assert fix(root, "p.store.c") == "from ..tools import work, load_all\n"


def test_a_module_that_is_taken_from_the_wrong_package_is_found(make_tree):
    assert fix(make_tree({**BASE, "p/c.py": "from p import orders\n"}), "p.c") == "from p.store import orders\n"


def test_a_function_needs_more_than_its_name(make_tree):
    root = make_tree({**BASE, "p/c.py": "from p.store.orders import load_all\n"})
    assert refuse(root) == ["nothing but the name speaks for p.tools.load_all"]
    known = {"p/d.py": "from p.tools import load_all\n", "p/c.py": "from p.store.orders import load_all\n"}
    assert fix(make_tree({**BASE, **known}), "p.c") == "from p.tools import load_all\n"


def test_several_candidates_are_named_and_none_is_chosen(make_tree):
    two = {"p/other.py": "class Order: ...\n", "p/c.py": "from p.tools import Order\n"}
    assert refuse(make_tree({**BASE, **two})) == ["Order is in several modules: p.other, p.store.orders"]
    modules = {"p/x/__init__.py": "", "p/x/orders.py": "class Order: ...\n", "p/c.py": "from p.orders import Order\n"}
    assert refuse(make_tree({**BASE, **modules})) == ["several modules may be meant: p.store.orders, p.x.orders"]


def test_what_may_be_there_in_another_way_is_left_alone(make_tree):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.store.orders import Order\n"
    root = make_tree({**BASE, "p/typed.py": source, "p/c.py": "from p.typed import Order\n"})
    assert refuse(root) == ["it may be there in another way (type checking only)"]


def test_a_statement_of_a_missing_module_is_corrected_as_a_whole_or_not_at_all(make_tree):
    root = make_tree({**BASE, "p/c.py": "from p.gone import Order, Nowhere\n"})
    assert sorted(refuse(root)) == [
        "another name that the statement takes from there is not found",
        "no module of the tree is called alike and has Nowhere, Order",
    ]


def test_an_accepted_place_is_left_alone(make_tree):
    source = "from p.tools import Order  # ssot: allow[phantom-name] because it comes next week\n"
    assert refuse(make_tree({**BASE, "p/c.py": source})) == ["it is accepted: it comes next week"]


def test_code_that_is_no_test_takes_nothing_from_the_tests(make_tree):
    files = {**BASE, "p/tests/__init__.py": "", "p/tests/stores.py": "class Store: ...\n"}
    source = "from p.old.stores import Store\n"
    assert refuse(make_tree({**files, "p/c.py": source}))
    offers, refused = find_fixes(make_tree({**files, "p/tests/test_c.py": source}), find)
    assert (len(offers), refused) == (1, [])

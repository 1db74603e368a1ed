"""What each family of rules grades and cites in trees that differ by one thing: severity, subject, places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge, open_case, read_numbers

from analysis.rules.chosen_case import choose_case
from analysis.rules.families import (
    classes,
    copies,
    cycles,
    first_imports,
    kept_state,
    module_state,
    owners,
    single_source,
    stand_ins,
)
from analysis.rules.families.second_names import find_second_names
from analysis.rules.verdict import Tally, count_findings

Tree = Callable[..., Path]
Told = list[tuple[str, str, list[str]]]
FAMILIES = (classes, copies, cycles, first_imports, kept_state, module_state, owners, single_source, stand_ins)
HEAD = {"p/__init__.py": ""}


def tell(root: Path, rule: str, policy: str = "", *, probed: bool = False) -> Told:
    """Return severity, subject and places of the findings of one rule."""
    return [
        (finding.severity, finding.subject, [f"{place.path}:{place.line}" for place in finding.evidence])
        for finding in judge(root, rule, policy, probed=probed)
    ]


def test_every_rule_of_a_family_has_its_own_check() -> None:
    checks = [rule.check for family in FAMILIES for rule in family.RULES]
    assert all(checks)
    assert len(set(checks)) == len(checks)


BODY = "class {0}:\n    def f(self):\n        a = 1\n        b = 2\n        return a + b\n"
LOAD = "from importlib import import_module\n"
PARTS = "def f(x):\n    module, _, name = T[x].rpartition('.')\n    return getattr(import_module(module), name)\n"
ORDERS = {"p/a.py": BODY.format("Order"), "p/b.py": BODY.format("Order")}


DERIVED = "from p.base import BaseOrder\nclass Order(BaseOrder): ...\n"


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        (ORDERS, "P2"),
        ({**ORDERS, "p/c.py": f"{LOAD}T = ['p.a.Order', 'p.b.Order']\n{PARTS}"}, "P3"),  # plug-ins of a table
        ({**ORDERS, "p/c.py": f"{LOAD}T = ['p.a.Order', 'p.b.Other']\n{PARTS}", "p/b.py": BODY.format("Order")}, "P2"),
        ({**ORDERS, "p/c.py": f"{LOAD}def f(x):\n    return import_module(f'p.{{x}}').Order\n"}, "P3"),
        ({**ORDERS, "p/__init__.py": f"{LOAD}def f(x):\n    return import_module('.' + x, __name__).Order\n"}, "P3"),
        ({**ORDERS, "p/c.py": f"{LOAD}def f(x):\n    return import_module(f'p.{{x}}').Other\n"}, "P2"),
        ({"p/a.py": "class _Order: ...\n", "p/b.py": "class _Order: ...\n"}, "P3"),  # private by its name
        ({"p/a.py": "class Order: ...\n", "tests/test_b.py": "class Order: ...\n"}, "P3"),  # one in the product
        ({"p/a.py": "class Order: ...\n", "p/b.py": "import p.a\nclass Order(p.a.Order): ...\n"}, "P3"),
        ({"p/a.py": "class A:\n    class Meta: ...\n", "p/b.py": "class B:\n    class Meta: ...\n"}, "P3"),
        ({"p/a.py": "class Meta: ...\n", "p/b.py": "class B:\n    class Meta: ...\n"}, "P3"),
        ({**ORDERS, "p/c.py": "class C:\n    class Order: ...\n"}, "P2"),
        ({"p/base.py": "class BaseOrder: ...\n", "p/a.py": DERIVED,
          "p/b.py": DERIVED}, "P3"),  # implementations of one base
        ({"p/base.py": "class Thing: ...\n", "p/a.py": "from p.base import Thing\nclass Order(Thing): ...\n",
          "p/b.py": "from p.base import Thing\nclass Order(Thing): ...\n"}, "P2"),
        ({"p/base.py": "class BaseOrder: ...\n", "p/a.py": DERIVED,
          "p/b.py": "class Order: ...\n"}, "P2"),
        ({"p/a.py": "class Order: ...\n", "p/b.py": "import p.a\nclass Order(p.a.Order): ...\n",
          "p/c.py": "class Order: ...\n"}, "P2"),
    ],
)  # fmt: skip
def test_a_repeated_class_name_is_graded_by_who_owns_the_classes(
    make_tree: Tree, files: dict[str, str], severity: str
) -> None:
    found = tell(make_tree(HEAD | files), "class-defined-more-than-once")
    assert [grade for grade, _, _ in found] == [severity]


def test_the_definition_that_most_imports_take_is_cited_first_and_those_of_tests_last(make_tree: Tree) -> None:
    users = {"p/m.py": "from p.b import Order\n", "p/n.py": "from p.b import Order\nfrom p.a import Order as Other\n"}
    tests = {"tests/test_x.py": "class Order: ...\n", "tests/__init__.py": ""}
    takers = {f"p/t{n}.py": "from tests.test_x import Order\n" for n in range(5)}
    ((_, subject, places),) = tell(make_tree(HEAD | ORDERS | users | tests | takers), "class-defined-more-than-once")
    assert (subject, places) == ("Order", ["p/b.py:1", "p/a.py:1", "tests/test_x.py:1"])


def test_a_name_that_the_policy_counts_twice_in_one_concept_is_graded_by_it(make_tree: Tree) -> None:
    policy = "[[concept]]\nname = 'orders'\nmatch = ['*Order']\nmax_classes = {0}\n"
    assert tell(make_tree(HEAD | ORDERS), "class-defined-more-than-once", policy.format(2))[0][0] == "P1"
    one = {**ORDERS, "p/b.py": "from typing import Protocol\nclass Order(Protocol): ...\n"}
    assert tell(make_tree(HEAD | one), "class-defined-more-than-once", policy.format(2))[0][0] == "P2"
    root = make_tree(HEAD | ORDERS)
    assert tell(root, "concept-over-its-limit", policy.format(2)) == []
    assert tell(root, "concept-over-its-limit", policy.format(1)) == [("P0", "orders", ["p/a.py:1", "p/b.py:1"])]
    mild = policy.format(1) + "severity = 'P2'\n"
    assert tell(root, "concept-over-its-limit", mild)[0][0] == "P2"


@pytest.mark.parametrize(("canonical", "is_there"), [("p.a:Order", 1), ("p.a.Order", 1), ("p.m.Order", 1),
                                                     ("p.a:Gone", 0), ("p.m.run", 0)])  # fmt: skip
def test_the_canonical_class_is_a_definition_or_a_path_to_a_class(
    make_tree: Tree, canonical: str, is_there: bool
) -> None:
    files = {**ORDERS, "p/m.py": "from p.a import Order\ndef run(): ...\n"}
    policy = f"[[concept]]\nname = 'orders'\nmatch = ['*Nothing', 'Order']\ncanonical = '{canonical}'\n"
    found = tell(make_tree(HEAD | files), "canonical-class-missing", policy)
    assert found == ([] if is_there else [("P1", "orders", [])])


CART = (
    "class Cart:\n    items = []\n    notes = {{}}\n\n    def add(self, item):\n"
    "        {0}.items.append(item)\n        {0}.notes[item] = 1\n"
)


@pytest.mark.parametrize(
    ("source", "policy", "severity"),
    [
        (CART.format("self"), "", "P2"),
        (CART.format("Cart"), "", "P3"),  # through the class, as registries do
        (CART.format("self"), "[[factory]]\nmatch = ['C*']\n", "P1"),
        (CART.format("self"), "[[concept]]\nname = 'c'\nmatch = ['Cart']\n", "P1"),
        (CART.format("self"), "[[factory]]\nmatch = ['D*']\n", "P2"),
    ],
)
def test_containers_of_a_class_body_are_graded_by_who_changes_them(
    make_tree: Tree, source: str, policy: str, severity: str
) -> None:
    places = [f"a.py:{line}" for line in (1, 2, 6, 3, 7)]
    assert tell(make_tree({"a.py": source}), "shared-class-attribute", policy) == [(severity, "a:Cart", places)]


def test_singletons_are_graded_by_the_factories_that_forbid_them(make_tree: Tree) -> None:
    one = (
        "class {0}:\n    _one = None\n\n    def __new__(cls):\n        if cls._one is None:\n"
        "            cls._one = super().__new__(cls)\n        return cls._one\n"
    )
    root = make_tree({"a.py": one.format("JobFactory") + one.format("Cache")})
    policy = "[[factory]]\nmatch = ['X', '*Factory']\nforbid_singleton = {0}\n"
    graded = {subject: severity for severity, subject, _ in tell(root, "singleton", policy.format("true"))}
    assert graded == {"a:JobFactory": "P1", "a:Cache": "P2"}
    assert {severity for severity, _, _ in tell(root, "singleton", policy.format("false"))} == {"P2"}


def test_cached_getters_are_graded_by_what_they_make(make_tree: Tree) -> None:
    cached = "@lru_cache\ndef get_{0}():\n    return {1}()\n"
    files = {
        "a.py": "from functools import lru_cache\nimport json\nfrom b import Elsewhere\nclass Own: ...\n"
        + cached.format("own", "Own") + cached.format("other", "Elsewhere") + cached.format("json", "json.JSONDecoder"),
        "b.py": "class Elsewhere: ...\n",
    }  # fmt: skip
    found = tell(make_tree(files), "cached-getter")
    assert sorted((subject, severity) for severity, subject, _ in found) == [
        ("a:get_json", "P3"), ("a:get_other", "P2"), ("a:get_own", "P2"),
    ]  # fmt: skip


def test_shared_defaults_of_one_function_are_one_finding_and_those_of_two_are_two(make_tree: Tree) -> None:
    source = "def f(a=[], b={}):\n    a.append(1)\n    b[1] = 2\n\ndef g(c=[]):\n    c.append(1)\n"
    assert tell(make_tree({"a.py": source}), "shared-default") == [
        ("P2", "a:f", ["a.py:1", "a.py:2", "a.py:3"]), ("P2", "a:g", ["a.py:5", "a.py:6"]),
    ]  # fmt: skip


def test_globals_bound_anew_are_graded_by_what_they_are_bound_to(make_tree: Tree) -> None:
    source = (
        "x, y, z = 1, False, 0\ndef f(user):\n    global x\n    x = user\ndef g():\n    global y\n    y = True\n"
        "def h(user):\n    global x, z\n    x = user + 1\n    z = user\n"
    )
    assert tell(make_tree({"a.py": source}), "global-rebound") == [
        ("P1", "a.x", ["a.py:4", "a.py:10"]), ("P1", "a.z", ["a.py:11"]), ("P3", "a.y", ["a.py:7"]),
    ]  # fmt: skip


def test_objects_of_a_module_are_one_finding_and_graded_by_the_policy(make_tree: Tree) -> None:
    box = "class Box:\n    def __init__(self):\n        self.items = []\nONE = Box()\nTWO = Box()\n"
    root = make_tree({"a.py": box, "b.py": "from a import Box\nTHREE = Box()\n"})
    found = [("P3", "a", ["a.py:4", "a.py:5"]), ("P3", "b", ["b.py:2"])]
    assert tell(root, "object-made-on-import") == found
    for policy in ("[[factory]]\nmatch = ['Box']\n", "[[concept]]\nname = 'b'\nmatch = ['Box']\n"):
        assert [severity for severity, _, _ in tell(root, "object-made-on-import", policy)] == ["P2", "P2"]
    numbers = read_numbers(open_case(root))
    assert numbers["module-level-instances"] == 3


FALLBACK = "try:\n    from {0} import Store\nexcept {1}:\n    class Store: ...\n"


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        (FALLBACK.format("p.store", "ImportError"), "P2"),
        (FALLBACK.format("p.gone", "ImportError"), "P2"),  # it should be in the tree
        (FALLBACK.format("elsewhere", "ImportError"), "P3"),
        (FALLBACK.format(".store", "Exception"), "P2"),
        (FALLBACK.format("p.store", "ValueError"), ""),  # an import error is not swallowed
        ("class Store: ...\n" + FALLBACK.format("p.store", "ImportError").replace("class Store", "class Other"), ""),
    ],
)
def test_a_fallback_class_is_graded_by_where_the_real_one_should_be(
    make_tree: Tree, source: str, severity: str
) -> None:
    root = make_tree(HEAD | {"p/store.py": "class Store: ...\n", "p/a.py": source})
    expected = [(severity, "p.a:Store", ["p/a.py:4", "p/a.py:2"])] if severity else []
    assert tell(root, "fallback-class") == expected


INSTANCE = "class Store: ...\n{0} = Store()\n"


@pytest.mark.parametrize(
    ("name", "files", "is_told"),
    [
        ("UserStore", {}, True),  # it ends like its class
        ("Depot", {}, False),  # nobody takes it
        ("Depot", {"p/b.py": "from p.a import Depot\n"}, True),
        ("Depot", {"p/b.py": "class Depot: ...\n"}, True),
        ("Box", {"p/b.py": "from p.a import Box\n"}, False),  # three letters
        ("STORE", {"p/b.py": "from p.a import STORE\n"}, False),  # a constant
    ],
)
def test_an_object_is_taken_for_a_class_by_its_name_and_use(
    make_tree: Tree, name: str, files: dict[str, str], is_told: bool
) -> None:
    found = tell(make_tree(HEAD | {"p/a.py": INSTANCE.format(name)} | files), "instance-named-like-a-class")
    assert found == ([("P3", f"p.a.{name}", ["p/a.py:2"])] if is_told else [])


def test_an_object_renamed_like_a_class_stands_where_it_is_renamed(make_tree: Tree) -> None:
    files = {"p/a.py": "class Store: ...\nstore = Store()\n", "p/b.py": "from p.a import store as Depot\n"}
    assert tell(make_tree(HEAD | files), "instance-named-like-a-class") == [("P3", "p.a.store", ["p/b.py:1"])]


REDIRECT = "[[redirect]]\npaths = ['p.a.Order', 'p.b.Order', 'p.c.Order']\ncanonical = 'p.a.Order'\n"
WARNS = "import warnings\nfrom p.a import Order\nwarnings.warn('x', DeprecationWarning, stacklevel=2)\n"


@pytest.mark.parametrize(
    ("extra", "severity", "line"),
    [
        ("", "", 0),
        ("'text'\n", "", 0),
        ("__all__ = ['Order']\n", "", 0),
        ("__all__ += []\n", "P2", 4),
        ("Same = Order\n", "", 0),
        ("Same = Order()\n", "P2", 4),
        ("def __getattr__(name): ...\n", "", 0),
        ("def __dir__(): ...\n", "", 0),
        ("def run(): ...\n", "P2", 4),
        ("if TYPE_CHECKING:\n    import p.x\n", "", 0),
        ("if Order:\n    import p.x\n", "P2", 4),
        ("pass\n", "", 0),
        ("print(1)\n", "P2", 4),
        ("class More: ...\n", "P2", 4),
        ("warnings.warn_explicit('x', PendingDeprecationWarning, 'f', 3)\n", "", 0),
        ("warnings.warn('x', category=FutureWarning, stacklevel=3)\n", "P3", 4),
        ("warnings.warn('x', DeprecationWarning, 3)\n", "P3", 4),
        ("warnings.warn('x', DeprecationWarning, 2)\n", "", 0),
        ("warnings.warn('x', DeprecationWarning, stacklevel=LEVEL)\n", "", 0),
        ("warnings.warn('x')\n", "P2", 4),
    ],
)
def test_a_redirect_may_hold_only_what_redirects(make_tree: Tree, extra: str, severity: str, line: int) -> None:
    files = HEAD | {"p/a.py": "class Order: ...\n", "p/b.py": WARNS + extra, "p/c.py": WARNS}
    found = tell(make_tree(files), "redirect-unclean", REDIRECT)
    assert found == ([(severity, "p.b", [f"p/b.py:{line}"])] if severity else [])


def test_each_module_that_redirects_badly_is_told_once(make_tree: Tree) -> None:
    files = HEAD | {"p/a.py": "class Order: ...\nclass Item: ...\n", "p/b.py": "from p.a import Order, Item\nprint()\n",
                    "p/c.py": "from p.a import Order\n"}  # fmt: skip
    more = "[[redirect]]\npaths = ['p.a.Item', 'p.b.Item']\n"
    found = tell(make_tree(files), "redirect-unclean", REDIRECT + more)
    assert found == [("P2", "p.b", ["p/b.py:1", "p/b.py:2"]), ("P3", "p.c", ["p/c.py:1"])]


DOCUMENTED = "[[concept]]\nname = 'orders'\nmatch = ['Order']\ncanonical = '{0}'\n"


@pytest.mark.parametrize(
    ("source", "is_told"),
    [
        ("# single source of truth for orders\n__all__ = ['Order']\nclass Order: ...\n", False),
        ('"""The single source of truth."""\n__all__ = ["Order"]\nclass Order: ...\n', False),
        ("__all__ = ['Order']\nclass Order: ...\n", True),
        ("# single source of truth\nclass Order: ...\n", True),
        ("# single source of truth\n__all__ = ['Other']\nOther = 1\nclass Order: ...\n", True),
        ("TEXT = 'single source of truth'\n__all__ = ['Order']\nclass Order: ...\n", True),
        ("__all__ = ['Order']\nclass Order: ...  # ssot: allow[singleton] because x\n", True),
    ],
)
def test_the_single_source_says_so_and_exports_its_class(make_tree: Tree, source: str, is_told: bool) -> None:
    line = source[: source.index("class Order")].count("\n") + 1
    root = make_tree(HEAD | {"p/a.py": source, "p/b.py": "from p.a import Order\n"})
    for canonical in ("p.a:Order", "p.a.Order", "p.b.Order"):
        found = tell(root, "single-source-undocumented", DOCUMENTED.format(canonical))
        assert found == ([("P3", "p.a:Order", [f"p/a.py:{line}"])] if is_told else [])
    assert tell(root, "single-source-undocumented", DOCUMENTED.format("p.a:Gone")) == []


def test_redirects_are_broken_by_what_their_paths_lead_to(make_tree: Tree) -> None:
    files = HEAD | {"p/a.py": "class Order: ...\n", "p/b.py": "from p.a import Order\n", "p/c.py": "class Order: ...\n",
                    "p/d.py": "Order = eval('1')\n"}  # fmt: skip
    policy = "[[redirect]]\npaths = ['p.a.Order', '{0}']\n"
    root = make_tree(files)
    assert tell(root, "redirect-broken", policy.format("p.b:Order")) == []
    assert tell(root, "redirect-broken", policy.format("p.c.Order")) == [("P0", "p.a.Order", ["p/a.py:1", "p/c.py:1"])]
    assert tell(root, "redirect-broken", policy.format("p.a.Gone")) == [("P0", "p.a.Order", ["p/a.py:1"])]


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        ("import p.gone\n", "P1"),
        ("def f():\n    import p.gone\n", "P2"),
        ("try:\n    import p.gone\nexcept ImportError:\n    pass\n", "P2"),
        ("try:\n    import p.gone\nexcept ValueError:\n    pass\n", "P1"),
        ("import sys\nif sys.argv:\n    import p.gone\n", "P2"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.gone\n", "P3"),
        ("import sys\nif sys.version_info < (3, 2):\n    import p.gone\n", ""),
    ],
)
def test_a_missing_module_is_graded_by_when_its_import_runs(make_tree: Tree, source: str, severity: str) -> None:
    files = HEAD | {"pyproject.toml": "[project]\nname = 'p'\nrequires-python = '>=3.11'\n"}
    named = source.replace("import p.gone", "from p.z import gone")
    missing = tell(make_tree(files | {"p/a.py": source}), "phantom-import")
    assert [(grade, subject) for grade, subject, _ in missing] == ([(severity, "p.gone")] if severity else [])
    missing = tell(make_tree(files | {"p/z.py": "", "p/a.py": named}), "phantom-name")
    assert [(grade, subject) for grade, subject, _ in missing] == ([(severity, "p.z.gone")] if severity else [])


def test_the_worst_import_of_what_is_missing_comes_first(make_tree: Tree) -> None:
    files = HEAD | {
        "p/a.py": "def f():\n    import p.gone\n", "p/b.py": "import p.gone\nimport p.gone.more\n",
        "p/z.py": "", "p/c.py": "def f():\n    from p.z import gone\n", "p/d.py": "from p.z import gone\n",
    }  # fmt: skip
    root = make_tree(files)
    assert tell(root, "phantom-import")[0] == ("P1", "p.gone", ["p/b.py:1", "p/a.py:2"])
    assert tell(root, "phantom-name") == [("P1", "p.z.gone", ["p/d.py:1", "p/c.py:2"])]
    numbers = read_numbers(open_case(root))
    assert (numbers["phantom-imports"], numbers["phantom-modules"], numbers["phantom-names"]) == (3, 2, 1)


def test_a_file_has_two_names_only_where_both_are_used(make_tree: Tree) -> None:
    files = {"src/p/__init__.py": "", "src/p/a.py": "X = 1\n",
             "src/p/b.py": "def f():\n    import p.a\nfrom p.a import X\n",
             "main.py": "import p.a\n"}  # fmt: skip
    policy = "[target]\nroots = ['.', 'src']\n"
    assert find_second_names(open_case(make_tree(files), policy)) == {}
    both = {**files, "other.py": "def f():\n    import src.p.a\nimport src.p.a\n"}
    found = find_second_names(open_case(make_tree(both), policy))
    assert found == {
        "src/p/__init__.py": {"p": ("main.py", 1), "src.p": ("other.py", 3)},
        "src/p/a.py": {"p.a": ("main.py", 1), "src.p.a": ("other.py", 3)},
    }
    # Both have their second names by the same two folders: one finding.
    assert tell(make_tree(both), "file-with-two-names", policy) == [
        ("P2", "src/p/a.py", ["main.py:1", "other.py:3"]),
    ]
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import src.p.a\n"
    assert tell(make_tree({**files, "other.py": typed}), "file-with-two-names", policy) == []


def test_files_that_cannot_be_read_are_cited_where_they_break(make_tree: Tree) -> None:
    root = make_tree({"a.py": "x = 1\n\ndef (:\n", "tests/test_a.py": "def (:\n", "b.py": b"\xff\xfe\x00\n"})
    assert tell(root, "file-not-parsed") == [
        ("P2", "a.py", ["a.py:3"]), ("P2", "b.py", ["b.py:1"]), ("P3", "tests/test_a.py", ["tests/test_a.py:1"]),
    ]  # fmt: skip
    assert read_numbers(open_case(root))["files-not-parsed"] == 3


def test_findings_are_counted_once_by_what_they_ask_for() -> None:
    rows = [("phantom-import", "P0"), ("phantom-import", "P1"), ("phantom-import", "P2"), ("phantom-import", "P3"),
            ("concept-over-its-limit", "P0"), ("concept-over-its-limit", "P2"), ("concept-over-its-limit", "P3"),
            ("redirect-broken", "P0"), ("rule-of-before", "P1")]  # fmt: skip
    tally = count_findings(rows)
    assert tally == Tally(fixes=3, limits=2, requirements=1, risks=1, notes=2)
    assert tally.total == len(rows)


SHOPS = {
    "p/__init__.py": "", "p/a.py": "import p.b\nimport requests\nimport p.gone\nclass Order: ...\n",
    "p/b.py": "import p.a\n",
    "q/__init__.py": "",
    "q/a.py": "import q.b\nimport httpx\nfrom q.b import Nothing\nclass Item: ...\nclass Order: ...\n",
    "q/b.py": "import q.a\nimport q.gone\n", "pq/__init__.py": "from q.a import Item\n",
}  # fmt: skip


def test_figures_of_chosen_packages_are_about_these_alone(make_tree: Tree) -> None:
    root = make_tree(SHOPS)
    chosen = choose_case(open_case(root, "[target]\npackages = ['p']\n"))
    assert {path.partition("/")[0] for path in chosen.facts.files.column("path").to_pylist()} == {"p"}
    assert {cycle.modules for cycle in chosen.cycles} == {("p.a", "p.b")}
    assert [item.name for item in chosen.duplicate_names] == ["Order"]
    assert chosen.graph.phantoms.column("module").to_pylist() == ["p.gone"]
    assert chosen.graph.externals.column("package").to_pylist() == ["requests"]
    assert chosen.identity.phantom_names.num_rows == 0
    assert set(chosen.runtime_table("simulated").column("module").to_pylist()) == {"p", "p.a", "p.b"}
    whole = open_case(root)
    assert choose_case(whole) is whole


def test_each_concept_with_a_canonical_class_is_judged_whatever_comes_before_it(make_tree: Tree) -> None:
    files = HEAD | {"p/a.py": "class Order: ...\n", "p/b.py": "class Item: ...\n"}
    concept = "[[concept]]\nname = '{0}'\nmatch = ['{0}']\n"
    policy = (
        concept.format("Nothing") + concept.format("Gone") + "canonical = 'p.a:Gone'\n"
        + concept.format("Item") + "canonical = 'p.b:Item'\n" + concept.format("Order") + "canonical = 'p.a:Order'\n"
    )  # fmt: skip
    root = make_tree(files)
    assert [subject for _, subject, _ in tell(root, "single-source-undocumented", policy)] == ["p.a:Order", "p.b:Item"]
    assert [subject for _, subject, _ in tell(root, "canonical-class-missing", policy)] == ["Gone"]

"""Cuts of cycles: what is offered works in CPython, and what would break something is refused with its reason."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import symtable
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from fixed_trees import find_proved
from report_trees import investigate

from analysis.facts.source import parse
from analysis.facts.source_tree import WorkingTree
from analysis.fixes.break_cycle import offer_cuts
from analysis.fixes.name_uses import find_bound
from analysis.fixes.offers import Offer, Refusal, read_changes

USER = "from shop.orders import Order\n\n\nclass User:\n    def order(self):\n        return Order(self)\n"
ORDER = (
    "from shop.users import User\n\n\nclass Order:\n    def __init__(self, owner):\n        self.owner = owner\n"
    "\n\nADMIN = User\n"
)
FAILING = {"shop/__init__.py": "", "shop/orders.py": ORDER, "shop/users.py": USER}


def offer(folder: Path, files: Mapping[str, str], policy: str = "") -> list[Offer | Refusal]:
    inv = investigate(folder, files, policy, name="tree")
    return list(offer_cuts(inv, WorkingTree(folder / "tree")))


def apply(folder: Path, found: list[Offer | Refusal]) -> Path:
    root = folder / "tree"
    [made] = found
    assert isinstance(made, Offer), made
    for path, content in read_changes(WorkingTree(root), made.edits, made.new_files).items():
        assert content is not None
        (root / path).write_bytes(content)
    return root


def run(root: Path, code: str) -> str:
    """Return what a fresh interpreter prints, or the last line of its error."""
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if not done.returncode else done.stderr.strip().splitlines()[-1]


def refuse(folder: Path, files: Mapping[str, str]) -> str:
    found = offer(folder, files)
    assert found and all(isinstance(each, Refusal) for each in found)
    return "; ".join(each.reason for each in found if isinstance(each, Refusal))


def test_an_import_that_functions_use_moves_into_them_and_the_first_import_works(tmp_path: Path) -> None:
    """CPython fails before, and imports either module first afterwards."""
    found = offer(tmp_path, FAILING)
    assert "partially initialized" in run(tmp_path / "tree", "import shop.users")
    root = apply(tmp_path, found)
    assert (
        run(root, "import shop.users; print(shop.users.User().order().owner.__class__)") == "<class 'shop.users.User'>"
    )
    assert run(root, "import shop.orders; print(shop.orders.ADMIN)") == "<class 'shop.users.User'>"
    assert (root / "shop/users.py").read_text() == (
        "\n\nclass User:\n    def order(self):\n        from shop.orders import Order\n        return Order(self)\n"
    )
    assert not offer(tmp_path, {})


def test_an_import_that_annotations_use_goes_to_type_checkers_and_only_those_annotations_become_texts(
    tmp_path: Path,
) -> None:
    """Other annotations, comments and formatting of the file stay as they are."""
    users = (
        "import os  # first\nfrom shop.orders import (\n    Order,  # the class\n    Line,\n)\n\n\n"
        "class User:\n    orders: list[Order]  # all\n    name : str\n\n"
        "    def add(self, order: 'Order', line:Line=None) -> Order | None: ...\n"
    )
    orders = "from shop.users import User\n\n\nclass Order:\n    owner = User\n\n\nclass Line: ...\n"
    root = apply(tmp_path, offer(tmp_path, {"shop/__init__.py": "", "shop/users.py": users, "shop/orders.py": orders}))
    assert (root / "shop/users.py").read_text() == (
        "import os  # first\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
        "    from shop.orders import Line, Order\n\n\n"
        'class User:\n    orders: "list[Order]"  # all\n    name : str\n\n'
        '    def add(self, order: \'Order\', line:"Line"=None) -> "Order | None": ...\n'
    )
    assert run(root, "import shop.users, typing; print(shop.users.User)") == "<class 'shop.users.User'>"


def test_a_file_that_takes_names_from_typing_takes_one_more(tmp_path: Path) -> None:
    """No second statement is added."""
    users = "from typing import Any\nfrom shop.orders import Order\n\n\nclass User:\n    order: Order\n    rest: Any\n"
    root = apply(tmp_path, offer(tmp_path, {**FAILING, "shop/users.py": users}))
    assert (root / "shop/users.py").read_text() == (
        "from typing import TYPE_CHECKING, Any\n\nif TYPE_CHECKING:\n    from shop.orders import Order\n\n\n"
        'class User:\n    order: "Order"\n    rest: Any\n'
    )
    assert run(root, "import shop.users; print(shop.users.User)") == "<class 'shop.users.User'>"


def test_with_postponed_annotations_nothing_becomes_a_text(tmp_path: Path) -> None:
    """And a block for type checkers that is there is used."""
    users = (
        "from __future__ import annotations\nimport typing as t\nfrom shop.orders import Order\n"
        "if t.TYPE_CHECKING:\n    import os\n\n\n"
        "class User:\n    order: Order\n"
    )
    root = apply(tmp_path, offer(tmp_path, {**FAILING, "shop/users.py": users}))
    assert (
        "if t.TYPE_CHECKING:\n    from shop.orders import Order\n    import os\n"
        in (root / "shop/users.py").read_text()
    )
    assert "    order: Order\n" in (root / "shop/users.py").read_text()


@pytest.mark.parametrize(
    ("users", "reason"),
    [
        (
            "from pydantic import BaseModel\nfrom shop.orders import Order\nclass User(BaseModel):\n    order: Order\n",
            "pydantic",
        ),
        (
            (
                "from dataclasses import dataclass\nimport typing\nfrom shop.orders import Order\n@dataclass\n"
                "class User:\n    order: Order\ndef f(x): return typing.get_type_hints(x)\n"
            ),
            "get_type_hints",
        ),
        (
            (
                "from fastapi import FastAPI\nfrom shop.orders import Order\napp = FastAPI()\nclass User: ...\n"
                "@app.get('/')\ndef read(order: Order): ...\n"
            ),
            "fastapi",
        ),
        (
            (
                "from functools import singledispatch\nfrom shop.orders import Order\nclass User: ...\n"
                "@singledispatch\ndef show(x): ...\n@show.register\ndef _(x: Order): ...\n"
            ),
            "first argument",
        ),
        (
            "from shop.orders import Order\nclass User:\n    orders: 'Mapped[Order]'\n    order: Mapped[Order]\n",
            "SQLAlchemy",
        ),
        ("from shop.orders import Order\nclass User:\n    kind = Order\n", "used while the module is imported"),
        ("from shop.orders import Order\nclass User: ...\nmake = sorted([1], key=lambda x: Order)\n", "lambda"),
        (
            "from shop.orders import Order\nclass User: ...\ndef make():\n    return Order\nlater = [make]\nmake()\n",
            "runs while",
        ),
        ("from shop.orders import Order\nclass User: ...\ndef make():\n    return globals()['Order']\n", "globals()"),
        (
            "try:\n    from shop.orders import Order\nexcept ValueError:\n    Order = 1\nclass User: ...\n",
            "module level by itself",
        ),
        ("from shop.orders import Order\nclass User: ...\n", "nothing in the file uses Order"),
    ],
)
def test_what_needs_the_name_at_run_time_is_refused_with_its_reason(tmp_path: Path, users: str, reason: str) -> None:
    """Each of these would break, at import or later; what they take needs them, and cannot move below both."""
    needing = f"{ORDER.replace('self.owner = owner', 'self.owner = owner or User()')}"
    assert reason in refuse(tmp_path, {**FAILING, "shop/orders.py": needing, "shop/users.py": f"{users}User = User\n"})


def test_where_no_import_can_wait_the_name_is_read_as_an_attribute_of_its_module(tmp_path: Path) -> None:
    """A lambda that something keeps, and ``__del__``, hold no import; what a text or a star would miss is refused."""
    users = (
        "from .orders import (\n    Order,  # the class\n)\n\norders = {}\n\n\nclass User:\n    def __del__(self):\n"
        "        [Order for _ in range(1)]\n\n\nmake = lambda: Order(f'{Order.__name__}')\n"
    )
    orders = (
        "from shop import users\n\n\nclass Order:\n    def __init__(self, owner):\n        self.owner = owner\n\n\n"
    )
    files = {**FAILING, "shop/users.py": users, "shop/orders.py": f"{orders}made = [lambda: (users.User, Order)]\n"}
    found = offer(tmp_path, files)
    assert "partially initialized" in run(tmp_path / "tree", "import shop.orders")
    root = apply(tmp_path, found)
    assert (root / "shop/users.py").read_text() == (
        users.replace("from .orders import (\n    Order,  # the class\n)", "from . import orders as orders_module")
        .replace("[Order ", "[orders_module.Order ")
        .replace("Order(f'{Order.", "orders_module.Order(f'{orders_module.Order.")
    )
    for first in ("shop.users", "shop.orders"):
        assert (
            run(root, f"import {first}, shop.users; print(shop.users.make().owner, shop.users.User())")[:6] == "Order "
        )
    assert all(isinstance(each, Refusal) for each in offer(tmp_path, {}))


FRAGILE = {
    "shop/__init__.py": "",
    "shop/orders.py": (
        "from __future__ import annotations\n\nimport os\nfrom dataclasses import dataclass\n\nTAX = 3\n\n\n"
        "@dataclass\nclass Order:  # kept\n    tax: int = TAX\n    kind: User | None = None\n\n"
        "    def folder(self):\n        return os.sep, helper()\n\n\ndef helper():\n    return TAX\n\n\n"
        "from shop import users\n\n\ndef user():\n    return users.User()\n"
    ),
    "shop/users.py": "from .orders import Order as Base  # base\n\n\nclass User(Base): ...\n",
}


def test_where_nothing_fails_what_is_taken_moves_to_a_lower_module_with_what_it_needs(tmp_path: Path) -> None:
    """Both paths yield one object, old pickles are found, and no import in a function hides the cycle."""
    code = (
        "import shop.orders, shop.users, pickle, sys; o = shop.orders; "
        "print(o.Order is shop.users.Base, o.Order().folder()[1], o.user().tax, o.helper(), o.TAX, "
        "pickle.loads(b'cshop.orders\\nOrder\\n.') is o.Order, o.Order.__module__)"
    )
    found = offer(tmp_path, FRAGILE)
    before = run(tmp_path / "tree", code)
    assert find_proved(tmp_path / "tree") == (["break-cycle"], [])
    root = apply(tmp_path, found)
    assert "shop.order" in found[0].reason and before == "True 3 3 3 3 True shop.orders"
    assert run(root, code) == "True 3 3 3 3 True shop.order"
    assert (
        run(root, "import shop.users") == ""
        and run(root, "import shop.order, sys; print('shop.users' in sys.modules)") == "False"
    )
    assert (
        root / "shop/users.py"
    ).read_text() == "from .order import Order as Base  # base\n\n\nclass User(Base): ...\n"
    assert "from shop.order import Order as Order\n\n\nfrom shop.order import helper as helper\n" in (
        (root / "shop/orders.py").read_text()
    )
    assert not offer(tmp_path, {})


@pytest.mark.parametrize(
    ("orders", "other", "reason"),
    [
        ("class Order:\n    users = property(lambda self: users.User)\n", "", "leads back to"),
        ("import logging\nlog = logging.getLogger(__name__)\nclass Order:\n    log = log\n", "", "reads __name__"),
        ("made = 0\ndef Order():\n    global made\n    made += 1\n", "", "global names"),
        ("from shop.tools import register\n@register\nclass Order: ...\n", "", "decorated with register"),
        ("LIMIT = 1\nclass Order:\n    def limit(self):\n        return LIMIT\n",
         "from unittest import mock\ndef test():\n    with mock.patch('shop.orders.LIMIT', 2): ...\n", "in a text"),
        ("LIMIT = 1\nclass Order:\n    def limit(self):\n        return LIMIT\n",
         "import shop.orders\ndef grow():\n    shop.orders.LIMIT = 2\n", "bind LIMIT anew"),
    ],
)  # fmt: skip
def test_what_means_something_else_in_another_module_stays(
    tmp_path: Path, orders: str, other: str, reason: str
) -> None:
    files = {
        "shop/__init__.py": "", "shop/orders.py": f"{orders}from shop import users\n", "shop/other.py": other,
        "shop/users.py": "from shop.orders import Order\n\n\nclass User:\n    order = Order\n",
        "shop/tools.py": "def register(x):\n    return x\n",
    }  # fmt: skip
    assert reason in refuse(tmp_path, files)


def test_what_a_package_defines_stays_where_its_own_imports_need_who_takes_it(tmp_path: Path) -> None:
    """A module below the package would run the package first, and close the cycle again."""
    files = {
        "shop/__init__.py": "class Order: ...\n\n\nimport users\n",
        "users.py": "from shop import Order\nA = Order\n",
    }
    assert "a module of shop runs that package first" in refuse(tmp_path, files)


def test_a_name_that_a_package_passes_on_is_taken_from_where_it_is_defined(tmp_path: Path) -> None:
    """The package still gives it, as the same object."""
    files = {
        "shop/__init__.py": "from .base import Item as Thing\nfrom .cart import Cart\n",
        "shop/base.py": "class Item: ...\n",
        "shop/cart.py": "from . import Thing  # base\n\n\nclass Cart(Thing): ...\n",
    }
    found = offer(tmp_path, files)
    assert find_proved(tmp_path / "tree") == (["break-cycle"], [])
    root = apply(tmp_path, found)
    assert (root / "shop/cart.py").read_text() == (
        "from .base import Item as Thing  # base\n\n\nclass Cart(Thing): ...\n"
    )
    assert run(root, "import shop.cart; print(shop.cart.Thing is shop.Thing is shop.base.Item)") == "True"
    assert not offer(tmp_path, {})


FIELDS = (
    "from dataclasses import dataclass\nfrom shop.orders import Order\n\n\n@dataclass\nclass User:\n    order: Order\n"
)
MODEL = "from pydantic import BaseModel\nfrom shop.users import User\n\n\nclass Page(BaseModel):\n    user: User\n"
WITHOUT = "from __future__ import annotations\n" + FIELDS.replace(
    "from shop.orders", "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from shop.orders"
)


def test_fields_stay_where_a_model_of_another_module_has_their_class(tmp_path: Path) -> None:
    """CPython and pydantic cannot make the model any more once only type checkers see the type of a field."""
    needing = ORDER.replace("self.owner = owner", "self.owner = owner or User()")  # so that no class can move
    files = {**FAILING, "shop/orders.py": needing, "shop/users.py": FIELDS, "shop/page.py": MODEL}
    assert "shop.page imports pydantic, which reads the annotations of classes" in refuse(tmp_path, files)
    (tmp_path / "tree/shop/users.py").write_text(WITHOUT)
    assert "class-not-fully-defined" in run(tmp_path / "tree", "import shop.page; shop.page.Page(user=1)")


def test_a_method_moves_its_import_though_a_model_uses_the_class(tmp_path: Path) -> None:
    """pydantic reads the annotations of functions only where it is given one: the model works as before."""
    users = "from shop.orders import Order\n\n\nclass User:\n    def own(self, order: Order) -> None: ...\n"
    model = MODEL.replace("user: User", "model_config = {'arbitrary_types_allowed': True}\n    user: User")
    root = apply(tmp_path, offer(tmp_path, {**FAILING, "shop/users.py": users, "shop/page.py": model}))
    code = "import shop.page, shop.users; print(shop.page.Page(user=shop.users.User()).user.own(1))"
    assert run(root, code) == "None"


def test_a_name_that_others_take_is_still_given_on_demand(tmp_path: Path) -> None:
    """It is the same object by both paths."""
    taker = "def f():\n    from shop.users import Order\n    return Order\n"
    root = apply(tmp_path, offer(tmp_path, {**FAILING, "shop/taker.py": taker}))
    code = "import shop.users, shop.taker, shop.orders; print(shop.taker.f() is shop.users.Order is shop.orders.Order)"
    assert run(root, code) == "True"
    assert "no attribute 'Nothing'" in run(root, "import shop.users; shop.users.Nothing")


def test_an_accepted_cycle_is_left_alone(tmp_path: Path) -> None:
    """By a policy there is no finding; by a comment the place is refused."""
    noted = "from shop.orders import Order  # ssot: allow[import-cycle] because it is old\n" + USER.partition("\n")[2]
    found = offer(tmp_path, {**FAILING, "shop/users.py": noted})
    assert not [
        each for each in found if isinstance(each, Offer) and any(edit.path == "shop/users.py" for edit in each.edits)
    ]


def test_names_that_functions_bind_are_those_of_the_compiler() -> None:
    """The symbol tables of CPython for the functions of some large modules say the same."""
    asked = 0
    for name in ("argparse", "typing", "inspect", "_pydecimal", "turtle"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        source = Path(spec.origin).read_bytes()
        tree = parse(source).tree
        assert tree is not None
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        by_place: dict[tuple[str, int], set[str]] = {}
        waiting = [symtable.symtable(source.decode(), name, "exec")]
        while waiting:
            table = waiting.pop()
            waiting.extend(table.get_children())
            if isinstance(table, symtable.Function):
                names = {each.get_name() for each in table.get_symbols() if each.is_local()}
                by_place.setdefault((table.get_name(), table.get_lineno()), set()).update(names)
        for node in functions:
            line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            known = by_place.get((node.name, node.lineno), by_place.get((node.name, line)))
            outer = {each for part in ast.walk(node) if isinstance(part, ast.Nonlocal) for each in part.names}
            if known is not None:
                asked += 1
                mine = {each for each in find_bound(node) - outer if "__" not in each}  # the compiler mangles these
                assert mine == {each for each in known - outer if "__" not in each}, node.name
    assert asked > 500

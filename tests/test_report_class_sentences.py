"""What notebooks say of classes and concepts: true, complete about what is hidden, and never markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import UnknownNameError
from analysis.report import class_sentences, concept_sentences

Tree = Callable[..., Path]
BODY = "\n".join(f"    def m{n}(self, x):\n        y = x + {n}\n        return y * {n}\n" for n in range(4))
SHOP = {
    "shop/__init__.py": "",
    "shop/db.py": f"class Order:\n{BODY}\nclass OrderRegistry:\n    def add(self, order): ...\n    def get(self): 0\n",
    "shop/api.py": "from shop.db import Order\n\ndef load():\n    return Order()\n",
    "shop/cart.py": "from shop.api import Order\nfrom shop.db import Invoice\n",
    "shop/old.py": f"class Parcel:\n{BODY}\nclass UserRegistry:\n    def add(self, user, force): ...\n\n"
    "TheParcel = Parcel()\n",
    "ssot.toml": '[[concept]]\nname = "registries"\nmatch = ["*Registry"]\nwithin = "shop"\n',
}
CLASSES = (
    class_sentences.format_identity, class_sentences.list_classes, class_sentences.format_paths,
    class_sentences.list_paths,
    class_sentences.draw_paths, class_sentences.list_violations, class_sentences.list_conflicts,
    class_sentences.list_phantom_names, class_sentences.list_instances,
)  # fmt: skip
CONCEPTS = (
    concept_sentences.format_concepts, concept_sentences.list_concepts, concept_sentences.list_members,
    concept_sentences.list_methods, concept_sentences.format_duplicates, concept_sentences.list_duplicates,
    concept_sentences.list_folder_copies, concept_sentences.show_difference, concept_sentences.format_rivals,
    concept_sentences.list_users,
)  # fmt: skip


def show(display: object) -> str:
    """Return what a display puts on a page, without the marks where long names may wrap."""
    page = getattr(display, "page", None) or str(display)
    return str(page).replace("<wbr>", "")


@pytest.fixture
def shop(make_tree: Tree, tmp_path: Path) -> analysis.Investigation:
    """Investigate the shop."""
    return analysis.investigate(make_tree(SHOP), data=tmp_path / "data")


@pytest.mark.parametrize("tell", [*CLASSES, *CONCEPTS], ids=lambda tell: tell.__name__)
def test_a_tree_without_classes_is_told_too(
    make_tree: Tree, tmp_path: Path, tell: Callable[[analysis.Investigation], object]
) -> None:
    assert show(tell(analysis.investigate(make_tree({"a.py": ""}), data=tmp_path / "data")))


def test_the_class_taken_from_the_wrong_place_is_named_with_its_right_path(shop: analysis.Investigation) -> None:
    assert "1 import statement in 1 file takes a class" in show(class_sentences.format_identity(shop))
    told = show(class_sentences.format_paths(shop))
    assert "`shop.db:Order` should be imported as `shop.db.Order`; 1 statement uses another path." in told
    page = show(class_sentences.list_paths(shop, "Order"))
    assert "shop.api.Order" in page
    assert "shop/cart.py:1" in show(class_sentences.list_violations(shop))


def test_the_network_leads_from_each_path_to_where_it_came_from(shop: analysis.Investigation) -> None:
    network = class_sentences.draw_paths(shop, "Order")
    assert {(link.importer, link.imported) for link in network.links} == {
        ("shop.api.Order", "shop.db.Order"),
    }
    assert "Not drawn: 1 path" in network.hidden


def test_names_that_are_not_there_and_objects_that_look_like_classes_are_listed(shop: analysis.Investigation) -> None:
    assert "Invoice" in show(class_sentences.list_phantom_names(shop))
    assert "shop.old.TheParcel" in show(class_sentences.list_instances(shop))


def test_a_concept_over_its_limit_is_told_with_its_members_and_their_methods(shop: analysis.Investigation) -> None:
    assert "`registries` has 2 classes (at most 1 allowed)" in show(concept_sentences.format_concepts(shop))
    assert "shop.old:UserRegistry" in show(concept_sentences.list_members(shop, "registries"))
    methods = show(concept_sentences.list_methods(shop, "registries"))
    assert "(self, order)" in methods
    assert "(self, user, force)" in methods
    assert "–" in methods


FAMILY = {
    "shop/__init__.py": "",
    "shop/base.py": "from abc import ABC\nclass Store(ABC):\n    def get(self): ...\n",
    "shop/disk.py": "from shop.base import Store\nclass DiskStore(Store):\n    def get(self): return 1\n"
    "    def put(self, x): return 2\n    def drop(self): return 3\n",
    "shop/safe.py": "class SafeStore:\n    def __init__(self, inner):\n        self.inner = inner\n"
    "    def get(self): return self.inner.get()\n    def put(self, x): return self.inner.put(x)\n",
    "shop/fast.py": "from shop.disk import DiskStore\nclass FastStore(DiskStore): ...\n",
}


def test_bases_subclasses_wrappers_and_users_of_a_concept_are_told_apart(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(FAMILY), data=tmp_path / "data")
    told = show(concept_sentences.format_rivals(inv, "*Store"))
    assert (
        "3 classes of `*Store` count as implementations. Of these, 2 extend another of the family, and 1 only delegates"
        in told
    )
    assert "1 more class does not count" in told
    rows = inv.members("*Store").set_index("name")
    assert rows["extends"].to_dict() == {
        "Store": [], "DiskStore": ["shop.base:Store"], "FastStore": ["shop.base:Store", "shop.disk:DiskStore"],
        "SafeStore": [],
    }  # fmt: skip
    assert "DiskStore (wrapper)" in show(concept_sentences.list_members(inv, "*Store"))
    assert set(inv.users("*Store")["path"]) == {"shop/disk.py", "shop/fast.py"}
    assert inv.compare("*Store").loc["drop"].to_dict()["shop.disk:DiskStore"] == "(self)"
    assert "shop.fast" in show(concept_sentences.list_users(inv, "*Store"))


def test_near_duplicates_are_listed_and_shown_side_by_side(shop: analysis.Investigation) -> None:
    assert "1 class and no methods of other classes is equal" in show(concept_sentences.format_duplicates(shop))
    assert "shop.db:Order" in show(concept_sentences.list_duplicates(shop))
    page = show(concept_sentences.show_difference(shop))
    assert "class Order:" in page
    assert "class Parcel:" in page
    Path(shop.manifest.root, "shop/db.py").unlink()
    assert "no longer exists" in show(concept_sentences.show_difference(shop))


def test_an_unknown_name_is_refused_with_the_known_ones(shop: analysis.Investigation) -> None:
    with pytest.raises(UnknownNameError, match="registries"):
        concept_sentences.list_members(shop, "bogus")
    with pytest.raises(UnknownNameError):
        class_sentences.list_paths(shop, "Ordre.Bogus")


@pytest.mark.parametrize("tell", [*CLASSES, *CONCEPTS], ids=lambda tell: tell.__name__)
def test_hostile_names_never_become_markup(
    make_tree: Tree, tmp_path: Path, tell: Callable[[analysis.Investigation], object]
) -> None:
    evil = "<script>alert(1)</script>"
    policy = f"[[concept]]\nname = '{evil}'\nmatch = ['*']\n"
    files = {
        f"{evil}/a.py": f"class Order:\n{BODY}",
        f"{evil}/b.py": f"class Other:\n{BODY}    # {evil}\n",
        "ssot.toml": policy,
    }
    page = show(tell(analysis.investigate(make_tree(files), data=tmp_path / "data")))
    assert evil not in page.replace("`<script>alert(1)</script>`", "")

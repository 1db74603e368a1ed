"""Copies of folders are one finding for each original; copied classes one for each body."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rule_trees import judge

Tree = Callable[..., Path]
STEPS = "    a = x + 1\n    b = a * 2\n    c = b - 1\n    return c\n"


def folder(name: str, *, files: int = 4) -> dict[str, str]:
    """Return the files of one folder."""
    return {f"{name}/m{number}.py": f"def f{number}(x):\n{STEPS}" for number in range(files)}


def test_two_files_in_common_are_a_coincidence(make_tree: Tree) -> None:
    assert judge(make_tree({**folder("app", files=2), **folder("job", files=2)}), "folder-copied") == []


def test_a_copy_is_told_by_its_name(make_tree: Tree) -> None:
    (finding,) = judge(make_tree({**folder("app"), **folder("app_old")}), "folder-copied")
    assert finding.message == "app_old is a copy of app: up to 4 files with a twin there, as the names say"
    assert (finding.severity, [place.path for place in finding.evidence]) == ("P2", ["app/m0.py", "app_old/m0.py"])


def test_many_copies_of_one_folder_are_one_finding(make_tree: Tree) -> None:
    names = ("shop", "shop_old", "legacy_shop", "shop_v2", "zebra")
    files = {name: source for each in names for name, source in folder(each).items()}
    (finding,) = judge(make_tree(files), "folder-copied")
    assert finding.subject == "shop"
    assert finding.message.startswith("legacy_shop, shop_old, shop_v2 and 1 more are copies of shop")


def test_copies_among_tests_matter_less(make_tree: Tree) -> None:
    files = {**folder("tests/a"), **folder("tests/b")}
    assert [finding.severity for finding in judge(make_tree(files), "folder-copied")] == ["P3"]


BODY = "".join(f"    def step_{n}(self, x):\n        y = x * {n}\n        return y + self.rest\n" for n in range(1, 6))


def test_equal_bodies_of_three_classes_are_one_finding(make_tree: Tree) -> None:
    files = {f"{name.lower()}.py": f"class {name}:\n{BODY}" for name in ("Order", "Parcel", "Ticket")}
    (finding,) = judge(make_tree(files), "class-copied")
    assert finding.message == "The bodies of 3 classes are equal: order:Order, parcel:Parcel, ticket:Ticket"
    assert (finding.severity, len(finding.evidence)) == ("P2", 3)


def test_a_class_that_only_resembles_another_is_worth_knowing(make_tree: Tree) -> None:
    other = BODY.replace("step_5", "last")
    files = {"a.py": f"class Order:\n{BODY}", "b.py": f"class Parcel:\n{other}"}
    (finding,) = judge(make_tree(files), "class-copied")
    assert finding.severity == "P3"
    assert "alike to" in finding.message

"""Fixes are proved on the tree that they make, one after the other, and written as patches that git takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from git_trees import commit, git

from analysis import investigate
from analysis.fixes.catalogue import FixContext, Kind
from analysis.fixes.choosing import NO_TIME, Choice, choose_fixes
from analysis.fixes.fixing import change_with, find_fixes, write_patches
from analysis.fixes.lines import list_lines
from analysis.fixes.offers import Edit, Offer, Refusal

Tree = Callable[[Mapping[str, str | bytes]], Path]
APP = {
    "app/__init__.py": "",
    "app/core.py": "class Order:\n    pass\n\n\nclass Item:\n    pass\n",
    "app/api.py": "from app.core import Order, Item\n",
    "app/deal.py": "# kept\nfrom app.api import Order  # as it is\n\nORDER = Order()\n",
    "app/shelf.py": "from app.api import Item\n",
}


def offer(path: str, content: bytes, old: bytes, new: bytes, *, kind: str = "any", clears: str = "") -> Offer:
    start = content.index(old)
    edits = (Edit(path, start, start + len(old), new),)
    return Offer(kind, path, f"Change {path}", "Because.", (clears,) if clears else (), edits)


def choose(root: Path, data: Path, *offers: Offer, seconds: float = 100) -> Choice:
    """Prove given offers on a tree: those that are made are not offered again."""
    first = investigate(root, data=data)

    def find(fixing: FixContext) -> Iterator[Offer | Refusal]:
        for each in offers:
            edit = each.edits[0]
            if fixing.tree.read_bytes(edit.path)[edit.start : edit.start + len(edit.text)] != edit.text:
                yield each

    return choose_fixes(first, change_with(first), kinds=[Kind("any", "anything", find)], seconds=seconds)


def test_imports_are_fixed_and_a_second_run_finds_nothing(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(APP)
    first = investigate(root, data=tmp_path)
    choice = find_fixes(first)
    assert choice.changes["app/deal.py"] == b"# kept\nfrom app.core import Order  # as it is\n\nORDER = Order()\n"
    assert choice.refused == []
    assert {each.rule for fix in choice.fixes for each in fix.proof.cleared} == {"class-taken-from-elsewhere"}
    assert choice.fixes[-1].proof.scores[1] == choice.last.table("scores").to_pylist()[0]["score"]
    for path, content in choice.changes.items():
        assert content is not None
        (root / path).write_bytes(content)
    again = find_fixes(investigate(root, data=tmp_path))
    assert (again.fixes, again.scaffolds, again.refused) == ([], [], [])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"class Item", b"class Thing", "app.core.Item"),
        (b"class Order:", b"import app.shelf\nclass Order:", "would fail"),
        (b"class Order:", b"import nowhere_at_all, app.gone\nclass Order:", "it would bring"),
        (b"pass", b"...", "it clears no finding"),
    ],
)  # fmt: skip
def test_an_offer_that_does_harm_is_refused_with_the_reason(
    old: bytes, new: bytes, reason: str, make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree(APP)
    choice = choose(root, tmp_path, offer("app/core.py", APP["app/core.py"].encode(), old, new))
    assert choice.fixes == [] and choice.changes == {}
    assert len(choice.refused) == 1
    assert reason in choice.refused[0].reason


def test_the_harmful_one_of_many_offers_is_found(make_tree: Tree, tmp_path: Path) -> None:
    users = {f"app/user{number}.py": "from app.api import Order\n" for number in range(20)}
    root = make_tree({**APP, **users, "app/bad.py": "import os\n"})
    good = [offer(path, text.encode(), b"app.api", b"app.core") for path, text in users.items()]
    bad = offer("app/bad.py", b"import os\n", b"import os", b"import app.gone")
    choice = choose(root, tmp_path, *good[:10], bad, *good[10:])
    assert sorted(choice.changes) == sorted(users)
    assert [(each.path, "app.gone" in each.reason) for each in choice.refused] == [("app/bad.py", True)]


def test_without_time_nothing_is_made_and_each_offer_says_so(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(APP)
    choice = choose(root, tmp_path, offer("app/deal.py", APP["app/deal.py"].encode(), b"api", b"core"), seconds=0)
    assert (choice.fixes, [each.reason for each in choice.refused]) == ([], [NO_TIME])


def test_two_offers_for_the_same_bytes_are_not_made_together(make_tree: Tree, tmp_path: Path) -> None:
    root, text = make_tree(APP), APP["app/deal.py"].encode()
    one, two = offer("app/deal.py", text, b"app.api", b"app.core"), offer("app/deal.py", text, b"api", b"core ")
    choice = choose(root, tmp_path, one, two)
    assert [fix.offer for fix in choice.fixes] == [one]


#: Files as they come, each with a class imported past its canonical path.
ODD: Mapping[str, bytes] = {
    "plain.py": b"from app.api import Order\nX = 1\n",
    "no_end.py": b"X = 1\nfrom app.api import Order",
    "crlf.py": b"import os\r\nfrom app.api import Order\r\nX = 1\r\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nX = '\xe9'\nfrom app.api import Order\n",
    "with space.py": b"from app.api import Order\n",
    'quo"te.py': b"from app.api import Order\n",
    "tab\there.py": b"from app.api import Order\n",
    "\u00e9t\u00e9.py": b"from app.api import Order\n",
    "form.py": b"from app.api import Order\n\x0cX = 1\nY = '\xe2\x80\xa8'\n",
    "far.py": b"from app.api import Order\n" + b"\n".join(b"X%d = 1" % number for number in range(40)) + b"\n",
    "diff.py": b"X = '''\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n'''\nfrom app.api import Order\n",
}


def test_git_takes_every_patch_and_makes_of_it_what_was_proved(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**APP, **ODD})
    commit(root)
    choice = find_fixes(investigate(root, data=tmp_path / "data"))
    assert set(ODD) <= set(choice.changes)
    for patch in write_patches(choice, tmp_path / "fixes"):
        assert patch.read_bytes().startswith(b"# Import ")
        git(root, "apply", "--check", str(patch))
        git(root, "apply", str(patch))
    for path, content in choice.changes.items():
        assert (root / path).read_bytes() == content, path


def test_patches_of_new_deleted_empty_and_changed_files_are_taken(make_tree: Tree, tmp_path: Path) -> None:
    from analysis.fixes.choosing import Fix  # noqa: PLC0415
    from analysis.fixes.patches import write_patch  # noqa: PLC0415

    before: dict[str, bytes | None] = {
        "a/new.py": None, "b.py": b"x\n", "empty.py": None, "was empty.py": b"", "gone empty.py": b"",
        "end.py": b"a\nb",
        "long.py": b"\n".join(b"%d" % number for number in range(100)), "same.py": b"x\n",
    }  # fmt: skip
    after: dict[str, bytes | None] = {
        "a/new.py": b"y\nz", "b.py": None, "empty.py": b"", "was empty.py": b"1\n", "gone empty.py": None,
        "end.py": b"a\nb\n", "long.py": b"\n".join(b"%d" % (number % 97) for number in range(101)), "same.py": b"x\n",
    }  # fmt: skip
    root = make_tree({path: content for path, content in before.items() if content is not None})
    commit(root)
    choice = choose(make_tree(APP), tmp_path, offer("app/deal.py", APP["app/deal.py"].encode(), b"api", b"core"))
    patch = tmp_path / "one.patch"
    patch.write_bytes(write_patch(Fix(choice.fixes[0].offer, choice.fixes[0].proof, before, after)))
    git(root, "apply", str(patch))
    found = {path: (root / path).read_bytes() if (root / path).exists() else None for path in after}
    assert found == after


def test_what_a_terminal_shows_of_a_hostile_tree_is_harmless(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**APP, "evil\x1b[2J.py": b"from app.api import Order  # \x1b[31m \xe2\x80\xae\n"})
    lines = [line for _, line in list_lines(find_fixes(investigate(root, data=tmp_path)))]
    assert any("x1b[31m" in line for line in lines)
    assert not any("\x1b" in line or "\u202e" in line for line in lines)


def test_patches_of_an_earlier_run_go(make_tree: Tree, tmp_path: Path) -> None:
    choice = find_fixes(investigate(make_tree(APP), data=tmp_path / "data"))
    folder = tmp_path / "fixes"
    folder.mkdir()
    (folder / "99-old.patch").write_text("")
    (folder / "mine.txt").write_text("")
    places = write_patches(choice, folder)
    assert places and sorted(folder.iterdir()) == sorted([*places, folder / "mine.txt"])

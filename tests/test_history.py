"""The ratchet knows a finding again after moves, renames and reformatting, and tells what is new or worse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge_case, open_case

from analysis.errors import BaselineError
from analysis.history import Baseline, Comparison, build_baseline, compare, read_baseline, write_baseline
from analysis.history.ratchet import find_renames

Tree = Callable[..., Path]
BODY = "".join(f"    def step_{n}(self, x):\n        return self.rest + x * {n}\n" for n in range(6))
FILES = {
    "p/__init__.py": "",
    "p/orders.py": f"class Order:\n{BODY}\ndef total(): ...\nLIMIT = 3\n",
    "p/shop.py": "from p.orders import Order, total\nprint(Order)\ndef open_shop(): ...\ndef close_shop(): ...\n",
    "p/user.py": "from p.shop import Order\nfrom p import gone\nclass User(Order):\n    def name(self): ...\n",
    "p/left.py": "import p.right\ndef one(): ...\n",
    "p/right.py": "import p.left\ndef two(): ...\n",
}


def take(root: Path) -> tuple[Baseline, list[str]]:
    """Return the baseline of a tree, and its files."""
    case = open_case(root)
    return build_baseline(judge_case(case).findings, case.facts), [str(p) for p in case.facts.files["path"].to_pylist()]


def move(make_tree: Tree, change: Callable[[Path], None]) -> tuple[Comparison, Baseline]:
    """Return what a change of the tree does to its findings, as new against old."""
    old, _ = take(make_tree(FILES))
    root = make_tree(FILES)
    change(root)
    new, present = take(root)
    return compare(old, new, present), new


def rewrite(root: Path, name: str, old: str, new: str) -> None:
    """Replace text of a file that has it."""
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def rename(root: Path, old: str, new: str) -> None:
    """Rename a module and every mention of it, as a refactoring tool does."""
    for path in sorted(root.rglob("*.py")):
        path.write_text(path.read_text().replace(f"p.{old}", f"p.{new}"))
    (root / "p" / f"{old}.py").rename(root / "p" / f"{new}.py")


def test_the_tree_has_findings_of_several_rules(make_tree: Tree) -> None:
    rules = {known.rule for known in take(make_tree(FILES))[0].findings}
    assert {"class-taken-from-elsewhere", "import-cycle", "phantom-name"} <= rules


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "notes.txt").write_text(""),
        lambda root: rewrite(root, "p/user.py", "from p.shop", "# a comment\n\n\nfrom p.shop"),
        lambda root: rewrite(root, "p/user.py", "from p.shop import Order", "from p.shop import (\n    Order,\n)"),
        lambda root: rename(root, "user", "customer"),
        lambda root: rename(root, "orders", "sales"),
        lambda root: rename(root, "shop", "store"),
        lambda root: rename(root, "right", "aright"),
        lambda root: (rename(root, "user", "a"), rewrite(root, "p/a.py", "self): ...", "self):\n        return None")),
    ],
    ids=["nothing", "moved", "reformatted", "user", "definition", "passing", "cycle", "renamed-and-reformatted"],
)
def test_nothing_is_new_after_a_change_of_form(make_tree: Tree, change: Callable[[Path], None]) -> None:
    found, new = move(make_tree, change)
    assert set(found.statuses) == {"known"}, [
        known for known, status in zip(new.findings, found.statuses, strict=True) if status != "known"
    ]
    assert found.gone == ()


def test_one_more_place_is_worse(make_tree: Tree) -> None:
    found, new = move(
        make_tree, lambda root: rewrite(root, "p/left.py", "def one", "from p.shop import Order\ndef one")
    )
    worse = {known.rule for known, status in zip(new.findings, found.statuses, strict=True) if status == "worse"}
    assert worse == {"class-taken-from-elsewhere"}
    assert "new" not in found.statuses


def test_another_subject_is_new_and_a_mended_one_is_gone(make_tree: Tree) -> None:
    def change(root: Path) -> None:
        rewrite(root, "p/left.py", "import p.right\n", "")
        rewrite(root, "p/right.py", "def two", "from p import missing\ndef two")

    found, new = move(make_tree, change)
    fresh = [known for known, status in zip(new.findings, found.statuses, strict=True) if status == "new"]
    assert [(known.rule, known.subject) for known in fresh] == [("phantom-name", "p.missing")]
    assert [known.rule for known in found.gone] == ["import-cycle"]


def test_a_third_module_in_a_cycle_is_new(make_tree: Tree) -> None:
    def change(root: Path) -> None:
        rewrite(root, "p/right.py", "import p.left", "import p.middle")
        (root / "p/middle.py").write_text("import p.left\n")

    found, new = move(make_tree, change)
    fresh = [known.rule for known, status in zip(new.findings, found.statuses, strict=True) if status == "new"]
    assert fresh == ["import-cycle"]


def test_a_copied_file_is_not_a_renamed_one(make_tree: Tree) -> None:
    found, new = move(make_tree, lambda root: shutil.copy(root / "p/orders.py", root / "p/copy.py"))
    fresh = [known.rule for known, status in zip(new.findings, found.statuses, strict=True) if status == "new"]
    assert "class-defined-more-than-once" in fresh


def test_files_of_few_names_are_not_confused() -> None:
    assert find_renames({"a/x.py": "11111111"}, {"b/y.py": "1111111122222222"}) == {}
    assert find_renames({"a/x.py": "11111111"}, {"b/y.py": "11111111"}) == {"a/x.py": "b/y.py"}
    assert find_renames({"a/x.py": ""}, {"b/x.py": ""}) == {}
    assert find_renames({"a/x.py": "11111111"}, {"b/y.py": "11111111"}, ["a/x.py"]) == {}


def make_sketch(*numbers: int) -> str:
    return "".join(f"{number:08d}" for number in numbers)


@pytest.mark.parametrize(
    ("shared", "is_renamed"), [(12, True), (9, True), (8, True), (7, False), (1, False), (0, False)]
)
def test_a_file_is_a_renamed_one_when_both_share_half_of_all_their_names(shared: int, is_renamed: bool) -> None:
    """Eight of twelve and twelve names are half of sixteen."""
    old, new = make_sketch(*range(12)), make_sketch(*range(12 - shared, 24 - shared))
    assert find_renames({"a/x.py": old}, {"b/y.py": new}) == ({"a/x.py": "b/y.py"} if is_renamed else {})


def test_of_several_new_files_the_most_alike_is_the_renamed_one_and_each_is_taken_once() -> None:
    old = {"a.py": make_sketch(*range(10)), "b.py": make_sketch(*range(1, 11))}
    near, same = make_sketch(*range(2, 12)), make_sketch(*range(10))
    assert find_renames({"a.py": old["a.py"]}, {"y.py": near, "z.py": same}) == {"a.py": "z.py"}
    assert find_renames(old, {"y.py": near, "z.py": same}) == {"a.py": "z.py", "b.py": "y.py"}
    assert find_renames(old, {"z.py": same}) == {"a.py": "z.py"}
    assert find_renames({"p/a.py": same}, {"q/a.py": same, "p/b.py": same}) == {"p/a.py": "q/a.py"}


def test_a_file_of_four_names_is_renamed_only_under_its_own_name_or_unchanged() -> None:
    old, close = make_sketch(1, 2, 3, 4), make_sketch(1, 2, 3, 5)
    assert find_renames({"p/a.py": old}, {"q/b.py": close}) == {}
    assert find_renames({"p/a.py": old}, {"q/a.py": close}) == {"p/a.py": "q/a.py"}
    assert find_renames({"p/a.py": old}, {"q/b.py": old}) == {"p/a.py": "q/b.py"}
    assert find_renames({"p/a.py": make_sketch(1, 2, 3, 4, 5)}, {"q/b.py": make_sketch(1, 2, 3, 4, 6)}) == {
        "p/a.py": "q/b.py"
    }


def test_a_baseline_is_read_as_it_was_written(make_tree: Tree, tmp_path: Path) -> None:
    baseline = take(make_tree(FILES))[0].model_copy(update={"target": 'a "b"\n', "revision": "abc", "score": 41.25})
    write_baseline(tmp_path / "b.json", baseline)
    found = read_baseline(tmp_path / "b.json")
    assert sorted(found.findings, key=repr) == sorted(baseline.findings, key=repr)
    assert found.model_copy(update={"findings": ()}) == baseline.model_copy(update={"findings": ()})
    before = (tmp_path / "b.json").read_bytes()
    write_baseline(tmp_path / "b.json", found)
    assert (tmp_path / "b.json").read_bytes() == before
    write_baseline(tmp_path / "empty.json", Baseline())
    assert read_baseline(tmp_path / "empty.json") == Baseline()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot read the baseline"),
        ("no json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "has the format None, not 1"),
        ('{"format": 2}', "has the format 2, not 1"),
        ('{"format": 1, "findings": [{"fingerprint": 3}]}', "is damaged at findings.0.fingerprint"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_one_line(tmp_path: Path, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / "b.json").write_text(text)
    with pytest.raises(BaselineError, match=told) as raised:
        read_baseline(tmp_path / "b.json")
    assert "\n" not in str(raised.value)
    assert "ssot baseline write" in str(raised.value)


def test_each_finding_stands_on_a_line_of_its_own(make_tree: Tree, tmp_path: Path) -> None:
    baseline = take(make_tree(FILES))[0]
    write_baseline(tmp_path / "b.json", baseline)
    rows = [line for line in (tmp_path / "b.json").read_text().splitlines() if '"fingerprint"' in line]
    assert len(rows) == len(baseline.findings)
    assert [json.loads(row.rstrip(","))["rule"] for row in rows] == sorted(known.rule for known in baseline.findings)

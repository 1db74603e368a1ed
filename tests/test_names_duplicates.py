"""Bodies that are equal or alike, folders that are copies, and two bodies side by side."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import tables
from analysis.facts import scan
from analysis.names.duplicates import build_duplicates
from analysis.names.side_by_side import COLUMNS, build_side_by_side
from analysis.names.sketches import find_alike
from analysis.resolve.modules import ModuleIndex

Find = Callable[[dict[str, str]], tuple[list[dict[str, Any]], list[dict[str, Any]]]]


@pytest.fixture
def find(make_tree: Callable[..., Path]) -> Find:
    """Return a function from a dict of file name to source to the rows of duplicates and folder copies."""

    def run(files: dict[str, str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        facts = scan(make_tree(files), jobs=1)
        index = ModuleIndex(facts.modules)
        duplicates, copies = build_duplicates(facts.files, facts.definitions, facts.methods, index)
        assert (duplicates.schema, copies.schema) == (tables.DUPLICATES.schema, tables.FOLDER_COPIES.schema)
        return duplicates.to_pylist(), copies.to_pylist()

    return run


def a_class(name: str, *, lines: int = 12, changed: tuple[int, ...] = (), seed: str = "") -> str:
    """Return a class with a method of that many lines, some of them changed."""
    body = "".join(
        f"        value{n} = self.compute{seed}({n}{' + 1' if n in changed else ''})\n" for n in range(lines)
    )
    return f"class {name}:\n    def run(self):\n{body}"


def test_an_empty_target_has_no_duplicates(find: Find) -> None:
    assert find({"a.py": ""}) == ([], [])


def test_equal_bodies_are_found_whatever_their_names_comments_and_layout(find: Find) -> None:
    dressed = (
        a_class("Motor")
        .replace("    def run", "    # why\n\n    def run")
        .replace("(self):", '(self):\n        """Doc."""')
    )
    (row,), _ = find({"a.py": a_class("Engine"), "b.py": dressed})
    assert (row["level"], row["first"], row["second"], row["similarity"]) == ("class", "a:Engine", "b:Motor", 1.0)
    assert (row["first_path"], row["first_line"], row["first_end_line"]) == ("a.py", 1, 14)
    assert row["is_same_name"] is False


def test_bodies_that_differ_a_little_are_alike_and_others_are_not(find: Find) -> None:
    rows, _ = find({
        "a.py": a_class("Engine", lines=30), "b.py": a_class("Engine", lines=30, changed=(10,)),
        "c.py": a_class("Engine", lines=30, seed="other"),
    })  # fmt: skip
    (row,) = rows
    assert (row["first"], row["second"], row["is_same_name"]) == ("a:Engine", "b:Engine", True)
    assert 0.7 <= row["similarity"] < 1


def test_a_few_equal_lines_are_no_duplicate(find: Find) -> None:
    assert find({"a.py": "class A(Exception):\n    pass\n", "b.py": "class B(Exception):\n    pass\n"}) == ([], [])


def test_a_group_of_n_is_n_minus_one_rows(find: Find) -> None:
    rows, _ = find({f"m{n}.py": a_class("Engine", lines=40, changed=(n,)) for n in range(20)})
    assert len(rows) == 19
    assert len({row["group"] for row in rows}) == 1


def test_equal_methods_are_found_unless_their_classes_are_alike(find: Find) -> None:
    extra = "".join(f"    def own{n}(self):\n        return {n}\n        # {n}\n" for n in range(40))
    rows, _ = find({"a.py": a_class("A"), "b.py": a_class("B") + extra, "c.py": a_class("C")})
    found = {(row["level"], row["first"], row["second"]) for row in rows}
    assert found == {("class", "a:A", "c:C"), ("method", "a:A.run", "b:B.run")}


def test_a_class_is_no_duplicate_of_the_one_in_its_own_body(find: Find) -> None:
    inner = "".join(f"    {line}\n" for line in a_class("Inner", lines=30).splitlines())
    assert find({"a.py": f"class Outer:\n{inner}"}) == ([], [])


@pytest.mark.parametrize(("copy", "hint"), [("app_old", "app_old"), ("legacy/app", "legacy"), ("twin", "")])
def test_a_copied_folder_is_one_row_that_explains_its_classes(find: Find, copy: str, hint: str) -> None:
    files = {}
    for number in range(4):
        files[f"app/sub/m{number}.py"] = a_class(f"Engine{number}", seed=str(number))
        files[f"{copy}/sub/m{number}.py"] = a_class(f"Engine{number}", seed=str(number))
    files["app/more.py"] = "x = 1\n"
    rows, copies = find(files)
    (found,) = copies
    assert {found["first"], found["second"]} == {"app", copy}
    assert (found["files"], found["hint"]) == (4, hint)
    assert len(rows) == 4
    assert all(row["folder_copy"] for row in rows)


def test_a_few_files_of_one_name_are_no_copied_folder(find: Find) -> None:
    files = {f"{folder}/m.py": a_class("Engine") for folder in ("a", "b")}
    assert find(files)[1] == []


def _sketch(lines: list[str]) -> list[int]:
    pairs = pairwise(lines)
    return sorted({zlib.crc32(second.encode(), zlib.crc32(first.encode())) for first, second in pairs})[:32]


def test_the_estimate_is_near_the_true_similarity() -> None:
    shuffled = random.Random(1)
    errors = []
    for _ in range(60):
        first = [f"line {shuffled.randrange(10_000)}" for _ in range(150)]
        second = list(first)
        for _ in range(shuffled.randrange(25)):
            second[shuffled.randrange(150)] = f"new {shuffled.randrange(10_000)}"
        sets = [set(pairwise(lines)) for lines in (first, second)]
        true = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        array = pa.array([_sketch(first), _sketch(second)], type=pa.list_(pa.uint32()))
        _, _, similarity = find_alike(array, 0.0)
        errors.append(abs(float(similarity[0]) - true))
    assert float(np.mean(errors)) < 0.08


def test_work_grows_with_the_bodies_not_with_their_pairs() -> None:
    sketch = list(range(32))
    array = pa.array([[*sketch[:-1], 1000 + n] for n in range(20_000)], type=pa.list_(pa.uint32()))
    first, second, similarity = find_alike(array, 0.7)
    assert 19_999 <= first.size <= 40_000
    assert set(first) | set(second) == set(range(20_000))
    assert float(similarity.min()) >= 0.7


@given(st.lists(st.lists(st.integers(0, 40), max_size=12).map(lambda values: sorted(set(values))), max_size=8))
def test_alike_sets_are_those_with_that_share_in_common(sketches: list[list[int]]) -> None:
    array = pa.array(sketches, type=pa.list_(pa.uint32()))
    first, second, similarity = find_alike(array, 0.5)
    for left, right, alike in zip(first, second, similarity, strict=True):
        both, either = set(sketches[left]) & set(sketches[right]), set(sketches[left]) | set(sketches[right])
        size = max(len(sketch) for sketch in sketches)
        smallest = set(sorted(either)[:size])
        assert alike == pytest.approx(len(both & smallest) / len(smallest))
        assert left < right


def test_no_lines_beside_no_lines_is_an_empty_frame() -> None:
    frame = build_side_by_side([], [])
    assert (list(frame.columns), len(frame)) == (list(COLUMNS), 0)


def test_equal_changed_and_single_lines_stand_beside_one_another() -> None:
    frame = build_side_by_side(["a", "b", "c", "x"], ["  a", "B", "c", "x", "d"], first_line=10, second_line=1)
    assert frame["change"].tolist() == ["=", "~", "=", "=", ">"]
    assert frame["first_line"].tolist() == [10, 11, 12, 13, 0]
    assert frame["second"].tolist() == ["  a", "B", "c", "x", "d"]
    assert build_side_by_side(["a", "b"], ["b"])["change"].tolist() == ["<", "="]


def test_very_long_bodies_are_still_shown() -> None:
    frame = build_side_by_side(["a"] * 3000, ["a"] * 2999 + ["b", "c"])
    assert frame["change"].value_counts().to_dict() == {"=": 2999, "~": 1, ">": 1}

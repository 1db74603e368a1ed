"""Class names that are defined more than once."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pytest

from analysis import tables
from analysis.names.class_index import build_class_index, find_importable
from analysis.names.duplicate_names import find_duplicate_names
from analysis.names.frames import DUPLICATE_NAME_COLUMNS as COLUMNS
from analysis.names.frames import build_duplicate_names_frame


@dataclass(frozen=True)
class _Facts:
    """The tables that the census reads."""

    modules: pa.Table
    definitions: pa.Table


def _class(
    path: str, line: int, qualname: str, *, scope: str = "module", guard: str = "none", marks: tuple[str, ...] = ()
) -> tuple[object, ...]:
    name = qualname.rpartition(".")[2]
    empty: list[str] = []
    return (
        path, line, line, line + 1, name, qualname, scope, guard, "", "", empty, "", empty, list(marks),
        empty, empty, "0" * 16, [],
    )  # fmt: skip


def _facts(modules: list[tuple[object, ...]], classes: list[tuple[object, ...]]) -> _Facts:
    return _Facts(tables.MODULES.from_rows(modules), tables.DEFINITIONS.from_rows(classes))


def _module(name: str, kind: str = "module", *, is_primary: bool = True, shadowed_by: str = "") -> tuple[object, ...]:
    return (name, name.replace(".", "/") + ".py", kind, ".", is_primary, False, shadowed_by, [])


def test_an_empty_target_has_no_repeated_names() -> None:
    frame = build_duplicate_names_frame(find_duplicate_names(_facts([], [])))
    assert list(frame.columns) == list(COLUMNS)
    assert frame.empty


def test_a_name_defined_once_is_not_repeated() -> None:
    assert find_duplicate_names(_facts([_module("a")], [_class("a.py", 1, "Engine")])) == []


def test_two_modules_that_define_one_name_are_listed_with_their_places() -> None:
    classes = [_class("b.py", 7, "Engine"), _class("a.py", 3, "Engine"), _class("a.py", 9, "Other")]
    (found,) = find_duplicate_names(_facts([_module("a"), _module("b")], classes))
    assert (found.name, found.definitions) == ("Engine", 2)
    assert found.modules == ("a", "b")
    assert found.places == (("a.py", 3), ("b.py", 7))


def test_branches_of_one_module_are_one_definition() -> None:
    classes = [_class("a.py", 1, "Engine", guard="if"), _class("a.py", 4, "Engine", guard="else")]
    assert find_duplicate_names(_facts([_module("a")], classes)) == []


def test_fallbacks_and_classes_in_functions_are_counted_apart() -> None:
    classes = [
        _class("a.py", 1, "Engine"),
        _class("b.py", 1, "Engine"),
        _class("c.py", 5, "Engine", guard="except"),
        _class("c.py", 9, "make.<locals>.Engine", scope="function"),
        _class("c.py", 20, "Box.Engine", scope="class"),
    ]
    (found,) = find_duplicate_names(_facts([_module("a"), _module("b"), _module("c")], classes))
    assert (found.definitions, found.nested, found.fallbacks, found.local_definitions) == (3, 1, 1, 1)


def test_what_nobody_can_import_does_not_count() -> None:
    modules = [_module("a"), _module("run", "script"), _module("old", shadowed_by="old/__init__.py")]
    classes = [_class(path, 1, "Engine") for path in ("a.py", "run.py", "old.py", "not_listed.py")]
    classes.append(_class("a.py", 9, "Engine", scope="type_checking"))
    assert find_duplicate_names(_facts(modules, classes)) == []


def test_a_file_under_two_names_counts_once() -> None:
    modules = [
        ("app.a", "app/a.py", "module", ".", True, False, "", []),
        ("a", "app/a.py", "module", "app", False, False, "", []),
    ]
    facts = _facts(modules, [_class("app/a.py", 1, "Engine")])
    assert find_importable(facts.modules) == {"app/a.py": "app.a"}
    assert [each.definition for each in build_class_index(facts)] == ["app.a:Engine"]


def test_the_order_of_the_facts_does_not_matter() -> None:
    classes = [_class(f"{module}.py", line, name) for module in "abc" for line, name in ((1, "X"), (5, "Y"), (7, "Z"))]
    modules = [_module(name) for name in "abc"]
    assert find_duplicate_names(_facts(modules, classes)) == find_duplicate_names(_facts(modules[::-1], classes[::-1]))


def test_a_census_needs_the_documented_columns() -> None:
    facts = _Facts(tables.MODULES.empty(), tables.MODULES.empty())
    with pytest.raises(KeyError):
        build_class_index(facts)

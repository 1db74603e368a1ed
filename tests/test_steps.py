"""Steps of chains, loops and cuts come back from the texts of the tables as they were written."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from analysis.steps import (
    BindingStep,
    CutStep,
    LeftName,
    LoopStep,
    StatementStep,
    find_bindings_in,
    join_bindings,
    read_binding,
    read_cut,
    read_left_names,
    read_loop_step,
    read_statement,
    write_left_names,
)

NAMES = st.from_regex(r"[a-z_]{1,4}(\.[a-z_]{1,4}){0,2}", fullmatch=True)
PATHS = st.from_regex(r"[a-z]( ?[a-z:]){0,5}/[a-z]\.py", fullmatch=True)
LINES = st.integers(1, 10**6)


@given(NAMES, PATHS, LINES)
def test_a_binding_comes_back(name: str, path: str, line: int) -> None:
    assert read_binding(str(BindingStep(name, path, line))) == BindingStep(name, path, line)


@given(st.lists(st.tuples(NAMES, PATHS, LINES), min_size=1))
def test_columns_of_bindings_have_the_texts_of_their_records(rows: list[tuple[str, str, int]]) -> None:
    names, paths, lines = zip(*rows, strict=True)
    steps = join_bindings(pa.array(names), pa.array(paths), pa.array(lines))
    assert steps.to_pylist() == [str(BindingStep(*row)) for row in rows]
    is_meant = find_bindings_in(steps, paths[0]).to_pylist()
    assert all(is_meant[number] for number, path in enumerate(paths) if path == paths[0])


STATES = st.sampled_from(["None", "absent", "class a.b:C", "unknown", "instance"]) | st.text(max_size=9).map(repr)


@given(st.lists(st.builds(LeftName, st.from_regex(r"[A-Za-z_]{1,4}", fullmatch=True), STATES)))
def test_names_left_behind_come_back_whatever_text_they_hold(names: list[LeftName]) -> None:
    assert read_left_names(write_left_names(names)) == names


@given(PATHS, LINES, NAMES | st.just(""))
def test_a_statement_comes_back_with_and_without_its_module(path: str, line: int, module: str) -> None:
    assert read_statement(str(StatementStep(path, line, module))) == StatementStep(path, line, module)


@given(NAMES, PATHS, LINES, NAMES)
def test_a_step_of_a_loop_comes_back(importer: str, path: str, line: int, imported: str) -> None:
    assert read_loop_step(str(LoopStep(importer, path, line, imported))) == LoopStep(importer, path, line, imported)


@given(NAMES, NAMES)
def test_a_cut_comes_back(importer: str, imported: str) -> None:
    assert read_cut(str(CutStep(importer, imported))) == CutStep(importer, imported)


def test_a_text_without_a_place_is_no_statement() -> None:
    assert read_statement("nothing at all") is None
    assert read_statement("") is None

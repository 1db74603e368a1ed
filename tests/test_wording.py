"""Every sentence counts alike, whoever writes it, and nothing that a target names can change how it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.wording import choose_form, format_count, format_some, make_harmless


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, "no cycles"), (1, "1 cycle"), (2, "2 cycles"), (1200, "1,200 cycles"), (1.0, "1 cycle")],
)
def test_a_number_has_its_noun_in_the_right_form(number: float, expected: str) -> None:
    assert format_count(number, "cycle") == expected


def test_an_irregular_plural_is_the_one_that_is_given() -> None:
    assert [format_count(number, "class", "classes") for number in (0, 1, 2)] == ["no classes", "1 class", "2 classes"]


@given(st.integers(0, 10**6))
def test_a_verb_agrees_with_the_noun_of_its_number(count: int) -> None:
    is_plural = format_count(count, "module").endswith("s")
    assert choose_form(count, "is", "are") == ("are" if is_plural else "is")


@given(st.lists(st.text("abc", min_size=1), unique=True, max_size=9))
def test_a_short_list_names_or_counts_every_name(names: list[str]) -> None:
    shown, _, rest = format_some(names).partition(" and ")
    named = shown.split(", ") if shown else []
    assert named == names[: len(named)]
    assert len(named) + int(rest.partition(" ")[0] or 0) == len(names)


@given(st.text())
def test_harmless_text_prints_as_one_line_and_stays_as_it_is(text: str) -> None:
    shown = make_harmless(text)
    assert len(shown.splitlines()) <= 1
    assert make_harmless(shown) == shown
    shown.encode("utf-8")

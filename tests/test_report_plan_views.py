"""The calendar of the plan is a picture with words, and the table beside it says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, Markup, investigate

from analysis.investigation import Investigation
from analysis.report.displays import Fragment, Picture
from analysis.report.executive import show_first_steps
from analysis.report.plan_views import draw_calendar, list_steps


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("views"), SHOP, "[plan]\nhours_per_week = 5\n")


def test_the_calendar_has_a_bar_for_each_step_and_says_in_words_when_each_phase_is_done(shop: Investigation) -> None:
    picture = draw_calendar(shop)
    assert isinstance(picture, Picture)
    steps = [step for phase in shop.plan() for step in phase.steps]
    for step in steps:
        assert f"{step.number} {step.title}"[:40] in picture.svg.replace("&amp;", "&")
    for place, slot in shop.schedule().phases.items():
        assert f"hase {place}: {slot.words}" in picture.alt
    assert "1 person with 5 hours a week" in picture.caption
    assert "var(--red)" in picture.svg and "#" not in re.sub(r"url\(#|href=\"#", "", picture.svg)


def test_steps_that_are_not_drawn_are_counted(shop: Investigation) -> None:
    count = sum(len(phase.steps) for phase in shop.plan())
    picture = draw_calendar(shop, most_steps=2)
    assert isinstance(picture, Picture)
    assert f"not drawn: {count - 2}." in picture.caption


def test_the_table_has_the_days_and_prerequisites_of_each_step(shop: Investigation) -> None:
    text = Markup(list_steps(shop).page).text
    for phase in shop.plan():
        for step in phase.steps:
            assert f"{step.number} {step.title}" in text
            assert shop.schedule().steps[step.number].words in text
            assert all(need.step in text for need in step.needs)


def test_without_findings_there_is_nothing_to_draw(tmp_path: Path) -> None:
    inv = investigate(tmp_path, {"a.py": "x = 1\n"})
    for shown in (draw_calendar(inv), list_steps(inv), show_first_steps(inv)):
        assert isinstance(shown, Fragment)
        assert "othing to do" in shown.page


def test_nothing_of_a_hostile_target_is_markup_in_the_steps(tmp_path: Path) -> None:
    inv = investigate(tmp_path, HOSTILE, HOSTILE_POLICY)
    for page in (list_steps(inv).page, show_first_steps(inv).page, draw_calendar(inv).page):
        assert not {"script", "b"} & Markup(page).tags

"""The executive report: every part of it for a clean, an ordinary and a hostile target, never with foreign markup."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, Markup, investigate

from analysis.investigation import Investigation
from analysis.report import executive
from analysis.report.displays import Fragment
from analysis.report.executive import build_executive

SHOWN: tuple[Callable[[Investigation], Fragment], ...] = (
    executive.show_headline, executive.show_findings, executive.show_causes, executive.show_impact,
    executive.show_claims, executive.show_owners, executive.show_plan, executive.show_goals, executive.show_provenance,
)  # fmt: skip
FORBIDDEN = {"script", "img", "b", "iframe", "style", "svg", "object"}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY)


@pytest.mark.parametrize("show", SHOWN)
def test_every_part_has_words_even_for_a_clean_target(
    show: Callable[[Investigation], Fragment], clean: Investigation
) -> None:
    shown = show(clean)
    assert shown.page.strip()
    assert shown.summary


def test_every_header_of_a_table_says_what_it_heads(shop: Investigation) -> None:
    elements = [element for show in SHOWN for element in Markup(show(shop).page).elements]
    headers = [attributes for tag, attributes in elements if tag == "th"]
    assert len(headers) > 5
    assert all(header.get("scope") in {"col", "row"} for header in headers)


@pytest.mark.parametrize("show", SHOWN)
def test_nothing_of_a_hostile_target_becomes_markup(
    show: Callable[[Investigation], Fragment], hostile: Investigation
) -> None:
    markup = Markup(show(hostile).page)
    assert not markup.tags & FORBIDDEN
    assert markup.handlers == set()
    assert all(link.startswith("https://example.invalid/no-git/") for link in markup.addresses)


def test_hostile_names_are_still_told(hostile: Investigation) -> None:
    text = executive.show_findings(hostile, most_subjects=50).page.replace("<wbr>", "")
    for number in (1, 2, 3, 6, 9):
        assert f"alert({number})" in text


def test_a_report_without_a_policy_says_that_no_revenue_is_stated(shop: Investigation) -> None:
    assert "not stated" in executive.show_impact(shop).page


def test_what_the_policy_states_stands_in_the_impact(hostile: Investigation) -> None:
    assert "500,000" in executive.show_impact(hostile).page


def test_lights_and_boxes_are_words_too(shop: Investigation) -> None:
    assert "Needs a fix now" in executive.show_headline(shop).page
    assert 'aria-label="open"' in executive.show_goals(shop).page


def test_the_report_is_the_same_every_time(shop: Investigation) -> None:
    assert build_executive(shop) == build_executive(shop)


def test_key_findings_are_those_that_matter_and_milder_ones_are_listed_too(shop: Investigation) -> None:
    report = build_executive(shop)
    assert {group.severity for group in report.groups if group not in report.key_groups} == {"P3"}
    assert sum(group.count for group in report.groups) == (shop.frame("findings")["cause"] == "").sum()

"""Findings told by rule: the gravest first, with evidence, and nothing hidden without being counted."""

from __future__ import annotations

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.key_findings import group_findings, make_link, make_title
from analysis.rules import RULES


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY)


def test_a_clean_tree_has_no_group(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert group_findings(investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"})) == []


def test_every_finding_is_in_the_group_of_its_rule(shop: Investigation) -> None:
    groups = group_findings(shop)
    effects = shop.frame("findings")["cause"] != ""
    counts = shop.frame("findings")[~effects]["rule"].value_counts().to_dict()
    assert {group.rule: group.count for group in groups} == counts != {}
    listed = [subject for group in groups for subject in group.subjects]
    assert sum(len(each.consequences) + each.more_consequences for each in listed) == effects.sum() > 0
    assert all(len(group.subjects) + group.hidden == group.count for group in groups)


def test_the_gravest_rule_comes_first_and_rules_are_explained(shop: Investigation) -> None:
    groups = group_findings(shop)
    severities = [group.severity for group in groups]
    assert severities == sorted(severities)
    known = {rule.name: rule for rule in RULES}
    assert all(group.meaning == known[group.rule].meaning and group.words for group in groups)


def test_evidence_names_file_and_line_and_quotes_the_source(shop: Investigation) -> None:
    phantom = next(group for group in group_findings(shop) if group.rule == "phantom-import")
    (place,) = phantom.subjects[0].places
    assert (place.path, place.line, place.source, place.link) == (
        "shop/core/registry.py", 1, "import shop.core.vat", "",
    )  # fmt: skip


def test_what_is_not_shown_is_counted(shop: Investigation) -> None:
    group = next(group for group in group_findings(shop, most_places=1) if group.rule == "import-cycle")
    assert group.subjects[0].hidden == 1
    none = group_findings(shop, most_subjects=0)
    assert len(none) == len(group_findings(shop))
    assert all(group.subjects == () and group.hidden == group.count for group in none)


def test_a_link_leads_to_the_line() -> None:
    assert make_link("https://git.example/{revision}/{path}#L{line}", "c0ffee", "a/b.py", 3) == (
        "https://git.example/c0ffee/a/b.py#L3"
    )


@pytest.mark.parametrize("template", ["", "javascript:alert(1)//{path}", "file:///{path}", "//evil/{path}"])
def test_without_a_web_address_there_is_no_link(template: str) -> None:
    assert make_link(template, "c0ffee", "a.py", 1) == ""


def test_a_path_cannot_change_the_address_or_fill_in_placeholders() -> None:
    link = make_link("https://git.example/{path}?l={line}", "r", 'x"><script>{line}&?#é\ud800 .py', 7)
    assert link.startswith("https://git.example/x%22%3E%3Cscript%3E%7Bline%7D%26%3F%23%C3%A9")
    assert link.endswith("?l=7")


def test_names_of_a_hostile_target_are_carried_as_they_are_for_the_templates_to_escape(hostile: Investigation) -> None:
    groups = group_findings(hostile)
    assert any("<script>" in subject.name for group in groups for subject in group.subjects)
    links = [place.link for group in groups for subject in group.subjects for place in subject.places]
    assert all(link.startswith("https://example.invalid/no-git/") for link in links)


def test_a_rule_reads_as_a_title() -> None:
    assert make_title("class-defined-more-than-once") == "Class defined more than once"

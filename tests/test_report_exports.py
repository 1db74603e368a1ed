"""What machines and workers get: all findings as JSON, the plan as Markdown."""

from __future__ import annotations

import json
import re

import pytest
from markdown_it import MarkdownIt
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.executive import build_executive
from analysis.report.exports import build_findings_json
from analysis.report.plan_markdown import build_plan_markdown


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY)


def test_a_clean_target_has_no_findings_and_nothing_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    clean = investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"})
    assert json.loads(build_findings_json(clean))["findings"] == []
    assert "Nothing to do." in build_plan_markdown(build_executive(clean))


def test_json_has_every_finding_whole(shop: Investigation) -> None:
    document = json.loads(build_findings_json(shop))
    assert document["findings"] == shop.table("findings").to_pylist()
    assert document["metrics"]["import-time-cycles"] == 1
    assert (document["target"], document["revision"], document["format"]) == ("shop", "no-git", 1)


def test_json_is_plain_ascii_whatever_names_a_target_has(hostile: Investigation) -> None:
    text = build_findings_json(hostile)
    assert text.isascii()
    assert json.loads(text)["target"] == hostile.name


def test_the_plan_has_a_box_per_step_and_per_goal(shop: Investigation) -> None:
    report = build_executive(shop)
    text = build_plan_markdown(report)
    steps = sum(len(phase.steps) for phase in report.phases)
    assert len(re.findall(r"^- \[[ x]\] ", text, re.MULTILINE)) == steps + len(report.goals)
    assert "shop/core/" in text


def test_nothing_of_a_hostile_target_is_markup_in_the_plan(hostile: Investigation) -> None:
    page = MarkdownIt("commonmark", {"html": True}).render(build_plan_markdown(build_executive(hostile)))
    assert "alert(" in page
    assert set(re.findall(r"<([a-z][a-z0-9]*)", page)) <= {"h1", "h2", "p", "ul", "li", "strong", "code", "a"}
    assert {link[:10] for link in re.findall(r'href="([^"]*)"', page)} <= {f"issues/0{place}-" for place in range(1, 6)}

"""The issue for GitHub: its shape, its limit, and names that stay names."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.report.executive import Executive, build_executive
from analysis.report.issue_markdown import LONGEST_BODY, build_issue

TAGS = {"h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "code", "pre", "br", "em"} | {
    "table", "thead", "tbody", "tr", "th", "td", "hr",
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Executive:
    return build_executive(investigate(tmp_path_factory.mktemp("shop"), SHOP))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Executive:
    return build_executive(investigate(tmp_path_factory.mktemp("hostile"), HOSTILE, HOSTILE_POLICY))


def render(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def test_a_clean_target_has_an_issue_without_findings(tmp_path_factory: pytest.TempPathFactory) -> None:
    clean = build_executive(investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"}))
    text = build_issue(clean)
    assert "**Status:** In order" in text
    assert "❌" not in text


def test_sections_come_in_the_usual_order(shop: Executive) -> None:
    sections = re.findall(r"^## (.+)$", build_issue(shop), re.MULTILINE)
    assert sections == [
        "Executive summary", "Key findings", "Root cause analysis", "Score and gate", "Remediation plan",
        "Success metrics", "Provenance",
    ]  # fmt: skip


def test_evidence_has_file_line_and_source(shop: Executive) -> None:
    text = build_issue(shop)
    assert "shop/core/registry.py:1: import shop.core.vat" in text
    assert "- **Found:** 1 finding" in text


def test_success_metrics_are_check_boxes(shop: Executive) -> None:
    text = build_issue(shop)
    assert "- [ ] No import-time cycle (now: 1)" in text
    assert re.search(r"^- \[x\] ", text, re.MULTILINE)


def test_nothing_of_a_hostile_target_is_markup_or_a_link(hostile: Executive) -> None:
    page = render(build_issue(hostile))
    assert set(re.findall(r"<([a-z][a-z0-9]*)", page)) <= TAGS
    assert "alert(7)" in page


def test_nobody_is_mentioned(hostile: Executive) -> None:
    issue = build_issue(hostile)
    outside_of_code = re.sub(r"```.*?```|`[^`\n]*`", "", issue, flags=re.DOTALL)
    assert "@" in issue and len(outside_of_code) > 1000
    assert not re.search(r"(?<!\w)@\w", outside_of_code)


def test_every_fence_is_closed(hostile: Executive) -> None:
    page = render(build_issue(hostile))
    assert page.count("<pre>") == sum(1 for group in hostile.groups if group.subjects)
    assert re.search(r"<h2>Provenance</h2>", page)


def test_an_issue_fits_into_what_github_takes(tmp_path_factory: pytest.TempPathFactory) -> None:
    long = "x" * 180
    names = [f"C{number}{'y' * 100}" for number in range(60)]
    files = {f"pkg/m{part}.py": "".join(f"class {name}: pass  # {long}\n" for name in names) for part in range(12)}
    files |= {f"pkg/p{part}.py": f"import pkg.no{part}{long}\n" for part in range(300)}
    files["pkg/__init__.py"] = ""
    report = build_executive(investigate(tmp_path_factory.mktemp("large"), files))
    text = build_issue(report)
    assert 1_000 < len(text) <= LONGEST_BODY
    assert re.search(r"^[\d,]+ more in findings\.json\.$", text, re.MULTILINE)

"""The body of a mail: what mail programs keep, the same values as the report, nothing of the target as markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, Markup, investigate

from analysis.investigation import Investigation
from analysis.report.executive import build_executive
from analysis.report.mail import build_mail
from analysis.report.run_report import describe_report


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("mail"), HOSTILE, HOSTILE_POLICY)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("mail"), {"one.py": "x = 1\n"}, "")


def build(inv: Investigation) -> str:
    return build_mail(describe_report(build_executive(inv), []))


def test_it_has_nothing_that_a_mail_program_removes(hostile: Investigation) -> None:
    markup = Markup(build(hostile))
    assert not {"script", "style", "link", "img", "svg", "iframe", "details", "form", "b"} & markup.tags
    assert markup.handlers == set()
    assert list(markup.addresses) == []


def test_it_says_what_the_report_says(hostile: Investigation) -> None:
    report, text = build_executive(hostile), Markup(build(hostile)).text
    wanted = [report.verdict, report.light_words, *(action.step.title for action in report.actions)]
    wanted += [figure.text for figure in report.chief] + ([report.score.score] if report.score else [])
    assert [words for words in wanted if words not in " ".join(text.split())] == []


def test_where_nothing_is_wrong_it_says_that_there_is_nothing_to_do(calm: Investigation) -> None:
    assert "Nothing to do" in Markup(build(calm)).text


def test_it_is_small(hostile: Investigation, tmp_path: Path) -> None:
    """Mail programs cut what is larger than about 100 kB."""
    assert len(build(hostile).encode()) < 100_000

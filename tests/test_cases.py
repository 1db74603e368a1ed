"""Small real-life projects whose right answer is known: what ``tests/cases`` says of them is found, and nothing false.

A case that is not right yet is named in ``NOT_RIGHT`` with what is missing; once it is right, its line must go.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from case_judge import Remark, judge_case, judge_findings, list_cases

NOT_RIGHT = {}


WANT = {"path": "a.py", "lines": [7], "severity": ["P1"], "words": ["re-run"], "about": "a thing"}


class NotRightError(AssertionError):
    """The analysis says something else than the case: more, less or otherwise."""


def _list_parameters() -> Iterator[object]:
    for name in list_cases():
        reason = NOT_RIGHT.get(name)
        marks = [pytest.mark.xfail(strict=True, raises=NotRightError, reason=reason)] if reason else []
        yield pytest.param(name, marks=marks, id=name)


@pytest.mark.parametrize("name", list(_list_parameters()))
def test_what_is_known_of_a_case_is_found_and_nothing_false(name: str, tmp_path: Path) -> None:
    verdict, remarks = judge_case(name, tmp_path)
    assert verdict not in {"crash", "void"}, remarks
    if verdict != "right":
        raise NotRightError("\n".join(remarks))


def make_finding(severity: str = "P1", message: str = "a re run", line: int = 7) -> dict[str, Any]:
    return {"rule": "rule", "severity": severity, "message": message, "evidence": [{"path": "a.py", "line": line}]}


def find_remarks(case: dict[str, Any], findings: list[dict[str, Any]], *, is_fixed: bool = False) -> list[Remark]:
    return list(judge_findings(case, findings, is_fixed=is_fixed))


def test_every_case_that_is_not_right_exists() -> None:
    assert NOT_RIGHT.keys() - set(list_cases()) == set()


def test_a_finding_that_is_expected_and_not_there_is_missed() -> None:
    remarks = list(find_remarks({"expect": [WANT]}, []))
    assert remarks == [Remark("missed", "a.py: a thing")]


def test_a_finding_elsewhere_too_mild_or_in_other_words_is_wrong() -> None:
    assert [remark.verdict for remark in find_remarks({"expect": [WANT]}, [make_finding()])] == []
    for other in (make_finding(severity="P3"), make_finding(message="nothing of the kind")):
        assert [remark.verdict for remark in find_remarks({"expect": [WANT]}, [other])] == ["wrong"]
    assert [remark.verdict for remark in find_remarks({"expect": [WANT]}, [make_finding(line=8)])] == ["missed"]


def test_a_forbidden_finding_and_one_that_stays_when_fixed_are_false_alarms() -> None:
    forbid = {"forbid": [{"rule": "r*", "path": "a.py", "why": "it works"}]}
    assert [remark.verdict for remark in find_remarks(forbid, [make_finding()])] == ["false alarm"]
    assert find_remarks({"forbid": [{"rule": "s*", "why": "it works"}]}, [make_finding()]) == []
    fixed = find_remarks({"expect": [WANT], "fixed_max": "P2"}, [make_finding()], is_fixed=True)
    assert [remark.reason for remark in fixed] == ["P1 rule a.py:7, although it is fixed"] * 2

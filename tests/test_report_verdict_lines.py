"""A report ends with the verdict in five lines, which say what the pages say."""

from __future__ import annotations

from pathlib import Path

from report_trees import SHOP, investigate

import analysis
from analysis.report.executive import build_executive
from analysis.report.verdict_lines import write_verdict_lines


def test_the_five_lines_say_what_the_executive_page_says(tmp_path: Path) -> None:
    inv = investigate(tmp_path, SHOP)
    report = build_executive(inv)
    verdict, score, steps, read, file = write_verdict_lines(inv, tmp_path / "run")
    assert verdict == f"shop (not under git): {report.verdict}"
    assert report.score is not None
    assert score == f"Score {report.score.score} of 100, {report.score.threshold} required: does not pass"
    first = report.actions[0].step
    assert steps.startswith(f"Next: {first.number} {first.title} (")
    assert [f"{action.step.number} {action.step.title} (" in steps for action in report.actions] == [True] * 4
    assert steps.count("clears ") == 4
    assert read.startswith("Read: 11 files, ")
    assert "1 file could not be parsed" in read
    assert file.endswith(str(tmp_path / "run/report.html"))


def test_a_tree_without_findings_has_five_lines_too(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a\x1b[31m.py").write_text("")
    (tmp_path / "tree/b.py").write_text("x = 1\n")
    inv = analysis.investigate(tmp_path / "tree", data=tmp_path / "data")
    lines = write_verdict_lines(inv, tmp_path)
    assert len(lines) == 5
    assert not any("\x1b" in line or "\n" in line for line in lines)
    assert lines[0].endswith("No rule has found anything.")
    assert lines[2] == "Next: nothing to do"

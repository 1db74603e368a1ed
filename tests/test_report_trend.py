"""The trend on the first page: over the complete runs of the target, in words and as lines; nothing from too few."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_trees import Markup

import analysis
from analysis.history.difference import find_score
from analysis.investigation import Investigation
from analysis.report.templating import build_environment
from analysis.report.trend import build_trend

COUNTS = {"P0": 0, "P1": 2, "P2": 1, "P3": 0}


@pytest.fixture
def inv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Investigation:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "a.py").write_text("from . import none\n")
    monkeypatch.setenv("SSOT_REPORTS", str(tmp_path / "reports"))
    return analysis.investigate(root, data=tmp_path / "data", jobs=1)


def write_run(inv: Investigation, tmp_path: Path, name: str, **said: object) -> None:
    folder = tmp_path / "reports" / inv.manifest.as_target.place / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(said))


def write_runs(inv: Investigation, tmp_path: Path, count: int) -> None:
    for day in range(1, count + 1):
        write_run(
            inv, tmp_path, f"202001{day:02}T060000-a", created=f"2020-01-{day:02}T06:00:00+00:00", score=40.0 + day,
            findings={"P1": 30 - day}, debt_minutes=600 - 10 * day, snapshot=f"/no/{day}",
        )  # fmt: skip


def test_a_first_run_has_no_trend(inv: Investigation) -> None:
    assert build_trend(inv, COUNTS, inv.debt()) is None


def test_two_runs_are_drawn_and_said_to_be_too_few_for_a_trend(inv: Investigation, tmp_path: Path) -> None:
    write_runs(inv, tmp_path, 1)
    found = build_trend(inv, COUNTS, inv.debt())
    assert found is not None and found.points == "2 complete runs"
    assert "too few points" in found.direction
    assert [(curve.label, len(curve.line.split())) for curve in found.curves] == [
        ("Score", 2), ("Findings", 2), ("Estimated work", 2),
    ]  # fmt: skip


def test_the_curves_end_with_this_run_and_say_their_ends(inv: Investigation, tmp_path: Path) -> None:
    write_runs(inv, tmp_path, 12)
    found = build_trend(inv, COUNTS, inv.debt())
    assert found is not None and (found.points, found.first) == ("13 complete runs", "1 Jan 2020")
    score, findings, work = found.curves
    assert findings.words.startswith("Findings over 13 complete runs: from 29 to 3, at most 29, at least 3")
    assert score.words.startswith("Score over 13 complete runs: from 41.0 to ") and work.highest == "10 hours"
    assert all(curve.line.endswith(",".join(curve.last)) for curve in found.curves)
    assert [sentence.partition(":")[0] for sentence in found.sentences] == [
        "The score", "The number of P1 findings", "The estimated work in hours",
    ]  # fmt: skip


def test_damaged_records_later_runs_and_this_very_snapshot_do_not_count(inv: Investigation, tmp_path: Path) -> None:
    """Of a record with wrong types nothing is drawn, and the page is written all the same."""
    write_runs(inv, tmp_path, 9)
    write_run(inv, tmp_path, "20200201T060000-a", created=7, score=1.0)
    write_run(inv, tmp_path, "20200202T060000-a", created="yesterday", score=1.0)
    write_run(inv, tmp_path, "20990101T060000-a", created="2099-01-01T06:00:00+00:00", score=1.0)
    again = {"created": inv.manifest.created, "snapshot": str(inv.path), "score": find_score(inv)}
    write_run(inv, tmp_path, "20200203T060000-a", **again)
    found = build_trend(inv, COUNTS, inv.debt())
    assert found is not None and found.points == "10 complete runs"
    markup = Markup(str(build_environment().get_template("parts.j2").module.show_trend(found)))
    assert {"svg", "polyline", "figure"} <= markup.tags

"""The estimate of what remains of a run, replayed on the times of real runs, and what a log says of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.remaining import Remaining, find_crowd, write_remaining

#: When each step said what, in seconds since the first one could; two cores, nothing kept, ``ssot scan`` of django.
DJANGO = """0.6 scan 0 885/0.85 scan 185 885/1.07 scan 356 885/1.25 scan 516 885/1.54 scan 711 885/1.99 scan 885 885/
2.08 graph 0 1/2.12 cycles 0 1/2.15 identity 0 1/2.16 names 0 1/2.42 simulation 0 860/2.82 simulation 200 860/
3.04 simulation 860 860/3.61 rules 0 1/3.9 snapshot 0 1/3.98 snapshot 1 1/4.28 end 1 1"""
#: The same, of ``ssot report`` of the bundled case.
CASE = """0.3 scan 0 455/0.49 scan 139 455/0.59 scan 306 455/0.66 scan 455 455/0.73 graph 0 1/0.77 cycles 0 1/
0.78 identity 0 1/0.79 names 0 1/0.91 simulation 0 454/1.08 simulation 454 454/1.3 rules 0 1/1.48 snapshot 0 1/
1.57 notebooks 0 7/3.39 notebooks 1 7/4.41 notebooks 2 7/4.94 notebooks 3 7/5.95 notebooks 4 7/6.47 notebooks 5 7/
7.16 notebooks 6 7/7.4 notebooks 7 7/7.4 pages 0 1/8.3 pages 1 1/8.33 end 1 1"""
#: The scan of django on a machine of which others took the greater part.
BUSY = """2.36 scan 0 885/3.7 scan 185 885/4.05 scan 356 885/4.39 scan 535 885/5.24 scan 711 885/6.36 scan 885 885/
6.51 graph 0 1/6.64 cycles 0 1/6.74 identity 0 1/6.77 names 0 1/7.37 simulation 0 860/8.44 simulation 200 860/
9.04 simulation 800 860/10.91 rules 0 1/11.58 snapshot 0 1/11.77 snapshot 1 1/12.47 end 1 1"""


def replay(timeline: str, last: str, crowd: float, share: float) -> tuple[float, float]:
    """Return the estimate after a share of a run, and what then really remained."""
    events = [line.split() for line in timeline.replace("\n", "").split("/")]
    end = float(events[-1][0])
    now = [0.0]
    remaining = Remaining(last, now=lambda: now[0], crowd=crowd)
    for at, step, done, total in events:
        if float(at) > share * end:
            break
        now[0] = float(at)
        remaining.hear(step, int(done), int(total))
    now[0] = share * end
    estimate = remaining.estimate()
    assert estimate is not None
    return estimate, end - now[0]


@pytest.mark.parametrize(
    ("timeline", "last", "crowd", "share"),
    [
        *((DJANGO, "snapshot", 1.0, share) for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
        *((CASE, "pages", 1.0, share) for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)),
        *((BUSY, "snapshot", 3.2, share) for share in (0.4, 0.5, 0.6, 0.7)),
    ],
)
def test_after_a_fifth_of_a_run_the_estimate_is_right_within_a_third(
    timeline: str, last: str, crowd: float, share: float
) -> None:
    estimate, left = replay(timeline, last, crowd, share)
    assert abs(estimate / left - 1) <= 0.3, f"{estimate:.2f} s estimated, {left:.2f} s left"


def test_a_run_of_unusual_or_unknown_steps_is_not_estimated() -> None:
    remaining = Remaining("pages")
    assert remaining.estimate() is None
    remaining.hear("probe", 1, 9)
    assert remaining.estimate() is None
    unlimited = Remaining("")
    unlimited.hear("scan", 1, 9)
    assert unlimited.estimate() is None


def test_a_run_that_begins_late_is_estimated_by_what_is_left_of_it() -> None:
    remaining = Remaining("pages", now=lambda: 0.0, crowd=1.0)
    remaining.hear("notebooks", 0, 7)
    assert remaining.estimate() == pytest.approx(6.4)
    remaining.hear("notebooks", 7, 7)
    remaining.hear("pages", 1, 1)
    assert remaining.estimate() == 0


def test_a_step_that_outlasts_its_time_still_has_some_left() -> None:
    now = [0.0]
    remaining = Remaining("pages", now=lambda: now[0], crowd=1.0)
    remaining.hear("pages", 0, 1)
    now[0] = 60.0
    estimate = remaining.estimate()
    assert estimate is not None
    assert estimate > 0
    assert find_crowd() >= 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (0.4, ""), (0.6, "about 1 s left"), (89.4, "about 89 s left"), (90, "about 2 min left")],
)
def test_estimates_are_rounded(seconds: float | None, words: str) -> None:
    assert write_remaining(seconds) == words


def test_a_log_has_a_line_for_each_notebook_and_what_remains(make_tree: Callable[..., Path], tmp_path: Path) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/a.py": "import shop\n"})
    command = [sys.executable, "-m", "analysis.cli", "report", str(root), "--out", str(tmp_path / "reports")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_keep_apart(tmp_path))
    lines = done.stderr.splitlines()
    notebooks = [line.split(",")[0] for line in lines if line.startswith("notebooks")]
    assert notebooks == [f"notebooks: {number} of 8" for number in range(1, 9)], done.stderr
    assert lines[0].startswith("scan: 2, about ")
    assert lines[-1] == "pages"


def _keep_apart(folder: Path) -> dict[str, str]:
    return {**os.environ, "SSOT_DATA": str(folder / "data")}

"""docs/walks.md: the commands of the walks print and write what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from git_trees import PLAIN

from analysis.bundled_case import build_bundled_case

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "walks.md").read_text("utf-8")
TREE = "data/cases/agent_platform/tree"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build_bundled_case()
    return tmp_path_factory.mktemp("data")


def run(command: str, data: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "analysis.cli", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True,
        text=True, env={**os.environ, "SSOT_DATA": str(data), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.stdout


def test_the_predicted_traceback_is_the_one_of_the_page(data: Path) -> None:
    command = next(line for line in re.findall(r"`(ssot why [^`]+)`", PAGE) if TREE in line)
    block = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
    printed = run(command, data)
    assert printed.startswith(block.rstrip())
    assert "Cheapest cut that works" in printed


def test_the_chain_closes_the_cycle(data: Path) -> None:
    command = next(line for line in re.findall(r"`(ssot explain [^`]+)`", PAGE) if TREE in line)
    _, _, importer, imported, *_ = shlex.split(command)
    printed = run(command, data)
    assert printed.startswith(f"{importer} -> ") and f"-> {imported}  " in printed


def test_no_walk_takes_more_than_three_taps_or_commands() -> None:
    counted = [int(number) for number in re.findall(r"\| (\d) \|$", PAGE, re.MULTILINE)]
    assert len(counted) == 10 and max(counted) <= 3


@pytest.fixture(scope="module")
def monday(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run the commands of the walk as they stand there; return the report's folder, and how the last one ended."""
    folder = tmp_path_factory.mktemp("monday")
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    program = f'ssot() {{ {shlex.quote(sys.executable)} -m analysis.cli "$@"; }}\n{block}'
    environment = {
        **PLAIN, "PYTHONPATH": str(ROOT), "SSOT_DATA": str(folder / "data"), "SSOT_REPORTS": str(folder / "reports"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-c", program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return folder / "reports/shop/latest", done


@pytest.mark.slow
def test_on_monday_the_first_lines_say_what_changed_who_brought_it_in_and_whether_the_trend_holds(
    monday: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    report, done = monday
    assert (done.returncode, done.stderr) == (1, "")
    git = ["git", "-C", str(report.parents[2] / "shop"), "log", "--format=%H", "--grep=ledger"]
    commit = subprocess.run(git, env=PLAIN, capture_output=True, text=True, check=True).stdout.strip()
    page = (report / "index.html").read_text("utf-8")
    news = page.partition('<div class="news">')[2].partition('<div class="verdict">')[0]
    assert '<a href="changes.html#gone">1 fixed</a>, <a href="changes.html#new">1 new</a>; ' in news
    assert f'1 finding by <a href="https://github.com/acme/shop/commit/{commit}"' in news
    assert "(21 Nov 2026: Pay through the ledger)" in news and "Mara" not in page
    assert re.search(r'Over 11 commits <a href="#trend">the score rises by [\d.]+ a week</a>', news)


@pytest.mark.slow
def test_on_monday_one_tap_leads_to_each_finding_with_its_commit_and_to_the_curves(
    monday: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    report, _ = monday
    changes = (report / "changes.html").read_text("utf-8")
    new, gone = (changes.partition(f'<h2 id="{name}">')[2].partition("</table>")[0] for name in ("new", "gone"))
    assert "shop.<wbr>ledger does not exist" in new and "Pay through the ledger" in new
    assert "shop.<wbr>missing9 does not exist" in gone and "Repair m9" in gone
    trend = (report / "index.html").read_text("utf-8").partition('<h2 id="trend">')[2]
    assert trend.count("<polyline") == 2 and "var(--accent)" in trend
    assert 'aria-label="Score over 11 commits: from ' in trend and "95 % interval" in trend
    assert "Mara" not in "".join(each.read_text("utf-8") for each in report.glob("*.html"))

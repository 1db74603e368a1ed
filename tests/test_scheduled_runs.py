"""Unattended runs: one at a time, unfinished ones named, old ones removed, the outcome in one line and as exit code."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from report_trees import Markup

from analysis.errors import BusyError, StorageError
from analysis.history.difference import find_score
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.report.base import Base, find_base
from analysis.report.runs import PINNED, ReportRun
from analysis.report.runs_page import build_courses, build_runs_page, draw_line
from analysis.scheduled.beginnings import FOLDER, beginning, find_unfinished
from analysis.scheduled.locks import LOCK, hold_lock
from analysis.scheduled.outcome import RunOutcome, compare_run
from analysis.scheduled.retention import pin, remove_old, unpin

ROOT = Path(__file__).resolve().parent.parent
#: Holds the lock, says so, and waits to be killed; a child that it forks holds what it inherits.
HOLD = """
import sys, time
from pathlib import Path
from analysis.scheduled.beginnings import beginning
from analysis.scheduled.locks import hold_lock
with hold_lock(Path(sys.argv[1])), beginning(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
SHOP = {"shop/__init__.py": "", "shop/a.py": "import shop.b\n", "shop/b.py": "import shop.c\n", "shop/c.py": ""}


def start_holder(parent: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(parent)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


def end(holder: subprocess.Popen[str], number: signal.Signals) -> None:
    holder.send_signal(number)
    holder.communicate()


def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    with pytest.raises(BusyError, match="another report") as busy, hold_lock(tmp_path):
        pytest.fail("the lock is held")
    assert busy.value.exit_code == 75
    end(holder, signal.SIGKILL)
    with hold_lock(tmp_path):
        assert (tmp_path / LOCK).is_file()


def test_a_second_run_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    started = time.monotonic()
    with pytest.raises(BusyError, match=r"after 0\.4 s"), hold_lock(tmp_path, 0.4):
        pytest.fail("the lock is held")
    assert time.monotonic() - started >= 0.4
    kill = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -9 {holder.pid}"])
    with hold_lock(tmp_path, 30):
        assert kill.wait() == 0
    holder.communicate()


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot write below"), hold_lock(tmp_path / "file"):
        pytest.fail("there is no folder")
    with pytest.raises(StorageError, match="cannot write below"), beginning(tmp_path / "file"):
        pytest.fail("there is no folder")


def test_a_run_that_ends_leaves_nothing_and_one_under_way_is_not_unfinished(tmp_path: Path) -> None:
    with beginning(tmp_path) as first, beginning(tmp_path) as second:
        assert (first.unfinished, second.unfinished) == ((), ())
        assert find_unfinished(tmp_path) == ([], [])
        assert len(list((tmp_path / FOLDER).iterdir())) == 2
    assert list((tmp_path / FOLDER).iterdir()) == []


def fail_in(parent: Path, error: Exception) -> None:
    """Begin a run and let it fail."""
    with contextlib.suppress(type(error)), beginning(parent):
        raise error


def test_a_killed_run_is_named_until_one_ends_well(tmp_path: Path) -> None:
    end(start_holder(tmp_path), signal.SIGKILL)
    fail_in(tmp_path, StorageError("cannot write below x: No space left on device"))
    with beginning(tmp_path) as third:
        assert [re.sub(r"began [\d: -]+UTC", "began T", str(each)) for each in third.unfinished] == [
            "the run that began T was interrupted",
            "the run that began T failed: cannot write below x: No space left on device",
        ]
    with beginning(tmp_path) as fourth:
        assert fourth.unfinished == ()


def test_the_reason_of_a_full_disk_needs_no_further_room(tmp_path: Path) -> None:
    with beginning(tmp_path):
        sizes = {record.stat().st_size for record in (tmp_path / FOLDER).glob("[0-9]*")}
    fail_in(tmp_path, OSError(28, "full \u20ac" + "\x07\\" * 5000))
    assert {record.stat().st_size for record in (tmp_path / FOLDER).glob("[0-9]*")} == sizes
    assert "full \u20ac" in str(find_unfinished(tmp_path)[0][0])


def test_a_damaged_record_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for number, text in enumerate(("", "{}", "[1]", "null", "\x00" * 9)):
        (tmp_path / FOLDER / f"{number}.json").write_text(text)
    with beginning(tmp_path) as begun:
        assert {str(each) for each in begun.unfinished} == {"the run that began at an unknown time was interrupted"}
    assert list((tmp_path / FOLDER).iterdir()) == []


def write_runs(reports: Path, snapshots: Path, names: Sequence[str], passed: Sequence[str] = ()) -> None:
    for name in names:
        for parent in (reports, snapshots):
            (parent / name).mkdir(parents=True)
        described = {"snapshot": str(snapshots / name), "passed": name in passed}
        (reports / name / "run.json").write_text(json.dumps(described))


def list_names(folder: Path) -> list[str]:
    return sorted(each.name[7:8] for each in folder.iterdir() if not each.is_symlink())


def name(day: int) -> str:
    return f"2026040{day}T060000-a"


def test_the_newest_runs_are_kept_with_their_snapshots(tmp_path: Path) -> None:
    reports, snapshots = tmp_path / "reports", tmp_path / "snapshots"
    write_runs(reports, snapshots, [name(day) for day in range(1, 6)])
    (reports / "latest").symlink_to(name(5), target_is_directory=True)
    removed = remove_old(reports, snapshots, 2)
    assert (list_names(reports), list_names(snapshots)) == (["4", "5"], ["4", "5"])
    assert len(removed) == 6
    assert remove_old(reports, snapshots, 2) == []
    assert (reports / "latest").is_symlink()
    assert list(tmp_path.rglob(".*")) == []


def test_the_last_good_run_and_pinned_ones_are_never_removed(tmp_path: Path) -> None:
    reports, snapshots = tmp_path / "reports", tmp_path / "snapshots"
    write_runs(reports, snapshots, [name(day) for day in range(1, 7)], passed=[name(2), name(3)])
    pin(reports / name(1))
    pin(snapshots / name(4))
    remove_old(reports, snapshots, 1)
    assert (list_names(reports), list_names(snapshots)) == (["1", "3", "6"], ["1", "3", "4", "6"])
    unpin(reports / name(1))
    unpin(reports / name(1))
    remove_old(reports, snapshots, 1)
    assert list_names(reports) == ["3", "6"]


def test_failed_runs_go_when_they_are_older_than_what_is_kept(tmp_path: Path) -> None:
    reports, snapshots = tmp_path / "reports", tmp_path / "snapshots"
    write_runs(reports, snapshots, [name(day) for day in (1, 3, 5)])
    for day in (2, 4, 6):
        (reports / f"{name(day)}.failed").mkdir()
    (reports / f"{name(2)}.failed.2").mkdir()
    (reports / "notes").mkdir()
    remove_old(reports, snapshots, 2)
    assert sorted(each.name for each in reports.iterdir()) == sorted(
        [name(3), f"{name(4)}.failed", name(5), f"{name(6)}.failed", "notes"]
    )


def test_without_any_run_the_newest_snapshot_stays(tmp_path: Path) -> None:
    assert remove_old(tmp_path / "none", tmp_path / "nothing", 1) == []
    for day in (1, 2):
        (tmp_path / "snapshots" / name(day)).mkdir(parents=True)
    remove_old(tmp_path / "none", tmp_path / "snapshots", 1)
    assert list_names(tmp_path / "snapshots") == ["2"]


def test_what_cannot_be_removed_is_one_line(tmp_path: Path) -> None:
    write_runs(tmp_path / "reports", tmp_path / "snapshots", [name(1), name(2)])
    in_the_way = tmp_path / "reports" / f".writing-{os.getpid()}-{name(1)}" / "file"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    with pytest.raises(StorageError, match="cannot remove"):
        remove_old(tmp_path / "reports", tmp_path / "snapshots", 1)


def compare(before: Investigation, after: Investigation, unfinished: Sequence[str] = ()) -> RunOutcome:
    run = ReportRun(Path(), after.name, "a1", after.manifest.created, str(after.path), "Good", find_score(after))
    return compare_run(after, run, Base("run", str(before.path)), unfinished)


@pytest.fixture
def shops(tmp_path: Path, make_tree: Any) -> Any:
    """Return a function that investigates the shop with some files replaced, at one place."""

    def look(files: dict[str, str]) -> Investigation:
        return investigate(make_tree({**SHOP, **files}, name="shop"), data=tmp_path / "data")

    return look


def test_a_new_finding_is_a_regression_and_a_gone_one_is_none(shops: Any) -> None:
    calm, cyclic = shops({}), shops({"shop/c.py": "import shop.missing\n"})
    worse, better, same = compare(calm, cyclic), compare(cyclic, calm), compare(cyclic, cyclic)
    assert (worse.new, worse.gone, worse.regressions > 0) == (1, 0, True)
    assert (better.new, better.gone, better.regressions) == (0, 1, 0)
    assert [each.fails("regression") for each in (worse, better, same)] == [True, False, False]
    assert [each.fails("never") for each in (worse, better, same)] == [False, False, False]
    assert [each.is_worth("changed") for each in (worse, better, same)] == [True, True, False]
    assert [each.is_worth("regression") for each in (worse, better, same)] == [True, False, False]
    assert "1 finding new, 0 worse, 0 gone since" in worse.summary
    assert compare(calm, calm, ["the run that began T was interrupted"]).is_changed


def test_a_finding_with_more_places_is_worse(shops: Any) -> None:
    one = shops({"shop/c.py": "import shop.missing\n"})
    two = shops({"shop/c.py": "import shop.missing\n", "shop/b.py": "import shop.c\nimport shop.missing\n"})
    found = compare(one, two)
    assert (found.new, found.worse, found.gone) == (0, 1, 0)
    assert found.fails("regression")


def test_the_first_run_and_one_whose_snapshot_is_gone_are_said_to_be_so(shops: Any, tmp_path: Path) -> None:
    inv, reports = shops({}), tmp_path / "reports"
    folder = reports / inv.manifest.as_target.place / name(1)
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"target": "shop", "snapshot": "/no/20000101T000000-a1"}))
    first = compare_run(inv, ReportRun(Path(), "shop"), Base(), ())
    assert "the first complete run" in first.summary and first.is_changed and not first.fails("regression")
    lost = compare_run(inv, ReportRun(Path(), "shop"), find_base(inv, reports), ())
    assert "not compared: no snapshot of /no/20000101T000000-a1" in lost.summary and lost.is_changed


def test_the_gate_fails_only_where_it_is_known_to_fail() -> None:
    assert [RunOutcome(ReportRun(Path(), passed=passed)).fails("gate") for passed in (True, None, False)] == [
        False, False, True,
    ]  # fmt: skip


def test_a_line_ends_where_its_values_end() -> None:
    assert draw_line([0.0, 1.0]).split() == ["2.0,26.0", "158.0,2.0"]
    figures = ((91.96, 1), (None, 2), (80.0, 9))
    runs = [ReportRun(Path(), score=score, findings={"P1": count}) for score, count in figures]
    assert [course.words for course in build_courses(runs)] == [
        "Score over 2 runs: from 80.0 to 91.9", "Findings over 3 runs: from 9 to 1",
    ]  # fmt: skip
    assert build_courses(runs[:1]) == []


def test_the_list_of_runs_draws_their_course_with_words_and_escapes_the_target(tmp_path: Path) -> None:
    for day, score in ((1, 50.0), (2, 75.0)):
        folder = tmp_path / "shop" / name(day)
        folder.mkdir(parents=True)
        described = {"target": "<b>shop</b>", "score": score, "findings": {"P1": day}, "verdict": "<i>", "created": ""}
        (folder / "run.json").write_text(json.dumps({**described, "unfinished": ["a run of <u> was interrupted"]}))
    (tmp_path / "shop" / name(2) / PINNED).touch()
    page = build_runs_page(tmp_path)
    markup = Markup(page)
    assert not {"b", "i", "u"} & markup.tags
    assert page.count("<polyline") == 2 and "currentColor" in page
    assert 'role="img" aria-label="Score over 2 runs: from 50.0 to 75.0"' in page
    assert "was interrupted" in markup.text and markup.text.count("(pinned)") == 1
    assert "Stop with Ctrl-C" not in page and "Stop with Ctrl-C" in build_runs_page(tmp_path, is_served=True)


def run_cli(reports: Path, line: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SSOT_DATA": str(reports.parent / "data"), "SSOT_REPORTS": str(reports)}
    command = [sys.executable, "-m", "analysis.cli", *line]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_command_tells_a_regression_names_a_killed_run_and_lists_all_runs(tmp_path: Path, make_tree: Any) -> None:
    reports = tmp_path / "reports"
    root = make_tree({**SHOP, "ssot.toml": '[target]\nname = "shop"\n'}, name="shop")
    line = ["report", str(root), "--quiet", "--lock", "--keep", "5", "--fail-on", "regression"]
    first = run_cli(reports, line)
    assert (first.returncode, first.stderr) == (0, "")
    assert "the first complete run" in first.stdout and first.stdout.count("\n") == 1
    holder = start_holder(reports / "shop")
    busy = run_cli(reports, line)
    assert busy.returncode == 75 and "another report" in busy.stderr and busy.stdout == ""
    end(holder, signal.SIGKILL)
    make_tree({"shop/c.py": "import shop.missing\n"}, name="shop")
    assert run_cli(reports, ["scan", str(root), "--quiet"]).returncode == 0
    assert "0 fixed, 1 new" in run_cli(reports, ["diff", "--in", str(root)]).stdout
    second = run_cli(reports, [*line, "--notify", str(tmp_path / "mails/x.eml")])
    assert second.returncode == 1
    assert "was interrupted" in second.stdout and "1 finding new" in second.stdout
    latest = json.loads((reports / "shop/latest/run.json").read_text())
    assert len(latest["unfinished"]) == 1
    page = (reports / "index.html").read_text()
    assert page.count("/index.html") == 2 and "<polyline" in page
    assert (tmp_path / "mails/x.eml").is_file()


@pytest.mark.slow
def test_a_run_that_finds_no_room_is_named_by_the_next_one_with_its_reason(tmp_path: Path, make_tree: Any) -> None:
    """A limit on the size of files is what a full disk is to a program: a write that ends early, then an error."""
    root, reports = make_tree(SHOP, name="shop"), tmp_path / "reports"
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data"), "SSOT_REPORTS": str(reports)}
    command = [sys.executable, "-m", "analysis.cli", "report", str(root), "--quiet", "--keep", "3"]
    limited = ["bash", "-c", 'ulimit -f 150; exec "$@"', "bash", *command]
    full = subprocess.run(limited, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (full.returncode, full.stdout) == (4, "")
    assert "File too large" in full.stderr and "bug" not in full.stderr
    again = run_cli(reports, command[3:])
    assert again.returncode == 0
    assert re.search(r"the run that began [\d :-]+ UTC failed: .*File too large", again.stdout)

"""One run: a folder that appears whole, `latest` that only moves forward, failures that are kept and leave it alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import nbformat
import pytest
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.errors import ReportError
from analysis.investigation import Investigation
from analysis.report import write_report
from analysis.report.run_report import move_latest

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SCRIPT = """
import os, resource, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
from pathlib import Path
from analysis import open_snapshot
from analysis.executor import open_executor
from analysis.errors import AnalysisError
from analysis.report import write_report
snapshot, reports, notebooks, limit = sys.argv[1:]
open_executor(1).submit(os.getpid).result()
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    print(write_report(open_snapshot(snapshot), Path(reports), jobs=1, notebooks=Path(notebooks)))
except AnalysisError as error:
    print(type(error).__name__, error.exit_code, error)
"""


def write_notebook(folder: Path, source: str, name: str = "01_a") -> Path:
    """Write a notebook with one cell into a folder and return the folder."""
    cells = [
        nbformat.v4.new_markdown_cell("# What is *there*?\n\n## Names", id="title"),
        nbformat.v4.new_code_cell('snapshot: str = ""', metadata={"tags": ["parameters"]}, id="parameters"),
        nbformat.v4.new_code_cell(source, id="work"),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    (folder / f"{name}.ipynb").write_text(nbformat.writes(notebook), "utf-8")
    return folder


def start(inv: Investigation, reports: Path, notebooks: Path, limit: int = 0) -> subprocess.Popen[str]:
    """Write a report in a process of its own."""
    command = [sys.executable, "-c", SCRIPT, str(inv.path), str(reports), str(notebooks), str(limit)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "STARTED_FOR": str(reports)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def find_processes(text: str) -> list[int]:
    """Return the processes whose environment has a text."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in told:
            found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


def find_place(inv: Investigation) -> str:
    return inv.manifest.as_target.place


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, shop: Investigation) -> Path:
    """A folder with one finished run."""
    folder = tmp_path_factory.mktemp("reports")
    write_report(shop, folder, notebooks=write_notebook(folder / "notebooks", "print(snapshot)"))
    return folder


def test_without_notebooks_nothing_is_written(shop: Investigation, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no notebooks"):
        write_report(shop, tmp_path / "reports", notebooks=tmp_path)
    assert not (tmp_path / "reports").exists()


def test_a_run_has_its_folder_and_latest_points_to_it(reports: Path, shop: Investigation) -> None:
    target = reports / find_place(shop)
    (run,) = (path for path in target.iterdir() if not path.is_symlink())
    assert re.fullmatch(r"\d{8}T\d{6}-no-git", run.name)
    assert (target / "latest").readlink() == Path(run.name)
    assert sorted(path.name for path in run.iterdir()) == [
        "01_a.html", "explorer.html", "findings.csv", "findings.html", "findings.json",
        "glossary.html", "index.html", "issue.md", "issues", "mail.html", "notebooks", "plan.json", "plan.md",
        "report.html", "run.json",
    ]  # fmt: skip
    assert (run.stat().st_mode & 0o777) == 0o755
    assert str(shop.path) in (run / "notebooks/01_a.ipynb").read_text()


def test_every_link_of_the_pages_leads_to_a_file_or_a_place_on_the_page(reports: Path, shop: Investigation) -> None:
    run = (reports / find_place(shop) / "latest").resolve()
    pages = list(run.glob("*.html"))
    assert sum(page.read_text("utf-8").count(' href="') for page in pages) > 10
    for page in pages:
        text = page.read_text("utf-8")
        ids = set(re.findall(r'\sid="([^"]+)"', text))
        for link in re.findall(r'\shref="([^"]*)"', text):
            path, _, name = link.partition("#")
            assert not path or path == "data:," or (run / path).exists(), f"{page.name}: {link}"
            assert not name or path or name in ids, f"{page.name}: {link}"


def test_a_failing_notebook_is_named_kept_and_does_not_become_the_latest(shop: Investigation, tmp_path: Path) -> None:
    notebooks = write_notebook(tmp_path / "notebooks", "print('fine')", "01_fine")
    write_notebook(notebooks, "raise ValueError('<script>alert(1)</script>')", "02_bad")
    target = tmp_path / find_place(shop)
    (target / "20200101T000000-abc").mkdir(parents=True)
    move_latest(target, "20200101T000000-abc")
    with pytest.raises(ReportError, match=r"02_bad.*ValueError") as caught:
        write_report(shop, tmp_path, notebooks=notebooks)
    assert caught.value.exit_code == 4
    assert (target / "latest").readlink() == Path("20200101T000000-abc")
    (failed,) = target.glob("*.failed")
    assert str(failed) in str(caught.value)
    assert "fine" in (failed / "notebooks/01_fine.ipynb").read_text()
    assert "An Exception was encountered" in (failed / "notebooks/02_bad.ipynb").read_text()
    for name in ("02_bad.html", "report.html", "index.html"):
        text = (failed / name).read_text("utf-8")
        assert "failed" in text and "<script>alert(1)" not in text


def test_a_hostile_target_gets_its_report_in_the_folder_of_reports(tmp_path: Path) -> None:
    hostile = investigate(tmp_path, HOSTILE, HOSTILE_POLICY.replace("<script>alert(7)</script>", "../../up <x>"))
    place = write_report(hostile, tmp_path / "reports", notebooks=write_notebook(tmp_path / "kit", "print(1)"))
    assert place.parent.parent == tmp_path / "reports"
    assert "<title>../../up &lt;x&gt;" in (place / "index.html").read_text("utf-8")


def test_latest_never_moves_back(tmp_path: Path) -> None:
    newer, older = "20260102T000000-aaa", "20260101T000000-bbb"
    move_latest(tmp_path, newer)
    move_latest(tmp_path, older)
    assert (tmp_path / "latest").readlink() == Path(newer)
    move_latest(tmp_path, f"{newer}.2")
    move_latest(tmp_path, f"{newer}.10")
    move_latest(tmp_path, f"{newer}.9")
    assert (tmp_path / "latest").readlink() == Path(f"{newer}.10")


def test_latest_is_the_newest_of_many_that_end_at_once(tmp_path: Path) -> None:
    names = [f"20260101T0000{second:02}-abc" for second in range(40)]
    shuffled = names[:]
    Random(1).shuffle(shuffled)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: move_latest(tmp_path, name), shuffled))
    assert (tmp_path / "latest").readlink() == Path(names[-1])
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(shop: Investigation, tmp_path: Path) -> None:
    notebooks = write_notebook(tmp_path / "notebooks", "print(1)")
    output, _ = start(shop, tmp_path / "reports", notebooks, limit=15_000).communicate(timeout=120)
    assert output.startswith("StorageError 4 cannot write below")
    assert output.count("\n") == 1
    assert list((tmp_path / "reports" / find_place(shop)).iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_run_leaves_nothing_running_and_the_next_one_cleans_up(
    number: signal.Signals, shop: Investigation, tmp_path: Path
) -> None:
    sleeping = write_notebook(tmp_path / "sleeping", "import time\nprint('x', flush=True)\ntime.sleep(300)")
    run = start(shop, tmp_path / "reports", sleeping)
    target = tmp_path / "reports" / find_place(shop)
    mark = f"STARTED_FOR={tmp_path / 'reports'}"
    deadline = time.monotonic() + 60
    while not list(target.glob(".writing-*/notebooks/*.ipynb")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(find_processes(mark)) >= 3
    os.kill(run.pid, number)
    run.wait(30)
    left = list(target.glob(".writing-*"))
    assert len(left) == (number == signal.SIGKILL)
    assert not (target / "latest").exists()
    while find_processes(mark) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert find_processes(mark) == []
    place = write_report(shop, tmp_path / "reports", notebooks=write_notebook(tmp_path / "good", "print(1)"))
    assert sorted(path.name for path in target.iterdir()) == sorted([place.name, "latest"])

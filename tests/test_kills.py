"""Whatever ends a run, its processes end within two seconds, and the next run is right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import nbformat
import pytest
from killed_runs import ROOT, Command, KilledRun, kill_run, list_modules

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
TOLD = {
    signal.SIGINT: (130, "ssot: interrupted; no incomplete file was left\n"),
    signal.SIGTERM: (143, "ssot: ended by SIGTERM; no incomplete file was left\n"),
    signal.SIGHUP: (129, "ssot: ended by SIGHUP; no incomplete file was left\n"),
}
#: Starts a process that leaves the session, and hangs: what a test or a module does to whoever has to end it.
HANGS = "import subprocess, time; subprocess.Popen(['sleep', '311'], start_new_session=True); time.sleep(300)"
NOTEBOOK = "import subprocess, time\nsubprocess.Popen(['sleep', '313'], start_new_session=True)\ntime.sleep(300)"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of 400 modules, large enough for worker processes."""
    root = tmp_path_factory.mktemp("killed") / "shop"
    for name, source in list_modules().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return root


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package one module of which hangs when it is imported."""
    root = tmp_path_factory.mktemp("hanging") / "shop"
    (root / "app").mkdir(parents=True)
    for name, source in {"__init__": "", "hangs": HANGS, "fine": "x = 1\n"}.items():
        (root / "app" / f"{name}.py").write_text(source)
    return root


def run(data: Path, *arguments: str) -> Any:
    """Run a command to its end and return what it prints as JSON."""
    environment = {**os.environ, "SSOT_DATA": str(data), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "analysis.cli", *arguments, "--json"]
    done = subprocess.run(command, env=environment, cwd=data, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return json.loads(done.stdout)


def judge(scanned: Any) -> Any:
    """Return what does not depend on when and where a target was scanned."""
    return {name: scanned[name] for name in ("counts", "statuses", "metrics", "findings")}


def kill(arguments: tuple[str, ...], ready: str, number: signal.Signals, data: Path, delay: float) -> KilledRun:
    killed = kill_run(Command(arguments, ready), number, data, delay)
    ends_well(killed, number)
    return killed


def ends_well(killed: KilledRun, number: signal.Signals) -> None:
    assert killed.left == []
    assert killed.folders == []
    assert (killed.code, killed.errors) == TOLD.get(number, (-number, killed.errors))
    assert "Traceback" not in killed.errors


SCAN = ("scan", "TREE", "--quiet", "--no-cache", "-j", "2")
CHECK = ("check", "TREE", "--quiet", "--no-cache", "-j", "2")
PROBE = ("scan", "TREE", "--quiet", "--probe", "--env", "PROBED_BY=MARK")
GOLDEN = ("golden-path", "TREE", "-q", "--parallel", "3", "--", sys.executable, "-c", f"{HANGS} # MARK")


def on(tree: Path, command: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(tree) if word == "TREE" else word for word in command)


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGHUP])
def test_a_scan_that_is_ended_leaves_no_process_and_the_next_one_is_right(
    tree: Path, tmp_path: Path, number: signal.Signals
) -> None:
    expected = judge(run(tmp_path, "scan", str(tree)))
    random = Random(number)
    for longest in (0.4, 1.0):
        kill(on(tree, SCAN), "worker_main.py", number, tmp_path, random.uniform(0, longest))
    assert judge(run(tmp_path, "scan", str(tree))) == expected
    assert not list(tmp_path.rglob(".writing-*"))


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_scan_is_ended_in_the_middle_of_a_large_file(tmp_path: Path, number: signal.Signals, jobs: str) -> None:
    """The parser holds the interpreter for many seconds: neither a thread nor a handler of its process can run."""
    (tmp_path / "tree").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"tree/{name}.py").write_text("x = [1, 2, (3, 4), {5: 6}]\n" * 900_000)
    kill((*on(tmp_path / "tree", SCAN)[:-1], jobs), "worker_main.py", number, tmp_path, 1.0)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_check_that_is_ended_leaves_no_process(tree: Path, tmp_path: Path, number: signal.Signals) -> None:
    kill(on(tree, CHECK), "worker_main.py", number, tmp_path, Random(number).uniform(0, 0.6))
    assert run(tmp_path, "check", str(tree))["findings"]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_golden_path_that_is_ended_leaves_no_process(hanging: Path, tmp_path: Path, number: signal.Signals) -> None:
    kill(on(hanging, GOLDEN), "sleep 311", number, tmp_path, Random(number).uniform(0, 0.5))
    again = run(tmp_path, "golden-path", str(hanging), "--runs", "1", "--json", "--", sys.executable, "-c", "pass")
    assert (again["runs"], again["passed"]) == (1, 1)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_probe_that_is_ended_leaves_no_process(hanging: Path, tmp_path: Path, number: signal.Signals) -> None:
    kill(on(hanging, PROBE), "sleep 311", number, tmp_path, Random(number).uniform(0, 0.5))
    again = run(tmp_path, "scan", str(hanging), "--probe", "--only", "app.fine")
    assert again["metrics"]["modules-importable"] == 1


@pytest.fixture
def reporting(hanging: Path, tmp_path: Path) -> tuple[str, ...]:
    """Arguments that make a report with the notebooks of a folder of ours, the first of which hangs."""
    kit = tmp_path / "kit"
    write_notebook(kit / "notebooks/01_hangs.ipynb", NOTEBOOK)
    run(tmp_path, "scan", str(hanging))
    program = (
        "from pathlib import Path; import analysis.store; from analysis.cli import main; "
        f"analysis.store.find_checkout = lambda: Path({str(kit)!r}); main()"
    )
    return ("-c", program, "report", "--snapshot", "shop", "-q", "-o", str(tmp_path / "reports"))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_report_that_is_ended_leaves_no_process_and_no_kernel(
    reporting: tuple[str, ...], tmp_path: Path, number: signal.Signals
) -> None:
    """The kernel is a child of a child, in a session of its own, and has started something itself."""
    kill(reporting, "sleep 313", number, tmp_path, Random(number).uniform(0, 0.5))
    assert len(list(tmp_path.rglob(".writing-*"))) == (number == signal.SIGKILL)
    write_notebook(tmp_path / "kit/notebooks/01_hangs.ipynb", "print(1)")
    environment = {**os.environ, "SSOT_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *reporting], env=environment, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert len(list((tmp_path / "reports").glob("shop*/latest/index.html"))) == 1
    assert not list(tmp_path.rglob(".writing-*"))


@pytest.mark.trial
@pytest.mark.parametrize("number", SIGNALS)
def test_ten_scans_and_checks_of_400_modules_that_are_ended_leave_nothing(
    tree: Path, tmp_path: Path, number: signal.Signals
) -> None:
    expected = judge(run(tmp_path, "scan", str(tree)))
    random = Random(100 + number)
    slowest = 0.0
    for turn in range(10):
        killed = kill(on(tree, CHECK if turn % 3 == 2 else SCAN), "worker_main.py", number, tmp_path, random.random())
        slowest = max(slowest, killed.seconds)
        assert judge(run(tmp_path, "scan", str(tree))) == expected
    print(f"{number.name}: 10 kills, nothing left after {slowest:.2f} s at most, 10 of 10 next runs right")


@pytest.mark.trial
@pytest.mark.parametrize("number", SIGNALS)
def test_ten_runs_of_other_commands_that_are_ended_leave_nothing(
    reporting: tuple[str, ...], hanging: Path, tmp_path: Path, number: signal.Signals
) -> None:
    random = Random(200 + number)
    commands = ((on(hanging, GOLDEN), "sleep 311"), (on(hanging, PROBE), "sleep 311"), (reporting, "sleep 313"))
    seconds = [kill(*commands[turn % 3], number, tmp_path, random.random()).seconds for turn in range(10)]
    print(f"{number.name}: 10 kills of golden-path, probe and report, nothing left after {max(seconds):.2f} s at most")


SCRIPT = """
import itertools, time
from analysis.ending import end_in_order
ending = end_in_order()
print("ready", flush=True)
"""


def end_script(source: str, *signals: tuple[float, signal.Signals]) -> tuple[int, str, float]:
    """Run a script that ends in order and send it signals, each after a pause; return code, output and seconds."""
    command = [sys.executable, "-c", SCRIPT + source]
    script = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert script.stdout is not None and script.stdout.readline() == "ready\n"
    started = time.monotonic()
    for pause, number in signals:
        time.sleep(pause)
        script.send_signal(number)
    output, _ = script.communicate(timeout=30)
    return script.returncode, output, time.monotonic() - started


def test_a_call_that_cannot_be_interrupted_ends_all_the_same() -> None:
    code, _, seconds = end_script("sum(itertools.repeat(1, 10**13))", (0.1, signal.SIGINT))
    assert code == -signal.SIGKILL
    assert seconds < 2


CLEANS_UP = """
try:
    time.sleep(60)
finally:
    time.sleep({seconds})
    print("cleaned up", flush=True)
"""


def test_a_second_ctrl_c_ends_the_clean_up_at_once() -> None:
    code, output, seconds = end_script(CLEANS_UP.format(seconds=60), (0.1, signal.SIGINT), (0.5, signal.SIGINT))
    assert (code, output) == (130, "")
    assert seconds < 1.2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_is_passed_on_twice_does_not_cut_the_clean_up(number: signal.Signals) -> None:
    _, output, _ = end_script(CLEANS_UP.format(seconds=0.5), (0.1, number), (0.05, number))
    assert output == "cleaned up\n"


def test_what_is_ignored_stays_ignored() -> None:
    source = "time.sleep(0.5); print('went on')"
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    command = [sys.executable, "-c", ignoring + SCRIPT + source]
    script = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert script.stdout is not None and script.stdout.readline() == "ready\n"
    script.send_signal(signal.SIGHUP)
    assert script.communicate(timeout=30)[0] == "went on\n"
    assert script.returncode == 0


def write_notebook(path: Path, source: str) -> None:
    cells = [
        nbformat.v4.new_code_cell('snapshot: str = ""', metadata={"tags": ["parameters"]}, id="parameters"),
        nbformat.v4.new_code_cell(source, id="work"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})), "utf-8")

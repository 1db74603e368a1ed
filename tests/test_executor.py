"""Workers start clean wherever they are started, fail alone, keep to their limits, and end with their caller."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from killed_runs import ROOT, find_processes, list_modules

from analysis import children
from analysis.executor import Limits, LostTaskError, open_executor

SCRIPT = """
import os, sys
sys.path.insert(0, {checkout!r})
from analysis.executor import open_executor
with open_executor(1) as executor:
    print(executor.submit(os.getcwd).result())
"""


def test_a_process_takes_no_module_from_the_folder_that_it_is_started_in(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for name in ("loky", "multiprocessing", "pickle", "tempfile", "json", "signal", "random", "threading"):
        (target / f"{name}.py").write_text(f"open('executed', 'a').write({name!r})\n")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(checkout=str(Path(__file__).resolve().parent.parent)))
    done = subprocess.run([sys.executable, script], cwd=target, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(target)
    assert not (target / "executed").exists()


def test_the_callers_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with open_executor(1, fresh=True) as executor:
        assert executor.submit(os.getenv, "PYTHONSAFEPATH").result() == "1"
    assert "PYTHONSAFEPATH" not in os.environ


def burn(seconds: float) -> str:
    """Hold the interpreter's lock: no thread of this process runs meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(itertools.repeat(1, 50_000_000))
    return "done"


def die(after: float = 0.0) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def take_memory(size: int) -> int:
    return len(bytearray(size))


class OddError(Exception):
    def __init__(self, one: int, two: int) -> None:  # noqa: ARG002 - what makes it odd
        super().__init__("odd")


def raise_odd() -> None:
    raise OddError(1, 2)


def print_much() -> int:
    os.write(1, b"x" * 100_000)
    return os.read(0, 1) == b""


def test_no_task_is_a_closed_executor_without_a_process() -> None:
    with open_executor(2) as executor:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        executor.submit(os.getpid)


def test_many_tasks_run_on_few_workers_and_results_of_any_size_come_back() -> None:
    with open_executor(2, fresh=True) as executor:
        workers = {executor.submit(os.getpid).result() for _ in range(20)}
        assert len(workers) == 1
        futures = [executor.submit(bytes, size) for size in (0, 1, 65_536, 30_000_000)]
        assert [len(future.result()) for future in futures] == [0, 1, 65_536, 30_000_000]


def test_an_error_of_a_task_is_its_result_and_what_cannot_be_sent_is_told() -> None:
    with open_executor(1) as executor:
        with pytest.raises(ZeroDivisionError) as caught:
            executor.submit(divmod, 1, 0).result()
        assert any("worker" in note for note in caught.value.__notes__)
        with pytest.raises(RuntimeError, match="OddError: odd"):
            executor.submit(raise_odd).result()
        with pytest.raises(TypeError, match="pickle"):
            executor.submit(threading.Lock).result()
        assert executor.submit(print_much).result() == 1


def test_a_worker_that_dies_costs_its_own_task_only() -> None:
    with open_executor(2) as executor:
        futures = [executor.submit(die if number == 3 else abs, number) for number in range(8)]
        for number, future in enumerate(futures):
            if number == 3:
                with pytest.raises(LostTaskError, match="ended in the middle"):
                    future.result()
            else:
                assert future.result() == number


def test_a_worker_that_died_while_it_was_idle_is_no_loss() -> None:
    with open_executor(1) as executor:
        first = executor.submit(os.getpid).result()
    os.kill(first, signal.SIGKILL)
    with open_executor(1) as executor:
        assert executor.submit(os.getpid).result() != first


def test_a_task_that_takes_too_long_is_ended_and_the_next_one_gets_another_worker() -> None:
    with open_executor(1, fresh=True) as executor:
        first = executor.submit(os.getpid).result()
        started = time.monotonic()
        with pytest.raises(LostTaskError, match=r"longer than 0\.3 s"):
            executor.submit_within(Limits(seconds=0.3), burn, 30).result()
        assert time.monotonic() - started < 5
        assert executor.submit_within(Limits(seconds=30), os.getpid).result() != first


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to it")
def test_a_task_that_takes_too_much_memory_fails_alone() -> None:
    with open_executor(1) as executor:
        with pytest.raises(MemoryError):
            executor.submit_within(Limits(memory_bytes=100_000_000), take_memory, 300_000_000).result()
        assert (
            executor.submit_within(Limits(memory_bytes=400_000_000), take_memory, 300_000_000).result() == 300_000_000
        )
        assert executor.submit(take_memory, 300_000_000).result() == 300_000_000


def test_workers_are_kept_for_the_next_caller() -> None:
    with open_executor(1) as executor:
        first = executor.submit(os.getpid).result()
    with open_executor(3) as executor:
        assert executor.submit(os.getpid).result() == first


def test_what_has_not_finished_at_the_end_of_the_block_is_stopped(tmp_path: Path) -> None:
    started = time.monotonic()
    with open_executor(1) as executor:
        pid = executor.submit(os.getpid).result()
        busy, waiting = executor.submit(burn, 60), executor.submit(os.getpid)
        while not busy.running():
            time.sleep(0.01)
    assert time.monotonic() - started < 5
    assert waiting.cancelled()
    with pytest.raises(LostTaskError):
        busy.result(timeout=5)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_two_callers_at_once_do_not_end_the_tasks_of_each_other() -> None:
    with open_executor(2) as one:
        future = one.submit(burn, 0.5)
        with open_executor(2) as other:
            other.submit(burn, 30)
        assert future.result() == "done"


def test_an_interrupt_of_an_investigation_leaves_a_pool_that_works(tmp_path: Path) -> None:
    """Ctrl-C in a notebook: the same process investigates again."""
    for name, source in list_modules().items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    script = (
        "import os, signal, sys, threading, time, analysis\n"
        "def investigate():\n"
        "    return analysis.investigate('tree', data=__import__('pathlib').Path('data'), jobs=2, use_cache=False)\n"
        "investigate()\n"  # an interrupted import of somebody else's module is not the pool's business
        "for delay in (0.2, 0.4, 0.6):\n"
        "    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "    started = time.monotonic()\n"
        "    try:\n"
        "        investigate()\n"
        "        time.sleep(1)\n"
        "    except KeyboardInterrupt:\n"
        "        assert time.monotonic() - started < delay + 1.5\n"
        "        print('interrupted')\n"
        "print(investigate().manifest.counts['modules'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stdout.split() == ["interrupted"] * 3 + ["401"], done.stderr


def test_a_fork_of_the_caller_ends_none_of_its_workers() -> None:
    with open_executor(1) as executor:
        first = executor.submit(os.getpid).result()
        child = os.fork()
        if child == 0:
            try:
                executor_of_fork = open_executor(1)
                os._exit(0 if executor_of_fork.submit(os.getpid).result() != first else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert executor.submit(os.getpid).result() == first


GUARDED = """
import os, signal, subprocess, sys, time
from analysis import children
from killed_runs import find_processes
child = children.start(["sleep", "317"])
if sys.argv[1] == "guard killed":
    end, found = time.monotonic() + 5, []
    while not found and time.monotonic() < end:  # a process has its own name only once it has begun
        found = [pid for pid, line in find_processes("guard_main").items() if f" {os.getpid()} " in line]
    (guard,) = found
    os.kill(guard, signal.SIGKILL)
    time.sleep(0.2)
    other = children.start(["sleep", "318"])
with children.scratch_folder("ssot-") as folder:
    print(child.pid, folder, flush=True)
    time.sleep(0.2)
    if sys.argv[1] == "exits":
        os._exit(0)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("how", ["killed", "exits", "guard killed"])
def test_children_and_folders_go_with_their_starter(how: str, tmp_path: Path) -> None:
    environment = {
        **os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "STARTED_FOR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, how], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    folder = Path(done.stdout.split()[1])
    end = time.monotonic() + 5
    while find_processes(f"STARTED_FOR={tmp_path}") and time.monotonic() < end:
        time.sleep(0.02)
    assert find_processes(f"STARTED_FOR={tmp_path}") == {}
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="finds them by their environment in /proc")
def test_what_left_the_group_of_a_child_is_ended_with_it() -> None:
    mark = f"MARK_{os.getpid()}_{time.monotonic_ns()}"
    child = children.start(["sh", "-c", "setsid sleep 319 & sleep 319 & wait"], env={**os.environ, mark: "1"})
    end = time.monotonic() + 5
    while len(find_processes(mark)) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    children.end(child)
    while find_processes(mark) and time.monotonic() < end:
        time.sleep(0.02)
    assert find_processes(mark) == {}


def test_a_short_command_is_read_and_a_long_one_is_ended() -> None:
    done = children.run(["cat"], stdin=b"x" * 200_000, timeout=30)
    assert (done.returncode, len(done.stdout), done.stderr) == (0, 200_000, b"")
    with pytest.raises(subprocess.TimeoutExpired):
        children.run(["sh", "-c", "sleep 60 & sleep 60"], timeout=0.2)
    with pytest.raises(FileNotFoundError):
        children.run(["no-such-command"], timeout=1)

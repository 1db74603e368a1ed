"""One run of one test in a separate process, and its result."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from analysis import children
from analysis.errors import VerifyError
from analysis.runtime.options import ProbeOptions, build_environment
from analysis.runtime.probe import CHILD as PROBE_CHILD

Outcome = Literal["pass", "fail", "error", "skip", "timeout", "mixed"]
_HERE = Path(__file__).parent
_MOST_TEXT = 400
#: A line of pytest's short traceback; unittest's tear-down and set-up are reported as the test's own failure.
_FRAME = re.compile(r"^.*:\d+: in (\w+)$", re.MULTILINE)
_TEAR_DOWNS = {"tearDown", "asyncTearDown"}
_SET_UPS = {"setUp", "asyncSetUp", "setUpClass"}
#: Characters that a terminal could interpret as commands.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run: ``error`` if the test never reached its own statements; ``network`` is what it had.

    ``fails_after``: its tear-down fails.
    """

    outcome: Outcome
    message: str
    seconds: float
    network: str = ""
    fails_after: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a test runs: interpreter, target root, the test's file name and the parts after ``::``, and how."""

    python: str
    root: Path
    file_name: str
    names: tuple[str, ...]
    timeout: float
    plugins: bool = True


def run_on_stage(stage: Stage, source: bytes, files: Mapping[str, str], scratch: Path) -> RunResult:
    """Run a test file against generated packages and return the result; ``scratch`` is an empty folder.

    The process gets its own session, HOME and temporary folder, limits, and no network where the system can.
    Raises ``VerifyError`` if the interpreter has no pytest.
    """
    for name in ("packages", "test", "home", "tmp"):
        (scratch / name).mkdir(parents=True)
    for name, text in files.items():
        path = scratch / "packages" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    copy = scratch / "test" / stage.file_name
    copy.write_bytes(source)
    _write_plan(stage, copy, scratch)
    started = time.monotonic()
    is_late = _run(stage, scratch)
    seconds = round(time.monotonic() - started, 2)
    answer = json.loads((scratch / "told.json").read_text("utf-8")) if (scratch / "told.json").is_file() else {}
    if "no_pytest" in answer:
        raise VerifyError(f"{stage.python} has no pytest", remedy="Install it there, or name another with --python")
    network = str(answer.get("network", "unknown"))
    if is_late:
        return RunResult("timeout", f"not done after {stage.timeout:g} s", seconds, network)
    return replace(_read_report(scratch, seconds), network=network)


def _write_plan(stage: Stage, copy: Path, scratch: Path) -> None:
    """Write the plan of the child, with a pytest configuration that collects only this test."""
    owner = stage.names[0] if len(stage.names) > 1 else "Test"
    settings = {
        "python_files": copy.name, "python_classes": owner, "python_functions": stage.names[-1].partition("[")[0],
        "asyncio_mode": "auto", "junit_family": "xunit2",
    }  # fmt: skip
    lines = ["[pytest]", *(f"{name} = {value}" for name, value in settings.items())]
    (scratch / "test" / "pytest.ini").write_text("\n".join(lines) + "\n", "utf-8")
    options = ProbeOptions()
    arguments = [
        "-c", str(scratch / "test" / "pytest.ini"), "--rootdir", str(scratch / "test"), "-p", "no:cacheprovider",
        "-p", "no:randomly", "--import-mode=importlib", "-q", "--tb=short", f"--junit-xml={scratch / 'junit.xml'}",
        "::".join([str(copy), *stage.names]),
    ]  # fmt: skip
    plan = {
        "root": str(stage.root), "path": [str(scratch / "packages"), str(stage.root)], "arguments": arguments,
        "probe_child": str(PROBE_CHILD), "told": str(scratch / "told.json"),
        "scratch": str(scratch),
        "cpu_seconds": int(stage.timeout) + 1, "memory_bytes": options.memory_bytes,
        "open_files": options.open_files, "file_bytes": options.file_bytes,
    }  # fmt: skip
    (scratch / "plan.json").write_text(json.dumps(plan), "utf-8")


def _run(stage: Stage, scratch: Path) -> bool:
    """Run the child to its end; return whether it exceeded its time limit."""
    home, temporary = str(scratch / "home"), str(scratch / "tmp")
    own = {"HOME": home, "TMPDIR": temporary} | ({} if stage.plugins else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    environment = build_environment(ProbeOptions(environment=own))
    command = [stage.python, "-I", "-B", str(_HERE / "child.py"), str(scratch / "plan.json")]
    with (scratch / "output").open("wb") as output:
        child = children.start(
            command, cwd=scratch, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )  # fmt: skip
        try:
            child.wait(timeout=stage.timeout)
        except subprocess.TimeoutExpired:
            return True
        finally:
            children.end(child)
    return False


def _read_report(scratch: Path, seconds: float) -> RunResult:
    try:
        cases = list(ET.parse(scratch / "junit.xml").iter("testcase"))  # noqa: S314 - expat refuses entity bombs
    except (OSError, ET.ParseError):
        cases = []
    if not cases:
        return RunResult("error", _shorten_message(_read_output(scratch)) or "pytest ended without a report", seconds)
    entries = [replace(_judge_case(case), seconds=seconds) for case in cases]
    for outcome in ("fail", "error"):
        for entry in entries:
            if entry.outcome == outcome:
                return entry
    outcomes = {entry.outcome for entry in entries}
    longest = max(entries, key=lambda entry: entry.message)
    if len(outcomes) == 1:
        return replace(longest, fails_after=any(entry.fails_after for entry in entries))
    return replace(longest, outcome="mixed")


def _judge_case(case: ET.Element) -> RunResult:
    """Return the result of one report entry; a failing tear-down does not change the result of the test."""
    failure, error, skipped = case.find("failure"), case.find("error"), case.find("skipped")
    if failure is not None:
        message, frames = _shorten_message(failure.get("message") or ""), set(_FRAME.findall(failure.text or ""))
        if (case.get("name") or "").partition("[")[0] in frames:
            return RunResult("fail", message, 0)
        if frames & _TEAR_DOWNS:
            return _pass_before(message)
        return RunResult("error" if frames & _SET_UPS else "fail", message, 0)
    if error is not None:
        message = _shorten_message(_find_cause(error.text or "") or error.get("message") or "")
        is_after = (error.get("message") or "").startswith("failed on teardown")
        return _pass_before(message) if is_after else RunResult("error", message, 0)
    return (
        RunResult("skip", _shorten_message(skipped.get("message") or ""), 0)
        if skipped is not None
        else RunResult("pass", "", 0)
    )


def _pass_before(message: str) -> RunResult:
    """Return the result of a test that passed before its tear-down failed."""
    return RunResult("pass", f"its tear-down fails: {message}", 0, fails_after=True)


def _find_cause(text: str) -> str:
    """Return the last line that pytest marks as the error."""
    marked = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return next((line for line in reversed(marked) if line), "")


def _read_output(scratch: Path) -> str:
    lines = (scratch / "output").read_bytes()[-20_000:].decode("utf-8", "replace").splitlines()
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or [line for line in lines if line.strip()] or [""])[-1]


def _shorten_message(text: str) -> str:
    """Return hostile text as one short line."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= _MOST_TEXT else line[: _MOST_TEXT - 1] + "…"


def number_folders(scratch: Path) -> Iterator[Path]:
    """Yield new folders below ``scratch``, each emptied when the next is asked for."""
    number = 0
    while True:
        folder = scratch / str(number)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
        number += 1


def agree(results: Sequence[RunResult]) -> RunResult:
    """Return the common result of several runs of one control, or ``mixed``."""
    seconds = round(sum(one.seconds for one in results), 2)
    outcomes = sorted({one.outcome for one in results})
    if len(outcomes) == 1:
        return replace(results[0], seconds=seconds)
    return RunResult("mixed", f"{' and '.join(outcomes)} in {len(results)} runs", seconds, results[0].network)

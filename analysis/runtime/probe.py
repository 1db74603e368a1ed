"""The probe: every module imported first in a process of its own, its rows kept as they come."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from analysis import tables
from analysis.cache import build_key, read_lines, seal_line
from analysis.errors import ProbeError
from analysis.executor import count_cores
from analysis.facts import Facts
from analysis.graph import ImportGraph
from analysis.progress import Progress, ignore_progress
from analysis.runtime.options import Interpreter, ProbeOptions, build_environment, find_interpreter
from analysis.runtime.plan import build_plan, find_entries
from analysis.runtime.rows import build_probe_tables
from analysis.simulation import Environment

CHILD = Path(__file__).with_name("child.py")
#: How often a server is started again, each time with less that is shared, before its modules are given up.
_MOST_STARTS = 12
#: What decides the rows: when its source changes, what an interrupted probe left is not taken up.
PROGRAM = ("runtime", "simulation", "names", "graph", "facts", "policy", "tables")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Tables with the schemas of ``tables.PROBE_TABLES`` (the agreement apart), and who was asked how."""

    tables: dict[str, pa.Table]
    described: dict[str, Any]
    environment: Environment | None = None


def run_probe(
    facts: Facts,
    graph: ImportGraph,
    options: ProbeOptions,
    *,
    stream: Path | None = None,
    progress: Progress = ignore_progress,
) -> ProbeResult:
    """Import every module of a target, which executes its code; nothing it does outlasts the call.

    ``stream`` is a folder: an interrupted probe of the same tree, interpreter and options goes on where it stopped.
    Raises ``ProbeError`` when there is no interpreter that can be asked.
    """
    started = time.monotonic()
    interpreter = find_interpreter(facts.root, options.python)
    options = replace(options, jobs=options.jobs or count_cores())
    entries = find_entries(facts, options.only)
    kept = stream / f"{_find_key(facts, interpreter, options)}.jsonl" if stream is not None else None
    rows = _read_rows(kept)
    taken_over = len(rows)
    asked = _Asked(facts, graph, options, interpreter)
    with tempfile.TemporaryDirectory(prefix="ssot-probe-") as scratch, _open(kept) as file:
        for row in asked.run(rows, Path(scratch), lambda done: progress("probe", done, len(entries)), len(entries)):
            rows[row["module"]] = row
            file.write(seal_line(kept.name if kept is not None else "", json.dumps(row)))
            file.flush()
    if kept is not None:
        kept.unlink(missing_ok=True)
    described = {
        "python": interpreter.path, "version": interpreter.version, **asked.isolation,
        "preloaded": len(asked.preloaded), "modules": len(entries),
        "taken_over": taken_over, "seconds": round(time.monotonic() - started, 2), "timeout": options.timeout,
    }  # fmt: skip
    return ProbeResult(build_probe_tables(facts, entries, rows), described, asked.environment)


class _Asked:
    """The server processes of one probe, started again with less when one of them fails."""

    def __init__(self, facts: Facts, graph: ImportGraph, options: ProbeOptions, interpreter: Interpreter) -> None:
        self._facts, self._graph, self._options, self._interpreter = facts, graph, options, interpreter
        self._unfit: set[str] = set()
        self.isolation: dict[str, str] = {}
        self.preloaded: list[str] = []
        self.environment: Environment | None = None
        self._loading = ""

    def run(self, rows: Mapping[str, Any], scratch: Path, tell: Any, total: int) -> Iterator[dict[str, Any]]:
        """Yield the rows of the modules that have none yet."""
        names = [entry.module for entry in find_entries(self._facts, self._options.only)]
        done = {name for name in names if name in rows}
        ok = {name for name in done if rows[name]["outcome"] == "ok" and not rows[name].get("threads")}
        tell(len(done))
        starts = 0
        while starts < _MOST_STARTS:
            waiting = [name for name in names if name not in done]
            if not waiting:
                break
            plan = build_plan(
                self._facts, self._graph, self._options, waiting, sorted(ok), sorted(self._unfit), scratch
            )
            for row in self._serve(plan):
                done.add(row["module"])
                if row["outcome"] == "ok" and not row.get("threads"):
                    ok.add(row["module"])
                tell(len(done))
                yield row
            starts += not self._loading
            self._give_something_up()
        lost = [name for name in names if name not in done]
        if lost and len(lost) == len(names):
            raise ProbeError(
                f"{self._interpreter.path} cannot run the probe: {_read_last_line(scratch / 'errors')}",
                remedy="Name another Python with --python",
            )
        for name in lost:
            yield {"module": name, "outcome": "other", "message": "the probe's own process ended before its turn"}
        tell(total)

    def _give_something_up(self) -> None:
        """After a server that failed: leave out what it was loading, else share less."""
        if self._loading:
            self._unfit.add(self._loading)
            self._loading = ""
        elif self._options.share:
            self._options = replace(self._options, share=False)
        else:
            self._options = replace(self._options, preload=False)

    def _serve(self, plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
        read, write = os.pipe()
        document = Path(plan["scratch"]) / "plan.json"
        document.write_text(json.dumps(plan), "utf-8")
        with document.open("rb") as file, (Path(plan["scratch"]) / "errors").open("wb") as errors:
            command = [self._interpreter.path, "-I", "-B", str(CHILD), str(file.fileno()), str(write)]
            server = subprocess.Popen(
                command, pass_fds=(file.fileno(), write), cwd=plan["root"], env=build_environment(self._options),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
            )  # fmt: skip
        os.close(write)
        try:
            shared: dict[str, Any] = {}
            for line in _read_lines(read, limit=2 * plan["timeout"] + 30):
                row = json.loads(line)
                if "module" in row:
                    self._loading = ""
                    if shared:  # what was said between two rows is kept with the next one
                        row["contents"] = {**shared, **row.get("contents", {})}
                        shared = {}
                    yield row
                elif "contents" in row:
                    shared.update(row["contents"])
                else:
                    self._note(row)
        finally:
            os.close(read)
            _end(server)

    def _note(self, told: dict[str, Any]) -> None:
        if "isolation" in told:
            self.isolation = told["isolation"]
        elif "preloaded" in told:
            self.preloaded, self._loading = told["preloaded"], ""
        elif "outside" in told:
            outside = told["outside"]
            lacking = frozenset((module, name) for module, name in outside["lacking"])
            self.environment = Environment(
                tuple(outside["version"]), frozenset(outside["missing"]), lacking, frozenset(outside["found"])
            )
        elif "loading" in told:
            self._loading = told["loading"]
        elif "unfit" in told or "unserved" in told:
            self._loading = told.get("unfit") or told["unserved"]
        elif "bye" in told:
            self._loading = ""


def _read_lines(pipe: int, *, limit: float) -> Iterator[bytes]:
    """Yield the lines of a pipe until its end, or until nothing came for a time."""
    rest = b""
    while select.select([pipe], [], [], limit)[0]:
        data = os.read(pipe, 1 << 20)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


def _read_last_line(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    return lines[-1] if lines else "it ends without a word"


def _end(server: subprocess.Popen[bytes]) -> None:
    """End a server; its children are told to die with it."""
    if server.poll() is None:
        try:
            server.wait(timeout=2)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _find_key(facts: Facts, interpreter: Interpreter, options: ProbeOptions) -> str:
    """Return a name for what decides the rows: the tree, the interpreter, the options and the program."""
    files = [tables.read_column(facts.files, column) for column in ("path", "content_hash")]
    return build_key(PROGRAM, facts.root, files, interpreter, options)


def _read_rows(kept: Path | None) -> dict[str, dict[str, Any]]:
    """Return the rows that an interrupted probe left, by module; a line that is cut or damaged is no row."""
    rows = [json.loads(line) for line in read_lines(kept, kept.name if kept is not None else "")]
    return {row["module"]: row for row in rows}


def _open(kept: Path | None) -> TextIO:
    if kept is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    kept.parent.mkdir(parents=True, exist_ok=True)
    return kept.open("a", encoding="utf-8")

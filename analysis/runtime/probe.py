"""The probe: every module imported first in a separate process; rows are stored as they arrive."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from analysis import cache, children, tables
from analysis.errors import ProbeError
from analysis.executor import count_cores
from analysis.facts import Facts
from analysis.graph import ImportGraph
from analysis.manifest import FileChange, ProbeRun
from analysis.progress import Progress, ignore_progress
from analysis.runtime.answers import read_answer, read_lines
from analysis.runtime.options import Interpreter, ProbeOptions, build_environment, find_interpreter
from analysis.runtime.plan import build_plan, find_entries
from analysis.runtime.rows import build_probe_tables
from analysis.simulation import Environment

#: The folder that the target's interpreter runs.
CHILD = Path(__file__).with_name("child")
#: What decides the rows: when its source changes, what an interrupted probe left is not taken up.
PROGRAM = (
    "runtime",
    "tree_state",
    "simulation",
    "names",
    "graph",
    "resolve",
    "facts",
    "policy",
    "tables",
    "steps",
    "manifest",
    "targets",
)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Tables with the schemas of ``tables.PROBE_TABLES`` (the agreement apart), and who was asked how."""

    tables: dict[str, pa.Table]
    run: ProbeRun
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
    with children.scratch_folder("ssot-probe-") as scratch, _open(kept) as file:
        for row in asked.run(rows, scratch, lambda done: progress("probe", done, len(entries)), len(entries)):
            rows[row["module"]] = row
            file.write(cache.seal_line(kept.name if kept is not None else "", json.dumps(row)))
            file.flush()
    if kept is not None:
        kept.unlink(missing_ok=True)
    run = ProbeRun(
        python=interpreter.path, version=interpreter.version, preloaded=len(asked.preloaded), modules=len(entries),
        lost=asked.lost, restarts=asked.starts - 1, changed=tuple(asked.changed), taken_over=taken_over,
        seconds=round(time.monotonic() - started, 2), timeout=options.timeout, **asked.isolation,
    )  # fmt: skip
    return ProbeResult(build_probe_tables(facts, entries, rows), run, asked.environment)


class _Asked:
    """The server processes of one probe, started again for the remaining modules when one of them ends."""

    def __init__(self, facts: Facts, graph: ImportGraph, options: ProbeOptions, interpreter: Interpreter) -> None:
        self._facts, self._graph, self._options, self._interpreter = facts, graph, options, interpreter
        self._unfit: set[str] = set()
        self.isolation: dict[str, str] = {}
        self.preloaded: list[str] = []
        self.environment: Environment | None = None
        self.changed: list[FileChange] = []
        self.starts, self.lost = 0, 0
        self._loading = ""
        self._running: dict[str, None] = {}
        self._alone: dict[str, None] = {}
        self._tried = 0

    def run(self, rows: Mapping[str, Any], scratch: Path, tell: Any, total: int) -> Iterator[dict[str, Any]]:
        """Yield the rows of the modules that have none yet."""
        names = [entry.module for entry in find_entries(self._facts, self._options.only)]
        done = {name for name in names if name in rows}
        ok = {name for name in done if rows[name]["outcome"] == "ok" and not rows[name].get("threads")}
        tell(len(done))
        while waiting := [name for name in names if name not in done]:
            alone = [name for name in self._alone if name not in done]
            plan = build_plan(
                self._facts,
                self._graph,
                self._options,
                waiting,
                sorted(ok),
                sorted(self._unfit),
                scratch,
                alone=alone,
            )
            before = len(done)
            for row in self._serve(plan, frozenset(waiting)):
                done.add(row["module"])
                if row["outcome"] == "ok" and not row.get("threads"):
                    ok.add(row["module"])
                tell(len(done))
                yield row
            if (culprit := self._find_culprit()) and culprit not in done:
                done.add(culprit)
                yield {"module": culprit, "outcome": "crash", "message": "it ended the probe's server process"}
            elif len(done) == before and not self._give_something_up():
                break
        lost = [name for name in names if name not in done]
        if lost and len(lost) == len(names):
            raise ProbeError(
                f"{self._interpreter.path} cannot run the probe: {_read_last_line(scratch / 'errors')}",
                remedy="Name another Python with --python",
            )
        self.lost = len(lost)
        for name in lost:
            yield {
                "module": name,
                "outcome": "other",
                "message": "not probed: the probe's server ended before its turn",
            }
        tell(total)

    def _find_culprit(self) -> str:
        """Return the module that ended the server: it ran alone. Others that ran will run alone next time."""
        running, self._running = list(self._running), {}
        if len(running) == 1 and running[0] in self._alone:
            return running[0]
        self._alone.update(dict.fromkeys(running))
        return ""

    def _give_something_up(self) -> bool:
        """After a server that brought no row: leave out what it was loading, else share less; False if none is left."""
        if self._loading and self._loading not in self._unfit:
            self._unfit.add(self._loading)
        elif self._alone and self._tried != len(self._alone):
            self._tried = len(self._alone)
        elif self._options.share:
            self._options = replace(self._options, share=False)
        elif self._options.preload:
            self._options = replace(self._options, preload=False)
        else:
            return False
        self._loading = ""
        return True

    def _serve(self, plan: dict[str, Any], waiting: frozenset[str]) -> Iterator[dict[str, Any]]:
        self.starts += 1
        self._loading = ""
        read, write = os.pipe()
        document = Path(plan["scratch"]) / "plan.json"
        document.write_text(json.dumps(plan), "utf-8")
        with document.open("rb") as file, (Path(plan["scratch"]) / "errors").open("wb") as errors:
            command = [self._interpreter.path, "-I", "-B", str(CHILD), str(file.fileno()), str(write)]
            server = children.start(
                command, pass_fds=(file.fileno(), write), cwd=plan["root"], env=build_environment(self._options),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        os.close(write)
        try:
            yield from self._read(read, 2 * plan["timeout"] + 30, set(waiting))
            with suppress(subprocess.TimeoutExpired):
                server.wait(timeout=2)
        finally:
            os.close(read)
            children.end(server)

    def _read(self, pipe: int, limit: float, waiting: set[str]) -> Iterator[dict[str, Any]]:
        shared: dict[str, Any] = {}
        for line in read_lines(pipe, limit=limit):
            row = read_answer(line)
            if "module" in row:
                if row["module"] not in waiting:
                    continue
                waiting.discard(row["module"])
                self._running.pop(row["module"], None)
                if shared:  # what was said between two rows is kept with the next one
                    row["contents"] = {**shared, **row.get("contents", {})}
                    shared = {}
                yield row
            elif row.get("contents"):
                shared.update(row["contents"])
            else:
                with suppress(TypeError, KeyError, ValueError, AttributeError):  # whatever wrote into the server's pipe
                    self._note(row)

    def _note(self, told: dict[str, Any]) -> None:
        if "begin" in told:
            self._running[told["begin"]] = None
        elif "isolation" in told:
            self.isolation = {name: str(told["isolation"][name]) for name in ("network", "target", "processes")}
        elif "preloaded" in told:
            self.preloaded, self._loading = told["preloaded"], ""
        elif "outside" in told:
            outside = told["outside"]
            lacking = frozenset((module, name) for module, name in outside["lacking"])
            major, minor, patch = outside["version"][:3]
            missing, there = frozenset(outside["missing"]), frozenset(outside["found"])
            self.environment = Environment((major, minor, patch), missing=missing, lacking=lacking, found=there)
        elif "loading" in told or "unfit" in told:
            self._loading = told.get("unfit") or told["loading"]
        elif "changed" in told:
            self.changed.append(FileChange(tuple(told["changed"]), int(told["files"]), tuple(told["by"])))


def _read_last_line(path: Path) -> str:
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    return lines[-1] if lines else "it ends silently"


def _find_key(facts: Facts, interpreter: Interpreter, options: ProbeOptions) -> str:
    """Return a name for what decides the rows: the tree, the interpreter, the options and the program."""
    files = [tables.read_column(facts.files, column) for column in ("path", "content_hash")]
    return cache.build_key(PROGRAM, facts.root, files, interpreter, options)


def _read_rows(kept: Path | None) -> dict[str, dict[str, Any]]:
    """Return the rows that an interrupted probe left, by module; a line that is cut or damaged is no row."""
    rows = [json.loads(line) for line in cache.read_lines(kept, kept.name if kept is not None else "")]
    return {row["module"]: row for row in rows}


def _open(kept: Path | None) -> TextIO:
    if kept is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    kept.parent.mkdir(parents=True, exist_ok=True)
    return kept.open("a", encoding="utf-8")

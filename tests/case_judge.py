"""Judges one case of ``tests/cases``: whether it is still true, and whether the analysis says what it should."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from analysis.investigation import Investigation
from analysis.pipeline import investigate

CASES = Path(__file__).parent / "cases"
#: A later one hides an earlier one.
VERDICTS = ("right", "false alarm", "missed", "wrong", "crash", "void")
TRUTH_SECONDS = 120
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Remark:
    """What is not as it should be: the verdict that it leads to, and why."""

    verdict: str
    reason: str


def list_cases() -> list[str]:
    return sorted(path.parent.name for path in CASES.glob("*/case.toml"))


def judge_case(name: str, folder: Path) -> tuple[str, list[str]]:
    """Return the verdict on a case, and what is not right; ``folder`` is empty, and the case is laid out there."""
    case = tomllib.loads((CASES / name / "case.toml").read_text(encoding="utf-8"))
    lay_out(CASES / name, folder)
    remarks = list(_check_truth(case, folder))
    try:
        found = _scan(folder, "files")
        if (CASES / name / "then.py").exists():
            _run_script(CASES / name / "then.py", folder / "files")
            found = _scan(folder, "files")
        remarks += [*judge_findings(case, _read_findings(found)), *_judge_tables(case, found)]
        if (folder / "fixed").is_dir():
            remarks += judge_findings(case, _read_findings(_scan(folder, "fixed")), is_fixed=True)
    except Exception as crash:  # noqa: BLE001 - whatever it is, the scan has not ended
        remarks.append(Remark("crash", f"{type(crash).__name__}: {crash}"))
    worst = max((VERDICTS.index(remark.verdict) for remark in remarks), default=0)
    return VERDICTS[worst], list(dict.fromkeys(f"[{remark.verdict}] {remark.reason}" for remark in remarks))


def lay_out(case: Path, folder: Path) -> None:
    """Write the project of a case below a folder: ``files``, and ``fixed`` where there is one."""
    if (case / "make.py").exists():
        (folder / "files").mkdir(parents=True)
        _run_script(case / "make.py", folder / "files")
    for name in ("files", "fixed"):
        if (case / name).is_dir():
            shutil.copytree(case / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))


def _run_script(script: Path, folder: Path) -> None:
    """Run a script of the case, which writes or changes files, with the folder as its argument."""
    given, sys.argv = sys.argv, [str(script), str(folder)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    finally:
        sys.argv = given


def _scan(folder: Path, name: str) -> Investigation:
    return investigate(folder / name, data=folder / "data", jobs=1)


def _read_findings(found: Investigation) -> list[Row]:
    rows: list[Row] = found.table("findings").to_pylist()
    return rows


# Truth


def _check_truth(case: Row, folder: Path) -> Iterator[Remark]:
    """Run the commands that say what CPython does, all at once; yield those that end otherwise than the case says."""
    wanted = [truth for truth in case["truth"] if all(map(importlib.util.find_spec, truth.get("needs", [])))]
    running = [(truth, _start(truth, folder)) for truth in wanted]
    for truth, process in running:
        try:
            _, error = process.communicate(timeout=TRUTH_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            _, error = process.communicate()
        last = (error.strip().splitlines() or [""])[-1]
        if process.returncode != truth["exit"] or truth["says"] not in last:
            command = " ".join(truth["command"])[:60]
            yield Remark("void", f"{command!r} ends with {process.returncode}, {last[:120]!r}")


def _start(truth: Row, folder: Path) -> subprocess.Popen[str]:
    place = folder / truth.get("folder", "files")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SSOT_"))}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if truth["pythonpath"]:
        environment["PYTHONPATH"] = os.pathsep.join(str(place / part) for part in truth["pythonpath"])
    return subprocess.Popen(
        [sys.executable, *truth["command"]], cwd=place, env=environment, text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


# Findings


def judge_findings(case: Row, findings: list[Row], *, is_fixed: bool = False) -> Iterator[Remark]:
    """Hold the findings against a case; where it is fixed, what was expected must be gone."""
    limits = [(case["fixed_max"], "it is fixed")] if is_fixed else []
    for want in case.get("expect", []):
        if want.get("quiet"):
            limits.append((want["max_severity"], want["about"]))
        else:
            yield from _judge_wanted(want, findings, is_fixed=is_fixed)
    for finding in findings:
        for limit, why in limits:
            if not limit or finding["severity"] < limit:
                yield Remark("false alarm", f"{_show(finding)}, although {why}")
        for bad in case.get("forbid", []):
            is_named = fnmatchcase(finding["rule"], bad["rule"]) and _stands(finding, bad.get("path", ""))
            if is_named and _says(finding, bad.get("words", [])):
                yield Remark("false alarm", f"{_show(finding)}, although {bad['why']}")


def _judge_wanted(want: Row, findings: list[Row], *, is_fixed: bool) -> Iterator[Remark]:
    """Hold the findings against one that must be there, or that must be gone where the case is fixed."""
    places = [(want["path"], want["lines"]), *((path, ()) for path in want.get("also", []))]
    here = [finding for finding in findings if any(_stands(finding, *place) for place in places)]
    good = [each for each in here if each["severity"] in want["severity"] and _says(each, want["words"])]
    if is_fixed:
        yield from (Remark("false alarm", f"{_show(finding)}, although it is fixed") for finding in good)
    elif not here:
        yield Remark("missed", f"{want['path'] or 'anywhere'}: {want['about']}")
    elif not good:
        shown = ", ".join(dict.fromkeys(map(_show, here)))
        yield Remark("wrong", f"{shown} is not {'/'.join(want['severity'])} {want['about']}")


def _says(finding: Row, words: list[str]) -> bool:
    text = f"{finding['rule']} {finding['message']}".lower().replace("-", " ")
    return not words or any(word.lower().replace("-", " ") in text for word in words)


def _stands(finding: Row, path: str, lines: Any = ()) -> bool:
    there = [place for place in finding["evidence"] if fnmatchcase(place["path"], path)]
    return not path or any(not lines or place["line"] in lines for place in there)


def _show(finding: Row) -> str:
    place = finding["evidence"][0] if finding["evidence"] else {"path": "-", "line": 0}
    return f"{finding['severity']} {finding['rule']} {place['path']}:{place['line']}"


# Tables


def _judge_tables(case: Row, found: Investigation) -> Iterator[Remark]:
    for wanted in case.get("table", []):
        rows, where = found.table(wanted["table"]).to_pylist(), wanted["where"].items()
        gone = [column for column, _ in where if rows and column not in rows[0]]
        is_there = not gone and any(all(row[column] == value for column, value in where) for row in rows)
        if gone or is_there != wanted["present"]:
            said = f"no column {gone}" if gone else f"{'no row' if wanted['present'] else 'a row'} {wanted['where']}"
            yield Remark("wrong", f"{wanted['table']}: {said}")

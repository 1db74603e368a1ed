"""From the results of a test with the controls to the verdict whether it detects the defect."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from analysis.verify.controls import (
    CLEAN,
    MISSING,
    ONE_OBJECT,
    QUIET_CIRCLE,
    STANDARD,
    WITH_INSTANCE,
    Defect,
)
from analysis.verify.run import RunResult

Verdict = Literal[
    "detects the defect",
    "always fails, even for json",
    "always passes, even with the defect",
    "fails on a healthy target",
    "cannot be judged",
]
#: Messages of a test when a generated package lacks what it uses; they are not a verdict on the test.
_LACKS = re.compile(r"AttributeError|has no attribute|cannot import name|TypeError|No module named")
_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+(\.\d+)?")


def judge_runs(defect: Defect, results: Mapping[str, RunResult], planted: Sequence[str]) -> tuple[Verdict, str]:
    """Return the verdict and its reason; ``planted`` are the controls that have the defect."""
    clean = results[CLEAN if defect == "circular" else ONE_OBJECT]
    unfit = _find_unfit(results, planted)
    if unfit:
        return "cannot be judged", unfit
    if not planted:
        return "cannot be judged", (
            "two objects of one name cannot be planted: the test names fewer than two paths of a class as text"
        )
    if clean.outcome == "fail":
        return _judge_failing(clean, results, planted)
    instance = results.get(WITH_INSTANCE)
    if instance is not None and instance.outcome == "fail":
        return "fails on a healthy target", f"it mistakes an instance for a second class: {instance.message}"
    if all(results[name].outcome == "pass" for name in (*planted, *([QUIET_CIRCLE] if defect == "circular" else ()))):
        return "always passes, even with the defect", "it has the same result with a clean package and with the defect"
    return "detects the defect", "; ".join(
        _find_notes(results, planted)
    ) or "it passes without the defect and fails with it"


def _find_unfit(results: Mapping[str, RunResult], planted: Sequence[str]) -> str:
    """Return why a run is no evidence, or an empty text; only with the defect is a failure to load a result."""
    for name, one in results.items():
        is_planted = name in (*planted, MISSING, QUIET_CIRCLE)
        if (one.outcome in {"skip", "mixed", "timeout"} and name != MISSING) or (
            one.outcome == "error" and not is_planted
        ):
            return f"{one.outcome} with {name}: {one.message}"
    return ""


def _judge_failing(clean: RunResult, results: Mapping[str, RunResult], planted: Sequence[str]) -> tuple[Verdict, str]:
    """Judge a test that fails on the clean package: always, or because the package lacks something."""
    standard = results[STANDARD]
    if _LACKS.search(clean.message) or standard.outcome == "pass":
        return "cannot be judged", f"the clean package lacks something the test needs: {clean.message}"
    if any(simplify(results[name].message) == simplify(clean.message) for name in planted):
        return "always fails, even for json", standard.message
    return "fails on a healthy target", clean.message


def simplify(message: str) -> str:
    """Return a message without numbers and addresses, to compare it with another."""
    return _NUMBERS.sub("0", message)


def _find_notes(results: Mapping[str, RunResult], planted: Sequence[str]) -> list[str]:
    notes = [f"but it does not detect: {name}" for name in planted if results[name].outcome == "pass"]
    if results[MISSING].outcome in {"fail", "error"}:
        notes.append("but it also fails for a module that does not exist, so its failure alone does not prove a defect")
    if all(one.fails_after for one in results.values() if one.outcome == "pass"):
        notes.append("its tear-down fails in any case, so every run fails regardless of the result")
    if results[STANDARD].outcome == "fail":
        notes.append("it fails for json, which lacks what the test uses")
    return notes

"""From what a test said of the controls to whether it can tell the defect."""

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
from analysis.verify.run import Said

Verdict = Literal[
    "tells them apart",
    "always fails, even for json",
    "always passes, even with the defect",
    "fails on a healthy target",
    "cannot be judged",
]
#: What a test says when a generated package lacks what it looks for; that is no verdict on the test.
_LACKS = re.compile(r"AttributeError|has no attribute|cannot import name|TypeError|No module named")
_NUMBERS = re.compile(r"0x[0-9a-f]+|\d+(\.\d+)?")


def judge_runs(defect: Defect, said: Mapping[str, Said], planted: Sequence[str]) -> tuple[Verdict, str]:
    """Return the verdict and its reason; ``planted`` are the controls that have the defect."""
    clean = said[CLEAN if defect == "circular" else ONE_OBJECT]
    unfit = _find_unfit(said, planted)
    if unfit:
        return "cannot be judged", unfit
    if not planted:
        return "cannot be judged", (
            "two objects of one name cannot be planted: the test names fewer than two paths of a class as text"
        )
    if clean.outcome == "fail":
        return _judge_failing(clean, said, planted)
    instance = said.get(WITH_INSTANCE)
    if instance is not None and instance.outcome == "fail":
        return "fails on a healthy target", f"it takes an instance for a second class: {instance.message}"
    if all(said[name].outcome == "pass" for name in (*planted, *([QUIET_CIRCLE] if defect == "circular" else ()))):
        return "always passes, even with the defect", "it says the same of a clean package and of one with the defect"
    return "tells them apart", "; ".join(_find_notes(said, planted)) or "it passes without the defect and fails with it"


def _find_unfit(said: Mapping[str, Said], planted: Sequence[str]) -> str:
    """Return why a run says nothing, or nothing; failing to load is an answer only where the defect was planted."""
    for name, one in said.items():
        is_planted = name in (*planted, MISSING, QUIET_CIRCLE)
        if (one.outcome in {"skip", "mixed", "timeout"} and name != MISSING) or (
            one.outcome == "error" and not is_planted
        ):
            return f"{one.outcome} with {name}: {one.message}"
    return ""


def _judge_failing(clean: Said, said: Mapping[str, Said], planted: Sequence[str]) -> tuple[Verdict, str]:
    """Judge a test that fails on the clean package: whatever it gets, or for what the package lacks."""
    standard = said[STANDARD]
    if _LACKS.search(clean.message) or standard.outcome == "pass":
        return "cannot be judged", f"the clean package lacks something the test needs: {clean.message}"
    if any(simplify(said[name].message) == simplify(clean.message) for name in planted):
        return "always fails, even for json", standard.message
    return "fails on a healthy target", clean.message


def simplify(message: str) -> str:
    """Return a message without numbers and addresses, to compare it with another."""
    return _NUMBERS.sub("0", message)


def _find_notes(said: Mapping[str, Said], planted: Sequence[str]) -> list[str]:
    notes = [f"but it does not see: {name}" for name in planted if said[name].outcome == "pass"]
    if said[MISSING].outcome in {"fail", "error"}:
        notes.append("but it also fails for a module that does not exist, so its failing alone proves no defect")
    if all(one.fails_after for one in said.values() if one.outcome == "pass"):
        notes.append("what follows the test fails all the same, so a run ends red whatever the test says")
    if said[STANDARD].outcome == "fail":
        notes.append("it fails for json, which lacks what the test looks for")
    return notes

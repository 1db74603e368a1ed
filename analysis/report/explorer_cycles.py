"""The cycles of a target for the explorer: their modules, what they do, and what to cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis import tables
from analysis.rules.cycle_outcomes import CycleOutcome, find_cycle_outcomes
from analysis.steps import read_cut, read_loop_step, read_statement

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: What a cycle does, the most severe first. ``fails``: a first import fails because of it; ``swallowed``: such a
#: failure is silently swallowed; ``works``: the first import of each of its modules was simulated, and works;
#: ``unknown``: not all were simulated; ``later``: nothing of it happens on import, because functions or type checkers
#: close it.
EFFECTS = ("fails", "swallowed", "unknown", "works", "later")
#: The rule about the cycles of each kind, without and with the packages on the way.
RULE_OF_KIND = {
    ("import-time", False): "import-cycle",
    ("import-time", True): "import-cycle-through-packages",
    ("deferred", False): "deferred-cycle",
    ("typing", False): "typing-cycle",
}


def build_cycles(inv: Investigation, places: Mapping[str, int], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the cycles, the largest first; those with ancestor packages only at import time, where they differ.

    Each has its identifier ``cycle``, kind, effect (one of ``EFFECTS``), ``ancestors`` (whether packages on the way
    count), modules (places), loop (importer, imported, file and line of each step), cut (pairs of importer and
    imported), and the message of the finding about it; empty where none is open. ``files`` are those of the modules.
    """
    rows = [row for row in inv.table("cycles").to_pylist() if _is_shown(row)]
    plain = {tuple(row["modules"]) for row in rows if not row["with_ancestors"]}
    rows = [row for row in rows if not row["with_ancestors"] or tuple(row["modules"]) not in plain]
    simulated, swallowed = (inv.table(name).to_pylist() for name in ("simulated", "simulated_swallowed"))
    at_import = {row["cycle"]: row["modules"] for row in rows if row["kind"] == "import-time"}
    outcomes = find_cycle_outcomes(at_import, simulated, swallowed)
    messages = _read_messages(inv)
    trials = {row["cycle"]: row for row in inv.table("cut_trials").to_pylist()}
    rows.sort(
        key=lambda row: (row["with_ancestors"], tables.CYCLE_KINDS.index(row["kind"]), -row["size"], row["cycle"])
    )
    return [
        {
            "cycle": row["cycle"],
            "kind": row["kind"],
            "ancestors": row["with_ancestors"],
            "effect": _find_effect(outcomes.get(row["cycle"])),
            "modules": [places[name] for name in row["modules"] if name in places],
            "loop": [_find_step(step, places) for step in row["loop"]],
            "cut": _find_cut(row, trials, files, places),
            "message": messages.get((RULE_OF_KIND[row["kind"], row["with_ancestors"]], row["modules"][0]), ""),
        }
        for row in rows
    ]


def _is_shown(row: Mapping[str, Any]) -> bool:
    return (row["kind"], row["with_ancestors"]) in RULE_OF_KIND


def _find_effect(outcome: CycleOutcome | None) -> str:
    if outcome is None:
        return "later"
    if outcome.failing:
        return "fails"
    if outcome.lost:
        return "swallowed"
    return "works" if outcome.is_known else "unknown"


def _find_step(step: str, places: Mapping[str, int]) -> list[Any]:
    read = read_loop_step(step)
    return [places[read.importer], places[read.imported], read.path, read.line]


def _find_cut(
    row: Mapping[str, Any], trials: Mapping[str, Mapping[str, Any]], files: Mapping[str, str], places: Mapping[str, int]
) -> list[list[int]]:
    """Return the pairs to cut: as simulated where something fails, else the cheapest of the graph.

    No pairs where cuts were simulated and none of them helps without harm.
    """
    trial = trials.get(row["cycle"])
    if trial is None or not trial["tried"]:
        steps = [read_cut(text) for text in row["cut"]]
        pairs = [(step.importer, step.imported) for step in steps]
    else:
        importers = {files[name]: name for name in reversed(row["modules"]) if name in files}
        statements = [step for step in map(read_statement, trial["statements"]) if step is not None]
        pairs = [(importers.get(step.path, ""), step.module) for step in statements]
    return sorted([places[a], places[b]] for a, b in set(pairs) if a in places and b in places)


def _read_messages(inv: Investigation) -> dict[tuple[str, str], str]:
    """Return the messages of the findings about cycles by rule and first module."""
    rows = tables.read_rows(inv.table("findings"), "rule", "subject", "message")
    wanted = set(RULE_OF_KIND.values())
    return {(rule, subject): message for rule, subject, message in rows if rule in wanted}

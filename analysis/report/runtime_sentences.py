"""Sentences and tables on what the running interpreter says, beside what the source says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.manifest import ProbeRun
from analysis.quantities import write_decimal, write_share
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import code
from analysis.rules.cycle_outcomes import UNKNOWN_OUTCOMES
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_HOW = "Run it again with `--probe` to see what the interpreter says; that executes the code of the target."
_CIRCULAR = ("circular", "recursion")
_MEANINGS = {
    "ok": "the import succeeds",
    "circular": "a name is needed of a module that is only half executed",
    "missing-third-party": "a module of somebody else is not installed",
    "missing-in-tree": "a module of the tree does not exist",
    "missing-name": "a module of the tree lacks the name",
    "recursion": "modules ask each other without end",
    "syntax": "the file is no valid Python for this interpreter",
    "crash": "the interpreter was killed, or ended itself",
    "timeout": "the import did not end in its time",
    "exit": "the module calls for the exit of the program",
    "other": "another exception",
}


def format_probe(inv: Investigation) -> Prose:
    """Say who was asked: the interpreter and its limits, or that nothing was run."""
    probe = inv.manifest.probe
    if probe is None:
        return Prose(f"Nothing of {code(inv.name)} was run, so there is nothing to tell. {_HOW}")
    outcomes = inv.frame("probed")["outcome"].astype(str)
    ok = int((outcomes == "ok").sum())
    return Prose(
        f"Each of {format_count(len(outcomes), 'module')} of {code(inv.name)} was imported first in a fresh process of "
        f"Python {plain_version(probe)}: {format_count(ok, 'import')} succeeded, {len(outcomes) - ok:,} did not. "
        f"Network: {code(probe.network)}. It took {write_decimal(probe.seconds)} s."
    )


def plain_version(probe: ProbeRun) -> str:
    """Return the version of the interpreter that was asked."""
    return code(probe.plain_version)


def list_outcomes(inv: Investigation) -> Fragment:
    """Return how the first imports end."""
    seen = inv.frame("probed")["outcome"].astype(str).value_counts()
    rows = [(outcome, meaning, int(seen[outcome])) for outcome, meaning in _MEANINGS.items() if outcome in seen.index]
    return build_table(pd.DataFrame(rows, columns=["outcome", "meaning", "modules"]), caption="How first imports end")


def format_simulation(inv: Investigation) -> Prose:
    """Say what the simulation foretells, and of how many modules the program did what was foretold."""
    simulated = inv.frame("simulated")
    if simulated.empty:
        return Prose("No first import was simulated.")
    outcomes = simulated["outcome"].astype(str)
    counts = outcomes.value_counts()
    circular = int(counts.get("circular", 0) + counts.get("recursion", 0))
    unknown, left = int(counts.get("unknown", 0)), int(counts.get("not-simulated", 0))
    rest = len(outcomes) - left - int(counts.get("ok", 0)) - circular - unknown
    swallowed = inv.frame("simulated_swallowed")
    losing = swallowed[swallowed["outcome"].astype(str).isin(_CIRCULAR)]["entry"].nunique()
    told = (
        f"Of {format_count(len(outcomes) - left, 'first import')} that were simulated, without running anything, "
        f"{int(counts.get('ok', 0)):,} succeed, {circular:,} fail by a circle and {rest:,} for another reason; "
        f"{losing:,} lose a name on the way without a word."
    )
    if left:
        told += f" {format_count(left, 'first import')} {'was' if left == 1 else 'were'} not simulated: time budget."
    if unknown:
        told += f" Of {format_count(unknown, 'module')} it cannot be told: too much runs."
    both = _join_witnesses(inv)
    if len(both):
        agree = int((both["foretold"] == both["seen"]).sum())
        told += (
            f" The interpreter was asked about {format_count(len(both), 'module')} of these: "
            f"{format_count(agree, 'import')} ended as foretold ({write_share(agree / len(both))})."
        )
    return Prose(told)


def _join_witnesses(inv: Investigation) -> pd.DataFrame:
    """Return the modules that both witnesses speak of: module, foretold, seen, fails at, message, doubt."""
    simulated, probed = inv.frame("simulated"), inv.frame("probed")
    known = simulated[~simulated["outcome"].astype(str).isin(UNKNOWN_OUTCOMES)]
    both = known.merge(probed, on="module", suffixes=("_foretold", "_seen"))
    return pd.DataFrame(
        {
            "module": both["module"],
            "foretold": both["outcome_foretold"].astype(str),
            "seen": both["outcome_seen"].astype(str),
            "failed in fact at": _place(both["failed_path_seen"], both["failed_line_seen"]),
            "message": both["message_seen"].where(both["message_seen"] != "", both["message_foretold"]),
            "doubt": both["doubt"],
        }
    )


def _place(paths: pd.Series, lines: pd.Series) -> pd.Series:
    return (paths + ":" + lines.astype(str)).where(paths != "", "")


def list_not_foretold(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules whose first import ended otherwise than the simulation foretold."""
    both = _join_witnesses(inv)
    return build_table(
        both[both["foretold"] != both["seen"]].reset_index(drop=True), caption="Imports that ended otherwise",
        most_rows=most_rows, names=("module", "failed in fact at"),
    )  # fmt: skip


def list_failing_first(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules whose first import fails, those that fail by a circle first, with the statement that does.

    Where nothing was run, they are those that the simulation foretells.
    """
    probed, simulated = inv.frame("probed"), inv.frame("simulated")
    frame = probed if len(probed) else simulated
    failed = frame[~frame["outcome"].astype(str).isin(["ok", "missing-third-party", *UNKNOWN_OUTCOMES])]
    foretold = dict(zip(simulated["module"], simulated["outcome"].astype(str), strict=True))
    shown = pd.DataFrame(
        {
            "module": failed["module"],
            "outcome": failed["outcome"].astype(str),
            "foretold": failed["module"].map(foretold).fillna("not simulated"),
            "fails at": _place(failed["failed_path"], failed["failed_line"]),
            "message": failed["message"],
        }
    )
    rank = {outcome: number for number, outcome in enumerate(("circular", "recursion", "crash", "timeout"))}
    order = shown["outcome"].map(lambda outcome: rank.get(outcome, len(rank)))
    ordered = shown.assign(order=order).sort_values(["order", "module"], ignore_index=True).drop(columns="order")
    return build_table(
        ordered, caption="Modules that cannot be imported first", most_rows=most_rows, names=("module", "fails at")
    )


def format_agreement(inv: Investigation) -> Prose:
    """Say of how many names both witnesses say the same."""
    verdicts = inv.frame("agreement")["verdict"].astype(str).value_counts()
    total = int(verdicts.sum())
    if not total:
        return Prose(f"There is no second witness. {_HOW}")
    told = {
        name: int(verdicts.get(name, 0)) for name in ("agree", "disagree", "static-only", "runtime-only", "unknown")
    }
    judged = total - told["unknown"]
    share = write_share(told["agree"] / judged) if judged else "none"
    return Prose(
        f"Of {format_count(total, 'name')} in modules that could be imported, source and program say the same of "
        f"{told['agree']:,} ({share} of those on which both speak); they contradict each other on "
        f"{told['disagree']:,}, {told['static-only']:,} are only in the source, {told['runtime-only']:,} only in the "
        f"program, and of {told['unknown']:,} one of them cannot tell."
    )


def list_disagreements(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the names on which source and program differ, with the cause."""
    frame = inv.frame("agreement")
    chosen = frame[frame["verdict"].astype(str).isin(["disagree", "static-only", "runtime-only"])]
    shown = pd.DataFrame(
        {
            "name": chosen["module"] + "." + chosen["name"],
            "cause": chosen["cause"].astype(str).str.replace("-", " "),
            "by the source": chosen["static_kind"].astype(str) + " " + chosen["static_definition"],
            "by the program": chosen["live_kind"].astype(str) + " " + chosen["live_definition"],
        }
    )
    names = ("name", "by the source", "by the program")
    return build_table(
        shown.reset_index(drop=True), caption="Names on which they differ", most_rows=most_rows, names=names
    )


def list_swallowed(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the import errors that are raised and swallowed, what they leave, and how many first imports meet them.

    Where nothing was run, they are those that the simulation foretells.
    """
    foretold = inv.frame("simulated_swallowed")
    frame = inv.frame("swallowed") if len(inv.frame("probed")) else foretold
    frame = frame[frame["outcome"].astype(str) != "missing-third-party"]
    left = dict(zip(_place(foretold["path"], foretold["line"]), foretold["left_as"], strict=True))
    what = frame["module"] + ("." + frame["name"]).where(frame["name"] != "", "")
    place = _place(frame["path"], frame["line"])
    rows = pd.DataFrame(
        {
            "outcome": frame["outcome"].astype(str),
            "raised at": place,
            "wanted": what,
            "leaves": place.map(left).fillna(""),
            "entry": frame["entry"],
        }
    )
    grouped = rows.groupby(["outcome", "raised at", "wanted", "leaves"], as_index=False, observed=True)
    ordered = grouped.agg(**{"first imports": ("entry", "nunique")}).sort_values(
        ["first imports", "raised at"], ascending=[False, True], ignore_index=True
    )
    return build_table(
        ordered, caption="Import errors raised and swallowed", most_rows=most_rows, names=("raised at", "wanted")
    )


def list_repeated(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules whose body runs more than once."""
    frame = inv.frame("executions" if len(inv.frame("probed")) else "simulated_executions")
    grouped = frame[frame["times"] > 1].groupby(["module", "path"], as_index=False)
    counted = grouped.agg(times=("times", "max"), first_imports=("entry", "nunique"))
    return build_table(
        counted, caption="Modules that are executed more than once", most_rows=most_rows, names=("module", "path")
    )


def list_order_dependence(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the names that mean something else when another module is imported first."""
    frame = inv.frame("order_dependent")
    shown = pd.DataFrame(
        {
            "name": frame["module"] + "." + frame["name"],
            "first import": frame["first_entry"],
            "then it is": frame["first_result"],
            "other first import": frame["second_entry"],
            "then it is ": frame["second_result"],
        }
    )
    return build_table(
        shown, caption="Names that depend on the order of imports", most_rows=most_rows,
        names=tuple(shown.columns),
    )  # fmt: skip

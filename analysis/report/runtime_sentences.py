"""Sentences and tables that compare the probe and the simulation with the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.manifest import ProbeRun
from analysis.quantities import write_decimal, write_share
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import code
from analysis.tables.simulation import UNKNOWN_OUTCOMES
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_HOW = "Run it again with `--probe` to import every module; that executes the code of the target."
_CIRCULAR = ("circular", "recursion")
_MEANINGS = {
    "ok": "the import succeeds",
    "circular": "a name is imported from a partially initialized module",
    "missing-third-party": "a third-party module is not installed",
    "missing-in-tree": "a module of this code base does not exist",
    "missing-name": "a module of this code base lacks the name",
    "recursion": "infinite recursion between modules",
    "syntax": "the file is not valid Python for this interpreter",
    "crash": "the interpreter was killed, or the module ended it",
    "timeout": "the import exceeded its time limit",
    "exit": "the module calls sys.exit",
    "other": "another exception",
}


def format_probe(inv: Investigation) -> Prose:
    """State the interpreter and limits of the probe, or that no probe was run."""
    probe = inv.manifest.probe
    if probe is None:
        return Prose(f"{code(inv.name)} was not executed, so there are no results of a probe. {_HOW}")
    outcomes = inv.frame("probed")["outcome"].astype(str)
    ok = int((outcomes == "ok").sum())
    return Prose(
        f"The probe imported {format_count(len(outcomes), 'module')} of {code(inv.name)}, each first in a fresh "
        f"process of Python {plain_version(probe)}: {ok:,} succeeded, {len(outcomes) - ok:,} failed. "
        f"Network: {code(probe.network)}. It took {write_decimal(probe.seconds)} s."
    )


def plain_version(probe: ProbeRun) -> str:
    """Return the version of the probe's interpreter."""
    return code(probe.plain_version)


def list_outcomes(inv: Investigation) -> Fragment:
    """Return the number of first imports by outcome."""
    seen = inv.frame("probed")["outcome"].astype(str).value_counts()
    rows = [(outcome, meaning, int(seen[outcome])) for outcome, meaning in _MEANINGS.items() if outcome in seen.index]
    return build_table(
        pd.DataFrame(rows, columns=["outcome", "meaning", "modules"]), caption="Outcomes of first imports"
    )


def format_simulation(inv: Investigation) -> Prose:
    """State what the simulation predicts, and how many predictions the probe confirmed."""
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
    text = (
        f"Of {format_count(len(outcomes) - left, 'simulated first import')}, {int(counts.get('ok', 0)):,} "
        f"{choose_form(int(counts.get('ok', 0)), 'succeeds', 'succeed')}, {circular:,} "
        f"{choose_form(circular, 'fails', 'fail')} because of a cycle and {rest:,} for another reason; in {losing:,} "
        f"a circular failure is silently swallowed."
    )
    if left:
        text += f" {format_count(left, 'first import')} {'was' if left == 1 else 'were'} not simulated: time budget."
    if unknown:
        text += f" {format_count(unknown, 'outcome')} {'is' if unknown == 1 else 'are'} unknown: step limit."
    both = _join_outcomes(inv)
    if len(both):
        agree = int((both["predicted"] == both["observed"]).sum())
        text += (
            f" The probe imported {format_count(len(both), 'module')} of these: {agree:,} ended as predicted "
            f"({write_share(agree / len(both))})."
        )
    return Prose(text)


def _join_outcomes(inv: Investigation) -> pd.DataFrame:
    """Return the modules with both outcomes: module, predicted, observed, fails at, message, doubt."""
    simulated, probed = inv.frame("simulated"), inv.frame("probed")
    known = simulated[~simulated["outcome"].astype(str).isin(UNKNOWN_OUTCOMES)]
    both = known.merge(probed, on="module", suffixes=("_predicted", "_observed"))
    return pd.DataFrame(
        {
            "module": both["module"],
            "predicted": both["outcome_predicted"].astype(str),
            "observed": both["outcome_observed"].astype(str),
            "observed failure at": _place(both["failed_path_observed"], both["failed_line_observed"]),
            "message": both["message_observed"].where(both["message_observed"] != "", both["message_predicted"]),
            "doubt": both["doubt"],
        }
    )


def _place(paths: pd.Series, lines: pd.Series) -> pd.Series:
    return (paths + ":" + lines.astype(str)).where(paths != "", "")


def list_wrong_predictions(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules for which simulation and probe differ."""
    both = _join_outcomes(inv)
    return build_table(
        both[both["predicted"] != both["observed"]].reset_index(drop=True), caption="Wrong predictions",
        most_rows=most_rows, names=("module", "observed failure at"),
    )  # fmt: skip


def list_failing_first(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules that fail when imported first, circular failures first, with the failing statement.

    Without a probe these are the predictions of the simulation.
    """
    probed, simulated = inv.frame("probed"), inv.frame("simulated")
    frame = probed if len(probed) else simulated
    failed = frame[~frame["outcome"].astype(str).isin(["ok", "missing-third-party", *UNKNOWN_OUTCOMES])]
    predicted = dict(zip(simulated["module"], simulated["outcome"].astype(str), strict=True))
    shown = pd.DataFrame(
        {
            "module": failed["module"],
            "outcome": failed["outcome"].astype(str),
            "predicted": failed["module"].map(predicted).fillna("not simulated"),
            "fails at": _place(failed["failed_path"], failed["failed_line"]),
            "message": failed["message"],
        }
    )
    rank = {outcome: number for number, outcome in enumerate(("circular", "recursion", "crash", "timeout"))}
    order = shown["outcome"].map(lambda outcome: rank.get(outcome, len(rank)))
    ordered = shown.assign(order=order).sort_values(["order", "module"], ignore_index=True).drop(columns="order")
    return build_table(
        ordered, caption="Modules that fail when imported first", most_rows=most_rows, names=("module", "fails at")
    )


def format_agreement(inv: Investigation) -> Prose:
    """State for how many names the source and the probe agree."""
    verdicts = inv.frame("agreement")["verdict"].astype(str).value_counts()
    total = int(verdicts.sum())
    if not total:
        return Prose(f"There is no evidence at run time. {_HOW}")
    counts = {
        name: int(verdicts.get(name, 0)) for name in ("agree", "disagree", "static-only", "runtime-only", "unknown")
    }
    judged = total - counts["unknown"]
    share = write_share(counts["agree"] / judged) if judged else "none"
    return Prose(
        f"Source and probe were compared for {format_count(total, 'name')} in modules that could be imported. They "
        "agree "
        f"on {counts['agree']:,} ({share} of those that can be judged) and differ on {counts['disagree']:,}; "
        f"{counts['static-only']:,} exist only in the source, {counts['runtime-only']:,} only at run time, and "
        f"{counts['unknown']:,} cannot be judged."
    )


def list_disagreements(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the names for which source and probe differ, with the cause."""
    frame = inv.frame("agreement")
    chosen = frame[frame["verdict"].astype(str).isin(["disagree", "static-only", "runtime-only"])]
    shown = pd.DataFrame(
        {
            "name": chosen["module"] + "." + chosen["name"],
            "cause": chosen["cause"].astype(str).str.replace("-", " "),
            "in the source": chosen["static_kind"].astype(str) + " " + chosen["static_definition"],
            "at run time": chosen["live_kind"].astype(str) + " " + chosen["live_definition"],
        }
    )
    names = ("name", "in the source", "at run time")
    return build_table(
        shown.reset_index(drop=True),
        caption="Differences between source and run time",
        most_rows=most_rows,
        names=names,
    )


def list_swallowed(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the silently swallowed import errors, the value they leave, and the number of affected first imports.

    Without a probe these are the predictions of the simulation.
    """
    predicted = inv.frame("simulated_swallowed")
    frame = inv.frame("swallowed") if len(inv.frame("probed")) else predicted
    frame = frame[frame["outcome"].astype(str) != "missing-third-party"]
    left = dict(zip(_place(predicted["path"], predicted["line"]), predicted["left_as"], strict=True))
    what = frame["module"] + ("." + frame["name"]).where(frame["name"] != "", "")
    place = _place(frame["path"], frame["line"])
    rows = pd.DataFrame(
        {
            "outcome": frame["outcome"].astype(str),
            "raised at": place,
            "imported name": what,
            "value afterwards": place.map(left).fillna(""),
            "entry": frame["entry"],
        }
    )
    grouped = rows.groupby(["outcome", "raised at", "imported name", "value afterwards"], as_index=False, observed=True)
    ordered = grouped.agg(**{"first imports": ("entry", "nunique")}).sort_values(
        ["first imports", "raised at"], ascending=[False, True], ignore_index=True
    )
    return build_table(
        ordered, caption="Silently swallowed import errors", most_rows=most_rows, names=("raised at", "imported name")
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
    """Return the names whose object depends on which module is imported first."""
    frame = inv.frame("order_dependent")
    shown = pd.DataFrame(
        {
            "name": frame["module"] + "." + frame["name"],
            "first import": frame["first_entry"],
            "object": frame["first_result"],
            "other first import": frame["second_entry"],
            "object then": frame["second_result"],
        }
    )
    return build_table(
        shown, caption="Names that depend on the import order", most_rows=most_rows,
        names=tuple(shown.columns),
    )  # fmt: skip

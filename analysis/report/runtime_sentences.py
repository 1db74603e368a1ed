"""Sentences and tables on what the running interpreter says, beside what the source says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.report.counting import count_of
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import code

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_HOW = "Run it again with `--probe` to see what the interpreter says; that executes the code of the target."
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


def tell_probe(inv: Investigation) -> Prose:
    """Say who was asked: the interpreter and its limits, or that nothing was run."""
    probe: dict[str, Any] = inv.manifest.get("probe", {})
    if not probe:
        return Prose(f"Nothing of {code(inv.name)} was run: what follows is foreseen from its source. {_HOW}")
    outcomes = inv.frame("probed")["outcome"].astype(str)
    ok = int((outcomes == "ok").sum())
    return Prose(
        f"Each of {count_of(len(outcomes), 'module')} of {code(inv.name)} was imported first in a fresh process of "
        f"Python {plain_version(probe)}: {ok:,} imports succeed, {len(outcomes) - ok:,} do not. "
        f"Network: {code(probe.get('network', 'unknown'))}. It took {float(probe.get('seconds', 0)):,.1f} s."
    )


def plain_version(probe: dict[str, Any]) -> str:
    """Return the version of the interpreter that was asked."""
    return code(str(probe.get("version", "unknown")).split(" ", 1)[0])


def list_outcomes(inv: Investigation) -> Fragment:
    """Return how the first imports end: foreseen, and seen."""
    foreseen = inv.frame("simulated")["outcome"].astype(str).value_counts()
    seen = inv.frame("probed")["outcome"].astype(str).value_counts()
    rows = [
        (outcome, meaning, int(foreseen.get(outcome, 0)), int(seen.get(outcome, 0)))
        for outcome, meaning in _MEANINGS.items()
        if outcome in foreseen.index or outcome in seen.index
    ]
    columns = ["outcome", "meaning", "foreseen", "seen"]
    frame = pd.DataFrame(rows, columns=columns)
    return build_table(frame if inv.manifest.get("probe") else frame[columns[:3]], caption="How first imports end")


def list_failing_first(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules whose first import fails, with the statement that does, foreseen beside seen."""
    foreseen, seen = _read_failures(inv, "simulated"), _read_failures(inv, "probed")
    frame = foreseen.merge(seen, on="module", how="outer", suffixes=("_foreseen", "_seen")).fillna("")
    if not inv.manifest.get("probe"):
        frame = frame[["module", "outcome_foreseen", "place_foreseen"]]
    ordered = frame.sort_values("module", ignore_index=True)
    names = tuple(name for name in ordered.columns if name == "module" or name.startswith("place"))
    return build_table(ordered, caption="Modules that cannot be imported first", most_rows=most_rows, names=names)


def _read_failures(inv: Investigation, table: str) -> pd.DataFrame:
    frame = inv.frame(table)
    failed = frame[~frame["outcome"].astype(str).isin(["ok", "missing-third-party"])]
    line = failed["failed_line"].astype(str)
    place = (failed["failed_path"] + ":" + line).where(failed["failed_path"] != "", "")
    return pd.DataFrame({"module": failed["module"], "outcome": failed["outcome"].astype(str), "place": place})


def tell_agreement(inv: Investigation) -> Prose:
    """Say of how many names both witnesses say the same."""
    verdicts = inv.frame("agreement")["verdict"].astype(str).value_counts()
    total = int(verdicts.sum())
    if not total:
        return Prose(f"There is no second witness. {_HOW}")
    told = {
        name: int(verdicts.get(name, 0)) for name in ("agree", "disagree", "static-only", "runtime-only", "unknown")
    }
    judged = total - told["unknown"]
    share = f"{100 * told['agree'] / judged:.2f} %" if judged else "none"
    return Prose(
        f"Of {count_of(total, 'name')} in modules that could be imported, source and program say the same of "
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
    """Return the import errors that were raised and swallowed, with how many first imports meet them."""
    frame = inv.frame("swallowed" if inv.manifest.get("probe") else "simulated_swallowed")
    frame = frame[frame["outcome"].astype(str) != "missing-third-party"]
    place = frame["path"] + ":" + frame["line"].astype(str)
    what = frame["module"] + ("." + frame["name"]).where(frame["name"] != "", "")
    rows = pd.DataFrame(
        {"outcome": frame["outcome"].astype(str), "raised at": place, "wanted": what, "entry": frame["entry"]}
    )
    grouped = rows.groupby(["outcome", "raised at", "wanted"], as_index=False, observed=True)
    ordered = grouped.agg(**{"first imports": ("entry", "nunique")}).sort_values(
        ["first imports", "raised at"], ascending=[False, True], ignore_index=True
    )
    return build_table(
        ordered, caption="Import errors raised and swallowed", most_rows=most_rows, names=("raised at", "wanted")
    )


def list_repeated(inv: Investigation, most_rows: int = 25) -> Fragment:
    """Return the modules whose body runs more than once."""
    frame = inv.frame("executions" if inv.manifest.get("probe") else "simulated_executions")
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

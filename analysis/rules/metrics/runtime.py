"""What first imports amount to, simulated and probed, and the runs of the golden path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from analysis import tables
from analysis.golden.statistics import find_bounds
from analysis.golden.summary import count_base, summarise_tests
from analysis.policy import GoldenPath
from analysis.quantities import write_stated
from analysis.rules.context import RuleContext
from analysis.rules.metrics.metric import Metric
from analysis.tables.simulation import CIRCULAR, UNKNOWN_OUTCOMES
from analysis.wording import format_count


def measure_runtime(case: RuleContext) -> Iterator[Metric]:
    yield from _measure_simulation(case)
    if not case.is_probed:
        yield from _measure_first_imports(case, "simulated")
        return
    outcomes = Counter(tables.read_column(case.runtime_table("probed"), "outcome"))
    yield Metric("modules-probed", sum(outcomes.values()), "modules", "Modules that were imported first, each once.")
    yield Metric("modules-importable", outcomes["ok"], "modules", "Of these, those whose import succeeds.")
    yield from _measure_first_imports(case, "probed")
    repeated = set(tables.read_column(case.runtime_table("executions"), "path"))
    yield Metric("modules-executed-twice", len(repeated), "modules", "Modules whose body runs more than once.")
    swallowed = {
        (path, line)
        for path, line, outcome in tables.read_rows(case.runtime_table("swallowed"), "path", "line", "outcome")
        if outcome in CIRCULAR
    }  # fmt: skip
    meaning = "Import statements whose circular failure was seen to be swallowed."
    yield Metric("swallowed-circular-imports", len(swallowed), "statements", meaning)
    dependent = set(tables.read_rows(case.runtime_table("order_dependent"), "module", "name"))
    yield Metric("order-dependent-names", len(dependent), "names", "Names that depend on the order of imports.")
    twins = set(tables.read_column(case.runtime_table("live_twins"), "definition"))
    yield Metric("classes-alive-twice", len(twins), "classes", "Class statements with several live classes.")
    verdicts = Counter(tables.read_column(case.runtime_table("agreement"), "verdict"))
    judged = sum(verdicts.values()) - verdicts["unknown"]
    if judged:
        meaning = "Share of the names on which source and program agree, of those that both know."
        yield Metric("witness-agreement", verdicts["agree"] / judged, "share", meaning)


def find_simulated_swallowed(case: RuleContext) -> set[tuple[str, int]]:
    """Return path and line of the imports whose circular failure is swallowed after some first import, as simulated."""
    rows = tables.read_rows(case.runtime_table("simulated_swallowed"), "path", "line", "outcome")
    return {(path, line) for path, line, outcome in rows if outcome in CIRCULAR}


def _measure_simulation(case: RuleContext) -> Iterator[Metric]:
    every: dict[str, str] = dict(tables.read_rows(case.runtime_table("simulated"), "module", "outcome"))
    outcomes = {module: outcome for module, outcome in every.items() if outcome not in UNKNOWN_OUTCOMES}
    if not every:
        return
    yield Metric("modules-simulated", len(outcomes), "modules", "Modules whose first import was simulated.")
    if left := len(every) - len(outcomes):
        yield Metric(
            "modules-not-simulated",
            left,
            "modules",
            "Modules whose first import is not known: too much runs, or the time budget was used up.",
        )
    meaning = "Import statements whose circular failure is swallowed after some first import, by the simulation."
    yield Metric("foreseen-swallowed-circular-imports", len(find_simulated_swallowed(case)), "statements", meaning)
    repeated = set(tables.read_column(case.runtime_table("simulated_executions"), "path"))
    meaning = "Modules whose body runs more than once after some first import, by the simulation."
    yield Metric("modules-foreseen-to-run-twice", len(repeated), "modules", meaning)
    probed: dict[str, str] = dict(tables.read_rows(case.runtime_table("probed"), "module", "outcome"))
    both = probed.keys() & outcomes.keys()
    if both:
        agree = sum(probed[module] == outcomes[module] for module in both)
        meaning = "Share of the modules whose first import ends as the simulation predicted."
        yield Metric("simulation-agreement", agree / len(both), "share", meaning)


def _measure_first_imports(case: RuleContext, table: str) -> Iterator[Metric]:
    """Count all modules, and beside them those that a claim names, unless not each of these could be judged."""
    name = "modules-that-fail-when-imported-first"
    how = "" if table == "probed" else ", by the simulation"
    failure = f"whose first import fails because of a cycle or infinite recursion{how}."
    outcomes: dict[str, str] = {
        row[0]: row[1] for row in tables.read_rows(case.runtime_table(table), "module", "outcome")
    }
    failing = sum(outcome in CIRCULAR for outcome in outcomes.values())
    yield Metric(name, failing, "modules", f"Modules {failure}")
    named = next((claim.paths for claim in case.policy.claim if claim.metric == name and claim.paths), ())
    chosen = [outcomes.get(module, "missing-in-tree") for module in named]
    if named and all(outcome == "ok" or outcome in CIRCULAR for outcome in chosen):
        failing = sum(outcome in CIRCULAR for outcome in chosen)
        yield Metric(f"{name}:claimed", failing, "modules", f"Of {format_count(len(named), 'module')} those {failure}")


def measure_golden(case: RuleContext) -> Iterator[Metric]:
    tests = case.runtime_table("golden_tests")
    yield from measure_golden_runs(case.runtime_table("golden_runs"), tests, case.policy.golden_path)


def measure_golden_runs(runs: pa.Table, tests: pa.Table, policy: GoldenPath) -> Iterator[Metric]:
    """Yield the figures of one measurement of the golden path: none where it has no runs."""
    passed, count = count_base(runs)
    if not count:
        return
    lower, upper = find_bounds(passed, count, policy.confidence)
    confidence = f"at a confidence of {write_stated(policy.confidence)}"
    yield Metric("golden-path-runs", count, "runs", "Runs of the golden path that the rate is made of.")
    yield Metric("golden-path-rate", passed / count, "share", "Success rate: the share of these runs that succeeded.")
    yield Metric("golden-path-lower-bound", lower, "share", f"Lower bound: the rate is at least this, {confidence}.")
    yield Metric("golden-path-upper-bound", upper, "share", f"Upper bound: the rate is at most this, {confidence}.")
    flaky = sum(each.kind == "flaky" for each in summarise_tests(runs, tests))
    yield Metric("golden-path-flaky-tests", flaky, "tests", "Tests that pass in some runs and fail in others.")

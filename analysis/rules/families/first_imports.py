"""What goes wrong when modules are imported, depending on which comes first: predicted, observed, or both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from analysis import tables
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import CYCLES, UNCHECKED_IMPORTS
from analysis.rules.rule import Rule, RuleFigure
from analysis.steps import read_statement
from analysis.tables.simulation import CIRCULAR
from analysis.wording import choose_form, format_some

_ENDINGS = {
    "timeout": "does not finish within the time limit",
    "crash": "kills the interpreter",
    "exit": "exits the program",
}


def _check_failing(case: RuleContext) -> Iterator[Finding]:
    rule = "module-fails-when-imported-first"
    predicted = {row["module"]: row for row in case.runtime_table("simulated").to_pylist()}
    seen = {row["module"]: row for row in case.runtime_table("probed").to_pylist()}
    for module in sorted(predicted.keys() | seen.keys()):
        fails = [module in rows and rows[module]["outcome"] in CIRCULAR for rows in (predicted, seen)]
        if any(fails):
            row = seen[module] if fails[1] else predicted[module]
            certainty = _weigh(*fails, is_probed=module in seen)
            yield replace(_format_failing(rule, row), certainty=certainty)


def _weigh(is_predicted: bool, is_seen: bool, *, is_probed: bool) -> str:
    """Return how certain it is what the simulation predicts, the probe observes, or both."""
    if is_seen:
        return "confirmed" if is_predicted else "observed"
    return "refuted" if is_probed else "static"


def _format_failing(rule: str, row: Mapping[str, Any]) -> Finding:
    what = f"{row['failed_name']} of {row['failed_module']}" if row["failed_name"] else row["failed_module"]
    if row["outcome"] == "recursion":
        why = (
            f"looking up {what or 'a name'} is an infinite recursion between the `__getattr__` functions of two modules"
        )
    else:
        why = f"it needs {what or 'itself'}, which is only partially initialized at that point"
    message = f"{row['module']} cannot be imported first: {why}"
    places = [(row["failed_path"], row["failed_line"])] if row["failed_path"] else []
    steps = map(read_statement, reversed(list(row["chain"])))
    places += [(step.path, step.line) for step in steps if step is not None]
    return build_finding(rule, "P1", row["module"], message, places)


def _check_endings(case: RuleContext) -> Iterator[Finding]:
    rule = "import-stops-the-program"
    for row in case.runtime_table("probed").to_pylist():
        if row["outcome"] in _ENDINGS:
            exception = f" ({row['exception']})" if row["exception"] else ""
            message = f"Importing {row['module']} {_ENDINGS[row['outcome']]}{exception}"
            places = [(row["failed_path"], row["failed_line"])] if row["failed_path"] else [(row["path"], 1)]
            yield replace(build_finding(rule, "P2", row["module"], message, places), certainty="observed")


def _check_repeated(case: RuleContext) -> Iterator[Finding]:
    rule = "module-executed-twice"
    seen, predicted = (_group_executions(case, table) for table in ("executions", "simulated_executions"))
    probed = set(tables.read_column(case.runtime_table("probed"), "module"))
    causes = _find_causes(case)
    for path in sorted(seen.keys() | predicted.keys()):
        rows = seen.get(path) or predicted[path]
        times = max(row.times for row in rows)
        entries = sorted({row.entry for row in rows})
        names = sorted({name for row in rows for name in row.names})
        under = f" under the names {format_some(names)}" if len(names) > 1 else ""
        message = (
            f"{rows[0].module} is executed {_format_times(times)}{under} when {format_some(entries)} "
            f"{choose_form(len(entries), 'is', 'are')} imported first, so each of its classes and globals exists "
            f"{_format_times(times)}"
        )
        places = sorted({place for entry in entries for place in causes.get(entry, ())})
        finding = build_finding(rule, "P1", rows[0].module, message, [(path, 1), *places])
        certainty = _weigh(path in predicted, path in seen, is_probed=probed.issuperset(entries))
        yield replace(finding, certainty=certainty)


def _format_times(times: int) -> str:
    """Return how often in words.

    >>> _format_times(2), _format_times(3)
    ('twice', '3 times')
    """
    return "twice" if times == 2 else f"{times:,} times"


class _Execution(NamedTuple):
    """A module that a first import executes several times, and the names under which that was seen."""

    entry: str
    module: str
    times: int
    names: Sequence[str] = ()


def _group_executions(case: RuleContext, name: str) -> dict[str, list[_Execution]]:
    table = case.runtime_table(name)
    columns = [column for column in ("path", *_Execution._fields) if column in table.column_names]
    found: dict[str, list[_Execution]] = defaultdict(list)
    for path, *row in tables.read_rows(table, *columns):
        found[path].append(_Execution(*row))
    return found


def _find_causes(case: RuleContext) -> Mapping[str, set[Place]]:
    """Return by first import where imports failed, were swallowed, and so were tried again."""
    swallowed = case.runtime_table("swallowed" if case.is_probed else "simulated_swallowed")
    found: dict[str, set[Place]] = defaultdict(set)
    for entry, outcome, path, line in tables.read_rows(swallowed, "entry", "outcome", "path", "line"):
        if outcome in CIRCULAR:
            found[entry].add((path, line))
    return found


def _check_twins(case: RuleContext) -> Iterator[Finding]:
    rule = "class-alive-twice"
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in case.runtime_table("live_twins").to_pylist():
        groups[row["definition"]].append(row)
    for definition, rows in sorted(groups.items()):
        worst = max(rows, key=lambda row: (row["objects"], len(row["holders"])))
        entries = sorted({row["entry"] for row in rows})
        message = (
            f"One statement made {worst['objects']:,} live classes {worst['qualname']} in one program when "
            f"{format_some(entries)} was imported first: {format_some(list(worst['holders']))}"
        )
        path, _, line = definition.rpartition(":")
        places = [(path, int(line))] if line.isdigit() else []
        finding = build_finding(rule, "P1", worst["qualname"], message, places, [path])
        yield replace(finding, certainty="observed")


def _check_order(case: RuleContext) -> Iterator[Finding]:
    rule = "name-depends-on-import-order"
    if not case.runtime_table("order_dependent").num_rows:
        return
    homes = {row["module"]: row["path"] for row in case.runtime_table("probed").to_pylist()}
    lines = {(row["module"], row["name"]): row["line"] for row in _read_bound(case)}
    for row in case.runtime_table("order_dependent").to_pylist():
        module, name = row["module"], row["name"]
        message = (
            f"{module}.{name} is {row['first_result']} when {row['first_entry']} is imported first, and "
            f"{row['second_result']} when {row['second_entry']} is"
        )
        places = [(homes[module], max(1, lines.get((module, name), 1)))] if module in homes else []
        yield replace(build_finding(rule, "P1", f"{module}.{name}", message, places), certainty="observed")


def _read_bound(case: RuleContext) -> list[dict[str, Any]]:
    return list(case.identity.paths.select(["module", "name", "line"]).to_pylist())


_CYCLE = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import B\nclass A: ...\n",
    "p/b.py": "from p.a import A\nclass B: ...\n",
}
_RETRIED = {
    "p/__init__.py": "",
    "p/keep.py": "kept = []\n",
    "p/a.py": "try:\n    from p.b import B\nexcept ImportError:\n    B = None\nclass A: ...\nfrom p.b import C\n",
    "p/b.py": "from p.keep import kept\nclass C: ...\nkept.append(C)\nfrom p.a import A\nclass B: ...\n",
}
_FINE = {"p/__init__.py": "", "p/a.py": "class A: ...\n", "p/b.py": "from p.a import A\nclass B: ...\n"}

RULES = (
    Rule(
        "module-fails-when-imported-first", "P1",
        "The module can be imported after some others, but not before them: it lies on a cycle and needs a name of a "
        "module that is only partially initialized. A new entry point, a test run alone or a sorted import breaks.",
        "Cut the cycle at the import that the evidence names first: move what both need into a third module.",
        _check_failing, bad=_CYCLE, good=_FINE,
        needs_simulation=True, is_joint=True, weight=0.0,
        step=PlanStep(ENTRY_POINTS, 10, "Cut the cycles on which first imports fail", minutes=20), cause=CYCLES,
        figure=RuleFigure(
            40, "modules-that-fail-when-imported-first", "First imports that fail on a cycle",
            "First import that fails on a cycle", "modules-probed",
            "module probed", "modules probed",
        ),
    ),
    Rule(
        "module-executed-twice", "P1",
        "The body of one file runs several times in one program: because its import failed, was swallowed and is tried "
        "again, or because it is reachable by two names. Every class and every state in it then exists several times.",
        "Fix the import that fails, or agree on one name; then there is nothing to swallow.",
        _check_repeated, bad=_RETRIED, good=_FINE,
        needs_simulation=True, is_joint=True, weight=0.0,
        step=PlanStep(ENTRY_POINTS, 60, "Make every module run only once", minutes=30), cause=CYCLES,
        hints_at_flaky_tests=True,
        figure=RuleFigure(50, "modules-executed-twice", "Modules executed twice", "Module executed twice"),
    ),
    Rule(
        "class-alive-twice", "P1",
        "The running program holds several class objects made by one statement: isinstance, except and registries "
        "take one for a stranger to the other. Seen by the probe.",
        "Find out why the module ran twice (see module-executed-twice) and fix that.",
        _check_twins, bad=_RETRIED, good=_FINE, needs_probe=True,
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 70, "Make every class exist only once", minutes=30), cause=CYCLES,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "name-depends-on-import-order", "P1",
        "What the name is bound to depends on which module the program happens to import first. Seen by the probe.",
        "Break the cycle behind it, and remove the try that hides the failing import.",
        _check_order,
        bad={
            "p/__init__.py": "",
            "p/a.py": "from p import b\nclass A: ...\n",
            "p/b.py": "try:\n    from p.a import A\nexcept ImportError:\n    A = None\n",
        },
        good=_FINE, needs_probe=True,
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 80, "Make names independent of the order of imports", minutes=30), cause=CYCLES,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "import-stops-the-program", "P2",
        "Importing the module never ends, kills the interpreter or exits the program. Seen by the probe.",
        "Put what the module does behind a function or if __name__ == '__main__'.",
        _check_endings,
        bad={"a.py": "import sys\nsys.exit(3)\n"}, good={"a.py": "x = 1\n"}, needs_probe=True,
        step=PlanStep(ENTRY_POINTS, 90, "Move work done on import into functions", minutes=20), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

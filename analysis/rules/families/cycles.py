"""Circular imports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from analysis.graph import Cycle
from analysis.rules.context import RuleContext
from analysis.rules.cut_edits import list_cuts
from analysis.rules.cycle_edges import (
    DEFERRED,
    IMPORT_TIME,
    THROUGH_PACKAGES,
    TYPING,
    CycleEdge,
    CycleGroup,
    find_names_taken,
)
from analysis.rules.cycle_outcomes import CycleOutcome, format_left
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, LASTING, PlanStep
from analysis.rules.probe_evidence import confirm_cycle
from analysis.rules.root_causes import CYCLES
from analysis.rules.rule import Rule, RuleFigure
from analysis.steps import read_statement
from analysis.wording import choose_form, format_count, format_some

_LONGEST_LOOP = 6


def _check_import_time(case: RuleContext) -> Iterator[Finding]:
    rule = "import-cycle"
    inner = case.cycle_edges
    taking = set(find_names_taken([edge for edges in inner.values() for edge in edges]))
    for cycle in _choose(case, IMPORT_TIME):
        taken = [edge for edge in inner[cycle.cycle] if edge in taking]
        severity, reason, places = _grade(case.cycle_outcomes[cycle.cycle], taken)
        message = f"{_describe(cycle, 'import each other while they are imported')}. {reason}. {_advise(case, cycle)}"
        shown, inside = [*places, *_find_places(cycle)], case.cycle_places[cycle.cycle]
        yield build_finding(rule, severity, cycle.modules[0], message, shown, cycle.modules, counted=inside)


def _grade(outcome: CycleOutcome, taken: list[CycleEdge]) -> tuple[str, str, list[tuple[str, int]]]:
    """Return the severity of a cycle, the sentence that gives the reason, and the places that prove it."""
    places = [(row["failed_path"], row["failed_line"]) for row in outcome.failing]
    if outcome.is_dead:
        return "P0", f"Every module of this cycle fails when it is imported first: {_format_failing(outcome)}", places
    if outcome.failing:
        modules = format_some([row["module"] for row in outcome.failing])
        return "P1", f"The import fails when {modules} comes first: {_format_failing(outcome)}", places
    if outcome.lost:
        return "P1", _format_lost(outcome), [(row["caught_path"], row["caught_line"]) for row in outcome.lost]
    return "P2", _format_working(outcome, taken), []


def _format_working(outcome: CycleOutcome, taken: list[CycleEdge]) -> str:
    """Say why a cycle may break of which no first import is known to fail because of it."""
    if outcome.broken:
        fails = choose_form(
            outcome.broken, "The first import of 1 module fails", "The first imports of {} modules fail"
        )
        return f"{fails.format(f'{outcome.broken:,}')} for another reason"
    if not taken:
        return "All of them import whole modules: this works as long as none uses another while it is imported"
    statements = len({(edge.path, edge.line) for edge in taken})
    takes = choose_form(statements, "takes a name", "take names")
    reason = f"{format_count(statements, 'statement')} {takes} from a module that may be only partially initialized"
    if outcome.is_known:
        return f"{reason}. Every module can be imported first today; another order, or one more import, may break that"
    return f"{reason}. Whether a first import fails because of it was not simulated for {_format_left(outcome)}"


def _format_left(outcome: CycleOutcome) -> str:
    return (
        f"{outcome.left:,} of {format_count(outcome.judged + outcome.left, 'module')}" if outcome.left else "any module"
    )


def _format_failing(outcome: CycleOutcome) -> str:
    """Say which names are not there yet, those that most first imports miss before the others."""
    counts = Counter((row["failed_path"], row["failed_line"]) for row in outcome.failing)
    rows = {(row["failed_path"], row["failed_line"]): row for row in reversed(outcome.failing)}
    reasons = []
    for place, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        row = rows[place]
        wanted = f"{row['failed_name']} of {row['failed_module']}" if row["failed_name"] else row["failed_module"]
        why = "is not defined yet" if row["outcome"] == "circular" else "is looked up in infinite recursion"
        reasons.append(f"{wanted} {why}")
    return format_some(list(dict.fromkeys(reasons)))


def _format_lost(outcome: CycleOutcome) -> str:
    left = format_left(row["left_as"] for row in outcome.lost)
    guarded = format_count(len(outcome.lost), "guarded import")
    return f"The failure of {guarded} is silently swallowed{f'; {left}' if left else ''}"


def _check_deferred(case: RuleContext) -> Iterator[Finding]:
    yield from _judge(case, "deferred-cycle", DEFERRED, "P2", "depend on each other through imports inside functions")


def _check_typing(case: RuleContext) -> Iterator[Finding]:
    yield from _judge(case, "typing-cycle", TYPING, "P3", "depend on each other when imports for type checkers count")


def _judge(case: RuleContext, rule: str, group: CycleGroup, severity: str, relation: str) -> Iterator[Finding]:
    for cycle in _choose(case, group):
        message = f"{_describe(cycle, relation)}. {_format_cut(cycle)}"
        shown, inside = _find_places(cycle), case.cycle_places[cycle.cycle]
        yield build_finding(rule, severity, cycle.modules[0], message, shown, cycle.modules, counted=inside)


def _check_ancestors(case: RuleContext) -> Iterator[Finding]:
    rule = "import-cycle-through-packages"
    plain = {cycle.modules for cycle in case.cycles if not cycle.with_ancestors}
    inner = case.cycle_edges_with_packages
    for cycle in _choose(case, THROUGH_PACKAGES):
        if cycle.modules not in plain:
            packages = sorted({edge.imported for edge in inner[cycle.cycle] if edge.is_ancestor})
            severity, reason, places = "P2", "", list[tuple[str, int]]()
            outcome = case.cycle_outcomes[cycle.cycle]
            if outcome.failing or outcome.lost:
                severity, reason, places = _grade(outcome, [])
                reason = f"{reason}. "
            message = (
                f"{_describe(cycle, 'import each other when parent packages that run on the way count')}. {reason}"
                f"These packages run on the way: {format_some(packages)}. {_advise(case, cycle)}"
            )
            places += _find_places(cycle)
            inside = case.cycle_places[cycle.cycle]
            yield build_finding(rule, severity, cycle.modules[0], message, places, cycle.modules, counted=inside)


def _choose(case: RuleContext, group: CycleGroup) -> list[Cycle]:
    return [cycle for cycle in case.cycles if (cycle.kind, cycle.with_ancestors) == group]


def _describe(cycle: Cycle, relation: str) -> str:
    names = [hop.importer for hop in cycle.loop]
    shown = [*names[:_LONGEST_LOOP], *(["…"] if len(names) > _LONGEST_LOOP else []), names[0]]
    return f"{format_count(cycle.size, 'module')} {relation}, for example {' → '.join(shown)}"


def _advise(case: RuleContext, cycle: Cycle) -> str:
    """Say what to cut: as simulated where something fails, else what the graph says."""
    trial = case.cut_trials.get(cycle.cycle)
    if trial is None or not trial["tried"]:
        return _format_cut(cycle)
    affected = format_count(len(trial["affected"]), "first import")
    if trial["statements"]:
        steps = [step for step in map(read_statement, trial["statements"]) if step is not None]
        imports = format_some([f"{step.module} at {step.path}:{step.line}" for step in steps])
        what = f"Defer the {choose_form(len(steps), 'import', 'imports')} of {imports}"
        restored = trial["restored"]
        works = choose_form(len(restored), "works", "work")
        if len(restored) == len(trial["affected"]):
            return f"{what}: then {'it' if len(restored) == 1 else f'all {affected}'} {works} again (simulated)"
        return f"{what}: then {len(restored):,} of {affected} {works} again (simulated)"
    return f"{_format_refused(cycle, trial)}. Move what both sides need into a third module"


def _format_refused(cycle: Cycle, trial: Mapping[str, Any]) -> str:
    """Say why the cheapest cut by the graph is not offered."""
    if trial["harmed"]:
        return f"{_format_cut(cycle)}, but then {format_some(trial['harmed'])} cannot be imported (simulated)"
    if trial["unregistered"]:
        return f"{_format_cut(cycle)}, but then {format_some(trial['unregistered'])} would no longer be registered"
    verb = choose_form(trial["tried"], "was", "were")
    return f"None of the {format_count(trial['tried'], 'cut')} that {verb} simulated helps"


def _format_cut(cycle: Cycle) -> str:
    cheapest = "cheapest" if cycle.cut_method == "exact" else "cheapest found"
    imports = format_some([f"{importer} → {imported}" for importer, imported in cycle.cut])
    return f"The {cheapest} cut removes {format_count(len(cycle.cut), 'import')}: {imports}"


def _find_places(cycle: Cycle) -> list[tuple[str, int]]:
    return [(hop.path, hop.line) for hop in cycle.loop]


_PACKAGE = {"p/__init__.py": ""}

RULES = (
    Rule(
        "import-cycle", "P0",
        "Modules import each other while they are imported. Whether that fails depends on which of them comes first: "
        "a name is missing, or an attribute of a module that is only partially initialized.",
        "Move what both need into a third module, or remove the imports that the finding names as the cheapest cut. "
        "An import inside a function only hides the cycle.",
        _check_import_time,
        bad={
            **_PACKAGE,
            "p/orders.py": "from p.users import User\n\nclass Order:\n    owner: User\n",
            "p/users.py": "from p.orders import Order\n\nclass User:\n    orders: list[Order]\n",
        },
        good={
            **_PACKAGE,
            "p/orders.py": "from p.users import User\n\nclass Order:\n    owner: User\n",
            "p/users.py": "class User:\n    orders: list[object]\n",
        },
        grades={
            "P0": "no module of the cycle can be imported: the simulation of every first import fails",
            "P1": "the first import of some modules fails, or silently loses a name",
            "P2": "every module can be imported first today, or that could not be simulated in the time given",
        },
        is_joint=True, weight=1,
        step=PlanStep(ENTRY_POINTS, 20, "Break the import-time cycles at the cheapest imports", minutes=60),
        cause=CYCLES,
        cycle=IMPORT_TIME, list_edits=partial(list_cuts, "import-cycle", IMPORT_TIME), confirm=confirm_cycle,
        figure=RuleFigure(
            20, "import-time-cycles", "Circular imports",
            "Circular import", "modules-in-import-time-cycles", "module in cycles",
            "modules in cycles",
        ),
    ),
    Rule(
        "import-cycle-through-packages", "P0",
        "Importing a module runs the __init__ file of every parent package. Through these, modules import each other "
        "that do not name each other.",
        "Keep __init__ files free of imports from elsewhere, or import from a package that is not on the way.",
        _check_ancestors,
        bad={**_PACKAGE, "p/a.py": "import q.b\nA = 1\n", "q/__init__.py": "from p.a import A\n", "q/b.py": ""},
        good={**_PACKAGE, "p/a.py": "import q.b\nA = 1\n", "q/__init__.py": "", "q/b.py": ""},
        grades={
            "P0": "no module of the cycle can be imported first",
            "P1": "the first import of some modules fails, or silently loses a name",
            "P2": "every module can be imported first today, or that could not be simulated in the time given",
        },
        is_joint=True, weight=0.5,
        step=PlanStep(ENTRY_POINTS, 110, "Remove the imports in __init__ files that close cycles", minutes=30),
        cause=CYCLES,
        cycle=THROUGH_PACKAGES, confirm=confirm_cycle,
        list_edits=partial(list_cuts, "import-cycle-through-packages", THROUGH_PACKAGES),
    ),
    Rule(
        "deferred-cycle", "P2",
        "Modules depend on each other through imports inside functions. No import fails because of it, but none of "
        "them can be understood, tested or replaced alone.",
        "Pass the object in instead of importing it, or move what is shared into a module below both.",
        _check_deferred,
        bad={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "def f():\n    from p.a import x\n    return x\n"},
        good={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "def f(x):\n    return x\n"},
        is_joint=True, weight=0.3,
        step=PlanStep(LASTING, 10, "Invert the dependencies that imports inside functions hide", minutes=45),
        cause=CYCLES,
        cycle=DEFERRED, list_edits=partial(list_cuts, "deferred-cycle", DEFERRED),
        figure=RuleFigure(
            120, "deferred-cycles", "Cycles hidden inside functions",
            "Cycle hidden inside functions", "modules-in-deferred-cycles",
            "module in cycles", "modules in cycles",
        ),
    ),
    Rule(
        "typing-cycle", "P3",
        "Modules depend on each other only when the imports under TYPE_CHECKING count. It "
        "matters at run time only where hints are read.",
        "Name a protocol in a module below both.",
        _check_typing,
        bad={
            **_PACKAGE,
            "p/a.py": "from p import b\n",
            "p/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import x\n",
        },
        good={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "x = 1\n"},
        is_joint=True, weight=0.03,
        step=PlanStep(LASTING, 30, "Move shared types below their users", minutes=20), cause=CYCLES,
        cycle=TYPING, list_edits=partial(list_cuts, "typing-cycle", TYPING),
    ),
)  # fmt: skip

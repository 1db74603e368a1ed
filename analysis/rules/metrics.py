"""The numbers that the report shows: each computed in this run, with its unit and one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.gaps import Gaps, NoGaps
from analysis.golden.statistics import find_bounds
from analysis.golden.summary import count_base, summarise_tests
from analysis.quantities import write_stated
from analysis.rules.broken_imports import find_swallowed
from analysis.rules.catalogue import Judgement
from analysis.rules.chosen_case import choose_case
from analysis.rules.context import RuleContext
from analysis.rules.cycle_outcomes import CIRCULAR, UNTOLD
from analysis.rules.factories import find_lacking
from analysis.rules.files import COMPILED, find_second_names, find_shadowed
from analysis.rules.finding import Finding
from analysis.rules.names import find_definitions, name_redirects
from analysis.rules.score import Score
from analysis.rules.shared_state import count_shared
from analysis.wording import format_count


class Metric(NamedTuple):
    """One row of ``tables.METRICS``."""

    metric: str
    value: float
    unit: str
    meaning: str


def measure(
    case: RuleContext, judgement: Judgement, scores: Sequence[Score] = (), *, gaps: Gaps | None = None
) -> list[Metric]:
    """Return the metrics of a target, each name once; the order is that of the report.

    The first of ``scores`` is that of the whole target. With ``[target] packages`` the numbers are about these.
    ``gaps`` takes what fails inside the kit, group by group; without it such a failure is raised.
    """
    gaps = gaps or NoGaps()
    own = gaps.attempt("rules", "metrics: packages", partial(choose_case, case), lambda: case)
    groups: dict[str, Callable[[], Iterable[Metric]]] = {name: partial(each, own) for name, each in _GROUPS.items()}
    groups |= {name: partial(_GROUPS[name], own, whole=case) for name in ("files", "policy")}
    groups |= {name: partial(_GROUPS[name], case) for name in ("golden path", "shared state")}
    groups["findings"] = partial(_measure_findings, judgement.findings)
    groups["compliance"] = partial(_measure_compliance, judgement, scores)
    found: dict[str, Metric] = {}
    for name, group in groups.items():
        for metric in gaps.attempt("rules", f"metrics: {name}", partial(_list, group), list[Metric]):
            found.setdefault(metric.metric, metric._replace(value=float(metric.value)))
    return list(found.values())


def _list(group: Callable[[], Iterable[Metric]]) -> list[Metric]:
    return list(group())


def measure_gaps(count: int) -> Metric:
    """Return how many parts the kit failed on."""
    return Metric("parts-not-analysed", float(count), "parts", "Files, rules or steps that the kit itself failed on.")


def _measure_files(case: RuleContext, *, whole: RuleContext) -> Iterator[Metric]:
    files, modules = case.facts.files, case.facts.modules
    ok = pc.sum(pc.equal(files.column("status").cast(pa.string()), "ok")).as_py() or 0
    left_out = sum(case.facts.left_out.column("files").to_pylist())
    is_live = pc.and_(modules.column("is_primary"), pc.equal(modules.column("shadowed_by"), ""))
    kinds = Counter(tables.read_column(modules.filter(is_live), "kind"))
    importable = kinds["module"] + kinds["package"] + kinds["extension"]
    dead = sum(not shadowed.winner.endswith(COMPILED) for shadowed in find_shadowed(case))
    several = sum(map(whole.is_chosen, find_second_names(whole)))
    told = "Files without a syntax tree; their imports are recovered line by line."
    yield Metric("files", files.num_rows, "files", "Python files that were read.")
    yield Metric("files-not-parsed", files.num_rows - ok, "files", told)
    told = "Python files in backup copies, environments, caches and what git ignores."
    yield Metric("files-left-out", left_out, "files", told)
    yield Metric("lines", pc.sum(files.column("lines")).as_py() or 0, "lines", "Lines in all files.")
    yield Metric("modules", importable, "modules", "Modules that Python can import.")
    yield Metric("packages", kinds["package"], "modules", "Packages with an __init__ file.")
    told = "Files that Python never imports because a twin has their name."
    yield Metric("shadowed-modules", dead, "files", told)
    yield Metric("files-with-two-names", several, "files", "Files that are imported under several names.")


def _measure_imports(case: RuleContext) -> Iterator[Metric]:
    edges = case.graph.edges.filter(pc.invert(case.graph.edges.column("is_ancestor")))
    pairs: dict[str, set[tuple[str, str]]] = {scope: set() for scope in tables.SCOPES}
    for importer, imported, scope in tables.read_rows(edges, "importer", "imported", "scope"):
        pairs[scope].add((importer, imported))
    externals = {
        package
        for package, origin in tables.read_rows(case.graph.externals, "package", "origin")
        if origin == "external"
    }
    statements = len(set(tables.read_rows(case.facts.imports, "path", "line")))
    yield Metric("import-statements", statements, "statements", "Import statements in all files.")
    told = "Pairs of modules of which one imports the other."
    yield Metric("edges", len(set().union(*pairs.values())), "edges", told)
    on_import = len(pairs["module"] | pairs["class"])
    yield Metric("edges-import-time", on_import, "edges", "Pairs with an import that runs on import.")
    yield Metric("edges-deferred", len(pairs["function"]), "edges", "Pairs with an import inside a function.")
    told = "Pairs with an import for type checkers only."
    yield Metric("edges-typing", len(pairs["type_checking"]), "edges", told)
    yield Metric("external-packages", len(externals), "packages", "Packages of others that are imported.")


def _measure_missing(case: RuleContext) -> Iterator[Metric]:
    phantoms = {
        (path, line, module)
        for path, line, module, reason in tables.read_rows(case.graph.phantoms, "path", "line", "module", "reason")
        if reason == "no-such-module"
    }
    modules = len({module for _, _, module in phantoms})
    yield Metric("phantom-imports", len(phantoms), "statements", "Imports of in-tree modules that do not exist.")
    yield Metric("phantom-modules", modules, "modules", "In-tree modules that are imported but do not exist.")
    for suffix, with_ancestors in (("", False), ("-with-packages", True)):
        swallowed = find_swallowed(case, with_ancestors=with_ancestors)
        count = len({(edge.path, edge.line) for edges in swallowed.values() for edge in edges})
        told = f"Guarded imports that lie on an import-time cycle{_format_packages(with_ancestors=with_ancestors)}."
        yield Metric(f"swallowed-import-suspects{suffix}", count, "statements", told)


def _measure_cycles(case: RuleContext) -> Iterator[Metric]:
    for with_ancestors in (False, True):
        suffix = "-with-packages" if with_ancestors else ""
        told = _format_packages(with_ancestors=with_ancestors)
        for kind in tables.CYCLE_KINDS:
            chosen = [item for item in case.cycles if item.kind == kind and item.with_ancestors == with_ancestors]
            sizes = [cycle.size for cycle in chosen]
            name = f"{kind}-cycles{suffix}"
            yield Metric(name, len(sizes), "cycles", f"Groups of modules that import each other ({kind}{told}).")
            yield Metric(f"modules-in-{name}", sum(sizes), "modules", f"Modules in these groups ({kind}{told}).")
            largest = max(sizes, default=0)
            yield Metric(f"largest-of-{name}", largest, "modules", f"Modules in the largest one ({kind}{told}).")
            cut = sum(len(cycle.cut) for cycle in chosen)
            yield Metric(f"cut-of-{name}", cut, "edges", f"Imports in their cheapest known cuts ({kind}{told}).")
    plain = [cycle for cycle in case.cycles if cycle.kind == "import-time" and not cycle.with_ancestors]
    dead = sum(cycle.size for cycle in plain if case.cycle_outcomes[cycle.cycle].is_dead)
    told = "Modules in cycles no module of which can be imported first, by the simulation."
    yield Metric("modules-in-dead-cycles", dead, "modules", told)


def _format_packages(*, with_ancestors: bool) -> str:
    return ", the packages that run on the way included" if with_ancestors else ""


def _measure_classes(case: RuleContext) -> Iterator[Metric]:
    definitions = case.facts.definitions.num_rows
    names, shared = len(case.duplicate_names), sum(item.definitions for item in case.duplicate_names)
    yield Metric("class-definitions", definitions, "classes", "Class statements.")
    told = "Class names with several definitions."
    yield Metric("class-names-defined-more-than-once", names, "names", told)
    yield Metric("duplicate-class-definitions", shared, "classes", "Definitions that share their name.")


def _measure_names(case: RuleContext) -> Iterator[Metric]:
    violations = set(tables.read_rows(case.identity.violations, "path", "line"))
    taken = set(tables.read_column(case.identity.violations, "definition"))
    phantoms = set(tables.read_rows(case.identity.phantom_names, "module", "name"))
    kinds = Counter(tables.read_column(case.identity.conflicts, "kind"))
    told = "Import statements that take a class from a module that neither defines it nor is a package around it."
    yield Metric("import-violations", len(violations), "statements", told)
    files = len({path for path, _ in violations})
    yield Metric("files-with-import-violations", files, "files", "Files with such a statement.")
    yield Metric("classes-taken-from-elsewhere", len(taken), "classes", "Classes that such statements take.")
    told = "Names that are imported from a module of the tree that has none."
    yield Metric("phantom-names", len(phantoms), "names", told)
    conflicts = kinds["renamed"] + kinds["instance"]
    told = "Names that a rename, or an object in the place of a class, gives different meanings in different modules."
    yield Metric("names-with-different-objects", conflicts, "names", told)


def _measure_policy(case: RuleContext, *, whole: RuleContext) -> Iterator[Metric]:
    for concept in case.concepts:
        if concept.is_policy:
            told = f"Implementations of the concept {concept.name}."
            yield Metric(f"concept:{concept.name}", concept.classes, "classes", told)
    for name, redirect in name_redirects(case.policy).items():
        count = len(find_definitions(case, redirect.paths))
        told = f"Different objects behind the {len(redirect.paths)} paths of {name}."
        yield Metric(f"identities:{name}", count, "objects", told)
    if any(rule.require_methods for rule in case.policy.factory):
        count = sum(len(lack.missing) for lack in find_lacking(whole) if whole.is_chosen(lack.path))
        yield Metric(
            "factory-methods-missing", count, "methods", "Methods that factories lack though they are required."
        )
    yield from _measure_class_ids(case)


def _measure_class_ids(case: RuleContext) -> Iterator[Metric]:
    """The class ids of what claims are about, and of what concepts call canonical."""
    for claim in case.policy.claim:
        kind, _, name = claim.metric.partition(":")
        if name and kind in {"class-ids", "identities"}:
            count = len(_find_classes(case.identity.paths, name, claim.paths))
            behind = (
                f"behind {format_count(len(claim.paths), 'path')} of {name}"
                if claim.paths
                else f"under the name {name}"
            )
            told = f"Different classes {behind}."
            yield Metric(claim.metric, count, "classes" if kind == "class-ids" else "objects", told)
    for concept in case.concepts:
        if concept.is_policy and concept.canonical:
            name = concept.canonical.replace(":", ".").rpartition(".")[2]
            count = sum(member.name == name for member in concept.members)
            told = f"Classes of the name {name} in the concept {concept.name}."
            yield Metric(f"class-ids:{name}", count, "classes", told)


def _find_classes(paths: pa.Table, name: str, wanted: Sequence[str]) -> set[str]:
    """Return the definitions of the classes behind some paths, or else behind a name outside the tests.

    An object that is no class has no class id, whatever its name.
    """
    found = pc.is_in(paths.column("import_path"), pa.array([path.replace(":", ".") for path in wanted], pa.string()))
    rows = paths.filter(found if wanted else pc.equal(paths.column("name"), name))
    columns = ("kind", "path", "definition", "definition_path")
    return {
        definition
        for kind, path, definition, home in tables.read_rows(rows, *columns)
        if kind in tables.CLASS_KINDS and (wanted or not (is_test_file(path) or is_test_file(home or "")))
    }


def _measure_runtime(case: RuleContext) -> Iterator[Metric]:
    yield from _measure_simulation(case)
    if not case.is_probed:
        yield from _measure_first_imports(case, "simulated")
        return
    outcomes = Counter(tables.read_column(case.runtime_table("probed"), "outcome"))
    yield Metric("modules-probed", sum(outcomes.values()), "modules", "Modules that were imported first, each once.")
    yield Metric("modules-importable", outcomes["ok"], "modules", "Of these, those whose import succeeds.")
    yield from _measure_first_imports(case, "probed")
    repeated = {
        path for path, times in tables.read_rows(case.runtime_table("executions"), "path", "times") if int(times) > 1
    }
    yield Metric("modules-executed-twice", len(repeated), "modules", "Modules whose body runs more than once.")
    swallowed = {
        (path, line)
        for path, line, outcome in tables.read_rows(case.runtime_table("swallowed"), "path", "line", "outcome")
        if outcome in CIRCULAR
    }  # fmt: skip
    told = "Import statements whose circular failure was seen to be swallowed."
    yield Metric("swallowed-circular-imports", len(swallowed), "statements", told)
    dependent = set(tables.read_rows(case.runtime_table("order_dependent"), "module", "name"))
    yield Metric("order-dependent-names", len(dependent), "names", "Names that depend on the order of imports.")
    twins = set(tables.read_column(case.runtime_table("live_twins"), "definition"))
    yield Metric("classes-alive-twice", len(twins), "classes", "Class statements with several live classes.")
    verdicts = Counter(tables.read_column(case.runtime_table("agreement"), "verdict"))
    judged = sum(verdicts.values()) - verdicts["unknown"]
    if judged:
        told = "Share of the names of which source and program say the same, of those that both can tell."
        yield Metric("witness-agreement", verdicts["agree"] / judged, "share", told)


def _measure_simulation(case: RuleContext) -> Iterator[Metric]:
    told: dict[str, str] = dict(tables.read_rows(case.runtime_table("simulated"), "module", "outcome"))
    outcomes = {module: outcome for module, outcome in told.items() if outcome not in UNTOLD}
    if not told:
        return
    yield Metric("modules-simulated", len(outcomes), "modules", "Modules whose first import was simulated.")
    if left := len(told) - len(outcomes):
        yield Metric(
            "modules-not-simulated",
            left,
            "modules",
            "Modules whose first import is not known: too much runs, or the time budget was used up.",
        )
    lost = {
        (path, line)
        for path, line, outcome in tables.read_rows(
            case.runtime_table("simulated_swallowed"), "path", "line", "outcome"
        )
        if outcome in CIRCULAR
    }  # fmt: skip
    meaning = "Import statements whose circular failure is swallowed after some first import, by the simulation."
    yield Metric("foreseen-swallowed-circular-imports", len(lost), "statements", meaning)
    repeated = set(tables.read_column(case.runtime_table("simulated_executions"), "path"))
    meaning = "Modules whose body runs more than once after some first import, by the simulation."
    yield Metric("modules-foreseen-to-run-twice", len(repeated), "modules", meaning)
    probed: dict[str, str] = dict(tables.read_rows(case.runtime_table("probed"), "module", "outcome"))
    both = probed.keys() & outcomes.keys()
    if both:
        agree = sum(probed[module] == outcomes[module] for module in both)
        meaning = "Share of the modules of which the simulation foretold how their first import ends."
        yield Metric("simulation-agreement", agree / len(both), "share", meaning)


def _measure_first_imports(case: RuleContext, table: str) -> Iterator[Metric]:
    """Count all modules, and beside them those that a claim names, unless not each of these could be judged."""
    name = "modules-that-fail-when-imported-first"
    how = "" if table == "probed" else ", by the simulation"
    told = f"whose first import fails by a circle, or by recursion without end{how}."
    outcomes: dict[str, str] = {
        row[0]: row[1] for row in tables.read_rows(case.runtime_table(table), "module", "outcome")
    }
    failing = sum(outcome in CIRCULAR for outcome in outcomes.values())
    yield Metric(name, failing, "modules", f"Modules {told}")
    named = next((claim.paths for claim in case.policy.claim if claim.metric == name and claim.paths), ())
    chosen = [outcomes.get(module, "missing-in-tree") for module in named]
    if named and all(outcome == "ok" or outcome in CIRCULAR for outcome in chosen):
        failing = sum(outcome in CIRCULAR for outcome in chosen)
        yield Metric(f"{name}:claimed", failing, "modules", f"Of {format_count(len(named), 'module')} those {told}")


def _measure_findings(findings: Sequence[Finding]) -> Iterator[Metric]:
    rules = Counter(finding.rule for finding in findings)
    told = "Classes that take over when the import of another one of their name fails."
    yield Metric("fallback-classes", rules["fallback-class"], "classes", told)
    told = "Names that look like a class but mean an object."
    yield Metric("instances-named-like-classes", rules["instance-named-like-a-class"], "names", told)
    counts = Counter(finding.severity for finding in findings if finding.certainty != "refuted")
    for severity in tables.SEVERITIES:
        told = f"Findings of severity {severity} that are not refuted."
        yield Metric(f"findings-{severity.lower()}", counts[severity], "findings", told)


def _measure_golden(case: RuleContext) -> Iterator[Metric]:
    runs = case.runtime_table("golden_runs")
    passed, count = count_base(runs)
    if not count:
        return
    policy = case.policy.golden_path
    lower, upper = find_bounds(passed, count, policy.confidence)
    told = f"at a confidence of {write_stated(policy.confidence)}"
    yield Metric("golden-path-runs", count, "runs", "Runs of the golden path that the rate is made of.")
    yield Metric("golden-path-rate", passed / count, "share", "Success rate: the share of these runs that succeeded.")
    yield Metric("golden-path-lower-bound", lower, "share", f"Lower bound: the rate is at least this, {told}.")
    yield Metric("golden-path-upper-bound", upper, "share", f"Upper bound: the rate is at most this, {told}.")
    flaky = sum(each.kind == "flaky" for each in summarise_tests(runs, case.runtime_table("golden_tests")))
    yield Metric("golden-path-flaky-tests", flaky, "tests", "Tests that pass in some runs and fail in others.")


def _measure_shared(case: RuleContext) -> Iterator[Metric]:
    for name, (count, unit, meaning) in count_shared(case).items():
        yield Metric(name, count, unit, meaning)


def _measure_compliance(judgement: Judgement, scores: Sequence[Score]) -> Iterator[Metric]:
    told = "Findings, or parts of them, that exceptions accept."
    yield Metric("findings-accepted", len(judgement.accepted), "findings", told)
    for whole in scores[:1]:
        yield Metric("compliance", whole.score, "of 100", "Compliance score: see docs/score.md.")
        yield Metric("clean-modules", whole.clean_modules, "modules", "Modules that no finding of P0 to P2 cites.")
        yield Metric("points-lost", whole.points, "points", "What the findings cost, over all their places.")


#: In the order of the report.
_GROUPS: Mapping[str, Callable[..., Iterable[Metric]]] = {
    "files": _measure_files, "imports": _measure_imports, "missing": _measure_missing, "cycles": _measure_cycles,
    "classes": _measure_classes, "names": _measure_names, "policy": _measure_policy, "runtime": _measure_runtime,
    "golden path": _measure_golden, "shared state": _measure_shared,
}  # fmt: skip

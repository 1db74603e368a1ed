"""Classes that should be one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.names import Concept, DuplicateName
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.merge_edits import list_merges
from analysis.rules.plan_phases import DEFINITIONS, PlanStep
from analysis.rules.plugin_modules import are_plugins
from analysis.rules.probe_evidence import confirm_classes
from analysis.rules.root_causes import COPIES
from analysis.rules.rule import Rule, RuleFigure
from analysis.rules.twin_families import GeneratedFiles, TwinFamily, find_families, find_names
from analysis.wording import choose_form, format_count, format_some

_MOST_CLASSES_NAMED = 8
#: Bodies of fewer lines are alike by chance.
_FEWEST_COPIED_LINES = 4


@dataclass(frozen=True, slots=True)
class _Rival:
    """One of several definitions of a name: ``statements`` is the number of import statements that mean it."""

    definition: str
    path: str
    line: int
    body: str
    statements: int


def _check_duplicate_names(case: RuleContext) -> Iterator[Finding]:
    rule = "class-defined-more-than-once"
    bodies = _find_bodies(case)
    uses = _count_uses(case.identity.paths)
    limited = _find_limited(case.concepts)
    generated = GeneratedFiles(case.facts.tree)
    families = find_families((item for item in case.duplicate_names if item.name not in limited), generated)
    yield from map(_build_family, families)
    known = find_names(families)
    for item in case.duplicate_names:
        if item.name in known:
            continue
        rivals = sorted(
            _find_rivals(item, bodies, uses), key=lambda rival: (is_test_file(rival.path), -rival.statements)
        )
        severity, reason = _grade(case, item, rivals, limited)
        if severity == "P2" and generated.has_all_but_one(each.path for each in rivals if not is_test_file(each.path)):
            severity, reason = "P3", "; all but one in generated files"
        modules = sorted(set(item.modules))
        message = (
            f"{item.name} is defined {item.definitions:,} times, in {format_count(len(modules), 'module')}: "
            f"{format_some(modules)}{reason}{_format_copies(rivals)}{_format_most_used(rivals)}"
        )
        yield build_finding(rule, severity, item.name, message, [(rival.path, rival.line) for rival in rivals])


def _build_family(family: TwinFamily) -> Finding:
    """Return the one finding of all names that are defined again by one pattern."""
    names = sorted(item.name for item in family.items)
    source, *others = family.files
    again = "in files generated from them" if family.is_generated else "again beside them"
    message = (
        f"{format_count(len(names), 'class name')} of {source} {choose_form(len(names), 'is', 'are')} defined {again}, "
        f"in {format_some(others) or source}: {format_some(names)}"
    )
    places = [place for item in family.items for place in item.places]
    severity = "P3" if family.is_generated else "P2"
    return build_finding("class-defined-more-than-once", severity, source, message, places, others)


def _find_bodies(case: RuleContext) -> dict[tuple[str, int], tuple[str, str]]:
    """Return qualified name and fingerprint (nothing for short bodies) of the class statements, by path and line."""
    definitions = case.facts.definitions
    names = pa.array([item.name for item in case.duplicate_names], type=pa.string())
    chosen = definitions.filter(pc.is_in(definitions.column("name"), names))
    return {
        (path, line): (qualname, body if end - line >= _FEWEST_COPIED_LINES else "")
        for path, line, end, qualname, body in tables.read_rows(
            chosen, "path", "line", "end_line", "qualname", "fingerprint"
        )
    }


def _count_uses(paths: pa.Table) -> dict[str, int]:
    """Return per class the number of import statements that mean it, by whichever path."""
    total = Counter[str]()
    used = paths.filter(pc.greater(paths.column("statements"), 0))
    for definition, statements in tables.read_rows(used, "definition", "statements"):
        total[definition] += statements
    return total


def _find_rivals(
    item: DuplicateName, bodies: Mapping[tuple[str, int], tuple[str, str]], uses: Mapping[str, int]
) -> Iterator[_Rival]:
    for module, place in zip(item.modules, item.places, strict=True):
        qualname, body = bodies[place]
        definition = f"{module}:{qualname}"
        yield _Rival(definition, *place, body, uses.get(definition, 0))


def _find_limited(concepts: Iterable[Concept]) -> dict[str, str]:
    """Return the class names that have several implementations within one concept of the policy."""
    found: dict[str, str] = {}
    for concept in concepts:
        if concept.is_policy:
            counts = Counter(member.name for member in concept.members if member.role == "implementation")
            found |= {name: concept.name for name, count in counts.items() if count > 1}
    return found


def _grade(
    case: RuleContext, item: DuplicateName, rivals: Sequence[_Rival], limited: Mapping[str, str]
) -> tuple[str, str]:
    """Return the severity, and the reason where it is not the common one."""
    if item.name in limited:
        return "P1", f"; the policy counts them in {limited[item.name]}"
    if item.definitions - item.nested <= 1:
        return "P3", "; nested in other classes, which own them"
    product = [rival for rival in rivals if not is_test_file(rival.path)]
    if len(product) <= 1:
        return "P3", "; all but one in tests" if product else ""
    if item.name.startswith("_"):
        return "P3", "; private to their modules by name"
    group = {rival.definition for rival in product}
    ancestors = {definition: case.identity.inheritance.find_ancestors(definition) for definition in group}
    if sum(not above & group for above in ancestors.values()) <= 1:
        return "P3", "; one extends the other"
    shared = frozenset.intersection(*(ancestors[definition] for definition in sorted(group)))
    common = sorted(base for base in shared if _is_template(base, item.name))
    if common:
        return "P3", f"; each is an implementation of {common[0]}"
    if are_plugins(case, [rival.definition.partition(":")[0] for rival in product], item.name):
        return "P3", "; each is loaded by the name of its module"
    return "P2", ""


def _is_template(base: str, name: str) -> bool:
    """Return whether a base says by its name what its implementations are called: ``BaseCommand``, ``Command``."""
    last = base.replace(":", ".").rpartition(".")[2]
    return last.endswith(name)


def _format_copies(rivals: Iterable[_Rival]) -> str:
    counts = Counter(rival.body for rival in rivals if rival.body)
    copies = max(counts.values(), default=0)
    return f"; {copies:,} of them have the same body" if copies > 1 else ""


def _format_most_used(rivals: Sequence[_Rival]) -> str:
    """Say to which definition the imports resolve: the one that costs least to keep. Tests do not choose."""
    product = [rival for rival in rivals if not is_test_file(rival.path)]
    used = sorted((rival for rival in product or rivals if rival.statements), key=lambda rival: -rival.statements)
    total = sum(rival.statements for rival in rivals)
    if not used:
        return ""
    home = used[0].definition.partition(":")[0]
    if total == 1:
        return f"; the only import resolves to {home}"
    if len(used) > 1 and used[0].statements == used[1].statements:
        return f"; the {total:,} imports are evenly split"
    counted = f"all {total:,}" if used[0].statements == total else f"{used[0].statements:,} of {total:,}"
    return f"; {counted} imports {choose_form(used[0].statements, 'resolves', 'resolve')} to {home}"


def _check_concepts(case: RuleContext) -> Iterator[Finding]:
    rule = "concept-over-its-limit"
    severities = {concept.name: concept.severity for concept in case.policy.concept}
    for concept in case.concepts:
        if concept.is_policy and concept.max_classes and concept.classes > concept.max_classes:
            counted = [member for member in concept.members if member.role == "implementation"]
            names = format_some([member.definition for member in counted], _MOST_CLASSES_NAMED)
            limit = format_count(concept.max_classes, "class", "classes")
            message = f"{concept.name}: {concept.classes:,} classes; the policy allows {limit}: {names}"
            places = [(member.path, member.line) for member in counted]
            yield build_finding(rule, severities.get(concept.name, "P0"), concept.name, message, places)


def _check_canonical(case: RuleContext) -> Iterator[Finding]:
    rule = "canonical-class-missing"
    for concept in case.concepts:
        if concept.is_policy and concept.canonical and not _has_canonical(case, concept):
            message = f"{concept.name}: the policy names {concept.canonical} as the one class, but no such class exists"
            yield build_finding(rule, "P1", concept.name, message, [], [concept.canonical])


def _has_canonical(case: RuleContext, concept: Concept) -> bool:
    """Return whether the canonical class is a definition, or a path that leads to a class."""
    wanted = concept.canonical
    if any(wanted in {member.definition, member.definition.replace(":", ".")} for member in concept.members):
        return True
    paths = case.identity.paths
    at = pc.equal(paths.column("import_path"), wanted.replace(":", "."))
    return bool(set(tables.read_column(paths.filter(at), "kind")) & set(tables.CLASS_KINDS))


_REGISTRIES = '[[concept]]\nname = "registries"\nmatch = ["*Registry"]\nmax_classes = 1\ncanonical = "p.a:Registry"\n'

RULES = (
    Rule(
        "concept-over-its-limit", "P0",
        "The policy says how many classes a concept may have, and there are more. Each rival keeps state of its own, "
        "so that what one part registers the other does not find.",
        "Choose the canonical class, move over what the others have and it lacks, and redirect their paths to it.",
        _check_concepts,
        bad={"p/__init__.py": "", "p/a.py": "class Registry: ...\n", "p/b.py": "class UserRegistry: ...\n"},
        good={"p/__init__.py": "", "p/a.py": "class Registry: ...\n", "p/b.py": "from p.a import Registry\n"},
        policy=_REGISTRIES,
        grades={"P0": "unless the concept in the policy has a `severity` of its own"},
        is_joint=True, breach="policy limit",
        step=PlanStep(DEFINITIONS, 10, "Merge rival classes into the canonical one", minutes=90), cause=COPIES,
        needs_policy="concept", confirm=confirm_classes, list_edits=list_merges,
    ),
    Rule(
        "canonical-class-missing", "P1",
        "The policy names a class as the single source that no file defines.",
        "Correct the policy, or restore the class.",
        _check_canonical,
        bad={"p/__init__.py": "", "p/b.py": "class Registry: ...\n"},
        good={"p/__init__.py": "", "p/a.py": "class Registry: ...\n"},
        policy=_REGISTRIES,
        is_joint=True, breach="policy requirement",
        step=PlanStep(DEFINITIONS, 30, "Decide which class is the single source", minutes=60), cause=COPIES,
        needs_policy="concept",
    ),
    Rule(
        "class-defined-more-than-once", "P1",
        "Several class statements have one name. Which one is meant depends on the import path. Names that are all "
        "defined again by one pattern of files are one finding.",
        "Keep one definition and import it (the finding names the one that most imports mean); give the others names "
        "that say how they differ.",
        _check_duplicate_names,
        bad={"a.py": "class Order: ...\n", "b.py": "class Order: ...\n"},
        good={"a.py": "class Order: ...\n", "b.py": "from a import Order\n"},
        grades={
            "P1": "they belong to one concept of the policy",
            "P2": "they are rivals outside the tests",
            "P3": "all but one stand in tests, in generated files or in other classes, extend one another, implement "
            "one base of that name, or are private by their name",
        },
        is_joint=True,
        step=PlanStep(DEFINITIONS, 60, "Merge or rename classes that share a name", minutes=45), cause=COPIES,
        confirm=confirm_classes, list_edits=list_merges,
        figure=RuleFigure(
            80, "class-names-defined-more-than-once", "Class names defined more than once",
            "Class name defined more than once",
            "duplicate-class-definitions", "definition", "definitions",
        ),
    ),
)  # fmt: skip

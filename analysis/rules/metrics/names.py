"""What classes and names amount to, and what the policy says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.quantities import CLASS_IDS, CONCEPT, IDENTITIES, MetricName, read_metric_name
from analysis.rules.context import RuleContext
from analysis.rules.families.factories import find_lacking
from analysis.rules.families.names import find_definitions, name_redirects
from analysis.rules.metrics.metric import Metric
from analysis.wording import format_count


def measure_classes(case: RuleContext) -> Iterator[Metric]:
    definitions = case.facts.definitions.num_rows
    names, shared = len(case.duplicate_names), sum(item.definitions for item in case.duplicate_names)
    yield Metric("class-definitions", definitions, "classes", "Class statements.")
    meaning = "Class names with several definitions."
    yield Metric("class-names-defined-more-than-once", names, "names", meaning)
    yield Metric("duplicate-class-definitions", shared, "classes", "Definitions that share their name.")


def measure_names(case: RuleContext) -> Iterator[Metric]:
    violations = set(tables.read_rows(case.identity.violations, "path", "line"))
    taken = set(tables.read_column(case.identity.violations, "definition"))
    phantoms = {(row["module"], row["name"]) for row in case.phantom_names if not row["made"]}
    kinds = Counter(tables.read_column(case.identity.conflicts, "kind"))
    meaning = "Import statements that take a class from a module that neither defines it nor is a parent package of it."
    yield Metric("import-violations", len(violations), "statements", meaning)
    files = len({path for path, _ in violations})
    yield Metric("files-with-import-violations", files, "files", "Files with such a statement.")
    yield Metric("classes-taken-from-elsewhere", len(taken), "classes", "Classes that such statements take.")
    meaning = "Names that are imported from a module of the tree that has none."
    yield Metric("phantom-names", len(phantoms), "names", meaning)
    conflicts = kinds["renamed"] + kinds["instance"]
    meaning = (
        "Names that a rename, or an object in the place of a class, gives different meanings in different modules."
    )
    yield Metric("names-with-different-objects", conflicts, "names", meaning)


def measure_policy(case: RuleContext, *, whole: RuleContext) -> Iterator[Metric]:
    for concept in case.concepts:
        if concept.is_policy:
            meaning = f"Implementations of the concept {concept.name}."
            yield Metric(str(MetricName(CONCEPT, concept.name)), concept.classes, "classes", meaning)
    for name, redirect in name_redirects(case.policy).items():
        count = len(find_definitions(case, redirect.paths))
        meaning = f"Different objects behind the {len(redirect.paths)} paths of {name}."
        yield Metric(str(MetricName(IDENTITIES, name)), count, "objects", meaning)
    if any(rule.require_methods for rule in case.policy.factory):
        count = sum(len(lack.missing) for lack in find_lacking(whole) if whole.is_chosen(lack.path))
        yield Metric(
            "factory-methods-missing", count, "methods", "Methods that factories lack though they are required."
        )
    yield from _measure_class_ids(case)


def find_canonical_name(canonical: str) -> str:
    """Return the name of the class that a concept calls canonical.

    >>> find_canonical_name("shop.orders:Order"), find_canonical_name("shop.Order")
    ('Order', 'Order')
    """
    return canonical.replace(":", ".").rpartition(".")[2]


def _measure_class_ids(case: RuleContext) -> Iterator[Metric]:
    """The class ids of what claims are about, and of what concepts call canonical."""
    for claim in case.policy.claim:
        kind, name = read_metric_name(claim.metric)
        if name and kind in {CLASS_IDS, IDENTITIES}:
            count = len(_find_classes(case.identity.paths, name, claim.paths))
            behind = (
                f"behind {format_count(len(claim.paths), 'path')} of {name}"
                if claim.paths
                else f"under the name {name}"
            )
            meaning = f"Different classes {behind}."
            yield Metric(claim.metric, count, "classes" if kind == CLASS_IDS else "objects", meaning)
    for concept in case.concepts:
        if concept.is_policy and concept.canonical:
            name = find_canonical_name(concept.canonical)
            count = sum(member.name == name for member in concept.members)
            meaning = f"Classes of the name {name} in the concept {concept.name}."
            yield Metric(str(MetricName(CLASS_IDS, name)), count, "classes", meaning)


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

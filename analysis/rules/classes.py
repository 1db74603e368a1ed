"""Classes that should be one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.facts.context import swallows_import_errors
from analysis.identity import Concept, Multiplicity
from analysis.rules.case_file import CaseFile, is_test, keep
from analysis.rules.finding import Finding, fingerprint
from analysis.rules.rule import Rule
from analysis.rules.words import tell

_CLASS_NAME = re.compile(r"_*[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$")
#: Calls that make a class or a type, not an instance of one.
_MAKERS = frozenset({
    "namedtuple", "NamedTuple", "TypedDict", "NewType", "TypeVar", "ParamSpec", "TypeVarTuple", "Enum", "IntEnum",
    "StrEnum", "Flag", "IntFlag", "make_dataclass", "new_class", "TypeAliasType",
})  # fmt: skip


def _split(place: str) -> tuple[str, int]:
    path, _, line = place.rpartition(":")
    return path, int(line)


def _check_multiplicity(case: CaseFile) -> Iterator[Finding]:
    rule = "class-defined-more-than-once"
    for item in case.multiplicity:
        places = list(map(_split, item.places))
        product = [place for place in places if not is_test(place[0])]
        severity = "P2" if len(product) > 1 and not _is_nested_only(item) else "P3"
        message = f"{item.name} is defined {item.definitions:,} times, in {tell(len(set(item.modules)), 'module')}"
        ordered = product + [place for place in places if is_test(place[0])]
        mark = fingerprint(rule, item.name)
        yield Finding(severity, rule, item.name, message, mark, evidence=case.cite(ordered))


def _is_nested_only(item: Multiplicity) -> bool:
    """Return whether all definitions but one are bodies of other classes (Meta, Config): each belongs to its owner."""
    return item.definitions - item.nested <= 1


def _check_concepts(case: CaseFile) -> Iterator[Finding]:
    rule = "concept-over-its-limit"
    for concept in case.concepts:
        if concept.is_policy and concept.max_classes and concept.classes > concept.max_classes:
            counted = [member for member in concept.members if member.role == "implementation"]
            names = ", ".join(member.definition for member in counted[:8])
            limit = tell(concept.max_classes, "class", "classes")
            message = f"{concept.name}: {concept.classes:,} classes where the policy allows {limit}: {names}"
            places = [(member.path, member.line) for member in counted]
            yield Finding(
                "P0", rule, concept.name, message, fingerprint(rule, concept.name), evidence=case.cite(places)
            )


def _check_canonical(case: CaseFile) -> Iterator[Finding]:
    rule = "canonical-class-missing"
    for concept in case.concepts:
        if concept.is_policy and concept.canonical and not _has_canonical(concept):
            message = (
                f"{concept.name}: the policy names {concept.canonical} as the one class, but no such class is defined"
            )
            yield Finding("P1", rule, concept.name, message, fingerprint(rule, concept.name, concept.canonical))


def _has_canonical(concept: Concept) -> bool:
    wanted = concept.canonical
    return any(wanted in {member.definition, member.definition.replace(":", ".")} for member in concept.members)


def _check_fallbacks(case: CaseFile) -> Iterator[Finding]:
    rule = "fallback-class"
    names = ["path", "line", "qualname", "caught"]
    for row in keep(case.facts.definitions, "guard", "except").select(names).to_pylist():
        if swallows_import_errors(row["caught"]):
            subject = f"{row['path']}:{row['qualname']}"
            message = f"{row['qualname']} in {row['path']} is a second class that takes over when an import fails"
            places = [(row["path"], row["line"])]
            yield Finding("P2", rule, subject, message, fingerprint(rule, subject), evidence=case.cite(places))


def _check_instances(case: CaseFile) -> Iterator[Finding]:
    rule = "instance-named-like-a-class"
    names = ["path", "line", "name", "value", "scope"]
    for row in keep(case.facts.bindings, "kind", "instance").select(names).to_pylist():
        maker = row["value"].rpartition(".")[2]
        if maker in _MAKERS or row["scope"] == "type_checking":
            continue
        if _CLASS_NAME.match(row["name"]) and _CLASS_NAME.match(maker) and row["name"] != maker:
            subject = f"{row['path']}:{row['name']}"
            message = f"{row['name']} in {row['path']} is an object made by {row['value']}(), not a class"
            places = [(row["path"], row["line"])]
            yield Finding("P3", rule, subject, message, fingerprint(rule, subject), evidence=case.cite(places))


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
    ),
    Rule(
        "canonical-class-missing", "P1",
        "The policy names a class as the single source that no file defines.",
        "Correct the policy, or restore the class.",
        _check_canonical,
        bad={"p/__init__.py": "", "p/b.py": "class Registry: ...\n"},
        good={"p/__init__.py": "", "p/a.py": "class Registry: ...\n"},
        policy=_REGISTRIES,
    ),
    Rule(
        "class-defined-more-than-once", "P2",
        "Several class statements have one name. Which one is meant depends on the import path.",
        "Keep one definition and import it; give the others names that say how they differ.",
        _check_multiplicity,
        bad={"a.py": "class Order: ...\n", "b.py": "class Order: ...\n"},
        good={"a.py": "class Order: ...\n", "b.py": "from a import Order\n"},
    ),
    Rule(
        "fallback-class", "P2",
        "A class is defined in the except branch of a failed import. The program goes on with another class of the "
        "same name, and isinstance and registries no longer agree.",
        "Let the import fail, or put both behind one explicit choice.",
        _check_fallbacks,
        bad={"a.py": "try:\n    from b import C\nexcept ImportError:\n    class C: ...\n"},
        good={"a.py": "try:\n    from b import C\nexcept ImportError:\n    C = None\n"},
    ),
    Rule(
        "instance-named-like-a-class", "P3",
        "A module-level object has a name that looks like a class. Who compares ids of classes takes its id for that "
        "of a second class.",
        "Name it in lower case, and hand it to those who need it.",
        _check_instances,
        bad={"a.py": "class Store: ...\nUserStore = Store()\n"},
        good={"a.py": "class Store: ...\nuser_store = Store()\n"},
    ),
)  # fmt: skip

"""What is not the class that its name promises: a class for the case that an import fails, or an object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.facts.context import swallows_import_errors
from analysis.names.concepts import find_suffix
from analysis.rules import root_causes
from analysis.rules.context import RuleContext, keep
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import DEFINITIONS, LASTING, PlanStep
from analysis.rules.probe_evidence import ProbeEvidence
from analysis.rules.root_causes import COPIES
from analysis.rules.rule import Rule, RuleMetric
from analysis.steps import read_binding
from analysis.wording import format_count, format_some

#: Names that a reader takes for a class: four letters or more, in words that begin with capitals.
_CLASS_NAME = r"^_*[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*$"
_FEWEST_LETTERS = 4


class _Tried(NamedTuple):
    """An import whose failure is swallowed, in the block of a try."""

    line: int
    module: str


def _check_fallbacks(case: RuleContext) -> Iterator[Finding]:
    rule = "fallback-class"
    tried = _find_tried(case)
    homes = case.homes
    known = _find_in_tree(case)
    seen: set[str] = set()
    for path, line, qualname, scope, caught in _read_fallbacks(case):
        before = [item for item in tried.get((path, qualname), ()) if item.line < line]
        subject = f"{homes.get(path, path)}:{qualname}"
        if scope not in {"module", "class"} or not swallows_import_errors(caught) or not before or subject in seen:
            continue
        seen.add(subject)
        severity = "P2" if (path, before[-1].line) in known else "P3"
        message = f"{subject} is a second class of that name, used when the import from {before[-1].module} fails"
        yield build_finding(rule, severity, subject, message, [(path, line), (path, before[-1].line)])


def _read_fallbacks(case: RuleContext) -> list[tuple[str, int, str, str, str]]:
    """Return path, line, qualified name, scope and exceptions of the class statements in except blocks, sorted."""
    rows = keep(case.facts.definitions, "guard", "except")
    return sorted(tables.read_rows(rows, "path", "line", "qualname", "scope", "caught"))


def _find_tried(case: RuleContext) -> dict[tuple[str, str], list[_Tried]]:
    """Return the imports that stand in a try which swallows their failure, by path and bound name."""
    rows = keep(case.facts.imports, "guard", "try")
    found: dict[tuple[str, str], list[_Tried]] = defaultdict(list)
    for path, line, level, module, bound_as, caught in tables.read_rows(
        rows, "path", "line", "level", "module", "bound_as", "caught"
    ):
        if swallows_import_errors(caught):
            found[path, bound_as].append(_Tried(line, "." * level + module))
    return found


def _find_in_tree(case: RuleContext) -> set[Place]:
    """Return the guarded statements that import a module of the tree, or one that should be there."""
    found: set[Place] = set()
    for table in (case.graph.edges, case.graph.phantoms):
        rows = keep(table, "guard", "try")
        found.update(tables.read_rows(rows, "path", "line"))
    return found


class _Name(NamedTuple):
    """One path of ``tables.PATHS`` that leads to an object; ``is_renamed`` when its import changes the name."""

    import_path: str
    name: str
    path: str
    line: int
    definition: str
    made_by: str
    statements: int
    is_own: bool
    is_renamed: bool


def _check_instances(case: RuleContext) -> Iterator[Finding]:
    rule = "instance-named-like-a-class"
    groups: dict[tuple[str, str], list[_Name]] = defaultdict(list)
    for found in _read_instances(case.identity.paths):
        groups[found.definition, found.name].append(found)
    classes = set(tables.read_column(case.facts.definitions, "name"))
    for (definition, name), members in sorted(groups.items()):
        binding = [member for member in members if member.is_own or member.is_renamed]
        statements = sum(member.statements for member in members)
        if not binding or not _is_taken_for_a_class(binding[0], name, classes, statements):
            continue
        home = binding[0].import_path if binding[0].is_own else definition.replace(":", ".")
        modules = [member.import_path.rpartition(".")[0] for member in binding]
        what = "" if binding[0].is_own else f" {definition.partition(':')[2]}"
        maker = f" made by {binding[0].made_by}" if binding[0].made_by else ""
        users = (
            f"; {format_count(statements, 'import statement')} {'takes' if statements == 1 else 'take'} it"
            if statements
            else ""
        )
        message = f"{name} in {format_some(modules)} is the object{what}{maker}, not a class{users}"
        yield build_finding(rule, "P3", home, message, [(item.path, item.line) for item in binding], [name])


def _is_taken_for_a_class(binding: _Name, name: str, classes: set[str], statements: int) -> bool:
    """Return whether the name misleads: it is imported, is that of a class, or ends like that of its class."""
    made = binding.made_by.replace(":", ".").rpartition(".")[2]
    last = find_suffix(name)
    return binding.is_renamed or statements > 0 or name in classes or (last != "" and last == find_suffix(made))


def _read_instances(paths: pa.Table) -> Iterator[_Name]:
    """Yield the paths by which an object can be had under a name that looks like a class."""
    wanted = pc.and_(
        pc.equal(paths.column("kind").cast(pa.string()), "instance"),
        pc.match_substring_regex(paths.column("name"), _CLASS_NAME),
    )
    columns = ("import_path", "name", "path", "line", "definition", "made_by", "statements", "route", "chain")
    rows = paths.filter(wanted)
    for row in tables.read_rows(rows, *columns):
        import_path, name, path, line, definition, made_by, statements, route, chain = row
        if len(name.strip("_")) >= _FEWEST_LETTERS and path and line:
            previous = read_binding(chain[1]).import_path.rpartition(".")[2] if len(chain) > 1 else name
            is_own = route == "definition" and previous == name
            yield _Name(import_path, name, path, line, definition, made_by, statements, is_own, previous != name)


def _confirm_instance(finding: Finding, evidence: ProbeEvidence) -> str:
    kind, _ = evidence.bound.get(finding.subject, ("", ""))
    return {"instance": "confirmed", "class": "refuted"}.get(kind, "static")


_TRY = "try:\n    from p.store import Store\nexcept ImportError:\n"
_STORE = {"p/__init__.py": "", "p/store.py": "class Store: ...\n"}

RULES = (
    Rule(
        "fallback-class", "P2",
        "A class is imported in a try, and the except block defines another one of that name. When the import fails, "
        "for whatever reason, the program goes on with the other class: isinstance and registries no longer agree.",
        "Let the import fail, or put both behind one explicit choice.",
        _check_fallbacks,
        bad={**_STORE, "p/a.py": f"{_TRY}    class Store: ...\n"},
        good={**_STORE, "p/a.py": f"{_TRY}    Store = None\n"},
        grades={"P2": "the import is from the tree", "P3": "the import is from a third-party package"},
        step=PlanStep(DEFINITIONS, 50, "Replace fallback classes by one explicit choice", minutes=30), cause=COPIES,
        metric=RuleMetric(
            "fallback-classes", "classes",
            "Classes that take over when the import of another one of their name fails.",
        ),
    ),
    Rule(
        "instance-named-like-a-class", "P3",
        "A module-level object has a name that looks like a class. Its id can be mistaken for "
        "that of a second class.",
        "Name it in lower case, and pass it to those who need it.",
        _check_instances,
        bad={"a.py": "class Store: ...\nUserStore = Store()\n"},
        good={"a.py": "class Store: ...\nuser_store = Store()\n"},
        step=PlanStep(LASTING, 20, "Name objects in lower case", minutes=10), cause=root_causes.PATHS,
        confirm=_confirm_instance,
        metric=RuleMetric(
            "instances-named-like-classes", "names", "Names that look like a class but mean an object."
        ),
    ),
)  # fmt: skip

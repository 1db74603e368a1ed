"""Names that lead to the wrong object, or to a class by the wrong path."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.policy import Policy, Redirect
from analysis.rules import plan_phases, root_causes
from analysis.rules.context import RuleContext
from analysis.rules.edits import PlannedEdit, PlannedWork, list_evidence
from analysis.rules.families.broken_imports import grade_missing, works_in_simulation
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.probe_evidence import ProbeEvidence, confirm_absent
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule, RuleFigure
from analysis.wording import choose_form, format_count, format_some


def _group(rows: Iterable[dict[str, Any]], *columns: str) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[column] for column in columns)].append(row)
    return dict(sorted(found.items()))


def _check_violations(case: RuleContext) -> Iterator[Finding]:
    rule = "class-taken-from-elsewhere"
    for (definition,), rows in _group(case.identity.violations.to_pylist(), "definition").items():
        places = list(dict.fromkeys((row["path"], row["line"]) for row in rows))
        paths = sorted({row["import_path"].rpartition(".")[0] for row in rows})
        files = len({path for path, _ in places})
        takes = choose_form(len(places), "takes", "take")
        right = Counter(row["canonical"].rpartition(".")[0] for row in rows)
        own = definition.partition(":")[0]
        homes = sorted(right, key=lambda home: (home == own, -right[home], home))
        inside = f", and inside of it from {own}" if len(homes) > 1 and own in right else ""
        renamed = sorted({row["name"] for row in rows} - {definition.rpartition(":")[2].rpartition(".")[2]})
        what = f"{format_some(renamed)}, which is {definition}," if renamed else definition
        home = f"{homes[0]}.{_name_right(rows, homes[0])}" if renamed else homes[0]
        message = (
            f"{format_count(len(places), 'statement')} in {format_count(files, 'file')} {takes} {what} from "
            f"{format_some(paths)} instead of {home}{inside}"
        )
        is_declared = all(row["is_declared"] for row in rows)
        severity = "P1" if definition in case.policy_classes else "P3" if is_declared else "P2"
        yield build_finding(rule, severity, definition, message, places)


def _name_right(rows: Iterable[dict[str, Any]], home: str) -> str:
    """Return the name that a class has in the module from which it should be taken."""
    paths = (row["canonical"].rpartition(".") for row in rows)
    return next((str(name) for module, _, name in paths if module == home), "")


def _list_statements(work: PlannedWork) -> Iterator[PlannedEdit]:
    """Yield each import statement with the path that it should name: one that takes two classes is changed twice."""
    marks = {row["subject"]: row["fingerprint"] for row in work.rows}
    columns = ("path", "line", "definition", "import_path", "canonical")
    for path, line, definition, taken, right in tables.read_rows(work.read_table("violations"), *columns):
        if definition in marks:
            (old, _, name), (new, _, other) = taken.rpartition("."), right.rpartition(".")
            named = name if name == other else f"{other} (here {name})"
            yield PlannedEdit(path, line, f"import {named} from {new}, not from {old}", "", marks[definition])


def _list_corrections(work: PlannedWork) -> Iterator[PlannedEdit]:
    """Yield each import of a name that does not exist, with the module that has it, or with the nearest name."""
    columns = ("module", "name", "nearest", "defined_in")
    known = {f"{row[0]}.{row[1]}": row for row in tables.read_rows(work.read_table("phantom_names"), *columns)}
    for row in work.rows:
        module, name, nearest, homes = known.get(row["subject"], ("", "", "", []))
        words = "correct or delete the import"
        if homes:
            words = f"import {name} from {homes[0]}, not from {module}"
        elif nearest:
            words = f"import {nearest} instead of {name} if that is meant, or delete the import"
        yield from list_evidence(row, words)


def _grade_phantom(row: Mapping[str, Any]) -> str:
    return "P3" if row["reason"] == "other-interpreter" or row["made"] else grade_missing(row)


def _check_phantom_names(case: RuleContext) -> Iterator[Finding]:
    rule = "phantom-name"
    missing = [row for row in case.phantom_names if not works_in_simulation(row, case)]
    for (module, name), rows in _group(missing, "module", "name").items():
        places = list(dict.fromkeys((row["path"], row["line"]) for row in sorted(rows, key=_grade_phantom)))
        home = f"; it is defined in {format_some(rows[0]['defined_in'])}" if rows[0]["defined_in"] else ""
        near = f"; the nearest name is {rows[0]['nearest']}" if rows[0]["nearest"] and not home else ""
        reason = rows[0]["made"] or rows[0]["reason"]
        why = "" if reason == "no-such-name" else f" ({reason.replace('-', ' ')})"
        imports = choose_form(len(places), "imports", "import")
        message = f"{module} has no {name}{why}, but {format_count(len(places), 'statement')} {imports} it{home}{near}"
        subject = f"{module}.{name}"
        severity = min(map(_grade_phantom, rows))
        yield build_finding(rule, severity, subject, message, places)


def _check_conflicts(case: RuleContext) -> Iterator[Finding]:
    rule = "name-with-different-objects"
    rows = [row for row in case.identity.conflicts.to_pylist() if row["kind"] in {"renamed", "instance"}]
    places = _find_places(case.identity.paths, {path for row in rows for path in row["import_paths"]})
    for row in rows:
        definitions = row["definitions"]
        message = (
            f"{row['name']} means {format_count(len(definitions), 'different object')}: {format_some(definitions)}"
        )
        severity = "P3" if row["is_related"] else "P2"
        cited = [places[path] for path in row["import_paths"] if path in places]
        yield build_finding(rule, severity, row["name"], message, cited, definitions)


def _find_places(paths: pa.Table, wanted: set[str]) -> dict[str, Place]:
    """Return file and line of the statement that binds each of some import paths."""
    chosen = paths.filter(pc.is_in(paths.column("import_path"), pa.array(sorted(wanted), type=pa.string())))
    return {
        import_path: (path, max(1, line))
        for import_path, path, line in tables.read_rows(chosen, "import_path", "path", "line")
        if path
    }


#: Where a path leads that no module has, and one that cannot be followed without running the program.
NOWHERE, UNKNOWN = "nothing", "what only the running program knows"


def find_definitions(case: RuleContext, paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the definitions behind some import paths, each with its paths; also ``NOWHERE`` and ``UNKNOWN``."""
    wanted = [path.replace(":", ".") for path in paths]
    table = case.identity.paths
    chosen = table.filter(pc.is_in(table.column("import_path"), pa.array(wanted, type=pa.string())))
    known = dict(tables.read_rows(chosen, "import_path", "definition"))
    found: dict[str, list[str]] = defaultdict(list)
    for path in wanted:
        found[(known[path] or UNKNOWN) if path in known else NOWHERE].append(path)
    return dict(found)


def name_redirects(policy: Policy) -> dict[str, Redirect]:
    """Return the redirects by the name of what they lead to; by its first path where another one has that name."""
    found: dict[str, Redirect] = {}
    for redirect in policy.redirect:
        path = redirect.paths[0].replace(":", ".")
        name = path.rpartition(".")[2]
        found.setdefault(path if name in found else name, redirect)
    return found


def _check_redirects(case: RuleContext) -> Iterator[Finding]:
    rule = "redirect-broken"
    for redirect in case.policy.redirect:
        found = find_definitions(case, redirect.paths)
        if len(found) > 1 or NOWHERE in found or UNKNOWN in found:
            severity = "P0" if NOWHERE in found or len(found.keys() - {UNKNOWN}) > 1 else "P2"
            described = "; ".join(f"{', '.join(paths)} → {name}" for name, paths in sorted(found.items()))
            counted = format_count(len(redirect.paths), "path")
            message = f"{counted} should yield one object, but lead to {len(found):,}: {described}"
            places = _find_places(case.identity.paths, {path for paths in found.values() for path in paths})
            cited = [places[path] for paths in found.values() for path in paths if path in places]
            yield build_finding(rule, severity, redirect.paths[0], message, cited, redirect.paths[1:])


def _confirm_taken(finding: Finding, evidence: ProbeEvidence) -> str:
    """A class taken from elsewhere: confirmed when the paths lead to it, refuted when each leads to another object."""
    seen = [
        evidence.bound[path] == evidence.bound[canonical]
        for path, canonical in sorted(evidence.detours.get(finding.subject, ()))
        if path in evidence.bound and canonical in evidence.bound
    ]
    return "static" if not seen else "confirmed" if any(seen) else "refuted"


def _confirm_redirect(finding: Finding, evidence: ProbeEvidence) -> str:
    redirects = (redirect.paths for redirect in evidence.case.policy.redirect if redirect.paths[0] == finding.subject)
    paths = [path.replace(":", ".") for path in next(redirects, ())]
    seen = {evidence.bound[path] for path in paths if path in evidence.bound}
    if len(seen) > 1:
        return "confirmed"
    return "refuted" if seen and all(path in evidence.bound for path in paths) else "static"


def _confirm_objects(finding: Finding, evidence: ProbeEvidence) -> str:
    """One name, different objects: confirmed when modules that the finding cites hold different ones."""
    for paths in evidence.homonyms.get(finding.subject, ()):
        seen = [evidence.bound[path] for path in paths if path in evidence.bound]
        if len(set(seen)) > 1:
            return "confirmed"
        if seen and len(seen) == len(paths) and all(definition for _, definition in seen):
            return "refuted"
    return "static"


_TREE = {"p/__init__.py": "", "p/a.py": "class Order: ...\n", "p/b.py": "from p.a import Order\nprint(Order)\n"}
_REDIRECT = '[[redirect]]\npaths = ["p.a.Order", "p.b.Order"]\n'

RULES = (
    Rule(
        "class-taken-from-elsewhere", "P1",
        "A class is imported from a module that neither defines it nor is a package around the one that does: from one "
        "that happens to import it, or that passes it on. When that module changes, the import breaks or means another "
        "class.",
        "Import it by its canonical path, which the finding names.",
        _check_violations,
        bad={**_TREE, "p/c.py": "from p.b import Order\n"},
        good={**_TREE, "p/c.py": "from p.a import Order\n"},
        grades={
            "P1": "the class belongs to a concept of the policy",
            "P2": "any other class",
            "P3": "the modules say that they pass it on: `__all__`, `import X as X`, `X = module.X`, a redirect",
        },
        step=PlanStep(plan_phases.PATHS, 40, "Import every class from where it is defined", minutes=2),
        cause=root_causes.PATHS,
        confirm=_confirm_taken, list_edits=_list_statements,
        figure=RuleFigure(
            10, "import-violations", "Imports of a class past its canonical path",
            "Import of a class past its canonical path", "files-with-import-violations",
            "file", "files",
        ),
    ),
    Rule(
        "phantom-name", "P1",
        "A name is imported from a module of the tree that does not have it. Unguarded it fails on import, guarded the "
        "fallback is always taken, inside a function it fails when the function is called.",
        "Correct the name or the module (the finding names where it is defined), or delete the import.",
        _check_phantom_names,
        bad={**_TREE, "p/c.py": "from p.a import Invoice\n"},
        good={**_TREE, "p/c.py": "from p.a import Order\n"},
        grades={
            "P1": "a statement fails whenever its module is imported",
            "P2": "the statements are guarded, or wait inside functions",
            "P3": "they are for type checkers only, for another interpreter, or guarded in tests",
        },
        step=PlanStep(
            ENTRY_POINTS, 40, "Correct or delete imports of names that their module does not have", minutes=10
        ),
        cause=UNCHECKED_IMPORTS,
        confirm=confirm_absent, list_edits=_list_corrections,
        figure=RuleFigure(
            70, "phantom-names", "Imports of names that do not exist",
            "Import of a name that does not exist",
        ),
    ),
    Rule(
        "name-with-different-objects", "P2",
        "One name is bound to different objects in different modules, through an import that renames, or because one "
        "of them is an object and the other a class. Who reads the name cannot know which is meant.",
        "Import under the name of the definition, or choose names that say how the objects differ.",
        _check_conflicts,
        bad={
            **_TREE, "p/d.py": "class Parcel: ...\n", "p/e.py": "from p.a import Order as Thing\n",
            "p/f.py": "from p.d import Parcel as Thing\n",
        },
        good={**_TREE, "p/d.py": "class Parcel: ...\n", "p/f.py": "from p.d import Parcel\n"},
        grades={"P2": "the objects have nothing to do with each other", "P3": "the classes extend one another"},
        is_joint=True,
        step=PlanStep(plan_phases.PATHS, 50, "Give different objects different names", minutes=20),
        cause=root_causes.PATHS,
        confirm=_confirm_objects,
        figure=RuleFigure(
            90, "names-with-different-objects", "Names that mean different objects",
            "Name that means different objects",
        ),
    ),
    Rule(
        "redirect-broken", "P0",
        "The policy says that several paths yield one object, and they do not.",
        "Let every path import the object from the one module that defines it.",
        _check_redirects,
        bad={"p/__init__.py": "", "p/a.py": "class Order: ...\n", "p/b.py": "class Order: ...\n"},
        good=_TREE,
        policy=_REDIRECT,
        breach="policy requirement",
        grades={
            "P0": "the paths lead to different objects, or nowhere",
            "P2": "one of them cannot be followed without running the program",
        },
        is_joint=True,
        step=PlanStep(plan_phases.PATHS, 10, "Make all paths of a redirect yield one object", minutes=30),
        cause=root_causes.PATHS,
        needs_policy="redirect", confirm=_confirm_redirect,
    ),
)  # fmt: skip

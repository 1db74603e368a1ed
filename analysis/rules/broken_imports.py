"""Imports that cannot work, or that fail without anybody noticing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow.compute as pc

from analysis.facts.context import swallows_import_errors
from analysis.rules.case_file import CaseFile
from analysis.rules.finding import Finding, fingerprint
from analysis.rules.rule import Rule
from analysis.rules.words import tell


def find_swallowed(case: CaseFile) -> dict[str, list[dict[str, Any]]]:
    """Return per importer its guarded imports that lie inside an import-time cycle, as rows of ``edges``."""
    component = {
        module: number
        for number, cycle in enumerate(case.cycles)
        if cycle.kind == "import-time" and not cycle.with_ancestors
        for module in cycle.modules
    }
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if not component:
        return found
    edges = case.graph.edges
    for row in edges.filter(pc.not_equal(edges.column("caught"), "")).to_pylist():
        if row["is_ancestor"] or row["scope"] not in {"module", "class"} or row["guard"] == "except":
            continue
        number = component.get(row["importer"])
        if number is not None and component.get(row["imported"]) == number and swallows_import_errors(row["caught"]):
            found[row["importer"]].append(row)
    return found


def _check_swallowed(case: CaseFile) -> Iterator[Finding]:
    rule = "swallowed-circular-import"
    for importer, rows in sorted(find_swallowed(case).items()):
        imported = sorted({row["imported"] for row in rows})
        told = ", ".join(imported[:3]) + (" and others" if len(imported) > 3 else "")
        message = (
            f"{importer} imports {told} on a cycle, inside "
            "a try that swallows the failure: depending on the order, names stay unset and nobody is told"
        )
        places = [(row["path"], row["line"]) for row in rows]
        yield Finding("P1", rule, importer, message, fingerprint(rule, importer, *imported), evidence=case.cite(places))


def _rank_phantom(row: dict[str, Any]) -> str:
    """Return the severity of one phantom import: it breaks the importer, or only what calls it, or may be fine."""
    if row["reason"] != "no-such-module" or row["scope"] == "type_checking":
        return "P3"
    is_guarded = swallows_import_errors(row["caught"]) or row["guard"] not in {"none", "with"}
    return "P2" if is_guarded or row["scope"] == "function" else "P1"


def _check_phantoms(case: CaseFile) -> Iterator[Finding]:
    rule = "phantom-import"
    by_module: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in case.graph.phantoms.to_pylist():
        by_module[row["module"]].append(row)
    for module, rows in sorted(by_module.items()):
        severity = min(map(_rank_phantom, rows))
        places = list(dict.fromkeys((row["path"], row["line"]) for row in sorted(rows, key=_rank_phantom)))
        doubts = sorted({row["reason"] for row in rows} - {"no-such-module"})
        certain = f" (uncertain: {', '.join(doubts)})" if doubts else ""
        near = f"; the nearest name is {rows[0]['nearest']}" if rows[0]["nearest"] else ""
        message = f"{module} does not exist, but {tell(len(places), 'statement')} import it{certain}{near}"
        yield Finding(severity, rule, module, message, fingerprint(rule, module), evidence=case.cite(places))


_GUARDED = "try:\n    from p.a import x\nexcept ImportError:\n    x = None\n"
_CYCLE = {"p/__init__.py": "", "p/a.py": "from p import b\nx = 1\n"}

RULES = (
    Rule(
        "swallowed-circular-import", "P1",
        "An import that lies on a cycle stands in a try that catches ImportError. When it fails on a half-executed "
        "module, nothing crashes: a name stays None, or the module runs twice and its classes exist twice.",
        "Break the cycle, then remove the try. Where the fallback is wanted, catch it at the place of use.",
        _check_swallowed,
        bad={**_CYCLE, "p/b.py": _GUARDED},
        good={"p/__init__.py": "", "p/a.py": "x = 1\n", "p/b.py": _GUARDED},
    ),
    Rule(
        "phantom-import", "P1",
        "A module of the tree is imported that does not exist. Unguarded it fails on import, guarded the fallback is "
        "always taken, inside a function it fails when the function is called.",
        "Correct the name (the nearest one is given), restore the module, or delete the import and what hangs on it.",
        _check_phantoms,
        bad={"p/__init__.py": "", "p/a.py": "from p.missing import x\n"},
        good={"p/__init__.py": "", "p/a.py": "from p.there import x\n", "p/there.py": "x = 1\n"},
    ),
)  # fmt: skip

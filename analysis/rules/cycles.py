"""Circular imports."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.graph import Cycle
from analysis.rules.case_file import CaseFile
from analysis.rules.finding import Finding, fingerprint
from analysis.rules.rule import Rule
from analysis.rules.words import tell

_LONGEST_LOOP = 6


def _check_import_time(case: CaseFile) -> Iterator[Finding]:
    for cycle in _choose(case, "import-time"):
        yield _judge(case, "import-cycle", "P1", cycle, "import each other while they are imported")


def _check_deferred(case: CaseFile) -> Iterator[Finding]:
    for cycle in _choose(case, "deferred"):
        yield _judge(case, "deferred-cycle", "P2", cycle, "depend on each other through imports inside functions")


def _check_typing(case: CaseFile) -> Iterator[Finding]:
    for cycle in _choose(case, "typing"):
        yield _judge(case, "typing-cycle", "P3", cycle, "depend on each other when imports for type checkers count")


def _check_ancestors(case: CaseFile) -> Iterator[Finding]:
    plain = {cycle.modules for cycle in case.cycles if not cycle.with_ancestors}
    for cycle in case.cycles:
        if cycle.with_ancestors and cycle.kind == "import-time" and cycle.modules not in plain:
            told = "import each other when the packages that run on the way count"
            yield _judge(case, "import-cycle-through-packages", "P2", cycle, told)


def _choose(case: CaseFile, kind: str) -> list[Cycle]:
    return [cycle for cycle in case.cycles if cycle.kind == kind and not cycle.with_ancestors]


def _judge(case: CaseFile, rule: str, severity: str, cycle: Cycle, told: str) -> Finding:
    names = [hop.importer for hop in cycle.loop]
    shown = [*names[:_LONGEST_LOOP], *(["…"] if len(names) > _LONGEST_LOOP else []), names[0]]
    how = "at best" if cycle.cut_method == "exact" else "at most"
    message = (
        f"{tell(cycle.size, 'module')} {told}, for example {' → '.join(shown)}. "
        f"Removing {how} {tell(len(cycle.cut), 'import')} breaks it"
    )
    places = [(hop.path, hop.line) for hop in cycle.loop]
    subject = cycle.modules[0]
    return Finding(severity, rule, subject, message, fingerprint(rule, *cycle.modules), evidence=case.cite(places))


_PACKAGE = {"p/__init__.py": ""}

RULES = (
    Rule(
        "import-cycle", "P1",
        "Modules import each other while they are imported. Whether that fails depends on which of them comes first: "
        "a name is missing, or an attribute of a module that is only half executed.",
        "Move what both need into a third module, or remove the imports that the report names as the cheapest cut. "
        "An import inside a function only hides the cycle.",
        _check_import_time,
        bad={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "from p.a import x\n"},
        good={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "x = 1\n"},
    ),
    Rule(
        "import-cycle-through-packages", "P2",
        "Importing a module runs the __init__ of every package around it. Through these, modules import each other "
        "that do not name each other.",
        "Keep __init__ files free of imports from elsewhere, or import from a package that is not on the way.",
        _check_ancestors,
        bad={**_PACKAGE, "p/a.py": "import q.b\n", "q/__init__.py": "import p.a\n", "q/b.py": ""},
        good={**_PACKAGE, "p/a.py": "import q.b\n", "q/__init__.py": "", "q/b.py": ""},
    ),
    Rule(
        "deferred-cycle", "P2",
        "Modules depend on each other through imports inside functions. Nothing fails on import, but none of them can "
        "be understood, tested or replaced alone.",
        "Pass the object in instead of importing it, or move what is shared into a module below both.",
        _check_deferred,
        bad={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "def f():\n    from p.a import x\n    return x\n"},
        good={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "def f(x):\n    return x\n"},
    ),
    Rule(
        "typing-cycle", "P3",
        "Modules depend on each other only when the imports under TYPE_CHECKING count. Harmless at run time.",
        "Name a protocol in a module below both.",
        _check_typing,
        bad={
            **_PACKAGE,
            "p/a.py": "from p import b\n",
            "p/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import x\n",
        },
        good={**_PACKAGE, "p/a.py": "from p import b\n", "p/b.py": "x = 1\n"},
    ),
)  # fmt: skip

"""Files that hide a library: they have its name, and an import of the library finds them instead."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.resolve import TargetResolver
from analysis.resolve.liveness import NEVER
from analysis.resolve.modules import Module
from analysis.resolve.standard_library import ALWAYS_FIRST, STANDARD
from analysis.rules.context import RuleContext
from analysis.rules.families.broken_imports import grade_missing
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count, format_some

#: Files that list what is to be installed; the first word of each requirement is the name of a distribution.
_LISTS = re.compile(r"(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|in)")
_WORD = re.compile(r"^[\s\"'\[]*([A-Za-z][\w.-]*)", re.MULTILINE)
_MOST_BYTES = 200_000


class _Hiding(NamedTuple):
    module: Module
    line: int
    name: str
    severity: str


def _check_hidden(case: RuleContext) -> Iterator[Finding]:
    rule = "library-hidden-by-file"
    target = case.target_resolver
    found: dict[str, list[_Hiding]] = defaultdict(list)
    for item in _find_hiding(case, target):
        found[item.module.source].append(item)
    for path, items in sorted(found.items()):
        library = items[0].module.plain.rpartition(".")[2]
        names = sorted({item.name for item in items} - {""})
        taken = f", and has no {format_some(names)}" if names else ""
        own = path.rpartition("/")[2]
        counted = format_count(len(items), "import")
        message = (
            f"{own} hides the {'standard' if library in STANDARD else 'installed'} library of the same name: "
            f"{counted} of {library} in it {choose_form(len(items), 'finds', 'find')} the file itself{taken}"
        )
        places = list(dict.fromkeys((path, item.line) for item in items))
        yield build_finding(rule, min(item.severity for item in items), path, message, places)


def _find_hiding(case: RuleContext, target: TargetResolver) -> Iterator[_Hiding]:
    """Yield the imports by which a file that is no part of a package takes something from its own name."""
    statements = target.statements
    columns = ("path", "line", "level", "module", "name", "scope", "guard", "caught", "kind")
    required: frozenset[str] | None = None
    lacking = {item.path: item.name for item in case.missing_attributes if item.path == item.module.source}
    for row, (path, line, level, module, name, *place, kind) in enumerate(tables.read_rows(statements.table, *columns)):
        library = module.partition(".")[0]
        if level or path.rpartition("/")[2] != f"{library}.py" or library in ALWAYS_FIRST:
            continue
        importer = _find_hiding_file(target, path)
        if importer is None or place[0] == "type_checking" or statements.level[row] == NEVER:
            continue
        is_missing = kind == "from" and name != "*" and _lacks(target, importer, module, name)
        used = lacking.get(path, "") if kind == "import" and "." not in module else ""
        is_missing |= bool(used)
        if not is_missing and "." not in module and library not in STANDARD:
            required = _find_required(case.facts.tree) if required is None else required
            if library.lower() not in required:
                continue
        facts = dict(zip(("scope", "guard", "caught"), place, strict=True))
        severity = grade_missing({**facts, "path": path, "liveness": tables.LIVENESS[statements.liveness[row]]})
        is_sure = (is_missing or "." in module) and not target.imports.find_run_folder(importer)
        yield _Hiding(importer, line, (used or name) if is_missing else "", severity if is_sure else "P2")


def _find_hiding_file(target: TargetResolver, path: str) -> Module | None:
    """Return the module of a file whose folder may be on the path: no package around it."""
    importer = target.index.find_importer(path)
    is_inside = importer is not None and "." in importer.plain and not target.imports.find_run_folder(importer)
    return None if is_inside else importer


def _lacks(target: TargetResolver, module: Module, written: str, name: str) -> bool:
    """Return whether nothing but imports from its own name binds a name of a module."""
    rows = target.names.rows
    bound = target.spaces.space(module).names.get(name, ())
    return all(rows.kind[row] == "import" and rows.value[row] == f"{written}:{name}" for row in bound)


def _find_required(tree: SourceTree) -> frozenset[str]:
    """Return the names of distributions that the target lists, as far as they can be names of modules."""
    found: set[str] = set()
    try:
        names = [entry.name for entry in tree.list_folder("")]
    except OSError:
        return frozenset()
    for name in names:
        if name in {"pyproject.toml", "setup.cfg", "environment.yml"} or _LISTS.fullmatch(name):
            try:
                text = (tree.read_bytes(name, most_bytes=_MOST_BYTES) or b"").decode("utf-8", "replace")
            except OSError:
                continue
            found.update(word.lower().replace("-", "_") for word in _WORD.findall(text))
    return frozenset(found)


RULES = (
    Rule(
        "library-hidden-by-file", "P1",
        "A file has the name of a library and imports that library: Python looks in the folder of the file first, so "
        "that the file imports itself. The message speaks of a partially initialized module or a circular import.",
        "Rename the file, and delete its compiled copy in `__pycache__`.",
        _check_hidden,
        bad={"yaml.py": "from yaml import safe_load\n"},
        good={"notes.py": "from yaml import safe_load\n", "p/__init__.py": "", "p/yaml.py": "from yaml import load\n"},
        grades={
            "P1": "the import fails whenever the file is imported or run",
            "P2": "it is guarded, waits inside a function, or fails only where the file's own folder is on the path",
        },
        step=PlanStep(ENTRY_POINTS, 20, "Rename files that have the name of a library", minutes=20),
        cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

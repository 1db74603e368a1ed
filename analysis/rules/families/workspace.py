"""Members of a workspace that import another member which they do not declare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.rules.workspace_members import WorkspaceMember, find_members, find_owner, find_providers
from analysis.tables import read_column, read_rows
from analysis.wording import choose_form, format_some

#: Folders that setuptools leaves out by itself, be they packages or not.
_NOT_INSTALLED = frozenset({
    "benchmark", "benchmarks", "build", "ci", "doc", "docs", "documentation", "example", "examples", "exercises",
    "scripts", "tools",
})  # fmt: skip
_Row = Mapping[str, Any]
_COLUMNS = ("imported", "path", "line", "scope", "guard", "liveness", "is_ancestor")


def _check_members(case: RuleContext) -> Iterator[Finding]:
    members = find_members(case.facts.tree, read_column(case.facts.files, "path"))
    named = [member for member in members.values() if member.name]
    if len(named) < 2:
        return
    undeclared: dict[tuple[str, str], list[tuple[str, int, bool]]] = defaultdict(list)
    for importer, imported, place in _find_crossings(case, members):
        if imported.name not in importer.needed | importer.optional:
            undeclared[importer.folder, imported.folder].append(place)
    for (first, second), places in sorted(undeclared.items()):
        yield _describe(members[first], members[second], sorted(places), named)


def _find_crossings(
    case: RuleContext, members: Mapping[str, WorkspaceMember]
) -> Iterator[tuple[WorkspaceMember, WorkspaceMember, tuple[str, int, bool]]]:  # fmt: skip
    """Yield the imports from what one distribution ships of what only another has: file, line, whether they must work.

    A distribution whose dependencies the file does not state is left out, and so are tests and what it does not ship.
    """
    homes: dict[str, set[str]] = defaultdict(set)
    for module, path in read_rows(case.facts.modules, "module", "path"):
        homes[module].add(path)
    packages = {
        path.rpartition("/")[0] for path in read_column(case.facts.files, "path") if path.endswith("__init__.py")
    }
    for row in map(dict, (zip(_COLUMNS, each, strict=True) for each in read_rows(case.graph.edges, *_COLUMNS))):
        importer = find_owner(members, row["path"])
        if row["is_ancestor"] or importer is None or not importer.is_known or not _is_shipped(row, importer, packages):
            continue
        owners = [find_owner(members, path) for path in homes[row["imported"]]]
        imported = owners[0] if len(owners) == 1 else None  # of several files of one name nobody knows which is meant
        if imported is not None and imported.name and imported.name != importer.name:
            is_certain = row["scope"] in {"module", "class"} and row["guard"] == "none" and row["liveness"] == "always"
            yield importer, imported, (row["path"], row["line"], is_certain)


def _is_shipped(row: _Row, member: WorkspaceMember, packages: set[str]) -> bool:
    """Return whether a file is part of what a distribution installs, and no test.

    That is what lies below ``src``, and packages inside packages from the distribution's own folder on.
    """
    start = f"{member.folder}/" if member.folder else ""
    folders = row["path"].removeprefix(start).split("/")[:-1]
    if is_test_file(row["path"]) or not folders or folders[0] in _NOT_INSTALLED:
        return False
    ways = ("/".join(folders[:count]) for count in range(1, len(folders) + 1))
    return folders[0] == "src" or all(start + way in packages for way in ways)


def _describe(
    importer: WorkspaceMember, imported: WorkspaceMember, places: list[tuple[str, int, bool]],
    members: list[WorkspaceMember],
) -> Finding:  # fmt: skip
    through = find_providers(members, importer, imported)
    must_work = [place for place in places if place[2]]
    path, line, _ = (must_work or places)[0]
    what = (
        f"{path}:{line} imports from {imported.name} ({imported.folder or '.'}), and {importer.path} does not name it"
    )
    if through:
        severity = "P3"
        need = choose_form(len(through), "needs", "need")
        why = f"It comes only because {format_some(through)} {need} it. The import fails once that changes"
    elif must_work:
        severity = "P2"
        why = f"Where {importer.name} is installed without it, the import fails with ModuleNotFoundError"
    else:
        severity = "P3"
        why = "The import is for type checkers, guarded, or inside a function"
    cited = [place[:2] for place in sorted(places, key=itemgetter(2), reverse=True)]
    return build_finding("undeclared-member", severity, importer.name, f"{what}. {why}", cited, [imported.name])


_ROOT = '[tool.uv.workspace]\nmembers = ["libs/*"]\n'
_SHOP = '[project]\nname = "shop"\nversion = "1"\ndependencies = [{}]\n'
_TREE = {
    "pyproject.toml": _ROOT, "libs/shop/src/shop/__init__.py": "from money import Price\n",
    "libs/money/pyproject.toml": '[project]\nname = "money"\nversion = "1"\n',
    "libs/money/src/money/__init__.py": "class Price: ...\n",
}  # fmt: skip

RULES = (
    Rule(
        "undeclared-member", "P2",
        "A distribution of the repository imports another one and does not name it among its dependencies. In the "
        "repository both are there; installed elsewhere, the import fails.",
        "Add it to the dependencies in pyproject.toml, or move what is imported.",
        _check_members,
        bad={**_TREE, "libs/shop/pyproject.toml": _SHOP.format("")},
        good={**_TREE, "libs/shop/pyproject.toml": _SHOP.format('"money>=1"')},
        grades={
            "P2": "a statement runs whenever its module is imported, and nothing else brings the other one",
            "P3": "another dependency brings it, or all statements are guarded, for type checkers, or inside functions",
        },
        step=PlanStep(ENTRY_POINTS, 48, "Declare the members that are imported", minutes=5), cause=UNCHECKED_IMPORTS,
        is_joint=True,
    ),
)  # fmt: skip

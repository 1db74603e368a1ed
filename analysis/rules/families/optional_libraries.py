"""Modules that guard an optional library and cannot be imported without it all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis import tables
from analysis.facts.context import swallows_import_errors
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.simulation import find_half_bound


def _find_guarded(case: RuleContext) -> dict[tuple[str, str], int]:
    """Return the libraries that modules import inside a try on import and use there, by file and library: the line."""
    outside: dict[tuple[str, int], str] = {}
    columns = ("path", "line", "package", "origin", "scope", "guard", "liveness")
    for path, line, package, origin, scope, guard, liveness in tables.read_rows(case.graph.externals, *columns):
        if origin != "stdlib" and scope == "module" and guard in {"try", "with"} and liveness != "never":
            outside[path, line] = package
    if not outside:
        return {}
    bound: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for path, line, name, caught in tables.read_rows(case.facts.imports, "path", "line", "bound_as", "caught"):
        library = outside.get((path, line))
        if library is not None and name and swallows_import_errors(caught):
            bound[path, library].setdefault(name, line)
    paths = {path for path, _ in bound}
    programs = {
        path: program for path, program in tables.read_rows(case.facts.programs, "path", "program") if path in paths
    }
    return {
        (path, library): min(names.values())
        for (path, library), names in bound.items()
        if any(f'["n","{name}",' in programs.get(path, "") for name in names)
    }


def _check_half_bound(case: RuleContext) -> Iterator[Finding]:
    guarded = _find_guarded(case)
    if not guarded or case.resolver is None:
        return
    for path, failure in sorted(find_half_bound(case.facts, case.resolver, guarded).items()):
        module = case.homes.get(path, path)
        message = (
            f"{module} fails when it is imported where {failure.library} is not installed, although it guards that "
            f"import: {failure.exception}: {failure.text}"
        )
        places = [(path, failure.line), (path, guarded[path, failure.library])]
        yield build_finding("optional-library-needed", "P2", module, message, places, [failure.library])


_GUARD = "try:\n    import arrays as np\nexcept ImportError:\n    np = None\n"

RULES = (
    Rule(
        "optional-library-needed", "P2",
        "The module guards the import of an optional library, and then uses what the guard leaves behind while it is "
        "imported: in an annotation, a default, a base class or a decorator. Without the library its import fails.",
        "Use it inside functions only, quote the annotation (from __future__ import annotations), or import the "
        "library without a guard.",
        _check_half_bound,
        bad={"a.py": f"{_GUARD}def find(data: np.ndarray): ...\n"},
        good={"a.py": f"from __future__ import annotations\n{_GUARD}def find(data: np.ndarray): ...\n"},
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 95, "Make optional libraries optional", minutes=10), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

"""A file of a package that is run by its path, although it imports relative to the package."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.resolve.loose_scripts import LooseScript, find_loose_scripts
from analysis.rules import root_causes
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.rule import Rule
from analysis.wording import format_count

_GRADES = {"line": "P1", "shebang": "P2", "guard": "P3"}


def _check_scripts(case: RuleContext) -> Iterator[Finding]:
    resolver = case.target_resolver
    grouped: dict[tuple[str, str], list[LooseScript]] = defaultdict(list)
    for each in find_loose_scripts(resolver, case.facts.programs):
        is_guess = each.evidence == "guard"  # a package of demonstrations is one finding
        grouped[each.evidence, each.path.rpartition("/")[0] if is_guess else each.path].append(each)
    for (evidence, _), rows in sorted(grouped.items()):
        first = rows[0]
        places = [p for each in rows for p in ((each.path, each.line), (each.evidence_path, each.evidence_line))]
        more = f". The same holds for {format_count(len(rows) - 1, 'file')} beside it" if rows[1:] else ""
        message = f"{_describe(first)}{more}"
        severity = _GRADES[evidence]
        yield build_finding("relative-import-in-script", severity, first.path, message, places, [first.imported])


def _describe(each: LooseScript) -> str:
    shown = {
        "line": f"{each.evidence_path}:{each.evidence_line} runs {each.path} by its path",
        "shebang": f"Line 1 of {each.path} is for a file that is run by its path",
        "guard": f"{each.path}:{each.evidence_line} is for a file that is run by its path",
    }
    name = each.module.removesuffix(".__main__")
    remedy = (
        f"Run it as python -m {name}, from the folder above {name.partition('.')[0]}"
        if name
        else "Import by an absolute name there"
    )
    return (
        f"{shown[each.evidence]}; run so it belongs to no package, and the import of {each.imported} at line "
        f"{each.line} fails: ImportError: attempted relative import with no known parent package. {remedy}"
    )


RULES = (
    Rule(
        "relative-import-in-script", "P1",
        "A file is run by its path, as python pkg/mod.py, and imports relative to its package. A file that is run so "
        "belongs to no package: the first relative import fails.",
        "Run it as a module, python -m pkg.mod, or import by absolute names.",
        _check_scripts,
        bad={
            "pkg/__init__.py": "", "pkg/run.py": "from .core import work\n\nwork()\n", "pkg/core.py": "work = print\n",
            "Makefile": "run:\n\tpython pkg/run.py\n",
        },
        good={
            "pkg/__init__.py": "", "pkg/run.py": "from .core import work\n\nwork()\n", "pkg/core.py": "work = print\n",
            "Makefile": "run:\n\tpython -m pkg.run\n",
        },
        grades={
            "P1": "a command of the project runs it by its path",
            "P2": "its first line names an interpreter, as for a file that is run by its path",
            "P3": "it only asks whether it is the main program, which python -m makes it, too",
        },
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 46, "Run files of packages as modules", minutes=15),
        cause=root_causes.UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

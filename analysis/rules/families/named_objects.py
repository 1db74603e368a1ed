"""Commands and configuration that start a module, a name or a file that does not exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analysis.resolve import TargetResolver
from analysis.resolve.named_objects import Lack, NamedStart, find_wrong_starts
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule


def describe_lack(lack: Lack) -> str:
    """Return what is missing, and what may have been meant."""
    near = f"; the nearest name is {lack.nearest}" if lack.nearest else ""
    if lack.is_module:
        return f"there is no module {lack.module}.{lack.name}{near}"
    return f"{lack.module} has no {lack.name}{near}"


def _check_starts(case: RuleContext) -> Iterator[Finding]:
    grouped: dict[str, list[NamedStart]] = defaultdict(list)
    for each in find_wrong_starts(case.resolver or TargetResolver(case.facts)):
        grouped[each.written].append(each)
    for written, rows in sorted(grouped.items()):
        first = rows[0]
        where = f"{first.path}:{first.line}"
        if first.lack is None:
            severity, message = "P2", f"{where} runs {written}, and there is no such file"
        else:
            severity, message = "P1", f"{where} starts {written}, but {describe_lack(first.lack)}"
        places = [(each.path, each.line) for each in rows]
        yield build_finding("start-names-missing-object", severity, written, message, places)


RULES = (
    Rule(
        "start-names-missing-object", "P1",
        "An entry point of the configuration, or a command (Procfile, Dockerfile, compose, Makefile, CI), names a "
        "module, a name or a file of the tree that does not exist: what it should start fails at once.",
        "Correct the name, or restore what it names.",
        _check_starts,
        bad={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[project.scripts]\nshop = "shop.cli:mian"\n',
            "shop/__init__.py": "", "shop/cli.py": "def main(): ...\n",
        },
        good={
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n[project.scripts]\nshop = "shop.cli:main"\n',
            "shop/__init__.py": "", "shop/cli.py": "def main(): ...\n",
        },
        grades={
            "P1": "a module or a name is missing",
            "P2": "a file is missing, which something may make before the command runs",
        },
        step=PlanStep(ENTRY_POINTS, 4, "Correct what starts the program", minutes=15), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

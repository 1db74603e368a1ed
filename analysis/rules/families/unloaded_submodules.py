"""Submodules that are used through their package, and that nothing has imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis.names.unloaded_submodules import ANOTHER, COMPUTED, NOBODY, THIRD_PARTY, UnloadedSubmodule, find_unloaded
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count

_WHO = {
    NOBODY: "nothing imports {0}, so that the line fails: AttributeError: module '{1}' has no attribute '{2}'",
    ANOTHER: "neither the file nor what it imports loads {0}: it works only after another module has imported it",
    COMPUTED: "no statement imports {0}: it works only after a computed import has loaded it",
    THIRD_PARTY: "nothing of the target imports {0}: it works only after a third-party library has loaded it",
}


def _check_unloaded(case: RuleContext) -> Iterator[Finding]:
    groups: dict[tuple[str, str, str], list[UnloadedSubmodule]] = defaultdict(list)
    for each in find_unloaded(case.target_resolver, case.named_modules):
        groups[each.package, each.name, each.by].append(each)
    for (package, name, by), uses in sorted(groups.items()):
        yield _build(package, name, by, uses)


def _build(package: str, name: str, by: str, uses: Sequence[UnloadedSubmodule]) -> Finding:
    whole = f"{package}.{name}"
    ordered = sorted(uses, key=lambda each: (each.use.is_deferred, each.path, each.use.line))
    places = list(dict.fromkeys((each.path, each.use.line) for each in ordered))
    severity = "P3" if by else "P2" if all(each.use.is_deferred for each in uses) else "P1"
    count = format_count(len(places), "line")
    message = f"{count} {choose_form(len(places), 'uses', 'use')} {whole} through its package, but "
    return build_finding(
        "submodule-not-imported", severity, whole, f"{message}{_WHO[by].format(whole, package, name)}", places, [by]
    )


RULES = (
    Rule(
        "submodule-not-imported", "P1",
        "A file imports a package and uses one of its submodules as an attribute. Python makes a submodule an "
        "attribute of its package only when somebody imports it.",
        "Import the submodule where it is used: import app.core.",
        _check_unloaded,
        bad={
            "app/__init__.py": "", "app/core.py": "def run(): ...\n",
            "main.py": "import app\n\n\ndef go():\n    app.core.run()\n",
        },
        good={
            "app/__init__.py": "", "app/core.py": "def run(): ...\n",
            "main.py": "import app.core\n\n\ndef go():\n    app.core.run()\n",
        },
        grades={
            "P1": "nothing imports the submodule, and the line runs when its module is imported",
            "P2": "nothing imports it, and the line waits inside a function",
            "P3": "another module, a computed import or a third-party library may have imported it before",
        },
        step=PlanStep(ENTRY_POINTS, 47, "Import submodules where they are used", minutes=5), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

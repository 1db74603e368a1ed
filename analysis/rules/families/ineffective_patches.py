"""Patches in tests that change a name which nobody looks up any more."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.ineffective_patches import find_ineffective_patches
from analysis.rules.plan_phases import PATHS, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule


def _check_patches(case: RuleContext) -> Iterator[Finding]:
    for each in find_ineffective_patches(case):
        written, path, line = f"{each.module}.{each.name}", *each.taken
        message = (
            f"{each.path}:{each.line} patches {written}, but {each.taker} has taken {each.name} by its own import "
            f"({path}:{line}) and keeps the real one: the patch changes nothing there. Patch "
            f"{each.taker}.{each.bound_as or each.name}"
        )
        places = [(each.path, each.line), each.taken]
        yield build_finding("patch-without-effect", "P3", written, message, places)


_PRODUCT = {
    "p/__init__.py": "", "p/net.py": "def fetch():\n    return 'real'\n",
    "p/job.py": "from p.net import fetch\ndef run():\n    return fetch()\n",
}  # fmt: skip
_TEST = (
    "from unittest.mock import patch\nfrom p.job import run\n"
    "def test():\n    with patch('p.{}.fetch'):\n        run()\n"
)

RULES = (
    Rule(
        "patch-without-effect", "P3",
        "A test patches a name in the module that defines it, but the code under test has a copy of the name by its "
        "own `from` import. The real object runs in the test.",
        "Patch the name where it is used: in the module that imports it.",
        _check_patches,
        bad={**_PRODUCT, "tests/test_job.py": _TEST.format("net")},
        good={**_PRODUCT, "tests/test_job.py": _TEST.format("job")},
        step=PlanStep(PATHS, 90, "Patch names where they are used", minutes=5), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip

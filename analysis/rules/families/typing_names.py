"""Names that a module imports for type checkers only, and that its functions use when they run."""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Iterator

import pyarrow.compute as pc

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.facts.typing_uses import find_typing_uses
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PlanStep
from analysis.rules.root_causes import UNCHECKED_IMPORTS
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_some

_BUILTINS = frozenset(dir(builtins))


def _check_names(case: RuleContext) -> Iterator[Finding]:
    typing: dict[str, set[str]] = defaultdict(set)
    bound: dict[str, set[str]] = defaultdict(set)
    columns = ("path", "name", "scope", "owner", "kind")
    for path, name, scope, owner, kind in tables.read_rows(case.facts.bindings, *columns):
        if scope == "type_checking" and not owner:
            typing[path].add(name)
        elif (not owner or kind != "function") and scope != "type_checking":
            bound[path].add(name)
    for path, names in sorted(typing.items()):
        if path in case.homes:
            yield from _check_file(case, path, names - bound[path] - _BUILTINS)


def _check_file(case: RuleContext, path: str, names: set[str]) -> Iterator[Finding]:
    try:
        source = case.facts.tree.read_bytes(path)
    except OSError:
        return
    found = find_typing_uses(source, frozenset(names))
    given = {name for name in {name for name, _ in found} if _is_given(case, name)}
    uses = [use for use in found if use[0] not in given]
    if not uses:
        return
    used = sorted({name for name, _ in uses})
    module, (first, line) = case.homes[path], uses[0]
    message = (
        f"Functions of {module} use {format_some(used)} when they run, but the module imports "
        f"{choose_form(len(used), 'it', 'them')} for type checkers only (TYPE_CHECKING): the line fails with "
        f"NameError: name '{first}' is not defined ({path}:{line})"
    )
    severity = "P3" if is_test_file(path) else "P2"
    yield build_finding("typing-name-at-run-time", severity, module, message, [(path, line) for _, line in uses], used)


def _is_given(case: RuleContext, name: str) -> bool:
    """Return whether the body of some module sets an attribute of this name: that of the module in question, maybe."""
    pattern = rf'\["=",\d+,\[\["a",\["n","\w+",\d+\],"{re.escape(name)}"'
    return bool(pc.any(pc.match_substring_regex(case.facts.programs["program"], pattern)).as_py())


RULES = (
    Rule(
        "typing-name-at-run-time", "P2",
        "A function uses a name that its module imports under TYPE_CHECKING only. Type checkers are content, and the "
        "line fails with a NameError whenever it runs.",
        "Import the name inside the function, or at the top of the module where that makes no cycle.",
        _check_names,
        bad={
            "shop/__init__.py": "", "shop/base.py": "class Base: ...\n",
            "shop/orders.py": (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.base import Base\n"
                "def is_base(value):\n    return isinstance(value, Base)\n"
            ),
        },
        good={
            "shop/__init__.py": "", "shop/base.py": "class Base: ...\n",
            "shop/orders.py": (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.base import Base\n"
                "def is_base(value: 'Base'):\n    from shop.base import Base\n    return isinstance(value, Base)\n"
            ),
        },
        grades={"P2": "the line fails whenever it runs", "P3": "in a test"},
        is_joint=True,
        step=PlanStep(ENTRY_POINTS, 30, "Import what functions use when they run", minutes=10), cause=UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

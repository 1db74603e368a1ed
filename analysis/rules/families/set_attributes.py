"""Attributes of classes and modules that functions set: of the product, and of the product by its tests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from analysis.facts.test_files import is_test_file
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.singletons import find_singletons
from analysis.rules.stored_state import Store
from analysis.wording import choose_form, format_count, format_some

#: Functions that put back what tests have set.
_RESTORING = re.compile(r"tear_?down|clean_?up|restore|reset|finali[sz]e|undo|revert", re.IGNORECASE)
#: What puts back by itself: reads what it calls, not names of the test.
_RESTORED = re.compile(rb"addCleanup|addfinalizer|add(?:Class|Module)Cleanup|\breload\(|ExitStack|\.callback\(")


def _check_set(case: RuleContext) -> Iterator[Finding]:
    rule = "shared-attribute-set"
    singletons = {f"{state.definition}.{state.name}" for state in find_singletons(case)}
    kept = {store.shown for store in case.stores if store.is_kept}
    found: dict[str, list[Store]] = defaultdict(list)
    for store in case.stores:
        is_whole = not store.part or not (store.is_class or "." in store.part)
        is_meant = store.way == "attribute" and is_whole and store.inflow != "parameter" and not store.is_test
        if is_meant and store.holder not in singletons and store.shown not in kept:
            found[store.shown.rpartition(".")[0]].append(store)
    for owner, stores in sorted(found.items()):
        names = sorted({store.shown.rpartition(".")[2] for store in stores})
        functions = sorted({store.owner for store in stores})
        sets, what = choose_form(len(functions), "sets", "set"), choose_form(len(names), "attribute", "attributes")
        message = (
            f"{format_some(functions)} {sets} the {what} {format_some(names)} of {owner} "
            f"({stores[0].path}:{stores[0].line}): all users and threads share it"
        )
        yield build_finding(rule, "P3", owner, message, [(store.path, store.line) for store in stores], names)


def _check_tests(case: RuleContext) -> Iterator[Finding]:
    rule = "test-sets-global"
    modules = case.files_by_module
    restored = _find_restored(case.stores)
    found: dict[str, list[Store]] = defaultdict(list)
    for store in case.stores:
        is_hook = store.owner.startswith("pytest_")  # what it sets is meant for the whole run
        if store.is_test and store.way == "attribute" and store.shown not in restored and not is_hook:
            home = modules.get(_find_module(store, modules), "")
            if home and not is_test_file(home):
                found[store.path].append(store)
    for path, stores in sorted(found.items()):
        left = _drop_restored(case, path, stores)
        if not left:
            continue
        names = sorted({store.shown for store in left})
        functions = sorted({store.owner for store in left})
        sets = choose_form(len(functions), "sets", "set")
        message = (
            f"Tests: {format_some(functions)} of {path} {sets} {format_count(len(names), 'name')} of the product and "
            f"{choose_form(len(functions), 'does', 'do')} not put the former value back: {format_some(names)}. Tests "
            "that run later find it"
        )
        yield build_finding(rule, "P3", case.homes[path], message, [(each.path, each.line) for each in left], names)


def _find_module(store: Store, modules: Mapping[str, str]) -> str:
    """Return the module in which what is stored into lies; empty where none is known."""
    if store.is_class:
        return store.holder.partition(":")[0]
    name = store.holder
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def _find_restored(stores: Sequence[Store]) -> set[str]:
    """Return what some function sets twice, as one that puts it back does, or sets by a name that says so."""
    found: set[str] = set()
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    for store in stores:
        if store.is_test and store.way == "attribute":
            seen[store.path, store.owner, store.shown] += 1
            if seen[store.path, store.owner, store.shown] > 1 or _RESTORING.search(store.owner.rpartition(".")[2]):
                found.add(store.shown)
    return found


def _drop_restored(case: RuleContext, path: str, stores: Sequence[Store]) -> list[Store]:
    """Return what nothing in the text of the file puts back: a cleanup, or a call with the name of the attribute."""
    try:
        source = case.facts.tree.read_bytes(path)
    except OSError:
        return []
    if _RESTORED.search(source):
        return []
    quoted = rb"[\"'](?:[\w.]*\.)?%s[\"']"
    return [store for store in stores if not re.search(quoted % store.shown.rpartition(".")[2].encode(), source)]


RULES = (
    Rule(
        "shared-attribute-set", "P3",
        "A function sets an attribute of a class, of another module or of an object of a module to something that no "
        "argument decides. All users and threads share it.",
        "Keep it in an object that is passed on, or set it where the class or module is defined.",
        _check_set,
        bad={"a.py": "class Desk:\n    ready = False\n\n    def open(self):\n        type(self).ready = True\n"},
        good={"a.py": "class Desk:\n    ready = False\n\n    def open(self):\n        self.ready = True\n"},
        is_joint=True,
        step=PlanStep(STATE, 75, "Set attributes of objects, not of classes and modules", minutes=20),
        cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "test-sets-global", "P3",
        "A test sets a name of a module or an attribute of a class of the product and does not put the former value "
        "back: the tests that run later find it.",
        "Use `monkeypatch.setattr`, `mock.patch`, or a fixture that puts the former value back.",
        _check_tests,
        bad={
            "p/__init__.py": "", "p/a.py": "SIZE = 1\n",
            "tests/test_a.py": "import p.a\ndef test_size():\n    p.a.SIZE = 2\n    assert p.a.SIZE\n",
        },
        good={
            "p/__init__.py": "", "p/a.py": "SIZE = 1\n",
            "tests/test_a.py": "import p.a\ndef test_size(monkeypatch):\n    monkeypatch.setattr(p.a, 'SIZE', 2)\n"
            "def test_more():\n    size = p.a.SIZE\n    p.a.SIZE = 3\n    p.a.SIZE = size\n",
        },
        is_joint=True,
        step=PlanStep(STATE, 85, "Put back in tests what they set", minutes=10), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip

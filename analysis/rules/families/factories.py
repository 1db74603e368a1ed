"""Factories that do not offer what the policy says they must, or share what they should make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

from analysis import tables
from analysis.facts.shared_state import MAKING
from analysis.facts.test_files import is_test_file
from analysis.policy import Factory
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, build_finding
from analysis.rules.plan_phases import DEFINITIONS, STATE, PlanStep
from analysis.rules.root_causes import COPIES, SHARED_STATE
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_count, format_some

_MOST_NEAR = 3
_METHOD_COLUMNS = ("path", "line", "owner", "name", "parameters", "decorators", "returns")
_ALIKE = 0.6


class Lack(NamedTuple):
    """One class that lacks methods: ``missing`` in the policy's order; ``near`` are methods of like names, each."""

    definition: str
    path: str
    line: int
    missing: tuple[str, ...]
    near: Mapping[str, tuple[str, ...]]


def find_lacking(case: RuleContext) -> list[Lack]:
    """Return the factories of the policy that lack a required method, inherited ones counted, sorted.

    A class with a base outside the tree may inherit anything from it and is not judged; those of tests are not meant.
    """
    rules = [rule for rule in case.policy.factory if rule.require_methods]
    methods = _read_methods(case) if rules else {}
    ancestry = case.identity.inheritance
    found = []
    for definition, path, line, name in _read_classes(case) if rules else ():
        above = ancestry.find_ancestors(definition)
        offered = set(methods.get(definition, ())).union(*(methods.get(base, ()) for base in above))
        if any(base not in methods and not _is_plain(base) for base in above):
            continue
        missing = find_missing_methods(rules, name, offered)
        if missing:
            near = {method: find_near(method, offered) for method in missing}
            found.append(Lack(definition, path, line, missing, near))
    return sorted(found, key=lambda lack: lack[:3])


def find_near(wanted: str, offered: Iterable[str]) -> tuple[str, ...]:
    """Return the public methods that may do what the wanted one should, the likeliest first, at most three.

    >>> find_near("create", ["close", "create_for_user", "_create", "recreate_all"])
    ('create_for_user', 'recreate_all')
    """
    public = sorted(name for name in offered if not name.startswith("_"))
    begins = [name for name in public if name.startswith(f"{wanted}_") or name.endswith(f"_{wanted}")]
    holds = [name for name in public if wanted in name and name not in begins]
    alike = [name for name in get_close_matches(wanted, public, _MOST_NEAR, _ALIKE) if name not in begins + holds]
    return tuple([*begins, *holds, *alike][:_MOST_NEAR])


class Maker(NamedTuple):
    """One public method of a factory of the policy that gives its caller an object."""

    definition: str
    path: str
    line: int
    name: str
    parameters: tuple[str, ...]
    returns: str
    rule: Factory


def find_makers(case: RuleContext) -> list[Maker]:
    """Return the methods by which the factories of the policy give objects, outside the tests, sorted.

    These are the required methods, and those whose names begin as such methods do; properties are none.
    """
    rules = [rule for rule in case.policy.factory if rule.forbid_singleton or rule.user_scope]
    if not rules:
        return []
    homes = case.homes
    found = []
    for path, line, owner, name, parameters, decorators, returns in tables.read_rows(
        case.facts.methods, *_METHOD_COLUMNS
    ):
        if path not in homes or is_test_file(path) or name.startswith("_") or "property" in decorators:
            continue
        for rule in rules:
            is_meant = any(fnmatchcase(owner.rpartition(".")[2], pattern) for pattern in rule.match)
            if is_meant and (name in rule.require_methods or name.startswith(MAKING)):
                found.append(Maker(f"{homes[path]}:{owner}", path, line, name, tuple(parameters), returns, rule))
                break
    return sorted(found, key=lambda maker: maker[:4])


def find_missing_methods(rules: Iterable[Factory], name: str, offered: Collection[str]) -> tuple[str, ...]:
    """Return the methods that the policy requires of a class of a name beside those that it offers."""
    required = (
        method
        for rule in rules
        if any(fnmatchcase(name, pattern) for pattern in rule.match)
        for method in rule.require_methods
    )
    return tuple(dict.fromkeys(method for method in required if method not in offered))


def _read_classes(case: RuleContext) -> Iterator[tuple[str, str, int, str]]:
    """Yield definition, path, line and name of the classes that a factory rule may mean."""
    homes = case.homes
    columns = ("path", "line", "name", "qualname", "scope", "guard")
    rows = tables.read_rows(case.facts.definitions, *columns)
    for path, line, name, qualname, scope, guard in rows:
        if path in homes and scope in {"module", "class"} and guard != "except" and not is_test_file(path):
            yield f"{homes[path]}:{qualname}", path, line, name


def _read_methods(case: RuleContext) -> dict[str, list[str]]:
    """Return the names of the methods and attributes of each class of the tree, by definition."""
    homes = case.homes
    columns = ("path", "qualname", "methods", "attributes")
    return {
        f"{homes[path]}:{qualname}": [*methods, *attributes]
        for path, qualname, methods, attributes in tables.read_rows(case.facts.definitions, *columns)
        if path in homes
    }


def _is_plain(base: str) -> bool:
    """Return whether a base outside the tree is known to offer no method that a policy could require."""
    package, _, name = base.partition(":")
    return package in {"builtins", "abc", "typing", "typing_extensions"} and name in {
        "object", "ABC", "Generic", "Protocol",
    }  # fmt: skip


def _check_methods(case: RuleContext) -> Iterator[Finding]:
    rule = "factory-without-method"
    for lack in find_lacking(case):
        described = "; ".join(
            f"{method} (near: {', '.join(near)})" if near else f"{method} (nothing near)"
            for method, near in lack.near.items()
        )
        message = f"{lack.definition} lacks {format_count(len(lack.missing), 'required method')}: {described}"
        yield build_finding(rule, "P1", lack.definition, message, [(lack.path, lack.line)], lack.missing)


def _check_shared(case: RuleContext) -> Iterator[Finding]:
    rule = "factory-shares-objects"
    found: dict[str, list[Maker]] = defaultdict(list)
    for maker in find_makers(case):
        if maker.rule.forbid_singleton and maker.returns == "kept":
            found[maker.definition].append(maker)
    for definition, makers in found.items():
        names = [maker.name for maker in makers]
        message = (
            f"{definition} returns objects that it keeps: {format_some(names)}. A second call may get the object of "
            "the first one"
        )
        yield build_finding(rule, "P2", definition, message, [(maker.path, maker.line) for maker in makers], names)


def _check_scope(case: RuleContext) -> Iterator[Finding]:
    rule = "factory-without-user-scope"
    found: dict[str, list[Maker]] = defaultdict(list)
    for maker in find_makers(case):
        wanted = set(maker.rule.user_scope)
        is_open = any(parameter.startswith("*") for parameter in maker.parameters)
        if wanted and not is_open and wanted.isdisjoint(maker.parameters):
            found[maker.definition].append(maker)
    for definition, makers in found.items():
        names = [maker.name for maker in makers]
        scope = format_some(makers[0].rule.user_scope)
        takes = choose_form(len(names), "takes", "take")
        message = f"{format_some(names)} of {definition} {takes} none of {scope}: users cannot be distinguished"
        yield build_finding(rule, "P1", definition, message, [(maker.path, maker.line) for maker in makers], names)


_SCOPED = '[[factory]]\nmatch = ["*Factory"]\nforbid_singleton = true\nuser_scope = ["user"]\n'

RULES = (
    Rule(
        "factory-shares-objects", "P2",
        "The policy says that this factory makes an object for each call, and a method of it returns one that it "
        "keeps.",
        "Make a new object in each call; let the caller keep it as long as its user or request lasts.",
        _check_shared,
        bad={"a.py": "class JobFactory:\n    def get(self, user):\n        return self.jobs[user]\n"},
        good={"a.py": "class Job: ...\nclass JobFactory:\n    def get(self, user):\n        return Job()\n"},
        policy=_SCOPED,
        breach="policy requirement",
        step=PlanStep(STATE, 20, "Make factories create an object for each call", minutes=30), cause=SHARED_STATE,
        needs_policy="factory", hints_at_flaky_tests=True,
    ),
    Rule(
        "factory-without-user-scope", "P1",
        "The policy names the parameters that isolate users, and a method that gives objects takes none of them.",
        "Add the parameter and pass the user on, or take the method out of the factory.",
        _check_scope,
        bad={"a.py": "class Job: ...\nclass JobFactory:\n    def create(self, size):\n        return Job()\n"},
        good={"a.py": "class Job: ...\nclass JobFactory:\n    def create(self, user, size):\n        return Job()\n"},
        policy=_SCOPED,
        breach="policy requirement",
        step=PlanStep(STATE, 30, "Pass to factories the user they create objects for", minutes=45), cause=SHARED_STATE,
        needs_policy="factory", hints_at_flaky_tests=True,
    ),
    Rule(
        "factory-without-method", "P1",
        "The policy names the methods by which a factory is used, and this one lacks some. Callers that rely on "
        "them fail, or create the object without the factory.",
        "Add the method, or change the policy and the callers to the one that the factory has.",
        _check_methods,
        bad={"a.py": "class JobFactory:\n    def create_for_user(self, user): ...\n"},
        good={"a.py": "class JobFactory:\n    def create(self, user): ...\n"},
        policy='[[factory]]\nmatch = ["*Factory"]\nrequire_methods = ["create"]\n',
        breach="policy requirement",
        step=PlanStep(DEFINITIONS, 20, "Give factories the methods that callers rely on", minutes=30), cause=COPIES,
        needs_policy="factory", quoted_for="factory-methods-missing",
    ),
)  # fmt: skip

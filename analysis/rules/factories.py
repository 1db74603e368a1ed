"""Factories that do not offer what the policy says they must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.identity.census import find_importable
from analysis.policy import Factory
from analysis.rules.case_file import CaseFile
from analysis.rules.finding import Finding, build_finding
from analysis.rules.rule import Rule
from analysis.rules.words import tell

_MOST_NEAR = 3
_ALIKE = 0.6


class Lack(NamedTuple):
    """One class that lacks methods: ``missing`` in the policy's order; ``near`` are methods of like names, each."""

    definition: str
    path: str
    line: int
    missing: tuple[str, ...]
    near: Mapping[str, tuple[str, ...]]


def find_lacking(case: CaseFile) -> list[Lack]:
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
        missing = _find_missing(rules, name, offered)
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


def _find_missing(rules: Iterable[Factory], name: str, offered: set[str]) -> tuple[str, ...]:
    required = (
        method
        for rule in rules
        if any(fnmatchcase(name, pattern) for pattern in rule.match)
        for method in rule.require_methods
    )
    return tuple(dict.fromkeys(method for method in required if method not in offered))


def _read_classes(case: CaseFile) -> Iterator[tuple[str, str, int, str]]:
    """Yield definition, path, line and name of the classes that a factory rule may mean."""
    homes = find_importable(case.facts.modules)
    columns = ("path", "line", "name", "qualname", "scope", "guard")
    rows = zip(*(tables.read_column(case.facts.definitions, name) for name in columns), strict=True)
    for path, line, name, qualname, scope, guard in rows:
        if path in homes and scope in {"module", "class"} and guard != "except" and not is_test_file(path):
            yield f"{homes[path]}:{qualname}", path, line, name


def _read_methods(case: CaseFile) -> dict[str, list[str]]:
    """Return the names of the methods and attributes of each class of the tree, by definition."""
    homes = find_importable(case.facts.modules)
    columns = ("path", "qualname", "methods", "attributes")
    return {
        f"{homes[path]}:{qualname}": [*methods, *attributes]
        for path, qualname, methods, attributes in zip(
            *(tables.read_column(case.facts.definitions, name) for name in columns), strict=True
        )
        if path in homes
    }


def _is_plain(base: str) -> bool:
    """Return whether a base outside the tree is known to offer no method that a policy could require."""
    package, _, name = base.partition(":")
    return package in {"builtins", "abc", "typing", "typing_extensions"} and name in {
        "object", "ABC", "Generic", "Protocol",
    }  # fmt: skip


def _check_methods(case: CaseFile) -> Iterator[Finding]:
    rule = "factory-without-method"
    for lack in find_lacking(case):
        told = "; ".join(
            f"{method} (near: {', '.join(near)})" if near else f"{method} (nothing near)"
            for method, near in lack.near.items()
        )
        message = f"{lack.definition} lacks {tell(len(lack.missing), 'required method')}: {told}"
        yield build_finding(rule, "P1", lack.definition, message, [(lack.path, lack.line)], lack.missing)


RULES = (
    Rule(
        "factory-without-method", "P1",
        "The policy names the methods by which a factory is used, and this one lacks some. Who relies on them fails "
        "when the call is made, or makes the object without the factory.",
        "Add the method, or change the policy and the callers to the one that the factory has.",
        _check_methods,
        bad={"a.py": "class JobFactory:\n    def create_for_user(self, user): ...\n"},
        good={"a.py": "class JobFactory:\n    def create(self, user): ...\n"},
        policy='[[factory]]\nmatch = ["*Factory"]\nrequire_methods = ["create"]\n',
    ),
)  # fmt: skip

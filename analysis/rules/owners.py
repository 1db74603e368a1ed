"""Who owns what: ``[[owner]]`` of the policy gives each file, and so each finding, a person or a team.

As in a CODEOWNERS file the last entry that matches a file names its owner. A finding belongs to the owner of most of
its places; of those with equally many to the one who owns the first place. One finding has one owner, or nobody.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import translate

from analysis import tables
from analysis.policy import Owner
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding
from analysis.wording import make_harmless


class OwnersOfFiles:
    """Answers who owns a file or a module. ``names`` are the module names of each file."""

    def __init__(self, owners: Sequence[Owner], names: Mapping[str, Sequence[str]]) -> None:
        self._patterns = [_compile(each.pattern) for each in owners]
        self._owners = owners
        self._names = names
        self._known: dict[str, int | None] = {}

    def find_entry(self, path: str) -> int | None:
        """Return the position of the entry that decides about a file: the last that matches; None when none does."""
        if path not in self._known:
            self._known[path] = next(reversed(self.find_entries(path)), None)
        return self._known[path]

    def find_entries(self, path: str) -> list[int]:
        """Return the positions of all entries that match a file, by its path or by a name of its module."""
        texts = (path, *self._names.get(path, ()))
        return [number for number, pattern in enumerate(self._patterns) if any(map(pattern.match, texts))]

    def find_owner(self, finding: Finding) -> str:
        """Return the owner of a finding; empty when nobody owns any of its places."""
        paths = [path for path, _ in finding.cited] or [self._find_path(finding.subject)]
        entries = [entry for entry in map(self.find_entry, paths) if entry is not None]
        counts = Counter(self._owners[entry].owner for entry in entries)
        return make_harmless(max(counts, key=counts.__getitem__)) if counts else ""  # the first of those with most

    def _find_path(self, subject: str) -> str:
        module = subject.partition(":")[0]
        return next((path for path, names in self._names.items() if module in names), subject)


def _compile(pattern: str) -> re.Pattern[str]:
    """Return an expression for paths and module names: a pattern also stands for everything below what it names.

    >>> [bool(_compile("app/core").match(text)) for text in ("app/core/a.py", "app/core.py", "app/cores/a.py")]
    [True, False, False]
    >>> [bool(_compile("app.core").match(text)) for text in ("app.core", "app.core.a", "app.cores")]
    [True, True, False]
    """
    own = pattern.replace("\\", "/").removeprefix("./").strip("/")
    own = own if own.strip(".") else "*"
    below = [f"{own}/*"] if "/" in own else [f"{own}/*", f"{own}.*"]
    return re.compile("|".join(map(translate, [own, *below])))


def read_owners(case: RuleContext) -> OwnersOfFiles:
    """Return what the policy of a case says about owners."""
    names: dict[str, list[str]] = defaultdict(list)
    for path, module in tables.read_rows(case.facts.modules, "path", "module"):
        names[path].append(module)
    return OwnersOfFiles(case.policy.owner, names)


def name_owners(findings: Iterable[Finding], case: RuleContext) -> list[Finding]:
    """Return the findings, each with its owner. The owner is no part of a fingerprint."""
    if not case.policy.owner:
        return list(findings)
    owners = read_owners(case)
    return [replace(finding, owner=owners.find_owner(finding)) for finding in findings]

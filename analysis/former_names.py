"""Former names of what users keep: in policies, baselines, comments and snapshots.

The only place for them. If you rename a rule, a key of the policy, a metric, a table or a column, write the former name
here, and what was written with it goes on working, fingerprints included. Names are only ever added: a user may keep a
file of any earlier version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FormerNames:
    """Today's name of each former one; a key or column is given with what it is in, as in ``concept.most``.

    A name that was changed twice stands here twice, each time with the name of today.
    """

    rules: Names = field(default_factory=dict)
    #: Sections by their name, keys as ``section.key``.
    keys: Names = field(default_factory=dict)
    metrics: Names = field(default_factory=dict)
    tables: Names = field(default_factory=dict)
    #: Columns as ``table.column``, both but the column by their names of today.
    columns: Names = field(default_factory=dict)


FORMER = FormerNames()


def find_rule(name: str, former: FormerNames = FORMER) -> str:
    """Return today's name of a rule; a name that is not known as it is."""
    return former.rules.get(name, name)


def list_rule_names(rule: str, former: FormerNames = FORMER) -> list[str]:
    """Return the name of a rule and its former ones: a pattern that a user keeps may be about any of them.

    >>> list_rule_names("loop", FormerNames(rules={"ring": "loop"}))
    ['loop', 'ring']
    """
    return [rule, *(name for name, today in former.rules.items() if today == rule)]


def find_first_rule_name(rule: str, former: FormerNames = FORMER) -> str:
    """Return the oldest name of a rule: fingerprints are made of it, so that baselines hold."""
    return next((name for name, today in former.rules.items() if today == rule), rule)


def find_metric(name: str, former: FormerNames = FORMER) -> str:
    """Return today's name of a metric; what follows a colon is its subject, as in ``concept:Registry``."""
    metric, colon, subject = name.partition(":")
    return f"{former.metrics.get(metric, metric)}{colon}{subject}"


def list_table_names(table: str, former: FormerNames = FORMER) -> list[str]:
    """Return the name of a table and its former ones."""
    return [table, *(name for name, today in former.tables.items() if today == table)]


def translate_policy(document: Mapping[str, Any], former: FormerNames = FORMER) -> dict[str, Any]:
    """Return the document of a policy with the names of today.

    Raises ``ValueError`` with one sentence when a name is given twice, once as it was and once as it is.
    """
    found = _rename(document, former.keys, "a policy")
    for section, content in found.items():
        if isinstance(content, Mapping):
            found[section] = _translate_section(section, content, former)
        elif isinstance(content, list | tuple):
            found[section] = [
                _translate_section(section, each, former) if isinstance(each, Mapping) else each for each in content
            ]
    return found


def _translate_section(section: str, content: Mapping[str, Any], former: FormerNames) -> dict[str, Any]:
    inner = {
        name.removeprefix(f"{section}."): today.removeprefix(f"{section}.")
        for name, today in former.keys.items()
        if name.startswith(f"{section}.")
    }
    found = _rename(content, inner, f"[{section}]")
    if section == "compliance" and isinstance(found.get("weights"), Mapping):
        found["weights"] = _rename(found["weights"], former.rules, "[compliance.weights]")
    if section == "ignore" and isinstance(found.get("rule"), str):
        found["rule"] = find_rule(found["rule"], former)
    if section == "claim" and isinstance(found.get("metric"), str):
        found["metric"] = find_metric(found["metric"], former)
    return found


def _rename(content: Mapping[str, Any], names: Names, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        today = names.get(key, key)
        if today in found:
            raise ValueError(f"{where} has {today!r} twice: also by a former name")
        found[today] = value
    return found

"""A rule: a fact that should not be, how grave it is, what it means and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding

Check = Callable[[RuleContext], Iterable[Finding]]
Example = Mapping[str, str]
#: What of a policy a finding breaks; empty where the code itself is at fault, whatever a policy says.
Breach = Literal["", "policy limit", "policy requirement"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``bad`` and ``good`` are small trees (file name to source) that are run as tests.

    ``severity`` is the highest that the rule gives; ``grades`` says of each severity when it is given, where
    there are several. ``policy`` is the policy that the examples need, as TOML; ``needs_probe`` says that only
    the probe can see it, ``needs_simulation`` that it takes the simulation or the probe. ``is_joint``: its places make
    the finding together, as the definitions of one name do; otherwise each is a fault of its own. ``weight`` are the
    points of one finding in the compliance score where they do not follow from the severity. ``breach``: what of the
    policy its findings break; then they are policy violations and say nothing about failures.
    """

    name: str
    severity: str
    meaning: str
    remedy: str
    check: Check
    bad: Example
    good: Example
    policy: str = field(default="")
    grades: Mapping[str, str] = field(default_factory=dict)
    needs_probe: bool = False
    needs_simulation: bool = False
    is_joint: bool = False
    weight: float | None = None
    breach: Breach = ""


def is_beyond_source(rule: Rule) -> bool:
    """Return whether the source alone does not tell: it takes the simulation or the probe."""
    return rule.needs_probe or rule.needs_simulation

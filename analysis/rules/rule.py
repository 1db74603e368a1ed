"""A rule: a fact that should not be, how severe it is, what it means, how to fix it, and its place in every output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.rules.context import RuleContext
from analysis.rules.cycle_edges import CycleGroup
from analysis.rules.edits import ListEdits
from analysis.rules.finding import Finding
from analysis.rules.plan_phases import PlanStep
from analysis.rules.probe_evidence import Confirm
from analysis.rules.root_causes import RootCause

Check = Callable[[RuleContext], Iterable[Finding]]
Example = Mapping[str, str]
#: What of a policy a finding breaks; empty where the code itself is at fault, whatever a policy says.
Breach = Literal["", "policy limit", "policy requirement"]
#: The section of the policy without which a rule has nothing to judge.
PolicySection = Literal["", "concept", "factory", "redirect", "owner"]


@dataclass(frozen=True, slots=True)
class RuleFigure:
    """A figure of the headline whose light is that of the rule's most severe finding.

    ``label`` names what is counted, and ``one`` does where it is one. ``more`` is a second metric that is shown below
    it, with its noun in singular and plural. ``is_open``: it counts what is not known, so that without any of the
    first one nothing is in order while there is some of the second.
    """

    order: int
    metric: str
    label: str
    one: str
    more: str = ""
    singular: str = ""
    plural: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class RuleMetric:
    """A metric that is the number of the rule's findings."""

    metric: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``bad`` and ``good`` are small trees (file name to source) that are run as tests.

    What it judges:

    - ``severity`` is the highest that it gives; ``grades`` says of each severity when it is given, where there are
      several.
    - ``check`` finds its findings; None where they are known only after those of all others, as of exceptions.
    - It applies as ``needs_policy`` (a section of the policy), ``needs_probe`` (only the probe can see it) and
      ``needs_simulation`` (it takes the simulation or the probe) say. ``policy`` is what the examples need, as TOML.
    - ``confirm`` says what the probe's evidence makes of a static finding.
    - ``is_joint``: its places make the finding together, as the definitions of one name do; otherwise each is a fault
      of its own. ``cycle`` are the cycles that its findings are about, if any.
    - ``breach``: what of the policy its findings break; then they are policy violations and say nothing about failures.

    Where it appears:

    - ``step`` is its place in the plan; ``list_edits`` lists what to change, where a finding's places do not say it.
    - ``cause`` is the root cause that its findings are evidence of.
    - ``weight`` are the points of one finding in the compliance score where they do not follow from the severity.
    - ``figure`` and ``metric`` are its numbers; claims about the metric ``quoted_for`` quote its findings.
    - ``hints_at_flaky_tests``: worth a look where tests fail now and then.
    """

    name: str
    severity: str
    meaning: str
    remedy: str
    check: Check | None
    bad: Example
    good: Example
    step: PlanStep
    cause: RootCause
    policy: str = field(default="")
    grades: Mapping[str, str] = field(default_factory=dict)
    needs_probe: bool = False
    needs_simulation: bool = False
    needs_policy: PolicySection = ""
    is_joint: bool = False
    weight: float | None = None
    breach: Breach = ""
    confirm: Confirm | None = None
    cycle: CycleGroup | None = None
    list_edits: ListEdits | None = None
    figure: RuleFigure | None = None
    metric: RuleMetric | None = None
    quoted_for: str = ""
    hints_at_flaky_tests: bool = False

    @property
    def summary(self) -> str:
        """The first sentence of the meaning, without its full stop."""
        return self.meaning.partition(". ")[0].rstrip(".")

    @property
    def is_beyond_source(self) -> bool:
        """Whether the source alone does not show it: it takes the simulation or the probe."""
        return self.needs_probe or self.needs_simulation

    def applies(self, case: RuleContext) -> bool:
        """Return whether there is anything that the rule could judge."""
        if self.needs_policy and not getattr(case.policy, self.needs_policy):
            return False
        return case.is_probed or not self.needs_probe

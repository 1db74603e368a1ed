"""The result of a check as models; docs/check.schema.json is generated from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from analysis.policy import Severity


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class CheckedPlace(_Part):
    """One place of a finding."""

    path: str = Field(description="file, relative to the target")
    line: int = Field(description="from 1; 0 for the whole file")
    source: str = Field("", description="the source line")


class CheckedFinding(_Part):
    """One finding that counts."""

    fingerprint: str = Field(description="16 hex digits; stable against line moves and reformatting")
    rule: str = Field(description="name of the rule: see docs/rules.md")
    severity: Severity
    subject: str = Field(description="module, class or file")
    message: str = Field(description="one sentence with the figures")
    remedy: str = Field(description="how to fix it")
    status: Literal["new", "worse", "known"] = Field(
        description="compared with the baseline, or what --since names; new without one"
    )
    fails: bool = Field(description="whether the check fails because of it")
    places: int = Field(description="number of places; evidence holds the first dozen")
    owner: str = Field("", description="person or team by [[owner]] of the policy; empty without one")
    cause: str = Field("", description="fingerprint of the finding whose fix removes this one; empty for its own cause")
    in_tests: bool = Field(False, description="whether all its places are in tests")
    evidence: tuple[CheckedPlace, ...] = ()


class GoneFinding(_Part):
    """One finding of the baseline or revision that is gone."""

    fingerprint: str
    rule: str
    severity: Severity
    subject: str


class AcceptedFinding(_Part):
    """One finding, or part of one, that an exception accepts."""

    fingerprint: str
    rule: str
    severity: Severity
    subject: str
    by: Literal["comment", "policy"]
    reason: str
    until: str = ""
    path: str = ""
    line: int = 0
    places: int = 0


class NotAnalysed(_Part):
    """One file, finder, rule or step that the kit failed to analyse."""

    path: str = Field("", description="file; empty if the failure is not about one file")
    step: str
    part: str = Field("", description="missing part of the step; empty: all of it")
    reason: str = Field(description="the exception, and where in the kit it was raised")


class PackageScore(_Part):
    """The score of one package."""

    package: str
    modules: int
    clean_modules: int
    findings: int
    points: float = Field(description="points lost")
    score: float


class RuleCost(_Part):
    """The points that one rule costs."""

    rule: str
    severity: Severity
    findings: int
    places: int
    points: float = Field(description="points lost")


class UnreadFile(_Part):
    """One file of the revision that could not be read: its findings count as new."""

    path: str = Field(description="file, relative to the target")
    reason: str


class CheckResult(_Part):
    """The verdict on one target."""

    format: Literal[1] = Field(1, description="increased when programs that read this format would misread a newer one")
    target: str = Field(description="name of the target")
    revision: str = Field(description="commit of the target, or no-git")
    prefix: str = Field("", description="path of the target in its repository, with a slash at the end")
    created: str = Field(description="when, ISO 8601 in UTC")
    tool_version: str
    passed: bool = Field(description="whether the exit code is 0")
    reasons: tuple[str, ...] = Field((), description="why it does not pass; empty when it does")
    score: float = Field(description="compliance score, 0 to 100: see docs/score.md")
    threshold: float = Field(description="lowest score that passes")
    threshold_counts: bool = Field(description="false when only new or worse findings count")
    compared_with: str = Field("", description="the baseline or revision for comparison; empty: none")
    since: str = Field("", description="what --since names; empty: nothing")
    not_read: tuple[UnreadFile, ...] = Field((), description="files of the revision that could not be read")
    git_problem: str = Field("", description="why git was not run on the target's repository; empty when it was")
    modules: int = Field(description="modules that can be imported; with `about` those of these packages")
    about: tuple[str, ...] = Field((), description="packages to which findings and score are limited; empty: all")
    files: int = Field(description="files that were read")
    findings: tuple[CheckedFinding, ...] = ()
    gone: tuple[GoneFinding, ...] = ()
    accepted: tuple[AcceptedFinding, ...] = ()
    not_simulated: int = Field(0, description="first imports that were not simulated because of the time budget")
    not_analysed: tuple[NotAnalysed, ...] = Field((), description="parts that the kit failed to analyse")
    notes: tuple[str, ...] = Field((), description="further facts about the verdict")
    packages: tuple[PackageScore, ...] = ()
    rules: tuple[RuleCost, ...] = ()

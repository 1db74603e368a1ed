"""SARIF 2.1.0 for code scanning services.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2023.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from analysis.gate.result import CheckedFinding, CheckedPlace, CheckResult, NotAnalysed
from analysis.gate.unread import format_unread
from analysis.rules import RULES, Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"P0": "error", "P1": "error", "P2": "warning", "P3": "note"}
#: The same levels for GitHub's code scanning.
_PROBLEMS = {"P0": "error", "P1": "error", "P2": "warning", "P3": "recommendation"}
_STATES = {"new": "new", "worse": "updated", "known": "unchanged"}
_ROOT = "SRCROOT"


def render_sarif(result: CheckResult) -> str:
    """Return the check as a SARIF log with one run; findings that are gone are results of the state ``absent``."""
    index = {rule.name: number for number, rule in enumerate(RULES)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "ssot", "version": result.tool_version, "semanticVersion": result.tool_version,
                "rules": [_describe_rule(rule) for rule in RULES],
            }
        },
        "automationDetails": {"id": f"ssot/{result.target}/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the repository, or the folder if there is none"}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True, "exitCode": 0 if result.passed else 1, "endTimeUtc": _zulu(result),
                "toolExecutionNotifications": [
                    *map(_notify, result.not_analysed),
                    *map(_note, [*result.notes, *format_unread(result)]),
                ],
            }
        ],
        "results": [
            *(_describe(finding, index, result) for finding in result.findings),
            *(_describe_gone(each.rule, each.fingerprint, each.subject, index) for each in result.gone),
        ],
        "properties": {
            "score": result.score, "threshold": result.threshold,
            **({"about": list(result.about)} if result.about else {}),
        },
    }  # fmt: skip
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _notify(gap: NotAnalysed) -> dict[str, Any]:
    where = " ".join(filter(None, (gap.step, gap.part, gap.path)))
    return {"level": "error", "message": {"text": f"could not be analysed: {where}: {gap.reason}"}}


def _note(text: str) -> dict[str, Any]:
    return {"level": "note", "message": {"text": f"{text.rstrip('.')}."}}


def _zulu(result: CheckResult) -> str:
    return result.created.replace("+00:00", "Z")


def _describe_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.summary}."},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": rule.remedy, "markdown": f"{rule.meaning}\n\n**To fix it:** {rule.remedy}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["maintainability", "ssot"], "problem.severity": _PROBLEMS[rule.severity]},
    }


def _describe(finding: CheckedFinding, index: dict[str, int], result: CheckResult) -> dict[str, Any]:
    cited = finding.evidence or (CheckedPlace(path="ssot.toml", line=1),)
    places = [place.model_copy(update={"path": result.prefix + place.path}) for place in cited]
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        **({"ruleIndex": index[finding.rule]} if finding.rule in index else {}),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}."},
        "locations": [_locate(places[0])],
        "partialFingerprints": {"ssotFingerprint/v1": finding.fingerprint},
        "properties": {
            "severity": finding.severity, "subject": finding.subject, "places": finding.places,
            **({"owner": finding.owner} if finding.owner else {}),
        },
    }  # fmt: skip
    if result.compared_with:
        found["baselineState"] = _STATES[finding.status]
    if len(places) > 1:
        found["relatedLocations"] = [_locate(place, number) for number, place in enumerate(places[1:], 1)]
        if finding.rule in index and RULES[index[finding.rule]].cycle is not None:
            found["codeFlows"] = [{"threadFlows": [{"locations": _walk(places)}]}]
    return found


def _walk(places: Sequence[CheckedPlace]) -> list[dict[str, Any]]:
    """Return the import statements of a cycle as the steps that a reader follows."""
    return [
        {"location": {**_locate(place), "message": {"text": place.source or place.path}}, "executionOrder": number}
        for number, place in enumerate(places, 1)
    ]


def _locate(place: CheckedPlace, number: int = 0) -> dict[str, Any]:
    region = {"startLine": max(1, place.line)}
    if place.source:
        region |= {"snippet": {"text": place.source}}  # type: ignore[dict-item]
    where: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.path.encode("utf-8", "surrogateescape")), "uriBaseId": _ROOT},
            "region": region,
        }
    }
    return {"id": number, **where} if number else where


def _describe_gone(rule: str, fingerprint: str, subject: str, index: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": rule, "message": {"text": f"{subject}: gone."}, "baselineState": "absent", "level": "none",
        "kind": "pass", "partialFingerprints": {"ssotFingerprint/v1": fingerprint},
    }  # fmt: skip
    return {**found, "ruleIndex": index[rule]} if rule in index else found

"""GitHub workflow commands: annotations at the lines of a pull request.

Source: GitHub documentation, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from analysis.gate.result import CheckedFinding, CheckResult

_COMMANDS = {"P0": "error", "P1": "error", "P2": "warning", "P3": "notice"}
#: GitHub shows ten annotations of each kind for one step.
_MOST = 10


def render_commands(result: CheckResult) -> str:
    """Return one command per finding that fails the check, at most ten of each kind, and one with the verdict."""
    counts: dict[str, int] = {}
    lines = []
    for finding in result.findings:
        command = _COMMANDS[finding.severity]
        if finding.fails and counts.get(command, 0) < _MOST:
            counts[command] = counts.get(command, 0) + 1
            lines.append(_render(command, finding, result.prefix))
    verdict = "; ".join(result.reasons) or "passed"
    kind = "notice" if result.passed else "error"
    lines.append(f"::{kind} title=ssot check::{_escape(f'{result.target}: {verdict}')}")
    return "\n".join(lines) + "\n"


def _render(command: str, finding: CheckedFinding, prefix: str) -> str:
    where = finding.evidence[0] if finding.evidence else None
    place = f"file={_escape_property(prefix + where.path)},line={max(1, where.line)}," if where else ""
    title = _escape_property(f"{finding.severity} {finding.rule}")
    owner = f" Owner: {finding.owner}." if finding.owner else ""
    return f"::{command} {place}title={title}::{_escape(f'{finding.message}. {finding.remedy}{owner}')}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")

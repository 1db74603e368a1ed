"""``docs/rules.md``, written from the rules themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from analysis.rules.catalogue import RULES
from analysis.rules.rule import Rule
from analysis.tables import SEVERITY_WORDS

_INTRODUCTION = (
    "Each rule names a fact that should not be. Its examples are run by the tests: the bad one has the finding, "
    "the good one has not. There is one finding per subject (a module, class or file), with at most a dozen places as "
    "evidence; its fingerprint depends on names only, never on lines or layout. Findings of "
    "rules that hold the code to its policy are policy violations, whatever their severity: they do not say that "
    "anything fails. The minutes are an estimate of the work at one place ([debt.md](debt.md))."
)
_DUNDER = re.compile(r"\b__\w+__\b")


def render_rules() -> str:
    """Return the whole page as Markdown."""
    head = [
        "# Rules", "", "Generated from `analysis/rules` by `make docs`; do not edit.", "",
        _INTRODUCTION, "",
        "| severity | means |", "|---|---|", *(f"| {name} | {meaning} |" for name, meaning in SEVERITY_WORDS.items()),
        "",
        "| rule | at most | minutes at each place | what it means |", "|---|---|---|---|",
        *map(_render_row, RULES),
        "",
    ]  # fmt: skip
    return "\n".join(head) + "\n" + "\n".join(map(_render_rule, RULES))


def _render_row(rule: Rule) -> str:
    return f"| [`{rule.name}`](#{rule.name}) | {rule.severity} | {rule.step.minutes} | {_mark(rule.summary)} |"


def _mark(text: str) -> str:
    """Return text in which Markdown does not take double underscores for emphasis."""
    return _DUNDER.sub(r"`\g<0>`", text)


def _render_rule(rule: Rule) -> str:
    parts = [f"## {rule.name}", "", *_render_severity(rule), "", _mark(rule.meaning), ""]
    parts += [f"**To fix it:** {_mark(rule.remedy)}", ""]
    parts += [f"Root cause: {rule.cause.title}. In the plan: {rule.step.phase.name}.{_render_needs(rule)}", ""]
    if rule.policy:
        parts += ["With the policy", "", "```toml", rule.policy.rstrip("\n"), "```", ""]
    parts += ["Bad:", "", _render_example(rule.bad), "", "Good:", "", _render_example(rule.good), ""]
    return "\n".join(parts)


def _render_severity(rule: Rule) -> list[str]:
    breach = f" A finding is a policy violation ({rule.breach})." if rule.breach else ""
    if not rule.grades:
        return [f"Severity: {rule.severity}.{breach}"]
    return [f"Severity:{breach}", "", *(f"- {severity}: {when}" for severity, when in sorted(rule.grades.items()))]


def _render_needs(rule: Rule) -> str:
    """Say when a rule applies; empty where it always does."""
    needs = [
        *([f"a section `[[{rule.needs_policy}]]` in the policy"] if rule.needs_policy else []),
        *(["the probe"] if rule.needs_probe else []),
        *(["the simulation or the probe"] if rule.needs_simulation else []),
    ]
    return f" It needs {' and '.join(needs)}." if needs else ""


def _render_example(files: Mapping[str, str]) -> str:
    shown = [f"# {name}\n{source}" for name, source in files.items() if source]
    return "```python\n" + "\n".join(shown).rstrip("\n") + "\n```"

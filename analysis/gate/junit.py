"""JUnit XML: one test case per rule, which fails with the findings that fail the check; one for the score."""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree as ET

from analysis.gate.result import CheckedFinding, CheckResult
from analysis.quantities import write_score
from analysis.rules import RULES
from analysis.wording import format_count, make_harmless


def render_junit(result: CheckResult) -> str:
    """Return the check as JUnit XML. A rule whose findings do not fail the check passes, and lists them as output."""
    by_rule: dict[str, list[CheckedFinding]] = defaultdict(list)
    for finding in result.findings:
        by_rule[finding.rule].append(finding)
    remedies = {rule.name: f"\n\nTo fix it: {rule.remedy}" for rule in RULES}
    names = [*remedies, *sorted(by_rule.keys() - remedies.keys())]  # rules of one's own come last
    failed = sum(any(finding.fails for finding in found) for found in by_rule.values())
    is_below = result.threshold_counts and result.score < result.threshold
    broken = {gap.part: gap.reason for gap in result.not_analysed if gap.step == "rules"}
    skipped = sum(name in broken for name in names)
    suite = ET.Element(
        "testsuite", name=f"ssot {make_harmless(result.target)}", tests=str(len(names) + 1), errors="0",
        skipped=str(skipped),
        failures=str(failed + is_below), timestamp=result.created.partition("+")[0],
    )  # fmt: skip
    score = ET.SubElement(suite, "testcase", classname="ssot", name="compliance score")
    text = f"{write_score(result.score)} of 100; required: {result.threshold:g}"
    if is_below:
        ET.SubElement(score, "failure", message=text, type="score").text = text
    else:
        ET.SubElement(score, "system-out").text = text
    for name in names:
        case = ET.SubElement(suite, "testcase", classname="ssot.rules", name=name)
        failing = [finding for finding in by_rule[name] if finding.fails]
        others = [finding for finding in by_rule[name] if not finding.fails]
        if name in broken:
            ET.SubElement(case, "skipped", message=make_harmless(f"could not be analysed: {broken[name]}"))
        if failing:
            failure = ET.SubElement(
                case, "failure", message=format_count(len(failing), "finding"), type=failing[0].severity
            )
            failure.text = "\n\n".join(map(_describe, failing)) + remedies.get(name, "")
        if others:
            ET.SubElement(case, "system-out").text = "\n\n".join(map(_describe, others))
    root = ET.Element("testsuites", suite.attrib)
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _describe(finding: CheckedFinding) -> str:
    places = "".join(
        f"\n  {make_harmless(place.path)}:{place.line}: {make_harmless(place.source)}" for place in finding.evidence
    )
    owner = f", owner {finding.owner}" if finding.owner else ""
    text = f"[{finding.severity}, {finding.status}{owner}] {finding.message}"
    return make_harmless(text).replace("\\x0a", "\n") + places

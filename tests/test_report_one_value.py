"""A number that the report of the bundled case shows several times has one value and one rounding everywhere."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import pytest

import analysis
from analysis.bundled_case import build_bundled_case
from analysis.golden.command import GoldenRequest, run_request
from analysis.investigation import Investigation
from analysis.policy import read_policy
from analysis.policy.claims import read_claims
from analysis.quantities import UNITS, write_value
from analysis.report import write_report
from analysis.report.plan_cards import build_cards, find_next_actions
from analysis.report.verdict_lines import write_verdict_lines
from analysis.store import find_bundle

#: Shown at least so many times on the pages; each has one text.
OFTEN = {
    "golden-path-rate": 4, "golden-path-lower-bound": 3, "compliance": 3, "import-violations": 3,
    "files-with-import-violations": 2, "concept:agent registries": 3, "class-ids:AgentRegistry": 2,
    "import-time-cycles": 2, "phantom-imports": 2, "phantom-names": 2, "shadowed-modules": 2, "findings-p0": 2,
}  # fmt: skip
OLD_WORDS = ("stop the product", "stops the product", "this version does not measure", "wrong now", "will go wrong")
#: What others state, with the digits that they use: the policy's confidence, and a claim's source in its own words.
STATED = {"95 %", "60 %"}
PERCENT = re.compile(r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?) ?%")
LONG = re.compile(r"(?<![\w./:-])\d[\d,]*\.\d{2,}(?![\w.-])")


class Quantities(HTMLParser):
    """The texts of a page's numbers by their metric, and its sentences without source code and scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = defaultdict(list)
        self.text = ""
        self._metric, self._skipped = "", 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self._skipped += tag in {"script", "style", "svg", "code", "dd"}
        if metric := named.get("data-metric"):
            self._metric = metric
            self.found[metric].append("")
        self.text += "\n" if tag in {"p", "li", "td", "th", "h2", "h3", "tr", "figcaption"} else ""

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in {"script", "style", "svg", "code", "dd"}
        self._metric = "" if tag == "span" else self._metric

    def handle_data(self, data: str) -> None:
        if self._metric:
            self.found[self._metric][-1] += data
        if self._skipped <= 0:
            self.text += data


@pytest.fixture(scope="module")
def inv(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    """The bundled case, with its golden path measured and the claims of the issue."""
    folder = tmp_path_factory.mktemp("one_value")
    tree = build_bundled_case()
    home = find_bundle() / "data" / "cases"
    policy_file = home / "agent_platform" / "ssot.toml"
    run_request(GoldenRequest(str(tree), policy=str(policy_file), parallel=2), data=folder / "data")
    policy = read_claims(home / "issue_909_claims.toml", read_policy(policy_file, target=tree))
    return analysis.investigate(tree, policy=policy, data=folder / "data")


@pytest.fixture(scope="module")
def place(inv: Investigation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of it."""
    return write_report(inv, tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def pages(place: Path) -> dict[str, Quantities]:
    return {page.name: Quantities(page.read_text("utf-8")) for page in sorted(place.glob("*.html"))}


@pytest.fixture(scope="module")
def issue(place: Path) -> str:
    return re.sub(r"```.*?```", "", (place / "issue.md").read_text("utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def metrics(place: Path) -> dict[str, float]:
    return dict(json.loads((place / "findings.json").read_text("utf-8"))["metrics"])


def clean(text: str) -> str:
    """Return the number of a bound without the words around it."""
    return text.removeprefix("at least ").partition(" (")[0]


def test_every_metric_has_one_text_on_all_pages(pages: dict[str, Quantities]) -> None:
    texts: dict[str, set[str]] = defaultdict(set)
    for page in pages.values():
        for metric, found in page.found.items():
            texts[metric] |= set(found)
    assert {metric: found for metric, found in texts.items() if len(found) > 1} == {}
    assert texts["golden-path-rate"] == {"60.5 %"}
    assert texts["golden-path-lower-bound"] == {"at least 54.4 % (95 % lower bound)"}


@pytest.mark.parametrize("name", ["index.html", "report.html", "00_executive_report.html"])
def test_the_numbers_shown_are_those_measured(
    pages: dict[str, Quantities], metrics: dict[str, float], name: str
) -> None:
    found = pages[name].found
    assert {metric: len(found[metric]) for metric in OFTEN if len(found[metric]) < OFTEN[metric]} == {}
    assert len(found.keys() & metrics.keys()) >= len(OFTEN)
    for metric, texts in found.items():
        if metric in metrics:
            assert {clean(text) for text in texts} == {write_value(metrics[metric], UNITS.get(metric, ""), metric)}


def test_the_issue_has_the_same_texts(pages: dict[str, Quantities], issue: str) -> None:
    for metric in ("golden-path-rate", "compliance", "import-violations", "files-with-import-violations"):
        (text,) = set(pages["index.html"].found[metric])
        assert text in issue
    assert "Golden path success rate: **60.5 %**" in issue
    assert "(now: 60.5 %, at least 54.4 % (95 % lower bound))" in issue
    assert "| 60.0 % | 60.5 % | confirmed |" in issue
    assert "AgentRegistry: **2 definitions** (expected 1)" in issue
    assert "\u2060.5" not in issue


def test_a_lower_bound_never_stands_alone(pages: dict[str, Quantities], issue: str) -> None:
    texts = [*(page.text for page in pages.values()), issue]
    assert sum(len(re.findall(r"54\.[45]", text)) for text in texts) > 3
    for text in texts:
        for match in re.finditer(r"54\.[45]", text):
            assert "at least" in text[max(0, match.start() - 12) : match.start()]


def test_no_number_has_more_digits_than_its_unit(pages: dict[str, Quantities], issue: str) -> None:
    for name, text in {**{name: page.text for name, page in pages.items()}, "issue.md": issue}.items():
        odd = {match[0] for match in PERCENT.finditer(text) if not re.search(r"\d\.\d ?%$", match[0])} - STATED
        assert odd == set(), name
        plain = re.sub(r"p [=<] 0\.\d{3}\b", "", text)  # the one unit with three digits
        assert {number for number in LONG.findall(plain) if number != "3.11"} == set(), name


def test_old_words_are_gone(pages: dict[str, Quantities], issue: str) -> None:
    for text in [*(page.text.lower() for page in pages.values()), issue.lower()]:
        assert [words for words in OLD_WORDS if words in text] == []


def test_modules_are_counted_once(pages: dict[str, Quantities], metrics: dict[str, float]) -> None:
    modules = write_value(metrics["modules"])
    for text in (pages["index.html"].text, pages["00_executive_report.html"].text):
        assert f"{modules} modules" in text
        assert f"of {modules} modules are clean" in text
        assert "455 modules" not in text


def test_every_finding_is_counted_once_in_verdict_causes_and_severities(
    pages: dict[str, Quantities], issue: str, place: Path
) -> None:
    document = json.loads((place / "findings.json").read_text("utf-8"))
    total = len([row for row in document["findings"] if row["certainty"] != "refuted" and not row["cause"]])
    verdict = next(line for line in issue.splitlines() if "a fix now;" in line).partition(" Measured")[0]
    assert sum(int(number) for number in re.findall(r"\d+", verdict)) == total
    assert "2 policy limits are exceeded" in verdict
    causes = issue.partition("## Root cause")[2].partition("\n## ")[0]
    assert sum(int(number) for number in re.findall(r"(\d+) findings?\.", causes)) == total
    found = pages["index.html"].found
    assert sum(int(found[f"findings-p{level}"][0]) for level in range(4)) == total


def count_total(place: Path) -> int:
    document = json.loads((place / "findings.json").read_text("utf-8"))
    return len([row for row in document["findings"] if row["certainty"] != "refuted" and not row["cause"]])


@pytest.mark.parametrize("name", ["index.html", "report.html"])
def test_cards_of_causes_and_of_the_plan_count_every_finding_once(place: Path, name: str) -> None:
    page = (place / name).read_text("utf-8")
    counts = "".join(re.findall(r'<span class="counts">(.*?</span>) </span>', page, re.DOTALL))
    assert sum(int(number) for number in re.findall(r'<span class="tag \w+">(\d+) ', counts)) == count_total(place)
    sizes = re.findall(r"(\d+) findings? · \d+ places? · about [\d,]+ \w+</span>", page)
    phases = len(json.loads((place / "plan.json").read_text("utf-8"))["phases"])
    assert sum(map(int, sizes[:phases])) == count_total(place)
    assert sizes == sizes[:phases] * (len(sizes) // phases)  # a chapter of the single file shows the plan again


def test_all_outputs_read_the_same_steps(place: Path, issue: str, inv: Investigation) -> None:
    """The plan is decided once: pages, issues, exports, notebooks and the terminal show its steps in one wording."""
    cards = [card for phase in build_cards(inv.plan(), inv.schedule()) for card in phase.steps]
    plan = (place / "plan.md").read_text("utf-8")
    issues = "".join(path.read_text("utf-8") for path in sorted((place / "issues").glob("*.md")))
    pages = {
        name: re.sub(r"<[^>]*>", "", re.sub(r"<button[^>]*>|</button>|<wbr>", "", (place / name).read_text("utf-8")))
        for name in ("index.html", "report.html", "00_executive_report.html", "07_remediation.html")
    }
    for card in cards:
        line = f"- [ ] **{card.step.number} {card.step.title}** ("
        words = f"{card.clears}; {card.work}; {card.when}"
        for text in (issue, plan, issues):
            found = [each for each in text.splitlines() if each.startswith(line)]
            assert len(found) == 1 and words in found[0], line
        for text in pages.values():
            assert f"{card.step.number} {card.step.title}" in text
            assert f"{card.work.capitalize()}; {card.clears}; {card.when}" in text
    document = json.loads((place / "plan.json").read_text("utf-8"))
    written = [step for phase in document["phases"] for step in phase["steps"]]
    assert [(each["number"], each["title"]) for each in written] == [(c.step.number, c.step.title) for c in cards]
    assert sum(step.minutes for phase in inv.plan() for step in phase.steps) == inv.debt().minutes
    assert document["hours"] == round(inv.debt().minutes / 60, 2)


def test_the_first_steps_are_the_same_on_pages_in_the_mail_and_in_the_terminal(
    place: Path, issue: str, inv: Investigation
) -> None:
    actions = find_next_actions(inv.plan(), inv.schedule())
    document = json.loads((place / "plan.json").read_text("utf-8"))
    assert document["first_steps"] == [action.step.number for action in actions] and len(actions) == 4
    terminal = "\n".join(write_verdict_lines(inv, place))
    plan = (place / "plan.md").read_text("utf-8")
    for action in actions:
        first = f"**{action.step.number} {action.step.title}**: {action.brief}"
        assert first in plan and first in issue
        assert f"{action.step.number} {action.step.title} ({action.brief})" in terminal
        mail = (place / "mail.html").read_text("utf-8")
        assert f"{action.step.number} {action.step.title}</strong>" in mail
        assert action.brief.capitalize() in mail
    for name in ("index.html", "07_remediation.html"):
        page = (place / name).read_text("utf-8")
        assert re.findall(r'<span class="badge">([\d.]+)</span>', page) == document["first_steps"]


def test_what_was_understood_is_the_same_on_every_page(pages: dict[str, Quantities]) -> None:
    shown = [name for name, page in pages.items() if page.found.get("files-read")]
    assert {"index.html", "report.html", "00_executive_report.html"} <= set(shown)
    for name in shown:
        for metric in ("files-read", "imports-resolved", "names-known"):
            assert set(pages[name].found[metric]) == set(pages["index.html"].found[metric])


def test_the_loss_is_the_revenue_times_the_share_of_failures(issue: str) -> None:
    today = next(line for line in issue.splitlines() if line.startswith("| today |"))
    assert "| 60.5 % | USD 197,500 (" in today  # 39.5 % of the USD 500,000 that the policy states
    assert "USD 500,000" in issue

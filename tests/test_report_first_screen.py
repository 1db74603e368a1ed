"""What stands first in a report: how much was understood, what changed, what to do next, and terms that explain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_trees import SHOP, investigate, write_tree

import analysis
from analysis.investigation import Investigation
from analysis.policy import parse_policy
from analysis.remedy import build_schedule
from analysis.report.changes import find_change
from analysis.report.colours import COLOURS, LIGHT, build_colour_style, build_part_style
from analysis.report.executive import build_executive
from analysis.report.glossary import GLOSSARY
from analysis.report.headline import build_figures, choose_chief
from analysis.report.packages import find_common_package, shorten_names
from analysis.report.plan_cards import find_next_actions
from analysis.report.terms import FORMS, explain
from analysis.report.understood import is_blind, measure_understanding

#: One import is computed, one file does not parse, one name is not known.
MURKY = {
    "shop/__init__.py": "",
    "shop/load.py": "import importlib, os\nfor name in os.listdir():\n    importlib.import_module('shop.' + name)\n",
    "shop/broken.py": "def f(:\n",
    "shop/basket.py": "from shop import load\nfrom shop.load import os as system\nTAX = system.path.nothing\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


def measure(inv: Investigation) -> dict[str, tuple[int, int]]:
    return {share.metric: (share.known, share.total) for share in measure_understanding(inv)}


def test_an_empty_target_has_nothing_that_was_not_understood(tmp_path: Path) -> None:
    inv = investigate(tmp_path, {"one.py": ""})
    assert [share.text for share in measure_understanding(inv)] == ["100.0 %"] * 3
    assert not is_blind(measure_understanding(inv))


def test_files_imports_and_names_that_are_not_understood_are_counted(tmp_path: Path) -> None:
    shares = measure(investigate(tmp_path, MURKY))
    assert shares["files-read"] == (3, 4)
    assert shares["imports-resolved"] == (3, 4)  # the computed import leads nobody knows where
    known, total = shares["names-known"]
    assert known <= total


def test_a_missing_module_is_understood_but_one_that_may_exist_is_not(tmp_path: Path) -> None:
    missing = {"shop/__init__.py": "", "shop/a.py": "import shop.none\n"}
    assert measure(investigate(tmp_path / "missing", missing))["imports-resolved"] == (1, 1)
    extended = {"shop/__init__.py": "__path__.append(input())\n", "shop/a.py": "import shop.none\n"}
    assert measure(investigate(tmp_path / "extended", extended))["imports-resolved"] == (0, 1)


def test_a_page_on_what_was_hardly_understood_is_not_green(tmp_path: Path) -> None:
    computed = "import importlib\nfor name in input():\n    importlib.import_module(name)\n"
    report = build_executive(investigate(tmp_path, {"one.py": computed, "two.py": "x = 1\n"}))
    assert (report.causes, report.is_blind) == ([], True)
    assert (report.light, report.light_words) == ("grey", "Too little understood for a verdict")


def test_without_an_older_run_nothing_has_changed(shop: Investigation) -> None:
    assert find_change(shop) is None


def run_twice(folder: Path, before: dict[str, str], after: dict[str, str], policy: str = "") -> Investigation:
    root = write_tree(folder / "shop", {**before, **after})
    for name in after.keys() - before.keys():
        (root / name).unlink()
    write_tree(root, before)
    analysis.investigate(root, data=folder / "data", jobs=1)
    write_tree(root, after)
    return analysis.investigate(root, policy=parse_policy(policy), data=folder / "data", jobs=1)


def test_a_fixed_finding_is_gone_and_the_score_better_by_what_a_reader_sees(tmp_path: Path) -> None:
    broken = {"shop/__init__.py": "", "shop/a.py": "import shop.none\n", "shop/b.py": ""}
    inv = run_twice(tmp_path, broken, {"shop/a.py": "import shop.b\n"})
    change = find_change(inv)
    assert change is not None
    assert (change.direction, change.new, change.reasons) == ("better", 0, ())
    assert change.gone >= 1
    view = build_executive(inv).score
    assert view is not None
    assert float(view.score) - float(change.points) == pytest.approx(float(f"{change.score_before:.1f}"), abs=0.11)


def test_the_same_tree_is_unchanged_and_another_policy_is_named(tmp_path: Path) -> None:
    tree = {"shop/__init__.py": "", "shop/a.py": "import shop.none\n"}
    change = find_change(run_twice(tmp_path / "same", tree, {}))
    assert change is not None
    assert (change.points, change.findings, change.caution) == ("unchanged", "the same findings", "")
    other = find_change(run_twice(tmp_path / "other", tree, {}, "[compliance]\nthreshold = 50\n"))
    assert other is not None
    assert other.caution == "Between the two runs the policy differs too."


def test_a_damaged_older_run_is_passed_over(tmp_path: Path) -> None:
    inv = run_twice(tmp_path, {"shop/__init__.py": ""}, {})
    (older,) = [place for place in inv.path.parent.iterdir() if place.name < inv.path.name]
    (older / "scores.parquet").write_bytes(b"no table")
    assert find_change(inv) is None


def test_next_actions_are_steps_that_clear_most_and_each_comes_after_what_it_needs(shop: Investigation) -> None:
    phases = shop.plan()
    steps = [step for phase in phases for step in phase.steps]
    actions = find_next_actions(phases, shop.schedule())
    chosen = [action.step for action in actions]
    assert len(actions) == min(4, len(steps))
    assert chosen == [step for step in steps if step in chosen]
    assert all(need.step in {step.number for step in chosen} for step in chosen for need in step.needs)
    urgent = max((len(step.cleared) for step in steps if step.severity in {"P0", "P1"} and not step.needs), default=0)
    assert urgent in {len(step.cleared) for step in chosen}
    assert find_next_actions([], build_schedule([], 30, 1)) == []


def test_consequences_are_counted_with_the_action_that_removes_them(shop: Investigation) -> None:
    steps = [step for phase in shop.plan() for step in phase.steps]
    assert sum(step.consequences for step in steps) == (shop.frame("findings")["cause"] != "").sum() > 0
    cleared = [name for step in steps for name in step.cleared]
    assert sorted(cleared) == sorted(shop.frame("findings")["fingerprint"])


def test_at_most_five_figures_stand_first_the_worst_of_them(shop: Investigation) -> None:
    figures = build_figures(shop)
    chief = choose_chief(figures)
    assert len(chief) == 5 < len(figures)
    assert {figure.light for figure in figures if figure not in chief and figure.metric != "compliance"} != {"red"}
    assert [figure for figure in figures if figure in chief] == chief
    assert choose_chief([]) == []


def test_terms_are_explained_where_they_come_first_and_nothing_becomes_markup() -> None:
    text = explain("Cut the cycles: a cycle <b> of `import x` and import-time cycles")
    assert text.count('class="term"') == 2  # cycles once, import-time cycles once
    assert "<code>import x</code>" in text
    assert "&lt;b&gt;" in text
    assert explain("recycled bicycles") == "recycled bicycles"
    known = {term.name for terms in GLOSSARY.values() for term in terms}
    assert set(FORMS.values()) <= known


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("acme.shop.a imports acme.shop.b", "…a imports …b"),
        ("my.acme.shop.a and acme.shopping.b", "my.acme.shop.a and acme.shopping.b"),
        ("acme/shop.acme.shop.py", "acme/shop.acme.shop.py"),
        ("acme.shop", "acme.shop"),
    ],
)
def test_names_are_shortened_only_where_the_package_begins_them(text: str, shown: str) -> None:
    assert shorten_names(text, "acme.shop") == shown
    assert shorten_names(text, "") == text


def test_no_package_is_named_that_few_share_or_that_is_short() -> None:
    assert find_common_package([]) == ""
    assert find_common_package(["abcdefghij.a", "b.c", "d.e"]) == ""
    assert find_common_package(["app.a", "app.b"]) == ""


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("form", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "quiet", "accent", "red", "violet", "amber", "green"])
def test_every_text_is_readable_on_every_ground(text: str, form: int) -> None:
    for ground in [name for name in COLOURS if name in {"paper", "card", "wash"} or name.endswith("-wash")]:
        high, low = sorted((luminance(COLOURS[name][form]) for name in (text, ground)), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def test_colours_can_be_told_apart_by_their_light_form_and_are_defined_once_in_each_form() -> None:
    assert len(set(LIGHT.values())) == len(LIGHT)
    for style in (build_colour_style(), build_part_style()):
        assert [name for name in COLOURS if len(re.findall(rf"--{name}:", style)) != 2] == []
    assert ":root" not in build_part_style()


def test_style_sheets_name_colours_and_contain_none() -> None:
    folder = Path(analysis.__file__).parent / "report" / "templates"
    for name in ("page.css", "networks.css", "parts.css"):
        style = (folder / name).read_text("utf-8")
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b", style) == [], name
        used = set(re.findall(r"var\(--([\w-]+)", style))
        assert used - set(COLOURS) <= {"mono", "tone", "wash-of", "height"}, name

"""Steps come in an order that their prerequisites allow, when people have time, with a risk that has its reason."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_trees import SHOP, investigate, write_tree
from typer.testing import CliRunner

from analysis.cli import app
from analysis.fixes import break_cycle, canonical_imports, explicit_imports
from analysis.investigation import Investigation
from analysis.remedy import Need, Phase, Step, build_schedule, choose_first
from analysis.remedy.effort import FILE_MINUTES, METHOD_MINUTES
from analysis.remedy.needs import PlanStage, find_needs
from analysis.remedy.order import order_steps
from analysis.remedy.plan import PATCHED
from analysis.remedy.risks import MANY_IMPORTERS
from analysis.report.executive import build_executive
from analysis.report.exports import build_plan_json
from analysis.report.plan_markdown import build_issues, build_plan_markdown
from analysis.rules.plan_phases import DEFINITIONS, ENTRY_POINTS, PATHS

PHASES = (ENTRY_POINTS, DEFINITIONS, PATHS)
FILES = st.frozensets(st.sampled_from(["a.py", "b.py", "c.py"]), max_size=2)


def build_step(
    number: str, minutes: int = 60, cleared: int = 1, needs: tuple[str, ...] = (), severity: str = "P1"
) -> Step:
    names = tuple(f"{number}-{place}" for place in range(cleared))
    return Step(
        f"do {number}", "rule", severity, cleared, 1, "small", (), minutes=minutes, number=number, cleared=names,
        needs=tuple(Need(need, "why") for need in needs),
    )  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(PHASES), st.sampled_from(["P0", "P1", "P2"]), FILES, FILES), max_size=9))
def test_prerequisites_are_earlier_urgent_steps_that_meet_in_a_file_and_have_no_cycle(
    found: list[tuple[object, str, frozenset[str], frozenset[str]]],
) -> None:
    stages = [
        PlanStage(key, phase, (phase.order, key), severity, reach, about)  # type: ignore[attr-defined, arg-type]
        for key, (phase, severity, reach, about) in enumerate(found)
    ]
    by_key = {stage.key: stage for stage in stages}
    needs = find_needs(stages)
    behind: dict[int, set[int]] = {}
    for stage in sorted(stages, key=lambda each: each.rank):
        direct = {key for key, _ in needs[stage.key]}
        assert all(by_key[key].rank < stage.rank and by_key[key].severity != "P2" for key in direct)
        assert all(by_key[key].phase is not PATHS and by_key[key].reach & stage.about for key in direct)
        inherited = set[int]().union(*(behind[key] for key in direct))
        assert not direct & inherited  # what follows from another one is not repeated
        behind[stage.key] = direct | inherited
        wanted = {
            each.key
            for each in stages
            if each.rank < stage.rank and each.severity != "P2" and each.phase is not PATHS and each.reach & stage.about
        }
        assert wanted <= behind[stage.key]


@given(st.permutations(range(6)), st.lists(st.integers(0, 300), min_size=6, max_size=6))
def test_of_steps_that_are_ready_the_one_that_clears_most_per_hour_comes_first(
    keys: list[int], minutes: list[int]
) -> None:
    steps = {key: build_step(str(key), minutes[key]) for key in keys}
    needs = {5: [4], 4: [3]}
    order = order_steps(steps, needs)
    assert sorted(order) == list(range(6))
    assert order.index(3) < order.index(4) < order.index(5)
    free = [minutes[key] for key in order if key < 3]
    assert free == sorted(free)


def test_the_first_steps_are_those_that_clear_most_together_with_what_they_wait_for() -> None:
    wide = build_step("3.1", cleared=20, needs=("2.1",))
    steps = [build_step("1.1", cleared=3), build_step("2.1", needs=("1.1",)), wide, build_step("3.2", cleared=5)]
    phases = [Phase("p", "g", tuple(steps))]
    assert [step.number for step in choose_first(phases, most=4)] == ["1.1", "2.1", "3.1", "3.2"]
    assert [step.number for step in choose_first(phases, most=3)] == ["1.1", "2.1", "3.1"]
    assert [step.number for step in choose_first(phases, most=2)] == ["1.1", "3.2"]
    assert choose_first([], most=4) == []
    minor = [build_step("1.1", cleared=9, severity="P3"), build_step("1.2", severity="P0")]
    assert [step.number for step in choose_first([Phase("p", "g", tuple(minor))], most=1)] == ["1.2"]


def test_days_and_weeks_follow_from_hours_and_people() -> None:
    steps = (build_step("1.1", 600), build_step("1.2", 600), build_step("1.3", 600, needs=("1.1",)))
    phases = [Phase("p", "g", steps)]
    alone = build_schedule(phases, 25, 1)
    assert [alone.steps[step.number].words for step in steps] == [
        "days 1 to 2, week 1", "days 3 to 4, week 1", "days 5 to 6, weeks 1 to 2"
    ]  # fmt: skip
    assert alone.phases[1].ends == 30
    pair = build_schedule(phases, 25, 2)
    assert (pair.steps["1.2"].begins, pair.steps["1.3"].begins, pair.phases[1].ends) == (0, 10, 20)
    assert math.isclose(build_schedule(phases, 12.5, 1).phases[1].last_day, 2 * alone.phases[1].last_day)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.integers(1, 4))
def test_nobody_does_two_things_at_once_and_nothing_begins_before_what_it_needs(
    minutes: list[int], people: int
) -> None:
    steps = [
        build_step(str(place), each, needs=(str(place // 2),) if place % 3 == 0 and place else ())
        for place, each in enumerate(minutes)
    ]
    schedule = build_schedule([Phase("p", "g", tuple(steps))], 30, people)
    for step in steps:
        slot = schedule.steps[step.number]
        assert all(schedule.steps[need.step].ends <= slot.begins for need in step.needs)
        during = [each for each in schedule.steps.values() if each.begins <= slot.begins < each.ends]
        assert len(during) <= people


def test_a_step_says_what_makes_it_risky(tmp_path: Path) -> None:
    many = {f"shop/user{number}.py": "import shop.core\n" for number in range(MANY_IMPORTERS + 1)}
    core = "def __getattr__(name):\n    return name\n\nclass Order: ...\nimport shop.gone\n"
    trees = {
        "low": {
            "shop/__init__.py": "",
            "shop/core.py": "import shop.gone\n",
            "tests/test_core.py": "import shop.core\n",
        },
        "medium": {"shop/__init__.py": "", "shop/core.py": "import shop.gone\n", "shop/user.py": "import shop.core\n"},
        "high": {"shop/__init__.py": "", "shop/core.py": core, **many},
    }
    for level, files in trees.items():
        inv = investigate(tmp_path / level, files)
        step = next(step for phase in inv.plan() for step in phase.steps if step.rule == "phantom-import")
        assert step.risk.level == level, step.risk
    assert step.risk.reason == (
        "11 other files import what it touches; 1 file with names that are given on demand; no test imports it directly"
    )


def test_steps_of_tests_are_apart_and_come_last_in_their_phase(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "", "shop/a.py": "import shop.gone\n", "tests/__init__.py": "",
        "tests/test_a.py": "import shop.missing\nimport shop.lost\n",
    }  # fmt: skip
    (phase,) = investigate(tmp_path, files).plan()
    assert [(step.in_tests, step.findings) for step in phase.steps] == [(False, 1), (True, 2)]
    assert phase.steps[1].title == f"{phase.steps[0].title}, in tests"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("order"), SHOP)


def test_a_step_names_its_edits_and_its_prerequisites(shop: Investigation) -> None:
    steps = {step.rule: step for phase in shop.plan() for step in phase.steps}
    for step in steps.values():
        assert step.edits and step.files and step.risk.reason
        assert {edit.path for edit in step.edits} <= set(step.files)
        assert {edit.fingerprint for edit in step.edits} <= set(step.cleared)
    words = [edit.words for edit in steps["class-defined-more-than-once"].edits]
    assert words == [
        "merge Registry into shop.core.registry:Registry, and leave an import of it here; or rename it"
    ] or words == [
        "merge Registry into shop.core.old_registry:Registry, and leave an import of it here; or rename it"
    ]  # fmt: skip


def test_classes_are_merged_into_the_one_that_the_policy_or_most_imports_name(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "",
        "p/a.py": "class OrderRegistry:\n    def add(self): ...\n    def get(self): ...\n",
        "p/b.py": "class UserRegistry:\n    def add(self): ...\n    def drop(self): ...\n    def list(self): ...\n",
        "p/c.py": "class Registry:\n    def add(self): ...\n",
        "p/d.py": "from p.a import OrderRegistry\nfrom p.b import UserRegistry\n",
        "p/e.py": "from p.b import UserRegistry\n",
    }
    policy = '[[concept]]\nname = "registries"\nmatch = ["*Registry"]\nmax_classes = {}\n{}'
    seen = []
    for number, stated in ((1, 'canonical = "p.c:Registry"\n'), (1, ""), (2, "")):
        inv = investigate(tmp_path / f"{number}{len(stated)}", files, policy.format(number, stated))
        (step,) = (step for phase in inv.plan() for step in phase.steps if step.rule == "concept-over-its-limit")
        assert step.minutes == 90 * step.places + FILE_MINUTES * len(step.files) + METHOD_MINUTES * step.methods
        seen.append([(edit.path, edit.words.partition(",")[0], edit.methods) for edit in step.edits])
    assert seen == [
        [
            ("p/a.py", "merge OrderRegistry into p.c:Registry; move over 1 method that it lacks (get)", 1),
            ("p/b.py", "merge UserRegistry into p.c:Registry; move over 2 methods that it lacks (drop", 2),
        ],
        [
            ("p/a.py", "merge OrderRegistry into p.b:UserRegistry; move over 1 method that it lacks (get)", 1),
            ("p/c.py", "merge Registry into p.b:UserRegistry", 0),
        ],
        [("p/c.py", "merge Registry into p.b:UserRegistry", 0)],
    ]


def test_classes_that_may_share_a_name_are_one_decision(tmp_path: Path) -> None:
    nested = "".join(f"class C{number}:\n    class Meta: ...\n" for number in range(30))
    (phase,) = investigate(tmp_path, {"p/__init__.py": "", "p/a.py": nested}).plan()
    (step,) = phase.steps
    assert (step.rule, step.severity, step.places, len(step.edits)) == ("class-defined-more-than-once", "P3", 1, 1)
    assert step.edits[0].words.startswith("look at the 30 classes of this name")


def test_the_command_of_a_success_metric_measures_it(
    shop: Investigation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_tree(tmp_path / "shop", SHOP))
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    printed = json.loads(CliRunner().invoke(app, ["scan", ".", "--json"]).stdout)
    checked = CliRunner().invoke(app, ["check", "."]).output
    for goal in shop.success_metrics():
        program, _, query = goal.command.partition(" | ")
        if goal.metric == "compliance":
            assert goal.command == "ssot check ." and f"{goal.now:.1f}"[:-1] in checked
        elif goal.metric == "golden-path-lower-bound":
            assert goal.command == "ssot golden-path ."
        else:
            assert program == "ssot scan . --json"
            tool, path = shlex.split(query)
            assert (tool, path.startswith(".metrics[")) == ("jq", True)
            assert printed["metrics"][json.loads(path.removeprefix(".metrics"))[0]] == goal.now


def test_a_step_names_the_command_for_patches_only_where_there_is_such_a_kind(shop: Investigation) -> None:
    known = {canonical_imports.RULE, *break_cycle.RULES.values(), *explicit_imports.RULES, "phantom-import"}
    assert known >= PATCHED
    for phase in shop.plan():
        for step in phase.steps:
            assert step.patch == (f"ssot fix . --rule {step.rule}" if step.rule in PATCHED else "")


def test_the_plan_on_file_has_the_form_of_its_schema(shop: Investigation) -> None:
    schema = json.loads((Path(__file__).parent.parent / "docs/plan.schema.json").read_text())
    document = json.loads(build_plan_json(shop))
    jsonschema.validate(document, schema)
    numbers = [step["number"] for phase in document["phases"] for step in phase["steps"]]
    assert numbers == [
        f"{place}.{number}"
        for place, phase in enumerate(document["phases"], 1)
        for number in range(1, len(phase["steps"]) + 1)
    ]
    assert math.isclose(sum(phase["hours"] for phase in document["phases"]), document["hours"], abs_tol=0.05)
    assert [metric["metric"] for metric in document["success_metrics"]] == [
        goal.metric for goal in shop.success_metrics()
    ]


def test_an_issue_of_a_wide_step_fits_into_github(tmp_path: Path) -> None:
    core = "".join(f"class C{number}: ...\n" for number in range(60))
    names = ", ".join(f"C{number}" for number in range(60))
    users = {f"shop/u{number}.py": f"from shop.middle import {names}\n" for number in range(60)}
    middle = f"from shop.core import {names}\n"
    inv = investigate(tmp_path, {"shop/__init__.py": "", "shop/core.py": core, "shop/middle.py": middle, **users})
    report = build_executive(inv)
    (step,) = (step for phase in inv.plan() for step in phase.steps if step.rule == "class-taken-from-elsewhere")
    assert (step.findings, step.places, len(step.edits)) == (60, 60, 3600)
    for text in build_issues(report).values():
        assert len(text) < 65_536
    assert "40 more findings in plan.md" in "".join(build_issues(report).values())
    assert build_plan_markdown(report).count("not from shop.middle") == 3600

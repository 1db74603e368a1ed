"""The debt is the sum of the plan: by finding, by owner, after each phase; a policy may state other minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from git_line import GitLine
from hypothesis import given
from hypothesis import strategies as st
from report_trees import SHOP, investigate

import analysis
from analysis import tables
from analysis.policy import Policy
from analysis.policy.models import DebtPolicy
from analysis.remedy import build_plan, sum_debt
from analysis.remedy.debt import measure_interest
from analysis.remedy.effort import FILE_MINUTES
from analysis.report.changed_debt import ChangedDebt, find_changed_debt
from analysis.report.exports import build_findings_json
from analysis.report.plan_cards import describe_debt
from analysis.rules import RULES, Evidence, Finding, build_findings_table

NAMES = sorted(rule.name for rule in RULES)


def read_nothing(name: str) -> pa.Table:
    return tables.TABLES[name].empty()


def state(minutes: dict[str, float]) -> Policy:
    return Policy(debt=DebtPolicy(minutes=minutes))


def finding(
    rule: str, number: int, places: int, owner: str = "", cause: str = "", certainty: str = "static"
) -> Finding:
    evidence = tuple(Evidence("a.py", line) for line in range(1, places + 1))
    return Finding("P1", rule, f"s{number}", "m", f"f{number}", certainty, evidence, owner=owner, cause=cause)


def test_every_rule_states_the_minutes_of_one_place() -> None:
    assert [rule.name for rule in RULES if not 0 < rule.step.minutes <= 480] == []


def test_nothing_to_do_is_no_debt() -> None:
    debt = sum_debt(build_plan(build_findings_table([]), read_nothing))
    assert (debt.minutes, debt.by_owner, debt.after, debt.interest) == (0, (), (), None)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 9), st.sampled_from(["", "a", "b"])), max_size=12))
def test_findings_owners_and_phases_add_up_to_the_whole(found: list[tuple[str, int, str]]) -> None:
    rows = [finding(rule, number, places, owner) for number, (rule, places, owner) in enumerate(found)]
    phases = build_plan(build_findings_table(rows), read_nothing, state({"phantom-import": 0.7, "singleton": 0}))
    debt = sum_debt(phases)
    shares = [share for phase in phases for step in phase.steps for share in step.shares]
    assert sorted(name for name, *_ in shares) == sorted(row.fingerprint for row in rows)
    assert debt.minutes == sum(minutes for *_, minutes in shares) == sum(minutes for _, minutes in debt.by_owner)
    assert all(minutes >= 0 for *_, minutes in shares)
    left = [minutes for _, minutes in debt.after]
    assert left == sorted(left, reverse=True) and (not left or left[-1] == 0)


def test_minutes_count_places_and_a_policy_may_state_others() -> None:
    minutes = next(rule.step.minutes for rule in RULES if rule.name == "phantom-import")
    table = build_findings_table([finding("phantom-import", 1, 3)])
    assert sum_debt(build_plan(table, read_nothing)).minutes == 3 * minutes + FILE_MINUTES
    assert sum_debt(build_plan(table, read_nothing, state({"phantom-import": 2.5}))).minutes == round(
        7.5 + FILE_MINUTES
    )
    assert sum_debt(build_plan(table, read_nothing, state({"phantom-import": 0}))).minutes == 0


def test_consequences_and_refuted_findings_are_no_work() -> None:
    rows = [finding("phantom-import", 1, 1, cause="other"), finding("phantom-import", 2, 1, certainty="refuted")]
    assert sum_debt(build_plan(build_findings_table(rows), read_nothing)).minutes == 0


def build_runs(*rows: tuple[str, str, float]) -> pa.Table:
    empty = tables.TABLES["golden_runs"].schema
    values: dict[str, list[Any]] = {name: [None] * len(rows) for name in empty.names}
    for index, name in enumerate(("lever", "outcome", "seconds")):
        values[name] = [row[index] for row in rows]
    return pa.table({name: pa.array(values[name], empty.field(name).type) for name in empty.names})


def test_the_interest_is_the_time_of_plain_runs_that_did_not_pass() -> None:
    runs = [("base", "passed", 60.0), ("base", "failed", 30.0), ("base", "timeout", 90.0), ("base", "passed", 1.0)]
    assert measure_interest(build_runs(*runs)) == 50.0
    assert measure_interest(build_runs(*runs, ("hash seed", "failed", 600.0))) == 50.0
    assert measure_interest(build_runs(("base", "passed", 1.0))) == 0.0
    assert measure_interest(build_runs()) is None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Any:
    policy = '[debt]\nminutes = { phantom-import = 500 }\n[[owner]]\npattern = "shop/core"\nowner = "core"\n'
    return investigate(tmp_path_factory.mktemp("debt"), SHOP, policy)


def test_a_snapshot_and_its_exports_say_the_same(shop: Any) -> None:
    debt, document = shop.debt(), json.loads(build_findings_json(shop))
    wanted = {**json.loads(json.dumps(debt.as_record())), "in_changed_files": None}
    assert debt.minutes > 0 and document["debt"] == wanted
    assert sum(shop.minutes_by_finding().values()) == debt.minutes
    assert {owner for owner, _ in debt.by_owner} >= {"core"}
    assert debt.minutes == sum(step.minutes for phase in shop.plan() for step in phase.steps)


def test_the_debt_in_files_that_changed_lately_is_counted_and_that_in_others_is_not(tmp_path: Path) -> None:
    """The last commit is 100 days after the first: only what changed in the last 90 days counts."""
    repo = GitLine(tmp_path / "shop")
    repo.commit({"shop/__init__.py": "", "shop/old.py": "import shop.gone\n"})
    repo.commits += ["later"] * 99
    repo.commit({"shop/new.py": "import shop.lost\nimport shop.never\n"})
    repo.commit({"notes.txt": "no code"})
    inv = analysis.investigate(repo.root, data=tmp_path / "data", jobs=1)
    minutes = {
        row["subject"]: inv.minutes_by_finding()[row["fingerprint"]] for row in inv.table("findings").to_pylist()
    }
    found = find_changed_debt(inv)
    assert found == ChangedDebt(minutes["shop.lost"] + minutes["shop.never"], 1)
    assert found.minutes < inv.debt().minutes and minutes["shop.gone"] > 0
    document = json.loads(build_findings_json(inv))
    assert document["debt"]["in_changed_files"] == {"days": 90, "commits": 1, "minutes": found.minutes}
    assert describe_debt(inv.debt(), inv.schedule(), found).endswith(
        "in files that changed in the last 90 days, in which 1 commit touched the code."
    )


def test_without_git_nobody_knows_what_changes_often(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/a.py").write_text("from . import none\n")
    assert find_changed_debt(analysis.investigate(tmp_path / "shop", data=tmp_path / "data", jobs=1)) is None

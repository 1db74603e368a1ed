"""What users keep goes on working: a policy, a baseline, waivers and a snapshot that version 0.1.0 wrote.

``data/version_0_1_0`` holds them as that version left them, and the names that it knew. A test that fails here because
a name is gone wants an entry in ``analysis/former_names.py``, not another file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from analysis import open_snapshot, store, tables
from analysis.cli import app
from analysis.errors import PolicyError, SnapshotError
from analysis.former_names import FORMER, FormerNames, find_metric, find_rule, list_rule_names
from analysis.gate import CheckOptions, check
from analysis.history import read_baseline
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.policy import Policy, parse_policy, read_policy
from analysis.report import executive
from analysis.report.executive import build_executive
from analysis.report.exports import build_findings_json
from analysis.report.issue_markdown import build_issue
from analysis.rules import RULES_BY_NAME
from analysis.rules.finding import fingerprint
from analysis.terminal import print_scan

KEPT = Path(__file__).parent / "data" / "version_0_1_0"
SNAPSHOT = KEPT / "snapshot"
NAMES = json.loads((KEPT / "names.json").read_text())
POLICY = (KEPT / "target/ssot.toml").read_text()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The target of 0.1.0, with the policy and the baseline of then."""
    return Path(shutil.copytree(KEPT / "target", tmp_path / "shop"))


@pytest.fixture(scope="module")
def old() -> Investigation:
    return open_snapshot(SNAPSHOT)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    target = shutil.copytree(KEPT / "target", tmp_path_factory.mktemp("today") / "shop")
    return investigate(target, data=tmp_path_factory.mktemp("data"))


def find_keys(model: type[Policy], where: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        kind = field.annotation
        kinds = [kind, *get_args(kind), *(inner for each in get_args(kind) for inner in get_args(each))]
        inner = [each for each in kinds if isinstance(each, type) and hasattr(each, "model_fields")]
        found |= {where + name} | (find_keys(inner[0], f"{where}{name}.") if inner else set())
    return found


def list_findings(inv: Investigation) -> set[tuple[str, str, str]]:
    rows = inv.table("findings").select(["fingerprint", "rule", "subject"]).to_pylist()
    return {(row["fingerprint"], row["rule"], row["subject"]) for row in rows}


def list_accepted(inv: Investigation) -> set[tuple[str, str, str]]:
    rows = inv.table("accepted").to_pylist()
    return {(row["fingerprint"], row["by"], row["reason"]) for row in rows}


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_policy_of_0_1_0_says_what_it_said() -> None:
    policy = read_policy(KEPT / "target/ssot.toml")
    assert (policy.target.name, policy.target.packages, policy.target.exclude) == ("shop", ("app",), ("build",))
    assert (policy.concept[0].name, policy.concept[0].max_classes, policy.concept[0].severity) == ("Registry", 1, "P1")
    assert policy.factory[0].require_methods == ("make", "close")
    assert policy.redirect[0].marker == "moved to app.orders"
    assert (policy.golden_path.runs, policy.golden_path.target) == (5, 0.99)
    assert policy.business.notes == {"P0": "no order can be taken"}
    assert policy.compliance.threshold == 5
    assert policy.compliance.weights == {find_rule("class-defined-more-than-once"): 2}
    assert (policy.claim[0].value, policy.owner[0].owner) == (1, "archive team")
    assert policy.ignore[0].rule == find_rule("phantom-import")


def test_every_finding_of_0_1_0_is_found_again_by_its_fingerprint(old: Investigation, today: Investigation) -> None:
    assert len(list_findings(old)) == 12
    assert list_findings(old) <= list_findings(today)


def test_the_waivers_of_0_1_0_accept_the_same_findings(old: Investigation, today: Investigation) -> None:
    assert {by for _, by, _ in list_accepted(today)} == {"comment", "policy"}
    assert list_accepted(today) == list_accepted(old)


def test_without_its_waivers_the_target_has_the_findings_that_they_accept(shop: Path, tmp_path: Path) -> None:
    edit(shop / "app/registry.py", "# ssot: allow", "# allow")
    edit(shop / "ssot.toml", 'subject = "*"', 'subject = "another.module"')
    result = check(shop, CheckOptions(data=tmp_path / "data"))
    assert {(finding.rule, finding.subject) for finding in result.findings if finding.status == "new"} >= {
        (find_rule("class-defined-more-than-once"), "Order"), (find_rule("phantom-import"), "app.stock"),
    }  # fmt: skip
    assert not result.passed


def test_against_a_baseline_of_0_1_0_nothing_is_new_in_the_code_of_then(shop: Path, tmp_path: Path) -> None:
    result = check(shop, CheckOptions(data=tmp_path / "data"))
    assert len(result.findings) == 12
    assert {finding.status for finding in result.findings} == {"known"}
    assert result.gone == ()
    assert result.passed


def test_against_a_baseline_of_0_1_0_what_is_new_is_new_and_what_was_fixed_is_gone(shop: Path, tmp_path: Path) -> None:
    edit(shop / "app/report.py", "seen=[]", "seen=None")
    (shop / "app/cart.py").write_text("def add(item, items=[]):\n    items.append(item)\n    return items\n")
    result = check(shop, CheckOptions(data=tmp_path / "data"))
    assert [finding.subject for finding in result.findings if finding.status == "new"] == ["app.cart:add"]
    assert [finding.subject for finding in result.gone] == ["app.report:show"]
    assert not result.passed


def test_every_table_of_a_snapshot_of_0_1_0_is_read_and_later_ones_are_empty(old: Investigation) -> None:
    for name in tables.TABLES:
        assert old.table(name).schema.equals(tables.TABLES[name].schema), name
    counts = {name: old.table(name).num_rows for name in NAMES["tables"]}
    assert counts == {name: old.manifest.counts[name] for name in NAMES["tables"]}
    assert old.table("not_analysed").num_rows == 0
    edges = old.table("edges").to_pylist()
    assert {(row["liveness"], row["level"], row["bound_as"]) for row in edges} == {("always", 0, "")}
    assert {row["owner"] for row in old.table("findings").to_pylist()} == {""}


def test_a_snapshot_whose_table_lacks_a_column_of_every_version_is_damaged(tmp_path: Path) -> None:
    snapshot = Path(shutil.copytree(SNAPSHOT, tmp_path / "snapshot"))
    edges = pq.read_table(snapshot / "edges.parquet")
    pq.write_table(edges.drop_columns(["imported", "path"]), snapshot / "edges.parquet")
    with pytest.raises(SnapshotError, match="the columns imported, path are missing"):
        store.read_table(snapshot, "edges")


def test_the_manifest_of_0_1_0_is_read_and_what_came_later_has_its_default(old: Investigation) -> None:
    manifest = old.manifest
    assert (manifest.target, manifest.revision, manifest.tool_version) == ("shop", "no-git", "0.1.0")
    assert manifest.statuses == {"ok": 7}
    assert (manifest.not_simulated, manifest.git_problem, manifest.probe) == (0, "", None)


def test_the_terminal_shows_a_snapshot_of_0_1_0(old: Investigation, capsys: pytest.CaptureFixture[str]) -> None:
    print_scan(old)
    shown = capsys.readouterr().out
    assert "7 files" in shown and "import-cycle" in shown


def test_a_table_that_a_snapshot_counts_but_has_not_is_missing(tmp_path: Path) -> None:
    snapshot = shutil.copytree(SNAPSHOT, tmp_path / "snapshot")
    edit(snapshot / "manifest.json", '"counts": {', '"counts": {"not_analysed": 1,')
    with pytest.raises(SnapshotError, match="not_analysed"):
        store.read_table(snapshot, "not_analysed")


def test_a_snapshot_of_0_1_0_fills_every_part_of_a_report(old: Investigation) -> None:
    assert old.policy == read_policy(KEPT / "target/ssot.toml")
    report = build_executive(old)
    shown = [getattr(executive, name)(old) for name in dir(executive) if name.startswith("show_")]
    assert len(shown) > 8
    assert len(json.loads(build_findings_json(old))["findings"]) == 12
    issue = build_issue(report)
    assert "Whichever comes first, the import fails" in issue


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["explain", "app.report", "app.customers", "--in", "shop"], "app/orders.py:1"),
        (["paths", "OrderRegistry", "--in", "shop"], "app.old.OrderRegistry"),
        (["tests", "shop", "--out", "suite"], "suite"),
    ],
)
def test_commands_find_a_snapshot_of_0_1_0_by_its_name(
    words: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That version kept snapshots below the name of the target."""
    shutil.copytree(SNAPSHOT, tmp_path / "data/snapshots/shop/20261127T001029-no-git")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words, env={"SSOT_DATA": str(tmp_path / "data")})
    assert done.exit_code == 0, done.output
    assert expected in done.output


def test_a_snapshot_of_an_unknown_format_is_refused_with_what_to_do(tmp_path: Path) -> None:
    snapshot = shutil.copytree(SNAPSHOT, tmp_path / "snapshot")
    edit(snapshot / "manifest.json", '"format": 4', '"format": 3')
    with pytest.raises(SnapshotError, match="another version") as caught:
        open_snapshot(snapshot)
    assert "ssot scan" in caught.value.remedy


def test_every_name_of_0_1_0_is_known_today_or_has_another_name_today() -> None:
    keys = find_keys(Policy)
    rules = {rule for rule in NAMES["rules"] if find_rule(rule) not in RULES_BY_NAME}
    unknown_keys = {key for key in NAMES["keys"] if key not in keys and key not in FORMER.keys}
    unknown_tables = {name for name in NAMES["tables"] if FORMER.tables.get(name, name) not in tables.TABLES}
    assert (rules, unknown_keys, unknown_tables) == (set(), set(), set())


def test_former_names_lead_to_names_of_today(today: Investigation) -> None:
    metrics = set(today.metrics["metric"].astype(str))
    assert set(FORMER.rules.values()) <= RULES_BY_NAME.keys()
    assert set(FORMER.keys.values()) <= find_keys(Policy)
    assert set(FORMER.tables.values()) <= tables.TABLES.keys()
    assert {find_metric(name) for name in NAMES["metrics"]} <= metrics
    former = {*FORMER.rules} & RULES_BY_NAME.keys() | {*FORMER.keys} & find_keys(Policy) | {*FORMER.metrics} & metrics
    assert former == set()


#: As if a later version had renamed something of each kind.
RENAMED = FormerNames(
    rules={"import-ring": "import-cycle"},
    keys={"family": "concept", "concept.most": "concept.max_classes"},
    metrics={"rings": "import-time-cycles"},
    tables={"rings": "cycles"},
    columns={"cycles.members": "modules"},
)


def test_a_policy_with_former_names_is_the_one_with_those_of_today() -> None:
    former = """
        [[family]]
        name = "Registry"
        match = ["*Registry"]
        most = 3
        [compliance.weights]
        import-ring = 2
        [[ignore]]
        rule = "import-ring"
        reason = "known"
        [[claim]]
        metric = "rings"
        value = 4
    """
    today = former.replace("family", "concept").replace("most", "max_classes").replace("import-ring", "import-cycle")
    assert parse_policy(former, former=RENAMED) == parse_policy(today.replace('"rings"', '"import-time-cycles"'))


def test_a_key_under_both_of_its_names_is_refused_with_one_line() -> None:
    with pytest.raises(PolicyError, match=r"\[concept\] has 'max_classes' twice"):
        parse_policy('[[concept]]\nname = "R"\nmatch = ["*R"]\nmost = 3\nmax_classes = 2\n', former=RENAMED)
    with pytest.raises(PolicyError, match="'concept' twice"):
        parse_policy("[[concept]]\n[[family]]\n", former=RENAMED)


def test_a_wrong_value_under_a_former_name_is_reported_by_the_name_of_today() -> None:
    with pytest.raises(PolicyError, match="max_classes"):
        parse_policy('[[concept]]\nname = "R"\nmatch = ["*R"]\nmost = "three"\n', former=RENAMED)


def test_a_baseline_knows_a_renamed_rule_and_its_fingerprint(tmp_path: Path) -> None:
    before = fingerprint("import-ring", "app.orders")
    path = tmp_path / "ssot-baseline.json"
    row = {"fingerprint": before, "rule": "import-ring", "severity": "P0", "subject": "app.orders", "places": 2}
    path.write_text(json.dumps({"format": 1, "findings": [row]}))
    assert [known.rule for known in read_baseline(path, former=RENAMED).findings] == ["import-cycle"]
    assert fingerprint("import-cycle", "app.orders", former=RENAMED) == before
    assert fingerprint("import-cycle", "app.orders") != before


def test_a_waiver_by_a_former_name_or_a_pattern_of_it_is_about_the_rule() -> None:
    assert list_rule_names("import-cycle", RENAMED) == ["import-cycle", "import-ring"]
    assert find_rule("import-ring", RENAMED) == "import-cycle"
    assert find_rule("typing-cycle", RENAMED) == "typing-cycle"


def test_a_metric_keeps_what_it_is_about() -> None:
    assert find_metric("rings:app", RENAMED) == "import-time-cycles:app"
    assert find_metric("modules:app", RENAMED) == "modules:app"


def test_a_snapshot_with_former_tables_columns_rules_and_metrics_is_read(tmp_path: Path) -> None:
    snapshot = Path(shutil.copytree(SNAPSHOT, tmp_path / "snapshot"))
    cycles = pq.read_table(snapshot / "cycles.parquet")
    names = ["members" if name == "modules" else name for name in cycles.column_names]
    pq.write_table(cycles.rename_columns(names), snapshot / "rings.parquet")
    (snapshot / "cycles.parquet").unlink()
    replace_values(snapshot / "findings.parquet", "rule", {"import-cycle": "import-ring"})
    replace_values(snapshot / "metrics.parquet", "metric", {"import-time-cycles": "rings"})
    for name in ("cycles", "findings", "metrics"):
        assert store.read_table(snapshot, name, RENAMED).equals(store.read_table(SNAPSHOT, name)), name
    with pytest.raises(SnapshotError):
        store.read_table(snapshot, "cycles")


def replace_values(path: Path, column: str, names: Mapping[str, str]) -> None:
    table = pq.read_table(path)
    before = table.column(column).cast(pa.string()).to_pylist()
    after = [names.get(value, value) for value in before]
    assert after != before
    pq.write_table(table.set_column(table.column_names.index(column), column, pa.array(after)), path)

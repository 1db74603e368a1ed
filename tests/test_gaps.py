"""A step, finder, rule or file on which the kit itself fails costs its own row, never the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest

from analysis import gate, investigate, tables
from analysis.facts import bindings, extract, scan, walk
from analysis.gaps import Gaps, NoGaps, describe_failure
from analysis.investigation import Investigation
from analysis.policy import parse_policy
from analysis.report.executive import build_executive
from analysis.report.provenance import build_provenance
from analysis.rules import RULES
from analysis.runtime import ProbeOptions

Tree = Callable[..., Path]
#: The rules that find something themselves; the others speak of exceptions, after them.
CHECKED = [rule for rule in RULES if rule.check is not None]

TREE = {
    "shop/__init__.py": "from shop.orders import Order\n__all__ = ['Order']\n",
    "shop/orders.py": (
        "from shop.users import User\nclass Order:\n    kept = []\n    def add(self, x):\n        self.kept.append(x)\n"
    ),
    "shop/users.py": "from shop.orders import Order\nclass User: ...\n",
    "shop/lazy.py": (
        "try:\n    from shop.gone import Gone\nexcept ImportError:\n    Gone = None\nfrom shop.orders import Missing\n"
    ),
    "shop/copy.py": (
        "import json\nfrom shop.users import Order\nclass Order:  # ssot: allow[phantom-import] because so\n    x = 1\n"
    ),
    "shop/star.py": "from shop.copy import *\nimport importlib\nimportlib.import_module('shop.none')\n",
}
POLICY = """
[compliance]
threshold = 60
[[concept]]
name = "orders"
match = ["Order"]
[[factory]]
match = ["*Factory"]
require_methods = ["create"]
[[redirect]]
paths = ["shop.orders.Order", "shop.Order"]
[[owner]]
pattern = "shop"
owner = "team"
"""
#: What stands downstream of each step; what a rule finds is in the last ones.
JUDGED = {"findings", "accepted", "scores", "score_parts", "metrics", "not_analysed"}
SIMULATED = {table.name for table in tables.SIMULATION_TABLES} | {"cut_trials"}
NAMED = {"paths", "violations", "phantom_names", "conflicts", "bases", "duplicates", "folder_copies"}
LINKED = {"edges", "externals", "phantoms", "cycles"}
PROBED = {table.name for table in tables.PROBE_TABLES}
DOWNSTREAM = {
    "scan": set(tables.TABLES) - {"left_out"},
    "resolve": {"starts", "search_paths"} | JUDGED,  # each step that asks makes a resolver of its own
    "graph": LINKED | PROBED | JUDGED | {"cut_trials"},
    "cycles": {"cycles", "cut_trials"} | JUDGED,
    "identity": JUDGED,
    "names": NAMED | {"agreement"} | JUDGED,
    "probe": PROBED | SIMULATED | JUDGED,
    "simulation": SIMULATED | JUDGED,
    "golden path": {"golden_runs", "golden_tests", "golden_modules"} | JUDGED,
    "rules": JUDGED,
}


class BrokenError(Exception):
    """Raised inside the kit by these tests."""


def fail(*_: object, **__: object) -> Any:
    raise BrokenError("on purpose")


@pytest.fixture
def break_part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return what makes one part of a step raise; where it is about single files, for ``shop/star.py``."""
    attempt = Gaps.attempt

    def break_it(step: str, part: str) -> None:
        def broken(
            self: Gaps, a_step: str, a_part: str, work: Callable[[], Any], fallback: Callable[[], Any], **more: str
        ) -> Any:
            is_meant = (a_step, a_part, more.get("path", "shop/star.py")) == (step, part, "shop/star.py")
            return attempt(self, a_step, a_part, fail if is_meant else work, fallback, **more)

        monkeypatch.setattr(Gaps, "attempt", broken)

    return break_it


def list_parts(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> list[tuple[str, str]]:
    """Return the steps and parts that a run goes through, each once, in their order."""
    found: dict[tuple[str, str], None] = {}
    attempt = Gaps.attempt

    def listen(
        self: Gaps, step: str, part: str, work: Callable[[], Any], fallback: Callable[[], Any], **more: str
    ) -> Any:
        found[step, part] = None
        return attempt(self, step, part, work, fallback, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Gaps, "attempt", listen)
        run()
    return list(found)


def look(root: Path, data: Path, *, probed: bool = False) -> Investigation:
    options = ProbeOptions() if probed else None
    return investigate(root, policy=parse_policy(POLICY), data=data, jobs=1, probe=options)


def read_tables(inv: Investigation) -> dict[str, list[dict[str, Any]]]:
    """Return the tables without what differs from run to run: times, and the memory of processes."""
    unsteady = {"seconds", "peak_memory"}
    found = {}
    for name in tables.TABLES:
        table: pa.Table = inv.table(name)
        kept = [column for column in table.column_names if column not in unsteady]
        found[name] = [] if name == "import_costs" else table.select(kept).to_pylist()
    return found


def format_rows(inv: Investigation) -> list[tuple[str, str]]:
    return [(row["step"], row["part"]) for row in inv.table("not_analysed").to_pylist()]


def test_a_run_without_a_failure_has_no_row(make_tree: Tree, tmp_path: Path) -> None:
    inv = look(make_tree(TREE), tmp_path / "data")
    assert format_rows(inv) == []
    assert inv.metric("parts-not-analysed") == 0
    assert {row["rule"] for row in inv.table("findings").to_pylist()} >= {"import-cycle", "phantom-name"}


def test_each_step_finder_and_rule_costs_one_row_when_it_fails(
    make_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_part: Callable[[str, str], None]
) -> None:
    root = make_tree(TREE)
    wholes = {probed: read_tables(look(root, tmp_path / f"whole{probed}", probed=probed)) for probed in (False, True)}
    parts = list_parts(monkeypatch, lambda: look(root, tmp_path / "listed", probed=True))
    needing = {rule.name for rule in CHECKED if rule.needs_probe}
    assert {step for step, _ in parts} == set(DOWNSTREAM)
    assert {rule.name for rule in CHECKED} <= {part for step, part in parts if step == "rules"}
    for number, (step, part) in enumerate(parts):
        probed = step == "probe" or part in needing  # the probe takes its time
        whole = wholes[probed]
        break_part(step, part)
        inv = look(root, tmp_path / f"broken{number}", probed=probed)
        monkeypatch.undo()
        rows = inv.table("not_analysed").to_pylist()
        assert [(row["step"], row["part"]) for row in rows] == [(step, part)]
        assert all("BrokenError: on purpose" in row["reason"] for row in rows)
        found = read_tables(inv)
        unchanged = set(tables.TABLES) - DOWNSTREAM[step]
        assert {name for name in unchanged if found[name] != whole[name]} == set(), (step, part)
        if step == "rules" and part in {rule.name for rule in CHECKED}:
            left_out = {part, "exception-unused"}  # whether an exception for this rule is needed nobody knows
            # A consequence of what the rule finds stands for itself where the rule fails.
            kept = [
                [{**row, "cause": ""} for row in each["findings"] if row["rule"] not in left_out]
                for each in (found, whole)
            ]
            assert kept[0] == kept[1]
            assert part not in {row["rule"] for row in found["findings"]}


@pytest.mark.parametrize("threshold", [0, 100])
def test_the_exit_code_of_a_check_is_as_without_the_failure(
    threshold: int,
    make_tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    break_part: Callable[[str, str], None],
) -> None:
    root = make_tree(TREE)

    def run(name: str) -> gate.CheckResult:
        return gate.check(root, gate.CheckOptions(threshold=threshold, data=tmp_path / name, jobs=1))

    whole = run("whole")
    parts = list_parts(monkeypatch, lambda: run("listed"))
    assert len(parts) > len(CHECKED) + 10
    for number, (step, part) in enumerate(parts):
        break_part(step, part)
        found = run(f"broken{number}")
        monkeypatch.undo()
        if (step, part) in {("scan", ""), ("scan", "modules"), ("rules", ""), ("rules", "scores")}:  # no score is known
            assert not found.passed
            assert "the score could not be computed" in found.reasons
        else:
            assert found.passed == whole.passed, (step, part)
        assert {(gap.step, gap.part) for gap in found.not_analysed} == {(step, part)}


def test_what_a_failing_rule_found_before_is_not_called_gone(
    make_tree: Tree, tmp_path: Path, break_part: Callable[[str, str], None]
) -> None:
    root = make_tree(TREE)
    options = gate.CheckOptions(data=tmp_path / "data", jobs=1)
    place, _ = gate.write_target_baseline(root, options)
    break_part("rules", "import-cycle")
    for is_old in (False, True):
        if is_old:  # as version 0.1.0 wrote it
            known = json.loads(place.read_text())
            del known["simulated"]
            place.write_text(json.dumps(known))
        result = gate.check(root, options)
        assert result.passed
        assert "import-cycle" not in {each.rule for each in result.gone}
        assert [(gap.step, gap.part) for gap in result.not_analysed] == [("rules", "import-cycle")]


def test_the_report_says_the_same_as_the_check_of_what_the_kit_failed_on(
    make_tree: Tree, tmp_path: Path, break_part: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree(TREE)
    options = gate.CheckOptions(data=tmp_path / "data", jobs=1)
    gate.write_target_baseline(root, options)
    for part in ("import-cycle", "scores"):
        break_part("rules", part)
        result, inv = gate.check(root, options), look(root, tmp_path / "data")
        monkeypatch.undo()
        assert inv.manifest.baseline is not None and inv.manifest.baseline.gone == len(result.gone) == 0
        assert inv.table("scores").num_rows == (0 if part == "scores" else 2)
    for step, part in (("scan", ""), ("scan", "modules")):
        break_part(step, part)
        inv = look(root, tmp_path / "other")
        assert inv.table("scores").num_rows == 0
        assert build_executive(inv).score is None
        monkeypatch.undo()


def test_a_comparison_on_which_the_kit_fails_lets_nothing_pass(
    make_tree: Tree, tmp_path: Path, break_part: Callable[[str, str], None]
) -> None:
    root = make_tree(TREE)
    options = gate.CheckOptions(data=tmp_path / "data", jobs=1)
    gate.write_target_baseline(root, options)
    break_part("rules", "comparison")
    result = gate.check(root, options)
    assert not result.passed
    assert [(gap.step, gap.part) for gap in result.not_analysed] == [("rules", "comparison")]


#: What extraction is made of: the attribute of the module, and the part that a row names.
FINDERS = (
    (extract, "find_dynamic_rows", "dynamic imports"), (extract, "find_markers", "markers"),
    (extract, "write_program", "program"), (walk, "read_class_state", "state"),
    (walk, "read_function_state", "state"), (extract, "read_getattr", "module __getattr__"),
)  # fmt: skip


SOURCE = b"""\
import a.b
from c import d
if a: import e
try:
    import f
except ImportError:
    f = None
class A(B):
    kept = []
    def m(self): return 1
with a as g: h = 1
for i in a: pass
match a:
    case 1: pass
def __getattr__(name): return d
def n(x=[]): return x
j: int = 1
j += 1
del j
a.k(1)
importlib.import_module("z")  # ssot
"""


@pytest.mark.parametrize(("module", "name", "part"), FINDERS)
def test_a_finder_that_fails_on_a_file_costs_one_row_and_its_own_facts(
    module: ModuleType, name: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = extract.extract(SOURCE)
    monkeypatch.setattr(module, name, fail)
    found = extract.extract(SOURCE)
    assert found.status == "ok"
    (row,) = found.rows[-1]
    assert row[:2] == ("scan", part)
    touched = {
        "dynamic imports": {"imports", "hooks"}, "markers": {"markers"}, "program": {"programs"}, "state": {"states"},
        "module __getattr__": {"hooks"},
    }[part]  # fmt: skip
    names = [table.name for table in tables.FACT_TABLES]
    pairs = zip(names, found.rows, whole.rows, strict=True)
    same = [name for name, rows, others in pairs if [row[1:] for row in rows] == [row[1:] for row in others]]
    assert set(names) - set(same) <= touched | {"not_analysed"}


@pytest.mark.parametrize("kind", [*walk.HANDLERS, *bindings.BINDERS], ids=lambda kind: kind.__name__)
def test_a_kind_of_statement_that_fails_costs_its_own_rows(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = extract.extract(SOURCE)
    table = walk.HANDLERS if kind in walk.HANDLERS else bindings.BINDERS
    monkeypatch.setitem(table, kind, fail)
    found = extract.extract(SOURCE)
    assert found.status == "ok"
    assert [row[:2] for row in found.rows[-1]] in ([], [("scan", f"{kind.__name__} statements")])
    for rows, others in zip(found.rows[:-1], whole.rows[:-1], strict=True):
        assert len(rows) <= len(others)


def test_a_file_on_which_the_kit_fails_is_one_row_and_keeps_its_imports(
    make_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree({"a.py": "import b\nTRAP = 1\n", "b.py": "x = 1\n"})
    whole = scan(root, jobs=1)
    init = walk.Walker.__init__

    def start(self: Any, source: bytes, *rest: Any) -> None:
        if b"TRAP" in source:
            fail()
        init(self, source, *rest)

    monkeypatch.setattr(walk.Walker, "__init__", start)
    facts = scan(root, jobs=1)
    assert tables.read_column(facts.files, "status") == ["not-analysed", "ok"]
    assert [(row["path"], row["part"]) for row in facts.not_analysed.to_pylist()] == [("a.py", "")]
    assert [row["module"] for row in facts.imports.to_pylist()] == ["b"]
    assert facts.modules.equals(whole.modules)
    assert facts.bindings.filter(pa.compute.equal(facts.bindings["path"].cast(pa.string()), "b.py")).num_rows == 1


def test_rows_that_do_not_fit_their_table_cost_only_their_file(
    make_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree({"a.py": "import b\nTRAP = 1\n", "b.py": "x = 1\n", "c.py": "y = 1\n"})
    extracted = extract.extract

    def spoil(source: bytes) -> Any:
        facts = extracted(source)
        if b"TRAP" in source:
            facts.rows[0][0] = (*facts.rows[0][0][:-1], [1])
        return facts

    monkeypatch.setattr("analysis.facts.read_files.extract", spoil)
    facts = scan(root, jobs=1)
    assert tables.read_column(facts.files, "status") == ["not-analysed", "ok", "ok"]
    assert [row["name"] for row in facts.bindings.to_pylist()] == ["x", "y"]


def test_what_failed_is_not_kept_for_the_next_run(
    make_tree: Tree, tmp_path: Path, break_part: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree(TREE)
    whole = read_tables(look(root, tmp_path / "whole"))
    for step, part in (("names", "violations"), ("simulation", "first import of shop.users"), ("scan", "modules")):
        break_part(step, part)
        assert format_rows(look(root, tmp_path / step)) == [(step, part)]
        monkeypatch.undo()
        assert read_tables(look(root, tmp_path / step)) == whole


def test_a_failure_is_said_wherever_a_verdict_is(
    make_tree: Tree, tmp_path: Path, break_part: Callable[[str, str], None]
) -> None:
    root = make_tree(TREE)
    break_part("rules", "import-cycle")
    result = gate.check(root, gate.CheckOptions(data=tmp_path / "data", jobs=1))
    told = "could not be analysed"
    notices = json.loads(gate.render(result, "sarif"))["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [notice["level"] for notice in notices] == ["error"]
    assert told in notices[0]["message"]["text"]
    assert told in gate.render(result, "markdown")
    suite = ET.fromstring(gate.render(result, "junit"))
    assert [each.get("message", "")[: len(told)] for each in suite.iter("skipped")] == [told]
    inv = look(root, tmp_path / "data")
    provenance = build_provenance(inv)
    assert any("1 part could not be analysed" in gap for gap in provenance.gaps)
    assert provenance.unread[0][0] == "rules import-cycle"
    assert inv.metric("parts-not-analysed") == 1


def test_a_reason_names_the_exception_and_the_place_in_the_kit() -> None:
    gaps = Gaps()
    assert gaps.attempt("rules", "x", lambda: describe_failure(None), lambda: "fallback") == "fallback"  # type: ignore[arg-type]
    assert gaps.rows[0].reason.startswith("AttributeError: ")


def test_without_gaps_a_failure_is_raised() -> None:
    with pytest.raises(BrokenError):
        NoGaps().attempt("rules", "x", fail, lambda: None)

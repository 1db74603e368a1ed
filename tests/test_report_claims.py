"""A claim is confirmed or refuted by a number of this run, with the reason; else it is not measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import analysis
from analysis.policy import parse_policy
from analysis.report.claims import ClaimVerdict, judge_claims
from analysis.runtime import ProbeOptions

Tree = Callable[..., Path]
FILES = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import B\nclass A: ...\n",
    "p/b.py": "from p.a import A\nclass B: ...\n",
    "p/c.py": "class C: ...\nc = C()\n",
    "p/d.py": "from p.c import C\nimport nobody_has_this\n",
    "p/e.py": "class MakerFactory:\n    def create_one(self): ...\n",
}


def judge(make_tree: Tree, folder: Path, claims: str, *, probed: bool = False) -> list[ClaimVerdict]:
    """Return the verdicts on some claims, written as TOML."""
    inv = analysis.investigate(
        make_tree(FILES), policy=parse_policy(claims), data=folder / "data", jobs=1,
        probe=ProbeOptions() if probed else None,
    )  # fmt: skip
    return judge_claims(inv)


def claim(metric: str, value: float, *paths: str, tolerance: float = 0.0) -> str:
    """Return one claim as TOML."""
    return f"[[claim]]\nmetric = {metric!r}\nvalue = {value}\ntolerance = {tolerance}\npaths = {list(paths)}\n"


FAILING = "modules-that-fail-when-imported-first"


def test_without_claims_there_is_no_verdict(make_tree: Tree, tmp_path: Path) -> None:
    assert judge(make_tree, tmp_path, "") == []


def test_a_number_that_nobody_knows_is_not_measured(make_tree: Tree, tmp_path: Path) -> None:
    text = claim("bogus", 1) + claim("modules-executed-twice", 2) + claim("golden-path-success-rate", 0.6)
    found = judge(make_tree, tmp_path, text)
    assert [verdict.verdict for verdict in found] == ["not measured"] * 3
    assert "ssot scan --json" in found[0].why
    assert "--probe" in found[1].why
    assert (found[2].stated, found[2].why) == ("60.0 %", "Not measured: run ssot golden-path.")


def test_about_so_many_is_confirmed_within_its_tolerance(make_tree: Tree, tmp_path: Path) -> None:
    values = ((6, 0), (5, 0), (5, 1), (4, 1))
    text = "".join(claim("modules", value, tolerance=tolerance) for value, tolerance in values)
    assert [verdict.verdict for verdict in judge(make_tree, tmp_path, text)] == [
        "confirmed", "refuted", "confirmed", "refuted",
    ]  # fmt: skip


def test_the_reason_names_what_is_behind_each_path(make_tree: Tree, tmp_path: Path) -> None:
    (found,) = judge(make_tree, tmp_path, claim("class-ids:C", 2, "p.c.C", "p.d.C", "p.c.c", "p.c.nothing"))
    assert (found.measured, found.verdict) == ("1", "refuted")
    assert "p.c.C is the class p.c:C." in found.why
    assert "p.c.c is an object of p.c:C." in found.why
    assert "p.c.nothing does not exist." in found.why


def test_missing_methods_are_confirmed_with_what_is_near(make_tree: Tree, tmp_path: Path) -> None:
    rule = "[[factory]]\nmatch = ['*Factory']\nrequire_methods = ['create']\n"
    (found,) = judge(make_tree, tmp_path, claim("factory-methods-missing", 1) + rule)
    assert found.verdict == "confirmed"
    assert "create (near: create_one)" in found.why


def test_first_imports_are_counted_for_all_modules_or_those_named(make_tree: Tree, tmp_path: Path) -> None:
    (every,) = judge(make_tree, tmp_path, claim(FAILING, 2), probed=True)
    assert (every.measured, every.verdict) == ("2", "confirmed")
    assert "Of 6 modules 3 could be imported, 2 circular, 1 missing-third-party." in every.why
    (named,) = judge(make_tree, tmp_path, claim(FAILING, 1, "p.a", "p.c"), probed=True)
    assert (named.measured, named.verdict) == ("1", "confirmed")
    assert "p.a: circular. p.c: ok." in named.why


def test_a_claim_about_some_modules_leaves_the_number_of_all_as_it_is(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(
        make_tree(FILES), policy=parse_policy(claim(FAILING, 3, "p.c")), data=tmp_path / "data", jobs=1
    )
    (found,) = judge_claims(inv)
    assert (found.measured, found.verdict) == ("0", "refuted")
    metrics = {row["metric"]: row["value"] for row in inv.table("metrics").to_pylist()}
    assert metrics[FAILING] == 2


def test_a_module_that_cannot_be_judged_makes_the_claim_about_it_not_measured(make_tree: Tree, tmp_path: Path) -> None:
    (found,) = judge(make_tree, tmp_path, claim(FAILING, 1, "p.a", "p.d"), probed=True)
    assert (found.measured, found.verdict) == ("", "not measured")
    assert "p.d: missing-third-party." in found.why

"""The compliance score: documented, from 0 to 100, and never lower after something was mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_trees import judge_case, open_case

from analysis import tables
from analysis.rules import find_scores
from analysis.rules.finding import Finding, build_finding
from analysis.rules.score import POINTS, build_scores, find_packages

Tree = Callable[..., Path]
PATHS = [f"p/{sub}/m{number}.py" for sub in "ab" for number in range(5)]
RULES = ("one", "two", "free")
WEIGHTS = {"two": 2.0, "free": 0.0}


def build_modules(paths: list[str]) -> object:
    """Return a table of modules, one for each path."""
    rows = [(path.removesuffix(".py").replace("/", "."), path, "module", "", True, "") for path in paths]
    names = tables.MODULES.names
    given_ = ("module", "path", "kind", "root", "is_primary", "shadowed_by")
    return tables.MODULES.from_rows([[dict(zip(given_, row, strict=True)).get(name) for name in names] for row in rows])


findings = st.lists(
    st.builds(
        lambda rule, severity, subject, places: build_finding(rule, severity, subject, "m", [(p, 1) for p in places]),
        st.sampled_from(RULES), st.sampled_from(tables.SEVERITIES), st.text("xyz", min_size=1, max_size=2),
        st.lists(st.sampled_from([*PATHS, "outside.txt"]), max_size=6),
    ),
    max_size=8,
)  # fmt: skip


def score(found: list[Finding], paths: list[str]) -> float:
    """Return the score of the whole."""
    return build_scores(found, build_modules(paths), WEIGHTS)[0][0].score  # type: ignore[arg-type]


@given(findings, st.data())
def test_mending_never_lowers_the_score(found: list[Finding], data: st.DataObject) -> None:
    before = score(found, PATHS)
    assert 0 <= before <= 100
    if not found:
        assert before == 100
        return
    index = data.draw(st.integers(0, len(found) - 1))
    chosen, rest = found[index], found[:index] + found[index + 1 :]
    assert score(rest, PATHS) >= before
    milder = replace(
        chosen, severity=data.draw(st.sampled_from([s for s in tables.SEVERITIES if s >= chosen.severity]))
    )
    assert score([*rest, milder], PATHS) >= before
    assert score([*rest, replace(chosen, certainty="refuted")], PATHS) >= before
    if len(chosen.cited) > 1:
        assert score([*rest, replace(chosen, cited=chosen.cited[1:])], PATHS) >= before
        split = [replace(chosen, cited=chosen.cited[:1]), replace(chosen, cited=chosen.cited[1:])]
        assert score([*rest, *split], PATHS) == pytest.approx(before)
    if chosen.severity != "P3":  # the modules of the finding are deleted, and the finding with them
        cited = {path for path, _ in chosen.cited}
        assert score(rest, [path for path in PATHS if path not in cited]) >= before - 1e-9


def test_a_cycle_is_charged_to_all_its_packages() -> None:
    cycle = build_finding("one", "P2", "p.a", "m", [("p/a/m0.py", 1), ("p/b/m0.py", 2), ("p/b/m1.py", 3)])
    scores, parts = build_scores([cycle], build_modules(PATHS), WEIGHTS)  # type: ignore[arg-type]
    assert [(each.package, each.findings, each.points, each.clean_modules) for each in scores] == [
        ("", 1, 3.0, 7), ("p.a", 1, 1.0, 4), ("p.b", 1, 2.0, 3)
    ]  # fmt: skip
    assert [(part.package, part.places) for part in parts] == [("", 3), ("p.a", 1), ("p.b", 2)]


@given(findings)
def test_the_parts_add_up(found: list[Finding]) -> None:
    scores, parts = build_scores(found, build_modules(PATHS), WEIGHTS)  # type: ignore[arg-type]
    whole = scores[0]
    for column in ("modules", "clean_modules", "points"):
        assert getattr(whole, column) == pytest.approx(sum(getattr(each, column) for each in scores[1:]))
    assert whole.findings == len(found)
    for each in scores:
        assert each.points == pytest.approx(sum(part.points for part in parts if part.package == each.package))
    expected = sum(
        WEIGHTS.get(finding.rule, POINTS[finding.severity]) * max(1, len(finding.cited)) for finding in found
    )
    assert whole.points == pytest.approx(expected)


def test_packages_are_as_deep_as_they_tell_apart(make_tree: Tree) -> None:
    files = {f"{path}.py": "" for path in ("p/__init__", "p/x/__init__", "p/x/a", "p/b")}
    assert find_packages(open_case(make_tree(files)).facts.modules) == {
        "p/__init__.py": "p", "p/x/__init__.py": "p.x", "p/x/a.py": "p.x", "p/b.py": "p",
    }  # fmt: skip
    deep = {f"p/q/r/{path}.py": "" for path in ("s/a", "s/b", "t/a", "t/b")}
    assert set(find_packages(open_case(make_tree(deep)).facts.modules).values()) == {"p.q.r.s", "p.q.r.t"}
    files |= {f"{path}.py": "" for path in ("q/__init__", "q/c", "r/__init__", "r/e")}
    found = find_packages(open_case(make_tree(files)).facts.modules)
    assert set(found.values()) == {"p", "q", "r"}


def test_a_policy_gives_its_own_points(make_tree: Tree) -> None:
    root = make_tree({"a.py": "class Order: ...\n", "b.py": "class Order: ...\n", "c.py": ""})
    plain, dear = (open_case(root, text) for text in ("", "[compliance.weights]\nclass-defined-more-than-once = 7\n"))
    points = [find_scores(case, judge_case(case).findings)[0][0].points for case in (plain, dear)]
    assert points == [2.0, 14.0]


def test_the_score_does_not_depend_on_the_simulation(make_tree: Tree) -> None:
    files = {"a.py": "from b import B\nclass A: ...\n", "b.py": "from a import A\nclass B: ...\n", "c.py": ""}
    case = open_case(make_tree(files))
    blind = replace(case, runtime_tables={})
    with_it, without = (find_scores(each, judge_case(each).findings)[0][0] for each in (case, blind))
    assert {finding.rule for finding in judge_case(case).findings} > {
        finding.rule for finding in judge_case(blind).findings
    }
    assert with_it.score == without.score

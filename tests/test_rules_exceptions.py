"""Exceptions accept what they name, for a reason and for a time, and report themselves when they are of no use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rule_trees import judge_case, open_case

from analysis.errors import PolicyError
from analysis.policy import parse_policy
from analysis.rules import Judgement, check_weights

Tree = Callable[..., Path]
TODAY = dt.date(2026, 6, 1)
HOME = {
    "p/__init__.py": "", "p/a.py": "class Order: ...\n", "p/b.py": "from p.a import Order\nprint(Order)\n",
}  # fmt: skip
RULE = "class-taken-from-elsewhere"


def see(root: Path, policy: str = "") -> Judgement:
    """Return what the rules say of a tree."""
    return judge_case(open_case(root, policy), today=TODAY)


def name(judgement: Judgement) -> list[tuple[str, int]]:
    """Return rule and number of places of each finding."""
    return [(finding.rule, finding.places) for finding in judgement.findings]


@pytest.mark.parametrize(
    "source",
    [
        f"from p.b import Order  # ssot: allow[{RULE}] because of the old API\n",
        f"# ssot: allow[{RULE}] because of the old API\nfrom p.b import Order\n",
        f"# SSOT: allow[phantom-name, {RULE}], because of the old API\nfrom p.b import Order\n",
        f"from p.b import (  # noqa # ssot: allow[{RULE}] because: of the old API\n    Order,\n)\n",
        (
            f"# ssot: allow[{RULE}] because of the old API\n# ssot: allow[phantom-name] because of the old API\n"
            "from p.b import Order, Gone\n"
        ),
        (
            f"from p.b import Order  # {'x' * 300} ssot\nfrom p.b import Order  # ssot: allow[{RULE}] because of it\n"
            f"from p.b import Order  {' ' * 300}# ssot: allow[{RULE}] because of it\n"
        ),
    ],
    ids=["beside", "above", "several", "parentheses", "stacked", "long-lines"],
)
def test_a_comment_accepts_its_place(make_tree: Tree, source: str) -> None:
    found = see(make_tree({**HOME, "p/c.py": source}))
    left = [pair for pair in name(found) if pair[0] == RULE]
    assert left == ([(RULE, 1)] if "xxx" in source else [])
    row = next(row for row in found.accepted if row.rule == RULE)
    assert (row.by, row.path, row.until) == ("comment", "p/c.py", "")
    assert row.reason.startswith("of ")


def test_a_comment_leaves_the_other_places(make_tree: Tree) -> None:
    line = "from p.b import Order\n"
    found = see(make_tree({**HOME, "p/c.py": f"# ssot: allow[{RULE}] because I say so\n{line}", "p/d.py": line}))
    assert name(found) == [(RULE, 1)]
    assert [place.path for place in found.findings[0].evidence] == ["p/d.py"]
    assert found.findings[0].message.endswith("1 place is accepted by comments")
    assert found.findings[0].evidence[0].source == "from p.b import Order"


def test_a_comment_accepts_a_whole_cycle_until_another_module_joins(make_tree: Tree) -> None:
    cycle = {
        "a.py": "import b  # ssot: allow[import-cycle] because it is old\n", "b.py": "import a\n", "c.py": "",
    }  # fmt: skip
    first = see(make_tree(cycle))
    assert name(first) == []
    assert [(row.rule, row.places) for row in first.accepted] == [("import-cycle", 1)]


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        (f"allow[{RULE}]", "no reason"),
        (f"allow[{RULE}] because", "no reason"),
        ("allow[class-taken-from-elswhere] because of it", f"did you mean {RULE}?"),
        ("allow[] because of it", "names no rule"),
    ],
)
def test_a_comment_that_does_not_count_says_why(make_tree: Tree, comment: str, fault: str) -> None:
    found = see(make_tree({**HOME, "p/c.py": f"from p.b import Order  # ssot: {comment}\n"}))
    assert sorted(rule for rule, _ in name(found)) == [RULE, "exception-void"]
    assert fault in next(finding.message for finding in found.findings if finding.rule == "exception-void")
    assert found.accepted == []


def test_of_a_comment_for_two_rules_the_one_that_accepts_nothing_is_named(make_tree: Tree) -> None:
    both = f"from p.b import Order  # ssot: allow[{RULE}, import-cycle] because of it\n"
    (found,) = see(make_tree({**HOME, "p/c.py": both})).findings
    assert found.message == "The exception for import-cycle accepts nothing: delete import-cycle"
    neither = "x = 1  # ssot: allow[typing-cycle, import-cycle] because of it\n"
    (found,) = see(make_tree({**HOME, "p/c.py": neither})).findings
    assert found.message == "The exception for typing-cycle, import-cycle accepts nothing: delete it"


@pytest.mark.parametrize(
    ("entry", "is_accepted", "own"),
    [
        ('rule = "class-taken-*"', True, []),
        (f'rule = "{RULE}"\nsubject = "p.a:*"', True, []),
        (f'rule = "{RULE}"\nsubject = "p/c.py"', True, []),
        (f'rule = "{RULE}"\nsubject = "p/other.py"', False, ["exception-unused"]),
        (f'rule = "{RULE}"\nuntil = 2026-06-01', True, []),
        (f'rule = "{RULE}"\nuntil = 2026-05-31', False, ["exception-void"]),
        ('rule = "no-such-rule"', False, ["exception-void"]),
        ('rule = "module-executed-twice"', False, []),
    ],
)
def test_the_policy_accepts_for_a_time(
    make_tree: Tree, entry: str, is_accepted: bool, own: list[str]
) -> None:  # fmt: skip
    root = make_tree({**HOME, "p/c.py": "from p.b import Order\n"})
    case = open_case(root, f'[[ignore]]\nreason = "why"\n{entry}\n')
    found = judge_case(replace(case, runtime_tables={}), today=TODAY)
    assert [rule for rule, _ in name(found) if rule == RULE] == ([] if is_accepted else [RULE])
    assert [rule for rule, _ in name(found) if rule != RULE] == own
    assert [(row.by, row.reason) for row in found.accepted] == ([("policy", "why")] if is_accepted else [])


def test_points_are_given_to_rules_that_there_are() -> None:
    check_weights(parse_policy("[compliance.weights]\nphantom-name = 2\n"))
    with pytest.raises(PolicyError, match=r"no rule 'phantom-nam'\. Did you mean phantom-name\?"):
        check_weights(parse_policy("[compliance.weights]\nphantom-nam = 2\n"))

"""What the running interpreter says settles what the source was found to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge, open_case

from analysis.rules import find_findings
from analysis.rules.catalogue import CONFIRMERS
from analysis.rules.probe_evidence import confirm_findings

Tree = Callable[..., Path]
P = {"p/__init__.py": ""}


def certainties(root: Path, rule: str, policy: str = "") -> dict[str, str]:
    """Return the certainty of the findings of a rule by subject, with the probe."""
    return {finding.subject: finding.certainty for finding in judge(root, rule, policy, probed=True)}


def test_without_the_probe_nothing_changes(make_tree: Tree) -> None:
    case = open_case(make_tree({**P, "p/a.py": "import p.gone\n"}))
    findings = find_findings(case)
    assert confirm_findings(findings, case, CONFIRMERS) == findings
    assert {finding.certainty for finding in findings} == {"static"}


def test_an_import_that_raises_is_confirmed_one_that_does_not_run_stays_static(make_tree: Tree) -> None:
    files = {
        **P, "p/x.py": "",
        "p/a.py": "import p.gone\n",
        "p/b.py": "try:\n    from p.x import nothing\nexcept ImportError:\n    pass\n",
        "p/c.py": "def f():\n    import p.later\n",
    }  # fmt: skip
    assert certainties(make_tree(files), "phantom-import") == {"p.gone": "confirmed", "p.later": "static"}
    assert certainties(make_tree(files), "phantom-name") == {"p.x.nothing": "confirmed"}


def test_an_import_that_works_after_all_is_refuted(make_tree: Tree) -> None:
    # The source does not tell that the module is put there by a name that is made up while running.
    files = {
        **P,
        "p/maker.py": "import sys, types\nknown = vars(sys)['mod' + 'ules']\nknown['p.' + 'made'] = types\n",
        "p/a.py": "import p.maker\nimport p.made\n",
    }
    assert certainties(make_tree(files), "phantom-import") == {"p.made": "refuted"}


SWALLOWED = {
    **P,
    "p/a.py": "from p import b\nx = 1\n",
    "p/b.py": "try:\n    from p.a import x\nexcept ImportError:\n    x = None\n",
}


def test_a_swallowed_circle_is_confirmed_by_the_first_import_that_meets_it(make_tree: Tree) -> None:
    assert certainties(make_tree(SWALLOWED), "swallowed-circular-import") == {"p.b": "confirmed"}
    assert set(certainties(make_tree(SWALLOWED), "import-cycle").values()) == {"confirmed"}


def test_a_suspect_that_never_raises_is_refuted(make_tree: Tree) -> None:
    files = {**SWALLOWED, "p/a.py": "x = 1\nfrom p import b\n"}
    assert certainties(make_tree(files), "swallowed-circular-import") == {"p.b": "refuted"}
    assert set(certainties(make_tree(files), "import-cycle").values()) == {"static"}


CLASSES = {
    **P,
    "p/a.py": "class Order:\n    def f(self): ...\n",
    "p/b.py": "class Order:\n    def f(self): ...\n",
    "p/c.py": "from p.a import Order\nPaidOrder = Order()\n",
    "p/d.py": "from p.c import Order\n",
}


def test_classes_paths_and_objects_are_looked_up_in_the_program(make_tree: Tree) -> None:
    root = make_tree(CLASSES)
    assert certainties(root, "class-defined-more-than-once") == {"Order": "confirmed"}
    assert certainties(root, "class-taken-from-elsewhere") == {"p.a:Order": "confirmed"}
    assert certainties(root, "instance-named-like-a-class") == {"p.c.PaidOrder": "confirmed"}


@pytest.mark.parametrize(
    ("second", "expected"), [("from p.a import Order\n", {}), ("class Order: ...\n", {"p.a.Order": "confirmed"})]
)
def test_a_redirect_is_broken_when_the_program_has_two_objects(
    make_tree: Tree, second: str, expected: dict[str, str]
) -> None:
    policy = "[[redirect]]\npaths = ['p.a.Order', 'p.b.Order']\n"
    assert certainties(make_tree({**CLASSES, "p/b.py": second}), "redirect-broken", policy) == expected


#: The source does not tell that the second class gives way to the first.
MADE_ONE = "import p.a\nclass Order: ...\nvars()['Or' + 'der'] = p.a.Order\n"


def test_a_redirect_whose_paths_yield_one_object_in_the_program_is_refuted(make_tree: Tree) -> None:
    policy = "[[redirect]]\npaths = ['p.a.Order', 'p.b.Order']\n"
    root = make_tree({**CLASSES, "p/b.py": MADE_ONE})
    assert [finding.certainty for finding in judge(root, "redirect-broken", policy)] == ["static"]
    assert certainties(root, "redirect-broken", policy) == {"p.a.Order": "refuted"}


def test_a_redirect_with_a_path_that_the_program_has_not_stays_static(make_tree: Tree) -> None:
    policy = "[[redirect]]\npaths = ['p.a.Order', 'p.b.Order', 'p.gone.Order']\n"
    root = make_tree({**CLASSES, "p/b.py": MADE_ONE})
    assert certainties(root, "redirect-broken", policy) == {"p.a.Order": "static"}


def test_a_file_that_does_not_parse_is_confirmed(make_tree: Tree) -> None:
    assert certainties(make_tree({**P, "p/a.py": "def (\n"}), "file-not-parsed") == {"p/a.py": "confirmed"}


def test_what_the_simulation_foretells_is_confirmed_refuted_or_waits_for_the_probe(make_tree: Tree) -> None:
    rule = "module-fails-when-imported-first"
    files = {**P, "p/a.py": "from p.b import B\nA = 1\n", "p/b.py": "from p.a import A\nB = 1\n"}
    root = make_tree(files)
    assert certainties(root, rule) == {"p.a": "confirmed", "p.b": "confirmed"}
    assert {finding.certainty for finding in judge(root, rule)} == {"static"}
    # The simulation takes a loop over what it cannot tell for one that may not run.
    hidden = "for name in dir():\n    if name == '__name__':\n        from p.a import A\nB = 1\n"
    assert certainties(make_tree({**files, "p/b.py": hidden}), rule) == {"p.a": "observed", "p.b": "observed"}


def test_a_module_that_runs_twice_is_confirmed_when_both_see_it(make_tree: Tree) -> None:
    files = {
        **P, "p/a.py": "try:\n    from p.b import B\nexcept ImportError:\n    pass\nA = 1\nfrom p.b import C\n",
        "p/b.py": "C = 1\nfrom p.a import A\nB = 1\n",
    }  # fmt: skip
    assert certainties(make_tree(files), "module-executed-twice") == {"p.b": "confirmed"}

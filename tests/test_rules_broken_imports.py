"""What cannot be imported, and what fails without anybody noticing, is as grave as the place of its statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rule_trees import judge

Tree = Callable[..., Path]
HEAD = {"p/__init__.py": ""}
PHANTOM = "from p.missing import x"


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        (PHANTOM, "P1"),
        ("import p.missing.deeper", "P1"),
        ("from .missing import x", "P1"),
        (f"class C:\n    {PHANTOM}", "P1"),
        (f"with open('x'):\n    {PHANTOM}", "P1"),
        (f"try:\n    {PHANTOM}\nfinally:\n    pass", "P1"),
        (f"try:\n    {PHANTOM}\nexcept KeyError:\n    x = None", "P1"),
        (f"try:\n    {PHANTOM}\nexcept ImportError:\n    x = None", "P2"),
        (f"try:\n    {PHANTOM}\nexcept (KeyError, ModuleNotFoundError):\n    x = None", "P2"),
        (f"try:\n    {PHANTOM}\nexcept:\n    x = None", "P2"),
        (f"try:\n    import json\nexcept ImportError:\n    {PHANTOM}", "P2"),
        (f"from contextlib import suppress\nwith suppress(Exception):\n    {PHANTOM}", "P2"),
        (f"if flag:\n    {PHANTOM}", "P2"),
        (f"for _ in y:\n    {PHANTOM}", "P2"),
        (f"def f():\n    {PHANTOM}", "P2"),
        (f"if __name__ == '__main__':\n    {PHANTOM}", "P2"),
        (f"if TYPE_CHECKING:\n    {PHANTOM}", "P3"),
        ("try:\n    from p._version import x\nexcept ImportError:\n    x = '0'", "P3"),
        ("from p._version import x", "P1"),
        (f"import sys\ndef f():\n    sys.modules['p.missing'] = sys\n{PHANTOM}", "P3"),
    ],
)
def test_a_phantom_import_is_as_severe_as_its_place(make_tree: Tree, source: str, severity: str) -> None:
    found = judge(make_tree(HEAD | {"p/a.py": source}), "phantom-import")
    assert [finding.severity for finding in found] == [severity]


def test_what_somebody_else_ships_is_no_phantom(make_tree: Tree) -> None:
    assert judge(make_tree(HEAD | {"p/a.py": "import numpy.missing\nimport elsewhere\n"})) == []


def test_one_missing_module_is_one_finding_with_its_gravest_place_first(make_tree: Tree) -> None:
    files = {
        "p/a.py": f"def f():\n    {PHANTOM}\n    {PHANTOM}\n", "p/b.py": f"{PHANTOM}, y\n",
        "p/mising.py": "x = y = 1\n",
        "p/c.py": f"if TYPE_CHECKING:\n    {PHANTOM}\n",
    }  # fmt: skip
    (finding,) = judge(make_tree(HEAD | files), "phantom-import")
    assert (finding.severity, finding.subject, finding.places) == ("P1", "p.missing", 4)
    assert [(place.path, place.line) for place in finding.evidence] == [
        ("p/b.py", 1), ("p/a.py", 2), ("p/a.py", 3), ("p/c.py", 2),
    ]  # fmt: skip
    assert (
        "4 statements import it (1 on import, 2 guarded or in functions, 1 uncertain or for type checkers)"
        in finding.message
    )
    assert "the nearest name is p.mising" in finding.message


def test_one_statement_imports_and_says_where(make_tree: Tree) -> None:
    (finding,) = judge(make_tree(HEAD | {"p/a.py": PHANTOM}), "phantom-import")
    assert finding.message == "p.missing does not exist, but 1 statement imports it (on import)"


def test_what_may_be_made_at_run_time_is_called_uncertain(make_tree: Tree) -> None:
    files = {"p/a.py": "import sys\nsys.modules['p.missing'] = sys\n", "p/b.py": PHANTOM}
    (finding,) = judge(make_tree(HEAD | files), "phantom-import")
    assert "it may be made at run time: registered at run time" in finding.message


CYCLE = {**HEAD, "p/a.py": "from p import b\nx = y = 1\n"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("try:\n    from p.a import x, y\nexcept ImportError:\n    x = None", "P1: x, y may not be what is imported"),
        ("try:\n    from p.a import x\nexcept Exception:\n    pass", "P1: x may not be what is imported"),
        ("try:\n    from p.a import *\nexcept:\n    pass", "P2: it may not be what is imported"),
        ("try:\n    import p.a\nexcept BaseException:\n    pass", "P2: it may not be what is imported"),
        (
            "try:\n    if True:\n        from p.a import x\nexcept ImportError:\n    pass",
            "P1: x may not be what is imported",
        ),
        (
            "class C:\n    try:\n        from p.a import x\n    except ImportError:\n        pass",
            "P1: x may not be what is imported",
        ),
        (
            "import contextlib\nwith contextlib.suppress(ImportError):\n    from p.a import x",
            "P1: x may not be what is imported",
        ),
    ],
)
def test_a_guarded_import_on_a_cycle_is_a_suspect(make_tree: Tree, source: str, told: str) -> None:
    (finding,) = judge(make_tree(CYCLE | {"p/b.py": source}), "swallowed-circular-import")
    severity, _, names = told.partition(": ")
    assert (finding.severity, finding.subject) == (severity, "p.b")
    assert "p.b imports p.a on a cycle, inside a try that swallows the failure" in finding.message
    assert names in finding.message


def test_what_a_first_import_loses_is_said_with_what_is_left(make_tree: Tree) -> None:
    guarded = "try:\n    from p.a import x\nexcept ImportError:\n    x = None\n"
    (finding,) = judge(make_tree(CYCLE | {"p/b.py": guarded}), "swallowed-circular-import")
    assert "The simulation confirms it when p.a is imported first: x stays None" in finding.message
    early = {**HEAD, "p/a.py": "x = 1\nfrom p import b\n", "p/b.py": guarded}
    (finding,) = judge(make_tree(early), "swallowed-circular-import")
    assert finding.severity == "P2"
    assert "Every module can be imported first today" in finding.message


@pytest.mark.parametrize(
    "source",
    [
        "from p.a import x",
        "try:\n    from p.a import x\nexcept KeyError:\n    pass",
        "try:\n    import json\nexcept ImportError:\n    from p.a import x",
        "def f():\n    try:\n        from p.a import x\n    except ImportError:\n        pass",
        "try:\n    import json\nexcept ImportError:\n    json = None\nfrom p.a import x",
    ],
)
def test_what_fails_loudly_or_later_is_none(make_tree: Tree, source: str) -> None:
    assert judge(make_tree(CYCLE | {"p/b.py": source}), "swallowed-circular-import") == []


def test_a_guarded_import_beside_a_cycle_is_none(make_tree: Tree) -> None:
    files = {"p/b.py": "import p.a\n", "p/c.py": "try:\n    from p.a import x\nexcept ImportError:\n    x = None\n"}
    assert judge(make_tree(CYCLE | files), "swallowed-circular-import") == []


def test_a_cycle_through_packages_counts_less(make_tree: Tree) -> None:
    files = {
        "p/a.py": "try:\n    from q.b import x\nexcept ImportError:\n    x = None\n", "q/__init__.py": "import p.a\n",
        "q/b.py": "x = 1\n",
    }  # fmt: skip
    (finding,) = judge(make_tree(HEAD | files), "swallowed-circular-import")
    assert (finding.severity, finding.subject) == ("P2", "p.a")
    assert "on a cycle through packages" in finding.message


def test_one_module_is_one_finding(make_tree: Tree) -> None:
    guarded = "try:\n    from p.a import x\nexcept ImportError:\n    pass\n"
    (finding,) = judge(make_tree(CYCLE | {"p/b.py": guarded * 3}), "swallowed-circular-import")
    assert finding.places == 3


def test_a_star_recovered_from_a_file_that_does_not_parse_is_no_name(make_tree: Tree) -> None:
    files = {"q/__init__.py": "", "q/a.py": "x = 1\n", "b.py": "from q.a import *\nfrom q.a import y\ndef (\n"}
    assert [finding.subject for finding in judge(make_tree(files), "phantom-name")] == ["q.a.y"]


def test_what_is_registered_before_it_is_imported_is_not_missing(make_tree: Tree) -> None:
    files = {"p/__init__.py": "", "p/m.py": f"import sys\nsys.modules['p.missing'] = sys\n{PHANTOM}"}
    assert [finding for finding in judge(make_tree(files)) if finding.rule == "phantom-import"] == []

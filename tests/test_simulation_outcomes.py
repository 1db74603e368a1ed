"""What the simulation says beyond the exception: its meaning, names, doubt and chain, and what is swallowed."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from first_imports import Program, place_programs, simulate

from analysis import tables
from analysis.facts import scan
from analysis.runtime import find_entries
from analysis.simulation import Environment, count_not_simulated, simulate_entries
from analysis.simulation.entries import Simulation

Tree = Callable[..., Path]
U = "import os\nU = os.urandom(1)[0]\n"
WRAP = "try:\n    from pk.a import A\nexcept ImportError as e:\n    "
RING = {"pk/__init__.py": "", "pk/a.py": "from pk.m import M\nA = 1\n"}

#: A program and what is said of the first import of ``pk.m``: outcome, module and name that it wants.
MEANINGS: tuple[tuple[Program, tuple[str, str, str]], ...] = (
    ("import pk.gone\n", ("missing-in-tree", "pk.gone", "")),
    ("import pk.gone.deeper\n", ("missing-in-tree", "pk.gone", "")),
    ("import pk.m.deeper\n", ("missing-in-tree", "pk.m.deeper", "")),
    ("from pk import gone\n", ("missing-name", "pk", "gone")),
    ("from pk.gone import x\n", ("missing-in-tree", "pk.gone", "")),
    ("import pk\npk.gone\n", ("other", "pk", "gone")),
    ({"pk/__init__.py": "", "pk/s/a.py": "", "pk/m.py": "import pk.s\npk.s.gone\n"}, ("other", "pk.s", "gone")),
    ("import json.gone\n", ("missing-third-party", "json.gone", "")),
    ("from json import gone\n", ("missing-third-party", "json", "gone")),
    ("from ... import x\n", ("other", "", "")),
    ("raise KeyError\n", ("other", "", "")),
    ("nothing\n", ("other", "", "nothing")),
    ("X = None\nX.y\n", ("other", "NoneType", "y")),
    ("globals()['X']\n", ("other", "", "X")),
    ("raise SystemExit\n", ("exit", "", "")),
    ("import sys\nsys.exit()\n", ("exit", "", "")),
    ("def broken(:\n", ("syntax", "", "")),
    ({**RING, "pk/m.py": "from pk.a import A\nM = 1\n"}, ("circular", "pk.m", "M")),
    ({**RING, "pk/m.py": "import pk.a\nM = 1\n"}, ("circular", "pk.m", "M")),
    ({**RING, "pk/a.py": "import pk.m\npk.m.M\n", "pk/m.py": "import pk.a\nM = 1\n"}, ("circular", "pk.m", "")),
    ({**RING, "pk/m.py": WRAP + "raise ImportError(str(e))\nM = 1\n"},
     ("circular", "pk.m", "M")),
    ({**RING, "pk/m.py": WRAP + "raise ImportError('x') from e\nM = 1\n"},
     ("circular", "pk.m", "M")),
    ({**RING, "pk/m.py": WRAP + "raise KeyError(e)\nM = 1\n"},
     ("circular", "pk.m", "M")),
    ("try:\n    import pk.gone\nexcept ImportError as e:\n    raise ImportError(e)\n", ("other", "", "")),
    ("try:\n    import pk.gone\nexcept ImportError as e:\n    raise e\n", ("missing-in-tree", "pk.gone", "")),
    ({"pk/__init__.py": "def __getattr__(n):\n    from pk import m\n    return getattr(m, n)\n",
      "pk/m.py": "import pk\ndef __getattr__(n):\n    return getattr(pk, n)\nX = pk.Y\n"}, ("recursion", "pk", "m")),
)  # fmt: skip


def test_a_failure_says_what_it_means_and_what_it_wants(make_tree: Tree) -> None:
    rows = simulate(make_tree(place_programs([program for program, _ in MEANINGS])))
    said = [
        tuple(
            rows[f"t{number}.m"][name].replace(f"t{number}", "pk")
            for name in ("outcome", "failed_module", "failed_name")
        )
        for number in range(len(MEANINGS))
    ]
    assert said == [meaning for _, meaning in MEANINGS]


GONE = "try:\n    import pk.gone\nexcept ImportError:\n"
#: A program and what it swallows, in the order of the lines: line, and what the names are left as.
SWALLOWED: tuple[tuple[Program, list[tuple[int, str]]], ...] = (
    (GONE + "    pk = None\n", [(2, "pk: None")]),
    (GONE + "    pass\n", [(2, "pk: absent")]),
    (GONE + "    pk = 'text'\n", [(2, "pk: 'text'")]),
    (GONE + "    pk = True\n", [(2, "pk: True")]),
    (GONE + f"    pk = '{'x' * 90}'\n", [(2, "pk: '" + "x" * 40 + "'")]),
    (GONE + "    pk = 1.5\n", [(2, "pk: 1.5")]),
    (GONE + "    pk = []\n", [(2, "pk: unknown")]),
    (GONE + "    class pk: ...\n", [(2, "pk: class pk.m:pk")]),
    (GONE + "    def pk(): ...\n", [(2, "pk: function pk.m:pk")]),
    (GONE + "    class A: ...\n    pk = A()\n", [(2, "pk: instance")]),
    (GONE + "    import json as pk\n", [(2, "pk: json")]),
    (GONE + "    pk = ValueError\n", [(2, "pk: ValueError")]),
    (GONE + "    import pk as pk\n", [(2, "pk: module pk")]),
    ("try:\n    from pk import gone as x\nexcept ImportError:\n    x = 1\n", [(2, "x: 1")]),
    ("try:\n    from pk import gone, m\nexcept ImportError:\n    gone = 1\n", [(2, "gone: 1, m: absent")]),
    ("try:\n    from pk.gone import *\nexcept ImportError:\n    x = 1\n", [(2, "")]),
    ("x = None\ntry:\n    from pk import gone as x\nexcept ImportError:\n    pass\n", [(3, "x: None")]),
    ("try:\n    x = 1\n    from pk import gone as y\nexcept ImportError:\n    y = 2\n", [(3, "y: 2")]),
    ("try:\n    if 1:\n        from pk import gone as y\nexcept ImportError:\n    y = 2\n", [(3, "y: 2")]),
    ("try:\n    for z in (1,):\n        from pk import gone as y\nexcept ImportError:\n    y = 2\n", [(3, "y: 2")]),
    ("import pk\ntry:\n    A = B = pk.gone\nexcept AttributeError:\n    A = None\n", [(3, "A: None, B: absent")]),
    ("import pk\ntry:\n    class A(pk.gone): ...\nexcept AttributeError:\n    A = None\n", [(3, "A: None")]),
    ("import pk\ntry:\n    def f(x=pk.gone): ...\nexcept AttributeError:\n    pass\n", [(3, "f: absent")]),
    ("import pk\ntry:\n    pk.gone\nexcept AttributeError:\n    pass\n", [(3, "")]),
    (("x = 1\ndef f():\n    try:\n        from pk import gone as x\n    except ImportError:\n        pass\n"
    "f()\n"), [(4, "x: 1")]),
    (("def f():\n    try:\n        from pk import gone as x\n    except ImportError:\n        x = 2\n"
    "f()\n"), [(3, "x: 2")]),
    ("import contextlib\nwith contextlib.suppress(ImportError):\n    import pk.gone\n", [(3, "pk: absent")]),
    ("def f():\n    try:\n        import pk.gone as x\n    finally:\n        return 1\nf()\n", [(3, "x: absent")]),
    ("try:\n    raise KeyError\nexcept KeyError:\n    pass\n", []),
    (GONE + "    raise\n", []),
    (GONE + "    raise KeyError\n", []),
    ("import pk\nX = getattr(pk, 'gone', None)\nY = hasattr(pk, 'gone')\n", []),
    (GONE + "    pass\n" + GONE + "    pk = 1\n", [(2, "pk: absent"), (6, "pk: 1")]),
    (("try:\n    try:\n        import pk.gone\n    except ImportError as e:\n        raise KeyError from e\n"
    "except KeyError:\n    pass\n"), []),
)  # fmt: skip


def test_what_is_swallowed_is_said_with_its_line_and_what_its_names_are_left_as(make_tree: Tree) -> None:
    rows = simulate(make_tree(place_programs([program for program, _ in SWALLOWED])))
    said = [
        sorted((line, left.replace(f"t{number}", "pk")) for _, line, _, left in rows[f"t{number}.m"]["lost"])
        for number in range(len(SWALLOWED))
    ]
    assert said == [lost for _, lost in SWALLOWED]


#: A program, the number of bodies that run, and its doubt.
RUNS: tuple[tuple[Program, tuple[int, str]], ...] = (
    ("X = 1\n", (2, "")),
    ("import json\n", (2, "")),
    ({"pk/s/a.py": "", "pk/__init__.py": "", "pk/m.py": "import pk.s.a\nimport pk.s\n"}, (3, "")),
    ({"pk/__init__.py": "", "pk/a.py": "", "pk/m.py": "import pk.a\nimport pk.a\nfrom pk import a\n"}, (3, "")),
    ({"pk/__init__.py": "", "pk/a.py": "", "pk/b.py": "import pk.a\n",
    "pk/m.py": "import pk.b\nimport pk.a\n"}, (4, "")),
    ({"pk/__init__.py": "", "pk/a.py": "raise KeyError\n",
    "pk/m.py": ("for x in (1, 2):\n    try:\n        import pk.a\n"
      "    except KeyError: ...\n")}, (4, "")),
    (U + "if U:\n    import pk.gone\n", (2, "pk/m.py:4 may not run: No module named 'pk.gone'")),
    (U + "if U:\n    raise KeyError\n", (2, "")),
    ({"pk/__init__.py": "", "pk/a.py": "import pk.gone\n", "pk/m.py": U + "if U:\n    import pk.a\n"},
     (2, "pk/a.py:1 may not run: No module named 'pk.gone'")),
    (U + "X = pk.a if U else __import__('pk.gone')\n", (2, "pk/m.py:3 may not run: No module named 'pk.gone'")),
    ({"pk/__init__.py": "__path__ = [*__path__]\n", "pk/m.py": "import pk.gone\n"}, (2, "")),
    ({"pk/__init__.py": "", "pk/m.py": "import sys\nwhile 1 < len(sys.argv): ...\n"}, (2, "")),
)  # fmt: skip


def test_the_bodies_that_run_are_counted_and_doubts_are_said(make_tree: Tree) -> None:
    rows = simulate(make_tree(place_programs([program for program, _ in RUNS])))
    said = [
        (rows[f"t{number}.m"]["modules_run"], rows[f"t{number}.m"]["doubt"].replace(f"t{number}", "pk"))
        for number in range(len(RUNS))
    ]
    assert said == [expected for _, expected in RUNS]


def test_the_chain_names_every_statement_on_the_way(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "",
        "p/m.py": "\nimport p.a\n",
        "p/a.py": "def f():\n    import p.b\nX = 1\nf()\n",
        "p/b.py": "import p.gone\n",
    }
    rows = simulate(make_tree(files))
    assert rows["p.m"]["chain"] == ["p/m.py:2 p.m", "p/a.py:4 p.a", "p/a.py:2 p.a", "p/b.py:1 p.b"]
    assert rows["p.b"]["chain"] == ["p/b.py:1 p.b"]
    assert rows["p"]["chain"] == []


NOW = sys.version_info[:3]
OLD = (2, 7, 0)


@pytest.mark.parametrize(
    ("environment", "module", "is_missing"),
    [
        (Environment(), "json", False), (Environment(), "json.decoder", False), (Environment(), "json.gone", True),
        (Environment(), "os.path", False), (Environment(), "typing.io", False), (Environment(), "email.mime", False),
        (Environment(), "email.mime.text", False), (Environment(), "email.gone.text", False),
        (Environment(), "sys.gone", False),
        (Environment(), "StringIO", True), (Environment(), "urllib2", True), (Environment(), "distutils", False),
        (Environment(), "distutils.core", False), (Environment(), "nobody", False),
        (Environment(), "nobody.gone", False),
        (Environment(version=OLD), "StringIO", False), (Environment(version=OLD), "json.gone", False),
        (Environment(version=NOW), "json.gone", True), (Environment(version=(NOW[0], NOW[1], 99)), "json.gone", True),
        (Environment(missing=frozenset({"a"})), "a", True), (Environment(missing=frozenset({"a"})), "a.b", True),
        (Environment(missing=frozenset({"a"})), "b", False), (Environment(missing=frozenset({"a.b"})), "a", False),
        (Environment(missing=frozenset({"a.b"})), "a.b", True), (Environment(missing=frozenset({"a.b"})), "a.c", False),
        (Environment(found=frozenset({"a"})), "a", False), (Environment(found=frozenset({"a"})), "a.b", False),
        (Environment(found=frozenset({"a"})), "b", True), (Environment(found=frozenset({"a"})), "b.a", True),
        (Environment(), "json." + "x" * 300, True),
    ],
)  # fmt: skip
def test_what_is_missing_outside_the_tree(environment: Environment, module: str, is_missing: bool) -> None:
    assert environment.is_missing(module) is is_missing


@pytest.mark.parametrize(
    ("environment", "module", "name", "lacks"),
    [
        (Environment(), "json", "loads", False), (Environment(), "json", "decoder", False), (Environment(), "json",
        "gone", True),
        (Environment(), "json", "__name__", False), (Environment(), "json", "__path__", False), (Environment(), "os",
        "gone", False),
        (Environment(), "sys", "gone", False), (Environment(), "nobody", "gone", False), (Environment(), "xml",
        "dom", False),
        (Environment(), "xml.dom", "minidom", False), (Environment(), "email.mime.text", "gone", True),
        (Environment(version=OLD), "json", "gone", False), (Environment(lacking=frozenset({("a", "x")})), "a",
        "x", True),
        (Environment(lacking=frozenset({("a", "x")})), "a", "y", False), (Environment(lacking=frozenset({("a",
        "x")})), "b", "x", False),
    ],
)  # fmt: skip
def test_what_modules_outside_the_tree_lack(environment: Environment, module: str, name: str, lacks: bool) -> None:
    assert environment.lacks(module, name) is lacks


def _simulate(root: Path, **options: Any) -> dict[str, Any]:
    facts = scan(root)
    return simulate_entries(facts, [(entry.module, entry.path) for entry in find_entries(facts)], **options)


def _list_rows(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: table.to_pylist() for name, table in found.items()}


def test_the_environment_decides_what_branches_run(make_tree: Tree) -> None:
    root = make_tree({
        "a.py": "import sys\nif sys.version_info < (3,):\n    raise KeyError\nraise IndexError\n",
        "b.py": "import sys\nif sys.platform == 'win32':\n    raise KeyError\nraise IndexError\n",
    })  # fmt: skip
    here, old = Environment(platform="linux"), Environment(version=OLD, platform="win32")
    kinds = [[row["exception"] for row in simulate(root, each).values()] for each in (here, old)]
    assert kinds == [["IndexError", "IndexError"], ["KeyError", "KeyError"]]


def test_a_module_that_the_interpreter_has_built_in_hides_one_of_the_tree(make_tree: Tree) -> None:
    statements = ("import sys", "import sys as s", "from sys import path", "from sys import *", "__import__('sys')",
                  "import importlib\nimportlib.import_module('sys')")  # fmt: skip
    files = {f"m{number}.py": f"{text}\nraise IndexError\n" for number, text in enumerate(statements)}
    rows = simulate(make_tree({"sys.py": "raise KeyError\n", **files}))
    assert [row["exception"] for row in rows.values()] == ["IndexError"] * len(files)


def test_progress_ends_with_the_number_of_modules(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({f"m{number:03}.py": "" for number in range(120)})
    for cache in (None, tmp_path, tmp_path):
        said: list[tuple[str, int, int]] = []
        _simulate(root, cache=cache, progress=lambda *each, said=said: said.append(each))
        assert said[-1] == ("simulation", 120, 120)
        assert [done for _, done, _ in said] == sorted({done for _, done, _ in said})
        assert all(total == 120 for _, _, total in said)


def test_time_that_runs_out_in_the_middle_leaves_the_rest_for_the_next_call(
    make_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swallows = "try:\n    import m0\n    m0.x\nexcept AttributeError: ...\n"
    root = make_tree({**{f"m{number}.py": swallows for number in range(9)}, "m0.py": "import m8\n"})
    whole = _simulate(root)
    ticks = itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr("analysis.simulation.entries.time.monotonic", lambda: next(ticks))
        part = _simulate(root, cache=tmp_path, budget_seconds=4)
    outcomes = tables.read_column(part["simulated"], "outcome")
    assert (outcomes[0], outcomes[7], outcomes[8]) == (
        "ok",
        "not-simulated",
        "ok",
    )  # the first one imports the last one
    assert 0 < count_not_simulated(part["simulated"]) < 9
    assert set(tables.read_column(part["simulated"], "doubt")) == {"", "time budget"}
    joined = _simulate(root, cache=tmp_path)
    assert _list_rows(joined) == _list_rows(whole)
    assert _list_rows(_simulate(root, cache=tmp_path, budget_seconds=-math.inf)) == _list_rows(whole)


def test_a_first_import_that_takes_too_long_is_unknown_and_nobody_takes_it_over(
    make_tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.simulation.state.MOST_STEPS", 120)
    long = "".join(f"X{number} = 1\n" for number in range(100))
    files = {"a.py": long, "b.py": f"import a\n{long}{long}", "c.py": "import a\na.X99\n", "d.py": "import b\n"}
    rows = simulate(make_tree(files))
    assert {name: (row["outcome"], row["doubt"]) for name, row in rows.items()} == {
        "a": ("ok", ""), "b": ("unknown", "too much runs to be followed"), "c": ("ok", ""),
        "d": ("unknown", "too much runs to be followed"),
    }  # fmt: skip


def test_the_clock_is_looked_at_while_one_import_runs(make_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_tree({"a.py": "X = 1\n" * 5000})
    ticks = itertools.count()
    monkeypatch.setattr("analysis.simulation.entries.time.monotonic", lambda: next(ticks))
    simulated = _simulate(root, budget_seconds=2)["simulated"].to_pylist()
    assert [(row["outcome"], row["doubt"]) for row in simulated] == [("not-simulated", "time budget")]
    ticks = itertools.count()
    assert _simulate(root, budget_seconds=4)["simulated"].to_pylist()[0]["outcome"] == "ok"


def test_modules_are_found_by_their_name(make_tree: Tree) -> None:
    simulation = Simulation(scan(make_tree({"p/__init__.py": "", "p/a.py": ""})))
    assert simulation.find_entry("p.a").path == "p/a.py"
    assert (simulation.find_path("p.a"), simulation.find_path("nobody")) == ("p/a.py", "")

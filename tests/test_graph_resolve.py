"""Which module an import means: held against Python itself and against grimp."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grimp
import networkx as nx
import pytest

from analysis.facts import scan
from analysis.graph import ImportGraph, build_import_graph

Tree = Callable[..., Path]


def build(root: Path) -> ImportGraph:
    """Return the import graph of a tree."""
    return build_import_graph(scan(root))


def pairs(graph: ImportGraph, *, ancestors: bool = False) -> set[tuple[str, str]]:
    """Return the pairs of importer and imported, without or with only the edges to ancestors."""
    return {(row["importer"], row["imported"]) for row in graph.edges.to_pylist() if row["is_ancestor"] == ancestors}


def test_an_empty_module_imports_nothing(make_tree: Tree) -> None:
    graph = build(make_tree({"a.py": ""}))
    assert (graph.modules, graph.edges.num_rows, graph.externals.num_rows) == (("a",), 0, 0)


P = {"p/__init__.py": "", "p/q/__init__.py": "", "p/q/r.py": "x = 1", "p/s.py": "y = 1"}


@pytest.mark.parametrize(
    ("source", "imported", "ancestors"),
    [
        ("import p", {"p"}, set()),
        ("import p.q.r", {"p.q.r"}, {"p", "p.q"}),
        ("import p.q.r as z", {"p.q.r"}, {"p", "p.q"}),
        ("from p import q", {"p.q"}, {"p"}),
        ("from p.q import r", {"p.q.r"}, {"p", "p.q"}),
        ("from p.q.r import x", {"p.q.r"}, {"p", "p.q"}),
        ("from p import q, s, other", {"p.q", "p.s", "p"}, {"p"}),
        ("from p.q import *", {"p.q"}, {"p"}),
        ("import importlib\nimportlib.import_module('p.s')", {"p.s"}, {"p"}),
    ],
)
def test_an_import_from_outside_means_what_python_imports(
    make_tree: Tree, source: str, imported: set[str], ancestors: set[str]
) -> None:
    root = make_tree({**P, "main.py": source, "p/__init__.py": "other = 1"})
    graph = build(root)
    assert {name for importer, name in pairs(graph) if importer == "main"} == imported
    assert {name for importer, name in pairs(graph, ancestors=True) if importer == "main"} == ancestors
    code = "import sys, json; import main; print(json.dumps([m for m in sys.modules if m.split('.')[0] == 'p']))"
    seen = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert set(json.loads(seen)) == imported | ancestors


@pytest.mark.parametrize(
    ("path", "source", "imported"),
    [
        ("p/q/m.py", "from . import r", "p.q.r"),
        ("p/q/m.py", "from .. import s", "p.s"),
        ("p/q/m.py", "from ..s import y", "p.s"),
        ("p/q/__init__.py", "from .r import x", "p.q.r"),
        ("p/q/__init__.py", "from . import r", "p.q.r"),
        ("p/__init__.py", "from .q.r import x", "p.q.r"),
    ],
)
def test_relative_imports_start_at_the_package(make_tree: Tree, path: str, source: str, imported: str) -> None:
    graph = build(make_tree({**P, path: source}))
    importer = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert pairs(graph) == {(importer, imported)}


def test_a_relative_import_beyond_the_top_is_unknown_not_guessed(make_tree: Tree) -> None:
    graph = build(make_tree({**P, "p/s.py": "from ... import x"}))
    assert [(row["module"], row["reason"]) for row in graph.phantoms.to_pylist()] == [("...", "beyond-top")]


def test_own_packages_are_no_ancestor_edges(make_tree: Tree) -> None:
    graph = build(make_tree({**P, "p/q/m.py": "import p.q.r"}))
    assert pairs(graph) == {("p.q.m", "p.q.r")}
    assert pairs(graph, ancestors=True) == set()


def test_external_and_standard_modules_are_named(make_tree: Tree) -> None:
    graph = build(make_tree({"a.py": "import os.path\nfrom numpy.linalg import norm\nimport sys"}))
    rows = [(row["module"], row["package"], row["origin"], row["name"]) for row in graph.externals.to_pylist()]
    assert rows == [
        ("os.path", "os", "stdlib", ""), ("numpy.linalg", "numpy", "external", "norm"), ("sys", "sys", "stdlib", "")
    ]  # fmt: skip


def test_a_module_of_the_tree_goes_before_the_standard_library_but_not_before_builtins(make_tree: Tree) -> None:
    root = make_tree({"colorsys.py": "mine = 1", "sys.py": "mine = 1", "a.py": "import colorsys\nimport sys"})
    assert pairs(build(root)) == {("a", "colorsys")}
    code = "import a; print(hasattr(a.colorsys, 'mine'), hasattr(a.sys, 'mine'))"
    seen = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert seen.split() == ["True", "False"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"p/a.py": "import p.none.x"}, "no-such-module"),
        ({"p/a.py": "from p.s.deeper import x"}, "no-such-module"),
        ({"p/a.py": "from p.bad.x import y", "p/bad/__init__.py": "def ("}, "in-unparsable-package"),
        ({"p/a.py": "import sys\nsys.modules['p.made'] = sys\nimport p.made"}, "registered-at-run-time"),
        ({"p/a.py": "import p.e.x", "p/e/__init__.py": "__path__.append('elsewhere')"}, "path-extended"),
    ],
)
def test_what_does_not_exist_is_a_phantom_with_its_reason(make_tree: Tree, files: dict[str, str], reason: str) -> None:
    graph = build(make_tree({**P, **files}))
    assert [row["reason"] for row in graph.phantoms.to_pylist()] == [reason]
    assert not [imported for _, imported in pairs(graph) if imported not in graph.modules]


def test_a_phantom_still_runs_the_packages_on_the_way(make_tree: Tree) -> None:
    graph = build(make_tree({**P, "main.py": "from p.q.rr import x"}))
    assert [row["module"] for row in graph.phantoms.to_pylist()] == ["p.q.rr"]
    assert pairs(graph, ancestors=True) == {("main", "p"), ("main", "p.q")}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no-such-module"),
        ({"pyproject.toml": "[project]\nname = 'ns'\ndependencies = ['answer-ns-other']\n"}, "no-such-module"),
        ({"pyproject.toml": "[project]\nname = 'ns-core'\n"}, "another-part"),
        ({"pyproject.toml": "[project]\nname = 'x'\ndependencies = ['ns.elsewhere>=2']\n"}, "another-part"),
        ({"requirements-dev.txt": "pytest\nNS_elsewhere==1.0\n"}, "another-part"),
        ({"setup.cfg": "[options]\ninstall_requires =\n    ns>=1\n"}, "another-part"),
    ],
)
def test_a_namespace_package_may_have_parts_of_other_distributions(
    make_tree: Tree, files: dict[str, str], reason: str
) -> None:
    graph = build(make_tree({"ns/a.py": "import ns.b\nimport ns.elsewhere", "ns/b.py": "", **files}))
    assert pairs(graph) == {("ns.a", "ns.b")}
    assert graph.externals.num_rows == 0
    assert [(row["module"], row["reason"]) for row in graph.phantoms.to_pylist()] == [("ns.elsewhere", reason)]


def test_a_namespace_that_many_distributions_share_may_have_more_parts(make_tree: Tree) -> None:
    graph = build(make_tree({"google/ours/a.py": "import google.ours.b\nimport google.cloud", "google/ours/b.py": ""}))
    assert [row["reason"] for row in graph.phantoms.to_pylist()] == ["another-part"]


def test_a_compiled_module_exists(make_tree: Tree) -> None:
    graph = build(make_tree({**P, "p/_c.abi3.so": b"\x7fELF", "p/a.py": "from p._c import f"}))
    assert pairs(graph) == {("p.a", "p._c")}


def test_a_script_finds_what_lies_beside_it(make_tree: Tree) -> None:
    root = make_tree({"tools/run-me.py": "import helper\nimport json", "tools/helper.py": ""})
    graph = build(root)
    edges = [(row["importer"], row["imported"], row["via"]) for row in graph.edges.to_pylist()]
    assert edges == [("tools.run-me", "tools.helper", "script-folder")]
    seen = subprocess.run([sys.executable, "tools/run-me.py"], cwd=root, capture_output=True, check=False)
    assert seen.returncode == 0


def test_a_shadowed_file_imports_nothing(make_tree: Tree) -> None:
    graph = build(make_tree({**P, "p/q.py": "import p.s", "main.py": "import p.q"}))
    assert pairs(graph) == {("main", "p.q")}


def test_a_file_with_two_names_imports_under_both(make_tree: Tree) -> None:
    files = {
        "backend/app/__init__.py": "", "backend/app/m.py": "from . import n\nimport app.n", "backend/app/n.py": "",
        "main.py": "import backend.app.m",
    }  # fmt: skip
    graph = build(make_tree(files))
    assert ("backend.app.m", "backend.app.n") in pairs(graph)
    assert ("app.m", "app.n") in pairs(graph)
    assert ("backend.app.m", "app.n") in pairs(graph)


def test_equal_names_of_two_roots_resolve_to_their_own(make_tree: Tree) -> None:
    files = {
        f"svc/{name}/{path}": source
        for name in "ab"
        for path, source in {"setup.py": "", "app/__init__.py": "", "app/m.py": "import app.n", "app/n.py": ""}.items()
    }
    found = pairs(build(make_tree(files)))
    assert {("app.m", "app.n"), ("app.m@svc/b", "app.n@svc/b")} <= found
    assert ("app.m@svc/b", "app.n") not in found


def test_recovered_imports_are_edges_too_and_marked(make_tree: Tree) -> None:
    graph = build(make_tree({**P, "p/broken.py": "import p.s\ndef ("}))
    assert [(row["importer"], row["imported"], row["kind"]) for row in graph.edges.to_pylist()] == [
        ("p.broken", "p.s", "recovered")
    ]


def run_python(root: Path, *arguments: str) -> list[str]:
    """Return what a fresh interpreter prints, in words; a failure prints to the error channel only."""
    command = [sys.executable, "-S", *arguments]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # it may hold a `tools`, too
    return subprocess.run(command, cwd=root, env=clean, capture_output=True, text=True, check=False).stdout.split()


def test_the_source_of_a_compiled_module_speaks_for_it_and_its_stub_does_not(make_tree: Tree) -> None:
    files = {"p/fast.py": "import p.s", "p/fast.cpython-311-x86_64-linux-gnu.so": b"", "p/fast.pyi": "import p.q"}
    assert pairs(build(make_tree({**P, **files}))) == {("p.fast", "p.s")}


def test_a_star_imports_the_submodules_that_the_package_lists(make_tree: Tree) -> None:
    listed = "__all__ = ['s', 'name']\nname = 1"
    root = make_tree({"p/__init__.py": listed, "p/s.py": "", "p/t.py": "", "main.py": "from p import *"})
    assert pairs(build(root)) == {("main", "p"), ("main", "p.s")}
    assert run_python(root, "-c", "import main, sys; print(*sorted(set(sys.modules) & {'p.s', 'p.t'}))") == ["p.s"]


def test_a_namespace_folder_gives_way_to_what_others_call_so(make_tree: Tree) -> None:
    files = {
        "colorsys/mine.py": "", "elsewhere/mine.py": "",
        "a.py": "import colorsys\nimport colorsys.mine\nfrom elsewhere import Client\nfrom elsewhere import mine",
    }  # fmt: skip
    root = make_tree(files)
    graph = build(root)
    assert pairs(graph) == {("a", "elsewhere.mine")}
    assert [(row["module"], row["origin"], row["line"]) for row in graph.externals.to_pylist()] == [
        ("colorsys", "stdlib", 1), ("colorsys.mine", "stdlib", 2), ("elsewhere", "external", 3)
    ]  # fmt: skip
    assert run_python(root, "-c", "import colorsys; print(colorsys.__file__ is not None)") == ["True"]


def test_a_folder_inside_a_package_has_no_parts_elsewhere(make_tree: Tree) -> None:
    root = make_tree({**P, "p/ns/there.py": "", "p/a.py": "import p.ns.there\nfrom p.ns import gone\nimport p.ns.off"})
    graph = build(root)
    assert pairs(graph) == {("p.a", "p.ns.there")}
    assert [(row["module"], row["reason"]) for row in graph.phantoms.to_pylist()] == [
        ("p.ns.gone", "no-such-module"), ("p.ns.off", "no-such-module")
    ]  # fmt: skip
    code = "import p.ns.there; print('there')\ntry: from p.ns import gone\nexcept ImportError: print('gone')"
    assert run_python(root, "-c", code) == ["there", "gone"]


def test_a_twin_of_a_standard_package_counts_only_in_its_own_root(make_tree: Tree) -> None:
    files = {
        "svc/setup.py": "", "svc/colorsys.py": "mine = 1", "svc/a.py": "import colorsys",
        "xml/__init__.py": "", "b.py": "import colorsys\nimport xml.dom\nimport xml",
    }  # fmt: skip
    graph = build(make_tree(files))
    assert pairs(graph) == {("a", "colorsys"), ("b", "xml")}
    assert [(row["importer"], row["module"], row["origin"]) for row in graph.externals.to_pylist()] == [
        ("b", "colorsys", "stdlib")
    ]  # fmt: skip
    assert [(row["importer"], row["module"], row["reason"]) for row in graph.phantoms.to_pylist()] == [
        ("b", "xml.dom", "no-such-module")  # CPython takes the package of the tree and looks no further
    ]  # fmt: skip


def test_a_package_of_the_own_root_decides_alone(make_tree: Tree) -> None:
    files = {
        "one/setup.py": "", "one/app/__init__.py": "", "one/app/m.py": "import app.only_two\nfrom . import only_two",
        "two/setup.py": "", "two/app/__init__.py": "", "two/app/only_two.py": "import app.gone",
        "three.py": "import app.m",
    }  # fmt: skip
    root = make_tree(files)
    graph = build(root)
    found = {(row["path"], row["module"], row["line"]) for row in graph.phantoms.to_pylist()}
    assert ("one/app/m.py", "app.only_two", 1) in found
    assert ("two/app/only_two.py", "app.gone", 1) in found
    assert {row["via"] for row in graph.edges.to_pylist() if row["importer"] == "three"} == {"second-root"}
    assert run_python(root / "one", "-c", "import app.m; print('loaded')") == []


@pytest.mark.parametrize("user", ["", "import tools.run"])
def test_a_script_prefers_its_own_folder_unless_somebody_imports_from_there(make_tree: Tree, user: str) -> None:
    files = {"helper.py": "print('root')", "tools/helper.py": "print('tools')", "tools/run.py": "import helper"}
    root = make_tree({**files, "user.py": user})
    graph = build(root)
    (edge,) = (row for row in graph.edges.to_pylist() if row["importer"] == "tools.run")
    assert (edge["imported"], edge["via"]) == (("helper", "plain") if user else ("tools.helper", "script-folder"))
    assert run_python(root, *(["-c", user] if user else ["tools/run.py"])) == (["root"] if user else ["tools"])


def test_a_script_that_has_the_name_of_a_package_does_not_mean_itself(make_tree: Tree) -> None:
    graph = build(make_tree({"tools/redis.py": "from redis import Redis", "tools/other.py": "import redis"}))
    assert pairs(graph) == {("tools.other", "tools.redis")}
    assert [(row["importer"], row["origin"]) for row in graph.externals.to_pylist()] == [("tools.redis", "external")]


def test_what_is_on_disk_but_not_in_the_scan_is_no_certain_phantom(make_tree: Tree) -> None:
    files = {
        "p/_fast.c": "", "p/_quick.pyx.in": "", "p/node_modules/made.py": "", "p/data/table.csv": "",
        "p/a.py": "import p._fast\nimport p._quick\nimport p.node_modules.made\nimport p.data\nimport p.fast",
    }  # fmt: skip
    rows = build(make_tree({**P, **files})).phantoms.to_pylist()
    assert [(row["module"], row["reason"]) for row in rows] == [
        ("p._fast", "source-of-extension"), ("p._quick", "source-of-extension"), ("p.node_modules.made", "left-out"),
        ("p.data", "left-out"), ("p.fast", "no-such-module"),
    ]  # fmt: skip


def test_what_tests_register_is_there_for_tests_only(make_tree: Tree) -> None:
    files = {
        "tests/test_a.py": "import sys\nsys.modules['p.gone'] = object()\nimport p.gone",
        "p/a.py": "import p.gone",
        "p/moves.py": "import sys\nsys.modules[__name__ + '.x'] = sys",
        "p/b.py": "import p.moves.x",
    }
    rows = build(make_tree({**P, **files})).phantoms.to_pylist()
    assert {(row["path"], row["reason"]) for row in rows} == {
        ("p/a.py", "no-such-module"), ("tests/test_a.py", "registered-at-run-time"),
        ("p/b.py", "registered-at-run-time"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "nearest"),
    [("p.q.rr", ""), ("p.q.registr", "p.q.registry"), ("p.registry", "p.q.registry"), ("p.q.nothing_alike", "")],
)
def test_the_nearest_name_is_spelled_alike_or_elsewhere(make_tree: Tree, missing: str, nearest: str) -> None:
    graph = build(make_tree({**P, "p/q/registry.py": "", "main.py": f"import {missing}"}))
    assert [row["nearest"] for row in graph.phantoms.to_pylist()] == [nearest]


def test_names_that_no_statement_could_say_do_no_harm(make_tree: Tree) -> None:
    source = "from importlib import import_module as f\nimport importlib\n" + "\n".join(
        f"importlib.import_module({name!r})" for name in ("p/../../x", "p..y", "p.\x00", "p. ", "..", "p.s\n")
    )
    graph = build(make_tree({**P, "a.py": source}))
    assert pairs(graph) == set()
    assert [(row["module"], row["reason"]) for row in graph.phantoms.to_pylist()] == [
        ("p..y", "no-such-module"), ("p.\x00", "no-such-module"), ("p. ", "no-such-module"), ("p.s\n", "no-such-module")
    ]  # fmt: skip


def explain_difference(graph: ImportGraph, ours: set[Any], theirs: set[Any]) -> dict[str, set[Any]]:
    """Return the pairs that only one of the two has, by the rule that explains them."""
    kinds: dict[tuple[str, str], set[str]] = {}
    for row in graph.edges.to_pylist():
        kinds.setdefault((row["importer"], row["imported"]), set()).add(row["kind"])
    explained: dict[str, set[Any]] = {}
    for pair in ours ^ theirs:
        rule = "dynamic" if pair in ours and kinds[pair] == {"dynamic"} else "unexplained"
        explained.setdefault(rule, set()).add(pair)
    return explained


def test_edges_of_a_real_package_are_those_of_grimp() -> None:
    theirs_graph = grimp.build_graph("networkx", cache_dir=None)
    theirs = {
        (importer, imported)
        for importer in theirs_graph.modules
        for imported in theirs_graph.find_modules_directly_imported_by(importer)
    }
    root = Path(nx.__file__).parent
    graph = build(root)
    packages = set(theirs_graph.modules)
    ours = {pair for pair in pairs(graph) if set(pair) <= packages}
    assert "unexplained" not in explain_difference(graph, ours, theirs)
    assert len(ours) > 500


def find_phantoms(graph: ImportGraph) -> dict[tuple[str, str], str]:
    return {(row["path"], row["module"]): row["reason"] for row in graph.phantoms.to_pylist()}


def test_a_module_that_is_put_into_sys_modules_may_be_there(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "", "p/maker.py": "import sys, types\nsys.modules['p.made'] = types.ModuleType('p.made')\n",
        "p/user.py": "import p.made\nimport p.made.deeper\nimport p.other\n",
    }  # fmt: skip
    assert find_phantoms(build(make_tree(files))) == {
        ("p/user.py", "p.made"): "registered-at-run-time",
        ("p/user.py", "p.made.deeper"): "registered-at-run-time",
        ("p/user.py", "p.other"): "no-such-module",
    }


def test_what_tests_put_into_sys_modules_may_be_there_for_tests(make_tree: Tree) -> None:
    test = "import sys, types\nsys.modules['p.made'] = types.ModuleType('p.made')\nimport p.made\n"
    files = {"p/__init__.py": "", "p/user.py": "import p.made\n", "tests/test_p.py": test}
    assert find_phantoms(build(make_tree(files))) == {
        ("p/user.py", "p.made"): "no-such-module", ("tests/test_p.py", "p.made"): "registered-at-run-time",
    }  # fmt: skip


def test_modules_that_are_built_into_python_are_never_those_of_the_tree(make_tree: Tree) -> None:
    graph = build(make_tree({"sys.py": "", "builtins.py": "", "a.py": "import sys\nfrom builtins import open\n"}))
    assert pairs(graph) == set()
    assert {(row["module"], row["origin"]) for row in graph.externals.to_pylist()} == {
        ("sys", "stdlib"), ("builtins", "stdlib"),
    }  # fmt: skip

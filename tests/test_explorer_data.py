"""What the explorer shows: order and levels of packages, statements, cycles, second names and classes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_trees import HOSTILE, HOSTILE_POLICY, SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.explorer import build_packages_frame, read_names
from analysis.report.explorer_data import build_explorer_data
from analysis.report.explorer_tree import NO_PARENT, build_tree, open_packages, order_tree

Data = dict[str, Any]
NAMES = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join), min_size=1, max_size=25, unique=True
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def data(shop: Investigation) -> Data:
    return build_explorer_data(shop)


def read_imports(data: Data) -> list[tuple[str, str, str, int, str]]:
    """Return importer, imported, file, line and names of each entry."""
    names, texts, imports = read_names(data), data["texts"], data["imports"]
    columns = (imports[name] for name in ("importer", "imported", "file", "line", "names"))
    return [
        (names[importer], names[imported], texts[file], line, texts[taken])
        for importer, imported, file, line, taken in zip(*columns, strict=True)
    ]


def find_cycles(data: Data) -> dict[tuple[str, bool], list[set[str]]]:
    names = read_names(data)
    found: dict[tuple[str, bool], list[set[str]]] = {}
    for cycle in data["cycles"]:
        found.setdefault((cycle["kind"], cycle["ancestors"]), []).append({names[place] for place in cycle["modules"]})
    return found


def test_a_target_of_one_module_has_one_node_and_nothing_else(tmp_path: Path) -> None:
    data = build_explorer_data(investigate(tmp_path, {"one.py": "x = 1\n"}))
    assert (read_names(data), data["nodes"]["module"], data["cycles"], data["open"]) == (["one"], [1], [], [])
    assert data["imports"]["importer"] == []


def test_every_import_that_a_statement_names_is_there_once_with_its_place(data: Data) -> None:
    rows = read_imports(data)
    assert ("shop.api.views", "shop.core.basket", "shop/api/views.py", 1, "Basket") in rows
    assert ("shop.api.views", "shop.api.routes", "shop/api/views.py", 4, "") in rows
    assert len(set(rows)) == len(rows)


def test_statements_say_where_they_stand(data: Data) -> None:
    marks = data["imports"]["marks"]
    scopes = {
        (file, line): marks[mark][1]
        for (_, _, file, line, _), mark in zip(read_imports(data), data["imports"]["mark"], strict=True)
    }
    assert scopes["shop/api/views.py", 4] == "function"
    assert scopes["shop/core/tax.py", 3] == "type_checking"
    assert scopes["shop/core/price.py", 1] == "module"


def test_names_and_aliases_are_written_as_in_the_source(tmp_path: Path) -> None:
    files = {
        "a.py": "from b import x as y, z, w as w\nimport b as c\nimport b\nfrom b import *\n",
        "b.py": "x = z = w = 1\n",
    }
    rows = read_imports(build_explorer_data(investigate(tmp_path, files)))
    assert [taken for *_, taken in rows] == ["x as y, z, w as w", "as c", "", "*"]


@given(NAMES, st.data())
def test_importers_come_before_what_they_import_where_there_is_no_cycle(
    modules: list[str], draw: st.DataObject
) -> None:
    tree = build_tree([f"m{place}" for place in range(len(modules))])
    places = st.integers(0, len(modules) - 1)
    pairs = draw.draw(st.sets(st.tuples(places, places).filter(lambda pair: pair[0] < pair[1])))
    ranks = order_tree(tree, sorted(pairs))
    assert sorted(ranks) == list(range(len(ranks)))
    assert all(ranks[importer] < ranks[imported] for importer, imported in pairs)


@given(NAMES, st.data())
def test_the_parts_of_a_package_follow_one_another(modules: list[str], draw: st.DataObject) -> None:
    tree = build_tree(modules)
    places = st.sampled_from(sorted(tree.modules))
    pairs = draw.draw(st.sets(st.tuples(places, places).filter(lambda pair: pair[0] != pair[1])))
    ranks = order_tree(tree, sorted(pairs))
    for package in range(len(tree.names)):
        inside = [
            ranks[place]
            for place in range(len(tree.names))
            if f"{tree.names[place]}.".startswith(f"{tree.names[package]}.")
        ]
        own = {ranks[package]} if package in tree.inner and package not in tree.modules else set()
        assert max(inside) - min(inside) == len(inside) - 1 or own, "no other name stands between"


@given(NAMES, st.integers(1, 12))
def test_the_first_view_is_no_larger_than_its_limit(modules: list[str], most: int) -> None:
    tree = build_tree(modules)
    opened = dict(open_packages(tree, most))
    shown = [
        place for place, parent in enumerate(tree.parents)
        if parent == NO_PARENT or (parent in opened and (opened[parent] or place in tree.inner))
    ]  # fmt: skip
    assert all(tree.parents[place] == NO_PARENT or tree.parents[place] in opened for place in opened)
    assert len(shown) <= max(most, len(tree.inner[NO_PARENT]))


def test_cycles_have_their_modules_and_the_imports_whose_removal_breaks_them(shop: Investigation, data: Data) -> None:
    found = find_cycles(data)
    assert found["import-time", False] == [{"shop.core.basket", "shop.core.price"}]
    assert {frozenset(each) for each in found["deferred", False]} == {frozenset({"shop.api.views", "shop.api.routes"})}
    names = read_names(data)
    for cycle in (each for each in data["cycles"] if not each["ancestors"] and each["kind"] == "import-time"):
        graph = nx.DiGraph((a, b) for a, b, *_ in read_imports(data))
        graph.remove_edges_from((names[a], names[b]) for a, b in cycle["cut"])
        inside = graph.subgraph(names[place] for place in cycle["modules"])
        assert cycle["cut"]
        assert nx.is_directed_acyclic_graph(inside)


EFFECTS: Mapping[str, Mapping[str, str]] = {
    "fails": {
        "p/__init__.py": "",
        "p/a.py": "from p.b import B\nclass A: ...\n",
        "p/b.py": "from p.a import A\nclass B: ...\n",
    },
    "swallowed": {
        "p/__init__.py": "",
        "p/a.py": "import p.b\nclass A: ...\n",
        "p/b.py": "try:\n    from p.a import A\nexcept ImportError:\n    A = None\n",
    },
    "works": {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "import p.a\n"},
    "later": {"p/__init__.py": "", "p/a.py": "import p.b\n", "p/b.py": "def f():\n    import p.a\n"},
}  # fmt: skip


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_a_cycle_has_the_effect_that_python_shows(tmp_path: Path, effect: str) -> None:
    (cycle,) = build_explorer_data(investigate(tmp_path, EFFECTS[effect], name="tree"))["cycles"]
    assert cycle["effect"] == effect
    codes = [
        subprocess.run(
            [sys.executable, "-c", f"import p.{first}, p.b; print(getattr(p.b, 'A', 1))"],
            cwd=tmp_path / "tree",
            capture_output=True,
            text=True,
            check=False,
        )
        for first in ("a", "b")
    ]
    assert any(code.returncode for code in codes) == (effect == "fails")
    assert any("None" in code.stdout for code in codes) == (effect == "swallowed")


def test_a_cycle_says_what_the_finding_about_it_says(shop: Investigation, data: Data) -> None:
    (cycle,) = (each for each in data["cycles"] if each["kind"] == "import-time" and not each["ancestors"])
    findings = shop.frame("findings")
    messages = findings.loc[findings["rule"] == "import-cycle", "message"].tolist()
    assert [cycle["message"]] == messages


CLASSES = {
    "p/__init__.py": "from p.a import Order\n",
    "p/a.py": "class Order: ...\n",
    "p/b.py": "from p.a import Order\ndef make():\n    return Order()\n",
    "p/c.py": "from p.b import Order\nfrom p import Order as Other\n",
    "p/d.py": "from p.c import Order\nclass Own(Order): ...\n",
    "q/__init__.py": "",
    "q/d.py": "class Order: ...\n",
    "q/e.py": "from q.d import Order\n",
}


def test_an_import_by_a_wrong_path_names_the_right_one(tmp_path: Path) -> None:
    inv = investigate(tmp_path, CLASSES)
    data = build_explorer_data(inv)
    rows = read_imports(data)
    wrong = {rows[row][2:4]: data["texts"][text] for row, text in data["imports"]["canonical"]}
    expected = {(row["path"], row["line"]): row["canonical"] for row in inv.violations.to_dict("records")}
    assert expected
    assert wrong == expected


def test_classes_of_one_name_are_one_group_each_with_its_paths_and_users(tmp_path: Path) -> None:
    inv = investigate(tmp_path, CLASSES)
    data = build_explorer_data(inv)
    (group,) = data["groups"]
    members = [data["classes"][number] for number in group["members"]]
    assert [each["definition"] for each in members] == ["p.a:Order", "q.d:Order"]
    for each in members:
        counted = {path: (route, statements) for path, route, statements, *_ in each["paths"]}
        paths = inv.paths(each["definition"])
        assert counted == {
            path: (route, statements)
            for path, route, statements in paths[["import_path", "route", "statements"]].itertuples(index=False)
            if statements or route == "definition"
        }
    routes = {path[0]: path[1] for path in members[0]["paths"]}
    assert routes["p.Order"] == "facade"
    assert routes["p.b.Order"] == "accidental"
    sources = {path[0]: members[0]["paths"][path[8]][0] for path in members[0]["paths"] if path[8] >= 0}
    assert sources["p.c.Order"] == "p.b.Order"
    assert "p.d.Order" not in routes, "nobody uses it"


def test_second_names_are_told_with_their_evidence(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "from p.tool import Tool\n",
        "p/tool.py": 'class Tool: ...\nif __name__ == "__main__":\n    Tool()\n',
    }
    inv = investigate(tmp_path, files)
    data = build_explorer_data(inv)
    names = read_names(data)
    rows = [(names[place], second, kind) for place, second, kind, *_ in data["second"]]
    assert rows == [("p.tool", "__main__", "main")]


def test_packages_count_what_crosses_their_border(data: Data) -> None:
    frame = build_packages_frame(data).set_index("package")
    rows = read_imports(data)
    for package in frame.index:
        inside = [f"{name}.".startswith(f"{package}.") for name in read_names(data)]
        names = {name for name, is_in in zip(read_names(data), inside, strict=True) if is_in}
        assert frame.loc[package, "imports"] == sum(a in names and b not in names for a, b, *_ in rows)
        assert frame.loc[package, "imported by"] == sum(b in names and a not in names for a, b, *_ in rows)


def test_the_same_snapshot_gives_the_same_data(shop: Investigation) -> None:
    first, second = (json.dumps(build_explorer_data(Investigation(shop.path))) for _ in range(2))
    assert first == second


def test_hostile_names_have_no_control_characters(tmp_path: Path) -> None:
    text = json.dumps(build_explorer_data(investigate(tmp_path, HOSTILE, HOSTILE_POLICY)), ensure_ascii=False)
    assert text.isprintable()


def test_every_finding_is_told_of_the_modules_that_it_cites(shop: Investigation, data: Data) -> None:
    names = read_names(data)
    told = {fingerprint: {names[place] for place in modules} for fingerprint, _, _, modules in data["findings"]}
    paths = dict(zip(shop.modules["path"], shop.modules["module"], strict=True))
    for row in shop.frame("findings").to_dict("records"):
        cited = {paths[place["path"]] for place in row["evidence"] if place["path"] in paths}
        assert cited <= told.get(row["fingerprint"], set())
    severities = [severity for _, severity, *_ in data["findings"]]
    assert severities == sorted(severities)

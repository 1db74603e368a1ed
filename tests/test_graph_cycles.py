"""Cycles, loops, cuts and chains: held against networkx, brute force and Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.errors import UnknownNameError
from analysis.facts import scan
from analysis.graph import (
    Cycle,
    ImportGraph,
    build_cycles_table,
    build_import_graph,
    find_chains,
    find_component_sizes,
    find_cut,
    find_cycles,
    find_loop,
)

Tree = Callable[..., Path]
Pair = tuple[str, str]
SCOPES = ("module", "function", "type_checking")


def make_graph(edges: list[tuple[str, str, str, bool]]) -> ImportGraph:
    """Return a graph of edges: importer, imported, scope, is_ancestor."""
    rows = [
        (
            importer,
            imported,
            f"{importer}.py",
            line,
            line,
            "import",
            0,
            imported,
            "",
            "",
            scope,
            "none",
            "",
            "always",
            is_ancestor,
            "plain",
        )
        for line, (importer, imported, scope, is_ancestor) in enumerate(edges, 1)
    ]
    modules = tuple(sorted({name for edge in edges for name in edge[:2]}))
    return ImportGraph(tables.EDGES.from_rows(rows), tables.EXTERNALS.empty(), tables.PHANTOMS.empty(), modules)


def plain(*pairs: str) -> list[tuple[str, str, str, bool]]:
    """Return module-level edges from texts like ``ab``."""
    return [(pair[0], pair[1], "module", False) for pair in pairs]


def of_kind(cycles: list[Cycle], kind: str, *, ancestors: bool = False) -> list[Cycle]:
    """Return the cycles of one kind."""
    return [cycle for cycle in cycles if cycle.kind == kind and cycle.with_ancestors == ancestors]


def test_a_graph_without_edges_has_no_cycle() -> None:
    assert find_cycles(make_graph([])) == []


def test_two_modules_that_import_each_other_are_a_cycle_with_its_statements() -> None:
    (cycle,) = of_kind(find_cycles(make_graph(plain("ab", "ba", "bc"))), "import-time")
    assert (cycle.size, cycle.modules, cycle.edge_count) == (2, ("a", "b"), 2)
    assert [(hop.importer, hop.imported, hop.path, hop.line) for hop in cycle.loop] == [
        ("a", "b", "a.py", 1),
        ("b", "a", "b.py", 2),
    ]
    assert cycle.is_loop_shortest
    assert (cycle.cut, cycle.cut_cost, cycle.cut_method) == ((("a", "b"),), 4, "exact")


@pytest.mark.parametrize("length", [2, 61, 62, 63, 200])
@pytest.mark.parametrize("closed_at", [None, 0, 40])
def test_a_straight_chain_of_any_length_has_the_cycles_that_networkx_finds(length: int, closed_at: int | None) -> None:
    names = [f"m{number:03}" for number in range(length)]
    pairs = list(itertools.pairwise(names))
    if closed_at is not None and closed_at < length - 1:
        pairs.append((names[-1], names[closed_at]))
    found = find_cycles(make_graph([(importer, imported, "module", False) for importer, imported in pairs]))
    components = {tuple(sorted(part)) for part in nx.strongly_connected_components(nx.DiGraph(pairs)) if len(part) > 1}
    assert {cycle.modules for cycle in of_kind(found, "import-time")} == components


def test_kinds_are_told_apart_and_not_repeated() -> None:
    edges = [*plain("ab", "ba", "cd"), ("d", "c", "function", False), *plain("ef"), ("f", "e", "type_checking", False)]
    cycles = find_cycles(make_graph(edges))
    assert {kind: [cycle.modules for cycle in of_kind(cycles, kind)] for kind in tables.CYCLE_KINDS} == {
        "import-time": [("a", "b")],
        "deferred": [("c", "d")],
        "typing": [("e", "f")],
    }


def test_a_deferred_component_may_contain_an_import_time_one() -> None:
    edges = [*plain("ab", "ba", "bc"), ("c", "a", "function", False)]
    cycles = find_cycles(make_graph(edges))
    assert [cycle.modules for cycle in of_kind(cycles, "deferred")] == [("a", "b", "c")]


def test_edges_to_ancestors_count_only_where_asked() -> None:
    cycles = find_cycles(make_graph([*plain("ab"), ("b", "a", "module", True)]))
    assert of_kind(cycles, "import-time") == []
    assert [cycle.modules for cycle in of_kind(cycles, "import-time", ancestors=True)] == [("a", "b")]


def test_the_least_deferred_statement_stands_for_an_edge() -> None:
    edges = [("a", "b", "function", False), *plain("ab", "ba")]
    (cycle,) = of_kind(find_cycles(make_graph(edges)), "import-time")
    assert cycle.loop[0].line == 2


def test_the_table_has_the_documented_columns(make_tree: Tree) -> None:
    graph = make_graph(plain("ab", "ba"))
    table = build_cycles_table(find_cycles(graph))
    assert table.schema.equals(tables.CYCLES.schema)
    assert table.to_pylist()[0]["loop"] == ["a a.py:1 b", "b b.py:2 a"]


_EDGES = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"), st.sampled_from(SCOPES), st.booleans()).filter(
        lambda edge: edge[0] != edge[1]
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(_EDGES, st.randoms(use_true_random=False))
def test_components_are_those_of_networkx_and_the_cut_makes_them_acyclic(
    edges: list[tuple[str, str, str, bool]], random: object
) -> None:
    graph = make_graph(edges)
    cycles = find_cycles(graph)
    for with_ancestors, (depth, kind) in itertools.product((False, True), enumerate(tables.CYCLE_KINDS)):
        taken = [
            (importer, imported)
            for importer, imported, scope, is_ancestor in edges
            if SCOPES.index(scope) <= depth and (with_ancestors or not is_ancestor)
        ]
        expected = [sorted(found) for found in nx.strongly_connected_components(nx.DiGraph(taken)) if len(found) > 1]
        sizes = find_component_sizes(graph, kind, with_ancestors=with_ancestors)
        assert sizes == sorted(map(len, expected), reverse=True)
        for cycle in of_kind(cycles, kind, ancestors=with_ancestors):
            assert list(cycle.modules) in expected
            inside = nx.DiGraph([pair for pair in taken if set(pair) <= set(cycle.modules)])
            assert nx.is_strongly_connected(inside)
            shows = find_showing(edges, depth, with_ancestors=with_ancestors)
            loops = list(nx.simple_cycles(inside, length_bound=len(cycle.loop)))
            showing = [loop for loop in loops if shows & set(zip(loop, loop[1:] + loop[:1], strict=True))]
            assert len(cycle.loop) == min(map(len, showing or loops))
            assert not cycle.is_loop_shortest or len(cycle.loop) == min(map(len, loops))
            assert all((hop.importer, hop.imported) in inside.edges for hop in cycle.loop)
            assert [hop.imported for hop in cycle.loop] == [hop.importer for hop in cycle.loop[1:] + cycle.loop[:1]]
            inside.remove_edges_from(cycle.cut)
            assert nx.is_directed_acyclic_graph(inside)


def find_showing(edges: list[tuple[str, str, str, bool]], depth: int, *, with_ancestors: bool) -> set[Pair]:
    """Return the pairs that make a cycle one of its kind, by their least deferred import."""
    best: dict[Pair, tuple[int, bool]] = {}
    for importer, imported, scope, is_ancestor in edges:
        rank = (SCOPES.index(scope), is_ancestor)
        if rank[0] <= depth and (with_ancestors or not is_ancestor):
            best[importer, imported] = min(best.get((importer, imported), rank), rank)
    if with_ancestors and depth == 0:
        return {pair for pair, (_, is_ancestor) in best.items() if is_ancestor}
    return {pair for pair, (own, _) in best.items() if own == depth}


@settings(max_examples=60)
@given(st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")).filter(lambda p: p[0] != p[1]),
                       st.integers(1, 9), min_size=1, max_size=9))  # fmt: skip
def test_a_small_cut_is_the_cheapest_of_all(costs: dict[Pair, int]) -> None:
    cut = find_cut(costs)
    cheapest = min(
        sum(costs[pair] for pair in chosen)
        for size in range(len(costs) + 1)
        for chosen in itertools.combinations(costs, size)
        if nx.is_directed_acyclic_graph(nx.DiGraph(list(costs.keys() - set(chosen))))
    )
    assert (cut.cost, cut.method) == (cheapest, "exact")
    assert cut.cost == sum(costs[pair] for pair in cut.pairs)


def test_a_large_cut_says_that_it_is_a_heuristic_and_is_thin() -> None:
    ring = {(f"m{n:03}", f"m{(n + 1) % 200:03}"): 4 for n in range(200)}
    extra = {(f"m{n:03}", f"m{(n * 7 + 3) % 200:03}"): 5 for n in range(0, 200, 3) if (n * 7 + 3) % 200 != n}
    costs = ring | extra
    cut = find_cut(costs)
    assert cut.method == "heuristic"
    kept = nx.DiGraph(list(costs.keys() - set(cut.pairs)))
    assert nx.is_directed_acyclic_graph(kept)
    for pair in cut.pairs:
        kept.add_edge(*pair)
        assert not nx.is_directed_acyclic_graph(kept)
        kept.remove_edge(*pair)


@pytest.mark.parametrize("length", [2, 3, 4, 7, 30])
def test_the_loop_is_as_short_as_brute_force_finds(length: int) -> None:
    names = [f"n{number:02}" for number in range(length)]
    pairs = [*zip(names, names[1:] + names[:1], strict=True)]
    if length > 4:
        pairs.append((names[0], names[2]))
    loop, is_shortest = find_loop(pairs)
    graph = nx.DiGraph(pairs)
    assert len(loop) == min(map(len, nx.simple_cycles(graph)))
    assert is_shortest


def test_a_deferred_or_single_name_import_is_cheaper_to_cut(make_tree: Tree) -> None:
    files = {
        "p/__init__.py": "",
        "p/a.py": "from p.b import x, y, z\nw = 1",
        "p/b.py": "def f():\n    from p.a import w\nx = y = z = 1",
    }
    (cycle,) = of_kind(find_cycles(build_import_graph(scan(make_tree(files)))), "deferred")
    assert cycle.cut == (("p.b", "p.a"),)
    assert cycle.cut_cost == 2


def test_cycles_do_not_depend_on_the_order_of_the_edges() -> None:
    edges = plain("ab", "bc", "ca", "cd", "de", "ec", "fa", "af")
    first = build_cycles_table(find_cycles(make_graph(edges))).drop_columns(["loop"])
    second = build_cycles_table(find_cycles(make_graph(edges[::-1]))).drop_columns(["loop"])
    assert first.equals(second)


def test_chains_are_all_the_shortest_ones_in_order() -> None:
    graph = make_graph(plain("ab", "bd", "ac", "cd", "de", "ad") + plain("ex"))
    (direct,) = find_chains(graph, "a", "d")
    assert [str(hop) for hop in direct.steps] == ["a a.py:6 d"]
    graph = make_graph(plain("ab", "bd", "ac", "cd"))
    assert [[hop.imported for hop in chain.steps] for chain in find_chains(graph, "a", "d")] == [["b", "d"], ["c", "d"]]
    assert len(find_chains(graph, "a", "d", limit=1)) == 1
    assert find_chains(graph, "d", "a") == []


@settings(max_examples=100)
@given(_EDGES.filter(lambda edges: len(edges) > 1))
def test_chains_are_as_short_as_those_of_networkx(edges: list[tuple[str, str, str, bool]]) -> None:
    graph = make_graph(edges)
    witness = nx.DiGraph([edge[:2] for edge in edges if not edge[3]])
    first, last = graph.modules[0], graph.modules[-1]
    if first in witness and last in witness and nx.has_path(witness, first, last):
        expected = sorted(nx.all_shortest_paths(witness, first, last))
        found = [[chain.steps[0].importer, *(hop.imported for hop in chain.steps)] for chain in
                 find_chains(graph, first, last, limit=1000)]  # fmt: skip
        assert found == expected


@pytest.mark.parametrize("name", ["shop.ordr", "order"])
def test_an_unknown_module_gets_the_nearest_names(name: str) -> None:
    graph = make_graph([("shop.order", "shop.stock", "module", False)])
    with pytest.raises(UnknownNameError, match=r"Did you mean .*shop\.order"):
        find_chains(graph, name, "shop.stock")

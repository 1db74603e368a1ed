"""Components, loops and cuts: held against networkx, brute force and igraph, and fast on large ones."""

from __future__ import annotations

import itertools
import random
import time

import igraph
import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.graph import find_cut, find_loop
from analysis.graph.components import find_strong_components
from analysis.graph.minimal_cut import make_minimal
from analysis.graph.ordering import find_backward_edges
from analysis.graph.packing import pack_cycles

Edge = tuple[int, int]


def is_acyclic(edges: set[Edge]) -> bool:
    return nx.is_directed_acyclic_graph(nx.DiGraph(list(edges)))


def draw_costs(modules: int, edges: int, seed: int) -> dict[Edge, int]:
    """Return a random graph; the costs are those of real imports."""
    choose = random.Random(seed)
    pairs = [(first, second) for first in range(modules) for second in range(modules) if first != second]
    return {pair: choose.choice((1, 2, 4, 4, 5, 8)) for pair in choose.sample(pairs, edges)}


_EDGES = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda edge: edge[0] != edge[1]), max_size=30)
_COSTS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda edge: edge[0] != edge[1]), st.integers(1, 6),
    min_size=1, max_size=11,
)  # fmt: skip


def test_a_graph_without_edges_has_no_components() -> None:
    assert list(find_strong_components({})) == []


def test_a_chain_has_no_components_however_long() -> None:
    assert list(find_strong_components({number: [number + 1] for number in range(50_000)})) == []


@settings(max_examples=80)
@given(_EDGES)
def test_components_are_those_of_networkx(edges: set[Edge]) -> None:
    following: dict[int, list[int]] = {}
    for importer, imported in sorted(edges):
        following.setdefault(importer, []).append(imported)
    expected = [sorted(found) for found in nx.strongly_connected_components(nx.DiGraph(list(edges))) if len(found) > 1]
    assert sorted(find_strong_components(following)) == sorted(expected)


@settings(max_examples=80)
@given(_COSTS)
def test_a_cut_costs_what_brute_force_finds(costs: dict[Edge, int]) -> None:
    cut = find_cut(costs)
    cheapest = min(
        sum(costs[edge] for edge in chosen)
        for size in range(len(costs) + 1)
        for chosen in itertools.combinations(costs, size)
        if is_acyclic(costs.keys() - set(chosen))
    )
    assert (cut.cost, cut.bound, cut.method) == (cheapest, cheapest, "exact")
    assert is_acyclic(costs.keys() - set(cut.pairs))


@pytest.mark.parametrize(("modules", "edges"), [(6, 30), (10, 60), (14, 90), (25, 80), (40, 120)])
def test_an_exact_cut_costs_what_integer_programming_finds(modules: int, edges: int) -> None:
    exact = 0
    for seed in range(6):
        costs = draw_costs(modules, edges, seed)
        cut = find_cut(costs)
        ordered = sorted(costs)
        witness = igraph.Graph(n=modules, edges=ordered, directed=True)
        chosen = witness.feedback_arc_set([costs[edge] for edge in ordered], "ip")
        cheapest = sum(costs[ordered[number]] for number in chosen)
        assert cut.bound <= cheapest <= cut.cost
        assert (cut.method == "exact") == (cut.bound == cut.cost)
        exact += cut.method == "exact"
    assert exact >= 4


@pytest.mark.parametrize(("modules", "edges"), [(60, 400), (150, 1_100)])
def test_a_hard_cut_is_a_heuristic_that_leaves_no_cycle_and_is_thin(modules: int, edges: int) -> None:
    costs = draw_costs(modules, edges, 1)
    cut = find_cut(costs)
    assert cut.method == "heuristic"
    assert cut.bound < cut.cost < sum(costs.values()) / 3
    kept = costs.keys() - set(cut.pairs)
    assert is_acyclic(kept)
    assert not any(is_acyclic(kept | {edge}) for edge in cut.pairs)


def test_a_cut_does_not_depend_on_the_order_of_the_edges() -> None:
    costs = draw_costs(40, 160, 3)
    assert find_cut(dict(reversed(costs.items()))) == find_cut(costs)


def test_of_equally_dear_imports_the_first_by_name_is_cut() -> None:
    assert find_cut({("a", "b"): 4, ("b", "a"): 4}).pairs == (("a", "b"),)


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ({(0, 1): 5, (1, 0): 1}, [(1, 0)]),
        ({(0, 1): 1, (1, 0): 5}, [(0, 1)]),
        ({(0, 1): 2, (1, 0): 2}, [(0, 1)]),
        ({(0, 1): 1, (1, 2): 3, (2, 0): 2}, [(0, 1)]),
        ({(0, 1): 3, (1, 2): 1, (2, 0): 2}, [(1, 2)]),
        ({(0, 1): 9, (1, 0): 2, (1, 2): 9, (2, 1): 3}, [(1, 0), (2, 1)]),
    ],
)
def test_of_a_cut_the_cheapest_imports_stay_and_of_equally_cheap_ones_the_first(
    costs: dict[Edge, int], expected: list[Edge]
) -> None:
    """The whole graph is no minimal cut: the dearest imports are taken back first."""
    assert make_minimal(costs, list(costs), 1000) == expected


def test_a_packing_that_runs_out_of_steps_says_what_is_left() -> None:
    costs = draw_costs(60, 400, 1)
    packing = pack_cycles(costs, 500)
    assert not packing.is_complete
    assert set(packing.rest) <= costs.keys()
    assert is_acyclic(costs.keys() - set(packing.cut) - set(packing.rest))
    whole = pack_cycles(costs, 10**9)
    assert whole.is_complete
    assert whole.bound >= packing.bound
    assert is_acyclic(costs.keys() - set(whole.cut))


@settings(max_examples=80)
@given(_COSTS)
def test_without_the_edges_that_point_backwards_there_is_no_cycle(costs: dict[Edge, int]) -> None:
    backwards = find_backward_edges(costs, sorted(costs))
    assert is_acyclic(costs.keys() - set(backwards))
    if is_acyclic(set(costs)):
        assert backwards == []


def test_thinning_without_steps_keeps_the_whole_cut() -> None:
    costs = {(0, 1): 1, (1, 0): 1, (1, 2): 1}
    assert make_minimal(costs, [(0, 1), (1, 2)], 10**6) == [(0, 1)]
    assert make_minimal(costs, [(0, 1), (1, 2)], -1) == [(0, 1), (1, 2)]


@settings(max_examples=80)
@given(_EDGES)
def test_a_loop_is_as_short_as_networkx_finds(edges: set[Edge]) -> None:
    graph = nx.DiGraph(list(edges))
    for members in nx.strongly_connected_components(graph):
        inside = graph.subgraph(members)
        if len(members) > 1:
            loop, is_shortest = find_loop(list(inside.edges))
            assert is_shortest
            assert len(loop) == min(map(len, nx.simple_cycles(inside)))
            assert set(loop) <= set(inside.edges)
            assert [imported for _, imported in loop] == [importer for importer, _ in [*loop[1:], loop[0]]]
            assert loop[0][0] == min(importer for importer, _ in loop)


def test_a_loop_of_two_with_a_preferred_import_goes_first() -> None:
    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]
    assert find_loop(pairs)[0] == [("a", "b"), ("b", "a")]
    assert find_loop(pairs, preferred=[("c", "b")])[0] == [("b", "c"), ("c", "b")]


@pytest.mark.parametrize("steps", [(1,), (1, 5, 11), (1, 2, 3, 4)], ids=str)
def test_a_large_component_takes_no_time_to_speak_of(steps: tuple[int, ...]) -> None:
    count = 4_000
    costs = {(number, (number + step) % count): 4 for number in range(count) for step in steps}
    started = time.perf_counter()
    cut = find_cut(costs)
    loop, is_shortest = find_loop(list(costs))
    assert time.perf_counter() - started < 20  # seconds, on a loaded machine; a quadratic search takes minutes
    assert is_acyclic(costs.keys() - set(cut.pairs))
    assert is_shortest <= (len(loop) <= -(-count // max(steps)))

"""Cuts that are kept are those that the search finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.graph.cached_cuts import CachedCuts
from analysis.graph.cuts import find_cut
from analysis.graph.edge_arrays import Pairs


def make_pairs(costs: dict[tuple[int, int], int]) -> Pairs:
    edges = sorted(costs)
    ends = np.array(edges, np.int64).reshape(-1, 2)
    nothing = np.zeros(len(edges), np.int64)
    return Pairs(ends[:, 0], ends[:, 1], np.array([costs[edge] for edge in edges], np.int64), nothing, nothing)


@settings(max_examples=60)
@given(st.dictionaries(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda edge: edge[0] != edge[1]),
                       st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 50))  # fmt: skip
def test_a_cut_is_the_same_found_kept_and_under_other_numbers(
    tmp_path_factory: pytest.TempPathFactory, costs: dict[tuple[int, int], int], offset: int
) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    plain = find_cut(costs)
    for _ in range(2):
        cuts = CachedCuts(folder)
        assert cuts.find(make_pairs(costs)) == plain
        moved = {(3 * importer + offset, 3 * imported + offset): cost for (importer, imported), cost in costs.items()}
        assert cuts.find(make_pairs(moved)) == find_cut(moved)
        cuts.save()


def test_a_harmed_file_costs_only_time(tmp_path: Path) -> None:
    ring = {(number, (number + 1) % 20): 1 for number in range(20)} | {(0, number): 2 for number in range(2, 19)}
    cuts = CachedCuts(tmp_path)
    first = cuts.find(make_pairs(ring))
    cuts.save()
    (file,) = tmp_path.glob("cuts/*/*.pack")
    file.write_bytes(b"no pack at all, but longer than the end of one" * 40)
    for harmed in (CachedCuts(tmp_path), CachedCuts(tmp_path / "no" / "folder"), CachedCuts(None)):
        assert harmed.find(make_pairs(ring)) == first
        harmed.save()

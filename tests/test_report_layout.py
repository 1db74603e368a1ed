"""Positions of nodes: given beforehand, the same every time, inside the field, apart from one another."""

from __future__ import annotations

import math
import random
import time
from itertools import pairwise

from analysis.report.layout import HEIGHT, LARGEST_RING, WIDTH, lay_out


def make_pairs(count: int) -> tuple[list[str], list[tuple[str, str]]]:
    chance = random.Random(1)
    names = [f"m{number}" for number in range(count)]
    return names, [(chance.choice(names), chance.choice(names)) for _ in range(5 * count)]


def test_nothing_has_no_place() -> None:
    assert lay_out([], []) == {}


def test_one_node_stands_somewhere() -> None:
    assert set(lay_out(["a"], [("a", "a")])) == {"a"}


def test_a_small_network_is_a_ring_in_its_order() -> None:
    names = [f"m{number}" for number in range(LARGEST_RING)]
    places = lay_out(names, [])
    angles = [math.atan2(places[name][1], places[name][0]) for name in names]
    turns = [(after - before) % (2 * math.pi) for before, after in pairwise(angles)]
    assert len(turns) == LARGEST_RING - 1
    assert all(0 < turn < math.pi / 2 for turn in turns)


def test_the_same_network_stands_the_same_every_time() -> None:
    names, pairs = make_pairs(60)
    assert lay_out(names, pairs) == lay_out(names, list(reversed(pairs)))


def test_a_large_network_stays_in_its_field_and_apart() -> None:
    names, pairs = make_pairs(100)
    places = lay_out(names, pairs)
    assert all(abs(x) <= WIDTH * 0.55 and abs(y) <= HEIGHT * 0.55 for x, y in places.values())
    assert len(set(places.values())) > 95


def test_500_nodes_are_laid_out_quickly() -> None:
    names, pairs = make_pairs(500)
    started = time.process_time()
    assert len(lay_out(names, pairs)) == 500
    assert time.process_time() - started < 10

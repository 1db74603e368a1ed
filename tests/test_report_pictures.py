"""Pictures: real PNG files, the same every time, in words too, for nothing, little and odd names."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from report_trees import HOSTILE, SHOP, investigate

from analysis.investigation import Investigation
from analysis.report.displays import Picture
from analysis.report.pictures import draw_cycle_sizes, draw_duplicate_names, draw_import_costs, draw_matrix

Draw = Callable[[Investigation], Picture]
DRAWN: tuple[Draw, ...] = (draw_matrix, draw_cycle_sizes, draw_duplicate_names, draw_import_costs)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("shop"), SHOP)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    names = {"shop/$x^2$_\u4e2d\u6587_\U0001f600.py": "class $: pass", "shop/_hidden/__init__.py": "", **HOSTILE}
    return investigate(tmp_path_factory.mktemp("hostile"), names)


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    return investigate(tmp_path_factory.mktemp("lonely"), {"one.py": "x = 1\n"})


def measure(picture: Picture) -> tuple[int, int]:
    """Return width and height of a PNG in pixels."""
    assert picture.png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture.png[16:24])
    return int(width), int(height)


@pytest.mark.parametrize("draw", DRAWN)
def test_nothing_to_draw_is_still_a_picture_with_words(draw: Draw, lonely: Investigation) -> None:
    picture = draw(lonely)
    assert min(measure(picture)) > 50
    assert picture.alt
    assert picture.caption


@pytest.mark.parametrize("draw", DRAWN)
def test_a_picture_is_small_and_the_same_every_time(draw: Draw, shop: Investigation) -> None:
    picture = draw(shop)
    assert picture == draw(shop)
    assert len(picture.png) < 200_000
    assert max(measure(picture)) <= 1800


@pytest.mark.parametrize("draw", DRAWN)
def test_odd_names_are_drawn_without_a_warning(draw: Draw, hostile: Investigation) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = draw(hostile)
    assert "<script" not in picture.page
    assert "<img src=x" not in picture.page


def test_the_matrix_counts_the_statements_against_the_order(shop: Investigation) -> None:
    picture = draw_matrix(shop, most_packages=3)
    assert "3 packages" in picture.caption
    assert "1 of 3 statements" in picture.caption


def test_cycles_and_names_beyond_the_limit_are_counted(shop: Investigation) -> None:
    assert "Smaller ones that are not drawn: 2" in draw_cycle_sizes(shop, most_bars=1).caption
    assert "1 import-time, 1 deferred, 1 typing" in draw_cycle_sizes(shop).caption
    assert "Names that are not drawn: 1" in draw_duplicate_names(shop, most_bars=0).caption


SLOW = {
    "slow/__init__.py": "",
    "slow/outer.py": "import time\nfrom slow import inner\ntime.sleep(0.02)\n",
    "slow/inner.py": "import time\ntime.sleep(0.1)\n",
}


def test_who_pays_for_a_slow_import_is_measured_and_drawn(tmp_path: Path) -> None:
    inv = investigate(tmp_path, SLOW, is_probed=True)
    costs = inv.frame("import_costs")
    rows = costs[costs["entry"] == "slow.outer"].sort_values("position")
    assert list(zip(rows["depth"], rows["module"], strict=True))[-2:] == [(0, "slow.outer"), (1, "slow.inner")]
    outer, inner = rows["seconds"].tail(2)
    assert outer > 0.12 > 0.1 <= inner
    picture = draw_import_costs(inv)
    assert "first import of slow.outer" in picture.caption
    assert " 0 ms" not in draw_import_costs(inv, "slow.inner").caption

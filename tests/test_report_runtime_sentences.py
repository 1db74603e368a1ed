"""What the notebooks say of first imports: foretold, seen, and where the two differ."""

from __future__ import annotations

from pathlib import Path

from report_trees import HOSTILE, investigate

from analysis.report.runtime_sentences import format_probe, format_simulation, list_wrong_predictions
from analysis.report.sentences import list_cycle_outcomes

RING = {
    "p/__init__.py": "",
    "p/a.py": "from p.b import B\nclass A: ...\n",
    "p/b.py": "from p.a import A\nclass B: ...\n",
    "p/c.py": "try:\n    from p.a import A\nexcept ImportError:\n    A = None\n",
    "p/reader.py": "import os\nassert not os.environ\n",
}


def test_a_ring_is_listed_with_who_cannot_come_first_and_what_is_lost(tmp_path: Path) -> None:
    inv = investigate(tmp_path, RING)
    page = list_cycle_outcomes(inv).page.replace("<wbr>", "")
    assert "p.a (p/b.py:1)" in page
    assert "p.b (p/a.py:1)" in page
    told = str(format_simulation(inv))
    assert "Of 5 simulated first imports" in told
    assert "2 fail because of a cycle" in told
    assert str(format_probe(inv))


def test_without_a_probe_nothing_is_held_against_what_was_foretold(tmp_path: Path) -> None:
    inv = investigate(tmp_path, RING)
    assert "reader" not in list_wrong_predictions(inv).page


def test_what_was_not_foretold_is_named(tmp_path: Path) -> None:
    inv = investigate(tmp_path, RING, is_probed=True)
    told, page = str(format_simulation(inv)), list_wrong_predictions(inv).page.replace("<wbr>", "")
    assert "4 of 5" in told or "80" in told
    assert "p.reader" in page
    assert "p.a" not in page


def test_nothing_of_a_hostile_target_becomes_markup(tmp_path: Path) -> None:
    inv = investigate(tmp_path, HOSTILE)
    for fragment in (list_cycle_outcomes(inv), list_wrong_predictions(inv)):
        assert "<script>alert" not in fragment.page

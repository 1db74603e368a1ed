"""Edits of byte spans: what is outside of them stays as it is, and two never touch the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.facts.source_tree import WorkingTree
from analysis.fixes.offers import Edit, OverlapError, apply_edits, read_changes


def test_bytes_outside_the_spans_stay_also_odd_ones() -> None:
    content = b"\xef\xbb\xbfimport a\r\n# caf\xe9\r\nimport b"
    assert apply_edits(content, [Edit("m.py", 10, 11, b"c")]) == content.replace(b"import a", b"import c", 1)


def test_an_edit_that_is_asked_for_twice_is_made_once() -> None:
    assert apply_edits(b"ab", [Edit("m.py", 0, 1, b"x"), Edit("m.py", 0, 1, b"x")]) == b"xb"


@pytest.mark.parametrize("second", [Edit("m.py", 1, 3, b"y"), Edit("m.py", 4, 9, b"")])
def test_edits_that_overlap_or_lie_outside_are_refused(second: Edit) -> None:
    with pytest.raises(OverlapError, match=r"m\.py"):
        apply_edits(b"abcd", [Edit("m.py", 0, 2, b"x"), second])


def test_a_new_file_never_replaces_one_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_bytes(b"x = 1\n")
    tree = WorkingTree(tmp_path)
    assert read_changes(tree, [], {"n.py": b""}) == {"n.py": b""}
    with pytest.raises(OverlapError, match=r"m\.py is there already"):
        read_changes(tree, [], {"m.py": b""})

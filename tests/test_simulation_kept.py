"""After a change only the first imports that came to it are simulated again, and all say what they would say anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_simulation_sharing import _write_random

from analysis import investigate
from analysis.facts import scan
from analysis.runtime import find_entries
from analysis.simulation import simulate_entries
from analysis.simulation.machine import Machine

Make = Callable[..., Path]
Rows = dict[str, list[dict[str, Any]]]


def _simulate(root: Path, cache: Path | None, **options: Any) -> Rows:
    facts = scan(root, jobs=1)
    entries = [(entry.module, entry.path) for entry in find_entries(facts)]
    found = simulate_entries(facts, entries, cache=cache, **options)
    return {name: table.to_pylist() for name, table in found.items()}


def _count(begun: list[str]) -> Callable[..., Machine]:
    def make(shared: Any, first: Any) -> Machine:
        begun.append(first.name)
        return Machine(shared, first)

    return make


def _sort(rows: Rows) -> Rows:
    return {name: sorted(each, key=str) for name, each in rows.items()}


def test_nothing_is_simulated_when_nothing_changed(make_tree: Make, tmp_path: Path) -> None:
    root = make_tree({"a.py": "import b\n", "b.py": "import json\n"})
    before, begun = _simulate(root, tmp_path / "c"), list[str]()
    assert _simulate(root, tmp_path / "c", machine=_count(begun)) == before
    assert begun == []


def test_only_what_came_to_a_changed_file_is_simulated_again(make_tree: Make, tmp_path: Path) -> None:
    root = make_tree({"a.py": "import b\n", "b.py": "import json\n", "c.py": "import d\n", "d.py": ""})
    _simulate(root, tmp_path / "c")
    (root / "b.py").write_text("import d\n")
    begun = list[str]()
    after = _simulate(root, tmp_path / "c", machine=_count(begun))
    assert sorted(begun) == ["a", "b", "d"]
    assert after == _simulate(root, None)


def test_a_file_that_failed_or_was_not_there_is_needed_too(make_tree: Make, tmp_path: Path) -> None:
    root = make_tree({
        "a.py": "try:\n    import b\nexcept ImportError:\n    b = None\n", "b.py": "from c import X\n",
        "c.py": "Y = 1\n",
        "p/__init__.py": "", "e.py": "import p.gone\n",
    })  # fmt: skip
    _simulate(root, tmp_path / "c")
    (root / "c.py").write_text("X = 1\n")
    assert _simulate(root, tmp_path / "c") == _simulate(root, None)
    (root / "p/gone.py").write_text("")
    assert _simulate(root, tmp_path / "c") == _simulate(root, None)


def test_an_import_that_decides_whose_folder_counts_changes_what_others_mean(make_tree: Make, tmp_path: Path) -> None:
    root = make_tree({
        "tools/run.py": "import helper\nhelper.X\n", "tools/helper.py": "Y = 1\n", "app/__init__.py": "",
        "app/m.py": "",
    })  # fmt: skip
    _simulate(root, tmp_path / "c")
    for text in ("import tools.helper\n", "import helper\n", "from tools import run\n", ""):
        (root / "app/m.py").write_text(text)
        assert _simulate(root, tmp_path / "c") == _simulate(root, None)


@pytest.mark.parametrize("seed", range(3))
def test_changes_at_random_places_lead_to_what_is_found_anew(make_tree: Make, tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    files = _write_random(seed + 50, 12)
    root = make_tree(files)
    _simulate(root, tmp_path / "c")
    for _ in range(8):
        path = random_.choice(sorted(files))
        lines = (root / path).read_text().splitlines(keepends=True)
        place = random_.choice([number for number, line in enumerate(lines) if line[0] not in " e"] or [0])
        other = f"t{random_.randrange(12)}.{random_.choice('abcd')}"
        kind = random_.choice(("add", "remove", "change"))
        new = [f"import {other}\n"] if kind != "remove" else []
        old = 0 if kind == "add" or not lines or lines[place][:2] not in {"im", "fr", "X ", "Y "} else 1
        (root / path).write_text("".join([*lines[:place], *new, *lines[place + old :]]))
        assert _sort(_simulate(root, tmp_path / "c")) == _sort(_simulate(root, None))


def test_a_file_that_a_program_looks_for_counts_too(make_tree: Make, tmp_path: Path) -> None:
    asks = "from pathlib import Path\nif not (Path(__file__).parent / 'data').exists():\n    raise OSError\n"
    root = make_tree({"a.py": "import b\n", "b.py": asks, "c.py": ""})
    assert [row["exception"] for row in _simulate(root, tmp_path / "c")["simulated"]] == ["OSError", "OSError", ""]
    (root / "data").mkdir()
    begun = list[str]()
    after = _simulate(root, tmp_path / "c", machine=_count(begun))
    assert [row["exception"] for row in after["simulated"]] == ["", "", ""]
    assert sorted(begun) == ["a", "b"]
    assert _simulate(root, tmp_path / "c", machine=_count(begun)) == after
    assert sorted(begun) == ["a", "b"]


def test_a_project_file_that_names_a_distribution_changes_what_is_kept_of_a_namespace(tmp_path: Path) -> None:
    """A part of a namespace package is missing until the project depends on something that may bring it."""
    root, data = tmp_path / "tree", tmp_path / "data"
    (root / "ns").mkdir(parents=True)
    (root / "ns/a.py").write_text("import ns.gone\n")
    (root / "b.py").write_text("import ns.a\n")
    outcomes = []
    for lines in ("requests\n", "requests\nns-gone>=1\n", "requests\n"):
        (root / "requirements.txt").write_text(lines)
        inv = investigate(root, data=data)
        assert inv.table("phantoms").num_rows == 1
        outcomes.append(
            [row["outcome"] for row in inv.table("simulated").to_pylist()]
            + [row["reason"] for row in inv.table("phantoms").to_pylist()]
        )
    assert outcomes[0] == outcomes[2] == ["missing-in-tree", "missing-in-tree", "no-such-module"]
    assert outcomes[1] == ["ok", "ok", "another-part"]

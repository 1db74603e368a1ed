"""What an edit changed: in a notebook by ``refresh``, in a terminal by ``ssot watch``."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import PolicyError
from analysis.policy import parse_policy

Tree = Callable[..., Path]
SHOP = {"shop/__init__.py": "", "shop/api.py": "import shop.db\n", "shop/db.py": "class Order: ...\n"}
LIMIT = '[[concept]]\nname = "orders"\nmatch = ["Order*"]\nmax_classes = 1\n'


def test_refresh_names_what_came_and_what_went_and_answers_from_now_on(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**SHOP, "shop/api.py": "import shop.old\n"})
    inv = analysis.investigate(root, data=tmp_path)
    first = inv.path
    assert [row["rule"] for row in inv.table("findings").to_pylist()] == ["phantom-import"]
    (root / "shop/api.py").write_text("import shop.db\nimport shop.new\n")
    change = inv.refresh()
    assert [row["message"].split()[0] for row in change.new] == ["shop.new"]
    assert [row["message"].split()[0] for row in change.gone] == ["shop.old"]
    assert change.left == 1
    assert inv.path != first
    assert "shop.new" in inv.findings()["message"][0]
    assert inv.explain("shop.api", "shop.db").chains
    assert str(change).splitlines()[0].startswith("+ P1 phantom-import shop/api.py:2 ")
    assert str(change).splitlines()[-1].startswith("1 new, 1 gone: 1 finding now (")
    again = inv.refresh()
    assert not again
    assert str(again).startswith("nothing changed: 1 finding now")
    assert "<li>" not in again._repr_html_()


def test_refresh_reads_the_policy_from_where_it_was(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**SHOP, "ssot.toml": ""})
    own = analysis.investigate(root, data=tmp_path / "own")
    given = analysis.investigate(root, data=tmp_path / "given", policy=parse_policy(LIMIT))
    named = tmp_path / "named.toml"
    named.write_text("")
    other = analysis.investigate(root, data=tmp_path / "named", policy=named)
    (root / "shop/api.py").write_text("class OrderTwo: ...\n")
    assert own.refresh().new == ()
    assert [row["rule"] for row in given.refresh().new] == ["concept-over-its-limit"]
    named.write_text(LIMIT)
    assert [row["rule"] for row in other.refresh().new] == ["concept-over-its-limit"]
    (root / "shop/db.py").write_text("class Order: ...\nclass OrderThree: ...\n")
    named.write_text("")
    assert [row["rule"] for row in other.refresh().gone] == ["concept-over-its-limit"]
    (root / "ssot.toml").write_text(LIMIT)
    assert [row["rule"] for row in own.refresh().new] == ["concept-over-its-limit"]


def test_refresh_runs_no_code_and_keeps_the_options(make_tree: Tree, tmp_path: Path) -> None:
    old = "import sys\nif sys.version_info < (3, 10):\n    import shop.old\n"
    root = make_tree({**SHOP, "shop/db.py": old})
    policy = parse_policy("[target]\nprobe = true\n")
    inv = analysis.investigate(root, data=tmp_path / "data", policy=policy, python_version="3.9")
    assert inv.manifest.probe is not None
    assert inv.table("phantoms").num_rows == 1  # alive in 3.9 only
    inv.refresh()
    assert inv.table("phantoms").num_rows == 1
    assert inv.manifest.probe is None


def test_a_refresh_that_fails_leaves_the_old_answers(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    inv = analysis.investigate(root, data=tmp_path)
    before = inv.path
    (root / "ssot.toml").write_text("[")
    with pytest.raises(PolicyError):
        inv.refresh()
    assert inv.path == before
    assert inv.module_count == 3


def test_watch_prints_each_change_and_ends_in_order(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "analysis.cli", "watch", str(root), "--json", "--interval", "0.1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        env={**os.environ, "SSOT_DATA": str(tmp_path / "data")},
    )  # fmt: skip
    try:
        assert json.loads(read_line(child)) == {"findings": []}
        (root / "shop/api.py").write_text("import shop.gone\n")
        came = json.loads(read_line(child))
        assert [row["rule"] for row in came["new"]] == ["phantom-import"]
        (root / "ssot.toml").write_text("[")
        time.sleep(1.5)
        (root / "ssot.toml").unlink()
        (root / "shop/api.py").write_text("import shop.db\n")
        went = [json.loads(read_line(child)) for _ in range(2)]
        assert [row["fingerprint"] for row in came["new"]] == [
            row["fingerprint"] for each in went for row in each["gone"]
        ]
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 0
        assert child.stderr is not None
        assert "ssot.toml:1:2" in child.stderr.read()
    finally:
        child.kill()
        child.wait()
    kept = [place for place in (tmp_path / "data/snapshots").glob("*/*") if place.is_dir()]
    assert len(kept) == 1


def read_line(child: subprocess.Popen[str]) -> str:
    """Return the next line of a program, which has a minute for it."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        assert selector.select(60), "no line came"
    return child.stdout.readline()

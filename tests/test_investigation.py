"""From a path to an opened snapshot, and what it answers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis import store, tables
from analysis.errors import PolicyError, SnapshotError, TargetError, UnknownNameError

Tree = Callable[..., Path]

SHOP = {
    "shop/__init__.py": "",
    "shop/api.py": "from shop.db import Order\nfrom shop import cart\n",
    "shop/cart.py": "def f():\n    from shop.api import g\n",
    "shop/db.py": "class Order: ...\nclass OrderRegistry: ...\n",
    "shop/old.py": "class Order: ...\nclass UserRegistry: ...\n",
    "ssot.toml": '[target]\nname = "The Shop"\n[[concept]]\nname = "registries"\nmatch = ["*Registry"]\n',
}


def test_an_investigation_keeps_a_snapshot_and_opens_it(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(SHOP), data=tmp_path)
    again = analysis.open_snapshot("The Shop", data=tmp_path)
    assert again.path == inv.path
    assert inv.name == "The Shop"
    assert inv.manifest.counts["files"] == 5
    assert inv.manifest.revision == "no-git"
    assert repr(inv).startswith("<Investigation of The Shop at no-git: 5 modules, 3 imports, ")


@pytest.mark.parametrize("name", sorted(tables.TABLES))
def test_every_table_is_a_frame_with_the_documented_columns(make_tree: Tree, tmp_path: Path, name: str) -> None:
    inv = analysis.investigate(make_tree(SHOP), data=tmp_path)
    assert list(inv.frame(name).columns) == list(tables.TABLES[name].names)
    assert name in {"cycles", "findings", "paths"} or getattr(inv, name) is inv.frame(name)
    assert inv.table(name).schema.equals(tables.TABLES[name].schema)


def test_the_verbs_answer(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(SHOP), data=tmp_path)
    assert inv.cycles("deferred")["modules"].map(list).tolist() == [["shop.api", "shop.cart"]]
    assert inv.duplicate_names()["name"].tolist() == ["Order"]
    assert inv.concepts().loc[0, ["concept", "classes", "max_classes"]].tolist() == ["registries", 2, 1]
    assert inv.metric("class-definitions") == 4
    assert inv.paths("shop.db.Order")["import_path"].tolist() == ["shop.db.Order", "shop.api.Order"]
    assert len(inv.class_ids("Order")) == 2
    assert set(inv.classes()["name"]) == {"Order", "OrderRegistry", "UserRegistry"}
    assert [phase.name for phase in inv.plan()]
    assert any(metric.metric == "concept:registries" and metric.is_met is False for metric in inv.success_metrics())
    chains = inv.explain("shop.api", "shop.db")
    assert str(chains) == "shop.api -> shop.db  shop/api.py:1"
    assert chains._repr_html_().startswith("<pre>shop.api -&gt;")


@pytest.mark.parametrize("ask", [
    lambda inv: inv.table("bogus"), lambda inv: inv.metric("bogus"), lambda inv: inv.cycles("bogus"),
    lambda inv: inv.explain("shop.apy", "shop.db"), lambda inv: inv.paths("Ordr"), lambda inv: inv.frame("bogus"),
])  # fmt: skip
def test_an_unknown_name_is_one_line_with_the_known_ones(
    make_tree: Tree, tmp_path: Path, ask: Callable[[analysis.Investigation], object]
) -> None:
    inv = analysis.investigate(make_tree(SHOP), data=tmp_path)
    with pytest.raises(UnknownNameError) as caught:
        ask(inv)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_hostile_names_are_escaped_in_displays(make_tree: Tree, tmp_path: Path) -> None:
    policy = '[target]\nname = "<script>alert(1)</script>"\n'
    inv = analysis.investigate(make_tree({"a.py": "", "ssot.toml": policy}), data=tmp_path)
    shown = inv._repr_html_()
    assert "<script>" not in shown and "alert(1)" in shown


def test_the_same_tree_gives_byte_identical_tables(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    first, second = (analysis.investigate(root, data=tmp_path / str(run), jobs=run) for run in (1, 2))
    for name in tables.TABLES:
        file = f"{name}.parquet"
        assert (first.path / file).read_bytes() == (second.path / file).read_bytes(), name


def test_the_revision_is_that_of_git(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    expected = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    assert expected.startswith(analysis.investigate(root, data=tmp_path).manifest.revision)


def test_wrong_arguments_are_refused_before_anything_is_written(make_tree: Tree, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(TargetError):
        analysis.investigate(tmp_path / "none", data=data)
    with pytest.raises(PolicyError):
        analysis.investigate(make_tree(SHOP), policy=tmp_path / "none.toml", data=data)
    with pytest.raises(SnapshotError):
        analysis.open_snapshot("none", data=data)
    assert not data.exists()


def _investigate(root: Path, data: Path) -> None:
    analysis.investigate(root, data=data, jobs=1)


def test_two_runs_at_once_do_not_disturb_each_other(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_investigate, args=(root, tmp_path)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0, 0]
    found = store.find_snapshots(tmp_path)
    assert len(found) == 3
    assert len({(place / "edges.parquet").read_bytes() for place in found}) == 1


@pytest.mark.parametrize("delay", [0.4, 0.8, 1.2, 1.6])
def test_a_kill_at_any_moment_leaves_the_earlier_snapshot_and_a_working_cache(
    make_tree: Tree, tmp_path: Path, delay: float
) -> None:
    root = make_tree({f"m{n}.py": f"import m{(n + 1) % 300}\nclass C{n}: ...\n" for n in range(300)})
    first = analysis.investigate(root, data=tmp_path, jobs=1)
    before = {path.name: path.read_bytes() for path in first.path.iterdir()}
    for path in root.iterdir():
        path.write_text(path.read_text() + "import os\n")
    environment = {**os.environ, "SSOT_DATA": str(tmp_path)}
    run = subprocess.Popen([sys.executable, "-m", "analysis.cli", "scan", str(root), "-q"], env=environment,
                           cwd=Path(__file__).parent.parent, stdout=subprocess.DEVNULL)  # fmt: skip
    time.sleep(delay)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert {path.name: path.read_bytes() for path in first.path.iterdir()} == before
    for place in store.find_snapshots(tmp_path):
        assert analysis.Investigation(place).files.shape[0] == 300
    after = analysis.investigate(root, data=tmp_path, jobs=1)
    assert after.manifest.counts["imports"] == 600
    assert not list(first.path.parent.glob(".writing-*"))

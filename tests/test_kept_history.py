"""Kept snapshots over time: the frames agree with each snapshot, and every documented query runs and says the same."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

import analysis
from analysis.investigation import Investigation
from analysis.kept_history import BY_RULE, FIGURES
from analysis.pipeline import investigate

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/history_queries.md").read_text()
QUERIES = re.findall(r"^(\S[^\n]*):\n\n```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
POLICY = '[target]\nname = "shop"\n'
STATES = (
    {"shop/__init__.py": "", "shop/a.py": "import shop.b\nimport shop.none\n", "shop/b.py": "", "ssot.toml": POLICY},
    {"shop/b.py": "import shop.a\nimport shop.nothing\n"},
    {"shop/a.py": "import shop.b\nimport shop.lost\n"},
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[Investigation]]:
    """The data folder of three snapshots of one target, and of one of another target."""
    folder = tmp_path_factory.mktemp("kept")
    found = []
    for state in STATES:
        for name, source in state.items():
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / name).write_text(source)
        found.append(investigate(folder / "tree", data=folder / "data"))
        time.sleep(1.1)  # names of snapshots have whole seconds
    (folder / "other").mkdir()
    (folder / "other/a.py").write_text("import a.b.c\n")
    investigate(folder / "other", data=folder / "data")
    return folder / "data", found


def test_one_snapshot_is_one_row(kept: Any) -> None:
    frame = kept[1][0].history()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == FIGURES
    assert frame.snapshot.tolist() == [kept[1][0].path.name]


def test_the_frame_says_of_each_snapshot_what_it_says_itself(kept: Any) -> None:
    data, found = kept
    frame = found[-1].history()
    assert frame.snapshot.tolist() == [inv.path.name for inv in found]
    for row, inv in zip(frame.itertuples(), found, strict=True):
        assert row.debt_minutes == inv.debt().minutes
        assert row.score == pytest.approx(inv.metric("compliance"))
        assert row.findings == row.P0 + row.P1 + row.P2 + row.P3
        assert row.findings == sum(step.findings for phase in inv.plan() for step in phase.steps)
    assert frame.findings.nunique() > 1
    assert analysis.open_snapshot("shop", data=data).history().equals(frame)


def test_findings_by_rule_add_up_to_those_of_the_snapshot(kept: Any) -> None:
    inv = kept[1][-1]
    frame, whole = inv.history("rule"), inv.history().set_index("snapshot")
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == BY_RULE
    sums = frame.groupby("snapshot")[["findings", "debt_minutes"]].sum()
    assert sums.equals(whole.loc[sums.index, ["findings", "debt_minutes"]])
    counts = frame.groupby(["snapshot", "severity"]).findings.sum()
    assert all(whole.loc[snapshot, severity] == count for (snapshot, severity), count in counts.items())


def test_a_damaged_snapshot_is_left_out(kept: Any, tmp_path: Path) -> None:
    data, found = kept
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data/snapshots/shop" / found[1].path.name / "findings.parquet").write_bytes(b"no")
    inv = Investigation(tmp_path / "data/snapshots/shop" / found[2].path.name)
    assert inv.history().snapshot.tolist() == [found[0].path.name, found[2].path.name]


def ask(data: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query.replace("'snapshots/", f"'{data}/snapshots/")).fetchall()


@pytest.mark.parametrize("title", [title for title, _ in QUERIES])
def test_every_documented_query_runs_and_finds_something(title: str, kept: Any) -> None:
    assert ask(kept[0], dict(QUERIES)[title]) != []


def test_the_queries_say_what_the_frames_say(kept: Any) -> None:
    data, found = kept
    queries = [query for _, query in QUERIES]
    assert len(queries) == 7
    frame = found[-1].history("rule").groupby(["snapshot", "severity"])[["findings", "places"]].sum().reset_index()
    assert ask(data, queries[0]) == [tuple(row) for row in frame.itertuples(index=False)]
    scores = found[-1].history()
    assert [row[:2] for row in ask(data, queries[1])] == list(zip(scores.snapshot, scores.score.round(1), strict=True))
    names = [inv.path.name for inv in found]
    seen = {(rule, subject): row for rule, subject, _, *row in ask(data, queries[2])}
    assert seen["phantom-import", "shop.none"] == [names[0], names[1], 2]
    assert seen["phantom-import", "shop.nothing"] == [names[1], names[2], 2]
    new = set(found[2].table("findings").column("fingerprint").to_pylist())
    old = set(found[1].table("findings").column("fingerprint").to_pylist())
    assert len(ask(data, queries[3])) == len(new - old) == 1
    assert [row[0] for row in ask(data, queries[6])] == names

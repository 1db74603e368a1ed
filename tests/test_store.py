"""Snapshots appear whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis import store, tables
from analysis.errors import SnapshotError, StorageError
from analysis.manifest import Manifest

MANIFEST = Manifest("shop", root="/src/shop", revision="abc123", created="2026-01-02T03:04:05+00:00")
PLACE = "shop-b9db2853"
CONTENTS = {"metrics": tables.METRICS.from_rows([("modules", 3.0, "modules", "How many.")])}


def test_without_a_snapshot_the_error_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=r"ssot scan TARGET"):
        store.find_snapshot(tmp_path)


def test_a_snapshot_reads_back_as_it_was_written(tmp_path: Path) -> None:
    place = store.write_snapshot(tmp_path, CONTENTS, MANIFEST)
    assert place == tmp_path / "snapshots" / PLACE / "20260102T030405-abc123"
    assert store.read_table(place, "metrics").equals(CONTENTS["metrics"])
    assert store.read_manifest(place) == MANIFEST


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (store.write_snapshot(tmp_path, CONTENTS, MANIFEST) for _ in range(2))
    assert first != second
    assert (first / "metrics.parquet").read_bytes() == (second / "metrics.parquet").read_bytes()


def test_the_newest_snapshot_is_found_by_name_place_folder_or_nothing(tmp_path: Path) -> None:
    source = tmp_path / "shop"
    source.mkdir()
    old = store.write_snapshot(tmp_path, CONTENTS, replace(MANIFEST, root=str(source)))
    later = replace(MANIFEST, created="2026-02-02T03:04:05+00:00", root=str(source))
    new = store.write_snapshot(tmp_path, CONTENTS, later)
    assert store.find_snapshots(tmp_path, "shop") == [old, new]
    for wanted in ("", "shop", new.parent.name, str(source), str(new)):
        assert store.find_snapshot(tmp_path, wanted) == new
    assert store.find_snapshot(tmp_path, str(old)) == old


def test_a_failing_write_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = {"metrics": tables.FILES.empty()}
    with pytest.raises(ValueError, match="metrics"):
        store.write_snapshot(tmp_path, wrong, MANIFEST)
    assert list((tmp_path / "snapshots" / PLACE).iterdir()) == []


def test_a_table_with_other_columns_is_not_read(tmp_path: Path) -> None:
    place = store.write_snapshot(tmp_path, CONTENTS, MANIFEST)
    pq.write_table(tables.FILES.empty(), place / "metrics.parquet")
    (place / "SHA256SUMS").unlink()  # as version 0.1.0 wrote it
    with pytest.raises(SnapshotError, match="cannot read table metrics"):
        store.read_table(place, "metrics")


FULL_DISK = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from analysis import store, tables
from analysis.errors import StorageError
from analysis.manifest import Manifest
disk, manifest = Path("/mnt"), Manifest("shop", revision="a", created="2026-01-02T03:04:05+00:00")
first = store.write_snapshot(disk, {"metrics": tables.METRICS.empty()}, manifest)
rows = [(os.urandom(40).hex(), 1.0, "", "") for _ in range(60_000)]
try:
    store.write_snapshot(disk, {"metrics": tables.METRICS.from_rows(rows)}, manifest)
except StorageError as error:
    print(error)
print(store.find_snapshots(disk) == [first], [path.name for path in first.parent.iterdir()] == [first.name])
"""


def test_a_full_disk_is_one_line_and_leaves_the_earlier_snapshot(tmp_path: Path) -> None:
    """A real full disk: a tmpfs of one megabyte, mounted in a namespace of its own."""
    (tmp_path / "full_disk.py").write_text(FULL_DISK)
    mount = [
        "unshare",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        'mount -t tmpfs -o size=1m tmpfs /mnt && exec "$@"',
        "sh",
    ]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    command = [*mount, sys.executable, str(tmp_path / "full_disk.py"), str(Path(__file__).parent.parent)]
    message, survived = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "No space left on device" in message
    assert "Free some space" in message
    assert survived == "True True"


def test_what_a_killed_process_left_is_removed_but_not_what_a_living_one_writes(tmp_path: Path) -> None:
    parent = tmp_path / "snapshots" / PLACE
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    left = parent / f".writing-{dead.stdout.strip()}-x"
    alive = parent / f".writing-{os.getpid()}-y"
    left.mkdir(parents=True)
    alive.mkdir()
    store.write_snapshot(tmp_path, CONTENTS, MANIFEST)
    assert not left.exists()
    assert alive.exists()


def test_runs_of_one_second_do_not_disturb_each_other(tmp_path: Path) -> None:
    threads = [threading.Thread(target=store.write_snapshot, args=(tmp_path, CONTENTS, MANIFEST)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.find_snapshots(tmp_path)
    assert len(found) == 8
    assert all(store.read_table(place, "metrics").num_rows == 1 for place in found)


@pytest.mark.parametrize("content", [None, "not json", '{"format": 0}'])
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / store.MANIFEST).write_text(content)
    with pytest.raises(SnapshotError):
        store.read_manifest(tmp_path)


def test_a_target_name_cannot_leave_the_data_folder(tmp_path: Path) -> None:
    place = store.write_snapshot(tmp_path, CONTENTS, replace(MANIFEST, target="../../etc"))
    assert place.is_relative_to(tmp_path / "snapshots")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError, match="SSOT_DATA"):
        store.write_snapshot(blocked, CONTENTS, MANIFEST)


def test_names_of_runs_sort_by_time() -> None:
    early, late = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    assert store.name_run(early, "z") < store.name_run(late, "a")

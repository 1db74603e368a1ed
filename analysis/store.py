"""Snapshots on disk: one folder per run, one Parquet file per table, and a manifest.

A snapshot is written into a temporary folder beside its place and renamed when it is complete, so that it
appears whole or not at all. Nothing ever changes it afterwards.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import tables
from analysis.errors import SnapshotError, StorageError

MANIFEST = "manifest.json"
#: Raised when older snapshots can no longer be read.
FORMAT = 4
_TEMPORARY = re.compile(r"\.writing-(\d+)-")


def find_home() -> Path:
    """Return the folder of the checkout that this package is used from, or the current folder."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "notebooks").is_dir() else Path.cwd()


def find_data_folder() -> Path:
    """Return where snapshots and caches are kept: ``$SSOT_DATA``, or ``data`` of the checkout."""
    return Path(os.environ.get("SSOT_DATA") or find_home() / "data").expanduser().absolute()


def find_reports_folder() -> Path:
    """Return where reports are written: ``$SSOT_REPORTS``, or ``reports`` of the checkout."""
    return Path(os.environ.get("SSOT_REPORTS") or find_home() / "reports").expanduser().absolute()


def slug(name: str) -> str:
    """Return a name that is safe as a folder name everywhere.

    >>> slug("my app/../x"), slug("..")
    ('my-app-..-x', 'target')
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80]
    return safe or "target"


def name_run(created: datetime, revision: str) -> str:
    """Return the folder name of a run: its time in UTC and the revision, so that names sort by time."""
    return f"{created.astimezone(UTC):%Y%m%dT%H%M%S}-{slug(revision)}"


@contextlib.contextmanager
def writing_folder(parent: Path) -> Iterator[Path]:
    """Yield a temporary folder beside its final place; it is removed when the block fails.

    Folders that killed processes left there are removed first. Raises ``StorageError`` when the disk is full
    or may not be written to.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(parent)
        folder = Path(tempfile.mkdtemp(prefix=f".writing-{os.getpid()}-", dir=parent))
        folder.chmod(0o755)
    except OSError as error:
        raise _explain(error, parent) from None
    try:
        yield folder
    except OSError as error:
        raise _explain(error, parent) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish_folder(folder: Path, parent: Path, name: str) -> Path:
    """Move a complete folder to its place and return it; a second run within one second gets a number."""
    for number in range(1, 1000):
        place = parent / (name if number == 1 else f"{name}.{number}")
        try:
            folder.rename(place)
        except OSError:
            if place.exists():
                continue
            raise
        return place
    raise StorageError(f"{parent} has a thousand runs of one second", remedy="Remove old ones")


def remove_leftovers(parent: Path) -> None:
    """Remove the temporary folders of processes that are gone."""
    for folder in parent.glob(".writing-*"):
        match = _TEMPORARY.match(folder.name)
        if match and not _is_alive(int(match.group(1))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _explain(error: OSError, parent: Path) -> StorageError:
    return StorageError(
        f"cannot write below {parent}: {error.strerror or error}",
        remedy="Free some space, or name another folder with SSOT_DATA or SSOT_REPORTS",
    )


def write_file(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raises ``StorageError`` when the disk is full or may not be written to."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        what = f"cannot write {path}: {error.strerror or error}"
        raise StorageError(what, remedy="Free some space, or name another file") from None


def write_snapshot(data: Path, contents: Mapping[str, pa.Table], manifest: Mapping[str, Any]) -> Path:
    """Write all tables and the manifest; return the snapshot's folder ``data/snapshots/<target>/<time>-<revision>``.

    ``manifest`` has at least target, revision and created (ISO, UTC).
    """
    import pyarrow.parquet as pq

    parent = data / "snapshots" / slug(str(manifest["target"]))
    with writing_folder(parent) as folder:
        for name, table in sorted(contents.items()):
            expected = tables.TABLES[name].schema
            if not table.schema.equals(expected):
                raise ValueError(f"table {name} has not the columns of tables.py: {table.schema.names}")
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        described = {"format": FORMAT, **manifest}
        (folder / MANIFEST).write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", "utf-8")
        created = datetime.fromisoformat(str(manifest["created"]))
        return publish_folder(folder, parent, name_run(created, str(manifest["revision"])))


def read_manifest(snapshot: Path) -> dict[str, Any]:
    """Return the manifest of a snapshot; ``SnapshotError`` when there is none or another version wrote it."""
    try:
        manifest: dict[str, Any] = json.loads((snapshot / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        raise SnapshotError(f"{snapshot} is not a snapshot", remedy="Make one with: ssot scan TARGET") from None
    if manifest.get("format") != FORMAT:
        raise SnapshotError(
            f"{snapshot} was written by another version", remedy="Make a new one with: ssot scan TARGET"
        )
    return manifest


def read_table(snapshot: Path, name: str) -> pa.Table:
    """Return one table of a snapshot with the schema of ``tables.py``."""
    import pyarrow.parquet as pq

    try:
        return pq.read_table(snapshot / f"{name}.parquet").cast(tables.TABLES[name].schema)
    except (OSError, ValueError, pa.ArrowException) as error:  # a cast to other columns is a ValueError
        raise SnapshotError(f"cannot read table {name} of {snapshot}: {error}".splitlines()[0]) from None


def find_snapshots(data: Path, target: str = "") -> list[Path]:
    """Return the snapshots of a target (by its name, or of all targets), the oldest first."""
    folders = (data / "snapshots").glob(f"{slug(target)}/*" if target else "*/*")
    found = [folder for folder in folders if not folder.name.startswith(".") and (folder / MANIFEST).is_file()]
    return sorted(found, key=lambda folder: (folder.name, folder.parent.name))


def find_snapshot(data: Path, wanted: str = "") -> Path:
    """Return one snapshot: by its folder, by the target's name or folder (the newest), or the newest of all."""
    folder = Path(wanted).expanduser()
    if wanted and (folder / MANIFEST).is_file():
        return folder.resolve()
    found = find_snapshots(data, "" if wanted and folder.is_dir() else wanted)
    if wanted and folder.is_dir():
        root = str(folder.resolve())
        found = [snapshot for snapshot in found if read_manifest(snapshot).get("root") == root]
    if not found:
        what = f"no snapshot of {wanted}" if wanted else "no snapshot yet"
        raise SnapshotError(what, remedy=f"Make one with: ssot scan {wanted or 'TARGET'}")
    return found[-1]

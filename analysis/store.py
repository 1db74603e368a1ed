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
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from platformdirs import user_data_dir

from analysis import tables
from analysis.checksums import read_checked, write_checksums
from analysis.errors import SnapshotError, StorageError
from analysis.former_names import FORMER, FormerNames, list_table_names
from analysis.manifest import Manifest, write_manifest
from analysis.manifest import read_manifest as parse_manifest
from analysis.targets import Target, group_targets, is_place_of, slug

MANIFEST = "manifest.json"
#: What each folder of a report says of itself.
RUN = "run.json"
#: The variable that names the folder of all reports.
REPORTS = "SSOT_REPORTS"
#: Raised when older snapshots can no longer be read.
FORMAT = 4
_RUN_NAME = re.compile(r"\d{8}T\d{6}-[A-Za-z0-9._-]+")
_TEMPORARY = re.compile(r"\.writing-(\d+)-")


def find_checkout() -> Path | None:
    """Return the folder of the checkout that this package is used from; None for an installed package."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "notebooks").is_dir() else None


def find_bundle() -> Path:
    """Return the folder with ``notebooks`` and ``data/cases``: the checkout, or what the wheel brings of it."""
    return find_checkout() or Path(__file__).resolve().parent / "bundle"


def find_data_folder() -> Path:
    """Return where snapshots and caches are kept: ``$SSOT_DATA``, ``data`` of the checkout, or the user's data."""
    if os.environ.get("SSOT_DATA"):
        return Path(os.environ["SSOT_DATA"]).expanduser().absolute()
    checkout = find_checkout()
    return checkout / "data" if checkout else Path(user_data_dir("ssot-kit", appauthor=False))


def find_reports_folder() -> Path:
    """Return where reports are written: ``$SSOT_REPORTS``, or ``reports`` of the checkout or the current folder."""
    named = os.environ.get(REPORTS)
    return Path(named or (find_checkout() or Path.cwd()) / "reports").expanduser().absolute()


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
    raise StorageError(f"{parent} has a thousand runs of the same second", remedy="Remove old ones")


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


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, whole or not at all; raises ``StorageError``: disk full, or no permission."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        what = f"cannot write {path}: {error.strerror or error}"
        raise StorageError(what, remedy="Free some space, or name another file") from None


def write_snapshot(data: Path, contents: Mapping[str, pa.Table], manifest: Manifest) -> Path:
    """Write all tables and the manifest; return the snapshot's folder ``data/snapshots/<target>/<time>-<revision>``.

    ``<target>`` is ``targets.Target.place``.
    """
    import pyarrow.parquet as pq

    parent = data / "snapshots" / manifest.as_target.place
    with writing_folder(parent) as folder:
        for name, table in sorted(contents.items()):
            expected = tables.TABLES[name].schema
            if not table.schema.equals(expected):
                raise ValueError(f"table {name} does not have the columns of analysis.tables: {table.schema.names}")
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        described = {"format": FORMAT, **write_manifest(manifest)}
        (folder / MANIFEST).write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", "utf-8")
        write_checksums(folder)
        created = datetime.fromisoformat(manifest.created)
        return publish_folder(folder, parent, name_run(created, manifest.revision))


def read_manifest(snapshot: Path) -> Manifest:
    """Return the manifest of a snapshot.

    Raises ``SnapshotError`` when there is none, it is damaged, or another version wrote it.
    """
    try:
        document: dict[str, Any] = json.loads(read_checked(snapshot, MANIFEST))
        known = document.get("format")
    except (OSError, ValueError, AttributeError):
        raise SnapshotError(f"{snapshot} is not a snapshot", remedy="Create one with: ssot scan TARGET") from None
    try:
        if known == FORMAT:
            return parse_manifest(document)
    except ValueError:
        pass
    raise SnapshotError(f"{snapshot} was written by another version", remedy="Create a new one with: ssot scan TARGET")


def read_table(snapshot: Path, name: str, former: FormerNames = FORMER) -> pa.Table:
    """Return one table of a snapshot with the schema of ``tables``; ``SnapshotError`` when it is damaged.

    One that came after the version that wrote the snapshot is empty.
    """
    import pyarrow.parquet as pq

    table = tables.TABLES[name]
    file = next((each for each in list_table_names(name, former) if (snapshot / f"{each}.parquet").exists()), name)
    if table.is_later and not ({name, file} & read_manifest(snapshot).counts.keys()):
        return table.empty()
    try:
        content = pa.BufferReader(read_checked(snapshot, f"{file}.parquet"))
        return table.complete(pq.ParquetFile(content).read(), former)
    except (OSError, ValueError, pa.ArrowException) as error:  # a cast to other columns is a ValueError
        raise SnapshotError(f"cannot read table {name} of {snapshot}: {error}".splitlines()[0]) from None


def find_snapshots(data: Path, target: str = "") -> list[Path]:
    """Return the snapshots of a target (by its name or place, or of all targets), the oldest first.

    Several targets may have one name: a manifest says which one a snapshot is of.
    """
    return [place for place, known in _find_known(data, slug(target) if target else "") if _is_wanted(known, target)]


def find_snapshot(data: Path, wanted: str = "") -> Path:
    """Return one snapshot: by its folder or a report's, by the target's name, place or folder (the newest), or of all.

    Raises ``SnapshotError`` when there is none, when the newest is damaged (an older one would silently
    answer for it), and when two targets have that name.
    """
    folder = Path(wanted).expanduser()
    if wanted and (folder / MANIFEST).is_file():
        return folder.resolve()
    if wanted and (folder / RUN).is_file():
        return _read_run(folder)
    is_folder = bool(wanted) and folder.is_dir()
    known = _find_known(data, "" if is_folder else slug(wanted) if wanted else "")
    if is_folder:
        root = str(folder.resolve())
        found = {place for place, target in known if target is not None and target.root == root}
        usual = {Target(folder.resolve().name or "target", root).place}
    else:
        found = _find_named(known, wanted)
        usual = {place.parent.name for place, _ in known if not wanted or is_place_of(place.parent.name, wanted)}
    usual |= {place.parent.name for place in found}
    damaged = {place for place, target in known if target is None and place.parent.name in usual}
    newest = max(found | damaged, key=_rank, default=None)
    if newest is None:
        what = f"no snapshot of {wanted}" if wanted else "no snapshot yet"
        raise SnapshotError(what, remedy=f"Create one with: ssot scan {wanted or 'TARGET'}")
    read_manifest(newest)  # says what is wrong with a damaged one
    return newest


def find_run(data: Path, name: str) -> Path | None:
    """Return the snapshot with a name as ``name_run`` makes it; None without one, and where several targets have it.

    A folder and the same folder at a revision may have been analysed in one second: then the folder is meant.
    """
    found = (
        [each.parent for each in (data / "snapshots").glob(f"*/{name}/{MANIFEST}")] if _RUN_NAME.fullmatch(name) else []
    )
    if len(found) > 1:
        manifests = {place: read_manifest(place) for place in found}
        is_one_folder = len({each.root for each in manifests.values()}) == 1
        found = [place for place, each in manifests.items() if is_one_folder and not each.commit]
    return found[0] if len(found) == 1 else None


def _read_run(report: Path) -> Path:
    """Return the snapshot that a report was made of."""
    try:
        place = Path(json.loads((report / RUN).read_text("utf-8"))["snapshot"])
    except (OSError, ValueError, KeyError, TypeError):
        raise SnapshotError(f"{report} does not say of which snapshot it is", remedy="Name a snapshot") from None
    read_manifest(place)
    return place


def _find_named(known: Sequence[tuple[Path, Target | None]], wanted: str) -> set[Path]:
    """Return the snapshots of the one target of that name or place; without one, all."""
    named = {place: target for place, target in known if target is not None and _is_wanted(target, wanted)}
    exact = {place: target for place, target in named.items() if wanted in {target.name, target.place}}
    found = exact or named
    groups = group_targets(found.values())
    if wanted and len(groups) > 1:
        listed = ", ".join(f"{group[-1].root} ({group[-1].place})" for group in groups)
        raise SnapshotError(
            f"{len(groups)} targets are named {wanted}: {listed}",
            remedy="Name the folder of one, or the name in brackets after it",
        )
    return set(found)


def _find_known(data: Path, start: str = "") -> list[tuple[Path, Target | None]]:
    """Return the snapshots whose place begins so, the oldest first, each with its target; None: it cannot be read."""
    found: list[tuple[Path, Target | None]] = []
    for manifest in (data / "snapshots").glob(f"{start}*/*/{MANIFEST}"):
        if not manifest.parent.name.startswith("."):
            try:
                found.append((manifest.parent, read_manifest(manifest.parent).as_target))
            except SnapshotError:
                found.append((manifest.parent, None))
    return sorted(found, key=lambda pair: _rank(pair[0]))


def _rank(place: Path) -> tuple[str, str]:
    return place.name, place.parent.name


def _is_wanted(target: Target | None, wanted: str) -> bool:
    return target is not None and (not wanted or wanted == target.place or slug(wanted) == slug(target.name))

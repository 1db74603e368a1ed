"""Measurements of the golden path as folders of tables: ``data/golden/<target>/<time>-<revision>``."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import __version__, store, tables
from analysis.checksums import read_checked, write_checksums
from analysis.errors import SnapshotError
from analysis.golden.measure import GoldenResult
from analysis.targets import Target, read_target

#: Raised when an older kit could not read a measurement.
FORMAT = 1


def build_tables(result: GoldenResult, root: Path) -> dict[str, pa.Table]:
    """Return the tables ``golden_runs``, ``golden_tests`` and ``golden_modules`` of a measurement."""
    runs = [
        (run.number, run.seed, run.outcome, run.seconds, run.exit_code, run.started, run.lever, run.setting, run.source,
         run.detail, len(run.tests), sum(test.outcome in {"failed", "error"} for test in run.tests))
        for run in result.runs
    ]  # fmt: skip
    tests = [
        (run.number, test.test, test.outcome, test.seconds, test.message) for run in result.runs for test in run.tests
    ]
    loaded: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for run in result.base:
        inside = {path for path in map(Path, run.modules) if path.is_relative_to(root)}
        names = {path.relative_to(root).as_posix() for path in inside}
        loaded.update(names)
        failed.update(names if not run.is_good else ())
    modules = [(path, count, failed[path]) for path, count in sorted(loaded.items())]
    return {
        "golden_runs": tables.GOLDEN_RUNS.from_rows(runs),
        "golden_tests": tables.GOLDEN_TESTS.from_rows(tests),
        "golden_modules": tables.GOLDEN_MODULES.from_rows(modules),
    }


def write_golden(
    data: Path, target: Target, revision: str, result: GoldenResult, *, ran_in: Path | None = None
) -> Path:
    """Keep a measurement whole or not at all, and return its folder.

    ``ran_in`` is the folder in which the runs were made; default: the root of the target.
    """
    import pyarrow.parquet as pq

    parent = data / "golden" / target.place
    created = datetime.now(UTC)
    options = result.options
    manifest = {
        "format": FORMAT, "target": target.name, "named": target.is_named, "root": target.root, "revision": revision,
        "created": created.isoformat(timespec="microseconds"), "tool_version": __version__,
        "command": list(options.command), "files": [str(path) for path in options.junit], "parallel": options.parallel,
        "seed": options.seed, "timeout_seconds": options.timeout, "asked_runs": options.runs, "stopped": result.stopped,
    }  # fmt: skip
    with store.writing_folder(parent) as folder:
        for name, table in build_tables(result, ran_in or Path(target.root)).items():
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        (folder / store.MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
        write_checksums(folder)
        return store.publish_folder(folder, parent, store.name_run(created, revision))


def find_golden(data: Path, target: Target, *, other_than: str = "") -> Path | None:
    """Return the newest measurement of a target that this version can read; None when there is none.

    ``other_than`` is a revision at which it must not have been made. Raises ``SnapshotError`` when the newest is
    damaged: an older one would silently answer for it.
    """
    found = []
    for place in target.places:
        for manifest in (data / "golden" / place).glob(f"[!.]*/{store.MANIFEST}"):
            known = _read_manifest(manifest.parent)
            if known and known.get("format") != FORMAT:
                continue
            is_own = read_target(known).is_same(target) if known else place == target.place
            if is_own and (not known or not other_than or known.get("revision") != other_than):
                found.append((_find_time(manifest.parent, known), manifest.parent, known))
    if not found:
        return None
    _, newest, known = max(found, key=lambda each: each[:2])
    if not known:
        read_checked(newest, store.MANIFEST)
        raise SnapshotError(f"{newest} is not a measurement", remedy="Remove that folder, and measure again")
    return newest


def _find_time(folder: Path, known: Mapping[str, Any]) -> float:
    """Return when a measurement was made; of a damaged one only the second is known, by the name of its folder."""
    try:
        return datetime.fromisoformat(str(known["created"])).timestamp()
    except (KeyError, ValueError):
        pass
    try:
        return datetime.strptime(f"{folder.name[:15]}+0000", "%Y%m%dT%H%M%S%z").timestamp() + 1
    except ValueError:
        return math.inf


def _read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a measurement; empty when it is damaged."""
    try:
        known = json.loads(read_checked(folder, store.MANIFEST))
    except (OSError, ValueError, SnapshotError):
        return {}
    return known if isinstance(known, dict) and isinstance(known.get("target"), str) else {}


def read_golden(folder: Path) -> tuple[dict[str, pa.Table], Mapping[str, Any]]:
    """Return the tables of a measurement by name, and its manifest; ``SnapshotError`` when one of them is damaged."""
    import pyarrow.parquet as pq

    found = {}
    for table in tables.GOLDEN_TABLES:
        try:
            content = pa.BufferReader(read_checked(folder, f"{table.name}.parquet"))
            found[table.name] = pq.read_table(content).cast(table.schema)
        except (OSError, ValueError, pa.ArrowException) as error:
            told = f"cannot read table {table.name} of {folder}: {error}".splitlines()[0]
            raise SnapshotError(told, remedy="Remove that folder, and measure again") from None
    return found, json.loads(read_checked(folder, store.MANIFEST))

"""Measurements of the golden path as folders of tables: ``data/golden/<target>/<time>-<revision>``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis import __version__, store, tables
from analysis.golden.measure import GoldenResult

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
    data: Path, target: str, root: Path, revision: str, result: GoldenResult
) -> Path:  # fmt: skip
    """Keep a measurement whole or not at all, and return its folder."""
    parent = data / "golden" / store.slug(target)
    created = datetime.now(UTC)
    options = result.options
    manifest = {
        "format": FORMAT, "target": target, "root": str(root), "revision": revision,
        "created": created.isoformat(timespec="microseconds"), "tool_version": __version__,
        "command": list(options.command), "files": [str(path) for path in options.junit], "parallel": options.parallel,
        "seed": options.seed, "timeout_seconds": options.timeout, "asked_runs": options.runs, "stopped": result.stopped,
    }  # fmt: skip
    with store.writing_folder(parent) as folder:
        for name, table in build_tables(result, root).items():
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        (folder / store.MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
        return store.publish_folder(folder, parent, store.name_run(created, revision))


def find_golden(data: Path, target: str, *, other_than: str = "") -> Path | None:
    """Return the newest measurement of a target that this version can read; None when there is none.

    ``other_than`` is a revision at which it must not have been made.
    """
    parent = data / "golden" / store.slug(target)
    if not parent.is_dir():
        return None
    found = []
    for manifest in parent.glob(f"[!.]*/{store.MANIFEST}"):
        try:
            known = json.loads(manifest.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if known.get("format") == FORMAT and (not other_than or known.get("revision") != other_than):
            found.append((str(known.get("created")), manifest.parent))
    return max(found)[1] if found else None


def read_golden(folder: Path) -> tuple[dict[str, pa.Table], Mapping[str, Any]]:
    """Return the tables of a measurement by name, and its manifest."""
    names = [table.name for table in tables.GOLDEN_TABLES]
    found = {name: pq.read_table(folder / f"{name}.parquet").cast(tables.TABLES[name].schema) for name in names}
    return found, json.loads((folder / store.MANIFEST).read_text("utf-8"))

"""The golden path of each state of the case: read where a measurement of the same files is kept, else measured."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from analysis import store, tables
from analysis.golden.measure import GoldenOptions, measure_golden_path
from analysis.golden.records import build_tables, find_golden, read_golden, write_golden
from analysis.golden.statistics import count_needed_runs
from analysis.golden.summary import count_base
from analysis.policy import GoldenPath
from analysis.progress import Progress
from analysis.targets import Target

#: Under this name the measurement of the fixed case is kept: the case as it is has its own.
KEPT = Target("agent_platform_fixed", "", is_named=True)
#: So many runs are made at once where nothing is kept: seconds, and enough for a rate that is far from the target.
MOST_RUNS = 30


@dataclass(frozen=True)
class GoldenRuns:
    """The runs of one state, as the tables of a measurement.

    ``revision`` names the files that they loaded, and ``is_kept`` says that they were made earlier.
    """

    found: dict[str, pa.Table]
    revision: str
    is_kept: bool

    @property
    def counts(self) -> tuple[int, int]:
        """How many runs succeeded, and how many were made."""
        return count_base(self.found["golden_runs"])

    def is_of(self, copy: Path) -> bool:
        """Return whether a copy has what these runs loaded, so that they say the same of it."""
        return self.revision == describe_files(copy, tables.read_column(self.found["golden_modules"], "path"))


def list_kept(folders: Iterable[Path], target: Target = KEPT) -> Iterator[GoldenRuns]:
    """Yield the newest measurement that each folder of data keeps of a target."""
    for place in filter(None, (find_golden(folder, target) for folder in folders)):
        found, about = read_golden(place)
        yield GoldenRuns(found, str(about["revision"]), is_kept=True)


def describe_files(copy: Path, loaded: Iterable[str]) -> str:
    """Return a name for what some runs depend on: the files that they loaded, and which Python files there are.

    Other files may change: no run has ever read them.
    """
    digest = hashlib.sha256()
    for path in sorted(each.relative_to(copy).as_posix() for each in copy.rglob("*.py")):
        digest.update(path.encode() + b"\0")
    for path in sorted(loaded):
        content = (copy / path).read_bytes() if (copy / path).is_file() else b""
        digest.update(path.encode() + b"\0" + content + b"\0")
    return f"files-{digest.hexdigest()[:12]}"


def measure(copy: Path, policy: GoldenPath, *, data: Path | None, progress: Progress) -> GoldenRuns:
    """Run the golden path in a copy of the case.

    With a folder for ``data`` as many runs are made as can prove the target of the policy, and they are kept there;
    without one a few, and fewer still where the answer is clear.
    """
    command = policy.command.split()
    runs = count_needed_runs(policy.target, policy.confidence) if data else MOST_RUNS
    options = GoldenOptions(
        [sys.executable, *command[1:]], runs=runs, parallel=os.cpu_count() or 1 if data else 1, early=data is None,
        target=policy.target, confidence=policy.confidence,
    )  # fmt: skip
    result = measure_golden_path(copy, options, progress=progress)
    found = build_tables(result, copy)
    revision = describe_files(copy, tables.read_column(found["golden_modules"], "path"))
    if data is not None:
        write_golden(data, KEPT, revision, replace(result, options=replace(options, command=command)), ran_in=copy)
    return GoldenRuns(found, revision, is_kept=False)


def list_folders() -> list[Path]:
    """Return where measurements may be kept: the data folder, and the checkout with those of the bundled case."""
    return list(dict.fromkeys((store.find_data_folder(), store.find_bundle() / "data")))

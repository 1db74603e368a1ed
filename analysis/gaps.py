"""Failures of the kit itself: each becomes a row and never stops the run.

A target that misbehaves is data already. This is for our own mistakes: a rule, finder or step that raises what it
should not leaves a row of ``tables.NOT_ANALYSED`` with the reason; everything else goes on, and the report counts the
rows.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyarrow as pa

from analysis import tables
from analysis.errors import AnalysisError

Result = TypeVar("Result")
_HERE = Path(__file__).parent
_LONGEST_REASON = 200
#: Where the kit fails on one of these there is nothing to judge.
_BLIND = frozenset({("scan", ""), ("scan", "modules"), ("rules", ""), ("rules", "scores")})


class Gap(NamedTuple):
    """One part that could not be analysed; the columns of ``tables.NOT_ANALYSED``."""

    path: str
    step: str
    part: str
    reason: str


class Gaps:
    """Collects the gaps of one run. ``AnalysisError`` is no gap: a caller or the machine failed, and the run ends."""

    def __init__(self) -> None:
        self.rows: list[Gap] = []

    @property
    def is_blind(self) -> bool:
        """Whether the kit failed on what every verdict is made of: then no score would be true."""
        return any((gap.step, gap.part) in _BLIND for gap in self.rows)

    @property
    def failed_rules(self) -> frozenset[str]:
        """The rules that could not be applied."""
        return frozenset(gap.part for gap in self.rows if gap.step == "rules")

    def attempt(
        self, step: str, part: str, work: Callable[[], Result], fallback: Callable[[], Result], *, path: str = ""
    ) -> Result:
        """Return what the work returns; where it fails, what the fallback returns, and the failure is a row."""
        try:
            return work()
        except AnalysisError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this part only
            self.add(step, part, error, path=path)
            return fallback()

    def add(self, step: str, part: str, error: BaseException, *, path: str = "") -> None:
        """Note a failure; what fails the same way again is no second row."""
        gap = Gap(path, step, part, describe_failure(error))
        if gap not in self.rows:
            self.rows.append(gap)

    def extend(self, rows: Iterable[Gap]) -> None:
        """Take over the gaps of a worker."""
        self.rows.extend(rows)


class NoGaps(Gaps):
    """Catches nothing: for callers that want to see an exception where it is raised."""

    def attempt(
        self,
        step: str,  # noqa: ARG002
        part: str,  # noqa: ARG002
        work: Callable[[], Result],
        fallback: Callable[[], Result],  # noqa: ARG002
        *,
        path: str = "",  # noqa: ARG002
    ) -> Result:
        """Return what the work returns."""
        return work()


def describe_failure(error: BaseException) -> str:
    """Return the reason that a row gives: class and text of an exception, and where in the kit it was raised."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return text.encode("utf-8", "backslashreplace").decode()[:_LONGEST_REASON] + place


def _is_ours(filename: str) -> bool:
    return Path(filename).is_relative_to(_HERE) and Path(filename) != Path(__file__)


def build_gaps_table(*parts: pa.Table, rows: Iterable[Gap] = ()) -> pa.Table:
    """Return the gaps of a run as one table ``not_analysed``, sorted: those of files, and the ``rows`` of steps."""
    found = {Gap(*row.values()) for part in parts for row in part.select(list(Gap._fields)).to_pylist()}
    return tables.NOT_ANALYSED.from_rows(sorted({*found, *rows}))

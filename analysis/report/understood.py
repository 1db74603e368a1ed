"""How much of the target was understood: a report without findings means little where much could not be read.

Three shares: files that were read, import statements of which it is known where they lead, and names of modules of
which it is known what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from analysis import tables
from analysis.quantities import write_count, write_share
from analysis.tables.simulation import UNKNOWN_OUTCOMES
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Status of files that were read; a link is read where it leads to.
_READ = frozenset({"ok", "linked"})
#: Why an imported module of the tree is missing, where that is certain; other reasons say that it may exist.
_MISSING = frozenset({"no-such-module", "beyond-top", "not-on-path", "stub-only", "expected"})
#: Below this share of anything, a report without findings is no good news.
ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class Share:
    """One share of what was understood: of what, how many of all, and what the others are."""

    metric: str
    label: str
    known: int
    total: int
    rest: str

    @property
    def value(self) -> float:
        """The share, 1.0 where there is nothing to understand."""
        return self.known / self.total if self.total else 1.0

    @property
    def text(self) -> str:
        """The share in its one form: 100.0 % only where nothing is missing."""
        return write_share(self.value)

    @property
    def counted(self) -> str:
        """What the share is made of, as a sentence."""
        return f"{write_count(self.known)} of {write_count(self.total)} {self.label}{self.rest}."


def measure_understanding(inv: Investigation) -> tuple[Share, ...]:
    """Return the shares of files read, of imports resolved and of names known; first imports too if some were left."""
    return (_measure_files(inv), _measure_imports(inv), _measure_names(inv), *_measure_first_imports(inv))


def is_blind(shares: tuple[Share, ...]) -> bool:
    """Return whether so little was understood that a page must not be green."""
    return any(share.value < ENOUGH for share in shares)


def _measure_files(inv: Investigation) -> Share:
    statuses = inv.manifest.statuses
    total = sum(statuses.values())
    known = sum(count for status, count in statuses.items() if status in _READ)
    left = sum(inv.manifest.left_out.values())
    rest = f"; {format_count(left, 'more file')} {choose_form(left, 'was', 'were')} left out on purpose" if left else ""
    return Share("files-read", "files read", known, total, rest)


def _measure_imports(inv: Investigation) -> Share:
    """Count import statements; one that names a computed module is an import whose goal is not known."""
    places = {(path, line) for path, line in tables.read_rows(inv.table("imports"), "path", "line")}
    externals, phantoms, hooks = inv.table("externals"), inv.table("phantoms"), inv.table("hooks")
    computed = _read_places(hooks, pc.equal(hooks.column("kind").cast(pa.string()), "computed_import"))
    unknown = _read_places(externals, pc.equal(externals.column("origin").cast(pa.string()), "unknown"))
    may_exist = pc.invert(pc.is_in(phantoms.column("reason").cast(pa.string()), pa.array(sorted(_MISSING))))
    unknown |= _read_places(phantoms, may_exist) | computed
    total = len(places | computed)
    rest = f"; {format_count(len(computed), 'statement')} {choose_form(len(computed), 'computes', 'compute')} the name"
    return Share("imports-resolved", "imports resolved", total - len(unknown), total, rest if computed else "")


def _read_places(table: pa.Table, chosen: pa.ChunkedArray) -> set[tuple[str, int]]:
    return {(path, line) for path, line in tables.read_rows(table.filter(chosen), "path", "line")}


def _measure_names(inv: Investigation) -> Share:
    certainty = inv.table("paths").column("certainty").cast(pa.string())
    total = len(certainty)
    unknown = int(pc.sum(pc.equal(certainty, "unknown")).as_py() or 0)
    return Share("names-known", "names known", total - unknown, total, "")


def _measure_first_imports(inv: Investigation) -> list[Share]:
    outcomes = inv.table("simulated").column("outcome").cast(pa.string())
    unknown = int(pc.sum(pc.is_in(outcomes, pa.array(sorted(UNKNOWN_OUTCOMES)))).as_py() or 0)
    rest = f"; {write_count(inv.manifest.not_simulated)} for lack of time" if inv.manifest.not_simulated else ""
    known = len(outcomes) - unknown
    return [Share("first-imports-known", "first imports predicted", known, len(outcomes), rest)] if unknown else []

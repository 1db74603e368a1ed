"""Writes a report as a scheduler needs it: alone, compared with the last one, old ones removed, somebody notified."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from analysis import report, store
from analysis.errors import AnalysisError, BusyError, NotifyError
from analysis.pipeline import find_place, investigate
from analysis.progress import Progress, ignore_progress
from analysis.report.base import deciding, find_base
from analysis.report.edition import showing_authors
from analysis.report.runs import read_run
from analysis.report.runs_page import write_index
from analysis.scheduled.addresses import read_address
from analysis.scheduled.beginnings import beginning, explain
from analysis.scheduled.locks import hold_lock
from analysis.scheduled.outcome import FailedRun, FailOn, NotifyWhen, RunOutcome, compare_run
from analysis.scheduled.retention import remove_old
from analysis.scheduled.sending import send_all
from analysis.scheduled.tracing import trace_changes

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.report.run_notebooks import Warm


@dataclass(frozen=True, slots=True)
class Unattended:
    """The options of an unattended run.

    ``keep`` is the number of runs and snapshots that are kept (None: all). ``lock``: one run of a target at a time,
    after waiting for ``lock_wait`` seconds. ``fail_on`` says when the run counts as failed, ``notify`` are addresses
    as ``addresses.read_address`` takes them, ``notify_when`` says when they are notified. ``blame``: commits are judged
    that say who brought in what is new, and ``with_authors``: their authors are named.
    """

    keep: int | None = None
    lock: bool = False
    lock_wait: float = 0.0
    fail_on: FailOn = "never"
    notify: tuple[str, ...] = ()
    notify_when: NotifyWhen = "changed"
    blame: bool = False
    with_authors: bool = False

    def __post_init__(self) -> None:
        """Refuse what is wrong before the work, not after it."""
        if self.lock_wait and not self.lock:
            raise AnalysisError("--lock-wait needs --lock")
        for address in self.notify:
            read_address(address)


def write_unattended(
    parent: Path,
    find_investigation: Callable[[], Investigation],
    options: Unattended,
    *,
    jobs: int = 2,
    progress: Progress = ignore_progress,
    process: Warm | None = None,
) -> tuple[Investigation, RunOutcome]:
    """Write a report below ``parent``, the folder of a target's reports; return what was analysed and the outcome.

    ``find_investigation`` analyses the target, while the lock is held. Raises ``BusyError`` when another run holds it,
    and what the analysis and the report raise; the next run then names this one.
    """
    with contextlib.ExitStack() as stack:
        if options.lock:
            stack.enter_context(hold_lock(parent, options.lock_wait))
        begun = stack.enter_context(beginning(parent))
        sentences = [str(each) for each in begun.unfinished]
        inv = find_investigation()
        base = find_base(inv, parent.parent)
        stack.enter_context(deciding(base, parent.parent))
        stack.enter_context(showing_authors(with_authors=options.with_authors))
        untraced = trace_changes(inv, base, progress=progress) if options.blame else ""
        place = report.write_report(
            inv, parent.parent, jobs=jobs, progress=progress, process=process, unfinished=sentences
        )
        outcome = compare_run(inv, read_run(place), base, sentences, untraced)
        if options.keep:
            remove_old(parent, inv.path.parent, options.keep)
        write_index(parent.parent)
    return inv, outcome


def notify(outcome: RunOutcome, options: Unattended) -> list[str]:
    """Notify whom the options name, if the outcome is worth it; return a sentence for each that was not reached."""
    if not options.notify or not outcome.is_worth(options.notify_when):
        return []
    return send_all(outcome, [read_address(address) for address in options.notify])


@contextlib.contextmanager
def notifying_failure(target: str, options: Unattended) -> Iterator[None]:
    """Notify whom the options name when what is done in the block fails, at any ``notify_when``; it fails all the same.

    A run that finds the target locked has not failed, and one that a signal ends has no time for it. Who was not
    reached is named on standard error.
    """
    try:
        yield
    except BusyError:
        raise
    except Exception as error:
        failed = FailedRun(target, datetime.now(UTC).isoformat(timespec="seconds"), explain(error))
        for problem in send_all(failed, [read_address(address) for address in options.notify]):
            sys.stderr.write(f"ssot: {problem}\n")
        raise


def report_target(
    target: str | Path, *, policy: str = "", out: str = "", options: Unattended | None = None
) -> RunOutcome:  # fmt: skip
    """Analyse a target, write its report and notify; return the outcome, for notebooks and other programs.

    ``out`` is the folder of all reports (default: as ``ssot report``). Raises what ``ssot report`` ends with, and
    ``NotifyError`` when somebody was not reached: the report is complete then.
    """
    options = options or Unattended()
    reports = Path(out).expanduser().absolute() if out else store.find_reports_folder()
    with notifying_failure(str(target), options):
        parent = reports / find_place(target, policy or None)
        _, outcome = write_unattended(parent, lambda: investigate(target, policy=policy or None), options)
    if problems := notify(outcome, options):
        raise NotifyError("; ".join(problems), remedy=f"The report is complete: {outcome.run.folder}")
    return outcome

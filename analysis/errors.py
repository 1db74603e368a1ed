"""The errors of the kit: the problem, the place, and the fix.

A target that misbehaves is never an error: it is a row with a reason.
These errors are for callers (a wrong path, a wrong policy) and machines (a full disk).
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class AnalysisError(Exception):
    """A caller or the machine failed; the message fits on one line.

    ``exit_code`` is what the command line returns for it (2 usage, 3 target unreadable, 4 machine).
    """

    exit_code = 2

    def __init__(self, what: str, *, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}. {remedy}" if remedy else what)


class TargetError(AnalysisError):
    """The target cannot be analysed at all: no such folder, no Python in it."""

    exit_code = 3


class PolicyError(AnalysisError):
    """The policy file does not say what it should."""


class SnapshotError(AnalysisError):
    """No such snapshot, or one that another version wrote."""


class BaselineError(AnalysisError):
    """No baseline where one was named, or one that cannot be read."""


class RevisionError(AnalysisError):
    """The target has no such revision, or no git."""


class FixError(AnalysisError):
    """Fixes cannot be applied or taken back: files are not as they were, or the tree is not clean."""


class GoldenError(AnalysisError):
    """The golden path cannot be measured: no command, or one that cannot be started."""


class SuiteError(AnalysisError):
    """The validation suite cannot be written where it was asked for, or there is nothing to check."""


class UnknownNameError(AnalysisError):
    """A module or class was asked for that the snapshot does not know."""


def explain_unknown_module(name: str, modules: Sequence[str]) -> UnknownNameError:
    """Return the error for a module that the target does not have: it names the nearest ones."""
    near = get_close_matches(name, modules, n=3, cutoff=0.6)
    last = name.rpartition(".")[2]
    near = near or [module for module in modules if module.rpartition(".")[2] == last][:3]
    remedy = f"Did you mean {', '.join(near)}?" if near else "Names are as in import statements: pkg.module"
    return UnknownNameError(f"no module {name} in the target", remedy=remedy)


class StorageError(AnalysisError):
    """A file could not be written: disk full, no permission."""

    exit_code = 4


class BusyError(AnalysisError):
    """Another run on the same target holds the lock: later it may do (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


class NotifyError(AnalysisError):
    """The report is written, but somebody could not be notified (EX_UNAVAILABLE of sysexits.h)."""

    exit_code = 69


class ReportError(AnalysisError):
    """A notebook failed or a page could not be made."""

    exit_code = 4


class ProbeError(AnalysisError):
    """The target's code could not be run: no such interpreter, or one that is too old."""

    exit_code = 4


class VerifyError(AnalysisError):
    """A test cannot be run at all: no such file or test, no pytest in the interpreter."""

    exit_code = 3

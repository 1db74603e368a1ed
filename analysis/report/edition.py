"""What is decided once for all parts of a report, and handed to its notebooks, which run in other processes.

These are environment variables: the state that the report compares with, the folder of all reports, and whether the
authors of commits are named.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from analysis import store

SINCE, AUTHORS = "SSOT_SINCE", "SSOT_AUTHORS"
_ALL = (SINCE, AUTHORS, store.REPORTS)


@contextlib.contextmanager
def deciding(decided: Mapping[str, str]) -> Iterator[None]:
    """Have all that is made in the block use what was decided: texts by the names of the variables."""
    before = {name: os.environ[name] for name in decided if name in os.environ}
    os.environ.update(decided)
    try:
        yield
    finally:
        for name in decided:
            os.environ.pop(name, None)
        os.environ.update(before)


def list_decided() -> dict[str, str]:
    """Return what was decided, for other processes; an empty text where nothing was."""
    return {name: os.environ.get(name, "") for name in _ALL}


def showing_authors(*, with_authors: bool) -> contextlib.AbstractContextManager[None]:
    """Have the names of authors shown in the block, or not."""
    return deciding({AUTHORS: "1" if with_authors else ""})


def shows_authors() -> bool:
    """Return whether the names of authors are shown: only where the caller asked for it."""
    return bool(os.environ.get(AUTHORS))

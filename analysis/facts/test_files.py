"""Which files are tests: they may make stand-ins and try what is not there."""

from __future__ import annotations

from functools import lru_cache

_FOLDERS = frozenset({"tests", "test", "testing"})


@lru_cache(maxsize=65_536)
def is_test_file(path: str) -> bool:
    """Return whether a file belongs to the tests, by its name or folder.

    >>> [is_test_file(path) for path in ("a/tests/x.py", "test_x.py", "x_tests.py", "conftest.py", "contest.py")]
    [True, True, True, True, False]
    """
    folders, _, name = path.rpartition("/")
    by_name = name == "conftest.py" or name.startswith("test_") or name.endswith(("_test.py", "_tests.py"))
    return by_name or not _FOLDERS.isdisjoint(folders.split("/"))

"""How a second name is put into words: what loads the file twice, and what puts an end to it, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analysis.resolve.second_names import SecondName
from analysis.rules.twice import Contents

Sentence = Callable[[str, Sequence[SecondName]], str]


def _name_user(row: SecondName) -> str:
    """Return a name and the statement that uses it."""
    return f"{row.first_name} ({row.first_path}:{row.first_line})"


def _say_search_path(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    second = f"{row.second_name} ({row.second_path}:{row.second_line})"
    start = f" when it is started by {row.start}" if row.start else ""
    return f"{path} is imported as {_name_user(row)} and as {second}{start}: Python loads it once for each"


def _fix_search_path(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    return f"Import it as {rows[0].first_name} everywhere"


def _say_otherwise(path: str, rows: Sequence[SecondName]) -> str:
    row = rows[0]
    return f"{path} is loaded as {_name_user(row)} and a second time as {row.second_name}"


def _fix_otherwise(_: str, rows: Sequence[SecondName], __: Contents) -> str:
    return f"Load it only as {rows[0].first_name}"


#: What loads a file twice, by kind: a clause without its full stop.
SENTENCES: Mapping[str, Sentence] = {"search-path": _say_search_path}
_REMEDIES: Mapping[str, Callable[[str, Sequence[SecondName], Contents], str]] = {"search-path": _fix_search_path}


def find_remedy(kind: str, path: str, rows: Sequence[SecondName], shared: Contents) -> str:
    """Return what puts an end to the second name, as a clause; ``shared`` is what both names use of the file."""
    return _REMEDIES.get(kind, _fix_otherwise)(path, rows, shared)

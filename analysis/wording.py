"""Words in sentences: numbers with their nouns and verbs, short lists, escaped names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.quantities import write_count

MOST_NAMED = 3
#: Line breaks, terminal commands, changes of the reading direction, and halves of characters that no file can hold.
_HARMFUL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def format_count(count: float, singular: str, plural: str = "") -> str:
    """Return a number with its noun; the plural is the singular with an s where none is given.

    >>> format_count(1, "cycle"), format_count(0, "cycle"), format_count(1200, "class", "classes")
    ('1 cycle', 'no cycles', '1,200 classes')
    """
    number = write_count(count) if count else "no"
    return f"{number} {choose_form(count, singular, plural or singular + 's')}"


def choose_form(count: float, singular: str, plural: str) -> str:
    """Return the form of a verb or noun that goes with a number.

    >>> choose_form(1, "imports", "import"), choose_form(0, "imports", "import")
    ('imports', 'import')
    """
    return singular if count == 1 else plural


def format_some(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Return the first names, and how many more there are.

    >>> format_some(["a", "b"]), format_some(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def make_harmless(text: str) -> str:
    r"""Return text whose control characters, and what else could change how it is read, are written out.

    >>> make_harmless("a\x1b[31m\u202eb\n")
    'a\\x1b[31m\\u202eb\\x0a'
    """
    return _HARMFUL.sub(_write_out, text)


def _write_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

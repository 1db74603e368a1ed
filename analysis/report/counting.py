"""Numbers with their nouns."""

from __future__ import annotations

from analysis.quantities import write_count


def count_of(number: float, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> count_of(1, "cycle"), count_of(0, "cycle"), count_of(1200, "class", "classes")
    ('1 cycle', 'no cycle', '1,200 classes')
    """
    if not number:
        return f"no {noun}"
    return f"{write_count(number)} {noun if number == 1 else plural or noun + 's'}"

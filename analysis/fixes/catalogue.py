"""The kinds of fixes: each looks at an investigated target and yields offers, and refusals with their reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from analysis.facts.source_tree import SourceTree
from analysis.fixes.offers import Offer, Refusal
from analysis.investigation import Investigation


@dataclass(frozen=True)
class FixContext:
    """What a kind of fix looks at: an investigation, and the files of its target as they were investigated.

    Where fixes are already chosen, both have them. A kind reads no file by other means.
    """

    investigation: Investigation
    tree: SourceTree


@dataclass(frozen=True)
class Kind:
    """A kind of fix: its name, what it does in a few words, and the function that finds where it can be made.

    ``kind`` of each of its offers and refusals is that name.
    """

    name: str
    title: str
    find: Callable[[FixContext], Iterable[Offer | Refusal]]


#: All kinds of fixes, in the order in which their offers are proved and applied.
KINDS: tuple[Kind, ...] = ()


def find_offers(fixing: FixContext, kinds: Iterable[Kind] = KINDS) -> Iterator[Offer | Refusal]:
    """Yield what all kinds offer and refuse, in the order of the kinds and as each sorts them."""
    for kind in kinds:
        yield from kind.find(fixing)

"""The kinds of fixes: each looks at an investigated target and yields offers, and refusals with their reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from analysis.facts.source_tree import SourceTree
from analysis.fixes.attribute_paths import find_attribute_paths
from analysis.fixes.break_cycle import KIND as BREAK_CYCLE
from analysis.fixes.break_cycle import offer_cuts
from analysis.fixes.canonical_imports import KIND as CANONICAL_IMPORTS
from analysis.fixes.canonical_imports import find_canonical_imports
from analysis.fixes.explicit_imports import KIND as EXPLICIT_IMPORT
from analysis.fixes.explicit_imports import find_explicit_imports
from analysis.fixes.missing_names import KIND as MISSING_NAMES
from analysis.fixes.missing_names import find_missing_names
from analysis.fixes.offers import Offer, Refusal
from analysis.fixes.redirect_duplicates import KIND as REDIRECT_DUPLICATE
from analysis.fixes.redirect_duplicates import offer_redirects
from analysis.fixes.scaffold_state import KIND as SCAFFOLD_STATE
from analysis.fixes.scaffold_state import offer_scaffolds
from analysis.fixes.second_names import KIND as SECOND_NAMES
from analysis.fixes.second_names import find_second_names
from analysis.investigation import Investigation
from analysis.names.canonical import find_stated


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


def _find_missing_names(fixing: FixContext) -> Iterator[Offer | Refusal]:
    return find_missing_names(fixing.investigation.table, fixing.tree)


def _find_cuts(fixing: FixContext) -> Iterator[Offer | Refusal]:
    return offer_cuts(fixing.investigation, fixing.tree)


def _find_second_names(fixing: FixContext) -> Iterator[Offer | Refusal]:
    return find_second_names(fixing.investigation.table, fixing.tree)


def _find_explicit_imports(fixing: FixContext) -> Iterator[Offer | Refusal]:
    return find_explicit_imports(fixing.investigation.table, fixing.tree)


def _find_redirects(fixing: FixContext) -> Iterator[Offer | Refusal]:
    return offer_redirects(fixing.investigation, fixing.tree)


def _find_scaffolds(fixing: FixContext) -> Iterator[Offer | Refusal]:
    return offer_scaffolds(fixing.investigation, fixing.tree)


def _find_canonical_imports(fixing: FixContext) -> Iterator[Offer | Refusal]:
    stated = find_stated(fixing.investigation.policy)
    yield from find_canonical_imports(fixing.investigation.table, fixing.tree, stated)
    yield from find_attribute_paths(fixing.investigation.table, fixing.tree)


#: All kinds of fixes, in the order in which their offers are proved and applied: what makes imports work comes first.
KINDS: tuple[Kind, ...] = (
    Kind(MISSING_NAMES, "Import what is not there from where it is", _find_missing_names),
    Kind(SECOND_NAMES, "Import every file by one name", _find_second_names),
    Kind(BREAK_CYCLE, "Break import cycles: imports wait, or what they take moves", _find_cuts),
    Kind(EXPLICIT_IMPORT, "Import without a handler what always works or always fails", _find_explicit_imports),
    Kind(REDIRECT_DUPLICATE, "Make redirects of duplicate classes", _find_redirects),
    Kind(CANONICAL_IMPORTS, "Import every class from its canonical path", _find_canonical_imports),
    Kind(SCAFFOLD_STATE, "Begin to replace shared state", _find_scaffolds),
)


def find_offers(fixing: FixContext, kinds: Iterable[Kind] = KINDS) -> Iterator[Offer | Refusal]:
    """Yield what all kinds offer and refuse, in the order of the kinds and as each sorts them."""
    for kind in kinds:
        yield from kind.find(fixing)

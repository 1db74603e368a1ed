"""Which of the offers are made: each is proved on the tree that those before it make, in the time that there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from analysis.facts.opening import open_tree
from analysis.facts.overlaid_tree import Changes
from analysis.facts.source_tree import SourceTree
from analysis.fixes.catalogue import KINDS, FixContext, Kind, find_offers
from analysis.fixes.offers import Offer, OverlapError, Refusal, read_changes
from analysis.fixes.proof import Proof, prove
from analysis.investigation import Investigation
from analysis.progress import Progress, ignore_progress

#: Investigates the target with some files changed.
Investigate = Callable[[Changes], Investigation]
#: So many offers of one round are proved one by one; more of them in groups, of which one that fails is halved.
MOST_ALONE = 12
_LARGEST_GROUP = 32
_MOST_ROUNDS = 6
NO_TIME = "not proved: the time was over"


@dataclass(frozen=True)
class Fix:
    """An offer that is made: what it was proved to do, and what its files were before and are after.

    Of a fix that was proved together with others, ``together`` counts these, and ``proof`` is about all of them.
    """

    offer: Offer
    proof: Proof
    before: Changes
    after: Changes
    together: int = 1


@dataclass
class Choice:
    """The fixes in their order, what is refused and why, and the tree that all fixes make.

    ``scaffolds`` are beginnings that somebody has to complete: they are no part of that tree.
    """

    first: Investigation
    last: Investigation
    fixes: list[Fix] = field(default_factory=list)
    scaffolds: list[Fix] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    changes: Changes = field(default_factory=dict)

    @property
    def tree(self) -> SourceTree:
        """The files of the target with all fixes made."""
        manifest = self.first.manifest
        return open_tree(Path(manifest.root), manifest.commit, changes=self.changes)


def choose_fixes(
    first: Investigation, investigate: Investigate, *, kinds: Sequence[Kind] = KINDS,
    choose: Callable[[Investigation], frozenset[str] | None] = lambda _: None, seconds: float = 300.0,
    progress: Progress = ignore_progress, changes: Changes = MappingProxyType({}),
) -> Choice:  # fmt: skip
    """Return the fixes of a target that were proved, in rounds until nothing more is offered that can be made.

    ``first`` is the target as it is, or as some ``changes`` make it. ``choose`` returns the fingerprints of the
    findings to clear, None for all. What one fix makes possible is offered in the next round, so that a second run
    finds nothing more. After ``seconds`` no further fix is proved, and what was not says so.
    """
    choice, deadline = Choice(first, first, changes=dict(changes)), time.monotonic() + seconds
    for _ in range(_MOST_ROUNDS):
        a_round = _Round(choice, investigate, deadline, progress)
        wanted = choose(choice.last)
        found = [
            each
            for each in find_offers(FixContext(choice.last, choice.tree), kinds)
            if wanted is None or not wanted.isdisjoint(each.clears)
        ]
        choice.refused = [each for each in found if isinstance(each, Refusal)]
        offers = [each for each in found if isinstance(each, Offer)]
        a_round.run([each for each in offers if not each.is_scaffold])
        if not a_round.made:
            choice.scaffolds = list(a_round.draft([each for each in offers if each.is_scaffold]))
            break
    return choice


class _Round:
    """Proves the offers of one state of the tree; ``made`` are those that hold together."""

    def __init__(self, choice: Choice, investigate: Investigate, deadline: float, progress: Progress) -> None:
        self._choice, self._tree, self._earlier = choice, choice.tree, dict(choice.changes)
        self._investigate, self._deadline, self._progress = investigate, deadline, progress
        self._done = self._total = 0
        self.made: list[Offer] = []

    def run(self, offers: Sequence[Offer]) -> None:
        """Prove offers one by one, or in groups where they are many."""
        self._total = len(offers)
        size = 1 if len(offers) <= MOST_ALONE else _LARGEST_GROUP
        for start in range(0, len(offers), size):
            self._prove(offers[start : start + size])

    def draft(self, scaffolds: Sequence[Offer]) -> Iterator[Fix]:
        """Yield what scaffolds make of the tree, each alone."""
        for offer in scaffolds:
            after = self._change([offer])
            if after is None:
                self._refuse(offer, "its edits overlap")
                continue
            found = self._investigate({**self._earlier, **after})
            yield self._build(offer, prove(self._choice.last, found, [offer]), after)

    def _prove(self, group: Sequence[Offer]) -> None:
        if time.monotonic() >= self._deadline:
            for offer in group:
                self._refuse(offer, NO_TIME)
            return
        changed = self._change([*self.made, *group])
        objections: Sequence[str] = ("it edits what another fix edits: run `ssot fix` again afterwards",)
        if changed is not None:
            after = self._investigate({**self._earlier, **changed})
            proof = prove(self._choice.last, after, group)
            objections = proof.objections
            if not objections:
                self._make(group, proof, after)
                return
        if len(group) > 1:
            middle = len(group) // 2
            self._prove(group[:middle])
            self._prove(group[middle:])
        else:
            self._refuse(group[0], "; ".join(objections))

    def _make(self, group: Sequence[Offer], proof: Proof, after: Investigation) -> None:
        """Take offers that hold: what comes next is compared with the tree that has them."""
        for offer in group:
            changed = self._change([*self.made, offer]) or {}
            self._choice.fixes.append(self._build(offer, proof, changed, together=len(group)))
            self._choice.changes = {**self._earlier, **changed}
            self.made.append(offer)
            self._step()
        self._choice.last = after

    def _build(self, offer: Offer, proof: Proof, changed: Changes, *, together: int = 1) -> Fix:
        tree = self._choice.tree
        paths = sorted({*(edit.path for edit in offer.edits), *offer.new_files})
        before = {path: tree.read_bytes(path) if tree.has_file(path) else None for path in paths}
        return Fix(offer, proof, before, {path: changed[path] for path in paths}, together)

    def _change(self, offers: Sequence[Offer]) -> Changes | None:
        """Return what offers make of the tree of this round; None where two of them edit the same."""
        new_files = [(path, content) for offer in offers for path, content in offer.new_files.items()]
        if len({path for path, _ in new_files}) < len(new_files):
            return None
        edits = [edit for offer in offers for edit in offer.edits]
        try:
            return read_changes(self._tree, edits, dict(new_files))
        except (OverlapError, OSError):
            return None

    def _refuse(self, offer: Offer, reason: str) -> None:
        path = min((edit.path for edit in offer.edits), default=min(offer.new_files, default=""))
        self._choice.refused.append(Refusal(offer.kind, offer.subject, path, 0, reason, offer.clears))
        self._step()

    def _step(self) -> None:
        self._done += 1
        self._progress("fixes", self._done, self._total)

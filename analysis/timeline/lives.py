"""When each finding was there: its appearances over a line of judged commits, also under other names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.history import KnownFinding
from analysis.judged.verdict import JudgedCommit

#: Returns the former fingerprints of the findings of one commit that another one has under other names.
FindRenamed = Callable[[JudgedCommit, JudgedCommit], Mapping[str, str]]


@dataclass(slots=True)
class Appearance:
    """One time during which a finding was there, as places in the line of judged commits.

    ``first`` is where it was seen first, and ``before`` the judged commit before that, at which it was not there (-1:
    none was judged). ``gone`` is the first at which it was not there any more, and ``last`` the one before; both are -1
    while it is there.
    """

    first: int
    before: int
    last: int = -1
    gone: int = -1


@dataclass(slots=True)
class Life:
    """One finding: as it was seen last, the fingerprints that it had, the latest last, and its appearances."""

    finding: KnownFinding
    fingerprints: list[str]
    appearances: list[Appearance] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Whether it is there at the last judged commit."""
        return self.appearances[-1].gone < 0


def follow_findings(states: Iterable[tuple[int, JudgedCommit]], find_renamed: FindRenamed) -> list[Life]:
    """Return the lives of all findings over judged commits, given with their places in the line, the oldest first.

    A commit whose verdict is not whole says nothing about any finding.
    """
    lives: list[Life] = []
    current: dict[str, Life] = {}
    ended: dict[str, Life] = {}
    before: tuple[int, JudgedCommit] | None = None
    for place, state in states:
        if not state.is_whole:
            continue
        was = before[1].findings if before else {}
        come = [name for name in state.findings if name not in was]
        gone = [name for name in was if name not in state.findings]
        renamed = find_renamed(before[1], state) if before and come and gone else {}
        for name in gone:
            life = current.pop(name)
            ended[name] = life
            assert before is not None
            life.appearances[-1].last, life.appearances[-1].gone = before[0], place
        for name in come:
            finding = state.findings[name]
            known = ended.pop(renamed.get(name, ""), None)
            if known is not None:  # it goes on under another name
                known.appearances[-1].last = known.appearances[-1].gone = -1
                known.fingerprints.append(name)
            else:
                known = ended.pop(name, None)
                if known is None:
                    known = Life(finding, [name])
                    lives.append(known)
                known.appearances.append(Appearance(place, before[0] if before else -1))
            current[name] = known
        for name, life in current.items():
            life.finding = state.findings[name]
        before = place, state
    return lives


def find_life(lives: Sequence[Life], fingerprint: str) -> Life | None:
    """Return the finding with a fingerprint (or its first digits), or that had it; one that is there comes first."""
    found = [life for life in lives if any(name.startswith(fingerprint) for name in life.fingerprints)]
    return max(found, key=lambda life: (life.is_there, life.fingerprints[-1] == fingerprint), default=None)

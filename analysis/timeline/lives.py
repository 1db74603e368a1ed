"""When each finding was there: its appearances over a line of judged commits, also under other names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analysis.history import KnownFinding, is_worse
from analysis.judged.verdict import JudgedCommit

#: Returns by new names what had another one at the commit before: fingerprints of findings, or paths by the former one.
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


@dataclass(frozen=True, slots=True)
class Worsening:
    """A judged commit at which a finding was worse than at the one before, as places in the line, and both states."""

    place: int
    before: int
    was: KnownFinding
    now: KnownFinding

    @property
    def is_more_severe(self) -> bool:
        """Whether its severity rose; else it had more places, or one in a further file."""
        return self.now.severity < self.was.severity


@dataclass(slots=True)
class Life:
    """One finding: as it was seen last, the fingerprints that it had, the latest last, and its appearances.

    ``worsenings`` are those of its last appearance, in order.
    """

    finding: KnownFinding
    fingerprints: list[str]
    appearances: list[Appearance] = field(default_factory=list)
    worsenings: list[Worsening] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        """Whether it is there at the last judged commit."""
        return self.appearances[-1].gone < 0


def choose_worsening(worsenings: Sequence[Worsening], *, is_more_severe: bool = True) -> Worsening | None:
    """Return the last one at which the severity rose, or, without such a one or where that is not asked, the last."""
    severe = [each for each in worsenings if each.is_more_severe] if is_more_severe else []
    chosen = severe or worsenings
    return chosen[-1] if chosen else None


def follow_findings(
    states: Iterable[tuple[int, JudgedCommit]], find_renamed: FindRenamed, find_moved: FindRenamed
) -> list[Life]:
    """Return the lives of all findings over judged commits, given with their places in the line, the oldest first.

    ``find_moved`` returns the current path of each renamed file. A commit whose verdict is not whole says nothing about
    any finding.
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
            appearance = Appearance(place, before[0] if before else -1)
            known = _go_on(name, renamed.get(name, ""), ended) or _begin(name, state, appearance, ended, lives)
            current[name] = known
        for name, life in current.items():
            if state.findings[name] is not life.finding and before is not None:
                if _is_worse(life.finding, state.findings[name], before[1], state, find_moved):
                    life.worsenings.append(Worsening(place, before[0], life.finding, state.findings[name]))
                life.finding = state.findings[name]
        before = place, state
    return lives


def _go_on(name: str, former: str, ended: dict[str, Life]) -> Life | None:
    """Return the finding that goes on under another name; None for one that does not."""
    known = ended.pop(former, None)
    if known is not None:
        known.appearances[-1].last = known.appearances[-1].gone = -1
        known.fingerprints.append(name)
    return known


def _begin(
    name: str, state: JudgedCommit, appearance: Appearance, ended: dict[str, Life], lives: list[Life]
) -> Life:  # fmt: skip
    """Return the finding that came, or came again."""
    known = ended.pop(name, None)
    if known is None:
        known = Life(state.findings[name], [name])
        lives.append(known)
    known.appearances.append(appearance)
    known.finding, known.worsenings = state.findings[name], []
    return known


def _is_worse(
    was: KnownFinding, now: KnownFinding, before: JudgedCommit, state: JudgedCommit, find_moved: FindRenamed
) -> bool:
    def find_current(paths: Iterable[str]) -> set[str]:
        moved = find_moved(before, state)
        return {moved.get(path, path) for path in paths}

    return is_worse(was, now, find_current)


def find_life(lives: Sequence[Life], fingerprint: str) -> Life | None:
    """Return the finding with a fingerprint (or its first digits), or that had it; one that is there comes first."""
    found = [life for life in lives if any(name.startswith(fingerprint) for name in life.fingerprints)]
    return max(found, key=lambda life: (life.is_there, life.fingerprints[-1] == fingerprint), default=None)

"""The answer to "why does importing this module fail?": records, as text, as HTML and as a JSON document."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from analysis.tables.simulation import CIRCULAR, UNKNOWN_OUTCOMES
from analysis.why.page import write_html
from analysis.why.text import write_text


@dataclass(frozen=True, slots=True)
class CitedStatement:
    """One statement of the target: its file, line, the module whose body it belongs to, and its first source line.

    ``source`` is empty where the file has changed since the snapshot, or cannot be read.
    """

    path: str
    line: int
    module: str = ""
    source: str = ""

    @property
    def place(self) -> str:
        """File and line, as editors know them."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Swallowed:
    """One import whose failure is silently swallowed: the statement, the error, the try around it, and what is left.

    ``left`` are the names of the statement and what they hold afterwards.
    """

    statement: CitedStatement
    outcome: str
    exception: str
    message: str
    caught: CitedStatement
    left: tuple[tuple[str, str], ...]

    @property
    def is_circular(self) -> bool:
        """Whether the failure depends on which module is imported first."""
        return self.outcome in CIRCULAR


@dataclass(frozen=True, slots=True)
class TriedCut:
    """What the trials of cuts say of the cycle behind a failure.

    ``statements`` are the imports to defer (none: no cut that was tried helps without harm), ``restored`` of
    ``affected`` first imports work then, ``helps`` says whether the one that was asked for does, and ``tried`` how
    many cuts were simulated.
    """

    cycle: str
    statements: tuple[CitedStatement, ...]
    restored: int
    affected: int
    helps: bool
    tried: int


@dataclass(frozen=True, slots=True)
class Guilt:
    """The commit that wrote a line; ``commit`` is empty for one that is not committed, ``author`` unless asked for."""

    statement: CitedStatement
    commit: str
    author: str
    date: str
    summary: str


@dataclass(frozen=True, slots=True)
class Why:
    """What the first import of one module leads to, as predicted from the source.

    ``outcome`` is that of ``tables.SIMULATED``; ``reason`` says in words why nothing is known where that is so.
    ``chain`` are the statements that lead to the failure, the outermost first. ``missing_module`` and
    ``missing_name`` are what the last of them cannot have, ``waiting`` the statement at which the body of the
    partially initialized module waits, ``bound_later`` where it binds the name. ``imports`` are the modules of the
    target that the module's own statements import on import, in their order; ``executed_twice`` the modules whose
    body runs again. ``observed`` is the outcome that a probe saw, empty without one.
    """

    target: str
    module: str
    path: str
    outcome: str
    exception: str = ""
    message: str = ""
    reason: str = ""
    doubt: str = ""
    chain: tuple[CitedStatement, ...] = ()
    missing_module: str = ""
    missing_name: str = ""
    waiting: CitedStatement | None = None
    bound_later: CitedStatement | None = None
    cuts: tuple[TriedCut, ...] = ()
    guilt: tuple[Guilt, ...] = ()
    imports: tuple[CitedStatement, ...] = ()
    modules_run: int = 0
    swallowed: tuple[Swallowed, ...] = ()
    executed_twice: tuple[str, ...] = ()
    observed: str = ""
    has_changed: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it is known how the import ends."""
        return self.outcome not in UNKNOWN_OUTCOMES

    @property
    def fails(self) -> bool:
        """Whether the import is predicted to fail."""
        return self.is_known and self.outcome != "ok"

    def __str__(self) -> str:
        return write_text(self)

    def _repr_html_(self) -> str:
        return write_html(self)

    def as_record(self) -> dict[str, Any]:
        """Return the answer as the values of a JSON document."""
        return {**asdict(self), "fails": self.fails}

"""Which commit wrote a line: git blame, through the one place that starts git on a target."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from analysis.facts.git_command import Git
from analysis.facts.git_folders import GitRefusedError
from analysis.facts.git_stand_in import open_git
from analysis.why.answer import CitedStatement, Guilt
from analysis.wording import make_harmless

#: For all lines together: a long history takes long, and the rest of the answer is there.
SECONDS = 4.0
_SHORT = 9
_LONGEST = 120


def find_guilt(
    root: Path, statements: Iterable[CitedStatement], *, seconds: float = SECONDS, at: str = ""
) -> tuple[Guilt, ...]:  # fmt: skip
    """Return the commits that wrote some lines of the working tree, or of commit ``at``; of unknown lines nothing.

    Nothing at all without git, where git is refused, and after the time is up.
    """
    deadline = time.monotonic() + seconds
    found: list[Guilt] = []
    try:
        with open_git(root, with_history=True, timeout_seconds=seconds) as git:
            for statement in dict.fromkeys(statements):
                if git is None or time.monotonic() >= deadline:
                    break
                guilt = _blame(git, statement, at)
                found += [guilt] if guilt else []
    except GitRefusedError:
        return ()
    return tuple(found)


def _blame(git: Git, statement: CitedStatement, at: str) -> Guilt | None:
    wanted = f"{statement.line},{statement.line}"
    printed = git.run("blame", "--no-textconv", "--porcelain", "-L", wanted, *filter(None, [at]), "--", statement.path)
    return _read_porcelain(statement, printed.decode("utf-8", "replace")) if printed else None


def _read_porcelain(statement: CitedStatement, text: str) -> Guilt | None:
    r"""Return what git says of one line: the commit in the first word, then a key and a value per line.

    >>> text = "0123456789abcdef 3 3 1\nauthor Ann\nauthor-time 0\nsummary Add orders\nfilename a.py\n\timport b\n"
    >>> _read_porcelain(Statement("a.py", 3), text)
    Guilt(statement=Statement(path='a.py', line=3, module='', source=''), commit='012345678', author='Ann', date='1970-01-01', summary='Add orders')
    """  # noqa: E501
    lines = text.split("\n")
    commit = lines[0].partition(" ")[0]
    pairs = (line.partition(" ") for line in lines[1:] if not line.startswith("\t"))
    known = {key: value for key, _, value in pairs}
    if not commit or not known.get("author-time", "").isdigit():
        return None
    if not commit.strip("0"):
        return Guilt(statement, "", "", "", "")
    date = datetime.fromtimestamp(int(known["author-time"]), UTC).date().isoformat()
    author, summary = (make_harmless(known.get(key, ""))[:_LONGEST] for key in ("author", "summary"))
    return Guilt(statement, commit[:_SHORT], author, date, summary)

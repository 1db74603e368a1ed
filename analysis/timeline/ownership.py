"""Who owns a file: the policy's ``[[owner]]``, else CODEOWNERS, else nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from analysis.facts.source_tree import SourceTree

#: Where GitHub and GitLab look for it, in this order; the first that is there counts.
PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_MOST_BYTES = 3_000_000
_SECTION = re.compile(r"\^?\[[^]]*\](?:\[\d+\])?\s*(?P<owners>.*)")


class OwnedPattern(NamedTuple):
    """One line of CODEOWNERS: the pattern as a regular expression on paths from the top, and the owners as written."""

    pattern: re.Pattern[str]
    owners: str


def read_codeowners(tree: SourceTree) -> list[OwnedPattern]:
    """Return the lines of the CODEOWNERS file of a repository; none without one. ``tree`` is its top."""
    for place in PLACES:
        if tree.has_file(place):
            try:
                text = tree.read_bytes(place, most_bytes=_MOST_BYTES).decode("utf-8", "replace")
            except OSError:
                continue
            return parse_codeowners(text)
    return []


def parse_codeowners(text: str) -> list[OwnedPattern]:
    r"""Return the lines of a CODEOWNERS file that name a pattern.

    >>> owned = parse_codeowners("*  @all\n/shop/ @shop @lead  # note\n")
    >>> find_codeowner(owned, "shop/a.py"), find_codeowner(owned, "b.py")
    ('@shop @lead', '@all')
    """
    found = []
    default = ""
    for line in text.splitlines():
        words = re.split(r"(?<!\\)\s+", re.sub(r"(?<!\\)(?:^|\s)#.*", "", line).strip())
        section = _SECTION.fullmatch(line.strip())
        if section is not None:
            default = section["owners"].strip()
        elif words[0]:
            found.append(OwnedPattern(_compile(words[0]), " ".join(words[1:]) or default))
    return found


def find_codeowner(owned: Sequence[OwnedPattern], path: str) -> str:
    """Return the owners of a file, by its path from the top: those of the last pattern that fits; empty for nobody."""
    return next((each.owners for each in reversed(owned) if each.pattern.fullmatch(path)), "")


def _compile(pattern: str) -> re.Pattern[str]:
    """Return an expression for a pattern as git knows them: one with a slash inside begins at the top.

    >>> [bool(_compile("docs/*").fullmatch(path)) for path in ("docs/a.md", "docs/b/a.md", "x/docs/a.md")]
    [True, False, False]
    >>> [bool(_compile("*.py").fullmatch(path)) for path in ("a.py", "b/a.py", "a.pyc")]
    [True, True, False]
    >>> [bool(_compile("a/**/b").fullmatch(path)) for path in ("a/b", "a/x/y/b", "a/x/b/c.py")]
    [True, True, True]
    """
    text = pattern.replace("\\ ", " ").replace("\\#", "#")
    is_folder, is_rooted = text.endswith("/"), "/" in text.rstrip("/")
    parts = []
    place = 0
    body = text.strip("/")
    while place < len(body):
        if body.startswith("**/", place):
            parts.append("(?:.*/)?")
            place += 3
        elif body.startswith("**", place):
            parts.append(".*")
            place += 2
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(body[place], re.escape(body[place])))
            place += 1
    # A folder owns all that is below it; `docs/*` means only what lies right in it.
    below = "/.*" if is_folder else "" if body.endswith("/*") else "(?:/.*)?"
    return re.compile(f"{'' if is_rooted else '(?:.*/)?'}{''.join(parts)}{below}")

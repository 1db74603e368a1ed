"""Which import path of a class should be used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from analysis.policy import Policy

ALLOWED_ROUTES = frozenset({"definition", "facade"})


class ClassPath(NamedTuple):
    """One import path of a class, with its use. ``row`` is its row in the table of paths."""

    row: int
    import_path: str
    definition: str
    route: str
    statements: int


def find_stated(policy: Policy) -> frozenset[str]:
    """Return the import paths that the redirects of a policy name as canonical."""
    return frozenset(redirect.canonical.replace(":", ".") for redirect in policy.redirect if redirect.canonical)


def choose_canonical(paths: Iterable[ClassPath], stated: frozenset[str]) -> dict[str, ClassPath]:
    """Return the canonical path by definition.

    That is the one which the policy states; else, of the defining module and the packages around it, a public one
    before a private one, then the one that most statements use already, and the defining module when they draw.
    """
    best: dict[str, tuple[tuple[bool, bool, bool, int, bool, str], ClassPath]] = {}
    for path in paths:
        is_stated = path.import_path in stated
        if not is_stated and path.route not in ALLOWED_ROUTES:
            continue
        rank = (
            not is_stated, path.route not in ALLOWED_ROUTES, is_private(path.import_path), -path.statements,
            path.route != "definition", path.import_path,
        )  # fmt: skip
        known = best.get(path.definition)
        if known is None or rank < known[0]:
            best[path.definition] = rank, path
    return {definition: path for definition, (_, path) in best.items()}


def is_private(import_path: str) -> bool:
    """Return whether a path leads through a private module, or to a private name.

    >>> is_private("p._impl.Order"), is_private("p.Order"), is_private("p.__main__.Order")
    (True, False, False)
    """
    return any(part.startswith("_") and not part.endswith("__") for part in import_path.split("."))

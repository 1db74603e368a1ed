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
    before a private one, then the one that most statements use already, and the defining module when they draw. Where
    all of these are private, a public module beside the private one that passes the class on goes before them.
    """
    best: dict[str, tuple[tuple[bool, bool, bool, bool, int, bool, str], ClassPath]] = {}
    for path in paths:
        is_stated = path.import_path in stated
        if not is_stated and path.route not in ALLOWED_ROUTES and not _is_public_door(path):
            continue
        rank = (
            not is_stated, is_private(path.import_path), path.route not in ALLOWED_ROUTES, not _is_namesake(path),
            -path.statements, path.route != "definition", path.import_path,
        )  # fmt: skip
        known = best.get(path.definition)
        if known is None or rank < known[0]:
            best[path.definition] = rank, path
    return {definition: path for definition, (_, path) in best.items()}


def _is_public_door(path: ClassPath) -> bool:
    """Return whether a path is public, and passes on a class of a private module of the same package.

    >>> _is_public_door(ClassPath(0, "p.api.A", "p._impl:A", "shim", 1))
    True
    """
    module = path.definition.partition(":")[0]
    if path.route != "shim" or is_private(path.import_path) or not is_private(module):
        return False
    parts = module.split(".")
    package = ".".join(parts[: next(place for place, part in enumerate(parts) if is_private(part))])
    return bool(package) and path.import_path.startswith(f"{package}.")


def _is_namesake(path: ClassPath) -> bool:
    """Return whether a module is named like the private one that it speaks for: ``p.models`` for ``p._models``."""
    module, home = path.import_path.rpartition(".")[0], path.definition.partition(":")[0]
    return path.route == "shim" and module == ".".join(part.lstrip("_") for part in home.split("."))


def is_private(import_path: str) -> bool:
    """Return whether a path leads through a private module, or to a private name.

    >>> is_private("p._impl.Order"), is_private("p.Order"), is_private("p.__main__.Order")
    (True, False, False)
    """
    return any(part.startswith("_") and not part.endswith("__") for part in import_path.split("."))

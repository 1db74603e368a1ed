"""The name of a target, and the folder name for all of its runs.

A target is its root, the resolved path of its folder. Two folders called ``app`` are two targets and never share a
place: the place has eight digits of the root's hash. Only a name that the policy gives is a place as it stands; who
gives it to several folders, such as the checkouts of one repository, wants them to share it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_SLUG = 80
_DIGITS = 8
#: A name that is its own place: the same on file systems without capital letters, and unlike a place with a hash.
_OWN_PLACE = re.compile(rf"[a-z0-9](?:[a-z0-9._-]{{0,{_LONGEST_SLUG - 2}}}[a-z0-9_])?")
_HASHED = re.compile(rf".*-[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A target by its name and root; ``is_named``: the policy gives the name, else it is that of the folder."""

    name: str
    root: str
    is_named: bool = False

    @property
    def place(self) -> str:
        """The folder name for snapshots, measurements and reports of this target, and of no other.

        >>> Target("shop", "/src/shop", is_named=True).place
        'shop'
        >>> Target("shop", "/src/shop").place, Target("shop", "/old/shop").place
        ('shop-b9db2853', 'shop-64bae70c')
        """
        if not self.is_named:
            return f"{slug(self.name)}-{_hash(self.root)}"
        if _OWN_PLACE.fullmatch(self.name) and not _HASHED.fullmatch(self.name):
            return self.name
        return f"{slug(self.name)}-{_hash(self.name)}"

    def is_same(self, other: Target) -> bool:
        """Return whether both are one target: one root, or one name that policies give."""
        return self.place == other.place or bool(self.root and self.root == other.root)

    @property
    def places(self) -> tuple[str, ...]:
        """Where runs of this target may lie: also under its folder's name, and as version 0.1.0 named places."""
        unnamed = Target(Path(self.root).name or "target", self.root)
        return tuple(dict.fromkeys((self.place, unnamed.place, slug(self.name), slug(unnamed.name))))


def find_target(root: Path, named: str = "") -> Target:
    """Return the target at a root, with the name that its policy gives, if any."""
    return Target(named or root.name or "target", str(root), is_named=bool(named))


def read_target(manifest: Mapping[str, Any]) -> Target:
    """Return the target of a snapshot or measurement; those of version 0.1.0 name it by their policy alone."""
    name, root = str(manifest["target"]), str(manifest.get("root", ""))
    named = manifest.get("named", bool(manifest.get("policy", {}).get("target", {}).get("name")))
    return Target(name, root, is_named=bool(named) or not root)


def group_targets(targets: Iterable[Target]) -> list[list[Target]]:
    """Return the targets sorted, those that are one together: same root, or same name given by policies.

    >>> old, new, other = Target("app", "/a/app"), Target("app", "/a/app", True), Target("app", "/b/app")
    >>> [len(group) for group in group_targets([other, new, old])]
    [2, 1]
    """
    groups: list[list[Target]] = []
    for target in sorted(set(targets)):
        same = [group for group in groups if any(target.is_same(each) for each in group)]
        groups = [group for group in groups if group not in same]
        groups.append(sorted([target, *(each for group in same for each in group)]))
    return sorted(groups)


def is_place_of(place: str, name: str) -> bool:
    """Return whether a target of that name may have that place.

    >>> is_place_of("app-01234567", "app"), is_place_of("app", "app"), is_place_of("app-two-01234567", "app")
    (True, True, False)
    """
    return place in {name, slug(name)} or bool(_HASHED.fullmatch(place) and place[: -_DIGITS - 1] == slug(name))


def split_revision(target: str) -> tuple[str, str]:
    """Return the folder and the revision of ``FOLDER@REV``; a folder of that very name is meant where it is there.

    A folder may have an ``@`` in its name, and a revision (``HEAD@{1}``, ``v@2``): the longest folder that is there is
    meant. One that is gone is named by what stands before the first ``@``.
    """
    if "@" not in target or os.path.exists(_expand(target)):  # noqa: PTH110 - no text makes it raise
        return target, ""
    places = [place for place, sign in enumerate(target) if sign == "@" and place and target[place + 1 :]]
    there = [place for place in places if os.path.isdir(_expand(target[:place]))]  # noqa: PTH112 - as above
    if not places:
        return target, ""
    place = there[-1] if there else places[0]
    return target[:place], target[place + 1 :]


def _expand(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - as above


#: Digits of a commit that name it for people.
SHORT = 9


def describe_place(place: str | Path, commit: str) -> str:
    """Return how a folder at a commit is written; without a commit the folder alone.

    >>> describe_place("/src/shop", "0123456789abcdef"), describe_place("/src/shop", "")
    ('/src/shop@012345678', '/src/shop')
    """
    return f"{place}@{commit[:SHORT]}" if commit else str(place)


def slug(name: str) -> str:
    """Return a name that is safe as a folder name everywhere.

    >>> slug("my app/../x"), slug("..")
    ('my-app-..-x', 'target')
    """
    safe = _UNSAFE.sub("-", name).strip("-.")[:_LONGEST_SLUG]
    return safe or "target"


def _hash(text: str) -> str:
    return hashlib.blake2b(os.fsencode(text), digest_size=_DIGITS // 2).hexdigest()

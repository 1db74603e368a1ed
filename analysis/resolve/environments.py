"""The interpreters and platforms that a target is made for: on them a statement is dead, or it is not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.specifiers import InvalidSpecifier, SpecifierSet

#: The minor versions of Python 3 that a ``requires-python`` is held against; later ones behave like the last.
_KNOWN_MINORS = tuple(range(6, max(16, sys.version_info.minor + 1)))
#: From this version on annotations are evaluated when somebody asks for them, not where they stand (PEP 649, PEP 749).
LAZY_ANNOTATIONS = (3, 14)
PLATFORMS = ("linux", "darwin", "win32")
_OS_NAMES = {"win32": "nt"}
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
#: The last patch release that is thought of: a test for a patch level holds in one of the two, or in both.
_LAST_PATCH = 99


@dataclass(frozen=True, slots=True)
class SupportedInterpreter:
    """One interpreter on one platform: ``version`` is (major, minor, patch), ``platform`` as in ``sys.platform``."""

    version: tuple[int, int, int]
    platform: str

    @property
    def os_name(self) -> str:
        """What ``os.name`` says there."""
        return _OS_NAMES.get(self.platform, "posix")

    @property
    def system(self) -> str:
        """What ``platform.system()`` says there."""
        return _SYSTEMS.get(self.platform, self.platform.capitalize())


@dataclass(frozen=True)
class Supported:
    """Versions (major, minor) and platforms that a target supports; sorted, at least one of each."""

    versions: tuple[tuple[int, int], ...] = (sys.version_info[:2],)
    platforms: tuple[str, ...] = PLATFORMS

    @property
    def here(self) -> SupportedInterpreter:
        """The environment that is simulated: the running one where it is supported, else the nearest to it."""
        running = sys.version_info[:3]
        version = min(self.versions, key=lambda each: (abs(each[0] - running[0]), abs(each[1] - running[1]), each))
        patch = running[2] if version == running[:2] else 0
        platform = sys.platform if sys.platform in self.platforms else self.platforms[0]
        return SupportedInterpreter((*version, patch), platform)

    @property
    def annotating(self) -> tuple[tuple[int, int], ...]:
        """The versions that evaluate annotations where they stand; all others when somebody asks for them."""
        return tuple(version for version in self.versions if version < LAZY_ANNOTATIONS)

    @cached_property
    def environments(self) -> Sequence[SupportedInterpreter]:
        """Every version on every platform, with its first and its last patch release."""
        return [
            SupportedInterpreter((*version, patch), platform)
            for version in self.versions
            for patch in (0, _LAST_PATCH)
            for platform in self.platforms
        ]


#: What counts where nobody says: the interpreter that runs the analysis, on every platform.
DEFAULT = Supported()


def find_supported(requires_python: str, platforms: Sequence[str] = ()) -> Supported:
    """Return the versions that a specifier such as ``>=3.9,<3.13`` admits, and platforms as in ``sys.platform``.

    An empty specifier, or one that is none or admits no known version, means the running interpreter; no platform
    means all that are known.

    >>> find_supported(">=3.9,<3.12", ["linux"]).versions
    ((3, 9), (3, 10), (3, 11))
    """
    return Supported(list_versions(requires_python) or DEFAULT.versions, tuple(sorted(set(platforms))) or PLATFORMS)


def list_versions(specifier: str) -> tuple[tuple[int, int], ...]:
    """Return the known minor versions of Python 3 that a version specifier admits; none for an empty or wrong one."""
    try:
        wanted = SpecifierSet(specifier)
    except InvalidSpecifier:
        return ()
    return tuple((3, minor) for minor in _KNOWN_MINORS if _admits(wanted, minor)) if specifier else ()


def _admits(specifier: SpecifierSet, minor: int) -> bool:
    """Return whether some patch release of a minor version is admitted: ``>3.8.2`` and ``<3.8.5`` admit one of 3.8."""
    return any(specifier.contains(f"3.{minor}.{patch}", prereleases=True) for patch in (*range(30), _LAST_PATCH))

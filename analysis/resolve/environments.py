"""The interpreters and platforms that a target is made for: on them a statement is dead, or it is not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

#: The minor versions of Python 3 that a ``requires-python`` is held against; later ones behave like the last.
KNOWN_MINORS = tuple(range(6, max(16, sys.version_info.minor + 1)))
PLATFORMS = ("linux", "darwin", "win32")
_OS_NAMES = {"win32": "nt"}
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
#: The last patch release that is thought of: a test for a patch level holds in one of the two, or in both.
_LAST_PATCH = 99


@dataclass(frozen=True, slots=True)
class Environment:
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


@dataclass(frozen=True, slots=True)
class Supported:
    """Versions (major, minor) and platforms that a target supports; sorted, at least one of each."""

    versions: tuple[tuple[int, int], ...] = (sys.version_info[:2],)
    platforms: tuple[str, ...] = PLATFORMS

    @property
    def environments(self) -> Sequence[Environment]:
        """Every version on every platform, with its first and its last patch release."""
        return [
            Environment((*version, patch), platform)
            for version in self.versions
            for patch in (0, _LAST_PATCH)
            for platform in self.platforms
        ]


#: What counts where nobody says: the interpreter that runs the analysis, on every platform.
DEFAULT = Supported()

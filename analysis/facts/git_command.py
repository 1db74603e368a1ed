"""The one place that starts git on a target: with which settings, in which environment, for how long.

What git is given to read is a stand-in of the target's git folder (``git_stand_in``), so nothing that the target
configures takes effect; the settings below say the same once more, for whatever a later git may think of.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from analysis import children
from analysis.facts.git_folders import Repository
from analysis.facts.source_tree import is_within

TIMEOUT_SECONDS = 60
_MOST_PRINTED_BYTES = 512 << 20
_ENDED = -signal.SIGKILL

#: Programs that git might start, named by nothing; what it might fetch from, nothing.
_SETTINGS = (
    "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.untrackedCache=false", "core.pager=cat",
    "core.editor=false", "core.askPass=false", "core.sshCommand=false", "core.gitProxy=false",
    "core.alternateRefsCommand=false", "core.attributesFile=/dev/null", "core.excludesFile=/dev/null",
    "core.commitGraph=false", "core.multiPackIndex=false", "credential.helper=",
    "gpg.program=false", "gc.auto=0", "maintenance.auto=false", "protocol.allow=never", "submodule.recurse=false",
    "fetch.recurseSubmodules=false", "safe.bareRepository=explicit",
)  # fmt: skip
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_PAGER": "cat", "GIT_EDITOR": "false",
    "GIT_ASKPASS": "false", "SSH_ASKPASS": "false", "GIT_SSH_COMMAND": "false", "GIT_PROTOCOL_FROM_USER": "0",
    "LC_ALL": "C",
}  # fmt: skip


class Git:
    """Git on the repository around one folder. It is asked no more after it failed to answer in time."""

    def __init__(
        self, folder: str, repository: Repository, place: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.repository = repository
        self.folder = folder
        self.place = place
        self._timeout_seconds = timeout_seconds
        self._gave_up = False
        self.has_read_exclude = True

    @property
    def prefix(self) -> str:
        """Where the folder lies in the work tree, with a slash at the end; empty at its top."""
        relative = os.path.relpath(self.folder, self.repository.top)
        return "" if relative == "." else f"{relative}/"

    def run(
        self, *arguments: str, stdin: bytes = b"", at_top: bool = False, most_code: int = 0,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> bytes | None:  # fmt: skip
        """Return what a command prints; None when it fails, takes too long or prints too much.

        It fails with an exit code above ``most_code``; with ``at_top`` paths begin at the top of the work tree.
        ``environment`` are variables of git that a caller sets, for what it writes.
        """
        words, safe = self._compose(arguments, at_top=at_top)
        if not words or self._gave_up:
            return None
        code, printed = _run(words, {**safe, **environment}, stdin, self._timeout_seconds)
        self._gave_up = code == _ENDED
        return printed if 0 <= code <= most_code else None

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that is asked through its pipes, at the top of the work tree; ``OSError`` when it cannot."""
        words, environment = self._compose(arguments, at_top=True)
        if not words:
            raise OSError(errno.ENOENT, "git is not installed")
        return children.start(
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )

    def _compose(self, arguments: Sequence[str], *, at_top: bool) -> tuple[list[str], dict[str, str]]:
        """Return the words of a command and its environment; no words without git."""
        top = self.repository.top
        environment = _build_environment(os.environ, home=self.place, top=top)
        program = shutil.which("git", path=environment["PATH"])
        if program is None:
            return [], environment
        settings = (f"safe.directory={top}", f"safe.directory={self.place}", *_SETTINGS)
        return [
            program, "--no-pager", f"--git-dir={self.place}", f"--work-tree={top}",
            *(word for setting in settings for word in ("-c", setting)),
            "-C", top if at_top else self.folder, *arguments,
        ], environment  # fmt: skip


def _build_environment(environment: Mapping[str, str], *, home: str, top: str) -> dict[str, str]:
    """Return the caller's environment without what steers git, and without programs of the target on the path."""
    kept = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
    folders = [folder for folder in kept.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(folder)]
    safe = [folder for folder in folders if not is_within(os.path.realpath(folder), top)]
    return {**kept, **_ENVIRONMENT, "PATH": os.pathsep.join(safe), "HOME": home, "XDG_CONFIG_HOME": home}


def _run(words: list[str], environment: dict[str, str], stdin: bytes, timeout_seconds: float) -> tuple[int, bytes]:
    """Return the exit code of a command and what it printed; a command that does not end is ended."""
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        try:
            child = children.start(
                words, env=environment, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError:
            return _ENDED, b""
    timer = threading.Timer(timeout_seconds, child.kill)
    timer.daemon = True
    timer.start()
    try:
        assert child.stdout is not None
        with child.stdout as stream:
            printed = stream.read(_MOST_PRINTED_BYTES + 1)
        if len(printed) > _MOST_PRINTED_BYTES:
            child.kill()
            return _ENDED, b""
        return child.wait(), printed
    finally:
        timer.cancel()
        children.end(child)

"""Git for tests, as a user runs it: with the repository's own configuration in effect, and nobody else's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
PLAIN = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0",
}  # fmt: skip


def git(root: Path, *arguments: str, stdin: bytes = b"", must: bool = True, timeout: float = 20) -> bytes:
    """Return what git prints in a folder."""
    done = subprocess.run(
        ["git", *WHO, "-c", "protocol.file.allow=always", *arguments],
        cwd=root, env=PLAIN, input=stdin, capture_output=True, check=must, timeout=timeout,
    )  # fmt: skip
    return done.stdout


def commit(root: Path) -> str:
    """Commit everything in a folder, which becomes a repository when it is none, and return the commit."""
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")
    return git(root, "rev-parse", "HEAD").decode().strip()


def find_object(root: Path, name: str) -> Path:
    """Return the file of the loose object that a revision means."""
    blob = git(root, "rev-parse", name).decode().strip()
    return root / ".git" / "objects" / blob[:2] / blob[2:]

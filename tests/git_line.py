"""A repository whose commits tests make one after the other, each with its own time."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from git_trees import PLAIN, WHO

START = 1_700_000_000
DAY = 86_400


class GitLine:
    """Makes commits a day apart; files are given with their contents, None for one that goes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.commits: list[str] = []
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, author: str = "Ada") -> str:
        """Return what git prints."""
        time = f"{START + len(self.commits) * DAY} +0000"
        dates = {"GIT_COMMITTER_DATE": time, "GIT_AUTHOR_DATE": time, "GIT_AUTHOR_NAME": author}
        done = subprocess.run(
            ["git", *WHO, *words], cwd=self.root, env={**PLAIN, **dates}, capture_output=True, check=True, timeout=60
        )
        return done.stdout.decode()

    def commit(self, files: Mapping[str, str | None] = {}, message: str = "work", author: str = "Ada") -> str:
        """Write files, commit everything, and return the commit."""
        for name, text in files.items():
            place = self.root / name
            if text is None:
                place.unlink()
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, author=author)
        self.commits.append(self.git("rev-parse", "HEAD").strip())
        return self.commits[-1]

    def move(self, old: str, new: str) -> None:
        """Move a file, to be committed next."""
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", old, new)

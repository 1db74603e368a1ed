"""Which files say how the target is started, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pyarrow as pa

from analysis import tables
from analysis.facts.rows import Row
from analysis.facts.source_tree import SourceTree
from analysis.facts.starting.commands import CommandReader
from analysis.facts.starting.configurations import ConfigurationReader
from analysis.facts.starting.layout import Folders

_MOST_BYTES = 1 << 18
_MOST_FILES = 2_000
_COMMANDS = re.compile(
    r"(?:^|/)(?:[\w.-]*Dockerfile[\w.-]*|[\w.-]+\.dockerfile|Containerfile|(?:docker-)?compose[\w.-]*\.ya?ml"
    r"|(?:GNU)?[Mm]akefile|[\w.-]+\.mk|[Jj]ustfile|Procfile[\w.-]*|[\w.-]+\.(?:sh|bash)|\.gitlab-ci[\w.-]*\.ya?ml"
    r"|\.env[\w.-]*|tox\.ini|noxfile\.py|azure-pipelines\.ya?ml|[\w.-]+\.(?:bat|cmd|ps1|service)|supervisor[\w.-]*"
    r"|crontab|Taskfile\.ya?ml|Jenkinsfile|bitbucket-pipelines\.ya?ml|\.travis\.ya?ml|app\.ya?ml|fly\.toml)$"
    r"|(?:^|/)(?:k8s|kubernetes|deploy\w*|helm|charts|manifests)/.+\.ya?ml$"
    r"|(?:^|/)\.github/(?:workflows|actions)/.+\.ya?ml$|(?:^|/)\.circleci/config\.ya?ml$|(?:^|/)\.vscode/launch\.json$"
    r"|(?:^|/)\.vscode/settings\.json$"
)
_CONFIGURATIONS = re.compile(
    r"(?:^|/)(?:pyproject\.toml|setup\.cfg|setup\.py|tox\.ini|pytest\.ini|\.pytest\.ini|mypy\.ini|\.mypy\.ini"
    r"|pyrightconfig\.json|[\w.-]+\.pth)$|(?:^|/)\.vscode/settings\.json$"
)


def is_start_file(path: str) -> bool:
    """Return whether a file may say how the target is started, or where it looks for modules."""
    return _COMMANDS.search(path) is not None or _CONFIGURATIONS.search(path) is not None


def read_start_evidence(tree: SourceTree, files: Iterable[str], paths: Sequence[str]) -> pa.Table:
    """Return the table ``start_evidence``, sorted; ``files`` may say something, ``paths`` are the Python files.

    Files that are not there, not regular or larger than 256 KB say nothing.
    """
    layout = Folders(paths)
    rows: set[Row] = set()
    for path in sorted(files)[:_MOST_FILES]:
        try:
            text = tree.read_bytes(path, most_bytes=_MOST_BYTES).decode("utf-8-sig", "replace")
        except OSError:
            continue
        if _COMMANDS.search(path):
            rows.update(CommandReader(path, layout).read(text))
        if _CONFIGURATIONS.search(path):
            rows.update(ConfigurationReader(path, text, layout).read())
    return tables.START_EVIDENCE.from_rows(sorted(rows))

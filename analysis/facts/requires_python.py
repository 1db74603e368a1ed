"""The versions of Python that a project supports: ``requires-python`` in its own files."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from analysis.facts.source_tree import SourceTree

_MOST_BYTES = 1 << 20
_CARET = re.compile(r"\^\s*(\d+)(?:\.(\d+))?[\d.]*")
_TILDE = re.compile(r"~\s*(\d+)\.(\d+)[\d.]*")


def read_requires_python(tree: SourceTree) -> str:
    """Return the version specifier (PEP 440) of ``pyproject.toml`` or ``setup.cfg``; empty where none says any.

    Files that are not there, not regular, too large or no valid TOML say nothing.
    """
    return _read_pyproject(_read_text(tree, "pyproject.toml")) or _read_setup(_read_text(tree, "setup.cfg"))


def _read_text(tree: SourceTree, path: str) -> str:
    try:
        return tree.read_bytes(path, most_bytes=_MOST_BYTES).decode("utf-8-sig", "replace")
    except OSError:
        return ""


def _read_pyproject(text: str) -> str:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return ""
    written = _look_up(document, "project", "requires-python")
    if isinstance(written, str):
        return written.strip()
    poetry = _look_up(document, "tool", "poetry", "dependencies", "python")
    return _translate(poetry) if isinstance(poetry, str) else ""


def _look_up(document: Mapping[str, Any], *keys: str) -> Any:
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _translate(written: str) -> str:
    """Return a specifier of Poetry, with its caret or tilde, as PEP 440 has it.

    >>> _translate("^3.9"), _translate("~3.10"), _translate(">=3.8,<4")
    ('>=3.9,<4', '>=3.10,<3.11', '>=3.8,<4')
    """
    caret = _CARET.fullmatch(written.strip())
    if caret is not None:
        return f">={caret[1]}.{caret[2] or 0},<{int(caret[1]) + 1}"
    tilde = _TILDE.fullmatch(written.strip())
    return f">={tilde[1]}.{tilde[2]},<{tilde[1]}.{int(tilde[2]) + 1}" if tilde else written.strip()


def _read_setup(text: str) -> str:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return ""
    return parser.get("options", "python_requires", fallback="").strip()

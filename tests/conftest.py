"""Fixtures shared by all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

Tree = Callable[..., Path]

#: A time limit for one example fails on a busy machine, whatever the code does.
settings.register_profile("kit", deadline=None)
settings.load_profile("kit")


@pytest.fixture
def make_tree(tmp_path: Path) -> Tree:
    """Return a function that writes a dict of file name to source below a new folder and returns the folder."""
    made = 0

    def make(files: Mapping[str, str | bytes], name: str = "") -> Path:
        nonlocal made
        made += 1
        root = tmp_path / (name or f"tree{made}")
        root.mkdir(parents=True, exist_ok=True)
        for relative, source in files.items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return root

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser of this machine, without a window and without a network."""
    from test_browser import CHROMIUM, FLAGS  # noqa: PLC0415 - few tests open pages

    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()

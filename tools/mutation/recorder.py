"""A pytest plugin that writes down which functions each test runs, how long it takes and whether it passes.

``-p tools.mutation.recorder`` with the variable ``MUTATION_RECORD`` naming a file (one JSON line for each test).
What a fixture of a module or session runs counts for every test that uses it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

VARIABLE = "MUTATION_RECORD"


class TestRecorder:
    """The functions of one pytest run, by test."""

    def __init__(self, root: Path, target: Path) -> None:
        self._root = f"{root}{os.sep}"
        self._target = target
        self._current: set[CodeType] = set()
        self._shared: dict[Any, set[CodeType]] = {}
        self._tests: dict[str, dict[str, Any]] = {}

    def trace(self, frame: FrameType, event: str, argument: object) -> None:
        self._current.add(frame.f_code)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._current = set()
        self._tests[item.nodeid] = {"seconds": 0.0, "passed": True, "functions": []}
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            used = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - private, and there is no other way
            shared = [self._shared.get(each, set()) for definitions in used.values() for each in definitions]
            self._tests[item.nodeid]["functions"] = self._name_functions(self._current.union(*shared))
            with self._target.open("a", encoding="utf-8") as file:  # at once: a run that is ended keeps what it had
                file.write(json.dumps([item.nodeid, self._tests[item.nodeid]]) + "\n")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before, self._current = self._current, set()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                self._shared[fixturedef] = self._current
            self._current = before | self._current

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self._tests[report.nodeid]
        test["seconds"] += report.duration
        test["passed"] = test["passed"] and report.passed

    def _name_functions(self, codes: set[CodeType]) -> list[tuple[str, int]]:
        return sorted(
            {
                (code.co_filename.removeprefix(self._root), code.co_firstlineno)
                for code in codes
                if code.co_filename.startswith(self._root)
            }
        )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(TestRecorder(config.rootpath, Path(os.environ[VARIABLE])), "mutation-recorder")

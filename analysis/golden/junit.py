"""JUnit XML as test runners write it: several suites or runs in a file, also gzipped; hostile files are refused."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

#: Larger files, also after they are unpacked, are not read.
LARGEST_BYTES = 64 << 20
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """One test in one run: passed, failed, error or skipped."""

    test: str
    outcome: str
    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class JunitRun:
    """One run of a file: its tests, or ``problem``, why it could not be read."""

    source: str
    tests: tuple[CaseOutcome, ...]
    problem: str = ""
    started: str = ""

    @property
    def outcome(self) -> str:
        """``malformed`` when it could not be read, else ``failed`` when a test failed, else ``passed``."""
        if self.problem:
            return "malformed"
        return "failed" if any(each.outcome in {"failed", "error"} for each in self.tests) else "passed"


def read_junit(path: Path) -> list[JunitRun]:
    """Return the runs of a file; a file that cannot be read is one run that says why. Never raises.

    Several ``testsuite`` elements of one name and different time stamps are several runs; others belong together.
    """
    source = str(path)
    try:
        content = _read(path)
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        return [JunitRun(source, (), f"refused: {type(error).__name__}")]
    except ParseError as error:
        return [JunitRun(source, (), f"no XML: {error}")]
    except (OSError, EOFError, zlib.error, ValueError, LookupError) as error:
        return [JunitRun(source, (), f"cannot be read: {error}")]
    suites = [root] if root.tag == "testsuite" else [each for each in root.iter("testsuite") if _has_cases(each)]
    if root.tag not in {"testsuite", "testsuites"}:
        return [JunitRun(source, (), f"no JUnit XML: the outermost element is {root.tag[:40]}")]
    return [
        JunitRun(
            source, tuple(test for suite in group for test in _read_suite(suite)), "", group[0].get("timestamp", "")
        )
        for group in _group(suites)
    ] or [JunitRun(source, (), "no test case in it")]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(2)
    is_packed = head == b"\x1f\x8b"
    with gzip.open(path, "rb") if is_packed else path.open("rb") as file:
        content = bytes(file.read(LARGEST_BYTES + 1))
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"more than {LARGEST_BYTES >> 20} MiB")
    return content


def _has_cases(suite: Any) -> bool:
    return suite.find("testcase") is not None


def _group(suites: list[Any]) -> list[list[Any]]:
    """Return the suites by run: a suite whose name was seen before begins a new one."""
    groups: list[list[Any]] = []
    seen: set[str] = set()
    for suite in suites:
        name = suite.get("name", "")
        if not groups or name in seen:
            groups.append([])
            seen = set()
        groups[-1].append(suite)
        seen.add(name)
    return groups


def _read_suite(suite: Any) -> Iterator[CaseOutcome]:
    for case in suite.iter("testcase"):
        name = "::".join(part for part in (case.get("classname", ""), case.get("name", "")) if part)
        outcome, message = "passed", ""
        for tag, word in (("skipped", "skipped"), ("failure", "failed"), ("error", "error")):
            found = case.find(tag)
            if found is not None:
                outcome, message = word, found.get("message") or (found.text or "").strip()
        yield CaseOutcome(name or "(no name)", outcome, _to_seconds(case.get("time")), message[:_LONGEST_MESSAGE])


def _to_seconds(text: str | None) -> float:
    try:
        seconds = float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0

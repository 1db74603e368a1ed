"""Accepts one finding: an exception at the end of the policy, and the rest of the file as it was."""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis import store
from analysis.errors import PolicyError, UnknownNameError
from analysis.policy import parse_policy
from analysis.rules.families.exceptions import UNUSED, VOID
from analysis.wording import make_harmless

#: So many digits of a fingerprint are enough where they mean one finding only.
FEWEST_DIGITS = 6
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_COMMENT = 110


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A policy with one more exception: which finding it accepts, and the text of the file before and after."""

    place: Path
    fingerprint: str
    rule: str
    before: str
    after: str

    def show_difference(self) -> str:
        """Return the change as a unified diff."""
        before, after = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        found = difflib.unified_diff(before, after, str(self.place), str(self.place), n=2)
        return _join_lines(found)

    def write(self) -> None:
        """Write the policy, whole or not at all; raises ``StorageError`` where it may not be written."""
        mode = self.place.stat().st_mode & 0o7777 if self.place.exists() else None
        store.write_file(self.place, self.after)
        if mode is not None:
            self.place.chmod(mode)


def accept_finding(
    findings: pa.Table, accepted: pa.Table, place: Path, wanted: str, *, reason: str, until: str, today: dt.date
) -> Acceptance:
    """Return the policy at ``place`` with an exception for the finding with a fingerprint, or its first digits.

    ``findings`` and ``accepted`` are the tables of the target as it is. Raises ``UnknownNameError`` for a finding that
    there is not, or that is accepted already, and ``PolicyError`` for a missing reason, a date that is none or is
    past, and a file that cannot be added to.
    """
    reason = " ".join(reason.split())
    if not re.search(r"\w", reason):
        raise PolicyError("an exception needs a reason", remedy="Say why with --because")
    end = _read_date(until, today)
    row = _find_row(findings.to_pylist(), accepted.to_pylist(), wanted)
    before = _read_text(place)
    added = "\n".join(_write_entry(row, reason, end)) + "\n"
    ending = "\r\n" if "\r\n" in before else "\n"
    gap = "" if not before else ending if before.endswith("\n") else 2 * ending
    after = before + gap + added.replace("\n", ending)
    _check(after, place, row["fingerprint"])
    return Acceptance(place, row["fingerprint"], row["rule"], before, after)


def _read_date(text: str, today: dt.date) -> dt.date:
    try:
        found = dt.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise PolicyError(f"{text!r} is no date", remedy="Write one as in --until 2027-01-31")
    if found < today:
        raise PolicyError(f"{text} is past", remedy="Give the last day on which the finding is accepted")
    return found


def _find_row(
    rows: Iterable[Mapping[str, Any]], accepted: Iterable[Mapping[str, Any]], wanted: str
) -> Mapping[str, Any]:
    """Return the finding that is meant."""
    digits = wanted.lower().removeprefix("#").removeprefix("f-")
    if len(digits) < FEWEST_DIGITS or not re.fullmatch(r"[0-9a-f]+", digits):
        raise UnknownNameError(
            f"{wanted!r} is no fingerprint", remedy=f"Give at least {FEWEST_DIGITS} digits: ssot findings lists them"
        )
    found = [row for row in rows if row["fingerprint"].startswith(digits)]
    if len(found) > 1:
        listed = ", ".join(row["fingerprint"] for row in found[:3])
        raise UnknownNameError(f"{len(found)} findings begin with {digits}: {listed}", remedy="Give more digits")
    if not found:
        known = next((row for row in accepted if row["fingerprint"].startswith(digits)), None)
        if known is not None:
            what = f"{known['fingerprint']} is accepted already, by a {known['by']}: {make_harmless(known['reason'])}"
            raise UnknownNameError(what)
        raise UnknownNameError(f"no finding has the fingerprint {digits}", remedy="List them with: ssot findings")
    if found[0]["rule"] in {UNUSED, VOID}:
        raise UnknownNameError(
            f"{found[0]['rule']} is about an exception and cannot be accepted", remedy="Correct that exception"
        )
    return found[0]


def _read_text(place: Path) -> str:
    """Return the text of a policy with its line endings; empty where there is none yet."""
    if place.is_symlink():
        raise PolicyError(f"{place} is a link", remedy="Name the file itself with --policy")
    if not place.exists():
        return ""
    try:
        return place.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise PolicyError(f"cannot read the policy {place}: {reason}") from None


def _write_entry(row: Mapping[str, Any], reason: str, end: dt.date) -> Iterator[str]:
    message = make_harmless(row["message"])
    shown = message if len(message) <= _LONGEST_COMMENT else f"{message[: _LONGEST_COMMENT - 1]}…"
    yield f"# {shown}"
    yield "[[ignore]]"
    yield f"rule = {_quote(row['rule'])}"
    yield f"fingerprint = {_quote(row['fingerprint'])}"
    yield f"reason = {_quote(reason)}"
    yield f"until = {end.isoformat()}"


def _quote(text: str) -> str:
    """Return text as a TOML string on one line."""
    return json.dumps(make_harmless(text), ensure_ascii=False)


def _check(text: str, place: Path, fingerprint: str) -> None:
    """Raise ``PolicyError`` when the new text is not what it should be: ``ignore = []`` cannot be added to."""
    try:
        policy = parse_policy(text.removeprefix("\ufeff"), name=str(place))
    except PolicyError as error:
        raise PolicyError(f"an exception cannot be added: {error.what}", remedy="Write it by hand") from None
    if all(each.fingerprint != fingerprint for each in policy.ignore):
        raise PolicyError(f"an exception cannot be added to {place}", remedy="Write it by hand")


def _join_lines(lines: Iterable[str]) -> str:
    """Return the lines of a diff as one text that does nothing in a terminal."""
    return "\n".join(make_harmless(line.rstrip("\r\n")) for line in lines)

"""The findings as CSV, for spreadsheets."""

from __future__ import annotations

import csv
import io

from analysis.report.escaping import plain
from analysis.report.findings_page import FindingsView, Row

COLUMNS = (
    "fingerprint", "severity", "rule", "subject", "message", "certainty", "path", "line", "places", "package", "owner",
    "new", "in_tests", "cause",
)  # fmt: skip
#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def build_findings_csv(view: FindingsView) -> str:
    """Return one line per finding, in the order of the page; ``path`` and ``line`` are those of its first place."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cause in view.causes:
        for rule in cause.rules:
            writer.writerows(_write(rule.rule, row) for row in rule.rows)
    return sheet.getvalue()


def _write(rule: str, row: Row) -> list[str | int]:
    path, line = row.places[0] if row.places else ("", "")
    return [
        row.fingerprint, row.severity, rule, disarm(row.subject), disarm(row.message), row.certainty, disarm(path),
        line, len(row.places) + row.hidden, disarm(row.package), disarm(row.owner), _answer(row.is_new),
        _answer(row.in_tests), row.cause,
    ]  # fmt: skip


def disarm(text: str) -> str:
    """Return text that no spreadsheet takes for a formula.

    >>> disarm("=1+1"), disarm("shop.api")
    ("'=1+1", 'shop.api')
    """
    shown = plain(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _answer(is_so: bool) -> str:
    return "yes" if is_so else "no"

"""Where a report comes from: enough to make it again, and all that it does not cover."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from analysis import __version__
from analysis.manifest import Manifest, ProbeRun
from analysis.quantities import write_decimal
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """``facts`` are pairs of label and text; ``gaps`` say what was not analysed; ``unread`` lists files and reasons."""

    facts: tuple[tuple[str, str], ...]
    gaps: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]


def build_provenance(inv: Investigation) -> Provenance:
    """Return where the report comes from."""
    manifest = inv.manifest
    seconds = sum(manifest.timings.values())
    options = {name: value for name, value in manifest.options.items() if value}
    facts = (
        ("Target", inv.name),
        ("Revision", manifest.revision),
        ("Scanned", format_time(manifest.created)),
        ("Policy", "stated" if _has_policy(inv) else "none: every limit is the default"),
        ("Options", json.dumps(options, sort_keys=True, ensure_ascii=False) if options else "defaults"),
        ("Analysis took", f"{write_decimal(seconds)} seconds"),
        ("Made with", f"ssot-kit {manifest.tool_version}, Python {manifest.python}"),
        *([("Report made with", f"ssot-kit {__version__}")] if __version__ != manifest.tool_version else []),
        ("Snapshot", inv.path.name),
    )
    return Provenance(facts, tuple(_find_gaps(manifest)), (*_find_failed(inv), *_find_unread(inv)))


def _has_policy(inv: Investigation) -> bool:
    return inv.policy != type(inv.policy)()


def _find_gaps(manifest: Manifest) -> list[str]:
    """Return sentences on what was not analysed."""
    gaps = _format_packages(manifest)
    for status, count in sorted(manifest.statuses.items()):
        if status not in {"ok", "not-analysed"}:
            told = format_count(count, "file")
            gaps.append(f"{told} could not be parsed ({status}); of these only imports are known, line by line.")
    for reason, count in sorted(manifest.left_out.items()):
        if count:
            gaps.append(
                f"{format_count(count, 'file')} {'was' if count == 1 else 'were'} left out on purpose ({reason})."
            )
    if left := manifest.not_simulated:
        gaps.append(
            f"{format_count(left, 'first import')} {'was' if left == 1 else 'were'} not simulated: time budget."
        )
    if failed := manifest.counts.get("not_analysed", 0):
        gaps.append(
            f"{format_count(failed, 'part')} could not be analysed: the kit itself failed on what is listed below."
        )
    if manifest.git_problem:
        gaps.append(f"The repository around the target was not asked: {manifest.git_problem}.")
    gaps.append(_format_probe(manifest.probe))
    return gaps


def _format_packages(manifest: Manifest) -> list[str]:
    """Return what the report leaves out because the policy names packages."""
    packages = manifest.options.get("packages", ())
    named = ", ".join(packages)
    told = f"Findings, score and figures are about {named} only, as the policy says; other code was read, not judged."
    return [told] if packages else []


def _format_probe(probe: ProbeRun | None) -> str:
    if probe is None:
        return "Nothing of the target was executed: what only shows at run time is not in this report."
    return (
        f"{format_count(probe.modules, 'module')} of the target {'was' if probe.modules == 1 else 'were'} "
        f"imported, which executed code of it, by Python {probe.plain_version}; no function was called. "
        f"Network: {probe.network}. The target's files: {probe.target}. "
        f"Processes: {probe.processes}.{_format_losses(probe)}"
    )


def _find_failed(inv: Investigation) -> list[tuple[str, str]]:
    """Return what the kit itself failed on: what it was about, and the reason."""
    rows = inv.table("not_analysed").to_pylist()
    shown = [
        (" ".join(filter(None, (row["step"], row["part"], row["path"]))), f"could not be analysed: {row['reason']}")
        for row in rows[:MOST_LISTED]
    ]
    hidden = len(rows) - len(shown)
    return [*shown, (f"and {hidden:,} more", "see the table not_analysed of the snapshot")] if hidden else shown


def _format_losses(probe: ProbeRun) -> str:
    """Return what one module did to others, where the system could not keep them apart."""
    told = ""
    if probe.lost:
        told += (
            f" {format_count(probe.lost, 'module')} could not be probed: the probe's server ended before their turn."
        )
    for change in probe.changed:
        files = ", ".join(change.changed)
        told += (
            f" {format_count(change.files, 'file')} of the target changed ({files}) while these modules were "
            f"imported: {', '.join(change.by)}."
        )
    return told


def _find_unread(inv: Investigation) -> list[tuple[str, str]]:
    bad = [row for row in inv.table("files").to_pylist() if row["status"] not in {"ok", "not-analysed"}]
    shown = [
        (
            f"{row['path']}:{row['error_line']}" if row["error_line"] else row["path"],
            f"{row['status']}: {row['reason']}",
        )
        for row in bad[:MOST_LISTED]
    ]
    hidden = len(bad) - len(shown)
    return [*shown, (f"and {hidden:,} more", "see the table files of the snapshot")] if hidden else shown


def format_time(created: str) -> str:
    """Return an ISO time as people write it.

    >>> format_time("2025-09-17T08:05:00+00:00")
    '17 September 2025, 08:05 UTC'
    """
    time = datetime.fromisoformat(created)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"

"""The provenance of a report: enough to reproduce it, and all that it does not cover."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analysis import __version__, tables
from analysis.manifest import Manifest, ProbeRun
from analysis.quantities import write_decimal
from analysis.wording import format_count, format_some

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_LISTED = 20
#: What a snapshot has instead of a commit where the target is not under version control.
NO_REVISION = "no-git"


@dataclass(frozen=True, slots=True)
class Provenance:
    """``facts`` are labels and texts; ``gaps`` state what was not analysed; ``unread`` lists files and reasons."""

    facts: tuple[tuple[str, str], ...]
    gaps: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]


def build_provenance(inv: Investigation) -> Provenance:
    """Return the provenance of the report of an investigation."""
    manifest = inv.manifest
    seconds = sum(manifest.timings.values())
    options = {name: value for name, value in manifest.options.items() if value}
    facts = (
        ("Target", inv.name),
        ("Revision", format_revision(manifest.revision)),
        ("Scanned", format_time(manifest.created)),
        ("Size", format_sizes(inv)),
        ("Policy", "yes" if _has_policy(inv) else "none: all limits are defaults"),
        ("Options", json.dumps(options, sort_keys=True, ensure_ascii=False) if options else "defaults"),
        *_format_siblings(inv),
        ("Analysis took", f"{write_decimal(seconds)} seconds"),
        ("Made with", f"ssot-kit {manifest.tool_version}, Python {manifest.python}"),
        *([("Report made with", f"ssot-kit {__version__}")] if __version__ != manifest.tool_version else []),
        ("Snapshot", inv.path.name),
    )
    return Provenance(facts, tuple(_find_gaps(manifest)), (*_find_failed(inv), *_find_unread(inv)))


def format_sizes(inv: Investigation) -> str:
    """Return the size from the metrics: the same modules that the score and the claims count."""
    counts = inv.manifest.counts
    modules, classes = format_count(inv.module_count, "module"), format_count(counts["definitions"], "class", "classes")
    return f"{format_count(counts['files'], 'file')}, {modules}, {classes}"


def _format_siblings(inv: Investigation) -> list[tuple[str, str]]:
    """Return what was read beside the target, as context, by its top-level names; nothing where nothing was."""
    rows = tables.read_rows(inv.table("siblings"), "module", "kind")
    counts = Counter(module.partition(".")[0] for module, kind in rows if kind != "namespace")
    named = [f"{name} ({count:,})" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    files = format_count(sum(counts.values()), "file")
    return [("Read beside the target", f"{files} as context, not judged: {format_some(named)}")] if named else []


def _has_policy(inv: Investigation) -> bool:
    return inv.policy != type(inv.policy)()


def _find_gaps(manifest: Manifest) -> list[str]:
    """Return sentences on what was not analysed."""
    gaps = _format_packages(manifest)
    for status, count in sorted(manifest.statuses.items()):
        if status == "notebook-not-read":
            gaps.append(f"{format_count(count, 'notebook')} could not be read: of another language, or an old format.")
        elif status not in {"ok", "not-analysed", "linked"}:
            files = format_count(count, "file")
            gaps.append(f"{files} could not be parsed ({status}); only imports were recovered, line by line.")
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
            f"{format_count(failed, 'part')} could not be analysed because of a bug in the kit; see the list below."
        )
    if manifest.git_problem:
        gaps.append(f"git was not run on the repository of the target: {manifest.git_problem}.")
    gaps.append(_format_probe(manifest.probe))
    return gaps


def _format_packages(manifest: Manifest) -> list[str]:
    """Return what the report excludes because the policy names packages."""
    packages = manifest.options.get("packages", ())
    named = ", ".join(packages)
    limit = f"The policy limits findings, score and figures to {named}; other code was read, but not judged."
    return [limit] if packages else []


def _format_probe(probe: ProbeRun | None) -> str:
    if probe is None:
        return "The target was not executed: faults that only appear at run time are not in this report."
    return (
        f"{format_count(probe.modules, 'module')} of the target {'was' if probe.modules == 1 else 'were'} "
        f"imported, which executed its code, by Python {probe.plain_version}; no function was called. "
        f"Network: {probe.network}. The target's files: {probe.target}. "
        f"Processes: {probe.processes}.{_format_losses(probe)}"
    )


def _find_failed(inv: Investigation) -> list[tuple[str, str]]:
    """Return the parts that the kit failed to analyse, with the reasons."""
    rows = inv.table("not_analysed").to_pylist()
    shown = [
        (" ".join(filter(None, (row["step"], row["part"], row["path"]))), f"could not be analysed: {row['reason']}")
        for row in rows[:MOST_LISTED]
    ]
    hidden = len(rows) - len(shown)
    return [*shown, (f"and {hidden:,} more", "see the table not_analysed of the snapshot")] if hidden else shown


def _format_losses(probe: ProbeRun) -> str:
    """Return the effects of one module on others, where the system could not isolate them."""
    losses = ""
    if probe.lost:
        losses += f" {format_count(probe.lost, 'module')} could not be probed, because the probe's server had ended."
    for change in probe.changed:
        files = ", ".join(change.changed)
        losses += (
            f" {format_count(change.files, 'file')} of the target changed ({files}) while these modules were "
            f"imported: {', '.join(change.by)}."
        )
    return losses


def _find_unread(inv: Investigation) -> list[tuple[str, str]]:
    bad = [row for row in inv.table("files").to_pylist() if row["status"] not in {"ok", "not-analysed", "linked"}]
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
    """Return an ISO time as readable text.

    >>> format_time("2025-09-17T08:05:00+00:00")
    '17 September 2025, 08:05 UTC'
    """
    time = datetime.fromisoformat(created)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def format_day(created: str) -> str:
    """Return an ISO time as short text.

    >>> format_day("2025-09-17T08:05:00+00:00")
    '17 Sep 2025, 08:05'
    """
    time = datetime.fromisoformat(created)
    return f"{time.day} {time:%b %Y, %H:%M}"


def format_date(seconds: float) -> str:
    """Return the day of a time in seconds of UTC as text.

    >>> format_date(1758096300)
    '17 Sep 2025'
    """
    return format_day(datetime.fromtimestamp(seconds, UTC).isoformat()).partition(",")[0]


def format_revision(revision: str) -> str:
    """Return a revision in words that need no explanation.

    >>> format_revision("c0ffee1"), format_revision("no-git")
    ('c0ffee1', 'not under git')
    """
    return "not under git" if revision == NO_REVISION else revision

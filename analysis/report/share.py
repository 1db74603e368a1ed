"""A report made ready to be given away: one file, an archive, or a PDF; without source lines where asked."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis import children, store
from analysis.errors import AnalysisError, UnknownNameError
from analysis.investigation import Investigation
from analysis.progress import Progress, ignore_progress
from analysis.report.plan_markdown import ISSUES
from analysis.report.redaction import redact
from analysis.report.run_report import LATEST, write_report
from analysis.report.runs import ReportRun, find_runs, read_run
from analysis.targets import slug

#: What many mail servers still take; a report above it is named as large.
LARGE_BYTES = 10_000_000
#: What goes into an archive, in this order.
ARCHIVED = ("report.html", "changes.html", "mail.html", "findings.csv", "plan.md", "plan.json", "issue.md")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PRINT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ShareOptions:
    """How to share a report."""

    redact: bool = False
    hash_names: bool = False
    as_zip: bool = False
    as_pdf: bool = False


def share_report(
    wanted: str, reports: Path, out: Path, options: ShareOptions, *, progress: Progress = ignore_progress
) -> list[Path]:
    """Write what can be given away of one run into ``out`` and return the files.

    ``wanted`` is a run's folder, or the name of a target (its newest run). Raises ``UnknownNameError`` for another,
    and ``AnalysisError`` when the snapshot of a run that should be redacted is gone, or no browser can print.
    """
    run = find_run(wanted, reports)
    with _prepare(run, options, progress) as folder:
        name = f"{slug(read_run(folder).target)}-{run.folder.name}{'-redacted' if options.redact else ''}"
        try:
            out.mkdir(parents=True, exist_ok=True)
            return list(_write(folder, out / name, options))
        except OSError as error:
            raise AnalysisError(f"cannot write below {out}: {error.strerror or error}") from None


def find_run(wanted: str, reports: Path) -> ReportRun:
    """Return the run of a folder, or the newest of a target; ``UnknownNameError`` when there is none."""
    folder = Path(wanted).expanduser()
    for place in (folder, folder / LATEST, reports / wanted / LATEST):
        if wanted and (place / store.RUN).is_file():
            return read_run(place.resolve())
    named = [run for run in find_runs(reports) if not wanted or wanted in {run.target, run.folder.parent.name}]
    if not named:
        raise UnknownNameError(f"no report of {wanted or 'any target'}", remedy="Write one with: ssot report TARGET")
    return max(named, key=lambda run: run.folder.name)


@contextmanager
def _prepare(run: ReportRun, options: ShareOptions, progress: Progress) -> Iterator[Path]:
    """Yield the folder of a run, or of the same report made from a redacted snapshot."""
    if not options.redact:
        yield run.folder
        return
    snapshot = Path(run.snapshot)
    if not (snapshot / store.MANIFEST).is_file():
        raise AnalysisError(f"the snapshot of {run.folder} is gone", remedy="Write a new report with: ssot report")
    with children.scratch_folder("ssot-") as scratch:
        contents, manifest = redact(Investigation(snapshot), hash_names=options.hash_names)
        hidden = Investigation(store.write_snapshot(scratch, contents, manifest))
        yield write_report(hidden, scratch / "reports", progress=progress)


def _write(folder: Path, base: Path, options: ShareOptions) -> Iterator[Path]:
    if options.as_zip:
        yield _write_archive(folder, base.with_name(f"{base.name}.zip"))
    if options.as_pdf:
        yield _print(folder / "index.html", base.with_name(f"{base.name}.pdf"))
    if not (options.as_zip or options.as_pdf):
        place = base.with_name(f"{base.name}.html")
        shutil.copyfile(folder / "report.html", place)
        yield place


def _write_archive(folder: Path, place: Path) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        issues = sorted(f"{ISSUES}/{path.name}" for path in (folder / ISSUES).glob("*.md"))
        for name in (*ARCHIVED, *issues):
            if (folder / name).is_file():
                archive.write(folder / name, f"{place.stem}/{name}")
    return place


def _print(page: Path, place: Path) -> Path:
    """Print a page of a report as a PDF with the browser of this machine."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise AnalysisError("no browser that can print", remedy="Install Chromium, or print report.html by hand")
    with children.scratch_folder("ssot-") as scratch:
        command = [
            browser, "--headless=new", "--disable-gpu", "--no-sandbox", f"--user-data-dir={scratch}",
            "--no-pdf-header-footer", f"--print-to-pdf={place.absolute()}", page.absolute().as_uri(),
        ]  # fmt: skip
        done = children.run(command, timeout=_PRINT_SECONDS)
    if done.returncode or not place.is_file():
        raise AnalysisError(f"{Path(browser).name} could not print {page}", remedy="Print report.html by hand")
    return place


def list_large(files: Sequence[Path]) -> list[Path]:
    """Return the files that are too large for many mail servers."""
    return [place for place in files if place.stat().st_size > LARGE_BYTES]


def describe_files(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the files for machines: path, bytes."""
    return [{"path": str(place), "bytes": place.stat().st_size} for place in files]

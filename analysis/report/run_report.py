"""One run: notebooks executed, pages made, the folder moved to its place, and ``latest`` set to it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import store
from analysis.errors import ReportError
from analysis.progress import Progress, ignore_progress
from analysis.report.base import deciding, find_base, find_difference
from analysis.report.changes import PAGE as CHANGES
from analysis.report.difference_page import build_difference_page
from analysis.report.executive import Executive, build_executive
from analysis.report.explorer import build_explorer
from analysis.report.exports import build_findings_json, build_plan_json
from analysis.report.findings_csv import build_findings_csv
from analysis.report.findings_page import build_findings_view
from analysis.report.issue_markdown import build_issue
from analysis.report.kept_history import leave_out_history
from analysis.report.mail import build_mail
from analysis.report.notebook_processes import ExecutedNotebook
from analysis.report.pages import Page, build_page
from analysis.report.plan_markdown import build_issues, build_plan_markdown, name_issues
from analysis.report.prose import find_headings
from analysis.report.run_notebooks import Warm, find_notebooks, run_notebooks
from analysis.report.runs import describe_run
from analysis.report.single_file import build_single_file
from analysis.report.templating import render

if TYPE_CHECKING:
    from analysis.investigation import Investigation

LATEST = "latest"
#: Files next to the pages, and their names in the report.
FILES = (
    ("report.html", "everything in one file"),
    ("issue.md", "a GitHub issue"),
    ("plan.md", "the plan, with every edit"),
    ("plan.json", "the plan as JSON"),
    ("findings.html", "all findings, to search and filter"),
    ("findings.csv", "all findings as a sheet"),
    ("findings.json", "all findings as JSON"),
)
_NUMBERED = re.compile(r"^(?P<run>.*?)(?:\.(?P<number>\d{1,3}))?$")


def write_report(
    inv: Investigation,
    reports: Path,
    *,
    jobs: int = 2,
    progress: Progress = ignore_progress,
    notebooks: Path | None = None,
    process: Warm | None = None,
    unfinished: Sequence[str] = (),
) -> Path:
    """Write the report of an investigation and return its folder ``reports/<target>/<time>-<revision>``.

    ``notebooks`` is a folder of numbered notebooks (default: the kit's own), each with a parameter ``snapshot``;
    ``process`` is one from ``open_notebook_process`` that has had time to prepare itself (default: a new one).
    ``unfinished`` are sentences on earlier runs that did not end; ``run.json`` has them.
    When one of them fails, the incomplete folder is stored as ``<time>-<revision>.failed``, ``latest`` does
    not change, and ``ReportError`` names the notebook. Raises ``StorageError`` when the disk is full.
    """
    sources = leave_out_history(inv, find_notebooks(notebooks or store.find_bundle() / "notebooks"))
    parent = reports / inv.manifest.as_target.place
    name = store.name_run(datetime.now(UTC), inv.manifest.revision)
    with deciding(find_base(inv, reports), reports), store.writing_folder(parent) as folder:
        executed = folder / "notebooks"
        executed.mkdir()
        done = run_notebooks(
            sources, executed, {"snapshot": str(inv.path)}, jobs=jobs, progress=progress, process=process
        )
        try:
            progress("pages", 0, 1)
            _write_files(inv, folder, done, unfinished)
            progress("pages", 1, 1)
        except OSError:  # the disk is full: the files written so far are of no use
            raise
        except Exception as error:
            place = store.publish_folder(folder, parent, f"{name}.failed")
            cause = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ReportError(
                f"the pages could not be written: {cause}", remedy=f"See the notebooks in {place}"
            ) from error
        failed = [notebook for notebook in done if notebook.error]
        place = store.publish_folder(folder, parent, f"{name}.failed" if failed else name)
        if failed:
            failures = "; ".join(f"notebook {notebook.name} failed: {notebook.error}" for notebook in failed)
            raise ReportError(failures, remedy=f"See {place / f'{failed[0].name}.html'}")
        move_latest(parent, place.name)
    return place


def _write_files(
    inv: Investigation, folder: Path, done: Sequence[ExecutedNotebook], unfinished: Sequence[str]
) -> None:  # fmt: skip
    """Write every page and export of a run into its folder."""
    pages = [build_page(notebook.path, notebook.error) for notebook in done]
    report = build_executive(inv)
    explorer = build_explorer(inv)
    chapters = [*pages, explorer.chapter]
    view = describe_report(report, chapters)
    findings = build_findings_view(inv)
    contents = {
        "index.html": render("index.html.j2", report=view, has_networks=False),
        "glossary.html": render("glossary.html.j2", report=view, has_networks=False),
        "explorer.html": explorer.build_page(view),
        "report.html": build_single_file(view, chapters, findings),
        "mail.html": build_mail(view),
        "issue.md": build_issue(report),
        "plan.md": build_plan_markdown(report),
        "plan.json": build_plan_json(inv),
        **build_issues(report),
        "findings.json": build_findings_json(inv),
        "findings.html": render("findings.html.j2", report=view, view=findings, has_networks=False),
        "findings.csv": build_findings_csv(findings),
        store.RUN: describe_run(inv, report, unfinished),
    }
    changed = find_difference(inv)
    if changed is not None:
        contents[CHANGES] = build_difference_page(changed, home="index.html")
    for page in pages:
        headings = [heading for heading in find_headings(page.body) if heading["level"] == 2]
        contents[page.file] = render(
            "page.html.j2", report=view, page=page, headings=headings, has_networks=page.has_networks
        )
    for name, text in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8", errors="replace")


def describe_report(report: Executive, pages: Sequence[Page]) -> dict[str, Any]:
    """Return the data of the templates: the fields of the report, its pages, and the other files."""
    return {
        **{field.name: getattr(report, field.name) for field in fields(report)},
        "pages": pages,
        "failed": [page for page in pages if page.error],
        "files": (
            *FILES,
            *((name, f"an issue for phase {place}") for place, name in enumerate(name_issues(report), 1)),
            *([(CHANGES, "all that changed")] if report.change is not None else []),
        ),
    }


def move_latest(parent: Path, name: str) -> None:
    """Point ``latest`` to a run, in one step and never back to an older one than it points to."""
    link = parent / LATEST
    with _locked(parent):
        if link.is_symlink() and _rank(link.readlink().name) >= _rank(name):
            return
        temporary = parent / f".{LATEST}-{os.getpid()}"
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(name, target_is_directory=True)
        temporary.replace(link)


def _rank(name: str) -> tuple[str, int]:
    """Return what orders runs: the time, then the number of a run within one second."""
    match = _NUMBERED.match(name)
    return (name[:15], int(match["number"] or 1)) if match else (name, 1)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder, so that of two runs that end at once the newer one is the latest."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

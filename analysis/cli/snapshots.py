"""Commands that analyse a target and keep what they found: ``scan`` and ``report``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import (
    Authors,
    ClaimsFile,
    Environment,
    Jobs,
    Json,
    NoCache,
    Only,
    Platforms,
    PolicyFile,
    Probe,
    Python,
    PythonPath,
    PythonVersion,
    Quiet,
    SimulationBudget,
    Target,
)
from analysis.cli.requests import (
    Asked,
    describe,
    find_kept,
    find_probe,
    investigate_asked,
    print_json,
    run_investigation,
)
from analysis.cli.unattended import (
    Blame,
    FailOnOption,
    Keep,
    Lock,
    LockWait,
    Notify,
    NotifyWhenOption,
    end,
    find_parent,
)
from analysis.terminal import print_scan, progress_bar

if TYPE_CHECKING:
    from analysis.investigation import Investigation


@app.command(epilog="Examples: `ssot scan ~/src/shop` · `ssot scan . --json | jq .counts`")
def scan(
    target: Target,
    policy: PolicyFile = "",
    claims: ClaimsFile = "",
    probe: Probe = False,
    python: Python = "",
    only: Only = None,
    pythonpath: PythonPath = None,
    env: Environment = None,
    simulation_budget: SimulationBudget = None,
    python_version: PythonVersion = "",
    platform: Platforms = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a target and store a snapshot; print the figures and the findings."""
    asked = Asked(
        target, policy, claims, find_probe(probe, python, only, pythonpath, env), jobs, use_cache=not no_cache,
        simulation_budget=simulation_budget, python_version=python_version, platforms=tuple(platform or ()),
    )  # fmt: skip
    inv = run_investigation(asked, quiet=quiet or json_)
    if json_:
        print_json(describe(inv))
    elif quiet:
        typer.echo(inv.path)
    else:
        print_scan(inv)


@contextlib.contextmanager
def _comparing(since: str, target: str, policy: str) -> Iterator[None]:
    """Have reports, and the notebooks whose processes are started here, compare with a state that the caller names."""
    if not since:
        yield
        return
    from analysis import store
    from analysis.comparison import find_base_state
    from analysis.report.base import Base, deciding

    with deciding(
        Base("named", str(find_base_state(since, target, policy=policy).path), since), store.find_reports_folder()
    ):
        yield


@app.command(
    epilog="Examples: `ssot report ~/src/shop` · `ssot report --snapshot shop --out /srv/reports` · "
    "`ssot report ~/src/shop --quiet --lock --keep 30 --fail-on regression`; exit codes: 1 as --fail-on says · "
    "69 not notified · 75 locked"
)
def report(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="Folder with Python code, or FOLDER@REV.")] = "",
    policy: PolicyFile = "",
    claims: ClaimsFile = "",
    probe: Probe = False,
    python: Python = "",
    only: Only = None,
    pythonpath: PythonPath = None,
    env: Environment = None,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for reports.")] = "",
    snapshot: Annotated[
        str,
        typer.Option("--snapshot", metavar="NAME", help="Report on a stored snapshot (a folder or a target's name)."),
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="STATE",
            help="Compare with a revision, day, snapshot, report or baseline file (default: the run before).",
        ),
    ] = "",
    keep: Keep = None,
    lock: Lock = False,
    lock_wait: LockWait = 0.0,
    fail_on: FailOnOption = "never",
    notify: Notify = None,
    notify_when: NotifyWhenOption = "changed",
    blame: Blame = False,
    authors: Authors = False,
    simulation_budget: SimulationBudget = None,
    python_version: PythonVersion = "",
    platform: Platforms = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a target and write its report: pages, one self-contained HTML file, a GitHub issue, exports."""
    if bool(target) == bool(snapshot):
        raise typer.BadParameter("name a TARGET, or --snapshot NAME")
    from analysis import open_snapshot, store
    from analysis.report.run_notebooks import open_notebook_process
    from analysis.scheduled.attending import Unattended, notifying_failure, write_unattended

    is_quiet = quiet or json_
    asked = Asked(
        target, policy, claims, find_probe(probe, python, only, pythonpath, env), jobs, use_cache=not no_cache,
        simulation_budget=simulation_budget, python_version=python_version, platforms=tuple(platform or ()),
    )  # fmt: skip
    folder = Path(out).expanduser().absolute() if out else store.find_reports_folder()
    unattended = Unattended(keep, lock, lock_wait, fail_on, tuple(notify or ()), notify_when, blame, authors)
    with (
        notifying_failure(target or snapshot, unattended), _comparing(since, target, policy),
        open_notebook_process() as process, progress_bar(quiet=is_quiet, last="pages") as progress,
    ):  # fmt: skip
        opened = open_snapshot(snapshot) if snapshot else None

        def find_investigation() -> Investigation:
            return opened or find_kept(asked) or investigate_asked(asked, progress)

        parent = find_parent(folder, asked, opened)
        inv, outcome = write_unattended(
            parent, find_investigation, unattended, jobs=jobs or 2, progress=progress, process=process
        )
    place, is_asked = outcome.run.folder, unattended != Unattended(with_authors=authors)
    if json_:
        print_json({**describe(inv), "report": str(place), "outcome": outcome.describe()})
    elif quiet and is_asked:
        typer.echo(f"{outcome.summary}; {place / 'index.html'}")
    else:
        _print_report(inv, place, outcome.summary if is_asked else "", quiet=quiet)
    end(outcome, unattended)


def _print_report(inv: Investigation, place: Path, summary: str, *, quiet: bool) -> None:
    """Print the verdict and the outcome, and in any case the page to open, last."""
    if not quiet:
        from analysis.report.verdict_lines import write_verdict_lines

        typer.echo("\n".join([*write_verdict_lines(inv, place), *([summary] if summary else [])]))
    typer.echo(place / "index.html")

"""``schedule`` prints a ready unit for a scheduler, ``pin`` keeps a run whatever its age."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.cli.application import app
from analysis.cli.sharing import Reports, find_reports


def _when(name: str, meaning: str) -> Any:
    return typer.Option(f"--{name}", metavar="WHEN", help=meaning)


@app.command(
    epilog='Examples: `ssot schedule ~/src/shop --cron "daily 06:00"` · `ssot schedule . --github "weekly mon 06:00"` '
    "· `ssot schedule . --systemd hourly -- --quiet --lock --keep 100`"
)
def schedule(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Folder with Python code.")],
    options: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- OPTIONS]",
            help="Options of ssot report (default: --quiet --lock --keep 30 --fail-on regression).",
        ),
    ] = None,
    cron: Annotated[
        str, _when("cron", "A line for crontab; WHEN: hourly, daily 06:00, weekdays 06:00 or weekly mon 06:00.")
    ] = "",
    systemd: Annotated[str, _when("systemd", "A service and a timer of systemd, in local time.")] = "",
    github: Annotated[str, _when("github", "A workflow of GitHub Actions; the time is UTC.")] = "",
    gitlab: Annotated[str, _when("gitlab", "A job of GitLab CI; the time is UTC.")] = "",
) -> None:
    """Print what a scheduler needs to write the report of a target again and again; nothing is installed."""
    asked = {kind: when for kind, when in
             (("cron", cron), ("systemd", systemd), ("github", github), ("gitlab", gitlab)) if when}  # fmt: skip
    if len(asked) != 1:
        raise typer.BadParameter("name one of --cron, --systemd, --github and --gitlab, with a time")
    from analysis.pipeline import find_place
    from analysis.scheduled.times import read_times
    from analysis.scheduled.units import HOSTED, USUAL, build_unit

    ((kind, when),) = asked.items()
    place = Path(target).expanduser()
    name, chosen = find_place(place), options or USUAL
    _check_options(chosen)
    shown = str(place.resolve())
    if kind in HOSTED:  # there the repository is checked out, and a path of this machine means nothing
        shown = "." if place.is_absolute() else place.as_posix()
    program = str(Path(sys.executable).with_name("ssot"))
    typer.echo(build_unit(kind, read_times(when), program, shown, chosen, name), nl=False)


def _check_options(options: Any) -> None:
    """Refuse options that ``ssot report`` does not have now, not at six in the morning."""
    command: Any = typer.main.get_command(app)
    command.commands["report"].make_context("ssot report", ["TARGET", *options])


@app.command(epilog="Examples: `ssot pin shop` · `ssot pin reports/shop/20260401T060000-1a2b3c --remove`")
def pin(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Folder of a run or snapshot, or a target's name (its newest run).")
    ],
    remove: Annotated[bool, typer.Option("--remove", help="Remove the pin.")] = False,
    reports: Reports = "",
) -> None:
    """Keep a run, or a snapshot, whatever --keep says; it is pinned by a file PINNED in its folder."""
    from analysis import store
    from analysis.report.share import find_run
    from analysis.scheduled import retention

    folder = Path(run).expanduser()
    is_snapshot = (folder / store.MANIFEST).is_file()
    place = folder.resolve() if is_snapshot else find_run(run, find_reports(reports)).folder
    (retention.unpin if remove else retention.pin)(place)
    typer.echo(place)

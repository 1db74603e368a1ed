"""``diff``: what changed between two states of a target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Jobs, Json, Quiet
from analysis.cli.requests import print_json
from analysis.terminal import progress_bar


@app.command(
    epilog="Examples: `ssot diff main --in .` · `ssot diff v2.0 v2.1 --in ~/src/shop --write changes.html` · "
    "`ssot diff reports/shop/20270124T060000 reports/shop/latest` · `ssot diff --in .`"
)
def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="[A]",
            help="Revision, day, snapshot, report, baseline, FOLDER or FOLDER@REV (default: the last complete run).",
        ),
    ] = "",
    after: Annotated[
        str, typer.Argument(metavar="[B]", help="The same for the later state; default: the files as they are now.")
    ] = "",
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder that revisions are of (default: the current folder).")
    ] = "",
    write: Annotated[
        list[str] | None,
        typer.Option("--write", metavar="FILE", help="Write the difference: *.md, *.html or *.json; repeatable."),
    ] = None,
    jobs: Jobs = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what changed: findings (new, worse, better, gone, moved), interface, imports, cycles, score and figures."""
    from analysis import comparison
    from analysis.report import difference_files
    from analysis.report.base import open_base

    places = [Path(name).expanduser() for name in write or ()]
    for place in places:
        difference_files.find_format(place.name)
    with progress_bar(quiet=quiet or json_) as progress:
        later = comparison.find_later(after, target, jobs=jobs, progress=progress)
        earlier = before or open_base(later)
        found = comparison.diff(earlier, later, target=target, jobs=jobs, progress=progress)
    difference_files.write_files(found, places)
    if json_:
        print_json(found.as_record())
    else:
        typer.echo(found.summary if quiet else str(found))

"""Commands about the past: ``history`` and ``blame``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Authors, Jobs, Json, NoCache, PolicyFile, Quiet
from analysis.cli.requests import print_json
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    from analysis.timeline.walk import HistoryOptions


def _build_options(
    *, policy: str, since: str = "", every: str = "1d", tags: bool = False, authors: bool, simulated: bool = False,
    jobs: int, no_cache: bool,
) -> HistoryOptions:  # fmt: skip
    from analysis.timeline.walk import HistoryOptions

    place = Path(policy).expanduser() if policy else None
    return HistoryOptions(place, since, every, tags, authors, simulated, jobs=jobs, use_cache=not no_cache)


@app.command(
    epilog="Examples: `ssot history . --since 2026-01-01` · `ssot history . --since v1.0 --every '5 commits' --write "
    "history.html` · `ssot history . --tags --json`"
)
def history(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Folder in a git repository, or FOLDER@REV.")],
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="STATE", help="Where to begin: a revision, day, or the commit of a snapshot or baseline."
        ),
    ] = "",
    every: Annotated[
        str, typer.Option("--every", metavar="STEP", help="Which commits: the last of each day (1d), or '10 commits'.")
    ] = "1d",
    tags: Annotated[
        bool, typer.Option("--tags", help="The commits with tags, in place of --since and --every.")
    ] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Simulate first imports at each commit, too: many times as long.")
    ] = False,
    authors: Authors = False,
    write: Annotated[
        list[str] | None,
        typer.Option("--write", metavar="FILE", help="Write it: *.csv, *.md, *.html, *.json; repeatable."),
    ] = None,
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how figures and findings changed over commits and kept runs; what was judged once is not judged again."""
    from analysis.report.history_files import describe, find_format, write_history
    from analysis.timeline.sentences import render_text
    from analysis.timeline.walk import build_history

    if tags and (since or every != "1d"):
        raise typer.BadParameter("use either --tags, or --since and --every")
    places = [Path(name).expanduser() for name in write or ()]
    for place in places:
        find_format(place.name)
    options = _build_options(
        policy=policy, since=since, every=every, tags=tags, authors=authors, simulated=simulated, jobs=jobs,
        no_cache=no_cache,
    )  # fmt: skip
    with progress_bar(quiet=quiet or json_) as progress:
        found = build_history(target, options, progress=progress)
    write_history(found, places)
    if json_:
        print_json(describe(found))
        return
    for line in render_text(found) if not quiet else ():
        typer.echo(line)
    for place in places:
        typer.echo(place)


@app.command(epilog="Example: `ssot blame 0123456789abcdef --in ~/src/shop`; `ssot findings` lists the fingerprints")
def blame(
    fingerprint: Annotated[str, typer.Argument(help="Fingerprint of the finding, or its first digits.")],
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder in a git repository, or FOLDER@REV.")
    ] = ".",
    authors: Authors = False,
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say which commit brought a finding in, and which removed it: the last appearance counts."""
    from analysis.report.history_files import describe_introduction
    from analysis.timeline.sentences import say_introduction
    from analysis.timeline.walk import find_introduction
    from analysis.wording import format_count, make_harmless

    options = _build_options(policy=policy, authors=authors, jobs=jobs, no_cache=no_cache)
    with progress_bar(quiet=quiet or json_) as progress:
        found, judged = find_introduction(fingerprint, target, options, progress=progress)
    if json_:
        print_json({**describe_introduction(found), "judged": judged})
        return
    finding = found.finding
    if not quiet:
        typer.echo(f"{finding.severity} {finding.rule} {make_harmless(finding.subject)} {found.fingerprints[-1]}")
    typer.echo(say_introduction(found))
    if not quiet:
        typer.echo(f"{format_count(judged, 'commit')} judged now", err=True)

"""``share`` makes a report ready to be given away, ``serve`` shows all reports in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Json, Quiet
from analysis.cli.requests import print_json
from analysis.terminal import progress_bar

Reports = Annotated[
    str, typer.Option("--reports", metavar="FOLDER", help="Folder with reports (default: where ssot report writes).")
]


def find_reports(named: str) -> Path:
    """Return the folder of reports that was named, or the usual one."""
    from analysis import store

    return Path(named).expanduser().absolute() if named else store.find_reports_folder()


@app.command(
    epilog="Examples: `ssot share shop` · `ssot share shop --redact --zip` · "
    "`ssot share reports/shop/20260401T060000-1a2b3c --pdf --out ~/mail`"
)
def share(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder, or a target's name (its newest run).")],
    redact: Annotated[bool, typer.Option("--redact", help="Leave out source lines and absolute paths.")] = False,
    hash_names: Annotated[
        bool, typer.Option("--hash-names", help="With --redact: also replace the target's names by digits.")
    ] = False,
    zip_: Annotated[
        bool, typer.Option("--zip", help="Write an archive: the report, the mail preview, exports.")
    ] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print the executive report (needs Chromium or Chrome).")] = False,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FOLDER", help="Where to write (default: here).")] = ".",
    reports: Reports = "",
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a report as one file that can be given away: HTML, archive or PDF."""
    if hash_names and not redact:
        raise typer.BadParameter("--hash-names needs --redact")
    from analysis.report.share import ShareOptions, describe_files, list_large, share_report

    options = ShareOptions(redact, hash_names, zip_, pdf)
    with progress_bar(quiet=quiet or json_) as progress:
        files = share_report(run, find_reports(reports), Path(out).expanduser(), options, progress=progress)
    if json_:
        print_json(describe_files(files))
        return
    for place in files:
        typer.echo(place)
    for place in list_large(files) if not quiet else ():
        typer.echo(
            f"ssot: {place.name} has {place.stat().st_size / 1e6:.0f} MB, too large for many mail servers", err=True
        )


@app.command(epilog="Example: `ssot serve --port 8909`")
def serve(
    reports: Annotated[
        str, typer.Argument(metavar="[FOLDER]", help="Folder with reports (default: the kit's own).")
    ] = "",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0: a free one.")] = 0,
) -> None:
    """Show all targets and runs in a browser, on this machine only; nothing can be changed there."""
    from analysis.report.serve import open_server

    with open_server(find_reports(reports), port) as server:
        typer.echo(f"http://{server.server_address[0]!s}:{server.server_port}/ (stop with Ctrl-C)")
        server.serve_forever()

"""Commands that answer one question: ``explain``, ``paths``, ``why``, ``findings``, and ``export`` of the graph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from analysis.cli.application import app
from analysis.cli.options import Authors, In, Json, OldQuiet, Quiet
from analysis.cli.requests import open_or_scan, print_json
from analysis.terminal import print_paths


@app.command(epilog="Example: `ssot explain shop.api shop.db --in ~/src/shop`")
def explain(
    importer: Annotated[str, typer.Argument(help="The importing module.")],
    imported: Annotated[str, typer.Argument(help="The imported module, directly or through others.")],
    target: In = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Largest number of chains to print.")] = 5,
    json_: Json = False,
    quiet: OldQuiet = False,
) -> None:
    """Explain why one module depends on another: the shortest import chains, with file and line."""
    chains = open_or_scan(target, quiet=quiet or json_).explain(importer, imported, limit=limit)
    if json_:
        print_json(chains.as_records())
    else:
        typer.echo(str(chains))


@app.command(epilog="Examples: `ssot paths Order --in ~/src/shop` · `ssot paths shop.api.Order --in shop`")
def paths(
    name: Annotated[str, typer.Argument(help="A class name, pkg.mod.Name, or the definition pkg.mod:Name.")],
    target: In = "",
    json_: Json = False,
    quiet: OldQuiet = False,
) -> None:
    """Show which import path of a class to use: all its paths, their routes and their users."""
    found = open_or_scan(target, quiet=quiet or json_).find_path_rows(name)
    if json_:
        print_json(found)
    else:
        print_paths(found)


@app.command(epilog="Examples: `ssot why shop.api --in ~/src/shop` · `ssot why shop.api --in shop --json`")
def why(
    module: Annotated[str, typer.Argument(help="The module that is imported first.")],
    target: In = "",
    authors: Authors = False,
    json_: Json = False,
    quiet: OldQuiet = False,
) -> None:
    """Explain why the first import of a module fails, or what it silently swallows: the predicted traceback."""
    from analysis.report.kept_history import say_since

    inv = open_or_scan(target, quiet=quiet or json_)
    answer, since = inv.why(module, with_authors=authors), say_since(inv, module, with_authors=authors)
    if json_:
        print_json({**answer.as_record(), "since": since})
        return
    typer.echo(str(answer))
    for line in since:
        typer.echo(line)


@app.command(epilog="Examples: `ssot findings --in . --severity P1` · `ssot findings --in . --rule '*-cycle' --json`")
def findings(
    target: In = "",
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="RULE", help="Name of a rule, or a pattern; repeatable.")
    ] = None,
    module: Annotated[
        str, typer.Option("--module", metavar="MODULE", help="Only about this module or package, and what is below it.")
    ] = "",
    severity: Annotated[
        list[str] | None, typer.Option("--severity", metavar="P0..P3", help="Only of this severity; repeatable.")
    ] = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the findings, one per line: severity, rule, place, fingerprint, message."""
    from analysis.finding_filters import format_finding, format_tally

    inv = open_or_scan(target, quiet=quiet or json_)
    rows = inv.find_findings(rule=rule or (), module=module, severity=severity or ()).to_pylist()
    if json_:
        minutes = inv.minutes_by_finding()
        print_json([{**row, "minutes": minutes.get(row["fingerprint"], 0)} for row in rows])
        return
    for row in rows:
        typer.echo(format_finding(row))
    if not quiet:
        typer.echo(format_tally(rows))


@app.command(epilog="Examples: `ssot export --in .` · `ssot export --in . --package shop --format dot --out a.dot`")
def export(
    target: In = "",
    form: Annotated[
        Literal["mermaid", "dot", "graphml"],
        typer.Option("--format", help="mermaid shows the most important part only; dot and graphml have all."),
    ] = "mermaid",
    package: Annotated[
        str, typer.Option("--package", metavar="PACKAGE", help="The modules of this package (default: all packages).")
    ] = "",
    module: Annotated[
        str, typer.Option("--module", metavar="MODULE", help="This module, what it imports and what imports it.")
    ] = "",
    modules: Annotated[bool, typer.Option("--modules", help="All modules instead of packages.")] = False,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="File to write (default: print).")] = "",
    quiet: OldQuiet = False,
) -> None:
    """Export the import graph: packages, the modules of a package, or a module and its neighbours."""
    if sum((bool(package), bool(module), modules)) > 1:
        raise typer.BadParameter("use one of --package, --module and --modules")
    from analysis import store
    from analysis.report import graph_choice, graph_files

    inv = open_or_scan(target, quiet=quiet)
    if module:
        part = graph_choice.choose_neighbours(inv, module)
    elif package or modules:
        part = graph_choice.choose_modules(inv, package)
    else:
        part = graph_choice.choose_packages(inv)
    text = graph_files.FORMATS[form](part)
    if out:
        store.write_file(Path(out).expanduser(), text)
        typer.echo(out)
    else:
        typer.echo(text, nl=False)
    note = graph_files.cut(part)[1] if form == "mermaid" else ""
    if note and not quiet:
        typer.echo(f"{note}; --format dot has all", err=True)

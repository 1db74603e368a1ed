"""``fix``: patches for findings, proved before they are offered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.cli.application import app
from analysis.cli.options import Jobs, Json, PolicyFile, Quiet, Target
from analysis.cli.requests import Asked, find_kept, investigate_asked, print_json
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    from analysis.fixes.choosing import Choice

#: Styles by the tone of a line.
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True}, "added": {"fg": "green"}, "removed": {"fg": "red"}, "place": {"fg": "cyan"},
    "quiet": {"dim": True},
}  # fmt: skip


@app.command(epilog="Examples: `ssot fix .` · `ssot fix . --rule '*-cycle' --output out`")
def fix(
    target: Target,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="RULE", help="Only for findings of this rule, or pattern; repeatable."),
    ] = None,
    module: Annotated[
        str, typer.Option("--module", metavar="MODULE", help="Only for findings about this module and what is below.")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FOLDER", help="Write each fix to FOLDER/fixes/NN-name.patch.")
    ] = "",
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, metavar="SECONDS", help="Prove no further fix after this time.")
    ] = 300.0,
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fix findings: patches that were proved on a changed copy of the tree, shown, written or applied."""
    from analysis.fixes.fixing import describe_choice, find_fixes, write_patches
    from analysis.fixes.lines import summarise

    asked = Asked(target, policy=policy, jobs=jobs)
    with progress_bar(quiet=quiet or json_) as progress:
        first = find_kept(asked) or investigate_asked(asked, progress)
        choice = find_fixes(
            first, rules=rule or (), module=module, seconds=seconds, jobs=jobs, progress=progress
        )  # fmt: skip
    if output:
        for place in write_patches(choice, Path(output).expanduser() / "fixes"):
            if not json_:
                typer.echo(str(place))
    if json_:
        print_json(describe_choice(choice))
    elif quiet:
        typer.echo(summarise(choice))
    elif not output:
        _print(choice)
    else:
        typer.echo(summarise(choice))


def _print(choice: Choice) -> None:
    from analysis.fixes.lines import list_lines

    is_coloured = sys.stdout.isatty()
    for tone, line in list_lines(choice):
        typer.echo(typer.style(line, **_STYLES[tone]) if is_coloured and tone and line else line)

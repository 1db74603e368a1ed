"""What ``ssot report`` does for a scheduler: one run at a time, old runs removed, its outcome, notifications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from analysis.cli.requests import Asked
    from analysis.investigation import Investigation
    from analysis.scheduled.attending import Unattended
    from analysis.scheduled.outcome import RunOutcome

Keep = Annotated[
    int | None,
    typer.Option("--keep", min=1, metavar="N", help="Remove older runs and snapshots of the target; see ssot pin."),
]
Lock = Annotated[
    bool, typer.Option("--lock", help="One run of a target at a time: exit with 75 while another one is under way.")
]
LockWait = Annotated[
    float, typer.Option("--lock-wait", min=0, metavar="SECONDS", help="With --lock: wait for the other run so long.")
]
FailOnOption = Annotated[
    Literal["regression", "gate", "never"],
    typer.Option("--fail-on", help="Exit with 1 on new or worse findings (above P3), or below the policy's threshold."),
]
Notify = Annotated[
    list[str] | None,
    typer.Option(
        "--notify", metavar="ADDRESS",
        help="A file *.eml, smtp://HOST/?from=A&to=B, [slack+|teams+]https://…, or env:SSOT_NAME; repeatable.",
    ),
]  # fmt: skip
Blame = Annotated[
    bool, typer.Option("--blame", help="Judge the commits that say who brought in what is new of P0 and P1.")
]
NotifyWhenOption = Annotated[
    Literal["changed", "regression", "always"], typer.Option("--notify-when", help="When to notify.")
]


def end(outcome: RunOutcome, options: Unattended) -> None:
    """Notify whom it concerns, then end with the exit code of the outcome; nothing where all is well."""
    from analysis.errors import NotifyError
    from analysis.scheduled.attending import notify

    problems = notify(outcome, options)
    if outcome.fails(options.fail_on):
        for problem in problems:
            typer.echo(f"ssot: {problem}", err=True)
        raise typer.Exit(1)
    if problems:
        raise NotifyError("; ".join(problems), remedy=f"The report is complete: {outcome.run.folder}")


def find_parent(folder: Path, asked: Asked, kept: Investigation | None) -> Path:
    """Return the folder of a target's reports below the folder of all reports."""
    if kept is not None:
        return folder / kept.manifest.as_target.place
    from analysis.pipeline import find_place

    return folder / find_place(asked.target, asked.policy or None)

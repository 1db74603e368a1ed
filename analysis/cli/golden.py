"""``golden-path``: runs the test that matters most, many times."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Json, PolicyFile, Quiet
from analysis.cli.requests import print_json
from analysis.terminal import progress_bar


@app.command(
    "golden-path",
    epilog="Exit codes: 0 met · 1 not met, or not enough runs · 2 wrong usage · 3 the target cannot be read. Example: "
    "`ssot golden-path . --runs 300 --levers 50 -- python -m pytest -q tests/e2e --junitxml={junit}`",
)
def golden_path(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Folder to run the command in; its code is executed.")
    ],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND]", help="Test command (default: the policy's).")
    ] = None,
    policy: PolicyFile = "",
    runs: Annotated[
        int,
        typer.Option("--runs", min=0, max=1_000_000, help="Exact number of runs; 0: the policy's, else 100."),
    ] = 0,
    stop_early: Annotated[
        bool, typer.Option("--stop-early", help="Stop as soon as the verdict is clear; the interval is then wider.")
    ] = False,
    parallel: Annotated[int, typer.Option("--parallel", min=1, help="Number of runs in parallel.")] = 1,
    seed: Annotated[
        int,
        typer.Option("--seed", min=-(2**53), max=2**53, help="SSOT_SEED of the first run; it grows by one per run."),
    ] = 0,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Time limit of one run, in seconds.")] = 600.0,
    levers: Annotated[
        int,
        typer.Option(
            "--levers",
            min=0,
            max=1_000_000,
            help="Additional runs for each lever: switch interval, hash seed, order, parallelism.",
        ),
    ] = 0,
    repeat_seeds: Annotated[
        int,
        typer.Option(
            "--repeat-seeds",
            min=0,
            max=1_000_000,
            help="Number of failing seeds to run again, three times each; 5 with --levers.",
        ),
    ] = 0,
    all_runs: Annotated[
        bool, typer.Option("--all-runs", hidden=True, help="The default; still accepted from old calls.")
    ] = False,
    junit: Annotated[
        list[str] | None,
        typer.Option("--junit", metavar="GLOB", help="Use existing JUnit results instead of running; repeatable."),
    ] = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure how often the most important test succeeds: rate, interval, verdict, and what changes the rate."""
    del all_runs
    from analysis.golden.command import GoldenRequest, run_request
    from analysis.terminal import print_golden

    asked = GoldenRequest(
        target, tuple(command or ()), policy, runs, parallel, seed, timeout, levers, early=stop_early,
        junit=tuple(junit or ()), repeat_seeds=repeat_seeds,
    )  # fmt: skip
    with progress_bar(quiet=quiet or json_) as progress:
        found = run_request(asked, progress=progress)
    if json_:
        print_json(found.describe())
    else:
        print_golden(found, quiet=quiet)
    raise typer.Exit(0 if found.verdict.word == "met" else 1)

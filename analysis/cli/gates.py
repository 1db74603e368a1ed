"""Commands of the gate: ``check``, ``init``, ``accept``, ``tests`` and ``baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import (
    Jobs,
    Json,
    NoCache,
    Platforms,
    PolicyFile,
    PythonVersion,
    Quiet,
    SimulationBudget,
    Target,
)
from analysis.cli.requests import Asked, open_or_scan, print_json, run_investigation
from analysis.terminal import progress_bar


@app.command(
    epilog="Exit codes: 0 passes · 1 does not · 2 wrong usage · 3 the target cannot be read. Examples: "
    "`ssot check .` · `ssot check . --since main --write ssot.sarif --write comment.md`"
)
def check(
    target: Target,
    policy: PolicyFile = "",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", min=0, max=100, help="Lowest score that passes (default: the policy's)."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on any finding that counts, including P3.")] = False,
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="STATE",
            help="Fail only on what is new or worse since a revision, day, snapshot, report or baseline file.",
        ),
    ] = "",
    baseline: Annotated[
        str,
        typer.Option(
            "--baseline", metavar="FILE", help="Fail only on findings that are new or worse than in this file."
        ),
    ] = "",
    no_baseline: Annotated[bool, typer.Option("--no-baseline", help="Ignore ssot-baseline.json.")] = False,
    strict_baseline: Annotated[
        bool, typer.Option("--strict-baseline", help="Fail when findings of the baseline are gone: write it again.")
    ] = False,
    write: Annotated[
        list[str] | None,
        typer.Option(
            "--write", metavar="FILE", help="Write the result: *.sarif, *.xml (JUnit), *.json, *.md; repeatable."
        ),
    ] = None,
    github: Annotated[bool, typer.Option("--github", help="Print GitHub workflow commands.")] = False,
    simulation_budget: SimulationBudget = None,
    python_version: PythonVersion = "",
    platform: Platforms = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Decide whether a target passes: by its score, or, with a baseline or --since, by new and worse findings."""
    from analysis.executor import swift_process

    if since and baseline:
        raise typer.BadParameter("use either --since or --baseline, not both")
    if strict_baseline and (since or no_baseline):
        raise typer.BadParameter("--strict-baseline needs a baseline")
    places = [Path(name).expanduser() for name in write or ()]
    with swift_process():
        from analysis import gate
        from analysis.terminal import print_check

        for place in places:
            gate.find_format(place.name)
        options = gate.CheckOptions(
            policy=Path(policy).expanduser() if policy else None, threshold=threshold, strict=strict, since=since,
            strict_baseline=strict_baseline,
            baseline=Path(baseline).expanduser() if baseline else None, use_baseline=not no_baseline, jobs=jobs,
            use_cache=not no_cache, with_sources=bool(json_ or github or places), simulation_budget=simulation_budget,
            python_version=python_version, platforms=tuple(platform or ()),
        )  # fmt: skip
        with progress_bar(quiet=quiet or json_ or github, last="rules") as progress:
            result = gate.check(target, options, progress=progress)
        gate.write_outputs(result, places)
        if json_ or github:
            typer.echo(gate.render(result, "json" if json_ else "github"), nl=False)
        else:
            print_check(result, quiet=quiet)
    raise typer.Exit(0 if result.passed else 1)


@app.command(epilog="Example: `ssot init .`, read it, then `ssot check .`; --quiet only writes")
def init(
    target: Target,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="File to write (default: TARGET/ssot.toml).")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing policy file.")] = False,
    jobs: Jobs = 0,
    quiet: Quiet = False,
) -> None:
    """Propose a policy from the code (concepts, factories, redirects), write it, and say whether the code passes."""
    from analysis import gate

    place = Path(out).expanduser() if out else None
    with progress_bar(quiet=quiet) as progress:
        written = gate.write_policy(target, place, force=force, jobs=jobs, progress=progress)
        if not quiet:
            options = gate.CheckOptions(policy=place, jobs=jobs, with_sources=False)
            result = gate.check(target, options, progress=progress)
    typer.echo(written)
    if not quiet:
        typer.echo(gate.format_first_verdict(result, target, place))


@app.command(
    "tests",
    epilog="Exit codes: 0 written · 2 wrong usage, nothing to check, or a file exists that was not generated · "
    "3 the target cannot be read · 4 a file could not be written. "
    "Example: `ssot tests . --out tests/unit/ssot_validation`; then run pytest on that folder",
)
def write_tests(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Folder with Python code, or a snapshot's name.")],
    out: Annotated[str, typer.Option("--out", "-o", metavar="FOLDER", help="Folder to write the files to.")],
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a validation suite: pytest files that enforce the policy, each with passing and failing controls."""
    from analysis import open_snapshot
    from analysis.errors import SuiteError
    from analysis.suite import write_suite

    is_folder = Path(target).expanduser().is_dir()
    asked = Asked(target, policy, jobs=jobs)
    inv = run_investigation(asked, quiet=quiet or json_) if is_folder else open_snapshot(target)
    places = write_suite(inv, Path(out).expanduser())
    if not places:
        raise SuiteError("there is nothing to check", remedy="Write a policy with: ssot init TARGET")
    if json_:
        print_json({"files": [str(place) for place in places]})
    else:
        for place in places:
            typer.echo(place)


@app.command(
    epilog="Example: `ssot accept 0123456789abcdef --in . --because 'frozen until 3.0' --until 2027-01-31`; "
    "`ssot findings --in .` lists the fingerprints"
)
def accept(
    fingerprint: Annotated[str, typer.Argument(help="Fingerprint of the finding, or its first digits.")],
    target: Annotated[str, typer.Option("--in", metavar="TARGET", help="Folder with the code.")],
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="Why it is accepted.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="Last day of the exception: 2027-01-31.")],
    policy: PolicyFile = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change; write nothing.")] = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Accept one finding: write an exception into the policy, and show the change."""
    import datetime as dt

    from analysis import gate

    folder = Path(target).expanduser()
    if policy or not folder.is_dir():  # a missing folder is explained there
        inv = run_investigation(Asked(target, policy), quiet=quiet or json_)
    else:
        inv = open_or_scan(target, quiet=quiet or json_)
    place = Path(policy).expanduser() if policy else folder / "ssot.toml"
    found = gate.accept_finding(
        inv.table("findings"), inv.table("accepted"), place, fingerprint, reason=because, until=until,
        today=dt.datetime.now(dt.UTC).date(),
    )  # fmt: skip
    if not dry_run:
        found.write()
    if json_:
        print_json({
            "file": str(place), "fingerprint": found.fingerprint, "rule": found.rule, "written": not dry_run,
            "difference": found.show_difference(),
        })  # fmt: skip
    elif not quiet:
        typer.echo(found.show_difference())
    if not json_:
        typer.echo(f"{place}: {'would accept' if dry_run else 'accepts'} {found.rule} {found.fingerprint}")


baseline_app = typer.Typer(
    no_args_is_help=True, help="Record the findings of today, so that only new ones fail the gate."
)
app.add_typer(baseline_app, name="baseline")


@baseline_app.command("write", epilog="Example: `ssot baseline write .`, then `ssot check .` in CI")
def write_baseline(
    target: Target,
    policy: PolicyFile = "",
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="File to write (default: TARGET/ssot-baseline.json).")
    ] = "",
    simulation_budget: SimulationBudget = None,
    python_version: PythonVersion = "",
    platform: Platforms = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the findings of today to a file next to the code; from then on `ssot check` fails only on new ones."""
    from analysis import gate
    from analysis.quantities import write_score
    from analysis.wording import format_count

    options = gate.CheckOptions(
        policy=Path(policy).expanduser() if policy else None, jobs=jobs, use_cache=not no_cache,
        baseline=Path(out).expanduser() if out else None, simulation_budget=simulation_budget,
        python_version=python_version, platforms=tuple(platform or ()),
    )  # fmt: skip
    with progress_bar(quiet=quiet or json_, last="rules") as progress:
        place, written = gate.write_target_baseline(target, options, progress=progress)
    if json_:
        print_json({"file": str(place), "findings": len(written.findings), "score": written.score})
    elif quiet:
        typer.echo(place)
    else:
        typer.echo(f"{place}: {format_count(len(written.findings), 'finding')}, score {write_score(written.score)}")

"""The ``ssot`` command: parses, calls, prints.

Exit codes: 0 done, 1 a gate failed, 2 wrong usage (also a wrong policy or name), 3 the target cannot be read,
4 the machine or a notebook failed; ended by a signal: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from analysis import __version__
from analysis.ending import end_in_order, leave_to
from analysis.errors import AnalysisError
from analysis.terminal import make_console, progress_bar

if TYPE_CHECKING:
    import pandas as pd

    from analysis.investigation import Investigation
    from analysis.runtime import ProbeOptions

app = typer.Typer(
    name="ssot",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Finds where a Python code base has lost its single source of truth, proves it, and says how to mend it.",
    epilog="Exit codes: 0 done · 1 a gate failed · 2 wrong usage · 3 the target cannot be read · "
    "4 the machine or a notebook failed · 130 interrupted (143 by SIGTERM, 129 by SIGHUP)",
)

_INTERRUPTED = 130
#: The parser's error for a wrong command line; typer does not export it under a name of its own.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]

Target = Annotated[str, typer.Argument(metavar="TARGET", help="Folder with Python code; nothing in it is executed.")]
PolicyFile = Annotated[
    str, typer.Option("--policy", "-p", metavar="FILE", help="Policy; default: ssot.toml in the target, if there.")
]
ClaimsFile = Annotated[
    str, typer.Option("--claims", metavar="FILE", help="Numbers stated before, to be confirmed or refuted.")
]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Processes; 0 means all cores.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; print only the result.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Probe = Annotated[
    bool, typer.Option("--probe", help="Import every module too. This executes the target's code: see docs/probe.md.")
]
Python = Annotated[
    str, typer.Option("--python", metavar="PATH", help="Interpreter for --probe; default: the target's own .venv.")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="PATTERN", help="Probe only modules like app.core.*; repeatable.")
]
PythonPath = Annotated[
    list[str] | None,
    typer.Option("--pythonpath", metavar="FOLDER", help="The probe imports from here too; repeatable."),
]
Environment = Annotated[
    list[str] | None, typer.Option("--env", metavar="NAME=VALUE", help="A variable that the probe sets; repeatable.")
]
SimulationBudget = Annotated[
    float | None,
    typer.Option(
        "--simulation-budget", min=0, metavar="SECONDS",
        help="Time for simulating first imports; 0: only what is kept. Default: the policy's, 20.",
    ),
]  # fmt: skip
NoCache = Annotated[bool, typer.Option("--no-cache", help="Read every file, whatever an earlier scan knows.")]


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"ssot {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


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
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a target and keep a snapshot; print the figures and the findings."""
    asked = _Asked(
        target, policy, claims, _find_probe(probe, python, only, pythonpath, env), jobs, use_cache=not no_cache,
        simulation_budget=simulation_budget,
    )  # fmt: skip
    inv = _investigate(asked, quiet=quiet or json_)
    if json_:
        _print_json(_describe(inv))
    elif quiet:
        typer.echo(inv.path)
    else:
        _print_scan(inv)


@app.command(epilog="Examples: `ssot report ~/src/shop` · `ssot report --snapshot shop --out /srv/reports`")
def report(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="Folder with Python code.")] = "",
    policy: PolicyFile = "",
    claims: ClaimsFile = "",
    probe: Probe = False,
    python: Python = "",
    only: Only = None,
    pythonpath: PythonPath = None,
    env: Environment = None,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FOLDER", help="Where reports are kept.")] = "",
    snapshot: Annotated[
        str, typer.Option("--snapshot", metavar="NAME", help="Report on a kept snapshot (a folder or a target's name).")
    ] = "",
    simulation_budget: SimulationBudget = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a target and write its report: pages, one self-contained HTML file, a GitHub issue, exports."""
    if bool(target) == bool(snapshot):
        raise typer.BadParameter("name a TARGET, or --snapshot NAME")
    from analysis import open_snapshot, store
    from analysis.report import write_report

    is_quiet = quiet or json_
    asked = _Asked(
        target, policy, claims, _find_probe(probe, python, only, pythonpath, env), jobs, use_cache=not no_cache,
        simulation_budget=simulation_budget,
    )  # fmt: skip
    inv = open_snapshot(snapshot) if snapshot else _investigate(asked, quiet=is_quiet)
    folder = Path(out).expanduser().absolute() if out else store.find_reports_folder()
    with progress_bar(quiet=is_quiet) as progress:
        place = write_report(inv, folder, jobs=jobs or 2, progress=progress)
    if json_:
        _print_json({**_describe(inv), "report": str(place)})
    else:
        if not quiet:
            _print_scan(inv)
            make_console().print("\nReport, and the same in one file that can be mailed:", highlight=False)
            typer.echo(place / "report.html")
        typer.echo(place / "index.html")


@app.command(
    epilog="Exit codes: 0 passes · 1 does not · 2 wrong usage · 3 the target cannot be read. Examples: "
    "`ssot check .` · `ssot check . --since main --write ssot.sarif --write comment.md`"
)
def check(
    target: Target,
    policy: PolicyFile = "",
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0, max=100, help="Score that is needed; default: the policy's.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on any finding that counts, P3 too.")] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="REV", help="Judge only what is new or worse since a git revision.")
    ] = "",
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="FILE", help="Judge only what is new or worse than this file says.")
    ] = "",
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Leave the target's ssot-baseline.json aside.")
    ] = False,
    write: Annotated[
        list[str] | None,
        typer.Option(
            "--write", metavar="FILE", help="Write the result: *.sarif, *.xml (JUnit), *.json, *.md; repeatable."
        ),
    ] = None,
    github: Annotated[bool, typer.Option("--github", help="Print GitHub workflow commands.")] = False,
    simulation_budget: SimulationBudget = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say whether a target passes: by its score, or with a baseline or --since by what is new or worse."""
    from analysis import gate
    from analysis.executor import swift_process
    from analysis.terminal import print_check

    if since and baseline:
        raise typer.BadParameter("--since and --baseline exclude one another")
    places = [Path(name).expanduser() for name in write or ()]
    for place in places:
        gate.find_format(place.name)
    options = gate.CheckOptions(
        policy=Path(policy).expanduser() if policy else None, threshold=threshold, strict=strict, since=since,
        baseline=Path(baseline).expanduser() if baseline else None, use_baseline=not no_baseline, jobs=jobs,
        use_cache=not no_cache, with_sources=bool(json_ or github or places), simulation_budget=simulation_budget,
    )  # fmt: skip
    with swift_process():
        with progress_bar(quiet=quiet or json_ or github) as progress:
            result = gate.check(target, options, progress=progress)
        gate.write_outputs(result, places)
        if json_ or github:
            typer.echo(gate.render(result, "json" if json_ else "github"), nl=False)
        else:
            print_check(result, quiet=quiet)
    raise typer.Exit(0 if result.passed else 1)


@app.command(epilog="Example: `ssot init .`, read it, then `ssot check .`")
def init(
    target: Target,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="Where; default: ssot.toml in the target.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace a policy that is there.")] = False,
    jobs: Jobs = 0,
    quiet: Quiet = False,
) -> None:
    """Write a policy proposed from the code: its families of classes, factories, and paths that yield one object."""
    from analysis import gate

    with progress_bar(quiet=quiet) as progress:
        place = Path(out).expanduser() if out else None
        written = gate.write_policy(target, place, force=force, jobs=jobs, progress=progress)
    typer.echo(written)


@app.command(
    "tests",
    epilog="Exit codes: 0 written · 2 wrong usage, nothing to check, or a file is there that was not generated · "
    "3 the target cannot be read · 4 a file could not be written. "
    "Example: `ssot tests . --out tests/unit/ssot_validation`; then run pytest on that folder",
)
def write_tests(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Folder with Python code, or a snapshot's name.")],
    out: Annotated[str, typer.Option("--out", "-o", metavar="FOLDER", help="Where the files are written.")],
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a validation suite: pytest files that hold the target to its policy and prove themselves."""
    from analysis import open_snapshot
    from analysis.errors import SuiteError
    from analysis.suite import write_suite

    is_folder = Path(target).expanduser().is_dir()
    asked = _Asked(target, policy, jobs=jobs)
    inv = _investigate(asked, quiet=quiet or json_) if is_folder else open_snapshot(target)
    places = write_suite(inv, Path(out).expanduser())
    if not places:
        raise SuiteError("there is nothing to check", remedy="Write a policy with: ssot init TARGET")
    if json_:
        _print_json({"files": [str(place) for place in places]})
    else:
        for place in places:
            typer.echo(place)


@app.command(
    "golden-path",
    epilog="Exit codes: 0 met · 1 not met, or not enough runs · 2 wrong usage · 3 the target cannot be read. Example: "
    "`ssot golden-path . --runs 300 --levers 50 -- python -m pytest -q tests/e2e --junitxml={junit}`",
)
def golden_path(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Folder that the command runs in; its code is executed.")
    ],
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[-- COMMAND]", help="Test command; default: that of the policy.")
    ] = None,
    policy: PolicyFile = "",
    runs: Annotated[
        int,
        typer.Option("--runs", min=0, max=1_000_000, help="Runs to make, exactly; 0: what the policy says, or 100."),
    ] = 0,
    stop_early: Annotated[
        bool, typer.Option("--stop-early", help="Stop as soon as the verdict is clear; the interval is wider then.")
    ] = False,
    parallel: Annotated[int, typer.Option("--parallel", min=1, help="Runs at a time.")] = 1,
    seed: Annotated[
        int,
        typer.Option("--seed", min=-(2**53), max=2**53, help="SSOT_SEED of the first run; each next one has one more."),
    ] = 0,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds for one run.")] = 600.0,
    levers: Annotated[
        int,
        typer.Option(
            "--levers",
            min=0,
            max=1_000_000,
            help="Further runs for each lever: switch interval, hash seed, order, parallelism.",
        ),
    ] = 0,
    repeat_seeds: Annotated[
        int,
        typer.Option(
            "--repeat-seeds",
            min=0,
            max=1_000_000,
            help="Failing seeds to run again, three times each; 5 with --levers.",
        ),
    ] = 0,
    all_runs: Annotated[bool, typer.Option("--all-runs", hidden=True, help="The default; kept for old calls.")] = False,
    junit: Annotated[
        list[str] | None, typer.Option("--junit", metavar="GLOB", help="Take in results that exist; repeatable.")
    ] = None,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure how often the test that matters most succeeds: rate, interval, verdict, and what moves it."""
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
        _print_json(found.describe())
    else:
        print_golden(found, quiet=quiet)
    raise typer.Exit(0 if found.verdict.word == "met" else 1)


baseline_app = typer.Typer(no_args_is_help=True, help="Keep what is known today, so that only what is new fails.")
app.add_typer(baseline_app, name="baseline")


@baseline_app.command("write", epilog="Example: `ssot baseline write .`, then `ssot check .` in CI")
def write_baseline(
    target: Target,
    policy: PolicyFile = "",
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="FILE", help="Where; default: ssot-baseline.json in the target.")
    ] = "",
    simulation_budget: SimulationBudget = None,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the findings of today to a file beside the code: from then on `ssot check` fails on new ones only."""
    from analysis import gate
    from analysis.quantities import write_score

    options = gate.CheckOptions(
        policy=Path(policy).expanduser() if policy else None, jobs=jobs, use_cache=not no_cache,
        baseline=Path(out).expanduser() if out else None, simulation_budget=simulation_budget,
    )  # fmt: skip
    with progress_bar(quiet=quiet or json_) as progress:
        place, written = gate.write_target_baseline(target, options, progress=progress)
    if json_:
        _print_json({"file": str(place), "findings": len(written.findings), "score": written.score})
    elif quiet:
        typer.echo(place)
    else:
        typer.echo(f"{place}: {len(written.findings):,} findings, score {write_score(written.score)}")


@app.command(epilog="Example: `ssot explain shop.api shop.db --in ~/src/shop`")
def explain(
    importer: Annotated[str, typer.Argument(help="Module that imports.")],
    imported: Annotated[str, typer.Argument(help="Module that is imported, maybe through others.")],
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder with the code, or the name of a kept snapshot.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Number of chains.")] = 5,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say why one module depends on another: the shortest import chains, with file and line."""
    chains = _open(target, quiet=quiet or json_).explain(importer, imported, limit=limit)
    if json_:
        _print_json(chains.as_records())
    else:
        typer.echo(str(chains))


@app.command(epilog="Examples: `ssot paths Order --in ~/src/shop` · `ssot paths shop.api.Order --in shop`")
def paths(
    name: Annotated[str, typer.Argument(help="A class name, pkg.mod.Name, or the definition pkg.mod:Name.")],
    target: Annotated[
        str, typer.Option("--in", metavar="TARGET", help="Folder with the code, or the name of a kept snapshot.")
    ] = "",
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say which import path of a class should be used: all its paths, their routes, their users."""
    found = _open(target, quiet=quiet or json_).paths(name)
    if json_:
        _print_json(json.loads(found.to_json(orient="records")))
    else:
        _print_paths(found)


@app.command(
    "verify-test",
    epilog="Exit codes: 0 tells apart · 1 does not · 2 usage · 3 cannot be run or judged. "
    "Example: `ssot verify-test tests/test_ssot.py::test_no_cycles --python .venv/bin/python`",
)
def verify_test(
    test: Annotated[str, typer.Argument(metavar="FILE::TEST", help="The test; running it executes the target's code.")],
    python: Annotated[
        str, typer.Option("--python", metavar="PATH", help="Interpreter with pytest; default: the target's own .venv.")
    ] = "",
    defect: Annotated[
        Literal["circular", "identity", "both", ""],
        typer.Option("--defect", show_default=False, help="What it is said to detect; default: what its text says."),
    ] = "",
    subject: Annotated[
        str, typer.Option("--subject", metavar="NAME", help="Replace this module only; default: all it names.")
    ] = "",
    root: Annotated[str, typer.Option("--root", metavar="FOLDER", help="Where its modules are imported from.")] = "",
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each control.")] = 1,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds for one run.")] = 60.0,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Load no pytest plugins; faster.")] = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a test against control targets: can it tell a healthy target from one with the defect?"""
    from analysis.terminal import print_verification
    from analysis.verify import VerifyOptions
    from analysis.verify import verify_test as verify

    options = VerifyOptions(python, root, subject, defect, runs, timeout, not no_plugins)
    with progress_bar(quiet=quiet or json_) as progress:
        found = verify(test, options, progress=progress)
    if json_:
        _print_json({**asdict(found), "exit_code": found.exit_code})
    elif quiet:
        for one in found.verdicts:
            typer.echo(f"{one.defect}: {one.verdict}")
    else:
        print_verification(found)
    raise typer.Exit(found.exit_code)


@app.command(epilog="Example: `ssot lab`")
def lab(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to jupyter lab.")] = None,
) -> None:
    """Open JupyterLab on the notebooks."""
    from analysis import store

    folder = store.find_home() / "notebooks"
    if not folder.is_dir():
        raise AnalysisError(f"no notebooks at {folder}", remedy="Use a checkout of the kit")
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={folder}", *(arguments or [])]
    leave_to(command)


@dataclass(frozen=True)
class _Asked:
    """What a scan or a report was asked for."""

    target: str
    policy: str = ""
    claims: str = ""
    probe: ProbeOptions | None = None
    jobs: int = 0
    use_cache: bool = True
    simulation_budget: float | None = None


def _find_probe(
    probe: bool, python: str, only: list[str] | None, pythonpath: list[str] | None, env: list[str] | None
) -> ProbeOptions | None:
    if (python or only or pythonpath or env) and not probe:
        raise typer.BadParameter("--python, --only, --pythonpath and --env say how to --probe: give that too")
    if not probe:
        return None
    from analysis.runtime import ProbeOptions

    pairs = [entry.partition("=") for entry in env or ()]
    wrong = next((name + sep for name, sep, _ in pairs if not (name and sep)), None)
    if wrong is not None:
        raise typer.BadParameter(f"--env takes NAME=VALUE, not {wrong!r}")
    missing = next((folder for folder in pythonpath or () if not Path(folder).expanduser().is_dir()), None)
    if missing is not None:
        raise typer.BadParameter(f"--pythonpath: {missing} is no folder")
    folders = tuple(str(Path(folder).expanduser().absolute()) for folder in pythonpath or ())
    return ProbeOptions(
        python=python, only=tuple(only or ()), pythonpath=folders, environment={name: value for name, _, value in pairs}
    )


def _investigate(asked: _Asked, *, quiet: bool) -> Investigation:
    from analysis import investigate

    with progress_bar(quiet=quiet) as progress:
        return investigate(
            asked.target, policy=asked.policy or None, claims=asked.claims or None, jobs=asked.jobs,
            use_cache=asked.use_cache, probe=asked.probe, simulation_budget=asked.simulation_budget, progress=progress,
        )  # fmt: skip


def _open(target: str, *, quiet: bool) -> Investigation:
    """Scan a folder, or open the newest snapshot of a name (of any target when none is given)."""
    from analysis import open_snapshot

    if target and Path(target).expanduser().is_dir():
        return _investigate(_Asked(target), quiet=quiet)
    return open_snapshot(target)


def _describe(inv: Investigation) -> dict[str, Any]:
    """Return what machines want of a snapshot."""
    metrics = inv.table("metrics").to_pylist()
    names = ("target", "root", "revision", "created", "counts", "statuses", "left_out", "not_simulated", "timings")
    return {
        **{name: getattr(inv.manifest, name) for name in names},
        "not_analysed": inv.table("not_analysed").to_pylist(),
        "snapshot": str(inv.path),
        "metrics": {row["metric"]: row["value"] for row in metrics},
        "findings": inv.table("findings").to_pylist(),
    }


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


def _print_scan(inv: Investigation) -> None:
    from analysis.terminal import print_scan

    print_scan(inv)


def _print_paths(found: pd.DataFrame) -> None:
    from analysis.terminal import print_paths

    print_paths(found)


def main() -> NoReturn:
    """Run the command; every failure of the caller or the machine is one line on standard error."""
    ending = end_in_order()
    try:
        code = app(prog_name="ssot", standalone_mode=False)
        if code == _INTERRUPTED:  # the parser turns the exception into this code
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else 0)
    except _USAGE_ERROR as error:
        _fail(_explain_usage(error), 2)
    except AnalysisError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        told = f"ended by {ending.first.name}" if ending.first not in {None, signal.SIGINT} else "interrupted"
        _fail(f"{told}; nothing was left half written", 128 + (ending.first or signal.SIGINT))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), 4)
    except Exception as error:
        if os.environ.get("SSOT_TRACEBACK"):
            raise
        told = f"{type(error).__name__}: {' '.join(str(error).split())}"
        _fail(f"a fault of the kit itself: {told}. Set SSOT_TRACEBACK=1 to see where, and report it", 4)


def _explain_usage(error: Any) -> str:
    """Return a usage error of the parser as one line that names the help."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "ssot"
    message = " ".join(str(error.format_message()).split()).rstrip(".")
    return f"{message}. Try: {command} --help"


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"ssot: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

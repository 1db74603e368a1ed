"""``verify-test`` tries a test against control targets; ``lab`` opens the notebooks, for trials by hand."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from analysis.cli.application import app
from analysis.cli.options import Json, Quiet
from analysis.cli.requests import Asked, print_json, run_investigation
from analysis.ending import leave_to
from analysis.terminal import progress_bar


@app.command(
    "verify-test",
    epilog="Exit codes: 0 detects the defect · 1 does not · 2 wrong usage · 3 cannot be run or judged. "
    "Example: `ssot verify-test tests/test_ssot.py::test_no_cycles --python .venv/bin/python`",
)
def verify_test(
    test: Annotated[str, typer.Argument(metavar="FILE::TEST", help="The test; running it executes the target's code.")],
    python: Annotated[
        str, typer.Option("--python", metavar="PATH", help="Interpreter with pytest (default: the target's own .venv).")
    ] = "",
    defect: Annotated[
        Literal["circular", "identity", "both", ""],
        typer.Option(
            "--defect", show_default=False, help="Defect that the test claims to detect (default: as its text says)."
        ),
    ] = "",
    subject: Annotated[
        str,
        typer.Option(
            "--subject", metavar="NAME", help="Replace only this module (default: all modules that the test names)."
        ),
    ] = "",
    root: Annotated[
        str, typer.Option("--root", metavar="FOLDER", help="Folder that its modules are imported from.")
    ] = "",
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each control.")] = 1,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Time limit of one run, in seconds.")] = 60.0,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Load no pytest plugins (faster).")] = False,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a test against control targets: can it detect the defect that it claims to detect?"""
    from analysis.terminal import print_verification
    from analysis.verify import VerifyOptions
    from analysis.verify import verify_test as verify

    options = VerifyOptions(python, root, subject, defect, runs, timeout, not no_plugins)
    with progress_bar(quiet=quiet or json_) as progress:
        found = verify(test, options, progress=progress)
    if json_:
        print_json({**asdict(found), "exit_code": found.exit_code})
    elif quiet:
        for one in found.verdicts:
            typer.echo(f"{one.defect}: {one.verdict}")
    else:
        print_verification(found)
    raise typer.Exit(found.exit_code)


@app.command(epilog="Examples: `ssot lab` · `ssot lab ~/src/shop` · `ssot lab ~/src/shop -- --no-browser`")
def lab(
    target: Annotated[
        str, typer.Argument(metavar="[TARGET]", help="Folder with Python code (default: the bundled case).")
    ] = "",
    arguments: Annotated[list[str] | None, typer.Argument(help="After --: arguments for jupyter lab.")] = None,
) -> None:
    """Open JupyterLab on the notebooks, with a fresh snapshot of a target; reports lie beside the notebooks."""
    from analysis.pipeline import SNAPSHOT_VARIABLE

    if target.startswith("-"):
        target, arguments = "", [target, *(arguments or [])]
    home, folder = _find_notebooks()
    if target:
        os.environ[SNAPSHOT_VARIABLE] = str(run_investigation(Asked(target), quiet=False).path)
    page = f"--LabApp.default_url=/lab/tree/{folder}"
    leave_to([sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={home}", page, *(arguments or [])])


def _find_notebooks() -> tuple[Path, str]:
    """Return the folder to open, below which reports lie, and in it the folder with the notebooks.

    Those of an installed kit are copied into the current folder, where they may be changed; those that are there stay.
    """
    from analysis import store

    home, bundle = store.find_checkout(), store.find_bundle() / "notebooks"
    if home is not None:
        return home, "notebooks"
    copy = Path.cwd() / "ssot-notebooks"
    if not copy.is_dir():
        shutil.copytree(bundle, copy)
        typer.echo(f"ssot: copied the notebooks to {copy}", err=True)
    return copy.parent, copy.name

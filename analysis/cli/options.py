"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET", help="Folder with Python code; FOLDER@REV: as git has it at REV. Nothing in it is executed."
    ),
]
In = Annotated[
    str,
    typer.Option("--in", metavar="TARGET", help="Folder with the code, FOLDER@REV, or the name of a snapshot."),
]
PolicyFile = Annotated[
    str, typer.Option("--policy", "-p", metavar="FILE", help="Policy file (default: TARGET/ssot.toml).")
]
ClaimsFile = Annotated[str, typer.Option("--claims", metavar="FILE", help="Previously reported figures to verify.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Number of worker processes; 0: all cores.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress; print only the result.")]
#: A question prints nothing but its answer; in a terminal it shows a bar while it analyses.
OldQuiet = Annotated[bool, typer.Option("--quiet", "-q", hidden=True, help="Show no progress; still accepted.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Probe = Annotated[
    bool, typer.Option("--probe", help="Also import every module. This executes the target's code: see docs/probe.md.")
]
Python = Annotated[
    str, typer.Option("--python", metavar="PATH", help="Interpreter for --probe (default: the target's own .venv).")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="PATTERN", help="Probe only modules like app.core.*; repeatable.")
]
PythonPath = Annotated[
    list[str] | None,
    typer.Option("--pythonpath", metavar="FOLDER", help="Further folder that the probe imports from; repeatable."),
]
Environment = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME=VALUE", help="Environment variable that the probe sets; repeatable."),
]
SimulationBudget = Annotated[
    float | None,
    typer.Option(
        "--simulation-budget", min=0, metavar="SECONDS",
        help="Time limit for the import simulation; 0: cached results only (default: the policy's, else 20).",
    ),
]  # fmt: skip
PythonVersion = Annotated[
    str,
    typer.Option(
        "--python-version", metavar="VERSION",
        help="What the code is made for: 3.11, or '>=3.9,<3.13'. Default: the policy, then requires-python.",
    ),
]  # fmt: skip
Platforms = Annotated[
    list[str] | None,
    typer.Option(
        "--platform", metavar="NAME",
        help="Where the code runs: linux, darwin or win32; repeatable. Default: the policy, then all three.",
    ),
]  # fmt: skip
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ignore the cache.")]
Authors = Annotated[
    bool, typer.Option("--authors", help="Show the names of the authors of commits; without it nobody is named.")
]

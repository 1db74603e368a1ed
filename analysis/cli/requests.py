"""What a scan or a report was asked for, done, and described for machines."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from analysis.progress import Progress
from analysis.terminal import progress_bar

if TYPE_CHECKING:
    from analysis.investigation import Investigation
    from analysis.progress import Progress
    from analysis.runtime import ProbeOptions


@dataclass(frozen=True)
class Asked:
    """The options of one scan or report."""

    target: str
    policy: str = ""
    claims: str = ""
    probe: ProbeOptions | None = None
    jobs: int = 0
    use_cache: bool = True
    simulation_budget: float | None = None
    python_version: str = ""
    platforms: tuple[str, ...] = ()


def find_probe(
    probe: bool, python: str, only: list[str] | None, pythonpath: list[str] | None, env: list[str] | None
) -> ProbeOptions | None:
    """Return how to probe, None without ``--probe``; a usage error where the options do not fit together."""
    if (python or only or pythonpath or env) and not probe:
        raise typer.BadParameter("--python, --only, --pythonpath and --env need --probe")
    if not probe:
        return None
    from analysis.runtime import ProbeOptions

    pairs = [entry.partition("=") for entry in env or ()]
    wrong = next((name + sep for name, sep, _ in pairs if not (name and sep)), None)
    if wrong is not None:
        raise typer.BadParameter(f"--env takes NAME=VALUE, not {wrong!r}")
    missing = next((folder for folder in pythonpath or () if not Path(folder).expanduser().is_dir()), None)
    if missing is not None:
        raise typer.BadParameter(f"--pythonpath: {missing} is not a folder")
    folders = tuple(str(Path(folder).expanduser().absolute()) for folder in pythonpath or ())
    return ProbeOptions(
        python=python, only=tuple(only or ()), pythonpath=folders, environment={name: value for name, _, value in pairs}
    )


def run_investigation(asked: Asked, *, quiet: bool) -> Investigation:
    """Analyse a target and keep a snapshot."""
    with progress_bar(quiet=quiet, last="snapshot") as progress:
        return investigate_asked(asked, progress)


def investigate_asked(asked: Asked, progress: Progress) -> Investigation:
    """Analyse a target and keep a snapshot, as a part of a longer run."""
    from analysis import investigate

    return investigate(
        asked.target, policy=asked.policy or None, claims=asked.claims or None, jobs=asked.jobs,
        use_cache=asked.use_cache, probe=asked.probe, simulation_budget=asked.simulation_budget,
        python_version=asked.python_version, platforms=asked.platforms, progress=progress,
    )  # fmt: skip


def find_kept(asked: Asked) -> Investigation | None:
    """Return the kept snapshot that a plain run would make again, as nothing changed; None where a run is needed."""
    from analysis import Investigation, store
    from analysis.facts.revisions import find_source, is_source
    from analysis.unchanged import find_unchanged

    if asked != Asked(asked.target) or not is_source(asked.target):
        return None
    source = find_source(asked.target)
    kept = find_unchanged(source.root, store.find_data_folder(), source.commit)
    return Investigation(kept) if kept is not None else None


def open_or_scan(target: str, *, quiet: bool) -> Investigation:
    """Scan a folder (at a revision), or open what was kept of it; else open the newest snapshot of a name.

    To a log go no lines of progress: only the answer was asked for.
    """
    from analysis import open_snapshot
    from analysis.errors import SnapshotError
    from analysis.facts.revisions import is_source
    from analysis.targets import split_revision

    if not is_source(target):
        try:
            return open_snapshot(target)
        except SnapshotError:
            if not split_revision(target)[1]:
                raise
    asked = Asked(target)
    return find_kept(asked) or run_investigation(asked, quiet=quiet or not sys.stderr.isatty())


def describe(inv: Investigation) -> dict[str, Any]:
    """Return the JSON description of a snapshot."""
    metrics = inv.table("metrics").to_pylist()
    names = ("target", "root", "revision", "created", "counts", "statuses", "left_out", "not_simulated", "timings")
    return {
        **{name: getattr(inv.manifest, name) for name in names},
        "not_analysed": inv.table("not_analysed").to_pylist(),
        "snapshot": str(inv.path),
        "metrics": {row["metric"]: row["value"] for row in metrics},
        "findings": inv.table("findings").to_pylist(),
    }


def print_json(value: Any) -> None:
    """Print a result for machines."""
    typer.echo(json.dumps(value, indent=2))

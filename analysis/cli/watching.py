"""``watch``: analyses a target again after each edit, and prints what the edit changed."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Jobs, Json, PolicyFile, Target
from analysis.cli.requests import Asked, run_investigation
from analysis.errors import AnalysisError, TargetError

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_ENTRIES = 200_000


@app.command(epilog="Example: `ssot watch .` in a second terminal; Ctrl-C ends it")
def watch(
    target: Target,
    policy: PolicyFile = "",
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="How often files are looked at.")
    ] = 0.5,
    jobs: Jobs = 0,
    json_: Json = False,
) -> None:
    """Watch a target: after each edit, print the findings that came and those that went."""
    from analysis.changes import compare_findings
    from analysis.finding_filters import format_tally

    asked = Asked(target, policy, jobs=jobs)
    look = _Look(Path(target).expanduser().resolve(), Path(policy).expanduser() if policy else None)
    seen = look()  # before the analysis: an edit during it is one, too
    inv = run_investigation(asked, quiet=True)
    before, place = inv.table("findings"), inv.path
    rows = before.to_pylist()
    typer.echo(json.dumps({"findings": rows}) if json_ else f"{inv.name}: {format_tally(rows)}; waiting for edits")
    try:
        for _ in _wait_for_edits(look, seen, interval):
            started = time.monotonic()
            after, place = _analyse(asked, before, place)
            change = compare_findings(before, after, seconds=time.monotonic() - started)
            before = after
            if json_:
                typer.echo(json.dumps(change.as_record()))
            else:
                typer.echo(f"{time.strftime('%H:%M:%S')}  {change.summary}")
                typer.echo("".join(f"{line}\n" for line in change.write_lines()), nl=False)
    except KeyboardInterrupt:
        raise typer.Exit from None  # this is how it is meant to end


@dataclass(frozen=True)
class _Look:
    """Looks at the files of a target, and at a policy elsewhere."""

    root: Path
    policy: Path | None

    def __call__(self) -> tuple[object, ...]:
        """Return what differs after an edit; raises ``TargetError`` where that cannot be said."""
        from analysis import store
        from analysis.tree_state import describe_tree

        own = [str(store.find_data_folder()), str(store.find_reports_folder())]
        state = describe_tree(str(self.root), skipped=own, most_entries=_MOST_ENTRIES)
        if state is None and self.root.is_dir():
            raise TargetError(f"{self.root} is too large to be watched, or cannot be read")
        policy = self.policy
        return state and state.digest, policy and policy.exists() and policy.stat().st_mtime_ns


def _wait_for_edits(look: _Look, seen: tuple[object, ...], interval: float) -> Iterator[None]:
    """Yield after each change since ``seen``, once nothing moves any more."""
    last = seen
    while True:
        time.sleep(interval)
        now = look()
        if now != last:
            while (settled := look()) != now:  # an editor writes several files, one after the other
                now = settled
                time.sleep(interval / 2)
            last = now
            yield


def _analyse(asked: Asked, before: pa.Table, place: Path) -> tuple[pa.Table, Path]:
    """Return the findings as they are now, and their snapshot; that of the edit before is not kept.

    What cannot be analysed in the middle of an edit (an incomplete policy) is said, and changes nothing.
    """
    try:
        inv = run_investigation(asked, quiet=True)
    except AnalysisError as error:
        typer.echo(f"ssot: {error}", err=True)
        return before, place
    found = inv.table("findings")
    shutil.rmtree(place, ignore_errors=True)
    return found, inv.path

"""``fix``: patches for findings, proved before they are offered; ``what-if``: steps that are tried."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.cli.application import app
from analysis.cli.options import Jobs, Json, PolicyFile, Quiet, Target
from analysis.cli.requests import Asked, find_kept, investigate_asked, print_json
from analysis.terminal import progress_bar
from analysis.wording import choose_form, format_count

if TYPE_CHECKING:
    from analysis.fixes.choosing import Choice

#: A run of the tests of a target that takes longer is ended.
_TEST_SECONDS = 3600.0
#: Styles by the tone of a line.
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True}, "added": {"fg": "green"}, "removed": {"fg": "red"}, "place": {"fg": "cyan"},
    "quiet": {"dim": True},
}  # fmt: skip


@app.command(
    epilog="Examples: `ssot fix .` · `ssot fix . --rule '*-cycle' --output out` · `ssot fix . --apply && git diff` · "
    "`ssot fix . --undo`"
)
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
    apply: Annotated[bool, typer.Option("--apply", help="Write all fixes into the target, or none of them.")] = False,
    branch: Annotated[
        str, typer.Option("--branch", metavar="NAME", help="Commit the fixes onto a new branch; no file is written.")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also where the tree is not as committed, or a file has changed since.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was applied last.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing in the target, whatever is asked.")
    ] = False,
    test: Annotated[
        str, typer.Option("--test", metavar="COMMAND", help="Run COMMAND in a copy; keep fixes with which it succeeds.")
    ] = "",
    probe: Annotated[
        bool, typer.Option("--probe", help="Import every module of a copy; keep fixes with which that ends as before.")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0, metavar="SECONDS", help="Prove no further fix after this time.")
    ] = 300.0,
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fix findings: patches that were proved on a changed copy of the tree, shown, written or applied."""
    from analysis.fixes.fixing import find_fixes, write_patches

    if sum((apply, undo, bool(branch))) > 1:
        raise typer.BadParameter("use one of --apply, --branch and --undo")
    _recover(target, dry_run=dry_run)
    if undo:
        _undo(target, force=force, dry_run=dry_run)
        return
    asked = Asked(target, policy=policy, jobs=jobs)
    with progress_bar(quiet=quiet or json_) as progress:
        first = find_kept(asked) or investigate_asked(asked, progress)
        choice = find_fixes(first, rules=rule or (), module=module, seconds=seconds, jobs=jobs, progress=progress)
        _try_out(choice, test=test, probe=probe)
    patches = write_patches(choice, Path(output).expanduser() / "fixes") if output else []
    done = _make(target, choice, branch=branch, force=force) if (apply or branch) and not dry_run else ""
    _show(choice, patches, done, json_=json_, quiet=quiet)


@app.command(
    "what-if",
    epilog="Examples: `ssot what-if . --cut shop.api:shop.db` · "
    "`ssot what-if . --merge shop.old:Order=shop.db.Order --move shop.api:Cart=shop.cart --json`",
)
def what_if(
    target: Target,
    cut: Annotated[
        list[str] | None,
        typer.Option("--cut", metavar="A:B", help="Module A imports B when it needs it, or no more; repeatable."),
    ] = None,
    move: Annotated[
        list[str] | None,
        typer.Option("--move", metavar="M:NAME=M2", help="Define NAME in M2; M imports it from there; repeatable."),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option("--merge", metavar="M:CLASS=PATH", help="The class of M becomes an import of PATH; repeatable."),
    ] = None,
    redirect: Annotated[
        list[str] | None,
        typer.Option("--redirect", metavar="A=B", help="Module A becomes imports of the names of B; repeatable."),
    ] = None,
    policy: PolicyFile = "",
    jobs: Jobs = 0,
    json_: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what the target would be after some steps: figures before and after, and all that differs."""
    from analysis.fixes.what_if import ask_what_if

    asked = Asked(target, policy=policy, jobs=jobs)
    with progress_bar(quiet=quiet or json_) as progress:
        first = find_kept(asked) or investigate_asked(asked, progress)
        found = ask_what_if(
            first, cut=cut or (), move=move or (), merge=merge or (), redirect=redirect or (), jobs=jobs
        )  # fmt: skip
    if json_:
        print_json(found.as_record())
    else:
        typer.echo(found.difference.summary if quiet else str(found))


def _recover(target: str, *, dry_run: bool) -> None:
    """Take back what an earlier run did not finish."""
    from analysis import store
    from analysis.facts.revisions import find_source
    from analysis.fixes.applying import recover

    source = find_source(target)
    files = [] if source.commit or dry_run else recover(source.root, store.find_data_folder())
    if files:
        verb = choose_form(len(files), "is", "are")
        typer.echo(f"ssot: an earlier run was ended while it wrote {format_count(len(files), 'file')}, which {verb} "
                   "as before again", err=True)  # fmt: skip


def _undo(target: str, *, force: bool, dry_run: bool) -> None:
    from analysis import store
    from analysis.facts.revisions import find_folder
    from analysis.fixes.applying import undo

    root = find_folder(target, "apply fixes to")
    files = undo(root, store.find_data_folder(), is_dry=dry_run, leaves_changed=force)
    typer.echo(f"{'would put back' if dry_run else 'put back'} {format_count(len(files), 'file')}")


def _try_out(choice: Choice, *, test: str, probe: bool) -> None:
    """Run what was asked for in copies of the target, and keep the fixes with which it succeeds."""
    from analysis.fixes import trial_runs

    checks = [trial_runs.run_tests(test, _TEST_SECONDS)] if test else []
    if probe and choice.fixes:
        checks.append(trial_runs.probe_with(choice.first))
    for check in checks:
        note = trial_runs.keep_what_works(choice, check)
        if note:
            typer.echo(f"ssot: {note}", err=True)


def _make(target: str, choice: Choice, *, branch: str, force: bool) -> str:
    """Apply the fixes, or commit them; return what was done."""
    from analysis import store
    from analysis.facts.revisions import find_folder
    from analysis.fixes.applying import apply_changes
    from analysis.fixes.fixing import read_before
    from analysis.fixes.repository import check_clean, commit_fixes

    root = find_folder(target, "apply fixes to")
    paths = sorted(choice.changes)
    if not force:
        check_clean(root, paths)
    if not paths:
        return "nothing to apply"
    if branch:
        commit = commit_fixes(root, branch, choice.fixes)
        return f"branch {branch} is at {commit[:9]}: {format_count(len(choice.fixes), 'commit')}"
    apply_changes(root, read_before(choice), choice.changes, store.find_data_folder())
    return f"applied to {format_count(len(paths), 'file')}; take it back with: ssot fix TARGET --undo"


def _show(choice: Choice, patches: list[Path], done: str, *, json_: bool, quiet: bool) -> None:
    from analysis.fixes.fixing import describe_choice
    from analysis.fixes.lines import list_lines, summarise

    if json_:
        print_json({**describe_choice(choice), "patches": list(map(str, patches)), "done": done})
        return
    is_coloured = sys.stdout.isatty()
    for tone, line in [] if quiet or patches else list_lines(choice):
        typer.echo(typer.style(line, **_STYLES[tone]) if is_coloured and tone and line else line)
    for place in patches:
        typer.echo(str(place))
    if quiet or patches:
        typer.echo(summarise(choice))
    if done:
        typer.echo(done)

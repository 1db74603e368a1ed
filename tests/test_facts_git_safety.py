"""Nothing that a hostile repository names is run, and nothing outside it is read.

Every trap is first sprung by plain git (its control), so that none is a trap that could not spring.
"""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from git_trees import PLAIN, commit, find_object, git

from analysis import investigate
from analysis.errors import RevisionError
from analysis.facts import scan
from analysis.facts.git import read_revision
from analysis.facts.git_stand_in import open_git
from analysis.gate import CheckOptions, check

Tree = Callable[..., Path]
FILES = {"a.py": "A = 1\n", "p/__init__.py": "", "p/b.py": "import a\n", ".gitignore": "made/\n", "made/m.py": ""}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


class Canary:
    """A program that leaves a file behind when it is run."""

    def __init__(self, folder: Path) -> None:
        self.sprung = folder / "sprung"
        self.path = folder / "canary"
        self.path.write_text(f"#!/bin/sh\ntouch '{self.sprung}'\ncat >/dev/null 2>&1 </dev/null\nexit 1\n")
        self.path.chmod(0o755)

    def has_sung(self) -> bool:
        is_there = self.sprung.exists()
        self.sprung.unlink(missing_ok=True)
        return is_there


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    return Canary(tmp_path)


def run_everything(root: Path) -> None:
    """Take a target through every public way in that asks git."""
    scan(root, jobs=1)
    investigate(root, jobs=1)
    with contextlib.suppress(RevisionError):
        check(root, CheckOptions(since="HEAD", jobs=1))
    with contextlib.suppress(RevisionError):
        investigate(f"{root}@HEAD", jobs=1)


def config(root: Path, *pairs: str) -> None:
    for pair in pairs:
        git(root, "config", *pair.split("=", 1))


def hide_ignore_file(root: Path) -> None:
    """Leave the .gitignore to a blob that is not there: git fetches it from the promisor."""
    git(root, "update-index", "--skip-worktree", ".gitignore")
    find_object(root, "HEAD:.gitignore").unlink()
    (root / ".gitignore").unlink()
    config(root, "core.repositoryformatversion=1", "extensions.partialClone=origin", "remote.origin.promisor=true")


def list_ignored(root: Path) -> None:
    git(root, "ls-files", "--others", "--ignored", "--exclude-standard", must=False)


def ask_status(root: Path) -> None:
    git(root, "status", must=False)


def promise_by_ssh(root: Path, canary: Canary) -> Path:
    hide_ignore_file(root)
    config(root, "remote.origin.url=ssh://host.invalid/x", f"core.sshCommand={canary.path}")
    return root


def promise_by_ext(root: Path, canary: Canary) -> Path:
    hide_ignore_file(root)
    config(root, f"remote.origin.url=ext::{canary.path}", "protocol.ext.allow=always")
    return root


def promise_by_proxy(root: Path, canary: Canary) -> Path:
    hide_ignore_file(root)
    config(root, "remote.origin.url=git://host.invalid/x", f"core.gitProxy={canary.path}")
    return root


def promise_by_upload_pack(root: Path, canary: Canary) -> Path:
    hide_ignore_file(root)
    config(root, f"remote.origin.url={root}", f"remote.origin.uploadpack={canary.path}")
    return root


def watch_files(root: Path, canary: Canary) -> Path:
    config(root, f"core.fsmonitor={canary.path}")
    return root


def set_hooks(root: Path, canary: Canary) -> Path:
    for name in ("post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"):
        shutil.copy(canary.path, root / ".git" / "hooks" / name)
    return root


def set_hooks_elsewhere(root: Path, canary: Canary) -> Path:
    (root / "hooks").mkdir()
    shutil.copy(canary.path, root / "hooks" / "post-checkout")
    config(root, "core.hooksPath=hooks")
    return root


def check_out_again(root: Path) -> None:
    git(root, "checkout", "--force", "HEAD", must=False)


def set_filter(kind: str) -> Callable[[Path, Canary], Path]:
    def prepare(root: Path, canary: Canary) -> Path:
        (root / ".git" / "info" / "attributes").write_text("*.py filter=x diff=x\n")
        (root / ".gitattributes").write_text("*.py filter=x diff=x ident working-tree-encoding=UTF-16\n")
        config(root, f"{kind}={canary.path}")
        (root / "a.py").write_text("A = 2\n")
        return root

    return prepare


def add_file(root: Path) -> None:
    git(root, "add", "a.py", must=False)


def show_filtered(root: Path) -> None:
    git(root, "cat-file", "--filters", "HEAD:a.py", must=False)


def show_converted(root: Path) -> None:
    git(root, "cat-file", "--textconv", "HEAD:a.py", must=False)


def show_difference(root: Path) -> None:
    git(root, "diff", "HEAD", must=False)


def page_log(root: Path) -> None:
    own, its = pty.openpty()
    subprocess.run(["git", "log"], cwd=root, env=PLAIN, stdout=its, stderr=its, stdin=its, timeout=20, check=False)
    os.close(its)
    os.close(own)


def set_pager(root: Path, canary: Canary) -> Path:
    names = ("log", "rev-parse", "ls-files", "ls-tree", "cat-file", "check-ignore")
    config(root, f"core.pager={canary.path}", *(f"pager.{name}={canary.path}" for name in names))
    return root


def set_external_diff(root: Path, canary: Canary) -> Path:
    config(root, f"diff.external={canary.path}")
    (root / "a.py").write_text("A = 2\n")
    return root


def set_credentials(root: Path, canary: Canary) -> Path:
    config(root, f"credential.helper={canary.path}", f"core.askPass={canary.path}")
    return root


def ask_credentials(root: Path) -> None:
    git(root, "credential", "fill", stdin=b"protocol=https\nhost=host.invalid\n\n", must=False)


def set_signature(root: Path, canary: Canary) -> Path:
    head = git(root, "cat-file", "commit", "HEAD")
    lines, _, message = head.partition(b"\n\n")
    signature = b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n"
    signed = git(root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=lines + signature + message).decode()
    git(root, "update-ref", "HEAD", signed.strip())
    config(root, f"gpg.program={canary.path}", "log.showSignature=true")
    return root


def show_log(root: Path) -> None:
    git(root, "log", must=False)


def set_submodule(root: Path, canary: Canary) -> Path:
    inner = root.parent / "inner"
    inner.mkdir()
    (inner / "s.py").write_text("S = 1\n")
    commit(inner)
    git(root, "submodule", "add", "-q", str(inner), "sub")
    commit(root)
    config(root / "sub", f"core.fsmonitor={canary.path}")
    (root / "sub" / "s.py").write_text("S = 2\n")
    return root


def set_bare(root: Path, canary: Canary) -> Path:
    git(root, "init", "-q", "--bare", str(root / "inner"))
    config(root / "inner", "core.bare=false", f"core.worktree={root / 'inner'}", f"core.fsmonitor={canary.path}")
    (root / "inner" / "i.py").write_text("I = 1\n")
    return root / "inner"


def include(root: Path, canary: Canary) -> Path:
    (root / "evil.cfg").write_text(f"[core]\n\tfsmonitor = {canary.path}\n")
    config(root, "include.path=../evil.cfg")
    return root


def include_on_condition(root: Path, canary: Canary) -> Path:
    (root / "evil.cfg").write_text(f"[core]\n\tfsmonitor = {canary.path}\n")
    config(root, f"includeIf.gitdir:{root}/.path=../evil.cfg")
    return root


def configure_work_tree(root: Path, canary: Canary) -> Path:
    config(root, "core.repositoryformatversion=1", "extensions.worktreeConfig=true")
    (root / ".git" / "config.worktree").write_text(f"[core]\n\tfsmonitor = {canary.path}\n")
    return root


def hide_in_linked_tree(root: Path, canary: Canary) -> Path:
    linked = root.parent / "linked"
    git(root, "worktree", "add", "-q", "--detach", str(linked))
    config(root, f"core.fsmonitor={canary.path}")
    return linked


VECTORS = {
    "promisor by ssh": (promise_by_ssh, list_ignored),
    "promisor by ext": (promise_by_ext, list_ignored),
    "promisor by git through a proxy": (promise_by_proxy, list_ignored),
    "promisor by upload-pack": (promise_by_upload_pack, list_ignored),
    "fsmonitor": (watch_files, ask_status),
    "hooks": (set_hooks, check_out_again),
    "hooks elsewhere": (set_hooks_elsewhere, check_out_again),
    "filter clean": (set_filter("filter.x.clean"), add_file),
    "filter smudge": (set_filter("filter.x.smudge"), show_filtered),
    "filter process": (set_filter("filter.x.process"), show_filtered),
    "textconv": (set_filter("diff.x.textconv"), show_converted),
    "diff driver": (set_filter("diff.x.command"), show_difference),
    "pager": (set_pager, page_log),
    "external diff": (set_external_diff, show_difference),
    "credential helper": (set_credentials, ask_credentials),
    "signature program": (set_signature, show_log),
    "submodule": (set_submodule, ask_status),
    "embedded bare repository": (set_bare, ask_status),
    "include.path": (include, ask_status),
    "includeIf": (include_on_condition, ask_status),
    "config.worktree": (configure_work_tree, ask_status),
    "linked work tree": (hide_in_linked_tree, ask_status),
}


@pytest.mark.parametrize("vector", VECTORS)
def test_no_program_that_a_repository_names_is_run(vector: str, make_tree: Tree, canary: Canary) -> None:
    prepare, spring = VECTORS[vector]
    root = make_tree(FILES, name="target")
    commit(root)
    target = prepare(root, canary)
    canary.has_sung()
    run_everything(target)
    run_everything(root)
    assert not canary.has_sung()
    spring(target)
    assert canary.has_sung(), "the control did not spring: this trap is none"


#: What would run something of a repository, if it could: more than the kit asks.
QUESTIONS = (
    ("ls-files", "--others", "--ignored", "--exclude-standard"), ("status", "--porcelain"), ("diff", "HEAD"),
    ("log", "-p"), ("cat-file", "--textconv", "HEAD:a.py"), ("cat-file", "--filters", "HEAD:a.py"),
    ("cat-file", "-p", "HEAD:.gitignore"), ("credential", "fill"), ("log", "--show-signature"),
    ("fetch", "origin"), ("archive", "HEAD"), ("grep", "A"), ("rev-list", "--objects", "--all"),
    ("submodule", "status"), ("ls-remote", "origin"), ("hook", "run", "post-checkout"),
)  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS)
def test_no_program_is_run_whatever_git_is_asked(vector: str, make_tree: Tree, canary: Canary) -> None:
    """What the kit asks today runs little anyway; what it may ask tomorrow cannot run anything either."""
    root = make_tree(FILES, name="target")
    commit(root)
    target = VECTORS[vector][0](root, canary)
    canary.has_sung()
    with open_git(target, with_history=True) as asked:
        assert asked
        for question in QUESTIONS:
            asked.run(*question, stdin=b"protocol=https\nhost=host.invalid\n\n")
    assert not canary.has_sung()


def test_programs_of_the_callers_environment_do_not_reach_git(
    make_tree: Tree, canary: Canary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = make_tree(FILES)
    commit(root)
    (root / "a.py").write_text("A = 2\n")
    names = (
        "GIT_EXTERNAL_DIFF",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_PAGER",
        "GIT_ASKPASS",
        "GIT_EDITOR",
        "GIT_PROXY_COMMAND",
    )
    seen = tmp_path / "seen"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\nenv >> {seen}\nexec {shutil.which("git")} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{PLAIN['PATH']}")
    for name in (*names, "SSH_ASKPASS", "PAGER", "EDITOR", "VISUAL"):
        monkeypatch.setenv(name, str(canary.path))
    run_everything(root)
    with open_git(root, with_history=True) as asked:
        assert asked
        assert asked.run("diff", "HEAD")
    assert not canary.has_sung()
    lines = set(seen.read_text().splitlines())
    assert not [line for line in lines if line.startswith(("GIT_", "SSH_")) and line.endswith(f"={canary.path}")]
    assert {"GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_OPTIONAL_LOCKS=0"} <= lines
    subprocess.run(["git", "diff", "HEAD"], cwd=root, capture_output=True, check=False)
    assert canary.has_sung()


def test_what_steers_git_from_outside_does_not_reach_it(
    make_tree: Tree, canary: Canary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root, other = make_tree(FILES), make_tree({"o.py": ""})
    head = commit(root)
    commit(other)
    steering = {
        "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": str(canary.path),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={canary.path}'", "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"), "GIT_NAMESPACE": "x", "GIT_CEILING_DIRECTORIES": str(root),
        "GIT_EXEC_PATH": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "own"), "GIT_SHALLOW_FILE": "/x",
    }  # fmt: skip
    (tmp_path / "own").write_text(f"[core]\n\tfsmonitor = {canary.path}\n")
    (tmp_path / ".gitconfig").write_text(f"[core]\n\tfsmonitor = {canary.path}\n")
    control = {**PLAIN, "GIT_CONFIG_GLOBAL": str(tmp_path / "own")}
    subprocess.run(["git", "status"], cwd=root, env=control, capture_output=True, check=False)
    assert canary.has_sung()
    for name, value in {**steering, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    assert read_revision(root) == head[:9]
    assert scan(root, jobs=1).files.num_rows == 3
    assert check(root, CheckOptions(since="HEAD", jobs=1)).passed
    assert not canary.has_sung()
    assert not (tmp_path / "trace").exists()


def test_a_git_that_lies_in_the_target_is_not_run(
    make_tree: Tree, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree(FILES)
    head = commit(root)
    (root / "bin").mkdir()
    for place in (root, root / "bin"):
        shutil.copy(canary.path, place / "git")
    monkeypatch.chdir(root)
    for path in (".", "", "bin", str(root / "bin"), str(root)):
        monkeypatch.setenv("PATH", f"{path}:{PLAIN['PATH']}")
        assert read_revision(root) == head[:9]
    assert not canary.has_sung()
    subprocess.run(["git"], check=False)
    assert canary.has_sung()

"""Nothing outside a repository is read for it, whatever it points to, and nothing in it blocks."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from git_trees import PLAIN, commit, git

from analysis import investigate
from analysis.errors import RevisionError
from analysis.facts import scan
from analysis.facts.git import find_refusal, read_revision
from analysis.gate import CheckOptions, check

Tree = Callable[..., Path]
FILES = {"a.py": "A = 1\n", "p/__init__.py": "", "p/b.py": "import a\n", ".gitignore": "made/\n", "made/m.py": ""}
REFUSED = "git-not-asked"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


SECRET = {"secret_name.py": "SECRET = 1\n", ".gitignore": "a.py\n"}


def point_by_file(root: Path, outside: Path) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {outside}/.git\n")


def point_by_link(root: Path, outside: Path) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").symlink_to(outside / ".git")


def point_by_common(root: Path, outside: Path) -> None:
    (root / ".git" / "commondir").write_text(f"{outside}/.git\n")


def point_by_work_tree(root: Path, outside: Path) -> None:
    git(root, "config", "core.worktree", str(outside))


def point_as_linked_tree(root: Path, outside: Path) -> None:
    git(outside, "worktree", "add", "-q", "--detach", str(outside.parent / "other"))
    shutil.rmtree(root / ".git")
    (root / ".git").write_text(f"gitdir: {outside}/.git/worktrees/other\n")


def point_as_own_linked_tree(root: Path, outside: Path) -> None:
    place = root / "kept" / "worktrees" / "x"
    place.mkdir(parents=True)
    shutil.rmtree(root / ".git")
    for name, text in {
        "HEAD": "ref: refs/heads/main",
        "gitdir": f"{root}/.git",
        "commondir": f"{outside}/.git",
    }.items():
        (place / name).write_text(f"{text}\n")
    (root / ".git").write_text(f"gitdir: {place}\n")


def link(name: str) -> Callable[[Path, Path], None]:
    def prepare(root: Path, outside: Path) -> None:
        place = root / ".git" / name
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.symlink_to(outside / ".git" / name)

    return prepare


OUTSIDE: dict[str, Callable[[Path, Path], None]] = {
    "file": point_by_file, "link": point_by_link, "commondir": point_by_common, "core.worktree": point_by_work_tree,
    "another linked work tree": point_as_linked_tree, "a made-up linked work tree": point_as_own_linked_tree,
    **{name: link(name) for name in ("HEAD", "index", "refs", "refs/heads", "refs/heads/main")},
}  # fmt: skip


@pytest.mark.parametrize("way", OUTSIDE)
def test_a_repository_that_points_outside_itself_is_not_asked(way: str, make_tree: Tree) -> None:
    root, outside = make_tree(FILES, name="target"), make_tree(SECRET, name="outside")
    commit(root)
    secret = commit(outside)
    (outside / ".git/info/exclude").write_text("p/\n")
    OUTSIDE[way](root, outside)
    facts = scan(root, jobs=1)
    assert facts.files.column("path").to_pylist() == ["a.py", "made/m.py", "p/__init__.py", "p/b.py"]
    assert (REFUSED, 0) in [(row["reason"], row["files"]) for row in facts.left_out.to_pylist()]
    manifest = investigate(root, jobs=1).manifest
    assert manifest.revision == "no-git"
    assert manifest.git_problem == find_refusal(root) != ""
    assert "secret" not in str(manifest)
    for revision in ("HEAD", "main", secret):
        with pytest.raises(RevisionError, match="git is not run on the repository of "):
            check(root, CheckOptions(since=revision, jobs=1))
    result = check(root, CheckOptions(jobs=1))
    assert (result.revision, result.git_problem) == ("no-git", manifest.git_problem)


@pytest.mark.parametrize("name", ["objects", "objects/pack"])
def test_objects_that_are_links_are_not_read(name: str, make_tree: Tree) -> None:
    root, outside = make_tree(FILES), make_tree(SECRET)
    head = commit(root)
    secret = commit(outside)
    git(outside, "repack", "-adq")
    link(name)(root, outside)
    assert read_revision(root) == head[:9]
    assert git(root, "cat-file", "-t", secret) == b"commit\n"
    with pytest.raises(RevisionError, match="is a link"):
        check(root, CheckOptions(since=secret, jobs=1))


def test_objects_of_another_repository_are_not_read(make_tree: Tree) -> None:
    root, outside = make_tree(FILES), make_tree(SECRET)
    head = commit(root)
    secret = commit(outside)
    (root / ".git/objects/info/alternates").write_text(f"{outside}/.git/objects\n")
    assert git(root, "cat-file", "-t", secret) == b"commit\n"
    assert read_revision(root) == head[:9]
    assert check(root, CheckOptions(since=head, jobs=1)).passed
    with pytest.raises(RevisionError, match="alternates"):
        check(root, CheckOptions(since=secret, jobs=1))


def test_a_store_of_objects_outside_that_blocks_its_readers_blocks_nobody(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(FILES)
    commit(root)
    lost = "1234567890" * 4
    fan = tmp_path / "store" / lost[:2]
    fan.mkdir(parents=True)
    os.mkfifo(fan / lost[2:])
    (root / ".git/objects/info/alternates").write_text(f"{tmp_path}/store\n")
    with pytest.raises(subprocess.TimeoutExpired):
        git(root, "cat-file", "-p", lost, timeout=1)
    started = time.monotonic()
    scan(root, jobs=1)
    investigate(root, jobs=1)
    with contextlib.suppress(RevisionError):
        check(root, CheckOptions(since="HEAD", jobs=1))
    with pytest.raises(RevisionError, match="alternates"):
        check(root, CheckOptions(since=lost, jobs=1))
    assert time.monotonic() - started < 10


@pytest.mark.skipif(not shutil.which("strace"), reason="no strace to see which files are opened")
@pytest.mark.parametrize("way", ["alternates", "core.worktree", "nested", "pattern file", "link"])
def test_no_file_outside_the_tree_is_opened(way: str, make_tree: Tree, tmp_path: Path) -> None:
    root, outside = make_tree(FILES, name="target"), make_tree(SECRET, name="outside")
    commit(root)
    secret = commit(outside)
    if way == "alternates":
        (root / ".git/objects/info/alternates").write_text(f"{outside}/.git/objects\n")
    elif way == "nested":
        (root / "nest").mkdir()
        (root / "nest/.git").write_text(f"gitdir: {outside}/.git\n")
    elif way == "pattern file":
        (root / ".gitignore").unlink()
        (root / ".gitignore").symlink_to(outside / ".gitignore")
        git(root, "config", "core.excludesFile", f"{outside}/.gitignore")
    else:
        OUTSIDE[way](root, outside)
    asks = ["-o", "-i", "--exclude-standard"]
    control = ["git", "cat-file", "-t", secret] if way == "alternates" else ["git", "ls-files", *asks]
    assert list_opened(control, root, outside, tmp_path)
    script = (
        "import sys; from pathlib import Path; from analysis.errors import RevisionError\n"
        "from analysis.facts.discovery import *; from analysis.gate.check import *\n"
        "from analysis.facts.git import read_revision; from analysis.facts.source_tree import WorkingTree\n"
        "root = Path(sys.argv[1])\n"
        "discover(WorkingTree(root), DiscoveryOptions()); read_revision(root)\n"
        "try: check(root, CheckOptions(since=sys.argv[2], jobs=1, use_cache=False))\n"
        "except RevisionError: pass\n"
        "check(root, CheckOptions(jobs=1, use_cache=False))\n"
    )
    assert list_opened([sys.executable, "-c", script, str(root), secret], Path.cwd(), outside, tmp_path) == []


def list_opened(command: list[str], folder: Path, outside: Path, tmp_path: Path) -> list[str]:
    trace = tmp_path / "opened"
    watch = ["strace", "-f", "-y", "--seccomp-bpf", "-e", "trace=open,openat,openat2,execve", "-o", str(trace)]
    subprocess.run([*watch, *command], cwd=folder, env=PLAIN, capture_output=True, check=False, timeout=60)
    lines = trace.read_text(errors="replace").splitlines()
    assert any("exited with 0" in line for line in lines), lines[-5:]
    return [line for line in lines if str(outside) in line and " open" in line]


# What blocks, and what is too much


@pytest.mark.parametrize("name", ["config", "HEAD", "index", "packed-refs", "refs/heads/main", ""])
def test_a_git_folder_with_a_fifo_costs_no_time(name: str, make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    place = root / ".git" / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    started = time.monotonic()
    assert scan(root, jobs=1).files.num_rows == 4
    assert read_revision(root) == "no-git"
    assert "not a regular file" in find_refusal(root) or "special file" in find_refusal(root) or not name
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("kind", ["fifo", "link", "huge"])
def test_patterns_that_are_no_plain_file_are_not_read_and_named(kind: str, make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**FILES, "q/x.py": "", "q/deep/y.py": "", "r/z.py": "", "r/.gitignore": "z.py\n"})
    head = commit(root)
    git(root, "rm", "-rq", "--cached", "q", "r")
    place = root / "q" / ".gitignore"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "link":
        (tmp_path / "patterns").write_text("x.py\n")
        place.symlink_to(tmp_path / "patterns")
    else:
        with place.open("wb") as file:
            file.write(b"x.py\n")
            file.truncate(1 << 40)
    started = time.monotonic()
    facts = scan(root, jobs=1)
    assert time.monotonic() - started < 10
    assert facts.files.column("path").to_pylist() == ["a.py", "p/__init__.py", "p/b.py", "q/deep/y.py", "q/x.py"]
    assert [(row["path"], row["reason"]) for row in facts.left_out.to_pylist() if not row["files"]] == [
        ("q", "gitignore-not-read")
    ]
    assert read_revision(root) == head[:9]


@pytest.mark.parametrize("name", ["info", "info/exclude"])
def test_patterns_of_the_clone_that_lie_elsewhere_are_not_read_and_named(name: str, make_tree: Tree) -> None:
    root, outside = make_tree({**FILES, "new.py": ""}), make_tree(SECRET)
    head = commit(root)
    commit(outside)
    git(root, "rm", "-q", "--cached", "new.py")
    (outside / ".git/info/exclude").write_text("new.py\n")
    link(name)(root, outside)
    assert git(root, "check-ignore", "new.py") == b"new.py\n"
    facts = scan(root, jobs=1)
    assert "new.py" in facts.files.column("path").to_pylist()
    assert ("", "gitignore-not-read") in [(row["path"], row["reason"]) for row in facts.left_out.to_pylist()]
    assert read_revision(root) == head[:9]


def test_a_pointer_of_a_nested_folder_is_not_followed_by_git(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({**FILES, "nest/n.py": ""})
    commit(root)
    git(root, "rm", "-rq", "--cached", "nest")
    outside = tmp_path / "outside"
    for name in ("objects", "refs"):
        (outside / name).mkdir(parents=True)
    os.mkfifo(outside / "HEAD")
    (root / "nest/.git").write_text(f"gitdir: {outside}\n")
    with pytest.raises(subprocess.TimeoutExpired):
        git(root, "ls-files", "-o", timeout=1)
    assert scan(root, jobs=1).files.num_rows == 4


def test_replaced_and_grafted_commits_are_seen_as_they_are(make_tree: Tree) -> None:
    root = make_tree(FILES)
    first = commit(root)
    (root / "a.py").write_text("def f(x=[]):\n    x.append(1)\n")
    second = commit(root)
    git(root, "replace", first, second)
    assert b"def f" in git(root, "show", f"{first}:a.py")
    result = check(root, CheckOptions(since=first, jobs=1, strict=True))
    assert [finding.status for finding in result.findings] == ["new"]


@pytest.mark.parametrize("text", ["", "gitdir:", "gitdir: ", "gitdir: /\n", "nonsense", "gitdir: a\0b", "x" * 9000])
def test_a_git_file_that_names_nothing_is_no_crash(text: str, make_tree: Tree) -> None:
    root = make_tree({**FILES, ".git": text})
    assert scan(root, jobs=1).files.num_rows == 4
    assert read_revision(root) == "no-git"
    assert find_refusal(root)


@pytest.mark.parametrize("text", ["[core", "[core]\nworktree = \xff\n", "[extensions]\nobjectFormat = md5\n", "[\0]"])
def test_a_configuration_that_cannot_be_read_is_no_crash(text: str, make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    (root / ".git/config").write_bytes(text.encode("latin-1"))
    assert scan(root, jobs=1).files.num_rows in {3, 4}
    with pytest.raises(RevisionError):
        check(root, CheckOptions(since="no-such", jobs=1))


def test_names_that_are_instructions_to_git_are_names(make_tree: Tree) -> None:
    root = make_tree(
        {":(exclude)a/x.py": "", ":!b.py": "", "-c/y.py": "", "made/:/z.py": "", ".gitignore": "made/\n-c\n"}
    )
    git(root, "init", "-q")
    assert scan(root, jobs=1).files.column("path").to_pylist() == [":!b.py", ":(exclude)a/x.py"]


def test_no_room_for_the_stand_in_and_no_git_end_nothing(make_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_tree(FILES)
    commit(root)
    monkeypatch.setattr("tempfile.tempdir", str(root / "no-such-folder"))
    assert read_revision(root) == "no-git"
    assert "No such file" in find_refusal(root)
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("PATH", "/no-such-folder")
    assert (read_revision(root), find_refusal(root)) == ("no-git", "")
    assert scan(root, jobs=1).files.num_rows == 4

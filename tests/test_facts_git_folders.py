"""Every ordinary way to keep a repository goes on working: its commit, what it ignores, and what it had before."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from git_trees import PLAIN, commit, git

from analysis.errors import RevisionError
from analysis.facts import scan
from analysis.facts.git import find_refusal, read_prefix, read_revision
from analysis.gate import CheckOptions, check

Tree = Callable[..., Path]
FILES = {"a.py": "A = 1\n", "p/__init__.py": "", "p/b.py": "import a\n", ".gitignore": "made/\n"}
MUTABLE = "def f(x=[]):\n    x.append(1)\n"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def assert_works(root: Path, since: str = "HEAD") -> None:
    """A tree has its commit, does not count what it ignores, and is compared with its commit."""
    head = git(root, "rev-parse", "HEAD").decode().strip()
    (root / "made").mkdir()
    (root / "made/m.py").write_text("")
    (root / "p/new.py").write_text(MUTABLE)
    assert find_refusal(root) == ""
    assert read_revision(root) == head[:9]
    facts = scan(root, jobs=1)
    assert facts.files.column("path").to_pylist() == ["a.py", "p/__init__.py", "p/b.py", "p/new.py"]
    assert [row["reason"] for row in facts.left_out.to_pylist()] == ["ignored-by-git"]
    result = check(root, CheckOptions(since=since, strict=True, jobs=1))
    assert [finding.status for finding in result.findings] == ["new"]
    assert (result.not_read, result.git_problem, result.revision) == ((), "", head[:9])


def test_an_ordinary_repository(make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    assert_works(root)


def test_a_linked_work_tree(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(FILES)
    commit(root)
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    (root / "a.py").write_text("A = 2\n")
    commit(root)
    assert_works(tmp_path / "linked", since="main")


def test_a_linked_work_tree_below_its_repository_and_one_of_a_bare_repository(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(FILES)
    commit(root)
    git(root, "worktree", "add", "-q", "--detach", str(root / "trees" / "one"))
    assert_works(root / "trees" / "one")
    git(tmp_path, "clone", "-q", "--bare", str(root), str(tmp_path / "proj" / ".bare"))
    git(tmp_path / "proj" / ".bare", "worktree", "add", "-q", str(tmp_path / "proj" / "main"), "main")
    assert_works(tmp_path / "proj" / "main")


def test_a_moved_linked_work_tree_is_refused_until_it_is_repaired(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(FILES)
    commit(root)
    git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    moved = (tmp_path / "linked").rename(tmp_path / "moved")
    assert "does not name this one in return" in find_refusal(moved)
    git(moved, "worktree", "repair")
    assert_works(moved)


def test_submodules_one_in_another_and_in_a_linked_work_tree(make_tree: Tree, tmp_path: Path) -> None:
    inner, middle, outer = make_tree(FILES), make_tree(FILES), make_tree(FILES)
    commit(inner)
    commit(middle)
    git(middle, "submodule", "add", "-q", str(inner), "deep")
    commit(middle)
    commit(outer)
    git(outer, "submodule", "add", "-q", str(middle), "sub")
    git(outer, "submodule", "update", "-q", "--init", "--recursive")
    commit(outer)
    git(outer, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    git(tmp_path / "linked", "submodule", "update", "-q", "--init", "--recursive")
    for place in (outer, tmp_path / "linked"):
        shutil.rmtree(place / "sub" / "deep" / "made", ignore_errors=True)
        assert_works(place / "sub" / "deep")
        assert find_refusal(place / "sub") == "" == find_refusal(place)
        assert read_prefix(place / "sub" / "p") == "p/"


def test_a_submodules_folder_does_not_pass_for_another_ones(make_tree: Tree) -> None:
    inner, outer = make_tree(FILES), make_tree(FILES)
    commit(inner)
    commit(outer)
    git(outer, "submodule", "add", "-q", str(inner), "sub")
    (outer / "vendor").mkdir()
    (outer / "vendor/.git").write_text("gitdir: ../.git/modules/sub\n")
    (outer / "vendor/v.py").write_text("")
    assert "core.worktree" in find_refusal(outer / "vendor")
    assert read_revision(outer / "vendor") == "no-git"


def test_a_folder_of_a_repository(make_tree: Tree) -> None:
    root = make_tree({f"deep/er/{name}": source for name, source in FILES.items()})
    commit(root)
    assert read_prefix(root / "deep/er") == "deep/er/"
    assert_works(root / "deep" / "er")


def test_a_target_reached_by_a_link(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({f"sub/{name}": source for name, source in FILES.items()})
    commit(root)
    (tmp_path / "alias").symlink_to(root / "sub")
    assert_works(tmp_path / "alias")


def test_a_bare_repository_in_a_tree_is_data_of_that_tree(make_tree: Tree) -> None:
    root = make_tree({**FILES, "inner/i.py": ""})
    git(root, "init", "-q", "--bare", str(root / "inner"))
    head = commit(root)
    assert read_revision(root / "inner") == head[:9]
    assert read_prefix(root / "inner") == "inner/"


def test_a_bare_repository_alone_has_no_work_tree(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"i.py": ""})
    git(root, "init", "-q", "--bare", str(root))
    assert (read_revision(root), find_refusal(root)) == ("no-git", "")
    with pytest.raises(RevisionError, match="has no revision"):
        check(root, CheckOptions(since="HEAD", jobs=1))


@pytest.mark.parametrize("settings", [
    ("init", "-q", "-b", "main", "--object-format=sha256"), ("init", "-q", "-b", "main"),
])  # fmt: skip
@pytest.mark.parametrize("after", [
    (), ("pack-refs", "--all"), ("repack", "-adq"), ("checkout", "-q", "--detach"),
    ("update-index", "--split-index"), ("update-index", "--untracked-cache"), ("commit-graph", "write"),
    ("config", "core.ignoreCase", "false"), ("gc", "-q"), ("update-index", "--index-version", "4"),
])  # fmt: skip
def test_every_form_of_storage(settings: tuple[str, ...], after: tuple[str, ...], make_tree: Tree) -> None:
    root = make_tree(FILES)
    git(root, *settings)
    commit(root)
    if after:
        git(root, *after)
    assert_works(root)


def test_a_shallow_clone(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(FILES)
    for _ in range(3):
        commit(root)
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{root}", str(tmp_path / "shallow"))
    assert_works(tmp_path / "shallow", since="HEAD~1")


def test_a_sparse_checkout_with_a_sparse_index(make_tree: Tree) -> None:
    root = make_tree({**FILES, "far/f.py": "", "far/away/g.py": ""})
    commit(root)
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "p")
    assert_works(root)


@pytest.mark.parametrize("since", ["v1", "HEAD~1", "main^", "main@{1}", "@{1}", "@{u}", "origin/main", "FETCH_HEAD"])
def test_every_usual_name_of_a_revision(since: str, make_tree: Tree, tmp_path: Path) -> None:
    origin = make_tree(FILES)
    commit(origin)
    root = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(origin), str(root))
    git(root, "fetch", "-q", "origin", "main")
    git(root, "tag", "-a", "-m", "x", "v1")
    commit(root)
    assert_works(root, since=since)


def test_a_repository_without_a_commit_ignores_all_the_same(make_tree: Tree) -> None:
    root = make_tree({**FILES, "made/m.py": ""})
    git(root, "init", "-q")
    assert scan(root, jobs=1).files.num_rows == 3
    assert (read_revision(root), find_refusal(root)) == ("no-git", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a checkout to another user")
def test_a_checkout_of_another_user_counts_as_under_git(make_tree: Tree) -> None:
    root = make_tree(FILES)
    head = commit(root)
    for path in [root, *root.rglob("*")]:
        os.chown(path, 12345, 12345)
    refused = subprocess.run(["git", "status"], cwd=root, env=PLAIN, capture_output=True, check=False, text=True)
    assert "dubious ownership" in refused.stderr
    assert read_revision(root) == head[:9]
    (root / "made").mkdir()
    (root / "made/m.py").write_text("")
    (root / "p/new.py").write_text(MUTABLE)
    assert scan(root, jobs=1).files.num_rows == 4
    result = check(root, CheckOptions(since="HEAD", strict=True, jobs=1))
    assert [finding.status for finding in result.findings] == ["new"]


def test_git_is_answered_as_git_would_of_what_is_ignored(make_tree: Tree) -> None:
    root = make_tree({
        ".gitignore": "/top/*\n!/top/keep\nb*/\n*.gen.py\n!c/x.gen.py\nforced/\n**/deep/*.py\n[ab].py\nx y/\né/\n",
        "top/keep/k.py": "", "top/gone/g.py": "", "build/b.py": "", "c/x.gen.py": "", "c/y.gen.py": "", "a.py": "",
        "c/.gitignore": "!a.py\nz.py\n", "c/a.py": "", "c/z.py": "", "d/deep/e.py": "", "forced/f.py": "",
        "forced/other.py": "", "forced/sub/s.py": "", "x y/w.py": "", "é/v.py": "", "c/:z.py": "", "c/*.py": "",
    })  # fmt: skip
    git(root, "init", "-q")
    git(root, "add", "-f", "forced/f.py")
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split(b"\0")
    expected = sorted(os.fsdecode(path) for path in listed if path.endswith(b".py"))
    assert "forced/f.py" in expected
    assert "forced/other.py" not in expected
    assert scan(root, jobs=1).files.column("path").to_pylist() == expected


def test_nothing_is_ignored_in_a_submodule_nor_in_a_repository_of_its_own(make_tree: Tree) -> None:
    inner, root = make_tree({"gen/i.py": ""}), make_tree({**FILES, "made/m.py": "", "nest/gen/n.py": ""})
    commit(inner)
    commit(root)
    (root / ".gitignore").write_text("made/\ngen/\n")
    git(root, "submodule", "add", "-q", str(inner), "sub")
    git(root, "rm", "-rq", "--cached", "nest")
    git(root / "nest", "init", "-q")
    assert scan(root, jobs=1).files.column("path").to_pylist() == [
        "a.py", "nest/gen/n.py", "p/__init__.py", "p/b.py", "sub/gen/i.py"
    ]  # fmt: skip


def test_a_users_own_list_of_ignored_files_changes_nothing(
    make_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_tree({**FILES, "mine.py": ""})
    commit(root)
    git(root, "rm", "-q", "--cached", "mine.py")
    (tmp_path / "git").mkdir()
    (tmp_path / "git/ignore").write_text("mine.py\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert subprocess.run(["git", "check-ignore", "-q", "mine.py"], cwd=root, check=False).returncode == 0
    assert "mine.py" in scan(root, jobs=1).files.column("path").to_pylist()


def test_a_named_folder_of_which_everything_is_ignored_is_read(make_tree: Tree) -> None:
    root = make_tree({".gitignore": "made/*\n", "a.py": "", "made/m.py": "", "made/sub/n.py": ""})
    commit(root)
    assert scan(root / "made", jobs=1).files.num_rows == 2


def test_nothing_is_written_into_the_target(make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    git(root, "update-index", "--split-index")
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    scan(root, jobs=1)
    check(root, CheckOptions(since="HEAD", jobs=1))
    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before

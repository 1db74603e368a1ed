"""A target at a revision is analysed as a checkout of it would be, from git's objects alone."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from git_trees import commit, git
from typer.testing import CliRunner

import analysis
from analysis import Investigation, store, tables
from analysis.bundled_case import build_bundled_case
from analysis.cli import app
from analysis.errors import RevisionError, TargetError
from analysis.facts import git_objects
from analysis.facts.git_objects import ObjectReader
from analysis.facts.links import find_source_file
from analysis.facts.opening import open_tree
from analysis.facts.revisions import find_source
from analysis.facts.source_tree import SourceTree
from analysis.gate import CheckOptions, check
from analysis.runtime import ProbeOptions
from analysis.targets import split_revision

Tree = Callable[..., Path]
CASES = Path(__file__).parent / "cases"
SHOP = {
    "app/shop/__init__.py": "from shop.api import Order\n",
    "app/shop/api.py": "from shop.db import Order\nimport lib.beside\n",
    "app/shop/db.py": "from shop import api\nclass Order: ...\n",
    "app/shop/flow.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "app/ssot.toml": '[target]\nname = "shop"\n',
    "app/Makefile": "run:\n\tpython -m shop.api\n",
    "lib/__init__.py": "",
    "lib/beside.py": "class Order: ...\n",
    ".gitignore": "*.log\n",
}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def find_differences(first: Investigation, second: Investigation) -> list[str]:
    """Return the tables that differ in any row, or in the order of the rows."""
    return [name for name in tables.TABLES if not first.table(name).equals(second.table(name))]


def assert_like_checkout(root: Path, tmp_path: Path, revision: str = "HEAD") -> Investigation:
    """Compare a revision with a scan of the files on the disk; return the snapshot of the revision."""
    on_disk = analysis.investigate(root, data=tmp_path / "disk", jobs=1)
    at_commit = analysis.investigate(f"{root}@{revision}", data=tmp_path / "commit", jobs=1)
    assert find_differences(on_disk, at_commit) == []
    return at_commit


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cases") / "cases"
    shutil.copytree(CASES, root, symlinks=True)
    commit(root)
    return root


@pytest.mark.parametrize("name", sorted(each.name for each in CASES.iterdir() if each.is_dir())[::6])
def test_a_case_in_a_folder_of_a_repository_has_the_same_tables(name: str, cases: Path, tmp_path: Path) -> None:
    assert_like_checkout(cases / name, tmp_path)


def test_the_bundled_case_has_the_same_tables(tmp_path: Path) -> None:
    root = tmp_path / "case"
    shutil.copytree(build_bundled_case(), root)
    commit(root)
    assert_like_checkout(root, tmp_path)


def test_code_beside_the_target_is_read_at_the_same_revision(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(SHOP)
    first = commit(top)
    found = assert_like_checkout(top / "app", tmp_path)
    assert found.table("siblings").num_rows == 2
    (top / "lib/beside.py").write_text("class Other: ...\n")
    commit(top)
    assert_like_checkout(top / "app", tmp_path)
    again = analysis.investigate(f"{top / 'app'}@{first}", data=tmp_path / "commit", jobs=1)
    assert find_differences(found, again) == []


def test_an_earlier_revision_is_what_a_work_tree_of_it_has(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(SHOP)
    first = commit(top)
    shutil.rmtree(top / "app/shop")
    (top / "app/other.py").write_text("import gone\n")
    commit(top)
    git(top, "worktree", "add", "-q", str(tmp_path / "then"), first)
    on_disk = analysis.investigate(tmp_path / "then/app", data=tmp_path / "disk", jobs=1)
    found = analysis.investigate(f"{top / 'app'}@HEAD~1", data=tmp_path / "commit", jobs=1)
    assert find_differences(on_disk, found) == []
    assert (found.name, found.manifest.commit, found.manifest.root) == (f"shop@{first[:9]}", first, str(top / "app"))
    linked = analysis.investigate(f"{tmp_path / 'then/app'}@HEAD", data=tmp_path / "linked", jobs=1)
    assert linked.manifest.commit == first


def test_a_package_inside_packages_has_its_whole_name(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree({"a/__init__.py": "", "a/b/__init__.py": "import a.b.c\n", "a/b/c.py": "import a.b\n"})
    commit(top)
    found = assert_like_checkout(top / "a/b", tmp_path)
    assert "a.b.c" in tables.read_column(found.table("modules"), "module")


def test_links_count_as_in_the_work_tree(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree({"p/a.py": "A = 1\n", "p/__init__.py": "", "q/b.py": "B = 1\n", "outside.py": "O = 1\n"})
    (top / "outer").mkdir()
    target = top / "t"
    shutil.move(top / "p", target / "p")
    for name, leads in {
        "p/same.py": "a.py", "p/up.py": "../p/a.py", "p/out.py": "../../outside.py", "p/gone.py": "nowhere.py",
        "p/loop.py": "loop.py", "p/far.py": "/etc/hostname", "linked": "p", "beside": "../q", "all": ".",
        "p/through.py": "../linked/a.py", "p/own.py": str(target / "p/a.py"),
    }.items():  # fmt: skip
        (target / name).symlink_to(leads)
    (top / "outer").rmdir()
    commit(top)
    tree, disk = open_tree(target, find_source(f"{target}@HEAD").commit), open_tree(target)
    for name in ("p/same.py", "p/up.py", "p/through.py", "p/own.py", "linked/a.py", "all/p/a.py", "p/a.py"):
        assert tree.read_bytes(name) == b"A = 1\n" == disk.read_bytes(name)
        assert tree.find_link(name) == disk.find_link(name)
    for name in ("p/out.py", "p/gone.py", "p", "beside/b.py", "nowhere/x.py", "p/a.py/x", "../q/b.py"):
        assert explain_refusal(tree, name) == explain_refusal(disk, name)
    for name in ("p/loop.py", "p/gone.py"):
        assert find_source_file(tree, name) == find_source_file(disk, name)
    assert explain_refusal(tree, "p/far.py").partition(" ")[0] == "13"
    assert tree.count_python_files("") == disk.count_python_files("")
    names = ("linked", "beside", "p", "all", "p/a.py", "p/gone.py", "")
    assert [tree.has_folder(name) for name in names] == [True, False, True, True, False, False, True]
    for name in ("p/far.py", "beside", "p/out.py"):
        (target / name).unlink()
    commit(top)
    assert_like_checkout(target, tmp_path)


def explain_refusal(tree: SourceTree, path: str) -> str:
    try:
        tree.read_bytes(path)
    except OSError as error:
        return f"{error.errno} {error.strerror}"
    return ""


def test_odd_names_are_named_as_in_the_work_tree(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree({"é \n.py": "E = 1\n", "p@q/a b.py": "A = 1\n", ":(top)x.py": "X = 1\n", "-r.py": "R = 1\n"})
    Path(os.fsdecode(os.fsencode(top) + b"/bytes\xff.py")).write_text("B = 1\n")
    commit(top)
    assert_like_checkout(top, tmp_path)
    assert_like_checkout(top / "p@q", tmp_path)


def test_a_repository_of_sha_256_is_read(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(SHOP)
    git(top, "init", "-q", "-b", "main", "--object-format=sha256")
    assert len(commit(top)) == 64
    assert_like_checkout(top / "app", tmp_path)


def test_a_bare_repository_and_a_shallow_clone_are_read_without_files(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(SHOP)
    commit(top)
    git(top, "commit", "-q", "--allow-empty", "-m", "y")
    git(tmp_path, "clone", "-q", "--bare", str(top), "bare")
    git(tmp_path, "clone", "-q", "--depth=1", "--no-checkout", f"file://{top}", "shallow")
    whole = analysis.investigate(top, data=tmp_path / "whole", jobs=1)
    for name in ("bare", "shallow"):
        found = analysis.investigate(f"{tmp_path / name}@HEAD", data=tmp_path / name, jobs=1)
        differing = find_differences(whole, found)
        assert differing == []
    with pytest.raises(RevisionError, match="has no revision 'HEAD~1'"):
        find_source(f"{tmp_path / 'shallow'}@HEAD~1")


def test_a_partial_clone_names_what_it_lacks_and_fetches_nothing(make_tree: Tree, tmp_path: Path) -> None:
    origin = make_tree({"a.py": "A = 1\n", "b.py": "B = 1\n"})
    commit(origin)
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{origin}", "partial")
    packs = sorted((tmp_path / "partial/.git/objects/pack").iterdir())
    found = analysis.investigate(f"{tmp_path / 'partial'}@HEAD", jobs=1)
    rows = tables.read_rows(found.table("files"), "path", "status", "reason")
    missing = "its content is missing in the repository"
    assert sorted(rows) == [("a.py", "unreadable", missing), ("b.py", "unreadable", missing)]
    assert sorted((tmp_path / "partial/.git/objects/pack").iterdir()) == packs
    git(tmp_path / "partial", "checkout", "-q", "main")
    again = analysis.investigate(f"{tmp_path / 'partial'}@HEAD", jobs=1)
    assert set(tables.read_column(again.table("files"), "status")) == {"ok"}


def test_a_submodule_has_its_recorded_commit_or_is_named(make_tree: Tree, tmp_path: Path) -> None:
    inner, top = make_tree({"sub.py": "S = 1\n"}), make_tree({"a.py": "import m.sub\n"})
    commit(inner)
    commit(top)
    git(top, "submodule", "add", "-q", str(inner), "m")
    commit(top)
    found = assert_like_checkout(top, tmp_path)
    assert "m/sub.py" in tables.read_column(found.table("files"), "path")
    (inner / "sub.py").write_text("S = 2\n")
    commit(inner)
    git(top / "m", "pull", "-q", "origin", "main")
    again = analysis.investigate(f"{top}@HEAD", jobs=1)
    assert find_differences(found, again) == []
    git(tmp_path, "clone", "-q", str(top), "without")
    bare = analysis.investigate(f"{tmp_path / 'without'}@HEAD", jobs=1)
    assert ("m", "submodule", 0) in list(tables.read_rows(bare.table("left_out"), "path", "reason", "files"))


@pytest.fixture
def read_blobs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The blobs that are read in this process."""
    read: list[str] = []
    plain = ObjectReader.read_blob

    def note(self: ObjectReader, blob: str, *, most_bytes: int) -> bytes:
        read.append(blob)
        return plain(self, blob, most_bytes=most_bytes)

    monkeypatch.setattr(ObjectReader, "read_blob", note)
    return read


def test_a_further_revision_reads_only_the_files_that_changed(
    make_tree: Tree, tmp_path: Path, read_blobs: list[str]
) -> None:
    top = make_tree({f"p/m{number}.py": f"X = {number}\n" for number in range(40)})
    commit(top)
    (top / "p/m7.py").write_text("X = 'seven'\n")
    commit(top)
    options = CheckOptions(data=tmp_path / "kept", jobs=1)
    check(f"{top}@HEAD~1", options)
    assert len(set(read_blobs)) == 40
    read_blobs.clear()
    check(f"{top}@HEAD", options)
    assert set(read_blobs) == {git(top, "rev-parse", "HEAD:p/m7.py").decode().strip()}
    shutil.copytree(top, tmp_path / "copy")
    read_blobs.clear()
    check(f"{tmp_path / 'copy'}@HEAD~1", options)  # known by its blobs, not by its place
    assert read_blobs == []


def test_a_pack_that_gives_a_blob_another_name_is_not_believed(make_tree: Tree) -> None:
    top = make_tree({"a.py": "A = 1\n", "b.py": "B = 2\n"})
    commit(top)
    objects = {name: git(top, "rev-parse", f"HEAD:{name}").decode().strip() for name in ("a.py", "b.py")}
    place = {name: top / ".git/objects" / blob[:2] / blob[2:] for name, blob in objects.items()}
    place["a.py"].chmod(0o644)
    place["a.py"].write_bytes(place["b.py"].read_bytes())
    tree = open_tree(top, find_source(f"{top}@HEAD").commit)
    with pytest.raises(OSError, match="missing in the repository"):
        tree.read_bytes("a.py")
    assert tree.read_bytes("b.py") == b"B = 2\n"


def test_git_that_does_not_answer_in_time_is_ended_and_started_again(
    make_tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = make_tree({"a.py": "A = 1\n"})
    tree = open_tree(top, commit(top))
    assert tree.has_file("a.py")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text('#!/bin/sh\ncase "$*" in *cat-file*) sleep 100;; esac\n')
    slow.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
        patched.setattr("analysis.facts.git_objects.TIMEOUT_SECONDS", 0.3)
        with pytest.raises(OSError, match="did not answer in time"):
            tree.read_bytes("a.py")
    assert tree.read_bytes("a.py") == b"A = 1\n"


def test_a_child_of_git_that_was_killed_is_started_again(make_tree: Tree) -> None:
    top = make_tree({"a.py": "A = 1\n", "b.py": "B = 1\n"})
    tree = open_tree(top, commit(top))
    assert tree.read_bytes("a.py") == b"A = 1\n"
    reader = next(each for key, each in git_objects._READERS.items() if key[0].top == str(top))
    assert reader._child is not None
    reader._child.kill()
    reader._child.wait()
    assert tree.read_bytes("b.py") == b"B = 1\n"


def test_a_tree_goes_to_another_process(make_tree: Tree) -> None:
    top = make_tree(SHOP)
    commit(top)
    for tree in (open_tree(top / "app", commit(top), top), open_tree(top / "app", "", top)):
        again = pickle.loads(pickle.dumps(tree))
        assert again.read_bytes("../lib/beside.py") == b"class Order: ...\n" == tree.read_bytes("../lib/beside.py")


def test_a_file_larger_than_wanted_is_not_read_at_a_revision(make_tree: Tree) -> None:
    top = make_tree({"a.py": "x" * 10})
    tree = open_tree(top, commit(top))
    assert tree.read_bytes("a.py", most_bytes=10) == b"x" * 10
    with pytest.raises(OSError, match="larger"):
        tree.read_bytes("a.py", most_bytes=9)
    assert tree.read_bytes("a.py") == b"x" * 10


def test_a_folder_with_an_at_sign_is_meant_where_it_is_there(make_tree: Tree, tmp_path: Path) -> None:
    make_tree({"a.py": ""}, "v@2")
    place = tmp_path / "v@2"
    assert split_revision(str(place)) == (str(place), "")
    assert split_revision(f"{place}@HEAD") == (str(place), "HEAD")
    assert split_revision(f"{place}@HEAD@{{1}}") == (str(place), "HEAD@{1}")
    assert split_revision(f"{place}@feature/x@2") == (str(place), "feature/x@2")
    assert split_revision("gone@v1@2") == ("gone", "v1@2")
    for odd in ("", "@", "@x", "gone@", "a" * 5000 + "@x", "~nobody-here@", "nul\0@"):
        assert split_revision(odd)[1] in {"", "x"}


@pytest.mark.parametrize(
    ("target", "words"),
    [("{top}@nowhere", "has no revision 'nowhere'"), ("{top}@--all", "has no revision"),
     ("{top}@HEAD:app", "has no revision"), ("{top}/absent@HEAD", "there is no folder absent at"),
     ("{tmp}@HEAD", "it is in no git repository")],
)  # fmt: skip
def test_a_wrong_revision_is_one_line_with_a_remedy(target: str, words: str, make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(SHOP)
    commit(top)
    named = target.format(top=top, tmp=tmp_path)
    with pytest.raises(RevisionError, match="Name a") as caught:
        analysis.investigate(named)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (type(CliRunner().invoke(app, ["scan", named]).exception), caught.value.exit_code) == (caught.type, 2)


def test_code_of_a_revision_is_not_run_and_nothing_is_written_into_it(make_tree: Tree) -> None:
    top = make_tree(SHOP)
    commit(top)
    with pytest.raises(RevisionError, match=r"cannot probe .*git worktree add"):
        analysis.investigate(f"{top}@HEAD", probe=ProbeOptions())
    for command in (["init"], ["baseline", "write"]):
        done = CliRunner().invoke(app, [*command, f"{top}@HEAD"])
        assert isinstance(done.exception, TargetError)
        assert "only read from git" in str(done.exception)


def test_questions_are_answered_at_a_revision(make_tree: Tree, tmp_path: Path) -> None:
    top = make_tree(SHOP)
    first = commit(top)
    (top / "app/shop/db.py").write_text("class Order: ...\n")
    commit(top)
    named = f"{top / 'app'}@HEAD~1"
    run = CliRunner()
    explained = run.invoke(app, ["explain", "shop.db", "shop.api", "--in", named])
    assert "shop/db.py:1" in explained.output
    why = run.invoke(app, ["why", "shop.api", "--in", named])
    assert "from shop import api" in why.output or why.exit_code == 0
    assert run.invoke(app, ["paths", "Order", "--in", named]).exit_code == 0
    assert run.invoke(app, ["findings", "--in", named]).exit_code == 0
    assert run.invoke(app, ["export", "--in", named, "--modules", "--format", "dot"]).exit_code == 0
    kept = store.find_snapshots(store.find_data_folder())
    assert len(kept) == 1  # the first question scans, and its answer holds as long as the commit does
    assert first[:9] in kept[0].name
    result = check(named, CheckOptions(jobs=1))
    assert (result.target, result.revision) == (f"shop@{first[:9]}", first[:9])


def test_a_baseline_of_the_target_counts_at_its_revision(make_tree: Tree) -> None:
    top = make_tree({"a.py": "def f(x=[]):\n    x.append(1)\n"})
    run = CliRunner()
    assert run.invoke(app, ["baseline", "write", str(top)]).exit_code == 0
    commit(top)
    (top / "ssot-baseline.json").unlink()
    commit(top)
    assert [each.status for each in check(f"{top}@HEAD~1").findings] == ["known"]
    assert [each.status for each in check(f"{top}@HEAD").findings] == ["new"]
    assert [each.status for each in check(f"{top}@HEAD", CheckOptions(since="HEAD~1")).findings] == ["known"]

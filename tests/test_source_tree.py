"""The working tree as a source tree: what it reads, and what of a hostile tree it never opens."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.facts import scan
from analysis.facts.source_tree import LEAVES, NOT_REGULAR, WorkingTree, walk_entries

Tree = Callable[..., Path]


def test_a_file_is_read_as_it_is_now(make_tree: Tree) -> None:
    tree = WorkingTree(make_tree({"a/b.py": "X = 1\n"}))
    assert tree.read_bytes("a/b.py") == b"X = 1\n"
    (tree.root / "a/b.py").write_text("")
    assert tree.read_bytes("a/b.py") == b""


def test_a_file_larger_than_wanted_is_not_read_and_one_of_just_that_size_is(make_tree: Tree) -> None:
    tree = WorkingTree(make_tree({"a.py": "x" * 10}))
    assert tree.read_bytes("a.py", most_bytes=10) == b"x" * 10
    with pytest.raises(OSError, match="larger"):
        tree.read_bytes("a.py", most_bytes=9)


def make_pipe(place: Path) -> None:
    os.mkfifo(place)


def make_socket(place: Path) -> None:
    here = Path.cwd()
    os.chdir(place.parent)  # the name of a socket is short
    try:
        socket.socket(socket.AF_UNIX).bind(place.name)
    finally:
        os.chdir(here)


def link_to_device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def link_to_pipe_inside(place: Path) -> None:
    os.mkfifo(place.with_name("pipe"))
    place.symlink_to("pipe")


def link_outside(place: Path) -> None:
    outside = place.parent.parent / "outside.py"
    outside.write_text("SECRET = 1\n")
    place.symlink_to(outside)


def link_to_itself(place: Path) -> None:
    place.symlink_to(place.name)


@pytest.mark.parametrize("make", [make_pipe, make_socket, link_to_device, link_to_pipe_inside, link_outside,
                                  link_to_itself, Path.mkdir])  # fmt: skip
def test_nothing_but_regular_files_inside_is_opened(make_tree: Tree, make: Callable[[Path], None]) -> None:
    tree = WorkingTree(make_tree({"a.py": "X = 1\n"}))
    make(tree.root / "odd.py")
    with pytest.raises(OSError, match=f"{NOT_REGULAR}|{LEAVES}|[Ss]ymbolic|No such"):
        tree.read_bytes("odd.py")


def test_no_rule_waits_for_a_pipe_that_stands_where_a_module_should(make_tree: Tree) -> None:
    """In a process of its own with a limit: a reader that opens the pipe waits for ever."""
    root = make_tree({"shop/__init__.py": "", "shop/db.py": "class Order: ...\n"})
    os.mkfifo(root / "shop/old.py")
    code = (
        "import sys; from pathlib import Path; from analysis.facts.source_tree import WorkingTree; "
        "from analysis.rules.families.single_source import judge_redirect; "
        "from analysis.rules.source_lines import read_source_lines; "
        "tree = WorkingTree(Path(sys.argv[1])); "
        "print(judge_redirect(tree, 'shop/old.py', ''), read_source_lines(tree, [('shop/old.py', 1)]))"
    )
    command = [sys.executable, "-c", code, root]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "[] {}\n"), done.stderr


def test_a_link_to_a_file_inside_is_read(make_tree: Tree) -> None:
    tree = WorkingTree(make_tree({"a.py": "X = 1\n"}))
    (tree.root / "b.py").symlink_to("a.py")
    assert tree.read_bytes("b.py") == b"X = 1\n"
    assert tree.find_status("b.py") == tree.find_status("a.py")


def test_a_folder_that_is_a_link_outside_is_neither_listed_nor_read_from(make_tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("SECRET = 1\n")
    tree = WorkingTree(make_tree({"a.py": ""}))
    (tree.root / "linked").symlink_to(outside)
    for ask in (lambda: tree.read_bytes("linked/secret.py"), lambda: tree.list_folder("linked")):
        with pytest.raises(OSError, match=LEAVES):
            ask()


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside.py", "a/../../outside.py", "a\0.py", "\ud800.py", "x" * 300]
)
def test_what_is_no_path_of_the_tree_is_an_error_of_the_system(make_tree: Tree, path: str) -> None:
    tree = WorkingTree(make_tree({"a/b.py": ""}))
    (tree.root.parent / "outside.py").write_text("SECRET = 1\n")
    for ask in (tree.read_bytes, tree.find_status, tree.list_folder):
        with pytest.raises(OSError, match=r"\w"):
            ask(path)
    assert not tree.has_folder("a\0")


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab./\0\ud800\udcff ")))
def test_no_path_whatever_reads_outside_or_fails_otherwise(path: str) -> None:
    root = Path(__file__).resolve().parent / "data"
    try:
        WorkingTree(root).read_bytes(path)
    except OSError:
        return
    assert (root / path).resolve().is_relative_to(root)


def test_a_name_whose_bytes_are_no_text_is_read_by_the_name_that_the_system_knows(make_tree: Tree) -> None:
    root = make_tree({"a.py": "X = 1\n"})
    name = os.fsdecode(b"\xff.py")
    (root / name).write_text("import os\n")
    assert WorkingTree(root).read_bytes(name) == b"import os\n"
    assert tables.read_column(scan(root).files, "status") == ["ok", "ok"]


def test_a_tree_goes_to_another_process_without_what_it_has_seen(make_tree: Tree) -> None:
    tree = WorkingTree(make_tree({"a.py": "X = 1\n"}))
    tree.read_bytes("a.py")
    copy = pickle.loads(pickle.dumps(tree))
    assert (copy.root, copy.read_bytes("a.py"), copy._inside) == (tree.root, b"X = 1\n", {"": True})


def test_entries_are_those_of_all_folders_and_no_link_is_followed(make_tree: Tree) -> None:
    root = make_tree({"a/b/c.py": "", "a/d.txt": ""})
    (root / "a/back").symlink_to(root)
    assert sorted(entry.name for entry in walk_entries(str(root))) == ["back", "c.py", "d.txt"]
    assert WorkingTree(root).count_python_files("") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_cannot_be_read_is_skipped_only_where_that_is_wanted(make_tree: Tree) -> None:
    root = make_tree({"a/b.py": "", "c.py": ""})
    (root / "a").chmod(0)
    try:
        assert [entry.name for entry in walk_entries(str(root), skips_unreadable=True)] == ["c.py"]
        with pytest.raises(PermissionError):
            list(walk_entries(str(root)))
    finally:
        (root / "a").chmod(0o700)


def test_a_folder_that_is_gone_raises_only_where_that_is_wanted(tmp_path: Path) -> None:
    assert list(walk_entries(str(tmp_path / "gone"), skips_unreadable=True)) == []
    with pytest.raises(FileNotFoundError):
        list(walk_entries(str(tmp_path / "gone")))

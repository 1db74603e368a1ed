"""From a folder to its facts: discovery, names, cache, order, and what does not stop it."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.errors import TargetError
from analysis.facts import DiscoveryOptions, Facts, ScanOptions, scan, state
from analysis.facts.discovery import discover
from analysis.facts.links import SourceFile
from analysis.facts.naming import Layout, name_modules
from analysis.facts.read_files import Work, unpack
from analysis.facts.scan import _run_apart
from analysis.facts.source_tree import WorkingTree

Tree = Callable[..., Path]


def names(facts: Facts) -> dict[str, str]:
    """Return path by module name for the modules that Python would import."""
    return {row["module"]: row["path"] for row in facts.modules.to_pylist() if not row["shadowed_by"]}


def kinds(facts: Facts) -> dict[str, str]:
    """Return kind by module name."""
    return {row["module"]: row["kind"] for row in facts.modules.to_pylist()}


def same(first: Facts, second: Facts) -> bool:
    """Return whether two scans have equal tables."""
    return all(getattr(first, name).equals(getattr(second, name)) for name in ("files", "modules", *FACTS))


FACTS = tuple(table.name for table in tables.FACT_TABLES)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda tmp: tmp / "none", "no such folder"),
        (lambda tmp: _write(tmp / "a.py"), "is a file, not a folder"),
        (lambda tmp: _write(tmp / "empty" / "a.txt").parent, "no Python file"),
        (lambda tmp: _write(tmp / "caches" / "__pycache__" / "a.py").parent.parent, "left out (cache)"),
    ],
)
def test_what_cannot_be_a_target_is_one_line_with_a_remedy(
    tmp_path: Path, make: Callable[[Path], Path], message: str
) -> None:
    with pytest.raises(TargetError) as caught:
        scan(make(tmp_path))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def _write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_plain_tree_gets_the_names_of_its_folders(make_tree: Tree) -> None:
    facts = scan(make_tree({"a/__init__.py": "", "a/b.py": "", "c.py": "", "d/e.py": "", "my-tool.py": ""}))
    assert names(facts) == {
        "a": "a/__init__.py",
        "a.b": "a/b.py",
        "c": "c.py",
        "d": "d/",
        "d.e": "d/e.py",
        "my-tool": "my-tool.py",
    }
    assert kinds(facts) == {
        "a": "package", "a.b": "module", "c": "module", "d": "namespace", "d.e": "module", "my-tool": "script"
    }  # fmt: skip


def test_a_package_as_target_keeps_its_own_name_and_that_of_the_packages_above(make_tree: Tree) -> None:
    root = make_tree({"top/__init__.py": "", "top/sub/__init__.py": "", "top/sub/m.py": ""})
    assert names(scan(root / "top" / "sub")) == {"top.sub": "__init__.py", "top.sub.m": "m.py"}


def test_a_stray_init_at_the_top_does_not_make_a_repository_a_package(make_tree: Tree) -> None:
    root = make_tree({"__init__.py": "", "app/__init__.py": "", "app/m.py": "import app.n", "app/n.py": ""})
    assert "app.m" in names(scan(root))


def test_a_package_with_a_module_named_like_a_library_is_one_by_its_relative_imports(make_tree: Tree) -> None:
    files = {
        "top/__init__.py": "from .m import L",
        "top/m.py": "from .yaml import L",
        "top/yaml.py": "import yaml\nL = 1",
    }
    assert set(names(scan(make_tree(files) / "top"))) == {"top", "top.m", "top.yaml"}


def test_a_src_folder_is_a_root(make_tree: Tree) -> None:
    facts = scan(
        make_tree({"src/pkg/__init__.py": "", "src/pkg/m.py": "import pkg", "tests/test_m.py": "import pkg.m"})
    )
    assert set(names(facts)) == {"pkg", "pkg.m", "tests", "tests.test_m"}


def test_a_root_is_found_by_the_imports_that_need_it(make_tree: Tree) -> None:
    files = {"backend/app/__init__.py": "", "backend/app/m.py": "from app.n import x", "backend/app/n.py": "x = 1"}
    facts = scan(make_tree(files))
    assert names(facts) == {"app": "backend/app/__init__.py", "app.m": "backend/app/m.py", "app.n": "backend/app/n.py"}


def test_one_file_imported_under_two_names_has_both(make_tree: Tree) -> None:
    files = {
        "backend/app/__init__.py": "",
        "backend/app/m.py": "from app.n import x\nfrom app import n\nimport app.n",
        "backend/app/n.py": "x = 1",
        "main.py": "from backend.app.n import x",
    }
    rows = [row for row in scan(make_tree(files)).modules.to_pylist() if row["path"] == "backend/app/n.py"]
    assert [(row["module"], row["root"], row["is_primary"]) for row in rows] == [
        ("app.n", "backend", True),
        ("backend.app.n", ".", False),
    ]


def test_roots_of_the_policy_are_taken_as_they_are(make_tree: Tree) -> None:
    root = make_tree({"one/app/__init__.py": "", "two/lib/__init__.py": ""})
    assert set(names(scan(root, options=ScanOptions(roots=("one", "two"))))) == {"app", "lib"}


def test_equal_names_of_two_roots_stay_apart(make_tree: Tree) -> None:
    files = {
        "svc/a/pyproject.toml": "", "svc/a/app/__init__.py": "", "svc/a/app/m.py": "import app.n", "svc/a/app/n.py": "",
        "svc/b/pyproject.toml": "", "svc/b/app/__init__.py": "", "svc/b/app/m.py": "import app.m",
    }  # fmt: skip
    found = names(scan(make_tree(files)))
    assert found["app.m"] == "svc/a/app/m.py"
    assert found["app.m@svc/b"] == "svc/b/app/m.py"


@pytest.mark.parametrize(
    ("files", "module", "winner", "loser"),
    [
        ({"p/__init__.py": "", "p/x.py": "", "p/x/__init__.py": ""}, "p.x", "p/x/__init__.py", "p/x.py"),
        ({"p/__init__.py": "", "p/x.py": "", "p/x/y.py": ""}, "p.x", "p/x.py", "p/x/"),
    ],
)
def test_shadowed_twins_are_told_as_python_sees_them(
    make_tree: Tree, files: dict[str, str], module: str, winner: str, loser: str
) -> None:
    root = make_tree(files)
    rows = {row["path"]: row["shadowed_by"] for row in scan(root).modules.to_pylist()}
    assert (rows[winner], rows[loser]) == ("", winner)
    code = f"import importlib.util as u; print(u.find_spec({module!r}).origin)"
    seen = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert seen.strip() == str(root / winner)
    if loser.endswith("/"):
        assert rows["p/x/y.py"] == winner


def test_compiled_modules_have_names_too(make_tree: Tree) -> None:
    files = {"p/__init__.py": "", "p/_c.cpython-311-x86_64-linux-gnu.so": "", "p/fast.pyx": "", "p/slow.py": ""}
    facts = scan(make_tree(files))
    assert {name for name, kind in kinds(facts).items() if kind == "extension"} == {"p._c", "p.fast"}


def test_copies_caches_and_environments_are_left_out_and_counted(make_tree: Tree) -> None:
    root = make_tree({
        "a.py": "", "backup_2024/x.py": "", "backups/y/z.py": "", "backups/w.py": "", "__pycache__/c.py": "",
        "env1/pyvenv.cfg": "", "env1/lib/site.py": "", "backup_service/__init__.py": "", "node_modules/n.py": "",
    })  # fmt: skip
    facts = scan(root)
    assert facts.files.column("path").to_pylist() == ["a.py", "backup_service/__init__.py"]
    assert [(row["path"], row["reason"], row["files"]) for row in facts.left_out.to_pylist()] == [
        ("__pycache__", "cache", 1),
        ("backup_2024", "backup-copy", 1),
        ("backups", "backup-copy", 2),
        ("env1", "virtual-environment", 1),
        ("node_modules", "cache", 1),
    ]


def test_what_git_ignores_is_left_out_and_counted(make_tree: Tree) -> None:
    root = make_tree({".gitignore": "made/\n*_gen.py\n", "a.py": "", "made/b.py": "", "x_gen.py": ""})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    facts = scan(root)
    assert facts.files.column("path").to_pylist() == ["a.py"]
    assert {(row["path"], row["files"]) for row in facts.left_out.to_pylist()} == {("made", 1), ("", 1)}
    everything = scan(root, options=ScanOptions(discovery=DiscoveryOptions(use_gitignore=False)))
    assert everything.files.num_rows == 3


def test_a_folder_that_git_ignores_can_itself_be_the_target(make_tree: Tree) -> None:
    root = make_tree({".gitignore": "tree/\n", "tree/a.py": "", "tree/sub/b.py": ""})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert scan(root / "tree").files.num_rows == 2


def test_the_targets_git_configuration_runs_nothing(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": ""})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    trap = tmp_path / "sprung"
    with (root / ".git" / "config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "touch {trap}; false"\n')
    scan(root)
    assert not trap.exists()


def test_excluded_patterns_are_left_out_and_counted(make_tree: Tree) -> None:
    root = make_tree({"a.py": "", "vendor/b.py": "", "c_pb2.py": ""})
    facts = scan(root, options=ScanOptions(discovery=DiscoveryOptions(exclude=("vendor", "*_pb2.py"))))
    assert facts.files.column("path").to_pylist() == ["a.py"]
    assert sum(facts.left_out.column("files").to_pylist()) == 2


def test_what_cannot_be_read_is_a_row_and_the_rest_goes_on(make_tree: Tree, tmp_path: Path) -> None:
    outside = _write(tmp_path / "secret.py", "password = 1")
    root = make_tree({"good.py": "import os", "bad.py": "def (", "py2.py": "print 'x'"})
    (root / "loop").symlink_to(root)
    (root / "dangling.py").symlink_to(root / "nowhere.py")
    (root / "leak.py").symlink_to(outside)
    (root / "folder.py").mkdir()
    os.mkfifo(root / "pipe.py")
    rows = {row["path"]: (row["status"], row["reason"]) for row in scan(root).files.to_pylist()}
    assert rows["good.py"] == ("ok", "")
    assert rows["bad.py"][0] == rows["py2.py"][0] == "syntax-error"
    assert rows["dangling.py"][0] == "unreadable"
    assert rows["leak.py"] == ("not-a-file", "a link that leaves the target")
    assert rows["pipe.py"][0] == "not-a-file"
    assert "folder.py" not in rows
    assert all(reason for status, reason in rows.values() if status != "ok")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes as a file name")
def test_hostile_names_are_shown_escaped(tmp_path: Path) -> None:
    for name in (b"\xff\xfe.py", b"a\nb.py", b"<script>.py", "héllo.py".encode()):
        (tmp_path / os.fsdecode(name)).write_text("import os")
    facts = scan(tmp_path)
    assert facts.files.column("path").to_pylist() == ["<script>.py", "\\xff\\xfe.py", "a\nb.py", "héllo.py"]
    assert set(facts.files.column("status").to_pylist()) == {"ok"}


def test_two_scans_are_equal_whatever_the_number_of_processes(make_tree: Tree) -> None:
    files = {f"p{n % 7}/m{n}.py": f"import m{n}\nclass C{n}:\n    x = {n}\n" * 40 for n in range(300)}
    files["big.py"] = "x = 1\n" * 300_000
    root = make_tree(files)
    alone, together = scan(root, jobs=1), scan(root, jobs=2)
    assert same(alone, together)
    paths = together.imports.column("path").to_pylist()
    assert paths == sorted(paths)


def test_an_unchanged_tree_is_not_read_again_and_a_changed_file_is(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({f"m{n}.py": f"import a{n}" for n in range(60)})
    for path in root.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    cache = tmp_path / "cache"
    # The change time of a file cannot be set: a young one is read again, but its facts come from the cache.
    first = scan(root, cache=cache)
    assert first.read_count == 60
    assert same(first, scan(root, cache=cache))
    (root / "m3.py").write_text("import changed")
    (root / "m4.py").unlink()
    (root / "new.py").write_text("import fresh")
    third = scan(root, cache=cache)
    assert same(third, scan(root))
    modules = third.imports.column("module").to_pylist()
    assert {"changed", "fresh"} <= set(modules)
    assert "a4" not in modules


def test_a_state_older_than_the_files_change_is_trusted(make_tree: Tree, tmp_path: Path, monkeypatch: Any) -> None:
    root = make_tree({f"m{n}.py": f"import a{n}" for n in range(60)})
    monkeypatch.setattr(state, "_COARSEST_CLOCK_NS", 0)
    first = scan(root, cache=tmp_path / "cache")
    second = scan(root, cache=tmp_path / "cache")
    assert (first.read_count, second.read_count) == (60, 0)
    assert same(first, second)
    (root / "m3.py").write_text("import changed_now")
    third = scan(root, cache=tmp_path / "cache")
    assert third.read_count == 1
    assert same(third, scan(root))


@pytest.mark.parametrize(
    ("modified", "changed", "is_read"),
    [
        (-3_000_000_000, -3_000_000_000, False),
        (-2_000_000_001, -2_000_000_001, False),
        (-2_000_000_000, -3_000_000_000, True),
        (-3_000_000_000, -2_000_000_000, True),
        (-1, -1, True),
        (0, 0, True),
        (1, 1, True),
    ],
)
def test_a_file_that_changed_within_the_clocks_granularity_of_the_last_scan_is_read_again(
    modified: int, changed: int, is_read: bool
) -> None:
    """A change right after the scan may leave the same time: only what was older by a tick of the clock counts."""
    taken = 1_800_000_000_000_000_000
    files = [
        SourceFile("old.py", "old.py", 7, (taken - 10**12, taken - 10**12, 1)),
        SourceFile("young.py", "young.py", 7, (taken + modified, taken + changed, 2)),
    ]
    known = state.ScanState(["old.py", "young.py"], state.stack_stamps(files), taken, {}, [], {})
    assert known.find_changed(files) == ([1] if is_read else [])


@pytest.mark.parametrize("part", ["size", "mtime", "ctime", "inode", "name", "problem"])
def test_a_file_of_another_size_time_inode_or_name_is_read_again(part: str) -> None:
    taken, old = 1_800_000_000_000_000_000, 1_700_000_000_000_000_000
    files = [SourceFile(name, name, 7, (old, old, 1)) for name in ("a.py", "b.py", "c.py")]
    known = state.ScanState([file.path for file in files], state.stack_stamps(files), taken, {}, [], {})
    changes = {
        "size": {"size_bytes": 8}, "mtime": {"stamp": (old + 1, old, 1)}, "ctime": {"stamp": (old, old + 1, 1)},
        "inode": {"stamp": (old, old, 2)}, "name": {"path": "d.py"}, "problem": {"problem": "unreadable"},
    }  # fmt: skip
    now = [files[0], dataclasses.replace(files[1], **changes[part]), files[2]]
    assert known.find_changed(files) == []
    assert known.find_changed(now) == [1]
    assert known.find_changed(files[1:]) == []


@pytest.mark.parametrize("damage", ["state", "facts"])
def test_a_damaged_cache_costs_time_but_not_truth(make_tree: Tree, tmp_path: Path, damage: str) -> None:
    root, cache = make_tree({"a.py": "import b", "c.py": "class D: pass"}), tmp_path / "cache"
    expected = scan(root, cache=cache)
    for path in [p for p in cache.rglob("*") if p.is_file() and (damage == "state") == ("scans" in p.parts)]:
        path.write_bytes(b"damaged")
    assert same(expected, scan(root, cache=cache))


def test_a_cache_that_cannot_be_written_is_done_without(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "import b"})
    blocked = _write(tmp_path / "file")
    assert same(scan(root), scan(root, cache=blocked / "cache"))


def test_a_file_that_kills_the_parser_is_named_and_the_others_are_kept(
    make_tree: Tree, tmp_path: Path, monkeypatch: Any
) -> None:
    """The child process dies for real: its interpreter gets a sitecustomize that ends it on one file."""
    root = make_tree({"a.py": "import x", "killer.py": "import y", "z.py": "import w"})
    hook = tmp_path / "hook"
    _write(hook / "sitecustomize.py", (
        "import os\n_open = os.open\n"
        "def open(path, *rest, **named):\n    if str(path).endswith('killer.py'): os._exit(9)\n"
        "    return _open(path, *rest, **named)\nos.open = open\n"
    ))  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", str(hook))
    tree = WorkingTree(root)
    files = discover(tree, DiscoveryOptions()).files
    parts = _run_apart(Work(tree, tuple(enumerate(files)), None))
    statuses = [status for part in parts for status in unpack(part["files"]).column("status").to_pylist()]
    assert statuses == ["ok", "parser-crash", "ok"]
    imports = [module for part in parts for module in unpack(part["imports"]).column("module").to_pylist()]
    assert imports == ["x", "w"]


def test_progress_ends_with_all_files(make_tree: Tree) -> None:
    seen: list[tuple[str, int, int]] = []
    scan(make_tree({"a.py": "", "b.py": ""}), progress=lambda *step: seen.append(step))
    assert seen[-1] == ("scan", 2, 2)


_PARTS = st.sampled_from(["a", "b", "src", "x", "__init__", "my-x"])
_PATHS = st.lists(_PARTS, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".py")


@settings(max_examples=100)
@given(st.lists(_PATHS, unique=True, min_size=1, max_size=15), st.randoms())
def test_names_do_not_depend_on_the_order_of_the_files(paths: list[str], random: Any) -> None:
    shuffled = list(paths)
    random.shuffle(shuffled)
    expected = name_modules(Layout(Path("/t"), sorted(paths)))
    assert expected == name_modules(Layout(Path("/t"), sorted(shuffled)))
    live = [row[0] for row in expected if not row[6]]
    assert len(live) == len(set(live))
    assert {row[1] for row in expected if row[2] != "namespace"} == set(paths)


def test_the_names_of_a_real_package_are_those_python_finds() -> None:
    spec = importlib.util.find_spec("networkx")
    assert spec is not None and spec.origin is not None
    root = Path(spec.origin).parent
    found = names(scan(root))
    for module in sorted(found)[::25]:
        if found[module].endswith(".py"):
            located = importlib.util.find_spec(module)
            assert located is not None and located.origin == str(root / found[module])


def test_a_stub_is_read_only_where_nothing_else_says_what_a_compiled_module_holds(make_tree: Tree) -> None:
    tree = make_tree({
        "a/__init__.py": "from a.fast import Fast\n", "a/fast.cpython-311-x86_64-linux-gnu.so": b"",
        "a/fast.pyi": "class Fast: ...\n", "a/plain.py": "", "a/plain.pyi": "", "a/both.so": b"", "a/both.py": "",
        "a/both.pyi": "",
    })  # fmt: skip
    facts = scan(tree)
    assert [path for path in facts.files["path"].to_pylist() if path.endswith(".pyi")] == ["a/fast.pyi"]
    assert names(facts)["a.fast"] == "a/fast.so"
    stub = next(row for row in facts.modules.to_pylist() if row["path"] == "a/fast.pyi")
    assert (stub["module"], stub["shadowed_by"]) == ("a.fast", "a/fast.so")


def test_what_lies_in_a_package_that_no_statement_can_name_is_not_shadowed(make_tree: Tree) -> None:
    facts = scan(make_tree({"a/__init__.py": "", "a/is/__init__.py": "", "a/is/formats.py": "X = 1\n"}))
    assert {row["path"]: row["shadowed_by"] for row in facts.modules.to_pylist()}["a/is/formats.py"] == ""

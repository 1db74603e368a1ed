"""A revision whose content is not all there: each file that cannot be had is named, nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from git_trees import commit, find_object, git
from typer.testing import CliRunner

from analysis.cli import app
from analysis.errors import RevisionError
from analysis.gate import CheckOptions, CheckResult, check
from analysis.gate.formats import render

Tree = Callable[..., Path]
MUTABLE = "def f(x=[]):\n    x.append(1)\n"
FILES = {"a.py": MUTABLE, "p/__init__.py": "", "p/b.py": MUTABLE, "p/c.py": "", "é \n.py": "E = 1\n"}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def check_since(root: Path, since: str = "HEAD") -> CheckResult:
    return check(root, CheckOptions(since=since, strict=True, jobs=1))


def list_not_read(result: CheckResult) -> list[str]:
    return [each.path for each in result.not_read]


def test_nothing_is_missing_in_a_whole_repository(make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    result = check_since(root)
    assert (result.passed, result.not_read) == (True, ())
    assert {finding.status for finding in result.findings} == {"known"}


def test_a_missing_file_is_named_and_counts_as_new_and_the_others_are_compared(make_tree: Tree) -> None:
    root = make_tree({**FILES, "p/b.py": MUTABLE + "B = 1\n"})
    commit(root)
    find_object(root, "HEAD:p/b.py").unlink()
    result = check_since(root)
    assert [(each.path, each.reason) for each in result.not_read] == [
        ("p/b.py", "its content is missing in the repository")
    ]
    assert {finding.evidence[0].path: finding.status for finding in result.findings} == {
        "a.py": "known", "p/b.py": "new"
    }  # fmt: skip
    assert not result.passed
    for form in ("markdown", "json", "sarif"):
        assert "p/b.py" in render(result, form)
    for form in ("markdown", "sarif"):
        assert "git diff" in render(result, form)


def test_the_command_line_says_in_one_line_what_is_missing(make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    find_object(root, "HEAD:a.py").unlink()
    done = CliRunner().invoke(app, ["check", str(root), "--since", "HEAD", "--strict", "--jobs", "1"])
    assert done.exit_code == 1
    lines = [line for line in done.output.splitlines() if "could not be read" in line]
    assert len(lines) == 1 and "(a.py: its content is missing in the repository" in lines[0]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"x\x9c\x4b\xca\xc9\x4f\x52", b"x\x9cK\xca\xc9OR0\x04\x00"])
def test_damaged_files_are_named_like_missing_ones(damage: bytes, make_tree: Tree) -> None:
    root = make_tree({**FILES, "p/b.py": MUTABLE + "B = 1\n"})
    commit(root)
    for name in ("a.py", "p/b.py"):
        place = find_object(root, f"HEAD:{name}")
        place.chmod(0o644)
        place.write_bytes(damage)
    assert list_not_read(check_since(root)) == ["a.py", "p/b.py"]


def test_all_files_missing_is_said_of_all(make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    for name in FILES:
        find_object(root, f"HEAD:{name}").unlink(missing_ok=True)
    result = check_since(root)
    assert list_not_read(result) == sorted(["a.py", "p/__init__.py", "p/b.py", "p/c.py", "é \n.py"])
    assert result.gone == ()


@pytest.mark.parametrize("name", ["HEAD^{tree}", "HEAD:p"])
def test_missing_folders_are_a_wrong_revision_in_one_line(name: str, make_tree: Tree) -> None:
    root = make_tree(FILES)
    commit(root)
    find_object(root, name).unlink()
    with pytest.raises(RevisionError, match=r"not all in the repository.*Nothing is fetched") as caught:
        check_since(root)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_a_partial_clone_is_not_filled_by_a_check_and_is_by_what_the_check_names(
    make_tree: Tree, tmp_path: Path
) -> None:
    origin = make_tree(FILES)
    commit(origin)
    (origin / "p/b.py").write_text("B = 2\n")
    commit(origin)
    git(origin, "config", "uploadpack.allowFilter", "true")
    root = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{origin}", str(root))
    packs = sorted((root / ".git/objects/pack").iterdir())
    assert list_not_read(check_since(root)) == []
    (root / "p/b.py").write_text(MUTABLE)
    assert list_not_read(check_since(root, "HEAD~1")) == []  # the older content is that of another file
    git(origin, "checkout", "-q", "HEAD~1")
    (origin / "p/b.py").write_text("OLD = 1\n")
    commit(origin)
    git(origin, "checkout", "-q", "-B", "main")
    git(origin, "rm", "-q", "p/b.py")
    commit(origin)
    git(root, "fetch", "-q", "origin")
    git(root, "checkout", "-q", "-f", "-B", "side", "origin/main")
    packs = sorted((root / ".git/objects/pack").iterdir())
    assert list_not_read(check_since(root, "HEAD~1")) == ["p/b.py"]
    assert sorted((root / ".git/objects/pack").iterdir()) == packs
    git(root, "diff", "--stat", "HEAD~1")
    assert list_not_read(check_since(root, "HEAD~1")) == []


def write_tree(root: Path, *entries: tuple[str, bytes, str]) -> str:
    """Write a tree as nobody's git would, and commit it."""
    data = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(blob) for mode, name, blob in entries)
    tree = git(root, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=data).decode().strip()
    made = git(root, "commit-tree", "-p", "HEAD", "-m", "x", tree).decode().strip()
    git(root, "reset", "-q", "--soft", made)
    return made


def test_names_in_a_commit_write_nothing_outside_and_end_nothing(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"a.py": "A = 1\n"})
    commit(root)
    outside = tmp_path / "outside"
    outside.mkdir()
    blob = git(root, "rev-parse", "HEAD:a.py").decode().strip()
    there = git(root, "hash-object", "-w", "--stdin", stdin=bytes(outside)).decode().strip()
    with_nul = git(root, "hash-object", "-w", "--stdin", stdin=b"a\0b").decode().strip()
    empty = git(root, "hash-object", "-w", "--stdin", stdin=b"").decode().strip()
    tree = git(root, "rev-parse", "HEAD^{tree}").decode().strip()
    made = write_tree(
        root, ("100644", b"good.py", blob), ("100644", bytes(outside / "evil.py"), blob),
        ("100644", b"../evil.py", blob), ("100644", b"x/../../../evil.py", blob), ("100644", b"twice.py", blob),
        ("100644", b"twice.py", blob), ("120000", b"twice.py", there), ("120000", b"link.py", there),
        ("120000", b"link.py/evil.py", there), ("100644", b"n" * 300 + b".py", blob), ("120000", b"nul.py", with_nul),
        ("120000", b"empty.py", empty), ("40000", b"folder.py", tree), ("100644", b"folder.py", blob),
        ("100644", b".git/evil.py", blob), ("160000", b"../outside", blob), ("160000", str(outside).encode(), blob),
    )  # fmt: skip
    (outside / "secret.py").write_text(MUTABLE)
    result = check_since(root, made)
    assert list_not_read(result) == sorted([
        str(outside / "evil.py"), "../evil.py", "x/../../../evil.py", "twice.py", "twice.py", "link.py/evil.py",
        "nul.py", "empty.py", "folder.py", ".git/evil.py", "../outside", str(outside),
    ])  # fmt: skip
    assert [path.name for path in outside.iterdir()] == ["secret.py"]
    assert not list(tmp_path.rglob("evil*"))
    assert [each.subject for each in result.gone] == ["empty.py", "link.py", "nul.py"]  # links to nothing and out of it


def test_a_submodule_that_is_a_link_now_is_not_followed(make_tree: Tree, tmp_path: Path) -> None:
    root, outside = make_tree({"a.py": "A = 1\n"}), make_tree({"secret.py": MUTABLE})
    commit(root)
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(root, "commit", "-qm", "x")
    (root / "sub").symlink_to(outside)
    result = check_since(root)
    assert result.gone == ()
    assert "secret" not in result.model_dump_json()


def test_a_file_that_unfolds_to_gigabytes_is_named_and_not_read(make_tree: Tree) -> None:
    root = make_tree({"a.py": "A = 1\n", "big.py": b"#" * (33 << 20)})
    commit(root)
    result = check_since(root)
    assert [(each.path, each.reason) for each in result.not_read] == [
        ("big.py", "34,603,008 bytes, the limit is 32,000,000")
    ]


def test_text_of_a_commit_is_harmless_where_it_is_shown(make_tree: Tree) -> None:
    root = make_tree({"a.py": "A = 1\n", "[bold]x\x1b[31m|`<b>.py": "X = 1\n"})
    commit(root)
    find_object(root, "HEAD:[bold]x\x1b[31m|`<b>.py").unlink()
    (root / "[bold]x\x1b[31m|`<b>.py").write_text(MUTABLE)
    result = check_since(root)
    assert "\x1b" not in render(result, "markdown")
    assert "<b>" not in render(result, "markdown")
    done = CliRunner().invoke(app, ["check", str(root), "--since", "HEAD", "--jobs", "1"])
    assert "\x1b" not in done.output
    assert "[bold]x" in done.output

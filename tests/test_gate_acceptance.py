"""Accepting one finding: the policy gets one exception, and is otherwise what it was."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import AnalysisError, PolicyError, UnknownNameError
from analysis.gate import Acceptance, accept_finding, check
from analysis.investigation import Investigation

Tree = Callable[..., Path]
TODAY = dt.date(2026, 5, 4)
SHOP = {
    "shop/__init__.py": "",
    "shop/api.py": "from shop.gone import x\n",
    "shop/web.py": "from shop.absent import y\n",
}
POLICY = '# ours\n[target]\nname = "shop"   # short\n\n[compliance]\nthreshold = 10'


def accept(inv: Investigation, fingerprint: str, **options: str) -> Acceptance:
    asked = {"reason": "frozen until 3.0", "until": "2026-12-31", **options}
    place = Path(inv.manifest.root) / "ssot.toml"
    return accept_finding(inv.table("findings"), inv.table("accepted"), place, fingerprint, today=TODAY, **asked)


def find(inv: Investigation, subject: str) -> str:
    return next(row["fingerprint"] for row in inv.table("findings").to_pylist() if subject in row["message"])


@pytest.mark.parametrize(
    "before", ["", POLICY, POLICY + "\n", POLICY.replace("\n", "\r\n") + "\r\n", "\ufeff" + POLICY]
)
def test_the_finding_is_accepted_and_all_else_stays(make_tree: Tree, tmp_path: Path, before: str) -> None:
    root = make_tree({**SHOP, "ssot.toml": before} if before else SHOP)
    inv = analysis.investigate(root, data=tmp_path / "data")
    wanted = find(inv, "shop.gone")
    accept(inv, wanted).write()
    text = (root / "ssot.toml").read_bytes().decode()
    assert text.startswith(before)
    assert ("\r\n" in text) == ("\r\n" in before)
    assert "\n" not in text.replace("\r\n", "") or "\r\n" not in before
    again = analysis.investigate(root, data=tmp_path / "data")
    (row,) = again.table("accepted").to_pylist()
    assert (row["fingerprint"], row["by"], row["until"]) == (wanted, "policy", "2026-12-31")
    assert row["reason"] == "frozen until 3.0"
    left = {each["fingerprint"] for each in inv.table("findings").to_pylist()} - {wanted}
    assert {each["fingerprint"] for each in again.table("findings").to_pylist()} == left


def test_two_findings_of_one_rule_are_accepted_one_by_one(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    for subject in ("shop.gone", "shop.absent"):
        inv = analysis.investigate(root, data=tmp_path / "data")
        accept(inv, find(inv, subject)[:8]).write()
    last = analysis.investigate(root, data=tmp_path / "data")
    assert last.table("accepted").num_rows == 2
    assert not last.table("findings").num_rows
    (root / "shop/gone.py").write_text("x = 1\n")
    (root / "shop/absent.py").write_text("y = 1\n")
    unused = analysis.investigate(root, data=tmp_path / "data").table("findings").to_pylist()
    assert [row["rule"] for row in unused] == ["exception-unused"] * 2
    assert len({row["fingerprint"] for row in unused}) == 2


def test_what_cannot_be_accepted_is_refused_with_what_to_do(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    inv = analysis.investigate(root, data=tmp_path / "data")
    wanted = find(inv, "shop.gone")
    refused: list[tuple[type[AnalysisError], str, dict[str, str], str]] = [
        (UnknownNameError, "ffffffffffffffff", {}, "no finding has the fingerprint"),
        (UnknownNameError, "shop.api", {}, "is no fingerprint"),
        (UnknownNameError, wanted[:3], {}, "at least 6 digits"),
        (PolicyError, wanted, {"until": "2026-05-03"}, "is past"),
        (PolicyError, wanted, {"until": "soon"}, "is no date"),
        (PolicyError, wanted, {"until": "20261231"}, "is no date"),
        (PolicyError, wanted, {"reason": " … "}, "needs a reason"),
    ]
    for kind, fingerprint, options, message in refused:
        with pytest.raises(kind, match=message):
            accept(inv, fingerprint, **options)
    assert not (root / "ssot.toml").exists()
    accept(inv, wanted).write()
    with pytest.raises(UnknownNameError, match="is accepted already, by a policy: frozen until 3"):
        accept(analysis.investigate(root, data=tmp_path / "data"), wanted)


@pytest.mark.parametrize("wrong", ["ignore = []\n", "[ignore]\n", "not toml at all\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_added_to_is_left_alone(make_tree: Tree, tmp_path: Path, wrong: str | bytes) -> None:
    root = make_tree(SHOP)
    inv = analysis.investigate(root, data=tmp_path / "data")
    (root / "ssot.toml").write_bytes(wrong if isinstance(wrong, bytes) else wrong.encode())
    before = (root / "ssot.toml").read_bytes()
    with pytest.raises(PolicyError):
        accept(inv, find(inv, "shop.gone"))
    assert (root / "ssot.toml").read_bytes() == before


def test_a_link_is_not_written_through(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)
    inv = analysis.investigate(root, data=tmp_path / "data")
    outside = tmp_path / "outside.toml"
    outside.write_text(POLICY)
    (root / "ssot.toml").symlink_to(outside)
    with pytest.raises(PolicyError, match="is a link"):
        accept(inv, find(inv, "shop.gone"))


def test_a_hostile_message_and_reason_stay_in_their_line(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"shop/__init__.py": "", 'shop/a"\n[target]\n#.py': "import shop.gone\n"})
    inv = analysis.investigate(root, data=tmp_path / "data")
    for row in inv.table("findings").to_pylist():
        found = accept(inv, row["fingerprint"], reason='ends"\n[target]\nname = "evil" \x1b[31m')
        assert len(found.after.splitlines()) == 6
        assert "\x1b" not in found.show_difference()


def test_the_command_shows_the_change_and_the_gate_then_passes(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree({"shop/__init__.py": "", "shop/api.py": "from shop.gone import x\n"})
    inv = analysis.investigate(root, data=tmp_path / "data")
    wanted = find(inv, "shop.gone")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        asked = ["accept", wanted[:10], "--in", str(root), "--because", "frozen", "--until", "2099-12-31", *arguments]
        return subprocess.run(
            [sys.executable, "-m", "analysis.cli", *asked], capture_output=True, text=True, check=False,
            env={**os.environ, "SSOT_DATA": str(tmp_path / "data")}, cwd=Path(__file__).parent.parent,
        )  # fmt: skip

    dry = run("--dry-run")
    assert f'+fingerprint = "{wanted}"' in dry.stdout
    assert not (root / "ssot.toml").exists()
    done = run("--json")
    assert json.loads(done.stdout)["written"] is True
    assert json.loads(done.stdout)["difference"] in dry.stdout
    assert [row.fingerprint for row in check(root).accepted] == [wanted]
    again = run()
    assert again.returncode == 2
    assert "is accepted already" in again.stderr

"""Some of the findings: by rule, module and severity."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import analysis
from analysis.errors import UnknownNameError

Tree = Callable[..., Path]
SHOP = {
    "shop/__init__.py": "",
    "shop/api.py": "from shop.gone import x\n",
    "shop/parts/__init__.py": "",
    "shop/parts/a.py": "from shop.parts.b import B\nclass A: ...\n",
    "shop/parts/b.py": "from shop.parts.a import A\nclass B: ...\n",
    "shop/parts2.py": "from shop.absent import y\n",
}


def test_filters_let_through_what_fits_all_of_them(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(SHOP), data=tmp_path)
    everything = inv.findings()
    assert len(everything) == inv.table("findings").num_rows
    assert set(inv.findings(rule="phantom-import")["rule"]) == {"phantom-import"}
    assert set(inv.findings(rule=["*-cycle", "import-cycle"])["rule"]) == {"import-cycle"}
    some = inv.findings(severity=["P0", "P1"])
    assert 0 < len(some) == sum(everything["severity"].isin(["P0", "P1"]))
    about = inv.findings(module="shop.parts")
    assert 0 < len(about) < len(everything)
    assert not any("shop/parts2.py" in str(each) for each in about["evidence"])
    assert inv.findings(module="shop.api", rule="import-cycle").empty


def test_what_there_is_not_is_named_with_the_nearest(make_tree: Tree, tmp_path: Path) -> None:
    inv = analysis.investigate(make_tree(SHOP), data=tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean phantom-import"):
        inv.findings(rule="phantom-imports")
    with pytest.raises(UnknownNameError, match=r"Did you mean shop\.parts"):
        inv.findings(module="shop.partz")
    with pytest.raises(UnknownNameError, match="There are: P0, P1, P2, P3"):
        inv.findings(severity="high")
    assert inv.findings(rule="singleton").empty  # a rule that there is, without a finding


def test_the_command_lists_one_finding_per_line(make_tree: Tree, tmp_path: Path) -> None:
    root = make_tree(SHOP)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "analysis.cli", "findings", "--in", str(root), *arguments]
        environment = {"SSOT_DATA": str(tmp_path / "data"), "PATH": "/usr/bin:/bin"}
        here = Path(__file__).parent.parent
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=here, check=False)

    done = run("--rule", "phantom-import")
    first, second, last = done.stdout.splitlines()
    assert first.startswith("P1 phantom-import shop/parts2.py:1 ")
    assert second.startswith("P1 phantom-import shop/api.py:1 ")
    assert last == "2 findings: 2 P1"
    assert done.stderr == ""  # no lines of progress in a log
    rows = json.loads(run("--rule", "phantom-import", "--json").stdout)
    assert [row["fingerprint"] for row in rows] == [first.split()[3], second.split()[3]]
    wrong = run("--rule", "phantom-imports")
    assert (wrong.returncode, wrong.stdout) == (2, "")

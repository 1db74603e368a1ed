"""The command in a notebook, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from analysis.report.magic import run_command


def test_the_extension_adds_the_magic() -> None:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "analysis")
    assert "ssot" in shell.magics_manager.magics["line"]


def test_it_prints_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    run_command("--version")
    assert capsys.readouterr().out.startswith("ssot ")


@pytest.mark.parametrize(("line", "message"), [
    ("scan 'nowhere at all'", "no such folder"), ("bogus", "No such command"), ("scan 'open", "quotation"),
])  # fmt: skip
def test_what_is_wrong_is_one_line(line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_command(line)
    shown = capsys.readouterr()
    assert message in shown.err and shown.err.count("\n") == 1
    assert shown.out == ""

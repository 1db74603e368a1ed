"""Arguments, policies and baselines of odd sizes and kinds end with exit code 2 and one line, before anything runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis import investigate
from analysis.cli import main
from analysis.errors import BaselineError, PolicyError
from analysis.gate import CheckOptions, check
from analysis.history import read_baseline
from analysis.policy import parse_policy, read_policy

Tree = Callable[..., Path]
HUGE = "9" * 30


@pytest.mark.parametrize(
    "words",
    [
        f"golden-path . --runs {HUGE} -- true",
        "golden-path . --runs 1000001 -- true",
        f"golden-path . --seed {HUGE} --runs 1 -- true",
        f"golden-path . --levers {HUGE} -- true",
        f"golden-path . --repeat-seeds {HUGE} -- true",
        "check . --simulation-budget inf",
        "check . --simulation-budget 1e400",
        "check . --simulation-budget nan",
        "scan . --simulation-budget inf",
        "report . --simulation-budget inf",
        "baseline write . --simulation-budget inf",
    ],
)
def test_numbers_beyond_all_measure_are_wrong_usage(
    words: str,
    make_tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(make_tree({"a.py": "x = 1\n"}))
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("sys.argv", ["ssot", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert (ended.value.code, told.count("\n"), "Traceback" in told) == (2, 1, False), told
    assert not (tmp_path / "data/golden").exists()


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0o" + "7" * 30, "0b" + "1" * 64, HUGE, "-" + HUGE])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[[concept]]\nname = "c"\nmatch = ["A*"]\nmax_classes = ', "\n"),
        ("[golden_path]\nruns = ", "\n"),
        ("[compliance.weights]\nphantom-import = ", "\n"),
        ('[[claim]]\nmetric = "files"\nvalue = ', "\n"),
        ("[business]\nnotes = { P0 = [1, ", "] }\n"),
    ],
)
def test_a_number_that_no_table_holds_is_reported_with_its_place(number: str, before: str, after: str) -> None:
    line = before.count("\n") + 1
    with pytest.raises(PolicyError, match=rf"ssot\.toml:{line}:\d+: a number has more than 63 bits") as told:
        parse_policy(before + number + after)
    assert len(str(told.value)) < 200


def test_as_many_runs_as_a_machine_makes_may_be_asked_for() -> None:
    assert parse_policy("[golden_path]\nruns = 1_000_000\n").golden_path.runs == 1_000_000
    with pytest.raises(PolicyError, match="less than or equal to 1000000"):
        parse_policy("[golden_path]\nruns = 1_000_001\n")


def make_odd(place: Path, kind: str) -> None:
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to({"device": "/dev/zero", "nowhere": "gone", "loop": place.name}[kind])


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "nowhere", "loop"])
def test_a_policy_or_baseline_that_is_no_file_is_not_silently_left_out(
    kind: str, make_tree: Tree, tmp_path: Path
) -> None:
    root = make_tree({"a.py": "x = 1\n"})
    make_odd(root / "ssot.toml", kind)
    for judge in (check, investigate):
        with pytest.raises(PolicyError, match=r"ssot\.toml: it is (no regular file|a directory)"):
            judge(root)
    if kind == "folder":
        (root / "ssot.toml").rmdir()
    else:
        (root / "ssot.toml").unlink()
    make_odd(root / "ssot-baseline.json", kind)
    with pytest.raises(BaselineError, match=r"is not a regular file.*--no-baseline"):
        check(root, CheckOptions(data=tmp_path))
    assert check(root, CheckOptions(data=tmp_path, use_baseline=False)).passed


def test_files_of_endless_size_are_not_read(tmp_path: Path) -> None:
    for name, size in (("ssot.toml", 3_000_000_000), ("ssot-baseline.json", 3_000_000_000)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    with pytest.raises(PolicyError, match="larger than"):
        read_policy(None, target=tmp_path)
    with pytest.raises(BaselineError, match="larger than"):
        read_baseline(tmp_path / "ssot-baseline.json")


def test_a_baseline_of_another_kind_is_named_as_such(tmp_path: Path) -> None:
    place = tmp_path / "ssot-baseline.json"
    for document, told in (
        (True, "not a JSON object"),
        ([1], "not a JSON object"),
        ({"format": True}, "the format True"),
    ):
        place.write_text(json.dumps(document))
        with pytest.raises(BaselineError, match=told):
            read_baseline(place)
    place.write_text(json.dumps({"format": 1, "findings": []}), "utf-8-sig")
    assert read_baseline(place).findings == ()

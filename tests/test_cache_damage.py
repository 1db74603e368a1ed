"""Damage to anything that is kept: the result is the same, or there is one line that says what to do; nothing dies."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from analysis.golden.command import GoldenRequest, run_request
from analysis.pipeline import investigate

RING = {f"app/m{number}.py": f"import app.m{(number + 1) % 14}\nfrom app.base import Base\n" for number in range(14)}
FILES = {
    "app/__init__.py": "from app.base import Base\n",
    "app/base.py": "class Base:\n    def run(self): ...\n",
    "app/other.py": "from app.base import Missing\nclass Base: ...\n",
    "app/m0.py": "import app.m1, app.m5\nCACHE = {}\ndef put(x):\n    CACHE[x] = 1\n",
    "results.xml": '<testsuite><testcase classname="t" name="a" time="1"/></testsuite>',
}
#: Each act in a process of its own, so that a signal is seen: what a scan finds, and what a snapshot says.
TELL = """
import hashlib, json, os, sys, traceback
from pathlib import Path
import analysis.golden.records, analysis.investigation, analysis.pipeline, pyarrow.parquet
from analysis import investigate, open_snapshot, tables
from analysis.errors import AnalysisError

def tell(tree, data, act):
    try:
        inv = investigate(tree, data=data, jobs=1) if act == "scan" else open_snapshot(tree, data=data)
        found = {name: str(inv.table(name).to_pydict()) for name in sorted(tables.TABLES)}
        found["policy"] = str(inv.policy)
        found["golden"] = str(inv.manifest.golden)
        return hashlib.sha256(str(found).encode()).hexdigest()
    except AnalysisError as error:
        return f"ERROR {error}"
    except BaseException:
        return f"CRASH {traceback.format_exc()}"

for line in sys.stdin:
    tree, data, act = json.loads(line)
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, tell(Path(tree), Path(data), act).encode())
        os._exit(0)
    os.close(write)
    told = open(read, "rb").read().decode()
    status = os.waitpid(child, 0)[1]
    print(json.dumps(told if not status else f"DIED {status}"), flush=True)
"""


def format_all(acts: Sequence[tuple[Path, Path, str]]) -> list[str]:
    """Do each act on a tree and a folder of data: a hash of all tables, or the line of the error."""
    lines = "".join(json.dumps([str(tree), str(data), act]) + "\n" for tree, data, act in acts)
    command = [sys.executable, "-c", TELL]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def tell(tree: Path, data: Path, act: str) -> str:
    return format_all([(tree, data, act)])[0]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tree that does not change any more, and all that is kept of it."""
    folder = tmp_path_factory.mktemp("damage")
    tree, data = folder / "app_tree", folder / "data"
    for name, source in {**RING, **FILES}.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(source)
        os.utime(tree / name, (1, 1))
    run_request(GoldenRequest(str(tree), junit=("results.xml",)), data=data)
    investigate(tree, data=data, jobs=1)
    return tree, data


def harm(path: Path, chance: random.Random) -> str:
    content = path.read_bytes()
    if not content or chance.random() < 0.4:
        length = chance.randrange(len(content) or 1)
        path.write_bytes(content[:length])
        return f"{path.name} cut to {length}"
    at = chance.randrange(8 * len(content))
    path.write_bytes(content[: at // 8] + bytes([content[at // 8] ^ 1 << at % 8]) + content[at // 8 + 1 :])
    return f"bit {at} of {path.name}"


def list_kept(data: Path) -> list[Path]:
    return sorted(path for path in data.rglob("*") if path.is_file())


def test_all_kinds_of_files_are_kept(kept: tuple[Path, Path]) -> None:
    found = {path.relative_to(kept[1]).parts[: 2 if "cache" in path.parts else 1] for path in list_kept(kept[1])}
    kinds = {("cache", kind) for kind in ("facts", "scans", "cuts", "names", "first-imports")}
    assert found == {*kinds, ("snapshots",), ("golden",), ("unchanged",)}


def test_forty_damages_are_never_silent_and_kill_nothing(kept: tuple[Path, Path], tmp_path: Path) -> None:
    """Two rounds of twenty, each file of the cache and some of the others; each damage is there alone for its kind.

    A scan reads the cache and the measurement; opening reads the snapshot.
    """
    tree, data = kept
    right = tell(tree, data, "open")
    chance = random.Random(909)
    cached = list_kept(data / "cache")
    others = [*list_kept(data / "snapshots"), *list_kept(data / "golden")]
    chosen = [*cached * 2, *(chance.choice(others) for _ in range(40 - 2 * len(cached)))]
    assert len(chosen) == 40
    acts, harmed = [], []
    for number, file in enumerate(chosen):
        place = tmp_path / str(number)
        shutil.copytree(data, place)
        harmed.append(harm(place / file.relative_to(data), chance))
        acts.append((tree, place, "open" if "snapshots" in file.parts else "scan"))
    seen = list(zip(format_all(acts), harmed, chosen, strict=True))
    assert [each for each in seen if each[0] != right and not each[0].startswith("ERROR")] == []
    errors = [(told, file) for told, _, file in seen if told != right]
    assert [file for _, file in errors if "cache" in file.parts] == []
    assert [told for told, _ in errors if "damaged" not in told or "Remove that folder" not in told] == []
    assert len(errors) > 5


def test_everything_in_the_cache_damaged_at_once_gives_the_same(kept: tuple[Path, Path], tmp_path: Path) -> None:
    tree, data = kept
    chance, places = random.Random(3), [tmp_path / str(number) for number in range(4)]
    for place in places:
        shutil.copytree(data, place)
        for path in list_kept(place / "cache"):
            harm(path, chance)
    right = tell(tree, data, "open")
    assert format_all([(tree, place, "scan") for place in places * 2]) == [right] * 8


def test_a_damaged_newest_snapshot_is_not_answered_for_by_an_older_one(
    make_tree: Callable[..., Path], tmp_path: Path
) -> None:
    tree = make_tree({"a.py": "import os\n"}, "shop")
    for _ in range(2):
        investigate(tree, data=tmp_path / "data", jobs=1)
    older, newest = sorted((tmp_path / "data/snapshots").glob("*/*"))
    manifest = newest / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "revision": "other"}))
    assert tell(tree, tmp_path / "data", "open").startswith(f"ERROR {newest} is damaged: manifest.json is not what was")
    shutil.rmtree(newest)
    assert not tell(tree, tmp_path / "data", "open").startswith("ERROR")
    (older / "SHA256SUMS").unlink()  # as version 0.1.0 wrote it
    assert not tell(tree, tmp_path / "data", "open").startswith("ERROR")


SCAN = """
import hashlib, sys
from pathlib import Path
from analysis.facts import scan
from analysis.names import build_identity
from analysis.policy import Policy
for _ in range(4):
    facts = scan(Path(sys.argv[1]), cache=Path(sys.argv[2]), jobs=1)
    paths = build_identity(facts, Policy(), cache=Path(sys.argv[2])).paths
    print(hashlib.sha256(str((facts.imports.to_pydict(), paths.to_pydict())).encode()).hexdigest())
"""


def test_eight_processes_scan_while_the_cache_is_emptied_and_harmed(
    make_tree: Callable[..., Path], tmp_path: Path
) -> None:  # fmt: skip
    tree, cache = make_tree({**RING, **FILES}), tmp_path / "cache"
    command = [sys.executable, "-c", SCAN, str(tree), str(cache)]
    right = subprocess.run([*command[:-1], str(tmp_path / "own")], capture_output=True, text=True, check=True).stdout
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    chance, harmed = random.Random(8), 0
    while any(each.poll() is None for each in running):
        for path in list_kept(cache):
            try:
                if chance.random() < 0.3:
                    path.unlink()
                elif chance.random() < 0.3:
                    with path.open("r+b") as file:  # under those who read it
                        file.truncate(chance.randrange(path.stat().st_size or 1))
            except FileNotFoundError:
                continue
            harmed += 1
    told = [(each.returncode, *each.communicate()) for each in running]
    assert told == [(0, right, "")] * 8
    assert len(set(right.split())) == 1
    assert harmed > 0

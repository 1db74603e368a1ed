"""Packs, entries and collections: whole or not at all, every bit checked, within the limit."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.cache import Collection, read_entry, read_lines, remember_text, seal_line, write_entry
from analysis.cache.limit import VARIABLE, make_room
from analysis.cache.packs import read_pack, write_pack
from analysis.errors import AnalysisError
from analysis.facts.attribute_places import find_uses

VALUES = {"a": b"one" * 100, "b": b"", "longer": bytes(range(256)) * 40}
NAMES = st.text("abc-_.0", min_size=1, max_size=64)


def keep(cache: Path, key: str, values: dict[str, bytes]) -> Path:
    write_entry(cache, "scans", key, values.items())
    return cache / "scans" / f"{key}.pack"


def test_nothing_is_kept_without_a_folder() -> None:
    write_entry(None, "scans", "key", VALUES.items())
    assert read_entry(None, "scans", "key") is None
    with Collection(None, "facts", "1") as kept:
        kept.write(VALUES)
        assert kept.read("a") is None


@settings(max_examples=50)
@given(st.dictionaries(NAMES, st.binary(max_size=300)), st.booleans())
def test_values_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, bytes], squeeze: bool
) -> None:
    place = tmp_path_factory.mktemp("packs") / "one.pack"
    assert write_pack(place, "label", values.items(), squeeze=squeeze)
    assert {name: bytes(value) for name, value in (read_pack(place, "label") or {}).items()} == values
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize("squeeze", [False, True])
def test_no_single_bit_and_no_cut_goes_unseen(tmp_path: Path, squeeze: bool) -> None:
    """Every fifth bit: each byte, in turn at another place."""
    place, values = tmp_path / "one.pack", {"a": b"one" * 9, "b": bytes(90)}
    write_pack(place, "label", values.items(), squeeze=squeeze)
    whole = place.read_bytes()
    unseen = [at // 8 for at in range(0, 8 * len(whole), 5) if flip(place, whole, at) and read_pack(place, "label")]
    # What is not looked at: the first word, and the gaps between values.
    assert [at for at in unseen if at >= 8 and whole[at]] == []
    for at in unseen:
        flip(place, whole, 8 * at)
        assert {name: bytes(value) for name, value in (read_pack(place, "label") or {}).items()} == values
    for length in range(len(whole)):
        place.write_bytes(whole[:length])
        assert read_pack(place, "label") is None
    place.write_bytes(whole + b"\0")
    assert read_pack(place, "label") is None


def flip(place: Path, whole: bytes, at: int) -> bool:
    harmed = bytearray(whole)
    harmed[at // 8] ^= 1 << at % 8
    place.write_bytes(harmed)
    return True


def test_a_file_does_not_answer_for_another_key(tmp_path: Path) -> None:
    first, second = keep(tmp_path, "first", VALUES), keep(tmp_path, "second", {"a": b"two"})
    second.write_bytes(first.read_bytes())
    assert read_entry(tmp_path, "scans", "second") is None
    assert read_entry(tmp_path, "scans", "first") is not None


@pytest.mark.parametrize("harm", ["flip", "cut", "gone", "a folder", "unreadable", "nonsense"])
def test_a_harmed_collection_has_misses_and_goes_on(tmp_path: Path, harm: str) -> None:
    with Collection(tmp_path, "facts", "1") as kept:
        kept.write(VALUES)
        kept.write({"c": b"three"})
    for place in (tmp_path / "facts/1").iterdir():
        content = place.read_bytes()
        if harm in {"gone", "a folder"}:
            place.unlink()
        if harm == "a folder":
            place.mkdir()
        if harm == "flip":
            place.write_bytes(content[:9] + bytes([content[9] ^ 4]) + content[10:])
        if harm == "cut":
            place.write_bytes(content[:-1])
        if harm == "nonsense":
            place.write_bytes(b"\xff" * 500)
        if harm == "unreadable":
            place.chmod(0)
    with Collection(tmp_path, "facts", "1") as kept:
        for name, value in {**VALUES, "c": b"three"}.items():
            assert kept.read(name) in {None, value}
        kept.write({"d": b"four"})
    with Collection(tmp_path, "facts", "1") as kept:
        assert kept.read("d") == b"four"


def test_programs_do_not_read_what_another_kept(tmp_path: Path) -> None:
    for program in ("1", "2"):
        with Collection(tmp_path, "facts", program) as kept:
            assert kept.read("a") is None
            kept.write({"a": program.encode()})
    with Collection(tmp_path, "facts", "1") as kept:
        assert kept.read("a") == b"1"


def test_many_small_packs_are_merged_and_nothing_is_lost(tmp_path: Path) -> None:
    for number in range(100):
        with Collection(tmp_path, "facts", "1") as kept:
            kept.write({f"k{number}": str(number).encode()})
    assert len(list((tmp_path / "facts/1").iterdir())) <= 17
    with Collection(tmp_path, "facts", "1") as kept:
        assert [kept.read(f"k{number}") for number in range(100)] == [str(number).encode() for number in range(100)]


def test_what_was_not_used_for_the_longest_time_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv(VARIABLE, "2")
    long_ago = time.time() - 5000
    for number in range(4):
        place = keep(tmp_path, f"k{number}", {"a": random.Random(number).randbytes(400_000)})
        os.utime(place, (long_ago + number, long_ago + number))
    assert read_entry(tmp_path, "scans", "k0") is not None  # used now
    with Collection(tmp_path, "facts", "1") as kept:
        kept.write({"a": random.Random(9).randbytes(700_000)})
    left = {path.name for path in tmp_path.rglob("*.pack")}
    assert "k0.pack" in left
    assert not {"k1.pack", "k2.pack"} & left
    assert len(left) >= 3
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 2_000_000


def test_nothing_is_kept_with_a_limit_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0")
    keep(tmp_path, "key", VALUES)
    with Collection(tmp_path, "facts", "1") as kept:
        kept.write(VALUES)
        assert kept.read("a") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["much", "-1", "1.5", "2GB", "٣", "9" * 20])
def test_a_limit_that_is_no_number_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(AnalysisError, match=r"SSOT_CACHE_MB=.* is not a number of megabytes"):
        keep(tmp_path, "key", VALUES)


def test_leftovers_of_killed_processes_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    keep(tmp_path, "key", VALUES)
    old, young = tmp_path / "scans/.writing-1-a", tmp_path / "scans/.writing-2-b"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    make_room(tmp_path)
    assert not old.exists()
    assert young.exists()


def test_what_version_0_1_0_kept_goes_only_when_room_is_needed_and_nobody_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, used = tmp_path / "facts-16-py311.sqlite", tmp_path / "cuts-1.sqlite"
    folder = tmp_path / "simulations/abc"
    folder.mkdir(parents=True)
    for path in (old, used):
        path.write_bytes(b"x")
    for path in (old, folder):
        os.utime(path, (1, 1))
    keep(tmp_path, "key", {"a": bytes(2_000_000)})
    assert old.exists()
    monkeypatch.setenv(VARIABLE, "1")
    make_room(tmp_path)
    assert not old.exists()
    assert not folder.exists()
    assert used.exists()


WITHOUT_ROOM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from analysis.cache import Collection, read_entry, write_entry
from analysis.facts import scan
cache, tree = Path(sys.argv[2]), Path(sys.argv[3])
big = {str(number): number.to_bytes(4, "big") * 300_000 for number in range(5)}
write_entry(cache, "scans", "small", {"a": b"one"}.items())
write_entry(cache, "scans", "big", big.items())
with Collection(cache, "facts", "1") as kept:
    kept.write({"b": __import__("os").urandom(3_000_000)})
expected = scan(tree).imports
for _ in range(2):
    assert scan(tree, cache=cache).imports.equals(expected)
small = read_entry(cache, "scans", "small")
print(read_entry(cache, "scans", "big"), small and bytes(small["a"]), len(list(cache.rglob(".writing-*"))))
"""


def run_without_room(tmp_path: Path, cache: Path, *prefix: str) -> str:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("import os\n")
    script = tmp_path / "without_room.py"
    script.write_text(WITHOUT_ROOM)
    arguments = [str(Path(__file__).parent.parent), str(cache), str(tree)]
    done = subprocess.run(
        [*prefix, sys.executable, str(script), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_full_disk_is_a_miss(tmp_path: Path) -> None:
    """A real one: a tmpfs of one megabyte, mounted in a namespace of its own."""
    mount = [
        "unshare",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        'mount -t tmpfs -o size=1m tmpfs /mnt && exec "$@"',
        "sh",
    ]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    assert run_without_room(tmp_path, Path("/mnt/cache"), *mount) == "None b'one' 0\n"


def test_a_folder_that_cannot_be_written_is_a_miss(tmp_path: Path) -> None:
    read_only = ["unshare", "--mount", "--map-root-user", "sh", "-c",
                 'mount -t tmpfs tmpfs /mnt && mount -o remount,ro /mnt && exec "$@"', "sh"]  # fmt: skip
    if subprocess.run([*read_only, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    assert run_without_room(tmp_path, Path("/mnt/cache"), *read_only) == "None None 0\n"


def test_a_file_in_the_place_of_the_cache_is_a_miss(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    assert run_without_room(tmp_path, tmp_path / "cache") == "None None 0\n"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1)), st.data())
def test_a_cut_or_flipped_line_is_no_line(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], data: st.DataObject
) -> None:
    place = tmp_path_factory.mktemp("lines") / "rows"
    place.write_bytes("".join(seal_line("l", text) for text in texts).encode())
    whole = place.read_bytes()
    if whole:
        at = data.draw(st.integers(0, 8 * len(whole) - 1))
        flip(place, whole, at)
        assert set(read_lines(place, "l")) <= set(texts)
        place.write_bytes(whole[: at // 8])
        assert list(read_lines(place, "l")) in [texts[:count] for count in range(len(texts) + 1)]
    assert list(read_lines(place, "other")) == []


def test_what_was_asked_of_a_text_is_not_asked_again_until_too_much_is_remembered() -> None:
    asked: list[tuple[bytes, str]] = []

    @remember_text
    def find(text: bytes, name: str) -> int:
        asked.append((text, name))
        return text.find(name.encode())

    assert [find(b"a b", "b"), find(b"a b", "b"), find(b"a b", "a"), find(b"b", "b")] == [2, 2, 0, 0]
    assert asked == [(b"a b", "b"), (b"a b", "a"), (b"b", "b")]


def test_one_process_judges_changed_files_anew_and_back() -> None:
    source = "from p import m\nm.gone()\n"
    names = frozenset({"m.gone"})
    uses = find_uses(source.encode(), names)
    assert [use.line for use in uses] == [2]
    assert [use.line for use in find_uses(b"\n" + source.encode(), names)] == [3]
    assert find_uses(source.encode(), names) == uses
    assert find_uses(source.encode(), frozenset({"m.other"})) == ()

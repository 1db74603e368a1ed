"""Two targets never share a place, and a name that two have is never answered for by one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import store, tables
from analysis.errors import SnapshotError
from analysis.golden.command import GoldenRequest, run_request
from analysis.golden.records import find_golden
from analysis.investigation import open_snapshot
from analysis.manifest import Manifest
from analysis.pipeline import investigate
from analysis.targets import Target, find_target, group_targets

Tree = Callable[..., Path]
CONTENTS = {"metrics": tables.METRICS.empty()}


def keep(data: Path, root: str, created: str = "2026-01-02", *, name: str = "app", **more: Any) -> Path:
    """Write a snapshot as this version does."""
    manifest = Manifest(name, root=root, revision="abc", created=f"{created}T03:04:05+00:00", **more)
    return store.write_snapshot(data, CONTENTS, manifest)


def keep_old(data: Path, root: str, created: str, *, name: str = "app", policy_name: str = "") -> Path:
    """Write a snapshot as version 0.1.0 did: in the place of its name, without checksums and the key ``named``."""
    written = keep(data, root, created, name=name, policy={"target": {"name": policy_name}})
    place = data / "snapshots" / store.slug(name) / f"{written.name}.{len(list(data.glob('snapshots/*/*')))}"
    place.parent.mkdir(exist_ok=True)
    written.rename(place)
    (place / "SHA256SUMS").unlink()
    manifest = json.loads((place / "manifest.json").read_text())
    del manifest["named"]
    (place / "manifest.json").write_text(json.dumps(manifest))
    return place


def test_folders_of_one_name_have_places_of_their_own(make_tree: Tree, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first, second = (make_tree({"m.py": source}, name) for name, source in (("a/app", "x = 1\n"), ("b/app", "y = 1\n")))
    for root in (first, second):
        investigate(root, data=data, jobs=1)
    assert len(list((data / "snapshots").iterdir())) == 2
    with pytest.raises(SnapshotError) as raised:
        open_snapshot("app", data=data)
    assert str(raised.value).count("\n") == 0
    assert all(each in str(raised.value) for each in ("2 targets are named app", str(first), str(second)))
    for root in (first, second):
        found = open_snapshot(root, data=data)
        assert found.manifest.root == str(root)
        assert open_snapshot(found.manifest.as_target.place, data=data).path == found.path


def test_a_name_of_the_policy_is_the_place_of_every_checkout(make_tree: Tree, tmp_path: Path) -> None:
    data, policy = tmp_path / "data", '[target]\nname = "shop"\n'
    for name in ("run1/code", "run2/code"):
        investigate(make_tree({"m.py": "", "ssot.toml": policy}, name), data=data, jobs=1)
    assert [path.name for path in (data / "snapshots").iterdir()] == ["shop"]
    assert open_snapshot("shop", data=data).manifest.root.endswith("run2/code")
    assert open_snapshot(tmp_path / "run1/code", data=data).manifest.root.endswith("run1/code")


def test_measurements_of_one_name_are_not_mixed(make_tree: Tree, tmp_path: Path) -> None:
    data, results = tmp_path / "data", '<testsuite><testcase classname="t" name="a" time="1"/></testsuite>'
    first, second = (make_tree({"m.py": "", "r.xml": results}, name) for name in ("a/app", "b/app"))
    run_request(GoldenRequest(str(first), junit=("r.xml",)), data=data)
    assert find_golden(data, find_target(first)) is not None
    assert find_golden(data, find_target(second)) is None
    assert investigate(second, data=data, jobs=1).table("golden_runs").num_rows == 0
    assert investigate(first, data=data, jobs=1).table("golden_runs").num_rows == 1


def test_a_measurement_of_version_0_1_0_is_found_by_its_root(make_tree: Tree, tmp_path: Path) -> None:
    data, results = tmp_path / "data", '<testsuite><testcase classname="t" name="a" time="1"/></testsuite>'
    root = make_tree({"m.py": "", "r.xml": results}, "app")
    written = run_request(GoldenRequest(str(root), junit=("r.xml",)), data=data).folder
    old = data / "golden/app" / written.name
    old.parent.mkdir()
    written.rename(old)
    (old / "SHA256SUMS").unlink()
    manifest = json.loads((old / "manifest.json").read_text())
    (old / "manifest.json").write_text(json.dumps({key: manifest[key] for key in manifest if key != "named"}))
    assert find_golden(data, find_target(root)) == old
    assert find_golden(data, find_target(root, "shop")) == old
    assert find_golden(data, find_target(tmp_path / "other/app")) is None
    assert find_golden(data, find_target(tmp_path / "other/app", "app")) is None


def test_snapshots_of_version_0_1_0_are_found_where_one_target_has_the_name(tmp_path: Path) -> None:
    old = keep_old(tmp_path, "/a/app", "2026-01-01")
    assert store.find_snapshot(tmp_path, "app") == old
    new = keep(tmp_path, "/a/app", "2026-01-02")
    assert store.find_snapshots(tmp_path, "app") == [old, new]
    assert store.find_snapshot(tmp_path, "app") == new
    keep_old(tmp_path, "/b/app", "2026-01-03")
    with pytest.raises(SnapshotError, match=r"2 targets are named app: /a/app .*, /b/app "):
        store.find_snapshot(tmp_path, "app")


def test_a_target_that_was_given_a_name_is_still_one_target(tmp_path: Path) -> None:
    keep_old(tmp_path, "/a/app", "2026-01-01")
    keep_old(tmp_path, "/a/app", "2026-01-02", policy_name="app")
    newest = keep(tmp_path, "/z/code", "2026-01-03", named=True)
    assert store.find_snapshot(tmp_path, "app") == newest
    keep(tmp_path, "/b/app", "2026-01-04")
    with pytest.raises(SnapshotError, match="2 targets are named app"):
        store.find_snapshot(tmp_path, "app")


def test_a_name_with_other_letters_is_found_where_it_is_the_only_one(tmp_path: Path) -> None:
    first = keep(tmp_path, "/a/my app", name="my app")
    assert store.find_snapshot(tmp_path, "my app") == store.find_snapshot(tmp_path, "my-app") == first
    second = keep(tmp_path, "/a/my-app", name="my-app")
    assert store.find_snapshot(tmp_path, "my-app") == second
    assert store.find_snapshot(tmp_path, "my app") == first
    with pytest.raises(SnapshotError, match="2 targets are named my/app"):
        store.find_snapshot(tmp_path, "my/app")
    with pytest.raises(SnapshotError, match="no snapshot of my"):
        store.find_snapshot(tmp_path, "my")


def test_what_is_damaged_elsewhere_is_in_nobodys_way(tmp_path: Path) -> None:
    good = keep(tmp_path, "/a/app")
    (keep(tmp_path, "/a/other", "2026-02-02", name="other") / "manifest.json").write_text("{}")
    assert store.find_snapshot(tmp_path, "app") == good
    with pytest.raises(SnapshotError, match="is damaged"):
        store.find_snapshot(tmp_path, "other")
    with pytest.raises(SnapshotError, match="is damaged"):
        store.find_snapshot(tmp_path)


NAMES = st.sampled_from(
    ["app", "App", "my app", "my-app", "my.app", "..", "a" * 90, "a" * 91, "é", "日本", "con", "-x"]
)
ROOTS = st.sampled_from(["/a", "/b"])
TARGETS = st.one_of(
    st.builds(lambda folder, name: find_target(Path(folder, name)), ROOTS, NAMES.filter(lambda name: name != "..")),
    st.builds(lambda folder, name: find_target(Path(folder, "app"), name), ROOTS, NAMES),
)


@given(TARGETS, TARGETS)
def test_places_are_the_same_only_for_the_same_target(first: Target, second: Target) -> None:
    """Also where the file system makes no difference between capital and small letters."""
    is_one = first.name == second.name and first.is_named == second.is_named
    is_one = is_one and (first.is_named or first.root == second.root)
    assert (first.place.lower() == second.place.lower()) == is_one
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,90}", first.place)
    assert not first.place.endswith(".")


def test_a_name_cannot_be_chosen_to_be_the_place_of_another_target() -> None:
    victim = Target("app", "/a/app")
    assert Target(victim.place, "/b", is_named=True).place != victim.place
    assert Target(victim.place, victim.place, is_named=True).place != victim.place


@given(st.lists(TARGETS, max_size=6), st.randoms())
def test_groups_do_not_depend_on_the_order(targets: list[Target], random: object) -> None:
    shuffled = list(targets)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group_targets(shuffled) == group_targets(targets)
    assert sorted(each for group in group_targets(targets) for each in group) == sorted(set(targets))

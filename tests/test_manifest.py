"""A manifest comes back as it was written; what other versions wrote is read as far as it is known."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.manifest import BaselineTrend, FileChange, GoldenSource, Manifest, ProbeRun, read_manifest, write_manifest

TEXT = st.text("ab/:é", max_size=6)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
COUNT = st.integers(0, 10**6)
PROBES = st.builds(
    ProbeRun, python=TEXT, version=TEXT, modules=COUNT, seconds=st.floats(0, 1e6),
    changed=st.lists(st.builds(FileChange, changed=TEXTS, files=COUNT, by=TEXTS), max_size=2).map(tuple),
)  # fmt: skip
MANIFESTS = st.builds(
    Manifest, TEXT, root=TEXT.filter(bool), revision=TEXT, named=st.booleans(), not_simulated=COUNT,
    options=st.dictionaries(TEXT, TEXTS, max_size=2), counts=st.dictionaries(TEXT, COUNT, max_size=3),
    timings=st.dictionaries(TEXT, st.floats(0, 1e6), max_size=3), probe=st.none() | PROBES,
    baseline=st.none() | st.builds(BaselineTrend, problem=TEXT, score=st.floats(0, 100), new=COUNT),
    golden=st.none() | st.builds(GoldenSource, command=TEXTS, seed=st.none() | COUNT, stopped=st.booleans()),
)  # fmt: skip
#: What version 0.1.0 wrote: no name of its own, no packages, no simulation, no golden path.
OLD = {
    "format": 4, "target": "shop", "root": "/src/shop", "revision": "abc", "created": "2025-01-02T03:04:05+00:00",
    "tool_version": "0.1.0", "python": "3.11.2", "policy": {"target": {"name": "shop"}}, "probe": {},
    "options": {"roots": [], "exclude": ["old"]}, "counts": {"files": 3}, "statuses": {"ok": 3}, "left_out": {},
    "timings": {"scan": 0.5},
}  # fmt: skip


@given(MANIFESTS)
def test_a_manifest_comes_back_as_it_was_written(manifest: Manifest) -> None:
    assert read_manifest(json.loads(json.dumps(write_manifest(manifest)))) == manifest


def test_the_keys_of_the_file_are_those_that_users_keep() -> None:
    written = write_manifest(Manifest("shop", root="/src/shop"))
    assert set(OLD) - {"format"} <= set(written) == {field.name for field in fields(Manifest)}
    assert (written["probe"], written["baseline"], written["golden"]) == ({}, {}, {})


def test_a_manifest_of_version_0_1_0_is_read_with_defaults() -> None:
    found = read_manifest(OLD)
    assert (found.probe, found.baseline, found.golden, found.not_simulated, found.notice) == (None, None, None, 0, "")
    assert found.counts == {"files": 3}
    assert found.options == {"roots": (), "exclude": ("old",)}
    assert found.as_target.is_named
    assert not read_manifest({**OLD, "policy": {}}).as_target.is_named


def test_what_a_newer_version_writes_beside_it_is_ignored() -> None:
    newer = {**OLD, "fleet": ["a"], "probe": {"version": "3.14.0 (main)", "mood": "good"}}
    probe = read_manifest(newer).probe
    assert probe is not None
    assert (probe.plain_version, probe.network, probe.changed) == ("3.14.0", "unknown", ())


@pytest.mark.parametrize(
    "harm", [{"target": 3}, {"counts": "three"}, {"policy": None}, {"probe": "yes"}, {"timings": {"scan": "soon"}}]
)
def test_a_damaged_manifest_is_an_error_not_a_guess(harm: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_manifest({**OLD, **harm})

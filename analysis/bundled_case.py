"""The case that comes with the kit: built by its own script, for notebooks and measurements without a target."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from analysis import store
from analysis.errors import SnapshotError


def build_bundled_case(name: str = "agent_platform") -> Path:
    """Build the bundled case and return its source tree: beside its script, or with the data of an installed kit."""
    script = store.find_bundle() / "data" / "cases" / name / "build.py"
    if not script.is_file():
        raise SnapshotError(f"no bundled case at {script.parent}", remedy="Use a checkout of the kit, or name a target")
    spec = spec_from_file_location(f"ssot_case_{name}", script)
    if spec is None or spec.loader is None:
        raise SnapshotError(f"cannot load {script}")
    builder = module_from_spec(spec)
    spec.loader.exec_module(builder)
    place = script.parent if store.find_checkout() else store.find_data_folder() / "cases" / name
    tree: Path = builder.build(place / "tree")
    return tree

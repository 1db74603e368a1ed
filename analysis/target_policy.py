"""The policy of a target, and what it says about where to look and for which versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.errors import PolicyError
from analysis.facts import (
    DiscoveryOptions,
    ScanOptions,
)
from analysis.facts.opening import open_tree
from analysis.facts.overlaid_tree import Changes
from analysis.facts.requires_python import read_requires_python
from analysis.facts.revisions import TargetSource
from analysis.facts.source_tree import SourceTree
from analysis.manifest import GIVEN_POLICY, OWN_POLICY
from analysis.policy import Policy, read_policy
from analysis.policy.limits import name_own_rules
from analysis.policy.reading import FILE_NAME as POLICY
from analysis.policy.reading import decode_policy
from analysis.resolve import Supported
from analysis.resolve.environments import PLATFORMS, find_supported, list_versions

_VERSION = re.compile(r"3\.\d{1,2}")


def read_target_policy(policy_file: Path | None, source: TargetSource, changes: Changes | None = None) -> Policy:
    """Return the policy of a file, else that of ``ssot.toml`` in the target, as its code is: at a revision, changed."""
    policy = _read_target_policy(policy_file, source, changes)
    return name_own_rules(policy, policy_file.absolute().parent if policy_file is not None else None)


def _read_target_policy(policy_file: Path | None, source: TargetSource, changes: Changes | None) -> Policy:
    if policy_file is not None or not (source.commit or POLICY in (changes or {})):
        return read_policy(policy_file, target=source.root)
    tree, name = open_tree(source.root, source.commit, changes=changes), f"{source}/{POLICY}"
    if POLICY not in {entry.name for entry in tree.list_folder("")}:
        return Policy()
    try:
        return decode_policy(tree.read_bytes(POLICY), name)
    except OSError as error:
        raise PolicyError(
            f"cannot read the policy {name}: {error.strerror}", remedy="Name a file with --policy"
        ) from None


def support_only(policy: Policy, version: str = "", platforms: Sequence[str] = ()) -> Policy:
    """Return the policy with other versions (one as in ``3.11``, or a specifier) and platforms; itself without any.

    Raises ``PolicyError`` for what is no version of Python 3 and no specifier, and for unknown platforms.
    """
    unknown = sorted(set(platforms) - set(PLATFORMS))
    if unknown:
        raise PolicyError(f"{unknown[0]!r} is not a known platform", remedy=f"Known are: {', '.join(PLATFORMS)}")
    wanted = f"=={version}.*" if _VERSION.fullmatch(version) else version
    if version and not list_versions(wanted):
        remedy = "Give one as in --python-version 3.11, or several as in --python-version '>=3.9,<3.13'"
        raise PolicyError(f"{version!r} admits no known version of Python 3", remedy=remedy)
    changes: dict[str, Any] = {"requires_python": wanted} if version else {}
    changes |= {"platforms": tuple(platforms)} if platforms else {}
    return policy.model_copy(update={"target": policy.target.model_copy(update=changes)}) if changes else policy


def find_supported_by(policy: Policy, files: SourceTree) -> Supported:
    """Return the versions and platforms that count: those of the policy, else what the target's own files say."""
    target = policy.target
    return find_supported(target.requires_python or read_requires_python(files), target.platforms)


def build_scan_options(policy: Policy) -> ScanOptions:
    """Return what the policy says about where to look."""
    discovery = DiscoveryOptions(exclude=tuple(policy.target.exclude), notebooks=policy.target.notebooks)
    return ScanOptions(tuple(policy.target.roots), discovery)


def name_policy_source(policy: str | Path | Policy | None) -> str:
    """Return where a policy comes from, for the manifest."""
    if policy is None:
        return OWN_POLICY
    return GIVEN_POLICY if isinstance(policy, Policy) else str(Path(policy).expanduser().absolute())

"""The policy: ``ssot.toml`` as frozen models. Every section and every key is optional."""

from __future__ import annotations

from analysis.policy.claims import read_claims
from analysis.policy.models import (
    Business,
    Claim,
    Compliance,
    ConceptPolicy,
    Factory,
    GoldenPath,
    Ignore,
    Owner,
    Policy,
    Redirect,
    Severity,
    SimulationPolicy,
    TargetPolicy,
)
from analysis.policy.reading import FILE_NAME, parse_policy, read_policy

__all__ = [
    "FILE_NAME",
    "Business",
    "Claim",
    "Compliance",
    "ConceptPolicy",
    "Factory",
    "GoldenPath",
    "Ignore",
    "Owner",
    "Policy",
    "Redirect",
    "Severity",
    "SimulationPolicy",
    "TargetPolicy",
    "parse_policy",
    "read_claims",
    "read_policy",
]

"""A file of claims: what somebody stated, with the rules that the statements are about, added to a policy."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import PolicyError
from analysis.policy.models import Policy
from analysis.policy.reading import read_policy

_SECTIONS = frozenset({"claim", "concept", "factory", "redirect"})


def read_claims(path: Path, policy: Policy) -> Policy:
    """Return a policy with the claims of a file added; if both have a claim on a metric, the policy counts.

    The file is written as a policy, but may only have claims and the concepts, factories and redirects they are
    about. Raises ``PolicyError``.
    """
    claims = read_policy(path)
    others = sorted(claims.model_fields_set - _SECTIONS)
    if others:
        raise PolicyError(
            f"{path}: a file of claims cannot have [{others[0]}]", remedy="Put it into a policy, for --policy"
        )
    names = {concept.name for concept in policy.concept}
    patterns = {concept.match for concept in policy.concept}
    matches = {factory.match for factory in policy.factory}
    paths = {frozenset(redirect.paths) for redirect in policy.redirect}
    added = {
        "claim": claims.claim,
        "concept": tuple(own for own in claims.concept if own.name not in names and own.match not in patterns),
        "factory": tuple(own for own in claims.factory if own.match not in matches),
        "redirect": tuple(own for own in claims.redirect if frozenset(own.paths) not in paths),
    }
    return policy.model_copy(update={name: getattr(policy, name) + more for name, more in added.items()})

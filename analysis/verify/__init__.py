"""Whether a test can detect what it claims to detect."""

from __future__ import annotations

from analysis.verify.verification import Verification, VerifyOptions, verify_test

__all__ = ["Verification", "VerifyOptions", "verify_test"]

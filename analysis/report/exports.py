"""The findings and the plan as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.remedy.document import build_plan_document
from analysis.report.changed_debt import find_changed_debt

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: Raised when fields of ``findings.json`` change their meaning.
FORMAT = 1


def build_findings_json(inv: Investigation) -> str:
    """Return all findings and metrics as JSON: target, revision, created, tool_version, metrics, debt, findings.

    A finding has the columns of ``tables.FINDINGS``; nothing is left out or shortened.
    """
    manifest, changed = inv.manifest, find_changed_debt(inv)
    document = {
        "format": FORMAT,
        **{name: getattr(manifest, name) for name in ("target", "revision", "created", "tool_version")},
        "metrics": {row["metric"]: row["value"] for row in inv.table("metrics").to_pylist()},
        "debt": {**inv.debt().as_record(), "in_changed_files": changed.as_record() if changed else None},
        "findings": inv.table("findings").to_pylist(),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def build_plan_json(inv: Investigation) -> str:
    """Return the plan as JSON: see ``docs/plan.schema.json``."""
    manifest = inv.manifest
    document = build_plan_document(
        manifest.target, manifest.revision, inv.plan(), inv.schedule(), inv.debt(), inv.success_metrics()
    )
    return json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=True) + "\n"

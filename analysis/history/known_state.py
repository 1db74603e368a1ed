"""A baseline file as an earlier state of a target: its findings and its score, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from analysis import tables
from analysis.history.baseline import Baseline, KnownFinding, read_baseline
from analysis.manifest import Manifest
from analysis.policy import Policy
from analysis.rules.score import Score

#: What a comparison with it cannot say.
LIMIT = "A baseline file has findings and a score only: interface, imports, cycles and figures are not compared"


class KnownState:
    """What a baseline file says of a target, with the tables of a snapshot; all but findings and scores are empty."""

    def __init__(self, path: Path, baseline: Baseline) -> None:
        self.path, self.baseline, self.policy = path, baseline, Policy()
        left = 0 if baseline.simulated else 1
        self.manifest = Manifest(baseline.target or path.name, revision=baseline.revision, not_simulated=left)

    def table(self, name: str) -> pa.Table:
        """Return one table."""
        if name == "findings":
            return tables.FINDINGS.from_rows(map(_write_row, self.baseline.findings))
        if name == "scores":
            return tables.SCORES.from_rows([Score("", 1, 0, len(self.baseline.findings), 0.0, self.baseline.score)])
        return tables.TABLES[name].empty()


def read_known_state(path: Path) -> KnownState:
    """Return the state of a baseline file; raises ``BaselineError``."""
    return KnownState(path.absolute(), read_baseline(path))


def _write_row(known: KnownFinding) -> tuple[object, ...]:
    places = [{"path": path, "line": 0, "source": ""} for path in known.paths]
    message = f"{known.subject}, as the baseline knows it"
    return (
        known.fingerprint, known.rule, known.severity, known.subject, message, "static", places, known.places, "", "",
        False, known.paths,
    )  # fmt: skip

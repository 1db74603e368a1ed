"""The baseline: the findings of today, to be fixed later, in one file next to the code."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from analysis import store, tables
from analysis.errors import BaselineError
from analysis.facts.source_tree import SourceTree
from analysis.former_names import FORMER, FormerNames, find_rule
from analysis.policy import Severity
from analysis.rules import Finding

#: Its path in the target.
FILE_NAME = "ssot-baseline.json"
#: Format of the file; increased when an older kit could not read it.
FORMAT = 1
_SKETCH_SIZE = 24
#: A larger file is not a baseline: a hundred thousand findings take a tenth of this.
_MOST_BYTES = 512_000_000
#: Largest number of characters shown of a wrong format.
_MOST_SHOWN = 40
_REMEDY = "Write it with: ssot baseline write TARGET"

Texts = Annotated[tuple[str, ...], Strict(strict=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


class KnownFinding(_Part):
    """One known finding; its paths are those of all its places, sorted."""

    fingerprint: str
    rule: str
    severity: Severity
    subject: str
    places: int = Field(ge=0)
    paths: Texts = ()


class Baseline(_Part):
    """All findings at one revision, and a sketch of each cited file, by which a renamed file is recognised."""

    format: Literal[1] = 1
    target: str = ""
    revision: str = ""
    score: float = 0.0
    simulated: bool = Field(False, description="whether the first imports were simulated; version 0.1.0 did not")
    findings: Annotated[tuple[KnownFinding, ...], Strict(strict=False)] = ()
    sketches: dict[str, str] = Field(default_factory=dict)


def build_baseline(
    findings: Iterable[Finding], facts: SketchedFacts, *, target: str = "", revision: str = "", score: float = 0.0
) -> Baseline:
    """Return the baseline of a target, without refuted findings."""
    return build_known(describe_findings(findings), facts).model_copy(
        update={"target": target, "revision": revision, "score": round(score, 3)}
    )


def describe_findings(findings: Iterable[Finding]) -> tuple[KnownFinding, ...]:
    """Return what is remembered of findings, without refuted ones."""
    return tuple(know_finding(finding) for finding in findings if finding.certainty != "refuted")


def know_finding(finding: Finding) -> KnownFinding:
    """Return what a baseline says of a finding."""
    return KnownFinding(
        fingerprint=finding.fingerprint, rule=finding.rule, severity=finding.severity,  # type: ignore[arg-type]
        subject=finding.subject, places=len(finding.cited), paths=finding.paths,
    )  # fmt: skip


def build_known(findings: Iterable[KnownFinding], facts: SketchedFacts) -> Baseline:
    """Return the baseline of findings as they are known, with a sketch of each file that they cite."""
    known = tuple(findings)
    cited = {path for finding in known for path in finding.paths}
    return Baseline(findings=known, sketches=sketch_files(facts, cited))


class SketchedFacts(Protocol):
    """The tables of a target from which its files are known again: those of a scan, or of a snapshot."""

    @property
    def files(self) -> pa.Table:
        """The table of that name."""

    @property
    def bindings(self) -> pa.Table:
        """The table of that name."""

    @property
    def definitions(self) -> pa.Table:
        """The table of that name."""

    @property
    def methods(self) -> pa.Table:
        """The table of that name."""

    @property
    def imports(self) -> pa.Table:
        """The table of that name."""


def sketch_files(
    facts: SketchedFacts, paths: Iterable[str], known: dict[tuple[str, str], str] | None = None
) -> dict[str, str]:
    """Return for each file the smallest hashes of the names that it binds and imports, as hex digits.

    Two files are as similar as their sketches (A. Broder, 1997); formatting and comments do not count. Those that are
    ``known``, by path and content, are not computed again, and new ones are added.
    """
    known = {} if known is None else known
    wanted = set(paths)
    hashes = {path: value for path, value in tables.read_rows(facts.files, "path", "content_hash") if path in wanted}
    missing = {path for path in wanted if (path, hashes.get(path, "")) not in known or not hashes.get(path)}
    names = _find_names(facts, missing) if missing else {}
    found = {path: _sketch(names.get(path, ())) for path in missing}
    known |= {(path, hashes[path]): sketch for path, sketch in found.items() if hashes.get(path)}
    return {path: found[path] if path in found else known[path, hashes[path]] for path in sorted(wanted)}


def _find_names(facts: SketchedFacts, paths: Iterable[str]) -> dict[str, set[str]]:
    """Return the names that files bind and import, by file."""
    wanted, names = pa.array(sorted(paths), pa.string()), defaultdict[str, set[str]](set)
    for table, columns in (
        (facts.bindings, ("name", "kind")), (facts.definitions, ("qualname",)), (facts.methods, ("owner", "name")),
        (facts.imports, ("module", "name")),
    ):  # fmt: skip
        chosen = table.filter(pc.is_in(table.column("path"), wanted))
        for path, *values in tables.read_rows(chosen, "path", *columns):
            names[path].add("\0".join(values))
    return names


def _sketch(names: Iterable[str]) -> str:
    hashes = (hashlib.blake2b(name.encode("utf-8", "backslashreplace"), digest_size=4).hexdigest() for name in names)
    return "".join(heapq.nsmallest(_SKETCH_SIZE, hashes))


def compare_sketches(first: str, second: str) -> float:
    """Return the similarity of two sketches, from 0 to 1; it is 0 for files without names.

    >>> compare_sketches("aaaaaaaabbbbbbbb", "aaaaaaaacccccccc")
    0.3333333333333333
    """
    one, two = _cut(first), _cut(second)
    smallest = set(heapq.nsmallest(_SKETCH_SIZE, one | two))
    return len(smallest & one & two) / len(smallest) if smallest else 0.0


def _cut(sketch: str) -> set[str]:
    return {sketch[start : start + 8] for start in range(0, len(sketch), 8)}


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write the file completely or not at all; one finding per line, sorted, for readable reviews."""
    described = baseline.model_dump(mode="json", exclude={"findings", "sketches"})
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in described.items()]
    rows = sorted(baseline.findings, key=lambda known: (known.rule, known.subject, known.fingerprint))
    lines.append('  "findings": [')
    lines.append(",\n".join(f"    {json.dumps(known.model_dump(mode='json'))}" for known in rows))
    lines.append('  ],\n  "sketches": {')
    lines.append(",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in baseline.sketches.items()))
    store.write_file(path, "\n".join(["{", *lines, "  }", "}", ""]))


def read_baseline(path: Path, former: FormerNames = FORMER) -> Baseline:
    """Return the baseline of a file; raises ``BaselineError`` with one line when it cannot be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BaselineError(f"the baseline {path} is larger than {_MOST_BYTES:,} bytes", remedy=_REMEDY)
        return parse_baseline(path.read_bytes(), str(path), former)
    except OSError as error:
        raise BaselineError(f"cannot read the baseline {path}: {error.strerror}", remedy=_REMEDY) from None


def read_tree_baseline(tree: SourceTree, *, name: str) -> Baseline:
    """Return the baseline that lies in a target, which errors call ``name``; raises as ``read_baseline`` does."""
    place = f"{name}/{FILE_NAME}"
    try:
        return parse_baseline(tree.read_bytes(FILE_NAME, most_bytes=_MOST_BYTES), place)
    except OSError as error:
        raise BaselineError(f"cannot read the baseline {place}: {error.strerror}", remedy=_REMEDY) from None


def parse_baseline(content: bytes, path: str, former: FormerNames = FORMER) -> Baseline:
    """Return the baseline of a file with that content; ``path`` is what errors call it."""
    try:
        document = tables.escape_surrogates(json.loads(content.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        raise BaselineError(f"the baseline {path} is not JSON", remedy=_REMEDY) from None
    if not isinstance(document, Mapping):
        raise BaselineError(f"the baseline {path} is not a JSON object", remedy=_REMEDY)
    found = document.get("format")
    if found != FORMAT or isinstance(found, bool):
        raise BaselineError(
            f"the baseline {path} has the format {repr(found)[:_MOST_SHOWN]}, not {FORMAT}", remedy=_REMEDY
        )
    try:
        read = Baseline.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = tables.escape_surrogates(".".join(map(str, first["loc"]))[:200])
        raise BaselineError(f"the baseline {path} is damaged at {place}: {first['msg']}", remedy=_REMEDY) from None
    findings = tuple(known.model_copy(update={"rule": find_rule(known.rule, former)}) for known in read.findings)
    return read.model_copy(update={"findings": findings})

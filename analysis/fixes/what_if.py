"""What a target would be after some steps: everything recomputed on a changed tree, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from analysis import tables
from analysis.errors import FixError
from analysis.facts.opening import find_below, open_tree
from analysis.facts.overlaid_tree import Changes
from analysis.fixes.fixing import change_with
from analysis.fixes.offers import OverlapError, read_changes
from analysis.fixes.tried_steps import TriedStep, TriedSteps, parse_step
from analysis.history.difference import Difference, find_score
from analysis.investigation import Investigation
from analysis.quantities import write_score
from analysis.tables.simulation import UNKNOWN_OUTCOMES
from analysis.wording import make_harmless


@dataclass(frozen=True)
class WhatIf:
    """A target as it is and as it would be; ``after`` answers like every investigation, and no snapshot is kept.

    ``said`` are sentences on what each step does to the files, ``changes`` what these become.
    """

    steps: tuple[TriedStep, ...]
    said: tuple[str, ...]
    changes: Changes
    before: Investigation
    after: Investigation

    @cached_property
    def difference(self) -> Difference:
        """All that differs, as between two snapshots: findings, interface, imports, cycles, figures."""
        return Difference(self.before, self.after)

    @property
    def figures(self) -> list[tuple[str, str, str]]:
        """The figures that decide, each with its value before and after."""
        sides = [_measure(each) for each in (self.before, self.after)]
        return [(name, sides[0][name], sides[1][name]) for name in sides[0]]

    def as_record(self) -> dict[str, Any]:
        """Return steps, figures and difference as the values of a JSON document."""
        figures = {name: {"before": before, "after": after} for name, before, after in self.figures}
        return {"steps": list(map(str, self.steps)), "said": list(self.said), "files": sorted(self.changes),
                "figures": figures, "difference": self.difference.as_record()}  # fmt: skip

    def __str__(self) -> str:
        width = max(len(name) for name, _, _ in self.figures)
        lines = [*(str(each) for each in self.steps), *(f"  {each}" for each in self.said), ""]
        lines += [f"{name:<{width}}  {before:>8} → {after}" for name, before, after in self.figures]
        return "\n".join([*map(make_harmless, lines), "", str(self.difference)])

    def _repr_html_(self) -> str:
        said = "".join(f"<li>{escape(make_harmless(each))}</li>" for each in self.said)
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(before)}</td><td>{escape(after)}</td></tr>"
            for name, before, after in self.figures
        )
        head = "<tr><th></th><th>before</th><th>after</th></tr>"
        return f"<ul>{said}</ul><table>{head}{rows}</table>{self.difference._repr_html_()}"


def ask_what_if(
    inv: Investigation, *, cut: Sequence[str] = (), move: Sequence[str] = (), merge: Sequence[str] = (),
    redirect: Sequence[str] = (), jobs: int = 0,
) -> WhatIf:  # fmt: skip
    """Return what the target of an investigation would be after some steps; nothing of it is written or run.

    ``cut`` are imports ``A:B`` that run when they are needed, or are taken away; ``move`` definitions
    ``module:Name=module`` that leave an import behind; ``merge`` classes ``module:Class=module.Class`` that become an
    import of that one; ``redirect`` modules ``A=B`` that become imports of the names of B. Raises ``UnknownNameError``
    with the nearest names, and ``FixError`` where two steps edit the same lines or the files are not as they were
    analysed.
    """
    given = {"cut": cut, "move": move, "merge": merge, "redirect": redirect}
    steps = tuple(
        parse_step(verb, text)  # type: ignore[arg-type]
        for verb, texts in given.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    )
    if not steps:
        raise FixError("no step is named", remedy="Name at least one: cut, move, merge or redirect")
    tree = open_tree(Path(inv.manifest.root), inv.manifest.commit)
    tried = TriedSteps(inv, find_below(tree))
    edits = [edit for step in steps for edit in tried.build(step)] + list(tried.finish())
    try:
        changes = read_changes(tree, edits, {})
    except OverlapError as error:
        raise FixError(f"two steps edit the same lines: {error}", remedy="Try one after the other") from None
    after = change_with(inv, jobs=jobs)(changes)
    return WhatIf(steps, tuple(tried.said), changes, inv, after)


def _measure(inv: Investigation) -> dict[str, str]:
    """Return the figures of a target that decide, as they are printed."""
    score = find_score(inv)
    findings = tables.read_column(inv.table("findings"), "severity")
    kinds = [
        kind for kind, ancestors in tables.read_rows(inv.table("cycles"), "kind", "with_ancestors") if not ancestors
    ]
    outcomes = tables.read_column(inv.table("simulated"), "outcome")
    plan = inv.plan()
    return {
        "score": "none" if score is None else write_score(score),
        "findings": f"{len(findings):,}",
        **{name: f"{findings.count(name):,}" for name in tables.SEVERITIES},
        "import-time cycles": f"{kinds.count('import-time'):,}",
        "first imports that fail": f"{sum(each not in {'ok', *UNKNOWN_OUTCOMES} for each in outcomes):,}",
        "imports past the canonical path": f"{inv.table('violations').num_rows:,}",
        "class names defined more than once": f"{len(inv.duplicate_names()):,}",
        "steps of the plan": f"{sum(len(phase.steps) for phase in plan):,}",
    }

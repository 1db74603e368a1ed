"""An opened snapshot: a pandas frame for every table, and a few methods.

Longer than other modules: one class is all that notebooks meet, and each method hands over to the package that knows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analysis import store, tables
from analysis.chains import Chains
from analysis.errors import SnapshotError, UnknownNameError
from analysis.former_names import translate_policy
from analysis.manifest import GIVEN_POLICY, OWN_POLICY, Manifest
from analysis.wording import format_count

#: Where a snapshot lies that is in memory alone.
NOWHERE = Path()

if TYPE_CHECKING:
    import pandas as pd

    from analysis.changes import LastEdit
    from analysis.graph import ImportGraph
    from analysis.names import Concept
    from analysis.policy import Policy
    from analysis.remedy import Debt, Phase, Schedule, SuccessMetric
    from analysis.why import Why


class Investigation:
    """Everything known of one target at one revision.

    Every table of ``docs/columns.md`` is an attribute and a pandas frame: ``inv.imports``, ``inv.edges``.
    Where a question has the name of a table (``inv.cycles``, ``inv.paths``, ``inv.findings``) it is a verb, and the
    frame comes from ``inv.frame(name)``.
    """

    def __init__(self, snapshot: Path, *, manifest: Manifest | None = None) -> None:
        """Open a snapshot's folder; raises ``SnapshotError`` when it is none, unless its manifest is given."""
        self.path = snapshot
        self.manifest = manifest or store.read_manifest(snapshot)
        self._policy_source = self.manifest.policy_source
        self._tables: dict[str, pa.Table] = {}
        self._frames: dict[str, pd.DataFrame] = {}

    @classmethod
    def hold(cls, contents: Mapping[str, pa.Table], manifest: Manifest) -> Investigation:
        """Return what is known of a tree that is nowhere: all its tables are held, and no snapshot is kept."""
        found = cls(NOWHERE, manifest=manifest)
        found._tables.update(contents)
        return found

    @property
    def name(self) -> str:
        """The name of the target."""
        return self.manifest.target

    @cached_property
    def policy(self) -> Policy:
        """The policy that was in force when the snapshot was made."""
        from analysis.policy import Policy

        return Policy.model_validate(translate_policy(self.manifest.policy))

    def table(self, name: str) -> pa.Table:
        """Return one table of ``docs/columns.md`` as an Arrow table; ``UnknownNameError`` for another name."""
        if name not in tables.TABLES:
            raise UnknownNameError(f"no table {name!r}", remedy=f"There are: {', '.join(sorted(tables.TABLES))}")
        if name not in self._tables:
            self._tables[name] = store.read_table(self.path, name)
        return self._tables[name]

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return a table as a pandas frame."""
        if name.startswith("_") or name not in tables.TABLES:
            raise AttributeError(f"an investigation has no {name!r}; tables: {', '.join(sorted(tables.TABLES))}")
        return self.frame(name)

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table of ``docs/columns.md`` as a pandas frame; ``UnknownNameError`` for another name."""
        if name not in self._frames:
            self._frames[name] = self.table(name).to_pandas()
        return self._frames[name]

    def __dir__(self) -> list[str]:
        """Name the tables too, so that completion in a notebook finds them."""
        return sorted({*super().__dir__(), *tables.TABLES})

    def cycles(self, kind: str | None = None, *, ancestors: bool | None = False) -> pd.DataFrame:
        """Return the cycles, the largest first, with the columns of ``tables.CYCLES``.

        ``kind`` is import-time, deferred or typing (None: all); ``ancestors`` says whether those found with the
        edges to ancestor packages are meant (None: both).
        """
        table = self.table("cycles")
        if kind is not None:
            if kind not in tables.CYCLE_KINDS:
                raise UnknownNameError(
                    f"no kind of cycle {kind!r}", remedy=f"There are: {', '.join(tables.CYCLE_KINDS)}"
                )
            table = table.filter(pc.equal(table.column("kind").cast(pa.string()), kind))
        if ancestors is not None:
            table = table.filter(pc.equal(table.column("with_ancestors"), ancestors))
        import pandas as pd

        frame = table.to_pandas()
        return pd.DataFrame(frame.sort_values(["size", "cycle"], ascending=[False, True], ignore_index=True))

    def explain(self, importer: str, imported: str, limit: int = 5) -> Chains:
        """Return why one module depends on another: the shortest import chains with their places.

        Raises ``UnknownNameError`` with the nearest names when the target has no such module.
        """
        from analysis.graph import find_chains

        return Chains(importer, imported, tuple(find_chains(self.graph, importer, imported, limit=limit)))

    def findings(
        self, *, rule: str | Sequence[str] = (), module: str = "", severity: str | Sequence[str] = ()
    ) -> pd.DataFrame:
        """Return the findings of some rules, of one module and what lies below it, of some severities; else all.

        A rule may be a pattern (``"*-cycle"``). The columns are those of ``tables.FINDINGS``. Raises
        ``UnknownNameError`` with the nearest names for what there is not.
        """
        import pandas as pd

        return pd.DataFrame(self.find_findings(rule=rule, module=module, severity=severity).to_pandas())

    def find_findings(
        self, *, rule: str | Sequence[str] = (), module: str = "", severity: str | Sequence[str] = ()
    ) -> pa.Table:
        """Return the same findings as an Arrow table."""
        from analysis.finding_filters import choose_findings

        rules, severities = ((each,) if isinstance(each, str) else tuple(each) for each in (rule, severity))
        return choose_findings(
            self.table("findings"), self.table("modules"), rules=rules, module=module, severities=severities,
            list_rules=_list_rules,
        )  # fmt: skip

    def refresh(self) -> LastEdit:
        """Analyse the target again as it is now; return what that changed, and answer from the new snapshot.

        The policy is read again from the file where it was; one that was no file, or that options changed, holds as
        it is. No code of the target is run: what a probe saw is not there afterwards. Raises what ``investigate``
        raises, and then answers from the old snapshot.
        """
        if self.path == NOWHERE:
            raise SnapshotError(f"{self.name} has changed files that are nowhere", remedy="Ask what_if() again")
        from analysis import investigate
        from analysis.changes import compare_findings

        started, before, source = time.monotonic(), self.table("findings"), self._policy_source
        parents = self.path.parents
        data = parents[2] if len(parents) > 2 and parents[1].name == "snapshots" else None
        at = f"@{self.manifest.commit}" if self.manifest.commit else ""
        again = investigate(f"{self.manifest.root}{at}", policy=self._read_policy_again(), data=data)
        self.__dict__.clear()  # tables, frames and answers of the old snapshot
        self.__dict__.update(again.__dict__, _policy_source=source)
        return compare_findings(before, self.table("findings"), seconds=time.monotonic() - started)

    def _read_policy_again(self) -> Policy | None:
        """Return the policy as it is now, without the probe; None for the target's own, which cannot ask for it."""
        from analysis.policy import read_policy

        if self._policy_source == OWN_POLICY:
            return None
        policy = self.policy if self._policy_source == GIVEN_POLICY else read_policy(Path(self._policy_source))
        return policy.model_copy(update={"target": policy.target.model_copy(update={"probe": False})})

    def why(self, module: str, *, with_authors: bool = False) -> Why:
        """Return why the first import of a module fails, or what it swallows: shows as text and in a notebook.

        The commits that wrote the lines are shown; the names of their authors only where they are asked for.
        Raises ``UnknownNameError`` with the nearest names when the target has no such module.
        """
        from analysis.why import explain_first_import

        return explain_first_import(self, module, with_authors=with_authors)

    @cached_property
    def graph(self) -> ImportGraph:
        """The import graph of the snapshot."""
        from analysis.graph import ImportGraph

        modules = self.table("modules")
        names = sorted(set(modules.filter(pc.equal(modules.column("shadowed_by"), "")).column("module").to_pylist()))
        return ImportGraph(
            edges=self.table("edges"), externals=self.table("externals"), phantoms=self.table("phantoms"),
            modules=tuple(names),
        )  # fmt: skip

    def paths(self, wanted: str) -> pd.DataFrame:
        """Return every import path of a class or function: which one should be used, and who uses which?

        ``wanted`` is a name, an import path (``pkg.mod.Name``) or a definition (``pkg.mod:Name``); the columns are
        those of ``analysis.names.answers.find_paths``. Raises ``UnknownNameError`` with the nearest names.
        """
        from analysis.names.answers import find_paths

        return find_paths(self.table("paths"), self.table("violations"), wanted)

    def find_path_rows(self, wanted: str) -> list[dict[str, Any]]:
        """Return the same rows without a frame, one mapping for each path."""
        from analysis.names.import_paths import find_path_rows

        return find_path_rows(self.table("paths"), self.table("violations"), wanted)

    def classes(self) -> pd.DataFrame:
        """Return one row per class with all its import paths, those with most violations first."""
        from analysis.names.answers import build_class_frame

        return build_class_frame(self.table("paths"), self.table("violations"))

    def class_ids(self, name: str) -> list[str]:
        """Return the definitions of the classes that modules have under a name: one class id each."""
        from analysis.names.answers import find_class_identities

        return find_class_identities(self.table("paths"), name)

    def instances_like_classes(self) -> pd.DataFrame:
        """Return the module-level objects whose name looks like that of a class: import_path, made_by, path, line."""
        from analysis.names.answers import find_instances_like_classes

        return find_instances_like_classes(self.table("paths"))

    def duplicate_names(self) -> pd.DataFrame:
        """Return the class names that are defined more than once, the most often defined first."""
        from analysis.names import find_duplicate_names
        from analysis.names.frames import build_duplicate_names_frame

        return build_duplicate_names_frame(find_duplicate_names(self._facts))

    def concepts(self) -> pd.DataFrame:
        """Return the families of classes: those of the policy first, then by the last word of the name."""
        from analysis.names.frames import build_concepts_frame

        return build_concepts_frame(self.find_concepts())

    def find_concepts(self) -> list[Concept]:
        """Return the same families with their members."""
        from analysis.names import find_concepts

        return find_concepts(self._facts, self.policy)

    def find_concept(self, name: str = "") -> Concept | None:
        """Return one family by its name, without one the first; ``UnknownNameError`` for a name that there is not."""
        concepts = self.find_concepts()
        if not name:
            return concepts[0] if concepts else None
        found = next((concept for concept in concepts if concept.name == name), None)
        if found is None:
            near = get_close_matches(name, [concept.name for concept in concepts], 3, 0.4)
            known = near or [concept.name for concept in concepts[:5]]
            raise UnknownNameError(f"no concept {name!r}", remedy=f"There are: {', '.join(known)}" if known else "")
        return found

    def members(self, concept: str = "") -> pd.DataFrame:
        """Return the classes of a family: who counts, who extends or wraps whom, how large, how much used.

        The columns are those of ``analysis.names.families.build_members_frame``.
        """
        from analysis.names.families import build_members_frame

        found = self.find_concept(concept)
        sources = (self.table(name) for name in ("definitions", "methods", "bases", "paths"))
        return build_members_frame([found] if found else [], *sources)

    def compare(self, concept: str = "") -> pd.DataFrame:
        """Return the methods of a family's classes side by side: one row per method, one column per class."""
        from analysis.names.families import build_methods_frame

        found = self.find_concept(concept)
        return build_methods_frame(found.members if found else (), self.table("methods"))

    def users(self, concept: str = "") -> pd.DataFrame:
        """Return who imports the classes of a family: definition, importer, path, line, import_path, route, scope."""
        from analysis.names.families import build_users_frame

        found = self.find_concept(concept)
        definitions = [member.definition for member in found.members] if found else []
        return build_users_frame(definitions, self.table("paths"), self.table("edges"))

    @property
    def _facts(self) -> _StoredFacts:
        return _StoredFacts(self)

    def plan(self) -> list[Phase]:
        """Return the phases of the remediation plan."""
        return list(self._phases)

    @cached_property
    def _phases(self) -> tuple[Phase, ...]:
        from analysis.remedy import build_plan

        return tuple(build_plan(self.table("findings"), self._read_chosen, self.policy))

    def schedule(self) -> Schedule:
        """Return when each step of the plan is done, by the capacity that the policy states."""
        from analysis.remedy import build_schedule

        return build_schedule(self.plan(), self.policy.plan.hours_per_week, self.policy.plan.people)

    def debt(self) -> Debt:
        """Return the debt: the estimated minutes of the plan, by owner and after each phase, and its interest."""
        from analysis.remedy import sum_debt

        return sum_debt(self.plan(), self.table("golden_runs"))

    def history(self, by: Literal["", "rule"] = "") -> pd.DataFrame:
        """Return what the kept snapshots of this target say, up to this one, the oldest first.

        One row per snapshot with the columns of ``kept_history.FIGURES``: time, revision, score, findings by severity,
        debt; with ``by="rule"`` one per snapshot, rule and severity, with those of ``kept_history.BY_RULE``.
        """
        from analysis.kept_history import build_by_rule, build_figures

        return (build_by_rule if by == "rule" else build_figures)(self, type(self))

    def minutes_by_finding(self) -> dict[str, int]:
        """Return the share of the debt that each finding is, by fingerprint; consequences of others have none."""
        return {name: minutes for phase in self.plan() for step in phase.steps for name, _, minutes in step.shares}

    def _read_chosen(self, name: str) -> pa.Table:
        """Return a table without the rows that are about other packages than those that the policy names."""
        from analysis.rules.target_packages import choose_code, choose_cycles, choose_paths

        table, chosen = (
            self.table(name),
            choose_code(self.policy.target.packages, self.table("modules"), self.table("siblings")),
        )
        if name == "cycles":
            return choose_cycles(chosen, table)
        return choose_paths(chosen, table) if "path" in table.column_names else table

    def success_metrics(self) -> list[SuccessMetric]:
        """Return what must hold when the plan is done: metric, now, target, met."""
        from analysis.remedy import build_success_metrics

        return build_success_metrics(self.table("metrics"), self.policy)

    def metric(self, name: str) -> float:
        """Return one measured number; ``UnknownNameError`` when the snapshot has none of that name."""
        table = self.table("metrics")
        values = dict(zip(table.column("metric").to_pylist(), table.column("value").to_pylist(), strict=True))
        if name not in values:
            raise UnknownNameError(f"no metric {name!r}", remedy=f"There are: {', '.join(sorted(values))}")
        return float(values[name])

    @property
    def module_count(self) -> int:
        """Modules that Python can import; all that were found where that could not be measured."""
        table = self.table("metrics")
        values = dict(zip(table.column("metric").to_pylist(), table.column("value").to_pylist(), strict=True))
        return int(values.get("modules", self.manifest.counts.get("modules", 0)))

    def summary(self) -> pd.DataFrame:
        """Return the measured numbers: metric, value, unit, meaning."""
        return self.metrics

    def __repr__(self) -> str:
        counts = self.manifest.counts
        return (
            f"<Investigation of {self.name} at {self.manifest.revision}: "
            f"{', '.join(format_count(counts.get(f'{noun}s', 0), noun) for noun in ('module', 'import', 'finding'))}>"
        )

    def _repr_html_(self) -> str:
        manifest, counts = self.manifest, self.manifest.counts
        numbers = " · ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in sorted(counts) if counts[name])
        return (
            f"<p><strong>{escape(self.name)}</strong> at <code>{escape(manifest.revision)}</code>, "
            f"scanned {escape(manifest.created)}<br>{escape(numbers)}</p>"
        )


class _StoredFacts:
    """The facts tables of a snapshot, as attributes."""

    def __init__(self, investigation: Investigation) -> None:
        self._investigation = investigation

    def __getattr__(self, name: str) -> pa.Table:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._investigation.table(name)


def _list_rules() -> list[str]:
    from analysis.rules import RULES

    return [rule.name for rule in RULES]


def open_snapshot(wanted: str | Path = "", *, data: Path | None = None) -> Investigation:
    """Open a snapshot: its folder, the newest of a target (by name or folder), or the newest of all.

    Raises ``SnapshotError`` when there is none.
    """
    return Investigation(store.find_snapshot(data or store.find_data_folder(), str(wanted)))

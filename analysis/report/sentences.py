"""Computed sentences for notebooks, so that their prose never contains a number of another target or day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.quantities import write_count
from analysis.report.displays import Fragment, Prose, build_table
from analysis.report.escaping import code
from analysis.report.packages import count_imports, group_modules
from analysis.report.provenance import NO_REVISION, format_revision
from analysis.report.views import MOST_PACKAGES, find_busiest
from analysis.rules.cycle_outcomes import find_cycle_outcomes
from analysis.steps import read_loop_step
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

_LONGEST_LOOP = 6


def format_target(inv: Investigation) -> Prose:
    """Say what was analysed, and how large it is."""
    counts = inv.manifest.counts
    read = f"{format_count(counts['files'], 'file')}, {format_count(inv.module_count, 'module')}"
    revision = inv.manifest.revision
    where = format_revision(revision) if revision == NO_REVISION else f"at revision {code(revision)}"
    text = (
        f"{code(inv.name)} ({where}) has {read}, "
        f"{format_count(counts['definitions'], 'class', 'classes')} and "
        f"{format_count(counts['imports'], 'imported name')}."
    )
    return Prose(text)


def format_graph(inv: Investigation) -> Prose:
    """Count modules, import edges, third-party packages and imports of missing modules."""
    metric = inv.metric
    sentences = [
        (
            f"{format_count(metric('modules'), 'module')}, connected by "
            f"{format_count(metric('edges'), 'import edge')}: "
            f"{write_count(metric('edges-import-time'))} run on import, {write_count(metric('edges-deferred'))} when a "
            f"function is called, {write_count(metric('edges-typing'))} only for type checkers; an edge can be of "
            "several kinds."
        ),
        (
            f"{format_count(metric('external-packages'), 'third-party package').capitalize()} "
            f"{'is' if metric('external-packages') <= 1 else 'are'} imported."
        ),
        (
            f"{format_count(metric('phantom-imports'), 'import').capitalize()} "
            f"{'names' if metric('phantom-imports') <= 1 else 'name'} a module of this code base that does not exist."
        ),
    ]
    return Prose(" ".join(sentences))


def format_packages(inv: Investigation) -> Prose:
    """Count the pairs of packages that import each other, and name the pair with the most imports."""
    counted = count_imports(inv.edges, group_modules([str(name) for name in inv.graph.modules], MOST_PACKAGES))
    rows: Iterable[Any] = counted.itertuples(index=False, name=None)
    weights = {(str(importer), str(imported)): int(imports) for importer, imported, imports in rows}
    mutual = [(weight + weights[b, a], a, b) for (a, b), weight in weights.items() if a < b and (b, a) in weights]
    if not mutual:
        return Prose("No two packages in this picture import each other.")
    _, first, second = min(mutual, key=lambda pair: (-pair[0], pair[1], pair[2]))
    return Prose(
        f"{format_count(len(mutual), 'pair')} of packages {'import' if len(mutual) > 1 else 'imports'} each other. The "
        f"strongest pair: {code(first)} imports {code(second)} with "
        f"{format_count(weights[first, second], 'statement')}, and "
        f"{code(second)} imports {code(first)} with {weights[second, first]:,}."
    )


def format_busiest(inv: Investigation, module: str = "") -> Prose:
    """State how many modules import a module, and how many it imports; by default the most imported one."""
    module = module or find_busiest(inv)
    edges = inv.edges[~inv.edges["is_ancestor"]].drop_duplicates(["importer", "imported"])
    into, out = int((edges["imported"] == module).sum()), int((edges["importer"] == module).sum())
    return Prose(
        f"{code(module)} is imported by {format_count(into, 'module')} and imports {format_count(out, 'module')}. A "
        f"change to it can affect every module that imports it."
    )


def format_cycles(inv: Investigation) -> Prose:
    """Count the cycles of each kind, and give the size of the largest."""
    lines = []
    for kind, meaning in (
        ("import-time", "can fail, depending on which module is imported first"),
        ("deferred", "need an import inside a function"),
        ("typing", "need an import for type checkers"),
    ):
        cycles = inv.cycles(kind)
        if cycles.empty:
            lines.append(f"- **{kind}**: none.")
            continue
        total, largest = int(cycles["size"].sum()), int(cycles["size"].max())
        lines.append(
            f"- **{kind}**: {format_count(len(cycles), 'cycle')} over {format_count(total, 'module')}, the largest "
            f"with {largest:,}. Such cycles {meaning}."
        )
    return Prose("\n".join(lines))


def format_cuts(inv: Investigation, kind: str = "import-time") -> Prose:
    """State how many imports must be removed to break every cycle of a kind, and whether this is proven minimal."""
    cycles = inv.cycles(kind)
    if cycles.empty:
        return Prose("There is nothing to cut.")
    cuts = sum(len(cut) for cut in cycles["cut"])
    methods = Counter(str(method) for method in cycles["cut_method"])
    if not methods["heuristic"]:
        proof = "This is proven to be the cheapest cut of every cycle."
    else:
        large = methods["heuristic"]
        was = "was" if large == 1 else "were"
        proof = f"{format_count(large, 'cycle')} {was} too large for a proof: a cheaper cut may exist."
    return Prose(f"Removing {format_count(cuts, 'import')} breaks {format_count(len(cycles), 'cycle')}. {proof}")


def list_cycles(inv: Investigation, kind: str = "import-time", most_rows: int = 20) -> Fragment:
    """Return the cycles of a kind as a table: size, a short loop with its places, and the imports to cut."""
    rows = [
        (row["size"], row["edge_count"], [_format_step(step) for step in row["loop"][:_LONGEST_LOOP]], list(row["cut"]),
         row["cut_method"])
        for row in inv.cycles(kind).to_dict("records")
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["modules", "imports", "a short loop", "cheapest cut", "method"])
    names = ("a short loop", "cheapest cut")
    return build_table(frame, caption=f"Cycles: {kind}", most_rows=most_rows, names=names)


def list_cycle_outcomes(inv: Investigation, most_rows: int = 20) -> Fragment:
    """Return each import-time cycle with the modules that fail when imported first, and the names that are lost."""
    cycles = inv.frame("cycles")
    chosen = cycles[cycles["kind"].astype(str) == "import-time"].sort_values(["size", "cycle"], ascending=[False, True])
    modules = dict(zip(chosen["cycle"], chosen["modules"], strict=True))
    simulated, swallowed = (inv.table(name).to_pylist() for name in ("simulated", "simulated_swallowed"))
    outcomes = find_cycle_outcomes(modules, simulated, swallowed)
    rows = []
    for row in chosen.itertuples():
        outcome = outcomes[str(row.cycle)]
        failing = [f"{each['module']} ({each['failed_path']}:{each['failed_line']})" for each in outcome.failing]
        lost = [f"{each['left_as']} ({each['caught_path']}:{each['caught_line']})" for each in outcome.lost]
        rows.append((row.size, "through packages" if row.with_ancestors else "", failing[:5], len(failing), lost[:5]))
    frame = pd.DataFrame(
        rows, columns=["modules", "kind", "fails when imported first", "failing modules", "silently lost names"]
    )
    names = ("fails when imported first", "silently lost names")
    return build_table(
        frame, caption="Simulated first imports of the modules in cycles", most_rows=most_rows, names=names
    )


def _format_step(step: Any) -> str:
    read = read_loop_step(str(step))
    return f"{read.importer} → {read.imported} ({read.path}:{read.line})"


def list_packages(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the pairs of packages with the most imports as a table."""
    groups = group_modules([str(name) for name in inv.graph.modules], MOST_PACKAGES)
    counted = count_imports(inv.edges, groups)
    between = counted[counted["importer"] != counted["imported"]]
    names = ("importer", "imported")
    return build_table(between, caption="Imports between packages", most_rows=most_rows, names=names)


def list_phantoms(inv: Investigation, most_rows: int = 15) -> Fragment:
    """Return the imported modules that do not exist, the most often imported first."""
    phantoms = inv.phantoms
    phantoms = phantoms[phantoms["reason"].astype(str) == "no-such-module"]
    statements: Iterable[Any] = phantoms.drop_duplicates(["path", "line", "module"]).to_dict("records")
    places: dict[str, list[Any]] = defaultdict(list)
    for row in statements:
        places[row["module"]].append(row)
    found = [
        (module, len(group), str(group[0]["nearest"]), f"{group[0]['path']}:{group[0]['line']}")
        for module, group in places.items()
    ]
    rows = sorted(found, key=lambda row: (-row[1], row[0]))
    frame = pd.DataFrame(rows, columns=["missing module", "imports", "nearest", "first place"])
    return build_table(
        frame,
        caption="Modules that do not exist",
        most_rows=most_rows,
        names=("missing module", "nearest", "first place"),
    )


def list_repeated_classes(inv: Investigation, most_rows: int = 20) -> Fragment:
    """Return the class names that are defined more than once, the most often defined first."""
    frame = inv.duplicate_names()[["name", "definitions", "places"]]
    return build_table(frame, caption="Classes that share a name", most_rows=most_rows, names=("name", "places"))

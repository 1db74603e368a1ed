"""Pictures drawn by matplotlib: overviews that would be unreadable as networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from analysis.graph import order_nodes
from analysis.report.colours import LIGHT
from analysis.report.displays import Picture
from analysis.report.drawings import AMBER, BLUE, INK, PALE, QUIET, RED, STYLE, Drawing, render
from analysis.report.escaping import plain
from analysis.report.explorer_links import link_to_view, name_pair_view
from analysis.report.packages import REST, count_imports, find_common_package, group_modules, shorten, shorten_names
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

#: The strength of the palest cell of a matrix, between 0 and 1.
_PALEST = 0.22
MOST_PACKAGES = 40
MOST_BARS = 20
LONGEST_LABEL = 38
#: The kinds of cycles, in the order of their gravity.
KINDS: Mapping[str, str] = {"import-time": RED, "deferred": AMBER, "typing": BLUE}


def draw_matrix(inv: Investigation, most_packages: int = MOST_PACKAGES) -> Picture:
    """Return the dependency-structure matrix: a row's package imports a column's.

    The packages are ordered so that most imports point down the layers: in a layered code base
    everything below the diagonal is empty. Source: D. Steward, "The design structure system" (1981).
    """
    groups = group_modules([str(name) for name in inv.graph.modules], most_packages)
    counted = count_imports(inv.edges, groups)
    between = counted[counted["importer"] != counted["imported"]]
    names = _order_layers(sorted(set(groups.values())), list(between.itertuples(index=False, name=None)))
    index = {name: number for number, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)))
    for importer, imported, weight in between.itertuples(index=False, name=None):
        matrix[index[importer], index[imported]] = weight
    against = int(np.tril(matrix, -1).sum())
    packages = format_count(len(names), "package")
    caption = (
        f"{packages}. Each cell counts the import statements of the row's package that import from the column's "
        f"package. Red cells, below the diagonal, are against the layer order: {against:,} of "
        f"{format_count(int(matrix.sum()), 'statement')}."
    )
    alt = f"Matrix of the imports between {packages}; against the layer order: {against:,}"
    labels, package = list(shorten(names).values()), find_common_package(names)
    labels = [shorten_names(label, package) for label in labels]
    with rc_context(STYLE):
        drawing = _draw_cells(labels, matrix, _find_views(names))
        return drawing.describe(alt, caption + _explain_names(package, labels))


def _find_views(names: Sequence[str]) -> Callable[[int, int], str]:
    """Return the links from cells to the statements that they count.

    A name that others begin with stands for the rest of its package, which the explorer shows as one.
    """
    whole = [name != REST and not any(other.startswith(f"{name}.") for other in names) for name in names]

    def find(row: int, column: int) -> str:
        return link_to_view(name_pair_view(names[row], names[column])) if whole[row] and whole[column] else ""

    return find


def _order_layers(names: Sequence[str], pairs: Sequence[tuple[str, str, int]]) -> list[str]:
    """Return the names so that few imports point up; those that nothing connects with others come first."""
    places = {name: place for place, name in enumerate(sorted(names))}
    costs = {(places[importer], places[imported]): weight for importer, imported, weight in pairs}
    ordered = [sorted(names)[place] for place in order_nodes(costs)]
    return [*sorted(set(names) - set(ordered)), *ordered]


def _draw_cells(names: Sequence[str], matrix: np.ndarray, link: Callable[[int, int], str]) -> Drawing:
    size = min(9.6, max(3.6, 1.9 + 0.19 * len(names)))
    figure = Figure(figsize=(size + 0.6, size))
    axes = figure.add_subplot()
    upper, lower = np.triu(matrix), np.tril(matrix, -1)
    top = max(float(matrix.max(initial=1)), 2.0)
    for part, colour in ((upper, BLUE), (lower, RED)):
        for row, column in zip(*np.nonzero(part), strict=True):
            strength = _PALEST + (1 - _PALEST) * math.log(part[row, column]) / math.log(top)
            cell = Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour, alpha=round(strength, 2), linewidth=0)
            cell.set_url(link(row, column) or None)
            axes.add_patch(cell)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), aspect="equal")
    labels = [_label(name) for name in names]
    small = 8 if len(names) <= 30 else 6.5
    axes.set_xticks(range(len(names)), labels, rotation=90, fontsize=small)
    axes.set_yticks(range(len(names)), labels, fontsize=small)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(-0.5, len(names)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(names)), minor=True)
    axes.grid(which="minor", color=LIGHT["line"], linewidth=0.4)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    axes.plot([-0.5, len(names) - 0.5], [-0.5, len(names) - 0.5], color=LIGHT["border"], linewidth=0.7)
    return render(figure)


def draw_cycle_sizes(inv: Investigation, most_bars: int = MOST_BARS) -> Picture:
    """Return one bar per cycle: its number of modules, coloured by its kind."""
    cycles = inv.cycles()
    shown = cycles.head(most_bars)
    package = find_common_package([str(name) for name in inv.graph.modules])
    labels = [f"{shorten_names(modules[0], package)} …" for modules in shown["modules"]]
    colours = [KINDS[str(kind)] for kind in shown["kind"]]
    hidden = f" Smaller ones that are not drawn: {len(cycles) - len(shown):,}." if len(cycles) > len(shown) else ""
    counts = ", ".join(f"{int((cycles['kind'] == kind).sum()):,} {kind}" for kind in KINDS)
    caption = (
        f"Modules per cycle, named by the first of its modules: {counts}.{hidden}{_explain_names(package, labels)}"
    )
    legend = {kind: colour for kind, colour in KINDS.items() if kind in set(shown["kind"])}
    with rc_context(STYLE):
        bars = _draw_bars(labels, [int(size) for size in shown["size"]], colours, "modules", legend)
    return bars.describe(f"Bars: the sizes of {format_count(len(shown), 'cycle')}; {counts}", caption)


def draw_duplicate_names(inv: Investigation, most_bars: int = MOST_BARS) -> Picture:
    """Return one bar per class name that is defined more than once: how many definitions it has."""
    repeated = inv.duplicate_names()
    shown = repeated.head(most_bars)
    hidden = f" Names that are not drawn: {len(repeated) - len(shown):,}." if len(repeated) > len(shown) else ""
    caption = f"Definitions per class name, for {format_count(len(repeated), 'name')} with more than one.{hidden}"
    with rc_context(STYLE):
        sizes = [int(count) for count in shown["definitions"]]
        bars = _draw_bars([str(name) for name in shown["name"]], sizes, [BLUE] * len(shown), "definitions", {})
    return bars.describe(f"Bars: {format_count(len(shown), 'class name')} by number of definitions", caption)


def draw_slowest(inv: Investigation, most_bars: int = MOST_BARS) -> Picture:
    """Return one bar per module, the slowest first: milliseconds of its first import, with all that it imports."""
    probed = inv.frame("probed")
    ordered = probed[probed["outcome"].astype(str) == "ok"].sort_values(["seconds", "module"], ascending=[False, True])
    shown = ordered.head(most_bars)
    hidden = f" Faster ones that are not drawn: {len(ordered) - len(shown):,}." if len(ordered) > len(shown) else ""
    package = find_common_package([str(name) for name in inv.graph.modules])
    labels = [shorten_names(name, package) for name in shown["module"]]
    caption = (
        f"Milliseconds per first import in the probe's processes, of {format_count(len(ordered), 'module')}.{hidden}"
        f"{_explain_names(package, labels)}"
    )
    with rc_context(STYLE):
        values = [round(1000 * float(seconds)) for seconds in shown["seconds"]]
        bars = _draw_bars(labels, values, [BLUE] * len(shown), "milliseconds", {})
    return bars.describe(f"Bars: the {len(shown)} slowest first imports", caption)


def draw_import_costs(inv: Investigation, entry: str = "") -> Picture:
    """Return the time of one first import as nested bars: below each module body the modules that it imports.

    ``entry`` is a module that was probed; by default the one whose import took longest.
    """
    costs = inv.frame("import_costs")
    chosen = entry or _find_slowest(inv)
    rows = costs[costs["entry"] == chosen].sort_values("position")
    with rc_context(STYLE):
        bars = _nest(
            [(int(d), str(m), float(s)) for d, m, s in zip(rows["depth"], rows["module"], rows["seconds"], strict=True)]
        )
        drawing = _draw_nested(bars)
    total = sum(seconds for depth, _, _, seconds in bars if depth == 0)
    caption = (
        f"The first import of {chosen} takes {1000 * total:,.0f} ms. Each bar is the body of a module, "
        "below it those that it imports. Packages of others were loaded before and do not count."
        if bars
        else "No import was timed."
    )
    return drawing.describe(f"Nested bars: {len(bars)} module bodies by time", caption)


def _find_slowest(inv: Investigation) -> str:
    outer = inv.frame("import_costs").query("depth == 0").groupby("entry")["seconds"].sum()
    return "" if outer.empty else str(outer.sort_values(kind="stable").index[-1])


def _nest(rows: Sequence[tuple[int, str, float]]) -> list[tuple[int, str, float, float]]:
    """Return depth, module, begin and length in seconds of each bar: children side by side below their parent."""
    ends: list[float] = [0.0]
    bars = []
    shift = min((depth for depth, _, _ in rows), default=0)
    for depth, module, seconds in rows:
        level = min(depth - shift, len(ends) - 1)
        begin = ends[level]
        bars.append((level, module, begin, seconds))
        ends[level] = begin + seconds
        ends[level + 1 :] = [begin]
    return bars


def _draw_nested(bars: Sequence[tuple[int, str, float, float]]) -> Drawing:
    levels = max((level for level, *_ in bars), default=0) + 1
    figure = Figure(figsize=(8.4, max(1.6, 0.9 + 0.27 * levels)))
    axes = figure.add_subplot()
    if not bars:
        axes.text(0.5, 0.5, "none", ha="center", va="center", color=QUIET, fontsize=12)
        axes.set_axis_off()
        return render(figure)
    end = max(begin + length for _, _, begin, length in bars)
    for level, module, begin, length in bars:
        colour = BLUE if level % 2 == 0 else PALE
        axes.barh(
            -level, 1000 * length, left=1000 * begin, height=0.92, color=colour, edgecolor=LIGHT["paper"], linewidth=0.5
        )
        room = int(95 * length / end)
        name = module.rpartition(".")[2]
        if room > 3:
            text = name if len(name) <= room else name[: room - 1] + "…"
            ink = LIGHT["on-accent"] if level % 2 == 0 else INK
            axes.text(1000 * (begin + end / 400), -level, text, va="center", fontsize=7.5, color=ink, clip_on=True)
    axes.set_xlim(0, 1000 * end)
    axes.set_ylim(-levels + 0.5, 0.6)
    axes.set_yticks([])
    axes.set_xlabel("milliseconds")
    return render(figure)


def _draw_bars(
    labels: Sequence[str], values: Sequence[int], colours: Sequence[str], unit: str, legend: Mapping[str, str]
) -> Drawing:
    figure = Figure(figsize=(8.4, max(1.4, 0.7 + 0.26 * len(labels))))
    axes = figure.add_subplot()
    if not labels:
        axes.text(0.5, 0.5, "none", ha="center", va="center", color=QUIET, fontsize=12)
        axes.set_axis_off()
        return render(figure)
    positions = range(len(labels), 0, -1)
    axes.barh(positions, values, color=list(colours), height=0.66)
    axes.set_yticks(list(positions), [_label(label) for label in labels])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.set_xlabel(unit)
    axes.set_xlim(0, max([1, *values]) * 1.08)
    for position, value in zip(positions, values, strict=True):
        axes.text(value + max(values) * 0.008, position, f"{value:,}", va="center", fontsize=8, color=QUIET)
    _add_legend(axes, legend)
    return render(figure)


def _add_legend(axes: Axes, legend: Mapping[str, str]) -> None:
    if len(legend) > 1:
        patches = [Patch(color=colour, label=name) for name, colour in legend.items()]
        axes.legend(handles=patches, frameon=False, loc="lower right", fontsize=8)


def _explain_names(package: str, labels: Sequence[str]) -> str:
    return f" In names, … stands for {package}." if any(label.startswith("…") for label in labels) else ""


def _label(name: str) -> str:
    """Return a label that fits next to a picture: the end of the name, in letters that the font has."""
    readable = "".join(letter if ord(letter) < 0x530 or letter == "…" else "\u25a1" for letter in plain(name))
    return readable if len(readable) <= LONGEST_LABEL else f"…{readable[1 - LONGEST_LABEL :]}"

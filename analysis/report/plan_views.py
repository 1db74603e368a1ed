"""The plan as a picture and as tables: when each step is done, what it clears, and who has how much to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from analysis.quantities import write_decimal
from analysis.remedy import format_minutes
from analysis.report.colours import LIGHT
from analysis.report.displays import Fragment, Picture, build_table
from analysis.report.drawings import AMBER, BLUE, QUIET, RED, STYLE, Drawing, render
from analysis.report.escaping import plain
from analysis.report.plan_cards import PhaseCard, StepCard, build_cards, describe_capacity
from analysis.report.tones import TONES
from analysis.wording import format_count

if TYPE_CHECKING:
    from analysis.investigation import Investigation

MOST_STEPS = 40
_LONGEST_TITLE = 52
_NOTHING = '<p class="nothing">Nothing to do.</p>'
_COLOURS = {"urgent": RED, "policy": LIGHT["violet"], "risk": AMBER, "note": BLUE}


def draw_calendar(inv: Investigation, most_steps: int = MOST_STEPS) -> Picture | Fragment:
    """Return one bar for each step of the plan, from the day on which it begins to the one on which it ends."""
    phases = build_cards(inv.plan(), inv.schedule())
    cards = [card for phase in phases for card in phase.steps]
    if not cards:
        return Fragment(_NOTHING, "nothing to do")
    schedule, shown = inv.schedule(), cards[:most_steps]
    with rc_context(STYLE):
        drawing = _draw(phases, shown)
    days = max(slot.last_day for slot in schedule.steps.values())
    hidden = f" Later steps that are not drawn: {len(cards) - len(shown):,}." if len(cards) > len(shown) else ""
    spans = "; ".join(f"phase {place}: {phase.when}" for place, phase in enumerate(phases, 1))
    caption = (
        f"{format_count(len(cards), 'step')} in {format_count(days, 'working day')} of "
        f"{describe_capacity(schedule)}.{hidden} The list of steps has the days in words."
    )
    return drawing.describe(f"Calendar of {format_count(len(cards), 'step')}. {spans[:1].upper()}{spans[1:]}", caption)


def _draw(phases: Sequence[PhaseCard], cards: Sequence[StepCard]) -> Drawing:
    figure = Figure(figsize=(8.4, 0.9 + 0.24 * len(cards)))
    axes = figure.add_subplot()
    last = max(card.slot.ends / card.slot.hours_per_day for card in cards)
    for place, card in enumerate(cards):
        begins, ends = (hours / card.slot.hours_per_day for hours in (card.slot.begins, card.slot.ends))
        axes.barh(
            place, max(ends - begins, last / 200), left=begins, height=0.62, color=_COLOURS[card.tone], linewidth=0
        )
    row = 0
    for phase in phases:
        row += len(phase.steps)
        if row < len(cards):
            axes.axhline(row - 0.5, color=LIGHT["border"], linewidth=0.7)
    axes.set_yticks(range(len(cards)), [_label(card) for card in cards], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, max(last, 0.1) * 1.02), ylim=(len(cards) - 0.5, -0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    axes.grid(axis="x", color=LIGHT["line"], linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("working days")
    present = [tone for tone in TONES if any(card.tone == tone for card in cards)]
    patches = [Patch(color=_COLOURS[tone], label=TONES[tone][0]) for tone in present]
    axes.legend(
        handles=patches, frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=4, labelcolor=QUIET
    )
    return render(figure)


def _label(card: StepCard) -> str:
    text = plain(f"{card.step.number} {card.step.title}")
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"


def list_steps(inv: Investigation) -> Fragment:
    """Return the steps as a table: what each clears, its work, when it is done, its risk, and what comes before."""
    cards = [card for phase in build_cards(inv.plan(), inv.schedule()) for card in phase.steps]
    if not cards:
        return Fragment(_NOTHING, "nothing to do")
    frame = pd.DataFrame(
        {
            "step": [f"{card.step.number} {card.step.title}" for card in cards],
            "cleared": [len(card.step.cleared) for card in cards],
            "work": [format_minutes(card.step.minutes) for card in cards],
            "per hour": [write_decimal(card.step.rate) if card.step.minutes else "–" for card in cards],
            "when": [card.when for card in cards],
            "risk": [card.step.risk.level for card in cards],
            "after": [", ".join(need.step for need in card.step.needs) for card in cards],
            "owner": [", ".join(card.step.owners) for card in cards],
        }
    )
    return build_table(frame, caption="Steps of the plan", most_rows=len(frame))

"""What a terminal shows of fixes: each with its reason, what it was proved to do, and its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from analysis.fixes.choosing import Choice, Fix
from analysis.fixes.fixing import list_mentions
from analysis.fixes.offers import Refusal
from analysis.fixes.patches import write_difference
from analysis.history.difference_lines import format_finding
from analysis.quantities import write_score
from analysis.wording import choose_form, format_count, make_harmless

#: How a line is meant: it is printed in the colour of that.
Tone = Literal["", "title", "added", "removed", "place", "quiet"]
_TONES: dict[str, Tone] = {"+": "added", "-": "removed", "@": "place"}
_MOST_REFUSED = 40


def list_lines(choice: Choice, *, with_difference: bool = True) -> Iterator[tuple[Tone, str]]:
    """Yield the lines about all fixes, and about what is refused, each harmless and with its tone."""
    for number, fix in enumerate([*choice.fixes, *choice.scaffolds], 1):
        yield from _describe_fix(number, fix)
        if with_difference:
            yield from list_difference(fix)
        yield "", ""
    mentions = list(list_mentions(choice))
    if mentions:
        yield "title", "Left alone; look at these yourself:"
        yield from (("", f"  {make_harmless(line)}") for line in mentions)
        yield "", ""
    if choice.refused:
        yield "title", f"No fix for {format_count(len(choice.refused), 'place')}:"
        yield from (("quiet", f"  {line}") for line in map(_describe_refusal, choice.refused[:_MOST_REFUSED]))
        if len(choice.refused) > _MOST_REFUSED:
            yield "quiet", f"  and {len(choice.refused) - _MOST_REFUSED:,} more: --json"
        yield "", ""
    yield "title", summarise(choice)


def summarise(choice: Choice) -> str:
    """Return what all fixes do in one line."""
    count = len(choice.fixes)
    cleared = {each.fingerprint for fix in choice.fixes for each in fix.proof.cleared}
    new = {each.fingerprint for fix in choice.fixes for each in fix.proof.new if each.change == "new"}
    parts = [format_count(count, "fix", "fixes")]
    if count:
        verb = choose_form(count, "clears", "clear")
        score = choice.fixes[0].proof.scores[0], choice.fixes[-1].proof.scores[1]
        brought = f", {len(new - cleared):,} new" if new - cleared else ""
        parts[0] += f" {verb} {format_count(len(cleared - new), 'finding')}{brought}"
        if None not in score:
            before, after = (write_score(each or 0.0) for each in score)
            parts.append(f"score {before}" if before == after else f"score {before} → {after}")
    if choice.scaffolds:
        parts.append(format_count(len(choice.scaffolds), "scaffold"))
    if choice.refused:
        parts.append(f"{len(choice.refused):,} refused")
    return "; ".join(parts)


def list_difference(fix: Fix) -> Iterator[tuple[Tone, str]]:
    """Yield the lines that a fix changes."""
    for raw in write_difference(fix).split(b"\n")[:-1]:
        line = raw.decode("utf-8", "backslashreplace").removesuffix("\r")
        if line.startswith(("diff --git", "index ", "--- ", "new file", "deleted file")):
            continue
        is_name = line.startswith("+++ ")
        yield "place" if is_name else _TONES.get(line[:1], ""), f"    {make_harmless(line)}"


def _describe_fix(number: int, fix: Fix) -> Iterator[tuple[Tone, str]]:
    offer, proof = fix.offer, fix.proof
    kind = f"{offer.kind}, a scaffold" if offer.is_scaffold else offer.kind
    yield "title", make_harmless(f"{number}. {offer.title} ({kind})")
    yield from (("", f"    {make_harmless(line)}") for line in offer.reason.splitlines())
    about = "" if fix.together == 1 else f" (proved together with {fix.together - 1} more)"
    own = [each for each in proof.cleared if fix.together == 1 or each.fingerprint in offer.clears]
    yield from (("quiet", f"    clears {make_harmless(format_finding(each))}") for each in own)
    yield from (("quiet", f"    leaves {name}") for name in proof.remaining if name in offer.clears)
    if fix.together == 1:
        yield from (("quiet", f"    brings {make_harmless(format_finding(each))}") for each in proof.new)
    if about:
        yield "quiet", f"   {about}"
    if not proof.was_simulated:
        yield "quiet", "    not all first imports were simulated in time: whether more of them fail is unknown"


def _describe_refusal(refusal: Refusal) -> str:
    place = f"{refusal.path}:{refusal.line} " if refusal.line else f"{refusal.path} " if refusal.path else ""
    return make_harmless(f"{place}{refusal.kind} of {refusal.subject}: {refusal.reason}")

"""The answer as text: what a terminal shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from analysis.wording import choose_form, format_count, make_harmless

if TYPE_CHECKING:
    from analysis.why.answer import CitedStatement, Guilt, Swallowed, TriedCut, Why

_MOST = 12
_STATES = {"None": "stays None", "absent": "stays undefined"}


def write_text(why: Why) -> str:
    """Return the answer as lines of plain text, without anything that acts in a terminal."""
    return "\n".join(make_harmless(line) for line in write_lines(why))


def write_lines(why: Why) -> Iterator[str]:
    """Yield the lines of the answer."""
    yield f"{why.module}: {format_verdict(why)}"
    if why.fails:
        yield ""
        yield from write_traceback(why)
        yield ""
        yield from map(_mark, explain_failure(why))
    if why.imports:
        yield from _write_imports(why)
    for swallowed in why.swallowed[:_MOST]:
        yield ""
        yield from _write_swallowed(swallowed)
    if len(why.swallowed) > _MOST:
        yield f"and {len(why.swallowed) - _MOST:,} more (--json lists all)"
    notes = list(explain_surroundings(why))
    if notes:
        yield ""
        yield from map(_mark, notes)


def _mark(sentence: str) -> str:
    return f"- {sentence}"


def format_verdict(why: Why) -> str:
    """Return how the first import ends, in one sentence."""
    if not why.is_known:
        return f"it is not known how its first import ends. {why.reason}"
    if why.outcome == "ok":
        bodies = format_count(why.modules_run, "module body", "module bodies")
        lost = [each for each in why.swallowed if each.is_circular]
        but = f", but {format_count(len(lost), 'import')} inside of it {choose_form(len(lost), 'fails', 'fail')}" + (
            " silently, because of a cycle" if lost else ""
        )
        doubt = f"; in doubt: {why.doubt}" if why.doubt else ""
        return f"its first import works{but if lost else ''} (predicted; {bodies} of the target run{doubt})"
    return f"its first import fails (predicted{'; in doubt: ' + why.doubt if why.doubt else ''})"


def write_traceback(why: Why) -> Iterator[str]:
    """Yield the predicted traceback, as Python prints one; paths are relative to the target."""
    yield "Traceback (most recent call last):"
    for step, times in count_repeated(why.chain):
        yield f'  File "{step.path}", line {step.line}{f", in {step.module}" if step.module else ""}'
        if step.source:
            yield f"    {step.source}"
        if times > 1:
            yield f"  [Previous line repeated {times - 1} more times]"
    if why.outcome == "recursion":
        yield "  [and so on, until the recursion limit]"
    yield f"{why.exception}: {why.message}" if why.message else why.exception


def count_repeated(chain: Iterable[CitedStatement]) -> list[tuple[CitedStatement, int]]:
    """Return the statements of a chain, those that follow themselves once, with how often they do."""
    return [(step, len(list(same))) for step, same in groupby(chain)]


def explain_failure(why: Why) -> Iterator[str]:
    """Yield what is missing, and why it is not there yet."""
    if why.outcome == "recursion":
        named = f"{why.missing_name} of {why.missing_module}" if why.missing_name else why.missing_module or "a name"
        yield f"Looking up {named} never ends: the modules ask each other"
    elif why.missing_module and why.outcome == "circular":
        where = f", whose body waits at {_show(why.waiting)}" if why.waiting else ""
        yield f"Partially initialized at that point: {why.missing_module}{where}"
    elif why.missing_module:
        yield f"{'Lacks the name' if why.missing_name else 'Missing module'}: {why.missing_module}"
    if why.missing_name and why.outcome != "recursion":
        later = why.bound_later
        bound = f", bound only later, at {_show(later)}" if later else ""
        yield f"Missing name: {why.missing_name}{bound}"


def explain_surroundings(why: Why) -> Iterator[str]:
    """Yield the cut that works, who wrote the lines, what runs twice, and what a probe saw."""
    for cut in why.cuts:
        yield format_cut(cut)
    if not why.cuts and (why.outcome == "circular" or any(each.is_circular for each in why.swallowed)):
        yield "No cut of this cycle was tried: other cycles fail more first imports, or the time was up"
    for guilt in why.guilt:
        yield format_guilt(guilt)
    for module in why.executed_twice[:_MOST]:
        yield f"The body of {module} runs more than once, so its classes and its state exist more than once"
    if why.observed:
        yield f"A probe saw: {why.observed}"
    if why.has_changed:
        yield "Some of these files have changed since the snapshot: their source is not shown"


def format_cut(cut: TriedCut) -> str:
    """Return what the trials of cuts say, in one sentence."""
    of = f"{cut.restored:,} of {format_count(cut.affected, 'first import')}"
    if not cut.statements:
        return f"No cut that was tried ({cut.tried:,}) helps without breaking something else"
    shown = ", ".join(f"{_show(each)}" for each in cut.statements)
    which = choose_form(len(cut.statements), "this import", "these imports")
    this = "this one too" if cut.helps else "but not this one"
    return f"Cheapest cut that works: move {which} into the functions that need it: {shown}. {of} work then, {this}"


def format_guilt(guilt: Guilt) -> str:
    """Return which commit wrote a line."""
    if not guilt.commit:
        return f"{guilt.statement.place} is not committed yet"
    by = f", {guilt.author}" if guilt.author else ""
    return f"{guilt.statement.place} comes from commit {guilt.commit} of {guilt.date}{by}: {guilt.summary}"


def format_left(swallowed: Swallowed) -> str:
    """Return what the names of a swallowed import are afterwards."""
    return ", ".join(f"{name} {_STATES.get(state, f'is {state}')}" for name, state in swallowed.left)


def _write_imports(why: Why) -> Iterator[str]:
    yield f"It imports, in this order: {len(why.imports):,} of the target"
    for each in why.imports[:_MOST]:
        yield f"  {each.module}  {each.place}"
    if len(why.imports) > _MOST:
        yield f"  and {len(why.imports) - _MOST:,} more (--json lists all)"


def _write_swallowed(each: Swallowed) -> Iterator[str]:
    left = format_left(each)
    yield f"Silently swallowed at {each.caught.place}{f', so {left}' if left else ''}:"
    if each.caught.source:
        yield f"    {each.caught.source}"
    if each.caught.place != each.statement.place:
        yield f"  raised at {_show(each.statement)}"
    yield f"  {each.exception}: {each.message}"


def _show(statement: CitedStatement) -> str:
    return f"{statement.place} ({statement.source})" if statement.source else statement.place

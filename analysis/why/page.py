"""The answer as HTML for notebooks: readable on light and on dark paper, all text of the target escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from analysis.why.text import count_repeated, explain_failure, explain_surroundings, format_left, format_verdict
from analysis.wording import format_count, make_harmless

if TYPE_CHECKING:
    from analysis.why.answer import CitedStatement, Swallowed, Why

#: Colours come from the page around it; only lines and washes are drawn, half transparent, for any paper.
_STYLE = (
    ".ssot-why{max-width:62rem;line-height:1.5}.ssot-why code{font-size:.9em;overflow-wrap:anywhere}"
    ".ssot-why ol{list-style:none;margin:.6em 0;padding:.4em .8em;border-left:3px solid rgba(128,128,128,.5);"
    "background:rgba(128,128,128,.09)}.ssot-why li{margin:.25em 0}.ssot-why .end{font-weight:600}"
    ".ssot-why .place{opacity:.75;font-size:.85em}"
)


def write_html(why: Why) -> str:
    """Return the answer as one self-contained piece of HTML."""
    return f'<div class="ssot-why"><style>{_STYLE}</style>{"".join(_write_parts(why))}</div>'


def _write_parts(why: Why) -> Iterator[str]:
    yield f"<p><strong><code>{_safe(why.module)}</code></strong>: {_safe(format_verdict(why))}</p>"
    if why.fails:
        steps = "".join(
            f"<li>{_write_statement(step)}{f' <em>× {times:,}</em>' if times > 1 else ''}</li>"
            for step, times in count_repeated(why.chain)
        )
        error = f"{why.exception}: {why.message}" if why.message else why.exception
        yield f'<ol aria-label="Predicted traceback">{steps}<li class="end">{_safe(error)}</li></ol>'
        yield _write_list(map(_safe, explain_failure(why)))
    if why.imports:
        rows = "".join(
            f"<li><code>{_safe(each.module)}</code> <span class=place>{_safe(each.place)}</span></li>"
            for each in why.imports
        )
        counted = f"It imports {format_count(len(why.imports), 'module')} of the target"
        yield f"<details><summary>{counted}</summary><ol>{rows}</ol></details>"
    if why.swallowed:
        yield _write_list(map(_write_swallowed, why.swallowed))
    yield _write_list(map(_safe, explain_surroundings(why)))


def _write_statement(step: CitedStatement) -> str:
    inside = f" in {_safe(step.module)}" if step.module else ""
    source = f"<br><code>{_safe(step.source)}</code>" if step.source else ""
    return f'<span class="place">{_safe(step.place)}{inside}</span>{source}'


def _write_swallowed(each: Swallowed) -> str:
    left = format_left(each)
    so = f", so {_safe(left)}" if left else ""
    return (
        f"Silently swallowed at {_write_statement(each.caught)}{so}<br>"
        f"{_safe(f'{each.exception}: {each.message}')} <span class=place>{_safe(each.statement.place)}</span>"
    )


def _write_list(items: Iterable[str]) -> str:
    rows = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else ""


def _safe(text: str) -> str:
    return escape(make_harmless(text))

"""Terms in sentences: each can be focused, tapped or pointed at, and then says what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from analysis.report.escaping import html
from analysis.report.glossary import GLOSSARY, Term

#: Words of the reports' own sentences, in small letters, and the term of the glossary that explains them. Where words
#: have one more form, with an s, it needs no line.
FORMS: Mapping[str, str] = {
    **{name: name for name in (
        "canonical path", "concept", "cycle", "facade", "first import", "golden path", "import edge",
        "import-time cycle", "near duplicate", "non-canonical import", "partially initialized", "phantom import",
        "policy", "search path", "second name", "severity", "silently swallowed",
    )},
    "circular import": "cycle", "definitions": "definition", "fail silently": "silently swallowed",
    "modules": "module", "policy limit": "policy violation", "score": "compliance score",
}  # fmt: skip
_CODE = re.compile(r"`([^`]+)`")


def explain(text: object) -> str:
    """Return text as HTML in which the terms of the glossary carry their meaning, each where it comes first.

    Text in backticks becomes code.

    >>> explain("no `x` here")
    'no <code>x</code> here'
    """
    known, seen = _find_terms(), set[str]()

    def mark(match: re.Match[str]) -> str:
        term = known[match[0].lower()]
        if term.name in seen:
            return match[0]
        seen.add(term.name)
        meaning = html(term.meaning.replace("`", ""))
        return f'<button type="button" class="term" aria-description="{meaning}">{match[0]}</button>'

    parts = _CODE.split(html(text))
    return "".join(
        f"<code>{part}</code>" if number % 2 else _build_pattern().sub(mark, part) for number, part in enumerate(parts)
    )


@cache
def _find_terms() -> dict[str, Term]:
    """Return the terms by each of their forms in sentences, in small letters."""
    named = {term.name: term for terms in GLOSSARY.values() for term in terms}
    plain = {form: named[name] for form, name in FORMS.items()}
    return {**{f"{form}s": term for form, term in plain.items()}, **plain}


@cache
def _build_pattern() -> re.Pattern[str]:
    longest_first = sorted(_find_terms(), key=lambda form: (-len(form), form))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)

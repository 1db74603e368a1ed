"""Names and source lines of a target are hostile text: here they become harmless HTML and Markdown."""

from __future__ import annotations

import re
from html import escape

#: Characters that mean something in Markdown, also where GitHub reads mentions, issue numbers and links.
_MARKDOWN = re.compile(r"^[-+=]|^\d+(?=[.)](?:\s|$))|[\\`*_\[\]<>#|~$&]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_AFTER = re.compile(r"([./_\-]|:(?!\d))(?=[^\s./:_\-])(?!pyi?\b)")
_BREAK = re.compile("\u200b")
_BACKTICKS = re.compile(r"`+")
#: Where GitHub would begin a link.
_LINK = re.compile(r":(?=//)|www(?=\.)", re.IGNORECASE)
#: A word joiner after @ prevents notifications to people on GitHub.
_MENTION = "@\u2060"


def plain(text: object) -> str:
    r"""Return one line of text without control characters, line breaks and changes of direction.

    >>> plain("a\nb\x07c")
    'a b�c'
    """
    return _CONTROL.sub("\ufffd", " ".join(re.split(r"[\r\n\t\f\v]+", str(text))))


def html(text: object) -> str:
    """Return text for HTML content and attributes.

    >>> html("<b>'x'</b>")
    '&lt;b&gt;&#x27;x&#x27;&lt;/b&gt;'
    """
    return escape(plain(text))


def breakable(text: object) -> str:
    """Return a dotted name or path as HTML that may wrap after its dots, slashes and underscores.

    >>> breakable("a.b_c")
    'a.<wbr>b_<wbr>c'
    """
    marked = _AFTER.sub("\\1\u200b", _BREAK.sub("", plain(text)))
    return _BREAK.sub("<wbr>", escape(marked))


def markdown(text: object) -> str:
    r"""Return text that Markdown shows as it is.

    >>> markdown("*Registry <b>")
    '\\*Registry \\<b\\>'
    """
    shown = _MARKDOWN.sub(_mark, plain(text).strip()).replace("@", _MENTION)
    return _LINK.sub("\\g<0>\u2060", shown)


def _mark(match: re.Match[str]) -> str:
    return f"{match[0]}\u2060" if match[0].isdigit() else f"\\{match[0]}"


def code(text: object) -> str:
    """Return text as a Markdown code span, with any backticks in it.

    >>> code("a.b"), code("a`b")
    ('`a.b`', '``a`b``')
    """
    content = plain(text).strip() or " "
    ticks = "`" * (_longest(content) + 1)
    space = " " if content.startswith("`") or content.endswith("`") else ""
    return f"{ticks}{space}{content}{space}{ticks}"


def code_cell(text: object) -> str:
    """Return text as a code span for a cell of a Markdown table, where even in code a bar ends the cell."""
    return code(str(text).replace("|", "\\|"))


def fence(text: str, language: str = "") -> str:
    """Return several lines as a fenced Markdown block that nothing inside can close."""
    lines = "\n".join(plain(line) for line in text.splitlines())
    ticks = "`" * max(3, _longest(lines) + 1)
    return f"{ticks}{language}\n{lines}\n{ticks}"


def _longest(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)

"""What a target names is shown, never obeyed: in HTML, in Markdown, in code spans and in fences."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analysis.report.escaping import breakable, code, code_cell, fence, html, markdown, plain

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onmouseover='alert(1)",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "**bold** _it_ ~~no~~ `code`",
    "<!-- -->",
    "&lt;b&gt;",
    "a | b",
    "# heading",
    "- item",
    "1. item",
    "1) item",
    "> quote",
    "```",
    "---",
    "===",
    "https://evil.example",
    "www.evil.example",
    "@someone #1 GH-1",
    "\\",
    "$x^2$",
    ":smile:",
    "[^1]",
    "line\nbreak\r\n# heading",
]
ODD = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))


class Markup(HTMLParser):
    """Collects the tags and the text of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(source: str) -> Markup:
    markup = Markup()
    markup.feed(source)
    markup.close()
    return markup


def render(text: str) -> str:
    """Return what Markdown with tables and HTML makes of a text."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def test_nothing_stays_nothing() -> None:
    assert (plain(""), html(""), breakable(""), markdown("")) == ("", "", "", "")


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert plain("shop.app:Basket") == html("shop.app:Basket") == "shop.app:Basket"
    assert breakable("shop.app_one/x.py:7") == "shop.<wbr>app_<wbr>one/<wbr>x.py:7"


@given(ODD)
def test_html_shows_the_same_text_without_any_tag(text: str) -> None:
    markup = read(f'<p title="{html(text)}">{html(text)}</p>')
    assert markup.tags == ["p"]
    assert markup.text == plain(text)


@given(ODD)
def test_breakable_adds_only_places_to_break(text: str) -> None:
    markup = read(breakable(text))
    assert set(markup.tags) <= {"wbr"}
    assert markup.text == plain(text).replace("\u200b", "")


@given(ODD)
def test_plain_is_one_line_without_control_characters_or_changes_of_direction(text: str) -> None:
    shown = plain(text + "\x00\x1b[31m\u202etxt.exe\ud800\u2028")
    assert shown.isprintable() or all(
        letter.isprintable() or letter.isspace() or ord(letter) > 0x7F for letter in shown
    )
    assert not set(shown) & set("\x00\x1b\n\r\u202e\u2028\ud800")
    shown.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_in_a_sentence_makes_no_element(text: str) -> None:
    for sentence in (f"Module {markdown(text)} is imported.", markdown(text)):
        assert read(render(sentence)).tags == ["p"]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_in_a_table_stays_in_its_cell(text: str) -> None:
    rows = f"| a | b |\n|---|---|\n| {markdown(text)} | {code_cell(text)} |\n"
    markup = read(render(rows))
    assert markup.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td", "code"]


@given(ODD)
def test_code_is_one_span_whatever_it_holds(text: str) -> None:
    markup = read(render(f"x {code(text)} y"))
    assert markup.tags == ["p", "code"]


@given(ODD)
def test_a_fence_is_closed_only_by_its_end(text: str) -> None:
    markup = read(render(f"{fence(text, 'text')}\n\nafter\n"))
    assert markup.tags == ["pre", "code", "p"]


def test_a_fence_keeps_the_lines() -> None:
    assert fence("a\nb", "python") == "```python\na\nb\n```"
    assert fence("```\nx").startswith("````\n")


def test_nobody_is_mentioned_and_nothing_is_linked() -> None:
    shown = markdown("@octocat see https://evil.example and owner/repo#7")
    assert "octocat" in shown and "evil" in shown and "repo" in shown
    assert "@octocat" not in shown
    assert "https://evil" not in shown
    assert "#7" not in shown.replace("\\#7", "")
    assert "www.evil" not in markdown("www.evil.example")


def test_ordinary_prose_reads_well_as_it_is() -> None:
    text = "No import-time cycle (now: 1), a {b}, at 99.9% - at last!"
    assert markdown(text) == text

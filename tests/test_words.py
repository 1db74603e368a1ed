"""Plain English for readers: pages, notebooks, help, columns, keys and sentences of the report avoid coined words."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from analysis import cli, tables
from analysis.policy import Policy

ROOT = Path(__file__).resolve().parent.parent
#: Words and phrases that readers stumbled over, each with a plainer one.
PLAINER = {
    r"mend(s|ed|ing)?": "fix",
    r"foretells?|foretold": "predict",
    r"told|tells?( apart)?": "report, say, distinguish",
    r"grave|graver|gravest": "more severe",
    r"dear|dearer|dearest": "most expensive",
    r"hangs? on|hang together": "depends on",
    r"somebody else'?s?|modules? of others": "third-party",
    r"half[- ]executed": "partially initialized",
    r"half[- ]written": "incomplete",
    r"lea(ve|ves|ving) .{0,40}aside": "ignore",
    r"which is meant|is meant to": "intended",
    r"witness(es)?": "evidence, at run time",
    r"hops?": "step",
    r"without a word": "silently",
    r"speaks? of": "mention",
    r"whoever|whosoever": "name the person or program",
    r"is to be|are to be": "must, should",
    r"without end": "infinite",
    r"by a circle|in a circle": "because of a cycle",
    r"nobody (knows|notices|asked)": "an active sentence",
}
COINED = re.compile(rf"(?<![\w-])(?:{'|'.join(PLAINER)})(?![\w-])", re.IGNORECASE)
#: `docs/rules.md` is the prose of the rules; it has its own tests.
PAGES = sorted(
    path
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "data/README.md", "reports/README.md")
    for path in ROOT.glob(pattern)
    if path.name not in {"rules.md", "cli.md", "columns.md", "policy.md"}
)
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TEMPLATES = sorted((ROOT / "analysis/report/templates").rglob("*.j2"))
#: Packages whose prose is not checked yet.
OTHERS = {"rules", "remedy", "resolve", "graph", "names", "simulation"}
SENTENCES = sorted(
    path
    for folder in ("analysis", "tools", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).parts[1] not in OTHERS and path.name not in {"causes.py", "probe.py"}
)
CODE = re.compile(r"`+[^`]*`+")
ONE_OF_NUMBER = re.compile(r"\b1 (statements|imports|files|modules|classes|findings|cycles|runs|packages|places)\b")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def find_coined(text: str) -> list[str]:
    """Return the lines of a text with a word that readers stumble over."""
    return [line.strip() for line in text.splitlines() if COINED.search(CODE.sub("", line))]


def list_texts(source: str) -> Iterator[str]:
    """Yield the texts of a Python module that a reader may meet: all but names of keys and columns."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


@pytest.mark.parametrize("text", ["How to mend it", "the module told us", "two witnesses", "It fails by a circle."])
def test_coined_words_are_noticed(text: str) -> None:
    assert find_coined(text) == [text]


@pytest.mark.parametrize(
    "text", ["We recommend it", "`told` is code", "the command line", "a cycle fails", "amendments"]
)
def test_plain_words_pass(text: str) -> None:
    assert find_coined(text) == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pages_are_plain(path: Path) -> None:
    assert find_coined(path.read_text("utf-8")) == []
    assert ONE_OF_NUMBER.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebooks_are_plain(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert [line for cell in cells for line in find_coined("".join(cell["source"]))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_of_the_report_are_plain(path: Path) -> None:
    assert find_coined(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", SENTENCES, ids=name_of)
def test_sentences_and_docstrings_are_plain(path: Path) -> None:
    assert [text for text in list_texts(path.read_text("utf-8")) if find_coined(text)] == []


def test_the_help_of_the_command_is_plain() -> None:
    command: Any = typer.main.get_command(cli.app)
    parts = [command, *command.commands.values()]
    parts += [inner for part in parts for inner in getattr(part, "commands", {}).values()]
    texts = [text for part in parts for text in (part.help, part.epilog, *(each.help for each in _options(part)))]
    assert [text for text in texts if text and find_coined(text)] == []
    assert len(texts) > 60


def _options(part: Any) -> list[Any]:
    return [each for each in part.params if hasattr(each, "help")]


def test_columns_and_keys_of_the_policy_are_plain() -> None:
    texts = [column.meaning for table in tables.TABLES.values() for column in table.columns]
    texts += [table.row for table in tables.TABLES.values()]
    texts += re.findall(r'"description": "(.*?)"', json.dumps(Policy.model_json_schema()))
    assert [text for text in texts if find_coined(text)] == []
    assert len(texts) > 200

"""The pages say what is true: generated ones are fresh, links lead somewhere, commands and examples are accepted."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from analysis import cli, tables
from analysis.graph import cuts, edge_arrays
from analysis.report.run_report import FILES, LATEST
from analysis.scheduled.times import read_times
from analysis.scheduled.units import USUAL, build_unit
from benchmarks.fix_instances import PAGE, format_page, read_groups
from tools.generate_docs import PAGES, escape, find_stale, main, write_pages

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "data/*.md", "reports/*.md", "benchmarks/*.md", ".github/**/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"!?\[(?:[^\]]|\](?!\())*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
CRON_LINE = re.compile(r"^((?:[\d*/,-]+\s+){5})(\S.*)$")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read_blocks(path: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of the languages."""
    return [body for _, language, body in FENCE.findall(path.read_text()) if language in languages]


def find_anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+?) *$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find_broken_links(path: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", path.read_text())):
        if link.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists() or (anchor and anchor not in find_anchors(there.read_text())):
            yield link


def find_commands(text: str, program: str) -> Iterator[str]:
    """Every command line in a page's code that calls a program, without what is piped or redirected."""
    code = "\n".join([*(body for _, _, body in FENCE.findall(text)), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))])
    for line in code.splitlines():
        for match in re.finditer(rf"(?:^|[\s'(;])(?:\S*/bin/)?{program} ([^'#;&|>)]*)", line.strip()):
            yield match[1].strip()


def accept(arguments: list[str]) -> str:
    """Give a command line to the parser of `ssot`; return what is wrong with it."""
    command: Any = typer.main.get_command(cli.app)
    try:
        if arguments[0].startswith("-"):
            return "" if arguments in (["--help"], ["--version"]) else f"no option {arguments[0]}"
        part = command.commands[arguments[0]]
        part.make_context(arguments[0], arguments[1:])
    except KeyError:
        return f"no command {arguments[0]}"
    except Exception as error:  # noqa: BLE001 - the parser's errors have no public name
        return str(error)
    return ""


def test_generated_pages_are_fresh() -> None:
    assert find_stale() == [], "run make docs"


def test_a_stale_page_is_noticed_and_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find_stale(tmp_path) == list(PAGES)
    assert write_pages(tmp_path) == list(PAGES)
    assert find_stale(tmp_path) == []
    (tmp_path / "docs/columns.md").write_text("old")
    assert write_pages(tmp_path) == ["docs/columns.md"]
    assert main(["--nonsense"]) == 2
    assert "usage" in capsys.readouterr().err


def test_every_column_is_on_its_page() -> None:
    page = (ROOT / "docs/columns.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(tables.TABLES)
    missing = [
        f"{table.name}.{column.name}"
        for table in tables.TABLES.values()
        for column in table.columns
        if f"| `{column.name}` | " not in sections[table.name] or escape(column.meaning) not in sections[table.name]
    ]
    assert missing == []


def test_every_file_of_a_report_is_explained() -> None:
    page = (ROOT / "docs/outputs.md").read_text()
    named = set(re.findall(r"^\| `([\w.]+)`", page, re.MULTILINE))
    assert {"index.html", *(name for name, _ in FILES)} <= named
    assert f"`reports/<target>/{LATEST}`" in page


def test_every_file_that_the_architecture_names_exists() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    named = set(re.findall(r"`((?:analysis|notebooks|tests|tools)/[\w./]*)`", page))
    assert len(named) > 30
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_architecture_lists_ten_changes_each_with_its_files() -> None:
    page = (ROOT / "docs/architecture.md").read_text().partition("## Where to change what")[2]
    rows = re.findall(r"^\| a new (.+?) \| (.+?) \|", page, re.MULTILINE)
    assert len(rows) == 10
    assert [change for change, files in rows if "`" not in files] == []


def test_the_picture_of_the_architecture_has_every_module_and_a_dark_mode() -> None:
    picture = (ROOT / "docs/images/architecture.svg").read_text()
    modules = {path.stem for path in (ROOT / "analysis").iterdir() if path.suffix == ".py" or path.is_dir()}
    expected = {name for name in modules if not name.startswith(("_", "py."))} - {"py"}
    assert set(re.findall(r'class="name"[^>]*>(\w+)<', picture)) == expected
    assert "prefers-color-scheme: dark" in picture


def test_escaped_text_stays_in_its_cell() -> None:
    assert escape("a | b <i> *x* __y__ \\") == r"a \| b \<i\> \*x\* \_\_y\_\_ \\"


def test_the_pages_that_the_readme_promises_are_there() -> None:
    promised = {
        "architecture",
        "glossary",
        "outputs",
        "cli",
        "columns",
        "rules",
        "policy",
        "cycles",
        "scheduling",
        "safety",
    }
    assert promised <= {path.stem for path in DOCUMENTS}
    assert {name for name in promised if f"(docs/{name}.md)" not in (ROOT / "README.md").read_text()} == set()


def test_the_page_of_real_faults_shows_what_was_measured() -> None:
    assert PAGE.read_text() == format_page(read_groups())


def test_the_notebooks_that_the_readme_names_are_all_there_are() -> None:
    named = set(re.findall(r"`(\d\d_\w+)`", (ROOT / "README.md").read_text()))
    assert named == {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert list(find_broken_links(path)) == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n[a](#one-thing) [b](#other) [c](gone.md) [`d`](page.md#one-thing) ![e](no.png)\n")
    assert list(find_broken_links(page)) == ["#other", "gone.md", "no.png"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_are_accepted(path: Path) -> None:
    text = path.read_text()
    refused = [
        f"ssot {line}: {problem}"
        for line in find_commands(text, "ssot")
        if re.match(r"--|[a-z-]+(?![a-z-]| \[)", line) and (problem := accept(shlex.split(line)))
        # A command may be mentioned without all that it needs.
        if not re.search(r"requires an argument|Missing (argument|parameter)", problem)
    ]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    refused += [
        f"make {line}"
        for line in find_commands(text, "make")
        for word in shlex.split(line.replace("[", "").replace("]", ""))
        if not re.match(r"-C$|kit$|[A-Z]+=", word) and word not in targets
    ]
    assert refused == []


def test_the_documents_have_links_commands_and_examples() -> None:
    """The tests above look at what they find; this one makes sure that they find it."""
    texts = [path.read_text() for path in DOCUMENTS]
    assert sum(len(list(find_commands(text, "ssot"))) for text in texts) > 40
    assert sum(len(list(find_commands(text, "make"))) for text in texts) > 10
    assert sum(text.count("](") for text in texts) > 30
    assert all(sum(len(list(read_blocks(path, kind))) for path in DOCUMENTS) > 3 for kind in ("python", "sh"))


def test_a_wrong_command_is_noticed() -> None:
    text = "Say `ssot scan x`, or:\n```sh\nmake report TARGET=a  # twice\n/a/bin/ssot report b --quiet >>log\n```\n"
    assert list(find_commands(text, "ssot")) == ["report b --quiet", "scan x"]
    assert list(find_commands(text, "make")) == ["report TARGET=a"]
    assert accept(["scan", "x"]) == ""
    assert "nonsense" in accept(["nonsense"])
    assert "--nonsense" in accept(["report", "x", "--nonsense"])
    assert accept(["scan"])


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_python_examples_parse_and_shell_examples_have_no_error(path: Path) -> None:
    # The examples of rules are run by the rules' own tests; bad ones need not parse.
    for body in read_blocks(path, "python") if path.name != "rules.md" else []:
        compile(textwrap.dedent(body), name_of(path), "exec")
    for body in read_blocks(path, "sh"):
        done = subprocess.run(["bash", "-n"], input=body, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_units_on_the_page_are_those_that_the_command_prints() -> None:
    page, times = ROOT / "docs/scheduling.md", read_times("weekdays 05:15")
    printed = {
        kind: build_unit(kind, times, "/opt/ssot-kit/.venv/bin/ssot", target, USUAL, "shop")
        for kind, target in (("cron", "/srv/shop"), ("systemd", "/srv/shop"), ("github", "."))
    }
    assert read_blocks(page, "cron") == [printed["cron"]]
    assert "\n".join(read_blocks(page, "ini")) == printed["systemd"]
    assert read_blocks(page, "yaml") == [printed["github"]]


def test_workflow_is_complete() -> None:
    (body,) = read_blocks(ROOT / "docs/scheduling.md", "yaml")
    workflow = yaml.safe_load(body)
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as a truth value
    assert all(CRON_LINE.match(f"{entry['cron']} command") for entry in triggers["schedule"])
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])


def test_the_costs_of_a_cut_are_those_of_the_code() -> None:
    page = (ROOT / "docs/cycles.md").read_text()
    costs = dict(re.findall(r"^\| (.+?) \| (\d+) \|$", page, re.MULTILINE))
    scopes = edge_arrays.COST_OF_SCOPE
    assert scopes["module"] == scopes["class"]
    assert costs == {
        "at module level, in a class body": str(scopes["module"]),
        "in a function": str(scopes["function"]),
        "under `TYPE_CHECKING`": str(scopes["type_checking"]),
        "each further name taken by the same statement": "1",
        "a star, in addition": str(edge_arrays.COST_OF_STAR),
    }
    assert f"more than {cuts.LARGEST_BRANCHED_EDGES:,} pairs" in page
    assert [kind for kind in tables.CYCLE_KINDS if f"| `{kind}` |" not in page] == []

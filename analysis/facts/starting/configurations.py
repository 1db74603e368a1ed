"""Starts and search paths in the project's own configuration: scripts, pytest, type checkers, ``.pth`` files."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.facts.rows import Row
from analysis.facts.starting.commands import CommandReader
from analysis.facts.starting.layout import Folders, join

_EXTRA_PATHS = re.compile(r"[\"'](?:python\.(?:analysis|autoComplete)\.)?extraPaths[\"']\s*:\s*\[([^\]]{0,4000})\]")
_TEXTS = re.compile(r"[\"']([^\"'\n]+)[\"']")
_ENTRY = re.compile(
    r"(?<![\w.-])[\w.-]{1,100}\s{0,9}=\s{0,9}(([A-Za-z_][\w.]{0,200})\s{0,9}:\s{0,9}[A-Za-z_][\w.]{0,200})"
)
_OBJECT = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(?::\s*([A-Za-z_][\w.]*))?\s*(?:\[[^\]]*\]\s*)?\Z")
_CONSOLE_SCRIPTS = re.compile(r"[\"']?(?:console|gui)_scripts[\"']?\s*:\s*\[([^\]]{0,20000})\]")
_IMPORT_MODE = re.compile(r"--import-mode[ =]\s*(prepend|append|importlib)")
_MYPY_PATH = re.compile(r"^[ \t]*mypy_path[ \t]*=[ \t]*(.+)$", re.MULTILINE)
_SCRIPT_TABLES = (("project", "scripts"), ("project", "gui-scripts"), ("tool", "poetry", "scripts"))
#: Tables of tables of objects that other programs load by their names.
_PLUGIN_TABLES = (("project", "entry-points"), ("tool", "poetry", "plugins"))
#: Where task runners have their commands.
_TASK_TABLES = (
    ("tool", "pdm", "scripts"), ("tool", "poe"), ("tool", "taskipy", "tasks"), ("tool", "hatch", "envs"),
    ("tool", "rye", "scripts"), ("tool", "pixi", "tasks"), ("tool", "tox"), ("tool", "uv", "scripts"),
)  # fmt: skip
_PYTEST_SECTIONS = ("pytest", "tool:pytest")


class ConfigurationReader:
    """Reads one configuration file of a project into rows of ``start_evidence``."""

    def __init__(self, path: str, text: str, layout: Folders) -> None:
        self._path = path
        self._text = text
        self._layout = layout
        self._own, _, self._name = path.rpartition("/")

    def read(self) -> Iterator[Row]:
        """Yield rows of ``start_evidence``; a file that is not valid yields none."""
        if self._name == "pyproject.toml":
            yield from self._read_toml()
        elif self._name.endswith((".ini", ".cfg")):
            yield from self._read_ini()
        elif self._name == "setup.py":
            for found in _CONSOLE_SCRIPTS.finditer(self._text):
                yield from self._read_entries(found[1], found.start(1))
        elif self._name.endswith(".json"):
            yield from self._read_json()
        elif self._name.endswith(".pth"):
            yield from self._read_pth()

    def _read_pth(self) -> Iterator[Row]:
        for number, line in enumerate(self._text.splitlines(), 1):
            if line.strip() and not line.startswith(("import ", "import\t", "#")):
                yield from self._add_folder("pth", line.strip(), 0, number)

    def _read_json(self) -> Iterator[Row]:
        """Settings of editors are no valid JSON where they have comments: the lists of paths are enough."""
        source = "editor" if self._name == "settings.json" else "type-checker"
        for found in _EXTRA_PATHS.finditer(self._text):
            for inner in _TEXTS.finditer(found[1]):
                folder = inner[1].replace("${workspaceFolder}", ".")
                yield from self._add_folder(source, folder, found.start(1) + inner.start())

    def _read_toml(self) -> Iterator[Row]:
        try:
            document = tomllib.loads(self._text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError):
            return
        yield from self._read_entry_tables(document)
        yield from self._read_tasks(document)
        pytest = _look_up(document, "tool", "pytest", "ini_options")
        if pytest:
            yield from self._read_pytest(
                _as_texts(pytest.get("pythonpath")), " ".join(_as_texts(pytest.get("addopts")))
            )
        for tool, key in (("pyright", "extraPaths"), ("basedpyright", "extraPaths"), ("mypy", "mypy_path")):
            for folders in _as_texts(_look_up(document, "tool", tool).get(key)):
                for folder in re.split("[:,;]", folders):
                    yield from self._add_folder("type-checker", folder, 0, self._find_line(key, folder))

    def _read_entry_tables(self, document: Mapping[str, Any]) -> Iterator[Row]:
        for keys in _SCRIPT_TABLES:
            for name, entry in _look_up(document, *keys).items():
                written = entry.get("reference") if isinstance(entry, Mapping) else entry
                if isinstance(written, str):
                    yield from self._add_script(written, self._find_line(name, written))
        for keys in _PLUGIN_TABLES:
            for name, written in _list_texts(_look_up(document, *keys)):
                yield from self._add_named(written, self._find_line(name, written))

    def _read_tasks(self, document: Mapping[str, Any]) -> Iterator[Row]:
        """Yield what the commands of task runners start, and what they put on the search path."""
        lines: list[tuple[int, str]] = []
        for keys in _TASK_TABLES:
            for key, written in _list_texts(_look_up(document, *keys)):
                line = self._find_line(keys[1], written if written in self._text else written.partition(" ")[0])
                lines.append((line, f"PYTHONPATH={written}" if key == "PYTHONPATH" else written))
        yield from CommandReader(self._path, self._layout).read_lines(lines) if lines else ()

    def _read_ini(self) -> Iterator[Row]:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
        try:
            parser.read_string(self._text)
        except configparser.Error:
            return
        for section in _PYTEST_SECTIONS:
            if parser.has_section(section) and (section == "tool:pytest") == (self._name == "setup.cfg"):
                folders = (parser.get(section, "pythonpath", fallback="") or "").split()
                yield from self._read_pytest(folders, parser.get(section, "addopts", fallback="") or "")
        groups = parser.options("options.entry_points") if parser.has_section("options.entry_points") else []
        for key in groups:
            written = parser.get("options.entry_points", key, fallback="") or ""
            is_script = key in {"console_scripts", "gui_scripts"}
            yield from self._read_entries(written, max(0, self._text.find(written.strip()[:40])), is_script=is_script)
        found = _MYPY_PATH.search(self._text)
        for folder in re.split("[:,;]", found[1]) if found else ():
            yield from self._add_folder("type-checker", folder.strip(), found.start(1) if found else 0)

    def _read_pytest(self, folders: Sequence[str], options: str) -> Iterator[Row]:
        mode = _IMPORT_MODE.search(options)
        line = self._find_line("pytest", "")
        yield (self._path, line, "pytest", self._own or ".", mode[1] if mode else "prepend")
        for folder in folders:
            yield from self._add_folder("pytest", folder, 0, self._find_line("pythonpath", folder))

    def _read_entries(self, text: str, offset: int, *, is_script: bool = True) -> Iterator[Row]:
        for entry in _ENTRY.finditer(text):
            line = self._text.count("\n", 0, offset + entry.start(1)) + 1
            yield from self._add_script(entry[1], line) if is_script else self._add_named(entry[1], line)

    def _add_named(self, written: str, line: int) -> Iterator[Row]:
        """Yield what an entry point names, where the distribution has the top-level module."""
        found = _OBJECT.match(written)
        top = found[1].partition(".")[0] if found else ""
        for folder in (self._own, join(self._own, "src") or ""):
            if found and self._layout.has_module(folder, top):
                name = f"{found[1]}:{found[2]}" if found[2] else found[1]
                yield (self._path, line, "named-object" if found[2] else "named-module", folder or ".", name)
                return

    def _add_script(self, written: str, line: int) -> Iterator[Row]:
        yield from self._add_named(written, line)
        module = written.partition(":")[0].strip()
        for folder in (self._own, join(self._own, "src") or "", ""):
            if self._layout.has_module(folder, module):
                yield (self._path, line, "console-script", folder or ".", module)
                return

    def _add_folder(self, source: str, folder: str, offset: int, line: int = 0) -> Iterator[Row]:
        found = self._layout.find_folder(folder.replace("$MYPY_CONFIG_FILE_DIR", ".") or ".", (self._own, ""), {})
        if found is not None and folder:
            yield (self._path, line or self._text.count("\n", 0, offset) + 1, source, found or ".", "")

    def _find_line(self, key: str, value: str) -> int:
        """Return the line on which a value stands, after its key where both are there; the first without any."""
        start = max(0, self._text.find(key))
        return self._text.count("\n", 0, max(start, self._text.find(value, start))) + 1


def _look_up(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _list_texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in tables and lists, each with its key; a list of words is a command, too."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _list_texts(inner, name)
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield key, " ".join(value)
        for inner in value:
            yield from _list_texts(inner, key)


def _as_texts(value: object) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [each for each in given if isinstance(each, str)]

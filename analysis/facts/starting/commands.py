"""Commands and PYTHONPATH in files of builds, containers, workflows, shells and editors, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analysis.facts.rows import Row
from analysis.facts.starting.layout import Folders

#: What stands for the folder in which a command is started, or for that of the project.
_HERE = re.compile(
    r"\$\(pwd\)|`pwd`|\$\{?PWD\}?|\$\(CURDIR\)|\$\{CURDIR\}|\{toxinidir\}|\{tox_root\}|%CD%"
    r"|%~dp0|\$PSScriptRoot|\{root\}|\{project_root\}"
    r"|\$\{\{\s*github\.workspace\s*\}\}|\$\{?GITHUB_WORKSPACE\}?|\$\{?CI_PROJECT_DIR\}?|\$\{workspace(?:Folder|Root)\}"
)
_OTHER_PATHS = re.compile(
    r"\$\{PYTHONPATH[^}]*\}|\$\$?PYTHONPATH|\$\(PYTHONPATH\)|\{env:PYTHONPATH[^}]*\}|%PYTHONPATH%"
)
_PYTHONPATH = re.compile(
    r"""\bPYTHONPATH["']?\]?\s*(?:[:+?]?=|:\s)\s*["']?([^"'\s,&|}]*)|--pythonpath[ =]([^\s"',]+)"""
)
#: A variable and its value on two lines, as Kubernetes has them.
_NAMED_VALUE = re.compile(
    r"""^(\s*)-?\s*["']?name["']?\s*:\s*["']?PYTHONPATH\b.*\n\s*["']?value["']?\s*:""", re.MULTILINE
)
_OF_DOCKER = re.compile(r"^\s*ENV\s+PYTHONPATH\s+(\S+)")
_COMMAND = re.compile(
    r"(?:^|[\s/;&|(`=])(?:python[\d.]*(?:\.exe)?|py|pypy3?|coverage\s+run|uv\s+run)\s+(?:-(?!m\b|c\b)\S+\s+)*"
    r"(?:-m\s+([A-Za-z_][\w.]*)|((?:[\w.-]+/|/)*[\w.-]+\.py)\b|((?:[\w.-]+/|/)*[\w.-]+)/?(?=\s|$))"
)
_PYTEST = re.compile(r"(?:^|[\s;&|(`])(?:py\.test|pytest)(?:\s|$)")
_SERVER = re.compile(
    r"(?:^|[\s/;&|(`])(celery|gunicorn|uvicorn|hypercorn|daphne|flask|dramatiq|arq|rq|huey_consumer(?:\.py)?)\s+(.*)"
)
_APPLICATION = re.compile(
    r"(?:^|\s)(?:-A|--app)(?:\s+|=|(?=\w))([A-Za-z_][\w.]*)(?::([A-Za-z_]\w*))?"
    r"|(?:^|\s)([A-Za-z_][\w.]*):([A-Za-z_]\w*)"
)
_FOLDER_OPTION = re.compile(r"--(?:chdir|app-dir|workdir)[ =]([\w./-]+)")
_CD = re.compile(r"(?:^|[\s;&|(\"'])cd\s+[\"']?([\w./-]+)[\"']?")
_WORKING = re.compile(
    r"^\s*-?\s*[\"']?(?:working-directory|working_dir|workingDirectory|WorkingDirectory|directory|cwd|changedir)[\"']?\s*[:=]\s*[\"']?([\w./-]*)"
)
_WORKDIR = re.compile(r"^\s*WORKDIR\s+(\S+)")
_COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*(.+?)\s+(\S+)\s*$")
_MOUNT = re.compile(r"^\s*-\s*[\"']?(\.[\w./-]*):(/[\w./-]+)")
_EDITOR = re.compile(r"\"(module|program)\"\s*:\s*\"([^\"]+)\"")
_EXEC_FORM = re.compile(r"[\"',\[\]]+")
#: Paths with backslashes stand in files that only Windows reads, and in some that everybody does.
_WITH_BACKSLASHES = (".bat", ".cmd", ".ps1", ".ini", ".json", ".toml", ".env", ".yml", ".yaml")
_BACKSLASH = re.compile(r"\\{1,2}(?=[\w.])")
_COMMENTS = ("#", "//", "::", "rem ", "REM ")
_RUNS_FROM_HERE = frozenset({"pytest", "unittest"})
_LONGEST_LINE = 2_000
_MAIN = "__main__.py"


class CommandReader:
    """Reads one file; what a line means depends on where commands run, of which the lines before it say something."""

    def __init__(self, path: str, layout: Folders) -> None:
        self._path = path
        self._layout = layout
        self._own = path.rpartition("/")[0]
        self._is_shell = path.endswith((".sh", ".bash"))
        self._workdir = ""
        self._mounts: dict[str, str] = {}
        self._around: list[str] = list(dict.fromkeys((self._own, "")))
        self._source = "dotenv" if ".env" in path.rpartition("/")[2] else "editor" if ".vscode/" in path else ""

    def read(self, text: str) -> Iterator[Row]:
        """Yield rows of ``start_evidence``."""
        if "PYTHONPATH" in text:
            text = _NAMED_VALUE.sub(r"\n\1PYTHONPATH:", text)
        yield from self.read_lines(list(enumerate(text.splitlines(), 1)))

    def read_lines(self, numbered: Sequence[tuple[int, str]]) -> Iterator[Row]:
        """Yield rows of ``start_evidence`` for lines with their numbers."""
        lines = [(number, self._clean(line)) for number, line in numbered]
        self._note_folders([line for _, line in lines])
        here = ""
        for number, line in lines:
            if line.lstrip().startswith(_COMMENTS):
                continue
            self._note_container(line)
            moved = _CD.search(line)
            around = self._find_around(moved[1] if moved else here)
            for source, folder, value in self._read_line(line, around):
                yield (self._path, number, source, folder or ".", value)
            if moved and self._is_shell:
                here = moved[1]

    def _clean(self, line: str) -> str:
        line = _HERE.sub(_show_here, line[:_LONGEST_LINE])
        return _BACKSLASH.sub("/", line) if self._path.endswith(_WITH_BACKSLASHES) else line

    def _note_folders(self, lines: list[str]) -> None:
        """Note the working folders that the file names anywhere, and what a container has: they may stand after."""
        for line in lines:
            self._note_mount(line)
        for line in lines:
            found = _WORKING.match(line)
            for folder in (self._own, "") if found and found[1] else ():
                place = self._layout.find_folder(found[1], (folder,), self._mounts) if found else None
                if place is not None and place not in self._around:
                    self._around.append(place)

    def _note_container(self, line: str) -> None:
        """Note what a container has under which path."""
        workdir, copied = _WORKDIR.match(line), _COPY.match(line)
        if workdir:
            self._workdir = workdir[1] if workdir[1].startswith("/") else f"{self._workdir}/{workdir[1]}"
        elif copied:
            self._note_copy(copied[1].split(), copied[2])

    def _note_mount(self, line: str) -> None:
        mounted = _MOUNT.match(line)
        source = self._layout.find_folder(mounted[1], (self._own, ""), {}) if mounted else None
        if mounted and source is not None:
            self._mounts[mounted[2].rstrip("/")] = source

    def _note_copy(self, sources: list[str], place: str) -> None:
        place = place if place.startswith("/") else f"{self._workdir}/{place}"
        place = "/" + "/".join(part for part in place.split("/") if part not in {"", "."})
        for source in sources if len(sources) == 1 else ():
            folder = self._layout.find_folder(source, (self._own, ""), {})
            if folder is not None:
                self._mounts[place] = folder

    def _find_around(self, moved: str) -> list[str]:
        """Return the folders in which a command of this line may run, the likeliest first."""
        working = self._layout.find_folder(self._workdir, ("",), self._mounts) if self._workdir else None
        around = [*([] if working is None else [working]), *self._around]
        below = [
            found for folder in around if (found := self._layout.find_folder(moved, [folder], self._mounts)) is not None
        ]
        return list(dict.fromkeys([*below, *around])) if moved else around

    def _read_line(self, line: str, around: list[str]) -> Iterator[tuple[str, str, str]]:
        if "PYTHONPATH" in line or "--pythonpath" in line:
            yield from self._read_paths(line, around)
        plain = _EXEC_FORM.sub(" ", line)
        for module, script, folder in _COMMAND.findall(plain):
            if module:
                yield from self._read_module(module, around)
            else:
                yield from self._read_script(script or f"{folder}/{_MAIN}", around)
        if _PYTEST.search(plain) and "-m pytest" not in plain and "install" not in plain:
            yield "pytest", around[0], "command"
        server = _SERVER.search(plain)
        if server:
            yield from self._read_server(server[2], around)
        for kind, value in _EDITOR.findall(line) if self._source == "editor" else ():
            yield from self._read_module(value, around) if kind == "module" else self._read_script(value, around)

    def _read_paths(self, line: str, around: list[str]) -> Iterator[tuple[str, str, str]]:
        line = _OTHER_PATHS.sub("", line).replace("{:}", ":")
        found = _PYTHONPATH.search(line) or _OF_DOCKER.match(line)
        written = (found[1] or found[found.re.groups] or "") if found else ""
        for path in re.split("[:;]", written):
            folder = self._layout.find_folder(path, around, self._mounts) if path and "$" not in path else None
            if folder is not None:
                yield self._source or "pythonpath", folder, ""

    def _read_module(self, module: str, around: list[str]) -> Iterator[tuple[str, str, str]]:
        if module in _RUNS_FROM_HERE:
            yield "pytest" if module == "pytest" else "python-m", around[0], module
            return
        yield from self._name("named-module", module, around)
        for folder in around:
            if self._layout.has_module(folder, module):
                yield "python-m", folder, module
                return

    def _name(self, source: str, written: str, around: list[str]) -> Iterator[tuple[str, str, str]]:
        """Yield what is named in the first folder that has its top-level module, whether all of it is there or not."""
        module = written.partition(":")[0]
        able = [folder for folder in around if self._layout.has_module(folder, module.partition(".")[0])]
        whole = [folder for folder in able if self._layout.has_module(folder, module)]
        for folder in [*whole, *able][:1]:
            yield source, folder, written

    def _read_script(self, script: str, around: list[str]) -> Iterator[tuple[str, str, str]]:
        above, _, name = script.rpartition("/")
        for folder in around:
            place = self._layout.find_folder(above or ".", [folder], self._mounts)
            path = name if place == "" else f"{place}/{name}"
            if place is not None and path in self._layout.paths:
                yield "script", place, path
                return
        lacking = self._layout.find_folder(above, around[:1], self._mounts) if above and name != _MAIN else None
        if lacking:
            yield "named-file", lacking, f"{lacking}/{name}"

    def _read_server(self, rest: str, around: list[str]) -> Iterator[tuple[str, str, str]]:
        option = _FOLDER_OPTION.search(rest)
        chosen = self._find_around(option[1]) if option else around
        named = _APPLICATION.search(rest)
        module = (named[1] or named[3]) if named else ""
        attribute = (named[2] or named[4]) if named else ""
        if module:
            yield from self._name("named-object", f"{module}:{attribute}" if attribute else module, chosen)
        for folder in chosen:
            for name in (module, module.rpartition(".")[0]):
                if name and self._layout.has_module(folder, name):
                    yield "server", folder, name
                    return


def _show_here(found: re.Match[str]) -> str:
    """Return what stands for the folder of the file: with a separator where the variable ends with one."""
    return "./" if found[0] == "%~dp0" else "."

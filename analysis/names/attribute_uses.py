"""Attributes that files take from modules of the tree (``a.gone()`` after ``from p import a``) and that are not there.

The text is searched first; only files in which something seems to be missing are parsed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from analysis import tables
from analysis.cache import remember_text
from analysis.facts.attribute_places import AttributeUse, find_uses
from analysis.facts.lines import find_offsets
from analysis.facts.source import LARGEST_FILE_BYTES
from analysis.facts.source_tree import SourceTree, read_if_any
from analysis.resolve import TargetResolver
from analysis.resolve.liveness import ALWAYS, NEVER, TRIED
from analysis.resolve.modules import Module
from analysis.resolve.values import ALL_RUN, Outcome

#: Whoever sets attributes of modules under names that are not written may set any.
_SETTING = re.compile(rb"\b(?:setattr|vars)\(\s*(\w+)")
_SETTERS = (b"setattr(", b"vars(")
_CHAIN = re.compile(rb"[\w.]+\Z")
_LONGEST_CHAIN = 100
_MOST_NAMES = 400
#: What follows a name: attributes, and whether something is assigned to them.
_ATTRIBUTES = re.compile(rb"((?:\.\w++)++)( *+=(?!=))?")
_WORD_OR_DOT = re.compile(rb"[\w.]")


#: By file, the names that its imports bind to modules of the tree.
NamedModules: TypeAlias = Mapping[str, Mapping[str, Module]]


class MissingAttribute(NamedTuple):
    """One use of an attribute that a module does not have.

    ``hidden`` is the submodule that the use seems to mean, where the name of one on the way is something else; then
    ``module`` and ``name`` say which name that is.
    """

    module: Module
    name: str
    use: AttributeUse
    path: str
    written: str
    hidden: Module | None = None


class _Lack(NamedTuple):
    module: Module
    name: str
    hidden: Module | None


def find_missing_attributes(target: TargetResolver, tree: SourceTree, named: NamedModules) -> list[MissingAttribute]:
    """Return the uses, sorted by file and line; only such that fail whenever they run.

    ``named`` is what ``list_named_modules`` returns.
    Modules that may get names in ways that cannot be seen, and names that anybody sets on a module, are left out.
    """
    finder = _Finder(target)
    found: list[tuple[str, dict[str, _Lack]]] = []
    for path, names in sorted(named.items()):
        source = read_if_any(tree, path, most_bytes=LARGEST_FILE_BYTES)
        lacking = finder.find_lacking(source, names)
        if lacking:
            found.append((path, lacking))
    missing = []
    for path, lacks in found:
        lacking = {
            dotted: lack for dotted, lack in lacks.items() if not finder.is_set(lack.module, dotted.rpartition(".")[2])
        }
        source = read_if_any(tree, path, most_bytes=LARGEST_FILE_BYTES) if lacking else b""
        for use in find_uses(source, frozenset(lacking)):
            lack = lacking[use.dotted]
            missing.append(MissingAttribute(lack.module, lack.name, use, path, use.dotted, lack.hidden))
    return sorted(missing, key=lambda each: (each.path, each.use.line, each.written))


def list_named_modules(target: TargetResolver) -> NamedModules:
    """Return, by file, the names that its imports bind to modules of the tree, where no import says otherwise."""
    return _Finder(target).list_named()


class _Finder:
    def __init__(self, target: TargetResolver) -> None:
        self._target, self._names = target, target.names
        self._statements = target.statements
        self._taken: dict[tuple[int, str], Module | None] = {}
        #: Module number and name of attributes that some file sets, and of modules on which any may be set: ``*``.
        self.set_somewhere: set[tuple[int, str]] = set(target.names.list_given())

    def is_set(self, module: Module, name: str) -> bool:
        """Return whether some file sets an attribute of a module."""
        return not self.set_somewhere.isdisjoint({(module.number, name), (module.number, "*")})

    def list_named(self) -> NamedModules:
        """Return, by file, the names that its imports bind to modules of the tree, where no import says otherwise."""
        table, index = self._statements.table, self._target.index
        found: dict[str, dict[str, Module | None]] = defaultdict(dict)
        columns = ("path", "kind", "name", "bound_as", "module")
        for row, (path, kind, name, bound, module) in enumerate(tables.read_rows(table, *columns)):
            if kind not in {"import", "from"} or not self._statements.is_live[row]:
                continue
            target = self._statements.target[row] if self._statements.level[row] != NEVER else -1
            meant = self._find_meant(target, kind, name, bound, module)
            known = found[path].setdefault(bound, meant)
            if known is not meant:
                found[path][bound] = None
        named = {
            path: {name: module for name, module in names.items() if module is not None}
            for path, names in found.items()
            if index.find_importer(path) is not None
        }
        return {path: names for path, names in named.items() if names}

    def _find_meant(self, target: int, kind: str, name: str, bound: str, module: str) -> Module | None:
        index = self._target.index
        if target < 0:
            return None
        meant = index.modules[target]
        if kind == "import":
            if bound == module.partition(".")[0] and "." in module:
                return index.find_in(meant.root, bound) if meant.plain == module else None
            return meant
        key = target, name
        if key not in self._taken:
            self._taken[key] = self._get_module(self._names.resolve(meant, name))
        return self._taken[key]

    def _get_module(self, outcome: Outcome) -> Module | None:
        """Return the module that a name certainly is."""
        values = {candidate.value for candidate in outcome}
        is_sure = len(values) == 1 and all(candidate.level in {ALWAYS, TRIED} for candidate in outcome)
        value = next(iter(values)) if is_sure else None
        return self._target.index.modules[value.module] if value is not None and value.kind == "module" else None

    def find_lacking(self, source: bytes, names: Mapping[str, Module]) -> dict[str, _Lack]:
        """Return the dotted names in a text that cannot be followed, by the name that is missing."""
        if not source or len(names) > _MOST_NAMES:
            return {}
        found: dict[str, _Lack] = {}
        for first, rest, sets in list_attributes(source, frozenset(names)):
            parts = rest.decode("utf-8", "replace").split(".")[1:]
            lack = self._follow(names[first], parts, first)
            if lack is not None and sets and lack[0].count(".") == len(parts):
                self.set_somewhere.add((lack[1].module.number, lack[1].name))
            elif lack is not None:
                found[lack[0]] = lack[1]
        self._note_setting(source, names)
        return found

    def _follow(self, module: Module, parts: Sequence[str], written: str) -> tuple[str, _Lack] | None:
        hidden: tuple[Module, str, Module] | None = None
        for place, part in enumerate(parts):
            written = f"{written}.{part}"
            if module.kind not in {"module", "package"} or part.startswith("__") or self._is_replaced(module):
                return None
            outcome = self._names.resolve(module, part)
            if not outcome:
                return self._judge(module, part, written, hidden)
            child = self._target.index.find_submodule(module, part)
            following = self._get_module(outcome)
            if following is None:
                return self._judge_value(module, part, outcome, parts[place + 1 : place + 2], written)
            if child is not None and following is not child:
                hidden = module, part, child
            module = following
        return None

    def _is_replaced(self, module: Module) -> bool:
        """Return whether some file puts another object into ``sys.modules`` under the module's name."""
        return module.plain in self._target.spaces.registered

    def _judge_value(
        self, package: Module, part: str, outcome: Outcome, following: Sequence[str], written: str
    ) -> tuple[str, _Lack] | None:
        """Return what lacks the next part where a function stands in the place of a submodule that has it."""
        child = self._target.index.find_submodule(package, part)
        is_function = len(outcome) == 1 and outcome[0].value.kind == "function" and outcome[0].level == ALWAYS
        if child is None or not is_function or not following or following[0].startswith("__"):
            return None
        there = self._names.resolve(child, following[0])
        return (f"{written}.{following[0]}", _Lack(package, part, child)) if there else None

    def _judge(
        self, module: Module, part: str, written: str, hidden: tuple[Module, str, Module] | None
    ) -> tuple[str, _Lack] | None:
        if self._names.find_bound(module).get(part):  # bound for checkers, by another version, or deleted
            return None
        if hidden is not None and self._names.resolve(hidden[2], part):
            return written, _Lack(hidden[0], hidden[1], hidden[2])
        return written, _Lack(module, part, None)

    def _note_setting(self, source: bytes, names: Mapping[str, Module]) -> None:
        """Note modules on which a file sets attributes whose names are not written."""
        setting = (
            {found[1] for found in _SETTING.finditer(source)} if any(map(source.__contains__, _SETTERS)) else set()
        )
        for offset in find_offsets(source, b".__dict__"):
            found = _CHAIN.search(source, max(0, offset - _LONGEST_CHAIN), offset)
            setting |= set(found[0].split(b".")) if found else set()
        for name in names.keys() & {each.decode() for each in setting}:
            self.set_somewhere.add((names[name].number, "*"))


@remember_text
def list_attributes(source: bytes, names: frozenset[str]) -> frozenset[tuple[str, bytes, bytes]]:
    """Return the attributes that a text takes from names, each with its name."""
    return frozenset(use for name in names for use in _list_uses_of(source, name))


def _list_uses_of(source: bytes, name: str) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield the attributes that a text takes from a name; to look for plain text is many times faster than a pattern.

    The second are the attributes with their dots, the third what assigns something to them; empty without that.
    """
    text = name.encode()
    for offset in find_offsets(source, text + b"."):
        if not offset or not _WORD_OR_DOT.match(source, offset - 1):
            found = _ATTRIBUTES.match(source, offset + len(text))
            if found is not None:
                yield name, found[1], found[2] or b""


def list_hidden(target: TargetResolver) -> Iterator[tuple[Module, str, Module, int]]:
    """Yield package, name, submodule and line where a star import puts another module in the place of a submodule."""
    rows = target.names.rows
    for package, name, child in target.index.list_children():
        if not target.names.is_hidden(package, name):
            continue
        outcome = target.names.resolve_at(package, name, ALL_RUN)
        if len(outcome) == 1 and outcome[0].value.kind == "module" and outcome[0].value.module != child.number:
            row = outcome[0].row
            if row >= 0 and rows.kind[row] == "star":
                yield package, name, child, rows.line[row]

"""Files that are imported under two names, and neighbours under a name that nothing finds: named by their full name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis import tables
from analysis.facts.source_tree import SourceTree
from analysis.fixes.findings import OpenFindings, ReadTable, find_open_findings
from analysis.fixes.launchers import Launchers
from analysis.fixes.names_in_tree import NamesInTree
from analysis.fixes.offers import Edit, Mention, Offer, Refusal
from analysis.fixes.renamed_modules import rename_module
from analysis.fixes.search_path_lines import SearchPathLines
from analysis.fixes.source_text import UnplacedError, is_beside, read_source
from analysis.fixes.statements import find_imports
from analysis.fixes.text_paths import NamedText, find_loaded_texts, find_patched_texts, rename_texts
from analysis.resolve.imports import NOT_ON_PATH
from analysis.resolve.second_names import SecondName
from analysis.rules.second_name_words import find_prefixes
from analysis.wording import choose_form, format_count, format_some

KIND = "second-names"
_TWO_NAMES, _NEIGHBOUR = "file-with-two-names", "neighbour-not-on-path"
#: The kinds of second names that another way to write an import puts an end to.
_BY_IMPORT = frozenset({"search-path", "app-label", "task"})
_OTHERWISE: Mapping[str, str] = {
    "loader": "a loader gives it the name: load it by import_module under the name that others use",
    "reload": "it is loaded again on purpose: nothing says which of its objects the others should keep",
    "import-again": "it is taken out of sys.modules: nothing says which of its objects the others should keep",
    "alias": "sys.modules gives it the name: only who knows the users of that name can take it away",
    "link": "a link in the file system gives it the name",
}

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Renaming:
    """One module that is imported by another name than it should: ``subject`` is that of the finding."""

    rule: str
    subject: str
    former: str
    new: str


def find_second_names(read_table: ReadTable, tree: SourceTree) -> Iterator[Offer | Refusal]:
    """Yield an offer for each name under which files are loaded a second time, and what is refused.

    A line that gives such a name by the search path goes where nothing else needs it, and is mentioned elsewhere.
    """
    second = list(_read_second_names(read_table))
    finder = _Finder(read_table, tree)
    refused = [
        Refusal(KIND, each.path, each.evidence_path or each.path, each.evidence_line or 1, _OTHERWISE[each.kind])
        for each in second
        if each.kind in _OTHERWISE and not is_beside(each.path)
    ]
    for path, module in sorted(
        {(each.path, each.first_name) for each in second if each.kind == "main" and not is_beside(each.path)}
    ):
        found = finder.split(path, module)
        if isinstance(found, Offer):
            yield found
        else:
            refused.append(found)
    groups: dict[tuple[str, str], list[SecondName]] = defaultdict(list)
    for each in second:
        if each.kind in _BY_IMPORT:
            groups[find_prefixes(each)].append(each)
    for (new, former), rows in sorted(groups.items()):
        subjects = sorted({each.path for each in rows})
        evidence = {(each.evidence_path, each.evidence_line) for each in rows if each.evidence_path.endswith(".py")}
        renamed = finder.rename(_Renaming(_TWO_NAMES, new, former, new), subjects, evidence)
        refused += [each for each in renamed if isinstance(each, Refusal)]
        yield from (each for each in renamed if isinstance(each, Offer))
    for folder, renamings in sorted(_group_neighbours(read_table).items()):
        for renaming in renamings:
            renamed = finder.rename(renaming, [folder], set())
            refused += [each for each in renamed if isinstance(each, Refusal)]
            yield from (each for each in renamed if isinstance(each, Offer))
    yield from sorted(set(refused), key=lambda each: (each.path, each.line, each.subject, each.reason))


def _read_second_names(read_table: ReadTable) -> Iterator[SecondName]:
    table = read_table("second_names")
    for row in tables.read_rows(table, *tables.SECOND_NAMES.names):
        yield SecondName(**dict(zip(tables.SECOND_NAMES.names, row, strict=True)))


def _group_neighbours(read_table: ReadTable) -> dict[str, list[_Renaming]]:
    """Return by folder which bare names mean a neighbour of the importer that nothing finds by them."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    columns = ("path", "module", "nearest", "reason", "liveness")
    for path, module, nearest, reason, liveness in tables.read_rows(read_table("phantoms"), *columns):
        if reason == NOT_ON_PATH and liveness != "never" and nearest:
            first = module.partition(".")[0]
            found[path.rpartition("/")[0]].add((first, nearest.removesuffix(module[len(first) :])))
    return {
        folder: [_Renaming(_NEIGHBOUR, folder, former, new) for former, new in sorted(pairs)]
        for folder, pairs in found.items()
    }


class _Finder:
    def __init__(self, read_table: ReadTable, tree: SourceTree) -> None:
        self._tree, self._names = tree, NamesInTree(read_table)
        self._findings = {rule: find_open_findings(read_table, rule) for rule in (_TWO_NAMES, _NEIGHBOUR)}
        self._patched_texts, self._loaded_texts = find_patched_texts(read_table), find_loaded_texts(read_table)
        self._lines = SearchPathLines(read_table, tree)
        self._launchers = Launchers(read_table, tree, self._names)
        self._started = set(tables.read_column(read_table("starts"), "path"))
        self._modules = {path: module for module, path in self._names.files.items()}
        self._meant = self._find_meant(read_table)
        self._written: dict[str, set[str]] = defaultdict(set)
        for path, level, module in tables.read_rows(read_table("imports"), "path", "level", "module"):
            if not level:
                self._written[path].add(module)

    def split(self, path: str, module: str) -> Offer | Refusal:
        """Return the offer to split a program that its own imports load again, or why there is none."""
        known = self._findings[_TWO_NAMES]
        try:
            self._refuse_accepted(known, [path], path, [1])
            return self._launchers.split(KIND, path, module, tuple(filter(None, [known.fingerprints.get(path)])))
        except UnplacedError as error:
            started = "it is started as a program, and what others import from it cannot move out of it"
            return Refusal(KIND, path, path, 1, f"{started}: {error}")

    def rename(self, renaming: _Renaming, subjects: Sequence[str], evidence: Iterable[Place]) -> list[Offer | Refusal]:
        """Return the offer to name a module as it should be, with what is refused on the way."""
        refused: list[Offer | Refusal] = []
        edits: list[Edit] = []
        places: list[Place] = []
        for path, lines in sorted(self._list_places(renaming).items()):
            try:
                self._refuse_accepted(self._findings[renaming.rule], subjects, path, lines)
                found = self._rename_in(path, lines, renaming)
            except UnplacedError as error:
                refused.append(Refusal(KIND, renaming.subject, path, min(lines), str(error)))
                continue
            edits += found
            places += [(path, line) for line in lines]
        if not edits:
            return refused
        texts = list(rename_texts(self._tree, self._list_texts(renaming)))
        edits += [each.edit for each in texts]
        known = self._findings[renaming.rule].fingerprints
        clears = tuple(known[each] for each in subjects if each in known and not refused)
        counted = format_count(len(places), "import statement")
        reason = (
            f"{counted} {choose_form(len(places), 'names', 'name')} {renaming.new} by {renaming.former}: Python loads "
            f"it once for each name, or finds it by one only. Its own name is {renaming.new}."
        )
        if texts:
            counted = format_count(len(texts), "text")
            reason += f" {counted} that {choose_form(len(texts), 'names', 'name')} it by {renaming.former} follow."
        needless = (
            {}
            if refused
            else self._find_needless(
                renaming, subjects, evidence, [*places, *((each.edit.path, each.call_line) for each in texts)]
            )
        )
        edits += needless.values()
        if needless:
            reason += f" Nothing else needs {format_some([f'{path}:{line}' for path, line in sorted(needless)])}."
        kept = [place for place in sorted(evidence) if place not in places and place not in needless]
        mentions = tuple(self._mention(*place) for place in kept)
        title = f"Import {renaming.new} by its full name, not as {renaming.former}"
        return [*refused, Offer(KIND, renaming.new, title, reason, clears, tuple(edits), mentions=mentions)]

    def _list_texts(self, renaming: _Renaming) -> dict[NamedText, str]:
        """Return what texts become by which calls load the module, or tests replace what it has: the file stays."""
        if renaming.rule != _TWO_NAMES:
            return {}
        found = {}
        for path, line, text in [*self._loaded_texts, *self._patched_texts]:
            new = f"{renaming.new}{text[len(renaming.former) :]}"
            is_there = renaming.new in self._names.kinds and renaming.former not in self._names.kinds
            is_named = f"{text}.".startswith(f"{renaming.former}.")
            if is_named and is_there and not self._find_doubt(path, renaming):
                found[path, line, text] = new
        return found

    def _find_needless(
        self, renaming: _Renaming, subjects: Sequence[str], evidence: Iterable[Place], places: Collection[Place]
    ) -> dict[Place, Edit]:
        """Return the edits that take lines away which put the folder of the other name on the search path."""
        written = renaming.former.replace(".", "/")
        homes = {path[: path.index(f"{written}{end}")] for path in subjects for end in ("/", ".py")
                 if f"/{written}{end}" in f"/{path}"}  # fmt: skip
        if len(homes) != 1:
            return {}
        folder = homes.pop().rstrip("/")
        found = {place: self._lines.remove(place, folder, places) for place in sorted(evidence)}
        return {place: edit for place, edit in found.items() if edit is not None}

    def _list_places(self, renaming: _Renaming) -> dict[str, set[int]]:
        """Return the lines of the statements that use the other name, by file."""
        found: dict[str, set[int]] = defaultdict(set)
        for (path, line, module), meant in self._meant.items():
            is_named = f"{module}.".startswith(f"{renaming.former}.")
            if is_named and self._is_meant(path, meant, renaming):
                found[path].add(line)
        return found

    def _is_meant(self, path: str, meant: set[str], renaming: _Renaming) -> bool:
        if renaming.rule == _NEIGHBOUR:
            home = self._names.files.get(renaming.new, "")
            return path.rpartition("/")[0] == renaming.subject and any(
                not each or home == each or home.startswith(f"{each}/") for each in meant
            )
        return any(f"{each}.".startswith((f"{renaming.new}.", f"{renaming.former}.")) for each in meant)

    def _find_meant(self, read_table: ReadTable) -> dict[tuple[str, int, str], set[str]]:
        """Return what absolute imports may mean, by place and module as written.

        That is a module, or a file of the tree that no folder of the search path has; the empty text is a neighbour.
        """
        found: dict[tuple[str, int, str], set[str]] = defaultdict(set)
        edges: dict[Place, set[str]] = defaultdict(set)
        for path, line, imported in tables.read_rows(read_table("edges"), "path", "line", "imported"):
            edges[path, line].add(imported)
        for path, line, in_tree in tables.read_rows(read_table("externals"), "path", "line", "in_tree"):
            if in_tree:
                edges[path, line].add(in_tree.rstrip("/"))
        for path, line, reason in tables.read_rows(read_table("phantoms"), "path", "line", "reason"):
            if reason == NOT_ON_PATH:
                edges[path, line].add("")
        columns = ("path", "line", "level", "module", "kind")
        for path, line, level, module, kind in tables.read_rows(read_table("imports"), *columns):
            if not level and kind in {"import", "from", "star"}:
                found[path, line, module] |= edges.get((path, line), set())
        return found

    @staticmethod
    def _refuse_accepted(known: OpenFindings, subjects: Sequence[str], path: str, lines: Iterable[int]) -> None:
        for line in sorted(lines):
            for subject in subjects:
                reason = known.find_acceptance(subject, path, line)
                if reason:
                    raise UnplacedError(f"it is accepted: {reason}")

    def _rename_in(self, path: str, lines: set[int], renaming: _Renaming) -> list[Edit]:
        doubt = self._find_doubt(path, renaming)
        if doubt:
            raise UnplacedError(doubt)
        statements = find_imports(read_source(self._tree, path))
        chosen = [each for each in statements if each.line in lines]
        return [edit for each in chosen for edit in rename_module(each, renaming.former, renaming.new)]

    def _find_doubt(self, path: str, renaming: _Renaming) -> str:
        """Return why it is not certain that a file finds a module by its full name; empty where it is."""
        top = renaming.new.partition(".")[0]
        is_inside = self._modules.get(path, "").partition(".")[0] == top
        if path in self._started and not self._names_top(path, top):
            return f"it is started by itself: nothing shows that {top} is found then"
        return "" if is_inside or self._names_top(path, top) else f"nothing shows that {top} is found from there"

    def _names_top(self, path: str, top: str) -> bool:
        """Return whether a file imports something by a full name that begins alike."""
        return any(module.partition(".")[0] == top for module in self._written[path])

    def _mention(self, path: str, line: int) -> Mention:
        try:
            text = self._tree.read_bytes(path).splitlines()[line - 1].decode("utf-8", "replace").strip()
        except (OSError, IndexError):
            text = ""
        return Mention(path, line, f"{text}: needed no more for this name; take it away once nothing else needs it")

"""Whether graph, names and simulation agree on each import statement, and which findings the simulation contradicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.agreement_answers import Answers, AskedStatement
from benchmarks.agreement_watch import Item, Seen

#: Findings that say of a module or name that it is not there.
MISSING_RULES = frozenset({"phantom-import", "phantom-name"})
#: Failures that say nothing of what the statement means.
_UNINFORMATIVE = frozenset({"elsewhere", "circular", "recursion", "syntax", "other", "exit", "crash", "timeout"})
#: Outcomes of a first import that no finding need name.
_NO_FAILURES = frozenset({"ok", "unknown", "not-simulated", "missing-third-party", "exit"})


@dataclass(frozen=True, slots=True, order=True)
class Contradiction:
    """Answers that cannot all hold: what kind of difference it is, of which statement, and what each says."""

    kind: str
    path: str
    line: int
    name: str
    answers: str

    def __str__(self) -> str:
        return f"{f'{self.path}:{self.line} {self.name}'.rstrip()}: {self.answers}"


@dataclass(slots=True)
class Agreement:
    """The verdicts on one target: numbers by reason, and the contradictions and silent failures one by one.

    ``refuted`` are those of the contradictions that are about findings.
    """

    statements: int = 0
    agreed: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    not_judged: Counter[str] = field(default_factory=Counter)
    contradictions: list[Contradiction] = field(default_factory=list)
    refuted: list[Contradiction] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    @property
    def kinds(self) -> dict[str, int]:
        """How many contradictions there are of each kind, the most frequent first."""
        counts = Counter(each.kind for each in self.contradictions)
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def judge_answers(answers: Answers) -> Agreement:
    """Return the verdicts on every statement, on the findings about what is missing, and on simulated failures."""
    verdicts = Agreement(statements=len(answers.statements))
    for statement in answers.statements:
        verdict, reason = _judge(statement, answers)
        if verdict == "agreed":
            verdicts.agreed += 1
        elif verdict == "explained":
            verdicts.explained[reason] += 1
        elif verdict == "not judged":
            verdicts.not_judged[reason] += 1
        else:
            verdicts.contradictions.append(_contradict(statement, answers, reason))
    verdicts.refuted = sorted(find_refuted(answers))
    verdicts.contradictions += verdicts.refuted
    verdicts.contradictions.sort()
    verdicts.silent = sorted(find_silent(answers))
    return verdicts


def _contradict(statement: AskedStatement, answers: Answers, kind: str) -> Contradiction:
    seen = answers.record.seen.get(statement.key, set())
    simulated = {f"{_show({each.item})}{' fails: ' * bool(each.failure)}{each.failure}" for each in seen}
    said = (
        f"graph {_show(statement.graph)}; names {_show(statement.names)}{' without the name' * statement.is_lacking}; "
        f"simulation {', '.join(sorted(simulated)) or 'never runs it'}"
    )
    return Contradiction(kind, *statement.key, said)


def _show(items: set[Item]) -> str:
    return ", ".join(f"{item.kind} {item.where}".strip() for item in sorted(items)) or "itself"


def _judge(statement: AskedStatement, answers: Answers) -> tuple[str, str]:
    if not statement.is_live:
        return "not judged", "the file is never imported under any name"
    if "recovered" in statement.kinds:
        return "not judged", "the file does not parse"
    if statement.is_doubtful:
        return "not judged", "what is missing may exist at run time"
    reason = _compare_static(statement)
    if reason:
        return "contradiction", reason
    if statement.names == {Item("outside", "__future__")}:
        return "explained", "an instruction to the compiler"
    seen = answers.record.seen.get(statement.key, set())
    if not seen:
        return _judge_unseen(statement, answers)
    if statement.liveness == {"never"} and any(each.is_sure for each in seen):
        return "contradiction", "a statement that is said never to run runs"
    return _compare_seen(statement, seen)


def _compare_static(statement: AskedStatement) -> str:
    """Return how the graph's answer differs from what the names hold possible; empty when it does not."""
    if statement.liveness == {"never"} and not statement.graph:  # a dead branch makes no edge
        return ""
    if _covers(statement.may, statement.graph, statement) and (
        statement.graph or not statement.names - statement.graph
    ):
        return ""
    if statement.graph == statement.names:
        return ""
    return f"graph and names differ: {_name_difference(statement.graph, statement.names)}"


def _compare_seen(statement: AskedStatement, seen: set[Seen]) -> tuple[str, str]:
    clear = {each for each in seen if each.failure not in _UNINFORMATIVE}
    if not clear:
        return "explained", "its import fails in an imported module or on a circle"
    items = {each.item for each in clear} - {Item("unknown", "")}
    if not items:
        return ("agreed", "") if not statement.graph else ("not judged", "the simulation does not know the value")
    own = Item("file", statement.path)
    items.discard(own)
    lacks = {each.failure == "missing-name" for each in clear}
    if statement.is_lacking and lacks == {False}:
        return "contradiction", "names miss a name that the simulation has"
    if not statement.is_lacking and lacks == {True} and any(each.is_sure for each in clear):
        return "contradiction", "the simulation misses a name that the names have"
    if not _covers(items, statement.graph, statement) or bool(items) != bool(statement.graph):
        return "contradiction", f"graph and simulation differ: {_name_difference(statement.graph, items)}"
    if not _covers(statement.may, items, statement):
        return "contradiction", f"names and simulation differ: {_name_difference(statement.may, items)}"
    if len(items) > 1 and len({item.where for item in items}) > len(statement.graph):
        return "explained", "what it yields depends on the order of imports"
    if statement.graph != statement.names and statement.name != "*":
        return "explained", "the names hold several answers possible"
    return "agreed", ""


def _judge_unseen(statement: AskedStatement, answers: Answers) -> tuple[str, str]:
    """Return why no simulated first import runs a statement."""
    record = answers.record
    if statement.kinds == {"dynamic"}:
        return "not judged", "the module's name is given to a call"
    if statement.scopes == {"type_checking"}:
        return "explained", "only type checkers see it"
    if statement.scopes <= {"function", "type_checking"}:
        return "explained", "deferred"
    if statement.path not in record.completed:
        return _judge_unfinished(statement, answers)
    if "try" in statement.guards and any(
        path == statement.path and line < statement.line for path, line in record.failed
    ):
        return "explained", "a failure comes before it in its try"
    return _judge_passed_by(statement)


def _judge_unfinished(statement: AskedStatement, answers: Answers) -> tuple[str, str]:
    """Return why a statement of a file whose body never comes to its end is not run."""
    outcome = answers.outcomes.get(statement.path, "")
    if outcome in {"", "unknown", "not-simulated"} and statement.path not in answers.record.begun:
        return "not judged", f"its first import is {outcome}" if outcome else "a file that is no first import"
    return "explained", "a failure comes before it"


def _judge_passed_by(statement: AskedStatement) -> tuple[str, str]:
    """Return why a statement is not run although all of its module is: only its liveness can explain that."""
    if statement.liveness == {"never"}:
        if statement.has_edge:
            return "contradiction", "an import-time edge from a statement that never runs"
        return "explained", "never runs"
    if "except" in statement.guards:
        return "explained", "a handler that is not needed"
    if statement.liveness <= {"sometimes", "never"}:
        return "explained", "its condition is false here"
    return "contradiction", "said to run always, and no first import runs it"


def _covers(wide: set[Item], narrow: set[Item], statement: AskedStatement) -> bool:
    """Return whether all of one answer is in another; a star has edges to submodules that ``__all__`` names too."""
    if statement.name == "*":
        return not narrow or not wide or any(_is_among(item, wide) for item in narrow)
    return all(_is_among(item, wide) for item in narrow)


def _is_among(item: Item, items: set[Item]) -> bool:
    """Return whether an item is there; of a missing module it is enough that one name goes on where the other ends."""
    if item.kind != "missing":
        return item in items
    names = [f"{other.where}." for other in items if other.kind == "missing"]
    return any(f"{item.where}.".startswith(name) or name.startswith(f"{item.where}.") for name in names)


def _name_difference(first: set[Item], second: set[Item]) -> str:
    """Return which kinds of answer stand against each other."""
    return f"{_name_kind(first, second)}, {_name_kind(second, first)}"


def _name_kind(items: set[Item], others: set[Item]) -> str:
    if not items:
        return "itself or nothing"
    kinds = sorted({item.kind for item in items})
    if kinds != ["file"] or {item.kind for item in others} != {"file"}:
        return " and ".join("a namespace" if _is_folder(items) else kind for kind in kinds)
    places = [item.where for item in items]
    folders = {
        item.where.removesuffix("__init__.py")
        for item in others
        if not item.where.endswith(".py") or item.where.endswith("__init__.py")
    }
    if any(
        folder and place != folder and place.startswith(folder) and place != f"{folder}__init__.py"
        for place in places
        for folder in folders
    ):
        return "the submodule"
    return "the package" if any(place.endswith(("__init__.py", "/")) for place in places) else "another file"


def _is_folder(items: set[Item]) -> bool:
    return all(item.kind == "file" and item.where.endswith("/") for item in items)


def find_refuted(answers: Answers) -> Iterator[Contradiction]:
    """Yield the findings about a missing module or name that cite a statement whose simulated import goes well.

    Where graph or simulation doubt what is there, both may be said.
    """
    record = answers.record
    doubtful = {(each.path, each.line) for each in answers.statements if each.is_doubtful}
    simulated = answers.case.runtime_table("simulated").to_pylist()
    doubtful_files = {row["path"] for row in simulated if row["doubt"]}
    for finding in answers.findings:
        if finding.rule in MISSING_RULES:
            for path, line in finding.cited:
                is_doubtful = (path, line) in doubtful or path in doubtful_files
                if not is_doubtful and (path, line) in record.ran and (path, line) not in record.failed:
                    said = f"{finding.severity} {finding.message}"
                    yield Contradiction(f"{finding.rule} on an import that works", path, line, finding.subject, said)


def find_silent(answers: Answers) -> Iterator[str]:
    """Yield each simulated failure without doubt whose statement no finding cites: of a first import, or swallowed.

    A library that is not there is no failure, nor is a program that ends itself, or that version or platform forbid.
    """
    case = answers.case
    rows = case.runtime_table("simulated").to_pylist()
    failing = {
        (row["failed_path"], row["failed_line"], row["outcome"], row["message"])
        for row in rows
        if row["outcome"] not in _NO_FAILURES and row["reason"] != "platform" and not row["doubt"]
    }
    doubtful = {row["module"] for row in rows if row["doubt"]}
    swallowed = {
        (row["path"], row["line"], row["outcome"], row["message"], row["caught_path"], row["caught_line"])
        for row in case.runtime_table("simulated_swallowed").to_pylist()
        if row["outcome"] not in _NO_FAILURES and row["reason"] != "platform" and row["entry"] not in doubtful
    }
    for path, line, outcome, message, *caught in sorted(failing | swallowed):
        is_named = {(path, line), tuple(caught)} & answers.cited
        if not is_named and case.is_chosen(path):
            yield f"{path}:{line} {'is swallowed' if caught else 'fails'}: {outcome}, {message}".rstrip(", ")

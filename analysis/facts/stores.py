"""Which functions of a file store something where it outlives the call, and which lines read it.

Only functions are looked into on whose lines a pattern finds something like a store into a name of the module or into
a class: most files have none.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from analysis.facts.changed_arguments import find_changers, list_given
from analysis.facts.closures import find_closure_stores
from analysis.facts.function_flow import FunctionFlow, Stored
from analysis.facts.function_names import CHANGING, LISTENING, Outer, list_kept_defaults
from analysis.facts.lines import find_offsets, find_words
from analysis.facts.rows import Row
from analysis.facts.shared_state import MAKING
from analysis.facts.walking import list_nodes

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
#: Where statements begin: patterns that begin with plain text are found many times faster.
_BEGINNINGS = (rb"\n[ \t]++", rb": [ \t]*+", rb"; [ \t]*+")
_REST = rb"(?:\.(?P<last>%s)|\[[^\n\]]*+\]++)*+" % _NAME
_SIGN = rb"(?P<sign>\(|(?::[^\n=]*+|[ \t]*+(?:[-+*/%|&^@]|//|\*\*|<<|>>)?+)=(?!=))"
#: A name and what follows it, which is assigned or called; without ``self``, of which classes are full.
_STORES = tuple(
    re.compile(b"%s(?!self\\.)(?P<name>%s)(?=[.\\[(])(?P<own>\\(\\w++\\))?%s%s" % (beginning, _NAME, _REST, _SIGN))
    for beginning in (*_BEGINNINGS, rb"await [ \t]*+")
)
_OWN_STORES = tuple(re.compile(b"%s(?P<name>self)(?=\\.)%s%s" % (beginning, _REST, _SIGN)) for beginning in _BEGINNINGS)
_BINDS = tuple(
    re.compile(
        b"%s(?P<name>%s)(?:[ \\t]*+:[^\\n=]*+|[ \\t]*+(?:[-+*/%%|&^@]|//|\\*\\*|<<|>>)?+)=(?!=)" % (beginning, _NAME)
    )
    for beginning in _BEGINNINGS
)
#: Something of the module, or kept by an object, gets a local name.
_ALIAS = re.compile(rb"\n[ \t]++%s[ \t]*+=[ \t]*+(?P<name>%s)(?P<end>\.|\[|[ \t]*+(?:\n|#|or\b|if\b))" % (_NAME, _NAME))
_WITHIN = re.compile(rb"(?:=|return|[(,])[ \t]*+(?P<name>%s)(?:\.%s)*?\.setdefault\(" % (_NAME, _NAME))
_GLOBALS = re.compile(rb"[\n:;][ \t]*+global[ \t]++([\w\x80-\xff, \t]++)")
#: What is stored has a name in it, and is not only a constant.
_NAMED = re.compile(rb"(?![ \t]*+(?:None|True|False)\b)[^\w\n#]*+[A-Za-z_\x80-\xff][^\n#]*+")
_WORD = re.compile(rb"(?<!\.)\b[A-Za-z_\x80-\xff][\w\x80-\xff]*+")
_WORD_AFTER = re.compile(rb"[\w\x80-\xff]")
_TYPE = frozenset({b"type"})
#: What stores by a text instead of a name.
_BY_TEXT = (b"setattr(", b"globals()[")
_CLASS_WORDS = frozenset({b"cls", b"type", b"self"})
_CHANGING = frozenset(name.encode() for name in CHANGING)
_KEEPING = _CHANGING | {name.encode() for name in LISTENING} | {b"getLogger"}
#: What reads no attribute: how such lines begin, and what follows it there. Patterns for each file take long to make.
_NO_READ_LINE = re.compile(rb"[ \t]*+(?:if|elif|while|assert|#|del|from|import)\b")
_NO_READ_AFTER = re.compile(rb"\w|[ \t]*+=(?!=)|\.(?:%s)\(" % b"|".join(sorted(_CHANGING)))
_OWNER_END = re.compile(rb"[\w)\]]")
#: What only asks whether something is there does not read it.
_TESTING = (ast.If, ast.While, ast.IfExp, ast.Assert)
#: Methods that make an object ready: what they store is its own.
_MAKING = frozenset({"__init__", "__post_init__", "__new__", "__setstate__", "__enter__", "__aenter__"})
#: More lines that read a name are not listed.
_MOST_READS = 8


def find_stores(
    source: bytes, functions: Sequence[Outer], names: Collection[str], own: Collection[str],
    next_position: Callable[[], int], contexts: Collection[str], methods: Mapping[str, ast.Call],
    *, changing: Iterable[int] = (), served: Mapping[str, str] = MappingProxyType({}),
) -> list[Row]:  # fmt: skip
    """Return the rows of ``stores``; ``source`` has LF line ends, ``names`` are those of the module.

    ``own`` are those of them that are bound to objects, neither imported nor classes; ``contexts`` those that are
    context variables whose default can be changed, ``methods`` names of methods of the module's objects; ``changing``
    are lines that change what a class body holds; ``served`` are names that stand for the request.
    """
    if not functions:
        return []
    given = {name.encode() for name in list_given(functions)}
    lines, of_objects, changed = _find_lines(
        source, {*names, *_list_defaults(functions)}, own, contexts, methods, given
    )
    held = {name.encode() for name in names} - {function.node.name.encode() for function in functions}
    changers, calls = find_changers(source, functions, changed, held) if changed else ({}, [])
    lines = sorted({*lines, *changing, *_number_lines(source, calls)})
    found: list[tuple[Outer, Stored]] = list(find_closure_stores(functions))
    asked = {name.partition(".")[0].encode() for name in served}
    for function in functions:
        first, last = function.node.lineno, function.node.end_lineno or 0
        place = bisect_left(lines, first)
        if (place < len(lines) and lines[place] <= last) or _keeps_argument(function, of_objects, asked):
            flow = FunctionFlow(
                function.node, names, function.owner, contexts, methods=methods, served=served, changers=changers
            )
            found += [
                (function, each) for each in flow.list_stored() if each.way != "object" or _is_left(function, each)
            ]
    if not found:
        return []
    reads = _find_reads(source, functions, found)
    return [
        (next_position(), stored.line, function.qualname, stored.name, stored.way, stored.inflow,
         list(stored.parameters), stored.is_keyed, stored.is_once, stored.is_returned, list(stored.keys),
         reads[stored.name])
        for function, stored in found
    ]  # fmt: skip


def _is_left(function: Outer, stored: Stored) -> bool:
    """Return whether a method leaves something in its object for later calls: an argument, or what it gives others."""
    if function.node.name in _MAKING or not stored.name.startswith(f"{function.owner}."):
        return False
    return stored.inflow == "parameter" or (stored.is_returned and stored.is_once and stored.inflow == "made")


def _keeps_argument(function: Outer, stored: Sequence[tuple[int, bytes]], served: Collection[bytes]) -> bool:
    """Return whether a method may store an argument in its object: ``stored`` are lines, and what follows there.

    ``served`` are names that stand for the request, which flows in like an argument.
    """
    node = function.node
    place = bisect_left(stored, (node.lineno, b""))
    if not function.owner or node.name in _MAKING or place == len(stored) or stored[place][0] > (node.end_lineno or 0):
        return False
    arguments = node.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    words = {argument.arg.encode() for argument in every if argument is not None and argument.arg != "self"}
    words |= set(served)
    is_making = node.name.startswith(MAKING)
    for line, text in stored[place:]:
        if line > (node.end_lineno or 0):
            return False
        used = set(_WORD.findall(text))
        if not words.isdisjoint(used) or is_making or (words and len(used) == 1):
            return True
    return False


def _list_defaults(functions: Iterable[Outer]) -> Iterator[str]:
    """Yield the parameters whose default can be changed: it is one for all calls."""
    for function in functions:
        arguments = function.node.args
        if arguments.defaults or arguments.kw_defaults:
            yield from list_kept_defaults(arguments)


def _find_lines(
    source: bytes, names: Collection[str], own: Collection[str], contexts: Collection[str], methods: Collection[str],
    given: Collection[bytes],
) -> tuple[list[int], list[tuple[int, bytes]], list[int]]:  # fmt: skip
    """Return the sorted lines that may store something into a name of the module or into a class.

    The second are those that store something into the object of a method, with what follows on the line; the third
    those that may change what a function was ``given``.
    """
    wanted = {name.encode() for name in names}
    bound = _find_bound(source)
    offsets = [found.start("name") for found in _match(_BINDS if bound else (), source) if found["name"] in bound]
    either = wanted | _CLASS_WORDS
    changed = []
    for found in _match(_STORES, source):
        name, is_own, last, sign = found.group("name", "own", "last", "sign")
        if (sign != b"(" or (last or name) in _KEEPING) and name in (_TYPE if is_own else either):
            offsets.append(found.start("name"))
        if name in given and (sign != b"(" or last in _CHANGING):
            changed.append(found.start("name"))
    calls = [*(f"{name}.get()" for name in contexts), *(f"{name}(" for name in methods)]
    words = (*_BY_TEXT, *map(str.encode, calls))
    offsets += [offset for word in words for _, offset in find_words(source, word)]
    inner, of_objects = _find_own_lines(source)
    wanted |= bound
    made = bound | {name.encode() for name in own}
    aliases = _ALIAS.finditer(source)
    offsets += [each.start("name") for each in aliases if each["name"] in (made if each["end"] in b".[" else wanted)]
    for found in _find_within(source):
        if found["name"] in wanted:
            offsets.append(found.start("name"))
        elif found["name"] == b"self":
            of_objects += _list_named(source, found)
    of_objects.sort()
    numbers = _number_lines(source, (offset for offset, _ in of_objects))
    named = [(line, text) for line, (_, text) in zip(numbers, of_objects, strict=True)]
    return _number_lines(source, [*offsets, *inner]), named, _number_lines(source, changed)


def _find_own_lines(source: bytes) -> tuple[list[int], list[tuple[int, bytes]]]:
    """Return where the class or the task of a method is stored into, and its object, with what follows there."""
    offsets: list[int] = []
    of_objects: list[tuple[int, bytes]] = []
    has_task = b"bind=True" in source
    for found in _match(_OWN_STORES, source):
        last, sign = found.group("last", "sign")
        if sign != b"(" or last in _CHANGING:
            if b"__class__" in found[0] or has_task:
                offsets.append(found.start("name"))
            if b"__class__" not in found[0] and last is not None:
                of_objects += _list_named(source, found)
    return offsets, of_objects


def _find_bound(source: bytes) -> set[bytes]:
    """Return the names that functions declare to be global."""
    if b"global" not in source:
        return set()
    return {name.strip() for found in _GLOBALS.finditer(source) for name in found[1].split(b",")}


def _find_within(source: bytes) -> Iterator[re.Match[bytes]]:
    """Yield what ``setdefault`` inside of a statement changes."""
    for _, offset in find_words(source, b".setdefault("):
        start, end = source.rfind(b"\n", 0, offset) + 1, source.find(b"\n", offset) % (len(source) + 1)
        yield from _WITHIN.finditer(source, start, end)


def _match(patterns: Iterable[re.Pattern[bytes]], source: bytes) -> Iterator[re.Match[bytes]]:
    return (found for pattern in patterns for found in pattern.finditer(source))


def _list_named(source: bytes, found: re.Match[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield where something with a name in it is stored, and what follows on the line."""
    text = _NAMED.match(source, found.end())
    if text is not None:
        yield found.start("name"), text[0]


def _number_lines(source: bytes, offsets: Iterable[int]) -> list[int]:
    lines, line, counted = [], 1, 0
    for offset in sorted(offsets):
        line += source.count(b"\n", counted, offset)
        counted = offset
        lines.append(line)
    return lines


def _find_reads(
    source: bytes, functions: Sequence[Outer], found: Sequence[tuple[Outer, Stored]]
) -> Mapping[str, list[int]]:
    """Return the lines of functions that read what is stored, by its name; those that store it apart."""
    stored_at: dict[str, set[int]] = defaultdict(set)
    for _, stored in found:
        stored_at[stored.name].add(stored.line)
    kept = {stored.name for _, stored in found if stored.way == "object"}
    of_objects = _find_object_reads(source, {name: stored_at[name] for name in kept}) if kept else {}
    names = {stored.name for _, stored in found if stored.way != "object"}
    if not names:
        return defaultdict(list, of_objects)
    last = {name.rpartition(".")[2] for name in names}
    lines = _number_lines(source, {offset for name in last for offset in _find_name(source, name.encode())})
    reads: dict[str, set[int]] = defaultdict(set)
    by_last = defaultdict(list)
    for name in names:
        by_last[name.rpartition(".")[2]].append(name)
    for function in functions:
        first, end = function.node.lineno, function.node.end_lineno or 0
        if bisect_left(lines, first) == bisect_right(lines, end):
            continue
        nodes = list_nodes(function.node)
        tests = {id(part) for node in nodes if isinstance(node, _TESTING) for part in list_nodes(node.test)}
        for node in nodes:
            text = _find_read(node)
            for name in by_last[text] if text in by_last and id(node) not in tests else ():
                if node.lineno not in stored_at[name]:  # type: ignore[attr-defined]
                    reads[name].add(node.lineno)  # type: ignore[attr-defined]
    return defaultdict(list, of_objects | {name: sorted(each)[:_MOST_READS] for name, each in reads.items()})


def _find_object_reads(source: bytes, stored_at: Mapping[str, set[int]]) -> dict[str, list[int]]:
    """Return the lines whose text reads an attribute, by the names of what objects keep."""
    by_last = defaultdict(list)
    for name in sorted(stored_at):
        by_last[name.rpartition(".")[2].encode()].append(name)
    first: dict[int, tuple[int, bytes]] = {}
    for last in by_last:
        for offset in find_offsets(source, b"." + last):
            start = source.rfind(b"\n", 0, offset) + 1
            known = first.get(start)
            if (known is None or offset < known[0]) and _is_read(source, start, offset, offset + len(last) + 1):
                first[start] = offset, last
    starts = sorted(first)
    reads: dict[str, list[int]] = defaultdict(list)
    for line, start in zip(_number_lines(source, starts), starts, strict=True):
        for name in by_last[first[start][1]]:
            if line not in stored_at[name] and len(reads[name]) < _MOST_READS:
                reads[name].append(line)
    return reads


def _is_read(source: bytes, start: int, offset: int, end: int) -> bool:
    """Return whether an attribute, from its dot to its end, is read in the line that begins at ``start``."""
    is_owned = offset > start and _OWNER_END.match(source, offset - 1) is not None
    if not is_owned or _NO_READ_AFTER.match(source, end) or source.find(b"#", start, offset) >= 0:
        return False
    return _NO_READ_LINE.match(source, start) is None


def _find_name(source: bytes, name: bytes) -> Iterator[int]:
    """Yield where a name stands as a word of its own."""
    for offset in find_offsets(source, name):
        if not _WORD_AFTER.match(source, offset + len(name)) and (
            not offset or not _WORD_AFTER.match(source, offset - 1)
        ):
            yield offset


def _find_read(node: ast.AST) -> str:
    """Return the last part of the name that a node reads; empty when it reads none."""
    kind = type(node)
    if kind is not ast.Name and kind is not ast.Attribute:
        return ""
    text: str = node.id if kind is ast.Name else node.attr  # type: ignore[attr-defined]
    return text if isinstance(node.ctx, ast.Load) else ""  # type: ignore[attr-defined]

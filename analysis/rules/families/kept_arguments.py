"""Arguments of one call that stay for the next one: stored in modules, classes, and objects that all users share."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from analysis import tables
from analysis.facts.source_tree import read_if_any
from analysis.rules.called_on_import import find_called
from analysis.rules.closures import find_closure_stores
from analysis.rules.context import RuleContext, ask_once
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.kept_objects import list_names
from analysis.rules.plan_phases import STATE, PlanStep
from analysis.rules.root_causes import SHARED_STATE
from analysis.rules.rule import Rule
from analysis.rules.shared_objects import SharedObject, find_calling, find_inner_stores, find_shared_objects
from analysis.rules.shared_state import find_readers
from analysis.rules.singletons import find_singletons
from analysis.rules.stored_state import CALLED, ENVIRONMENT, Store
from analysis.wording import format_some

#: What Python itself calls, to set an attribute or an item.
_HOOK = re.compile(r"\.__(?!call__)\w+__$")
#: What loggers keep runs for every record of the process.
_OF_LOGGERS = ("addFilter()", "addHandler()")


def _check_arguments(case: RuleContext) -> Iterator[Finding]:
    rule = "argument-kept-for-all"
    singletons = {f"{state.definition}.{state.name}" for state in find_singletons(case)}
    kept = [
        store
        for store in (*case.stores, *find_inner_stores(case))
        if (store.is_kept or _changes_settings(case, store)) and not store.is_test and store.holder not in singletons
    ]
    found = _group([*kept, *find_closure_stores(case)])
    readers, made = find_readers(case, found), dict(list_names(case))
    for holder, stores in found.items():
        severity = min(map(grade, stores))
        taken = readers.get(holder, [])
        places, message = list_places(stores, taken), describe(stores, taken)
        if holder in made:
            places.append((made[holder].path, made[holder].line))
            message = f"{holder} is made once ({made[holder].path}:{made[holder].line}). {message}"
        marks = sorted({store.part for store in stores if store.part})
        yield build_finding(rule, severity, holder, message, places, marks)


def _changes_settings(case: RuleContext, store: Store) -> bool:
    """Return whether an argument is merged into a table of the module whose keys its source says: settings."""
    is_merged = store.way == "change" and store.inflow == "parameter" and set(store.keys) == set(store.parameters)
    module, _, name = store.holder.rpartition(".")
    path = case.files_by_module.get(module, "") if is_merged else ""
    if not path or store.part or not name.isidentifier():
        return False
    source = read_if_any(case.facts.tree, path)
    begins = rb"(?m)^%s\b[^\n=]*=[ \t]*(?:dict\(\w+[ ]*=|\{\s*[\"'][\w-]+[\"'][ \t]*:)" % re.escape(name.encode())
    return re.search(begins, source) is not None


def grade(store: Store) -> str:
    """Return P1 where the argument belongs to a user, or the caller gets the shared object; P3 for what sets."""
    if store.shown.endswith(CALLED):
        return "P3" if store.is_setting and not store.shown.endswith(_OF_LOGGERS) else "P2"
    if store.way == "put":
        return "P3" if store.is_setting else "P2"  # who takes it is not followed: it may be meant for it
    if store.personal:
        return "P1"
    if store.is_setting or store.holder == ENVIRONMENT:
        return "P3"
    return "P1" if store.is_returned and store.way in {"attribute", "bind"} else "P2"


def list_places(stores: Sequence[Store], taken: Sequence[Place]) -> list[Place]:
    """Return where something is stored, then where it is read."""
    stored = [(store.path, store.line) for store in stores]
    read = [(store.path, line) for store in stores for line in store.reads]
    return [*stored, *read, *taken]


def describe(stores: Sequence[Store], taken: Sequence[Place]) -> str:
    """Return who stores which argument where, and who reads it, through which name."""
    best = min(stores, key=lambda store: (grade(store), store))
    arguments = format_some(best.personal or best.parameters)
    if best.shown.endswith(CALLED):
        return (
            f"{best.owner} gives {best.shown} something that knows its argument {arguments} ({best.path}:{best.line}). "
            f"It stays there for good: each call adds another one, and all of them run for every later caller"
        )
    first = "the argument of its first call" if best.way == "bind" else "its argument"
    message = f"{best.owner} keeps {first} {arguments} in the shared {best.shown} ({best.path}:{best.line})"
    reads = [(store.path, line) for store in stores for line in store.reads]
    if reads or taken:
        path, line = [*reads, *taken][0]
        message += f"; it is read through {best.name if reads else best.shown.rpartition('.')[2]} ({path}:{line})"
    more = len({(store.path, store.line) for store in stores}) - 1
    if more:
        message += f". Stored at {more + 1} places"
    return f"{message}. What one call hands over, the others get"


def _group(stores: Iterable[Store]) -> dict[str, list[Store]]:
    found: dict[str, list[Store]] = defaultdict(list)
    for store in stores:
        found[store.holder].append(store)
    return found


def _check_objects(case: RuleContext) -> Iterator[Finding]:
    rule = "object-keeps-request"
    for definition, objects, stores in find_kept_by_objects(case):
        is_named = any(not each.is_nested for each in objects)  # else factory-keeps-object says what a factory keeps
        personal = [each for each in stores if each.personal and (is_named or not (each.is_once and each.is_returned))]
        if personal:
            message, places, marks = describe_kept(objects, personal, personal[0].first)
            yield build_finding(rule, "P1", definition, message, places, marks)


def _check_others(case: RuleContext) -> Iterator[Finding]:
    rule = "object-keeps-argument"
    # Where a user's argument is kept, object-keeps-request says it.
    found = [each for each in find_kept_by_objects(case) if not any(store.personal for store in each[2])]
    called = find_called(case, {store.owner.rpartition(".")[2] for _, _, stores in found for store in stores})
    for definition, objects, stores in found:
        if all(each.is_nested for each in objects):
            continue  # what stands in a table is most often a description, which others make ready
        by_users = [store for store in stores if not is_preparing(store, called)]
        best = (by_users or stores)[0]
        ordered = sorted(stores, key=lambda store: (store != best, store))
        message, places, marks = describe_kept(objects, ordered, best.parameters)
        yield build_finding(rule, "P2" if by_users else "P3", definition, message, places, marks)


def is_preparing(store: Store, called: Collection[str]) -> bool:
    """Return whether a method makes its object ready, by its name or because modules call it on import.

    What nobody reads beside the statement that stores it carries nothing either; a setter says what it sets.
    """
    method = store.owner.rpartition(".")[2]
    is_hidden = store.part.startswith("_") and not store.reads
    return store.is_preparing or is_hidden or method in called or method == store.part.lstrip("_")


@ask_once
def find_kept_by_objects(case: RuleContext) -> Sequence[tuple[str, list[SharedObject], list[Store]]]:
    """Return the classes with one object for all whose methods keep arguments: the objects, and what is stored."""
    stored = _group(
        store
        for store in case.stores
        if store.way == "object"
        and store.inflow == "parameter"
        and store.is_open
        and not store.is_test
        and not (store.part.startswith("__") or _HOOK.search(store.owner))
        and not _is_apart(case, store)
    )
    above = case.identity.inheritance.find_ancestors
    own = _read_methods(case) if stored else {}
    found: list[tuple[str, list[SharedObject], list[Store]]] = []
    for definition, objects in find_shared_objects(case).items() if stored else ():
        stores = [
            store
            for each in (definition, *sorted(above(definition)))
            for store in stored.get(each, ())
            if each == definition or store.owner.rpartition(".")[2] not in own.get(definition, ())
        ]
        methods = {store.owner.rpartition(".")[2] for store in stores}
        used = [each for each in objects if find_calling(case, each, methods)] if stores else []
        if used:
            found.append((definition, used, stores))
    return found


def _is_apart(case: RuleContext, store: Store) -> bool:
    """Return whether the object keeps it in something that has one of it for each thread, task or context."""
    attribute, _, rest = store.part.partition(".")
    if not rest:
        return False
    source = read_if_any(case.facts.tree, store.path)
    kept = rb"\bself\.%s\b[^=\n]*=[ \t]*(?:\w+\.)*(?:local|Local|ContextVar)\("
    return re.search(kept % re.escape(attribute.encode()), source) is not None


def _read_methods(case: RuleContext) -> dict[str, frozenset[str]]:
    """Return the methods of the classes of the tree, by definition: what a class has itself, it does not inherit."""
    rows = tables.read_rows(case.facts.definitions, "path", "qualname", "methods")
    return {
        f"{case.homes[path]}:{qualname}": frozenset(methods) for path, qualname, methods in rows if path in case.homes
    }


def describe_kept(
    objects: Sequence[SharedObject], stores: Sequence[Store], arguments: Sequence[str]
) -> tuple[str, list[Place], list[str]]:
    """Return message, places and marks: which method keeps what, of which object, and who reads it."""
    best, one = stores[0], objects[0]
    kept = f"its argument {format_some(arguments)} in self.{best.part} ({best.path}:{best.line})"
    read = [(store.path, line) for store in stores for line in store.reads]
    shown = f"; it is read at {read[0][0]}:{read[0][1]}" if read else ""
    message = (
        f"{best.owner} keeps {kept}, and {one.name} is one object for all users ({one.path}:{one.line}){shown}. "
        "What one call hands over, the others get"
    )
    places = [*((store.path, store.line) for store in stores), *((each.path, each.line) for each in objects), *read]
    return message, places, sorted({store.part for store in stores})


RULES = (
    Rule(
        "argument-kept-for-all", "P1",
        "A function stores an argument of its caller in a module, a class or an object that the whole process shares. "
        "The next caller, who may serve another user, finds it there.",
        "Create the object for each user or request and pass it on, or keep the value in a context variable.",
        _check_arguments,
        bad={
            "a.py": "class Desk:\n    def __init__(self, request):\n        self.request = request\n\n"
            "_desk = None\n\ndef get_desk(request):\n    global _desk\n    if _desk is None:\n"
            "        _desk = Desk(request)\n    return _desk\n",
        },
        good={
            "a.py": "class Desk:\n    def __init__(self, request):\n        self.request = request\n\n"
            "_names = {}\n\ndef get_desk(request):\n    return Desk(request)\n\ndef register(name, desk):\n"
            "    _names[name] = desk\n",
        },
        grades={
            "P1": "it belongs to a user or request by its name, or the function returns the shared object",
            "P2": "any other argument, or what is put into a queue",
            "P3": "the function says by its name that it sets something for the process, or it goes to os.environ",
        },
        is_joint=True,
        step=PlanStep(STATE, 5, "Keep arguments of callers out of shared objects", minutes=45), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "object-keeps-request", "P1",
        "A method stores a request, user or session in its object, and the program has one object of this class for "
        "all of them: made when a module is imported, kept by its class, or returned by a cached function.",
        "Pass the request to the methods that need it, or create an object for each request.",
        _check_objects,
        bad={
            "a.py": "class Desk:\n    request = None\n\n    def serve(self, request):\n"
            "        self.request = request\n\n"
            "DESK = Desk()\n",
        },
        good={
            "a.py": "class Desk:\n    def __init__(self, request):\n        self.request = request\n\n"
            "    def serve(self, request):\n        self.request = request\n\ndef serve(request):\n"
            "    return Desk(request)\n",
        },
        is_joint=True,
        step=PlanStep(STATE, 6, "Keep requests out of objects that serve several", minutes=60), cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
    Rule(
        "object-keeps-argument", "P2",
        "A method stores an argument in its object, and the program has one object of this class for all callers: "
        "of a module, in a class body, as a default, kept by its class, or returned by a cached function.",
        "Create an object for each user or request, return the value, or store it under a key of the caller.",
        _check_others,
        bad={
            "a.py": "class Job:\n    def run(self, text):\n        self.last = text\n\n"
            "    def show(self):\n        return self.last\n\nJOB = Job()\n",
        },
        good={
            "a.py": "class Job:\n    def run(self, text):\n        self.last = text\n\n"
            "    def show(self):\n        return self.last\n\ndef serve(text):\n    job = Job()\n"
            "    job.run(text)\n    return job.show()\n",
        },
        grades={
            "P2": "by a method that its users call",
            "P3": "by a method that says that it makes the object ready, or that modules call on import",
        },
        is_joint=True,
        step=PlanStep(STATE, 7, "Keep what calls hand over out of objects that serve several", minutes=45),
        cause=SHARED_STATE,
        hints_at_flaky_tests=True,
    ),
)  # fmt: skip

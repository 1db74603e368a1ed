"""What a name may hold while imports are simulated, and how an import may fail.

Constants stand for themselves; everything else is one of these classes, or ``UNKNOWN``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from analysis.resolve import Module
from analysis.steps import LeftName

Value = Any
#: Objects are numbered in the order in which they are made, in all processes.
count_object = itertools.count(1).__next__


class Unknown:
    """A value of which nothing is known."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


@dataclass(slots=True, eq=False)
class Listed:
    """A list, tuple, set or view of a dictionary (``kind``); ``is_open`` when it may hold more.

    ``is_unordered`` when the elements come in an order that nobody knows: the files of a folder.
    """

    elements: list[Value]
    is_open: bool = False
    kind: str = "list"
    is_unordered: bool = False
    serial: int = field(default_factory=count_object, repr=False)

    def forget(self) -> None:
        """Of what it holds nothing is known any more."""
        self.elements, self.is_open = [], True


@dataclass(slots=True, eq=False)
class KnownMapping:
    """A dictionary whose keys are constants; ``is_open`` when it may hold more."""

    pairs: dict[Value, Value] = field(default_factory=dict)
    is_open: bool = False
    serial: int = field(default_factory=count_object, repr=False)

    def forget(self) -> None:
        """Of what it holds nothing is known any more."""
        self.pairs, self.is_open = {}, True


@dataclass(frozen=True, slots=True)
class TreePath:
    """A path in the tree, relative to its root (empty: the root itself): a ``pathlib.Path``, or a text."""

    path: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class BarePath:
    """A ``pathlib.Path`` that begins in a folder of which nothing is known."""

    path: str


class FoundModule(NamedTuple):
    """What ``pkgutil.iter_modules`` and ``walk_packages`` yield for each module of a folder."""

    module_finder: Value
    name: str
    ispkg: bool


class VersionNumbers(NamedTuple):
    """``sys.version_info``."""

    major: int
    minor: int
    micro: int
    releaselevel: str
    serial: int


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the tree, by its dotted name."""

    name: str
    is_module: bool = False


@dataclass(slots=True, eq=False)
class LoadedModule:
    """A module of the tree in ``sys.modules``.

    ``name`` is unique in the tree (a mark tells apart what several roots call the same), ``resolved`` what the index
    knows of it. ``is_running`` while its body runs (partially initialized), ``is_open`` when it may have names that
    the source does not say, ``finds_more`` when its ``__path__`` was changed. ``process`` is the number of the
    simulated process in which it runs or ran, ``outer`` what others than its own body have set on it while it ran.
    """

    resolved: Module
    names: dict[str, Value] = field(default_factory=dict)
    is_running: bool = True
    is_open: bool = False
    finds_more: bool = False
    process: int = 0
    outer: dict[str, Value] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.resolved.name

    @property
    def path(self) -> str:
        return self.resolved.path

    @property
    def is_package(self) -> bool:
        return self.resolved.is_package


@dataclass(slots=True, eq=False)
class SearchPath:
    """``__path__`` of a package: the folders in which its submodules are looked for."""

    module: LoadedModule


@dataclass(slots=True, eq=False)
class Globals:
    """The namespace of a module as a dictionary: ``globals()``, ``vars(module)``, ``module.__dict__``."""

    module: LoadedModule


@dataclass(slots=True, eq=False)
class Class:
    """A class of the tree; ``bases`` as they were evaluated. ``is_made`` where a call makes it.

    ``changes`` counts what was set on it afterwards.
    """

    module: LoadedModule
    qualname: str
    line: int
    bases: list[Value]
    names: dict[str, Value]
    is_made: bool = False
    subclasses: list[Class] = field(default_factory=list)
    #: The class of the class where it is one of the tree.
    metaclass: Class | None = None
    is_dataclass: bool = False
    #: Whether a decorator or a metaclass may give it, or its objects, attributes that nobody sees.
    is_open: bool = False
    #: Whether its statement names a metaclass: it may take objects of other classes for its own, as ABCMeta does.
    has_metaclass: bool = False
    #: The class and its bases in the order of their look-up, once somebody has asked.
    order: list[Value] = field(default_factory=list, repr=False)
    changes: int = 0
    serial: int = field(default_factory=count_object, repr=False)


@dataclass(slots=True, eq=False)
class Instance:
    """An object made by calling a class of the tree; ``changes`` counts what was set on it.

    ``is_open`` when it may have attributes that nobody sees; ``stands_for`` is the module in whose place in
    ``sys.modules`` a statement has put it, if any.
    """

    made_by: Class
    names: dict[str, Value] = field(default_factory=dict)
    changes: int = 0
    is_open: bool = False
    stands_for: str = ""
    serial: int = field(default_factory=count_object, repr=False)


@dataclass(slots=True, eq=False)
class Function:
    """A function of the tree; ``around`` are the names of the functions around it, the innermost first.

    ``how`` are the last names of what has decorated it and hands it on, ``annotations`` what they evaluate as written;
    ``lambda_body`` is what a ``lambda`` returns.
    """

    module: LoadedModule
    name: str
    line: int
    end_line: int
    parameters: list[Any]
    defaults: list[Value]
    around: tuple[dict[str, Value], ...] = ()
    how: frozenset[str] = frozenset()
    qualname: str = ""
    is_async: bool = False
    lambda_body: Any = None
    annotations: list[Any] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Generated:
    """What a call of a generator function, or of an async one, returns; ``names`` are its arguments.

    It runs when somebody goes through it, or awaits it.
    """

    function: Function
    names: dict[str, Value]
    is_done: bool = False


@dataclass(slots=True, eq=False)
class Mapped:
    """``map`` or ``filter``: calls the function for each element when somebody goes through it."""

    function: Value
    wholes: list[Value]
    is_filter: bool = False
    is_done: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """``functools.partial``: a function or class of the tree with its first arguments."""

    function: Value
    arguments: tuple[Value, ...]
    keywords: dict[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class FieldFactory:
    """``dataclasses.field(default_factory=...)``: what an object of the class calls when it is made."""

    factory: Value


@dataclass(slots=True, eq=False)
class Super:
    """What ``super()`` returns in a method of a class (``after``), for an object or class (``owner``)."""

    owner: Instance | Class
    after: Class


@dataclass(slots=True, eq=False)
class BoundMethod:
    """A function with its first argument."""

    function: Function
    owner: Value


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """An exception on its way: what it means, the innermost statement of the tree, and what it wanted.

    ``kind`` is the built-in exception that it is or extends, ``made_by`` its class where that is one of the tree;
    ``context`` is what was being handled when it was raised; ``reason`` why the program raises it by itself.
    """

    outcome: str
    kind: type[BaseException]
    text: str
    path: str
    line: int
    module: str = ""
    name: str = ""
    made_by: Class | None = None
    context: Fault | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Caught:
    """An exception that a handler has given a name."""

    fault: Fault


class Raised(Exception):  # noqa: N818 - an exception of the simulated program, not of ours
    """Carries a fault up; ``chain`` are the places it came through: (path, line, module), the outermost first."""

    def __init__(self, fault: Fault, chain: tuple[tuple[str, int, str], ...]) -> None:
        super().__init__(fault.text)
        self.fault = fault
        self.chain = chain


class OutOfTime(BaseException):
    """The time budget of all first imports is used up."""


class OutOfSteps(Exception):  # noqa: N818 - ends one simulated import
    """The import does too much to be followed."""


@dataclass(frozen=True, slots=True, eq=False)
class SwallowedFault:
    """A fault that a handler swallowed: where the handler's try stood, and what the names are left as."""

    fault: Fault
    path: str
    line: int
    left_as: tuple[LeftName, ...]

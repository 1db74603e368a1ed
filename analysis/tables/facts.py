"""The tables of facts: the content of the files of the target, keyed by path."""

from __future__ import annotations

import pyarrow as pa

from analysis.tables import loading
from analysis.tables.columns import CAUGHT, CONDITION, GUARD, LINE, PATH, POSITION, SCOPE
from analysis.tables.starts import START_MARKS
from analysis.tables.table import Column, Table, count, flag, later, one_of, text, texts

FILE_STATUSES = (
    "ok", "syntax-error", "decode-error", "unreadable", "too-large", "not-a-file", "parser-crash", "not-analysed",
    "notebook-not-read", "linked",
)  # fmt: skip
MODULE_KINDS = ("module", "package", "namespace", "extension", "script", "notebook")
IMPORT_KINDS = ("import", "from", "star", "dynamic", "recovered", "run")
BINDING_KINDS = (
    "import", "star", "class", "function", "alias", "instance", "constant", "delete",
    "declaration", "target", "unpacked", "augmented", "type_alias", "expression",
)  # fmt: skip
EXPORT_OPERATIONS = ("assign", "add", "remove", "unknown")
HOOK_KINDS = (
    "module_getattr", "sys_modules", "path_extended", "computed_import", "computed_binding", "module_attribute",
)  # fmt: skip
RETURNS = ("", "new", "kept")
STATE_KINDS = (
    "singleton",
    "class-attribute",
    "class-registry",
    "default",
    "cached-getter",
    "cached-container",
    "cached-method",
    "added-handler",
    "singleton-maker",
    "class-object",
    "default-object",
    "nested-object",
)
STORE_WAYS = ("bind", "attribute", "item", "change", "object", "default", "closure", "put")
INFLOWS = ("constant", "made", "parameter")
MARKER_KINDS = ("ssot", "deprecated")
MARKER_PLACES = ("comment", "docstring", "code")

FILES = Table("files", "one Python file or notebook of the target", (
    text("path", "POSIX path relative to the target; bytes that are not UTF-8 are shown escaped"),
    one_of("status", FILE_STATUSES, "ok, or why the file has no syntax tree"),
    text("reason", "message of the parser or the system if the status is not ok; of a linked file the file of the target that it leads to"),
    count("error_line", "line of the syntax error, 0 when there is none"),
    text("encoding", "encoding by PEP 263 and BOM"),
    Column("size_bytes", pa.int64(), "size in bytes"),
    count("lines", "number of lines"),
    text("content_hash", "first 32 hex digits of the SHA-256 of the bytes; empty when unreadable"),
    text("structure", "24 hex digits of the hash of the imports, bindings and definitions, without lines, comments and function bodies"),
    later(text("since", "first version of Python with its syntax, as 3.14, where the interpreter of the kit does not parse it; 2 for a file of Python 2; else empty")),
))  # fmt: skip

LEFT_OUT = Table("left_out", "one folder, or kind of files, that was left out", (
    text("path", "POSIX path relative to the target"),
    text("reason", "why: virtual-environment, cache, backup-copy, ignored-by-git, excluded, symlinked-folder, unreadable-folder, nested-too-deep, submodule, not-checked-out, git-not-asked, git-does-not-answer, gitignore-not-read"),
    count("files", "number of .py files below it"),
))  # fmt: skip

MODULES = Table("modules", "one name under which a file (or namespace folder) can be imported", (
    text("module", "dotted module name"),
    text("path", "file that defines it; for a namespace package its folder with a trailing slash"),
    one_of("kind", MODULE_KINDS, "module, package (__init__.py), namespace (folder without), extension (compiled), script (not importable by its name), notebook (imports others, is never imported)"),
    text("root", "folder, relative to the target, that must be on sys.path; .. when it is the target's parent"),
    flag("is_primary", "false when the same file has another, more specific name"),
    later(flag("is_searched", "true when only a folder of the search path of some starts gives the name: see search_paths")),
    text("shadowed_by", "path of the file or folder that Python imports instead under this name; empty when this one is imported"),
    later(texts("classes", "extension: names of classes that the compiled file states; it may have more")),
))  # fmt: skip

SIBLINGS = Table("siblings", "one file, or folder of a namespace package, beside the target that its imports lead to", (
    text("module", "dotted module name"),
    text("path", "path relative to the target, as ../shared/db.py"),
    one_of("kind", MODULE_KINDS, "module, package or namespace"),
    text("root", "folder, relative to the target, in which its first name lies"),
    one_of("status", FILE_STATUSES, "ok, or why the file has no syntax tree"),
    text("content_hash", "first 32 hex digits of the SHA-256 of the bytes; empty when unreadable, and for a folder"),
), is_later=True)  # fmt: skip

IMPORTS = Table("imports", "one name taken by one import statement", (
    PATH, POSITION, LINE,
    count("end_line", "last line of the statement"),
    one_of("kind", IMPORT_KINDS, "import a, from a import b, from a import *, import_module('a'), recovered line by line from a file that does not parse, or run by %run of a notebook"),
    count("level", "number of leading dots"),
    text("module", "module as written, without the dots; kind run: a path below the notebook's folder that begins with ./, or a module"),
    text("name", "name taken from the module; empty for kind import, * for star"),
    text("bound_as", "name that the statement binds (asname, or the first component of import a.b)"),
    SCOPE, GUARD, CONDITION, CAUGHT,
    text("owner", "qualified name of the enclosing function or class; empty at module level"),
    flag("is_reexport", "from a import b as b: the redundant alias marks b as an explicit re-export (PEP 484)"),
))  # fmt: skip

DEFINITIONS = Table("definitions", "one class statement", (
    PATH, POSITION, LINE,
    count("end_line", "last line of the body"),
    text("name", "class name"),
    text("qualname", "qualified name within the module, as Python's __qualname__"),
    SCOPE, GUARD, CONDITION, CAUGHT,
    texts("bases", "base classes as written"),
    text("metaclass", "metaclass as written; empty when none is given"),
    texts("decorators", "decorators as written, without arguments"),
    texts("marks", "kinds of class: abstract, protocol, enum, dataclass, exception, namedtuple, typeddict, frozen (its objects never change)"),
    texts("attributes", "names bound in the class body except methods, in order"),
    texts("methods", "names of the methods in order"),
    text("fingerprint", "16 hex digits of the hash of the body without comments, docstrings and formatting"),
    Column("sketch", pa.list_(pa.uint32()), "smallest 32 hashes of the body's pairs of lines: the similarity of two sketches estimates that of the bodies"),
))  # fmt: skip

METHODS = Table("methods", "one function of a class body", (
    PATH, POSITION, LINE,
    count("end_line", "last line of the body"),
    text("owner", "qualified name of the class"),
    text("name", "method name"),
    texts("parameters", "parameter names in order; *args and **kwargs with their stars"),
    texts("decorators", "decorators as written, without arguments"),
    flag("is_async", "async def"),
    text("delegate", "attribute.method if the method only calls that; empty otherwise"),
    one_of("returns", RETURNS, "new: an object that it creates; kept: an object stored in its instance or class; empty: nothing, or another object"),
    text("fingerprint", "16 hex digits of the hash of the body without comments, docstrings and formatting"),
    Column("sketch", pa.list_(pa.uint32()), "smallest 16 hashes of the body's pairs of lines; empty below 5 lines"),
))  # fmt: skip

BINDINGS = Table("bindings", "one statement that binds or unbinds a module-level name", (
    PATH, POSITION, LINE,
    text("name", "the name"),
    one_of("kind", BINDING_KINDS, "how it is bound; instance is a call, alias a dotted name, target a loop, with or except target"),
    text("value", "alias: the dotted name; instance: the dotted callee; class, function: the qualified name; constant: None, True or False; expression: its text where interpreter and platform decide it; import: module:name as written with its dots; several candidates of a conditional expression are separated by |"),
    count("arguments", "instance: number of positional arguments of the call; -1 otherwise"),
    SCOPE, GUARD, CONDITION, CAUGHT,
    text("owner", "qualified name of the function that binds it by a global statement; empty at module level"),
))  # fmt: skip

EXPORTS = Table("exports", "one statement on one name of __all__", (
    PATH, POSITION, LINE,
    text("name", "exported name; empty for operation unknown; module:* when another module's __all__ is added"),
    one_of("operation", EXPORT_OPERATIONS, "assign starts a new list; unknown: __all__ is computed in a way that is not literal"),
    GUARD,
))  # fmt: skip

HOOKS = Table("hooks", "one name that a module provides or registers at run time", (
    PATH, POSITION, LINE,
    one_of("kind", HOOK_KINDS, "module_getattr (PEP 562), sys_modules (an assignment to sys.modules), path_extended (__path__ is changed), computed_import (import_module of something that is computed: its name, * for each part that is not known, and as it is written), computed_binding (a name is put into globals()), module_attribute (an assignment to an attribute of something imported)"),
    text("name", "attribute or module name; * stands for a computed name"),
    text("value", "dotted name that is returned or registered; callee() if that call created it; empty if unknown"),
))  # fmt: skip

MARKERS = Table("markers", "one place where the source mentions a single source of truth or deprecation", (
    PATH, LINE,
    one_of("kind", MARKER_KINDS, "ssot or deprecated"),
    one_of("place", MARKER_PLACES, "comment, docstring or code"),
    text("text", "the line, stripped, cut at 200 characters; only the comment if it follows code with another #, or if the line is long"),
))  # fmt: skip

STATES = Table("states", "one place with state that outlives a call", (
    PATH, POSITION, LINE,
    text("owner", "qualified name of the class or function"),
    text("name", "attribute, parameter or function"),
    one_of("kind", STATE_KINDS, "singleton: the class stores and returns its one object; class-attribute: a container of the class body that methods change; class-registry: a container that is changed only through the class; default: a container that the function changes or passes on; cached-getter: a cached function without parameters; cached-container: a cached function that returns a container which it makes; cached-method: a method whose results are kept by its object; added-handler: a function adds a handler that it makes to a logger, and gives that back; singleton-maker: a decorator or metaclass that makes a class keep its one object; class-object: an attribute of the class body that a call makes; default-object: a default that a call makes; nested-object: what a call makes inside of a statement of the module, in a list, a table or another call"),
    text("value", "the stored value, as written; of a singleton the creating method; of a cached-getter its call; of a cached-container what it returns; of a cached-method the attributes of its object that it reads; of an added-handler the logger; of a singleton-maker: decorator or metaclass; of a class-object, default-object or nested-object the callee"),
    Column("changed", pa.list_(pa.int32()), "lines that store or change it; of a class-object or default-object the first lines that use a part of it"),
))  # fmt: skip

STORES = Table("stores", "one statement of a function that stores something where it outlives the call", (
    PATH, POSITION, LINE,
    text("owner", "qualified name of the outermost function or method; of a closure that of the inner one"),
    text("name", "what it stores into, dotted: a name of the module, or an attribute of a class or of an object that is one"),
    one_of("way", STORE_WAYS, "bind (by a global statement), attribute, item, change: a method that changes it in place, object: an attribute of the method's own object, default: what a default of the function keeps, closure: a name of the function around one that is returned, or put: into a queue"),
    one_of("inflow", INFLOWS, "constant: the same in every call; made: something else; parameter: an argument of the function"),
    texts("parameters", "parameters that flow into the value, sorted"),
    flag("is_keyed", "it is kept under a key that may differ from call to call"),
    flag("is_once", "only where a test says that nothing is there yet"),
    flag("is_returned", "the function returns it"),
    later(texts("keys", "parameters that flow into the key, sorted")),
    Column("reads", pa.list_(pa.int32()), "the first lines of functions of the file that read an attribute or name of this last part, those that store it apart"),
), is_later=True)  # fmt: skip

RETURNED = Table("returned", "one function of a module that gives back the result of one call, or what it was given", (
    PATH, POSITION, LINE,
    text("owner", "name of the function"),
    text("value", "dotted callee whose result every return gives back, otherwise the class that it is annotated with; empty where neither is known"),
    later(flag("is_argument", "true when it surely gives back its first argument, or a function that does so: a decorator that replaces nothing")),
), is_later=True)  # fmt: skip

PROGRAMS = Table("programs", "the statements that run when one file is imported, for the import simulation", (
    PATH,
    text("program", "its statements as JSON, see analysis/facts/program.py"),
))  # fmt: skip

NOT_ANALYSED = Table("not_analysed", "one file, finder, rule or step that the kit failed to analyse", (
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file, POSIX path relative to the target; empty if the failure is not about one file"),
    text("step", "step of the run, as in the progress display: scan, graph, names, simulation, rules and so on"),
    text("part", "missing part of the step: a kind of statement, a table, a first import, a rule; empty: all of it"),
    text("reason", "the exception, and where in the kit it was raised"),
), is_later=True)  # fmt: skip

FACT_TABLES: tuple[Table, ...] = (
    IMPORTS, DEFINITIONS, METHODS, BINDINGS, EXPORTS, HOOKS, MARKERS, STATES, STORES, RETURNED, START_MARKS, PROGRAMS, NOT_ANALYSED,
)  # fmt: skip

#: Of what a file loads past the import statement, and what others load by its texts.
FACT_TABLES = (*FACT_TABLES[:-1], loading.LOADS, loading.OBJECT_TEXTS, NOT_ANALYSED)

"""The tables of names: import paths, conflicts and duplicates."""

from __future__ import annotations

import pyarrow as pa

from analysis.tables.columns import CAUGHT, GUARD, LINE, LIVENESS_OF_STATEMENT, SCOPE
from analysis.tables.table import Column, Table, count, flag, later, one_of, text, texts

#: What a name is bound to. The first seven are classes: by a statement, or made by a call.
VALUE_KINDS = (
    "class", "namedtuple", "typeddict", "enum", "newtype", "dataclass", "made-class",
    "function", "module", "instance", "result", "constant", "none", "type-alias", "compiled", "external", "unknown",
)  # fmt: skip
CLASS_KINDS = VALUE_KINDS[:7]
ROUTES = ("definition", "facade", "shim", "accidental", "none")
PATH_CERTAINTIES = ("certain", "conditional", "unknown")
PHANTOM_REASONS = (
    "no-such-name", "type-checking-only", "main-program-only", "other-interpreter", "deleted", "stub-only",
)  # fmt: skip
DUPLICATE_LEVELS = ("class", "method")
CONFLICT_KINDS = ("same-name", "renamed", "instance", "branch", "order")
_IMPORT_PATH = text("import_path", "dotted path by which the name can be imported: pkg.mod.Name")
_DEFINITION = text(
    "definition", "pkg.mod:Qual; package:name outside the tree; of an instance its class; empty when unknown"
)
_ROUTE = one_of(
    "route",
    ROUTES,
    "how the path reaches the definition: definition (the same module), facade (an ancestor package), shim (an explicit re-export), accidental; none when it is not in the tree",
)

PATHS = Table("paths", "one name of one module, and the object that it refers to", (
    _IMPORT_PATH,
    Column("module", pa.dictionary(pa.int32(), pa.string()), "module that binds the name"),
    text("name", "the name"),
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file of the module"),
    count("line", "line of the statement that binds the name; 0 if the module provides it on demand"),
    _DEFINITION,
    Column("definition_path", pa.dictionary(pa.int32(), pa.string()), "file of the definition; empty outside the tree"),
    count("definition_line", "line of the definition; 0 outside the tree"),
    one_of("kind", VALUE_KINDS, "kind of the object; result: any object, from a call or expression; compiled: of a module without source; external: outside the tree"),
    text("made_by", "callable that created the object; of an instance its class"),
    _ROUTE,
    texts("chain", "places between the name and the definition: module.name path:line"),
    count("candidates", "number of objects to which the name can refer, by branch"),
    one_of("certainty", PATH_CERTAINTIES, "certain; conditional: another branch, or a call, decides; unknown"),
    text("reason", "why unknown; the other candidates when conditional"),
    count("statements", "number of import statements that take the name from this module"),
    count("files", "number of files with such a statement"),
    flag("is_canonical", "true for the one path by which the class should be imported; false for other objects than classes"),
))  # fmt: skip

VIOLATIONS = Table("violations", "one class that one import statement takes by a non-canonical path", (
    text("importer", "module that imports"),
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file of the importer"),
    LINE,
    text("name", "name taken"),
    text("import_path", "path by which the statement takes the class"),
    text("definition", "the class, pkg.mod:Qual"),
    text("canonical", "import path that should be used"),
    one_of("route", ROUTES, "shim or accidental; definition or facade if the policy names another path"),
    SCOPE, GUARD,
    later(flag("is_declared", "the module says that it passes the class on: __all__, import X as X, X = module.X, a deprecated redirect")),
))  # fmt: skip

PHANTOM_NAMES = Table("phantom_names", "one import of a name that does not exist in an existing module", (
    text("importer", "module that imports"),
    text("module", "module that does not have the name"),
    text("name", "name taken"),
    Column("path", pa.dictionary(pa.int32(), pa.string()), "file of the importer"),
    LINE, SCOPE, GUARD, CAUGHT, LIVENESS_OF_STATEMENT,
    one_of("reason", PHANTOM_REASONS, "why the import fails"),
    text("nearest", "closest name that the module has; empty when none is near"),
    texts("defined_in", "modules that define the name, at most three"),
))  # fmt: skip

CONFLICTS = Table("conflicts", "one name that refers to different objects in different modules", (
    text("name", "the name"),
    one_of("kind", CONFLICT_KINDS, "same-name: several classes of this name; renamed: an import gives the name to a class of another name; instance: a class in one module, an object in another; branch: one module chooses among classes; order: a submodule or an attribute, by the order of imports"),
    texts("definitions", "the different objects, sorted"),
    texts("import_paths", "paths that yield them, at most twenty, sorted"),
    flag("is_related", "true when each class is a base or a subclass of another: extended, not competing"),
    count("statements", "number of import statements that take the name from one of the paths"),
))  # fmt: skip

BASES = Table("bases", "one known base class of one class", (
    text("definition", "the class, pkg.mod:Qual"),
    text("base", "the base: pkg.mod:Qual, or package:name outside the tree"),
))  # fmt: skip

DUPLICATES = Table("duplicates", "one class or method that is equal or nearly equal to another", (
    one_of("level", DUPLICATE_LEVELS, "class, or method of classes that are otherwise different"),
    text("group", "identifier of all similar bodies; stable against moves"),
    text("first", "one of the two: pkg.mod:Qual; a file that is not a module is named by its path"),
    text("second", "the other"),
    Column("similarity", pa.float64(), "1 for equal bodies (without comments, docstrings and formatting), else the estimated share of common pairs of lines"),
    Column("first_path", pa.dictionary(pa.int32(), pa.string()), "file of the first"),
    count("first_line", "first line of the statement"),
    count("first_end_line", "last line of its body"),
    Column("second_path", pa.dictionary(pa.int32(), pa.string()), "file of the second"),
    count("second_line", "first line of the statement"),
    count("second_end_line", "last line of its body"),
    flag("is_same_name", "whether both have one name"),
    text("folder_copy", "the copied folders that contain the pair: folder = folder; empty without them"),
))  # fmt: skip

FOLDER_COPIES = Table("folder_copies", "two folders with the same files", (
    text("first", "folder, relative to the target; the original if the names show it"),
    text("second", "the other folder; the copy if its name shows it"),
    count("files", "number of files with a copy: equal content, or equal or nearly equal classes"),
    count("first_files", "number of Python files below the first"),
    count("second_files", "number of Python files below the second"),
    text("hint", "the part of the name that marks a copy: backup, legacy, old, v2; empty without one"),
))  # fmt: skip

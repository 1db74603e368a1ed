"""What is alive after an import: what each name holds, and classes that are alive more than once."""

import gc
import hashlib
import json
import sys
import types

#: What a class holds and is called, past whatever its metaclass says.
_inside, _qualname = type.__dict__["__dict__"].__get__, type.__dict__["__qualname__"].__get__


def describe_modules(tree, skipped=frozenset()):
    """Return per module of the target its bindings as rows: name, kind, path, line, qualified name, module."""
    found = {}
    for name in sorted(name for name, module in list(sys.modules.items()) if tree.is_own(module)):
        if name in skipped:
            continue
        rows = []
        inside = vars(sys.modules[name])
        for key in sorted(key for key in inside if isinstance(key, str)):
            if not (key.startswith("__") and key.endswith("__")):
                try:
                    rows.append([key, *describe(tree, inside[key])])
                except BaseException:
                    rows.append([key, "instance", "", 0, "", ""])
        found[name] = rows
    return found


def describe(tree, value):
    if value is None:
        return ["none", "", 0, "", ""]
    if isinstance(value, types.ModuleType):
        return ["module", "", 0, str(value.__name__), ""]
    if isinstance(value, type):
        return ["class", *locate_class(tree, value)]
    function = unwrap(value)
    if isinstance(function, types.FunctionType):
        code = function.__code__
        return [
            "function", tree.find_path(code.co_filename), code.co_firstlineno, function.__qualname__,
            str(function.__module__),
        ]  # fmt: skip
    if isinstance(value, (types.BuiltinFunctionType, types.MethodType)):
        return ["function", "", 0, getattr(value, "__qualname__", ""), str(getattr(value, "__module__", ""))]
    return ["instance", *locate_class(tree, type(value))]


def unwrap(value):
    for _ in range(10):
        if type(value) in (staticmethod, classmethod):
            value = value.__func__
        wrapped = getattr(value, "__dict__", {}).get("__wrapped__") if callable(value) else None
        if wrapped is None:
            return value
        value = wrapped
    return value


def locate_class(tree, kind):
    """Return path, line, qualified name and module of a class, the place by its functions: names may lie.

    The line is that of its first method: the statement is above it. Without methods it is, negative, that of the
    statement with its decorators where Python 3.13 knows it, else 0.
    """
    inside = _inside(kind)
    qualname, module = str(_qualname(kind)), str(inside.get("__module__", ""))
    codes = []
    for value in list(inside.values()):
        if isinstance(value, property):
            value = value.fget
        value = unwrap(value)
        if isinstance(value, types.FunctionType) and value.__qualname__ == "%s.%s" % (qualname, value.__name__):
            path = tree.find_path(value.__code__.co_filename)
            if path:
                codes.append((value.__code__.co_firstlineno, path))
    first = inside.get("__firstlineno__", 0)
    if codes:
        line, path = min(codes)
        return [path, line, qualname, module]
    path = tree.find_path(getattr(sys.modules.get(module), "__file__", None) or "")
    return [path, -first, qualname, module]


def find_twins(tree):
    """Return the classes of one statement that are alive more than once: path, line, name, number."""
    groups, waiting, seen = {}, [object], set()
    while waiting:
        for kind in type.__subclasses__(waiting.pop()):
            if id(kind) not in seen:
                seen.add(id(kind))
                waiting.append(kind)
                try:
                    path, line, qualname, _ = locate_class(tree, kind)
                except BaseException:
                    continue
                if path and "<locals>" not in qualname:
                    groups.setdefault((path, line, qualname), []).append(id(kind))
    return {key: set(ids) for key, ids in groups.items() if len(ids) > 1}


def format_twins(tree):
    gc.collect()
    twins = find_twins(tree)
    holders = {}
    for name, module in sorted(sys.modules.items()):
        if twins and tree.is_own(module):
            for key, value in sorted(vars(module).items(), key=lambda item: str(item[0])):
                if isinstance(value, type):
                    holders.setdefault(id(value), "%s.%s" % (name, key))
    return [
        [path, line, qualname, len(ids), sorted(holders[one] for one in ids if one in holders)]
        for (path, line, qualname), ids in sorted(twins.items())
    ]


def find_digest(rows):
    text = json.dumps([row[:5] for row in rows if row[1] != "module"])
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def has_digest(rows, digest):
    """Return whether rows that somebody sent are those of a digest."""
    try:
        return find_digest(rows) == digest
    except Exception:
        return False


def find_marks(tree):
    """Return per module of the target what changes when one of its names is bound anew; far cheaper than a digest."""
    return {
        name: hash((tuple(vars(module)), tuple(map(id, vars(module).values()))))
        for name, module in list(sys.modules.items())
        if tree.is_own(module)
    }

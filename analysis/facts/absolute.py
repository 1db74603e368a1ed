"""Absolute names of relative imports: the only place that counts dots."""

from __future__ import annotations


def find_base(package: str, level: int) -> str | None:
    """Return the package that ``level`` leading dots mean in a module of ``package``; None beyond the top.

    One dot is the package itself; without any it is nothing, the empty text.

    >>> find_base("a.b", 1), find_base("a.b", 2), find_base("a.b", 3), find_base("a.b", 0)
    ('a.b', 'a', None, '')
    """
    if level == 0:
        return ""
    parts = package.split(".") if package else []
    if level > len(parts):
        return None
    return ".".join(parts[: len(parts) - level + 1])


def absolute_name(package: str, level: int, module: str) -> str:
    """Return the absolute name of ``from <level dots><module> import …`` in a package; empty beyond the top.

    ``package`` is the dotted package of the importer: itself where it is a package, else what is before its last dot.

    >>> absolute_name("a.b", 1, "c"), absolute_name("a.b", 2, ""), absolute_name("a", 3, "x")
    ('a.b.c', 'a', '')
    """
    base = find_base(package, level)
    if base is None:
        return ""
    return f"{base}.{module}" if base and module else base or module


def split_dots(written: str) -> tuple[int, str]:
    """Return level and module of a module as written with its dots.

    >>> split_dots("..pkg.mod"), split_dots("pkg"), split_dots(".")
    ((2, 'pkg.mod'), (0, 'pkg'), (1, ''))
    """
    bare = written.lstrip(".")
    return len(written) - len(bare), bare

"""The attributes that every module has, whatever its statements bind."""

from __future__ import annotations

from types import ModuleType

#: Those of the class of modules, and those that an import sets; ``__path__`` is of packages alone.
EVERY_MODULE = frozenset(dir(ModuleType)) | {
    "__name__", "__doc__", "__file__", "__package__", "__spec__", "__loader__", "__cached__", "__builtins__",
}  # fmt: skip


def has_anyhow(name: str, *, is_package: bool) -> bool:
    """Return whether a module has an attribute without binding it."""
    return name in EVERY_MODULE or (is_package and name == "__path__")

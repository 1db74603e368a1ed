"""Which test files are about a module: those that import it by the fewest steps, and whose names share its words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

#: A word that names share brings a test file as much nearer as this many import steps.
_STEPS_OF_A_WORD = 2
#: What the tests of one package are about although other packages stand between: they count as its own words.
_KIN = {
    "resolve": {"names", "graph", "agreement", "cases"},
    "simulation": {"simulate", "agreement", "cases"},
}


class TestFiles:
    """The test files of a checkout and the modules that they import."""

    __test__ = False

    def __init__(self, root: Path, packages: Iterable[str]) -> None:
        tops = sorted({package.split("/")[0] for package in packages})
        self._modules = {_name_module(root, path): path for top in tops for path in sorted((root / top).rglob("*.py"))}
        helpers = {path.stem: path for path in sorted((root / "tests").glob("*.py"))}
        self._modules |= helpers
        self._imports = {name: _find_imports(name, path, self._modules) for name, path in self._modules.items()}
        self._tests = {f"tests/{name}.py": name for name in helpers if name.startswith("test_")}
        self._root = root

    def find_nearest(self, path: str, most: int) -> list[str]:
        """Return the test files nearest to a module, nearest first; files that never import it are left out."""
        module = _name_module(self._root, self._root / path)
        words = set(_split(path))
        words |= {kin for word in words for kin in _KIN.get(word, ())}
        ranked = []
        for test, name in self._tests.items():
            steps = self._count_steps(name, module)
            if steps is not None:
                ranked.append((steps - _STEPS_OF_A_WORD * len(words & set(_split(test))), test))
        return [test for _, test in sorted(ranked)[:most]]

    def _count_steps(self, importer: str, imported: str) -> int | None:
        seen, layer, steps = {importer}, [importer], 0
        while layer:
            if imported in layer:
                return steps
            layer = sorted({name for module in layer for name in self._imports[module]} - seen)
            seen.update(layer)
            steps += 1
        return None


def _split(path: str) -> list[str]:
    return [word for word in re.split(r"[/_.]", path) if word not in {"", "py", "test", "tests", "analysis", "init"}]


def _name_module(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _find_imports(name: str, path: Path, modules: Mapping[str, Path]) -> list[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                found.update(alias.name for alias in aliases)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                base = ".".join(package.split(".")[: len(package.split(".")) - level + 1]) if level else ""
                origin = ".".join(filter(None, [base, module]))
                found |= {origin, *(f"{origin}.{alias.name}" for alias in aliases)}
    return sorted((found & modules.keys()) - {name})

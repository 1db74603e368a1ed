"""What type checkers see of a module that serves its names on demand: the block of ``TYPE_CHECKING``."""

from __future__ import annotations

from analysis.resolve.binding_evaluator import BindingEvaluator
from analysis.resolve.modules import Module
from analysis.resolve.namespaces import Namespaces
from analysis.resolve.stars import StarNames


class ServedHints:
    """Imports for type checkers, of modules that may have names which their statements do not show."""

    def __init__(self, spaces: Namespaces, evaluator: BindingEvaluator, stars: StarNames) -> None:
        self._spaces, self._evaluator, self._stars = spaces, evaluator, stars
        self._known: dict[int, dict[str, str]] = {}

    def find(self, module: Module, name: str) -> str:
        """Return what a name is for type checkers, as import statements write it; otherwise nothing."""
        return self._read(module).get(name, "")

    def list_names(self, module: Module) -> set[str]:
        """Return the names that only type checkers see imported."""
        return set(self._read(module))

    def _read(self, module: Module) -> dict[str, str]:
        known = self._known.get(module.number)
        if known is None:
            known = self._known[module.number] = {}
            space, rows = self._spaces.space(module), self._spaces.rows
            for row in space.stars:
                if rows.scope[row] == "type_checking":
                    known.update(self._read_star(module, rows.value[row]))
            for name, bound in space.names.items():
                hints = [row for row in bound if rows.scope[row] == "type_checking" and rows.kind[row] == "import"]
                if hints and len(hints) == len(bound):
                    known[name] = rows.value[hints[-1]]
        return known

    def _read_star(self, module: Module, written: str) -> dict[str, str]:
        _, _, found = self._evaluator.parse(module, written)
        if found is None or found is module:
            return {}
        return {name: f"{written}:{name}" for name in self._stars.exported(found)}

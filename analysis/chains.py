"""Import chains as one reads them: in a terminal, in a notebook, as records."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.graph import Chain


@dataclass(frozen=True, slots=True)
class Chains:
    """The shortest import chains from one module to another; prints as one line per step with its place."""

    importer: str
    imported: str
    chains: tuple[Chain, ...]

    def __len__(self) -> int:
        return len(self.chains)

    def __str__(self) -> str:
        if not self.chains:
            return f"{self.importer} does not import {self.imported}, not even through others"
        return "\n\n".join("\n".join(self._lines(chain)) for chain in self.chains)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def as_records(self) -> list[list[dict[str, Any]]]:
        """Return the steps of each chain: importer, imported, path, line, name, scope."""
        names = ("importer", "imported", "path", "line", "name", "scope")
        return [[{name: getattr(step, name) for name in names} for step in chain.steps] for chain in self.chains]

    @staticmethod
    def _lines(chain: Chain) -> list[str]:
        return [
            f"{step.importer} -> {step.imported}  {step.path}:{step.line}"
            + (f"  ({step.scope})" if step.scope != "module" else "")
            for step in chain.steps
        ]

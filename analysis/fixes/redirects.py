"""Classes and functions that become imports of others: the module that had them takes them, and warns who asks."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import NamedTuple

from analysis.fixes.class_differences import list_statements_beside
from analysis.fixes.name_uses import find_dynamic_lookup, find_name_uses
from analysis.fixes.offers import Edit
from analysis.fixes.source_text import SourceText
from analysis.fixes.statements import (
    insert_after,
    place_statement,
    redirect_definition,
    remove_statement,
    replace_statement,
)
from analysis.wording import format_some


class ClassRedirect(NamedTuple):
    """A name of a file that another module gives: its definition, that module, and its name there if it is another."""

    name: str
    node: ast.stmt
    home: str
    there: str = ""

    @property
    def written(self) -> str:
        """The import that binds the name."""
        return f"from {self.home} import {self.there or self.name}" + (
            f" as {self.name}" if self.there not in {"", self.name} else ""
        )


def redirect_classes(source: SourceText, module: str, redirects: Sequence[ClassRedirect]) -> tuple[list[Edit], str]:
    """Return the edits that make redirects of definitions, and how these warn; raises ``UnplacedError``."""
    if not list_statements_beside(source, [each.node for each in redirects]):
        return _redirect_all(source, module, redirects), "warns when it is imported"
    if _can_ask(source, {each.name for each in redirects}):
        return _redirect_on_demand(source, module, redirects), "warns when somebody takes the name"
    edits = [redirect_definition(source, each.node, each.name, each.home, each.there) for each in redirects]
    return edits, "does not warn, as the module uses the name itself"


def write_redirect(module: str, home: str, names: Sequence[str], imports: Sequence[str]) -> str:
    """Return the statements of a module that only takes names from another one, and warns when it is imported."""
    listed = "\n".join(imports)
    return (
        f"import warnings\n\n{listed}\n\nwarnings.warn(\n"
        f'    "{module} is deprecated: import {format_some(names)} from {home}", DeprecationWarning, stacklevel=2\n)'
    )


def _can_ask(source: SourceText, names: Collection[str]) -> bool:
    """Return whether a module can give names on demand: it has no use of them, and no ``__getattr__``."""
    text = source.content.decode(source.encoding, "replace")
    has_hook = any(getattr(node, "name", "") == "__getattr__" for node in source.tree.body)
    return not has_hook and not find_dynamic_lookup(source.content) and not find_name_uses(source.tree, text, names)


def _redirect_all(source: SourceText, module: str, redirects: Sequence[ClassRedirect]) -> list[Edit]:
    """Return the edits of a module that holds nothing else: imports, and one warning for all."""
    edits = [redirect_definition(source, each.node, each.name, each.home, each.there) for each in redirects[:-1]]
    homes = format_some(sorted({each.home for each in redirects}))
    last = redirects[-1]
    text = write_redirect(module, homes, sorted(each.name for each in redirects), [last.written])
    return [*edits, replace_statement(place_statement(source, last.node), text)]


def _redirect_on_demand(source: SourceText, module: str, redirects: Sequence[ClassRedirect]) -> list[Edit]:
    """Return the edits that take classes out of a module which gives them on demand, with a warning."""
    lines = ["def __getattr__(name: str) -> object:", '    """Redirect classes to the modules that define them."""']
    for each in redirects:
        lines += [
            f'    if name == "{each.name}":',
            "        import warnings",
            "",
            f"        {each.written}",
            "",
            "        warnings.warn(",
            f'            "{module}.{each.name} is deprecated: import it from {each.home}",',
            "            DeprecationWarning,",
            "            stacklevel=2,",
            "        )",
            f"        return {each.name}",
        ]
    lines.append('    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")')
    gone = [each.node for each in redirects]
    stays = [node for node in source.tree.body if node not in gone]
    last = place_statement(source, stays[-1])
    if source.tree.body[-1] in gone:  # what was last becomes the hook, where it stood
        final = next(each for each in redirects if each.node is source.tree.body[-1])
        others = [remove_statement(place_statement(source, each.node)) for each in redirects if each is not final]
        return [*others, replace_statement(place_statement(source, final.node), "\n".join(lines))]
    removed = [remove_statement(place_statement(source, each.node)) for each in redirects]
    return [*removed, insert_after(last, "\n".join(["", "", *lines]))]

"""Small trees that the tests of the report investigate: an ordinary shop, and one whose every name is an attack."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import analysis
from analysis.investigation import Investigation
from analysis.policy import parse_policy
from analysis.runtime import ProbeOptions

#: A cycle on import, one through a function, one for type checkers, a phantom, a twin, a class with two definitions.
SHOP: Mapping[str, str] = {
    "shop/__init__.py": "",
    "shop/api/__init__.py": "from shop.api.views import show\n",
    "shop/api/views.py": "from shop.core.basket import Basket\n\ndef show():\n    import shop.api.routes\n",
    "shop/api/routes.py": "from shop.api import views\nfrom shop.core import registry\n",
    "shop/core/__init__.py": "",
    "shop/core/basket.py": "from shop.core import price\n\nclass Basket:\n    pass\n",
    "shop/core/price.py": "from shop.core.basket import Basket\nimport shop.core.tax\n\nclass PriceRegistry: ...\n",
    "shop/core/tax.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop.api import views\n",
    "shop/core/registry.py": "import shop.core.vat\n\nclass Registry:\n    pass\n",
    "shop/core/old_registry.py": "class Registry:\n    name = 1\n",
    "shop/core/broken.py": "def f(:\n",
}
IMAGE = "<img src=x onerror=alert(1)>"
#: A slash cannot stand in a file name, but the path of a file in three folders holds what closes a script.
CLOSING = "a</script><script>alert(2)</script>.py"
COMMENT = "# </script><script>alert(3)</script> `|` **bold** [x](javascript:alert(4)) @team <!-- ]]> \u202e"
HOSTILE: Mapping[str, str] = {
    "shop/__init__.py": "",
    f"shop/{IMAGE}.py": f"import shop.a  {COMMENT}\nimport shop.nowhere  {COMMENT}\n",
    f"shop/{CLOSING}": f"import shop.b  {COMMENT}\nimport shop.nothing  {COMMENT}\nclass Registry: pass  {COMMENT}\n",
    "shop/`tick`|*bar*.py": f"from shop import a {COMMENT}\ndef f(: {COMMENT}\n",
    "shop/quo\"te' onmouseover=alert(5) x=.py": f"import shop.none  {COMMENT}\n",
    "shop/new\nline\u202e# head.py": f"import shop.neither  {COMMENT}\n",
    "shop/a.py": f"import shop.b  {COMMENT}\nclass Registry: pass  {COMMENT}\n",
    "shop/b.py": (
        f"import shop.a  {COMMENT}\nfrom importlib import import_module\n"
        "import_module('shop.</script><script>alert(6)</script>')\nimport_module('shop.**bold** [x](javascript:y) |')\n"
        f"class Registry: pass  {COMMENT}\nclass OtherRegistry(Registry): pass\n"
    ),
}
HOSTILE_POLICY = """
[target]
name = "<script>alert(7)</script> **t** | @team"
source_url = "https://example.invalid/{revision}/{path}?\\"><script>alert(8)</script>#L{line}"
[[concept]]
name = "<script>alert(9)</script> | **registry**"
match = ["*Registry"]
max_classes = 1
[business]
currency = "<b>EUR</b>"
revenue_at_risk = 500000
notes = { P0 = "<script>alert(10)</script>", P1 = "[x](javascript:alert(11))" }
[[claim]]
metric = "<script>alert(12)</script>"
value = "<script>alert(13)</script>"
source = "<script>alert(14)</script>"
[[owner]]
pattern = "*"
owner = "<script>alert(15)</script> @team"
"""


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    for name, source in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, "utf-8")
    return root


def investigate(
    folder: Path, files: Mapping[str, str], policy: str = "", name: str = "shop", *, is_probed: bool = False
) -> Investigation:
    """Write a tree below a folder and investigate it, with its snapshot beside it."""
    root = write_tree(folder / name, files)
    probe = ProbeOptions() if is_probed else None
    return analysis.investigate(root, policy=parse_policy(policy), data=folder / "data", jobs=1, probe=probe)


class Markup(HTMLParser):
    """The elements of a page, each with its attributes, and the page's text without that of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if not self.elements or self.elements[-1][0] not in {"script", "style"}:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self.elements.append(("", {}))

    @property
    def tags(self) -> set[str]:
        """The names of all elements."""
        return {tag for tag, _ in self.elements if tag}

    @property
    def handlers(self) -> set[str]:
        """The attributes that would run a script."""
        return {name for _, attributes in self.elements for name in attributes if name.startswith("on")}

    @property
    def addresses(self) -> list[str]:
        """Everything that the page links to or loads."""
        return [attributes[name] for _, attributes in self.elements for name in ("href", "src") if name in attributes]

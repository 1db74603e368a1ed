"""The structure of a file is what decides which names and classes it has."""

from __future__ import annotations

import pytest

from analysis.facts.extract import extract

SOURCE = b"""import os
from a import B as C

LIMIT = 3

class Order(C):
    size = 1

    def pay(self, user):
        return user

order = Order()
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"import os\n", b"# why\n\nimport os\n"),
        (b"        return user", b"        import_of = 1\n        return user + import_of"),
        (b"    def pay(self, user):", b'    def pay(self, user):\n        """Pay."""'),
        (b"    size = 1\n", b"    size = 1\n    weight = 2\n\n    def send(self): ...\n"),
        (b"\n", b"\r\n"),
        (b"LIMIT = 3", b"LIMIT = 4"),
    ],
)
def test_lines_comments_and_bodies_do_not_change_it(old: bytes, new: bytes) -> None:
    changed = SOURCE.replace(old, new)
    assert changed != SOURCE
    assert extract(changed).structure == extract(SOURCE).structure


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"import os", b"import sys"),
        (b"import os\nfrom a import B as C", b"from a import B as C\nimport os"),
        (b"as C", b"as D"),
        (b"LIMIT = 3", b"LIMIT: int"),
        (b"class Order(C)", b"class Order(os.PathLike)"),
        (b"class Order(C):", b"@dataclass\nclass Order(C):"),
        (b"order = Order()", b"order = Order"),
        (b"        return user", b"        from b import x\n        return user"),
        (b"LIMIT = 3", b"__all__ = ['Order']\nLIMIT = 3"),
        (b"order = Order()", b"if os.name == 'nt':\n    order = Order()"),
        (b"order = Order()", b"order = Order("),
    ],
)
def test_names_classes_and_their_order_change_it(old: bytes, new: bytes) -> None:
    changed = SOURCE.replace(old, new)
    assert changed != SOURCE
    assert extract(changed).structure != extract(SOURCE).structure


def test_an_empty_file_has_one() -> None:
    assert extract(b"").structure == extract(b"# nothing\n").structure != ""

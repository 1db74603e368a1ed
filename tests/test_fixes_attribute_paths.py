"""Classes that are read as attributes of a module that happens to import them are read from their own module."""

from __future__ import annotations

from fixed_trees import apply_offers, find_fixes, import_each

from analysis.fixes.attribute_paths import find_attribute_paths


def find(investigation, tree):
    return find_attribute_paths(investigation.table, tree)


BASE = {
    "p/__init__.py": "",
    "p/a.py": "class Order: ...\n",
    "p/b.py": "from p.a import Order\nTAX = 3\ndef work(): return Order\n",
}


def fix(root):
    before = import_each(root)
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    apply_offers(root, offers)
    assert import_each(root) == before
    assert find_fixes(root, find) == ([], [])
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}


def test_each_way_to_import_the_module_is_followed(make_tree):
    files = {
        "p/c.py": "import p.b\nX = p.b.Order\nY = p.b.TAX\n",
        "p/d.py": "import p.b as o, sys\ndef f(x: 'o.Order') -> \"list[o.Order]\": return [o.Order()]\n",
        "p/e.py": "from . import b\n\nclass E(b.Order):\n    y = b.TAX\n",
        "p/f.py": "import p.a, p.b\nX = p.b.Order\n",
        "p/g.py": "from p import a as first, b\nX = b.Order\n",
    }
    fixed = fix(make_tree({**BASE, **files}))
    assert fixed["p/c.py"] == "import p.b\nimport p.a\nX = p.a.Order\nY = p.b.TAX\n"
    assert fixed["p/d.py"] == (
        "import p.b as o, sys\nfrom p import a\ndef f(x: 'a.Order') -> \"list[a.Order]\": return [a.Order()]\n"
    )
    assert fixed["p/e.py"] == "from . import b\nfrom . import a\n\nclass E(a.Order):\n    y = b.TAX\n"
    assert fixed["p/f.py"] == "import p.a, p.b\nX = p.a.Order\n"
    assert fixed["p/g.py"] == "from p import a as first, b\nX = first.Order\n"


def test_a_name_that_may_mean_something_else_is_left_alone(make_tree):
    files = {
        "p/c.py": "from p import b\ndef f(b): return b.Order\n",
        "p/d.py": "from p import b\nif b:\n    b = None\nX = b.Order if b else 1\n",
        "p/e.py": "def f():\n    from p import b\n    return b.Order\nfrom p import a as b\n",
    }
    assert find_fixes(make_tree({**BASE, **files}), find) == ([], [])


def test_a_module_whose_name_is_taken_is_refused(make_tree):
    files = {"p/c.py": "from p import b\na = 1\nX = b.Order\n"}
    offers, refused = find_fixes(make_tree({**BASE, **files}), find)
    assert offers == []
    assert [each.reason for each in refused] == ["the name a means something else there"]

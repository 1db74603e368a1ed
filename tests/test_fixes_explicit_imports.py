"""Tries around imports that always work, or always fail, give way to what happens anyhow, as CPython shows."""

from __future__ import annotations

import subprocess

import pytest
from fixed_trees import apply_offers, find_fixes, import_each

from analysis.fixes.explicit_imports import find_explicit_imports


def find(investigation, tree):
    return find_explicit_imports(investigation.table, tree)


BASE = {
    "p/__init__.py": "",
    "p/a.py": "class Order: ...\nX = 1\n",
    "p/outside.py": "import optional_library\nY = 2\n",
    "p/raising.py": "def check():\n    raise ImportError\n",
}


def fix(root, path="p/c.py"):
    before = import_each(root, "p.c")
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    apply_offers(root, offers)
    assert import_each(root, "p.c") == before
    assert find_fixes(root, find) == ([], [])
    return (root / path).read_text()


def refuse(make_tree, source):
    offers, refused = find_fixes(make_tree({**BASE, "p/c.py": source}), find)
    assert offers == []
    return [each.reason for each in refused]


def test_an_import_that_always_works_loses_its_handler(make_tree):
    source = (
        "y = 1\ntry:\n    # the order\n    from p.a import (\n        Order,\n    )  # why\n    HAS = True\n"
        "except ImportError:\n    Order, HAS = None, False\nelse:\n    # it is there\n    X = '''a\n    b'''\nz = 1\n"
    )
    assert fix(make_tree({**BASE, "p/c.py": source})) == (
        "y = 1\n# the order\nfrom p.a import (\n    Order,\n)  # why\nHAS = True\n# it is there\n"
        "X = '''a\n    b'''\nz = 1\n"
    )


def test_an_import_that_always_fails_gives_way_to_what_its_handler_does(make_tree):
    source = (
        "if True:\n\ttry:\n\t\tfrom p.gone import A, B\n\texcept ValueError:\n\t\tpass\n"
        "\texcept ModuleNotFoundError:  # not there\n\t\tA = B = None  # none\n\t\tC = 'x'\n\telse:\n\t\tC = 'y'\n"
    )
    root = make_tree({**BASE, "p/c.py": source})
    assert find_fixes(root, find)[0][0].clears
    assert fix(root) == "if True:\n\tA = B = None  # none\n\tC = 'x'\n"


def test_a_missing_name_enters_the_handler_of_import_errors(make_tree):
    source = "try:\n    from p.a import Gone\nexcept ModuleNotFoundError:\n    G = 1\n"
    source += "except (KeyError, ImportError):\n    G = 2\n"
    assert fix(make_tree({**BASE, "p/c.py": source})) == "G = 2\n"


def test_what_a_handler_passes_over_goes_altogether(make_tree):
    source = "import sys\ntry:\n    import p.gone  # noqa\nexcept ImportError:\n    pass\nx = 1\n"
    assert fix(make_tree({**BASE, "p/c.py": source})) == "import sys\nx = 1\n"
    alone = "def f():\n    try: import p.gone\n    except: pass\n"
    assert fix(make_tree({**BASE, "p/c.py": alone})) == "def f():\n    pass\n"


def test_one_line_blocks_and_windows_line_ends_stay_what_they_are(make_tree):
    source = (
        b"try: from p.a import X; Y = X\r\nexcept ImportError: X = None # no\r\nif X:\r\n  try:\r\n    import p.a\r\n"
    )
    source += b"    Z = 1\r\n  except ImportError:\r\n    Z = 2\r\n"
    root = make_tree({**BASE, "p/c.py": source})
    fix(root)
    assert (root / "p/c.py").read_bytes() == b"from p.a import X; Y = X\r\nif X:\r\n  import p.a\r\n  Z = 1\r\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "try:\n    from p.outside import Y\nexcept ImportError:\n    Y = 0\n",
            "it needs optional_library, which may be missing",
        ),
        ("try:\n    import p.raising\nexcept ImportError:\n    pass\n", "p.raising may raise ImportError itself"),
        ("try:\n    import p.a, optional_library\nexcept ImportError:\n    pass\n", "outside of the tree"),
        ("try:\n    import p.a\nexcept Exception:\n    pass\n", "its handler also catches other failures"),
        (
            "try:\n    import p.a\n    p.a.Order()\nexcept ImportError:\n    pass\n",
            "other statements of the try may raise",
        ),
        (
            "try:\n    print(1)\n    import p.gone\nexcept ImportError:\n    pass\n",
            "other statements of the try run before",
        ),
        ("try:\n    import p.gone\nexcept ImportError as e:\n    x = str(e)\n", "its handler uses the exception"),
        ("try:\n    import p.gone\nexcept ImportError:\n    pass\nfinally:\n    x = 1\n", "its finally block runs"),
        ("ERR = ImportError\ntry:\n    import p.gone\nexcept (ERR, ImportError):\n    pass\n", "whether ERR catches"),
        ("try:\n    from p import Order\nexcept ImportError:\n    pass\n", "what it imports is elsewhere in the tree"),
        ("try:\n    from p.a import *\nexcept ImportError:\n    pass\n", "a star import takes names"),
        (
            "try: import p.gone\nexcept ImportError:\n    try:\n        import p.a\n    except ImportError: x = 1\n",
            "another try that swallows an import stands inside",
        ),
        (
            "try: import p.gone  # ssot: allow[phantom-import] because a build makes it\nexcept ImportError: pass\n",
            "it is accepted: a build makes it",
        ),
    ],
)
def test_what_is_not_certain_is_refused_with_its_reason(make_tree, source, reason):
    assert reason in refuse(make_tree, source)[0]


def test_a_try_that_a_cycle_needs_stays(make_tree):
    files = {
        "p/__init__.py": "", "p/a.py": "from p import c\nX = 1\n",
        "p/c.py": "try:\n    from p.a import X\nexcept ImportError:\n    X = None\n",
    }  # fmt: skip
    offers, refused = find_fixes(make_tree(files), find)
    assert offers == []
    assert [each.reason for each in refused] == ["a first import loses it: break the cycle first"]


def test_a_guarded_library_is_no_concern(make_tree):
    source = "try:\n    import optional_library\nexcept ImportError:\n    optional_library = None\n"
    assert find_fixes(make_tree({**BASE, "p/c.py": source}), find) == ([], [])


def test_what_lies_beside_the_target_is_left_alone_and_said_so(make_tree):
    files = {
        "q/__init__.py": "", "q/m.py": "A = 1\n", "p/__init__.py": "",
        "p/x.py": "try:\n    from q.m import A\nexcept ImportError:\n    A = 2\n",
    }  # fmt: skip
    root = make_tree(files)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    offers, refused = find_fixes(root / "p", find)
    assert offers == []
    assert "lies beside the target" in refused[0].reason
    assert len(find_fixes(root, find)[0]) == 1

"""The import simulation says of every first import what Python itself says."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from first_imports import ask_python, compare, simulate
from rule_trees import judge

from analysis.simulation import Environment

Tree = Callable[..., Path]
HEAD = {"p/__init__.py": ""}

CASES = {
    "a name that is bound too late": {
        "p/a.py": "from p.b import B\nA = 1\n", "p/b.py": "from p.a import A\nB = 1\n",
    },
    "a name that is bound before": {
        "p/a.py": "A = 1\nfrom p.b import B\n", "p/b.py": "from p.a import A\nB = 1\n",
    },
    "an attribute of a half-executed module": {
        "p/a.py": "import p.b\nA = 1\n", "p/b.py": "import p.a\nB = p.a.A\n",
    },
    "import a.b as c": {
        "p/a.py": "import p.b as other\nA = 1\n", "p/b.py": "import p.a as other\nB = 1\n",
    },
    "a submodule found in sys.modules": {
        "p/__init__.py": "from p import a\n", "p/a.py": "from p import b\n", "p/b.py": "from p import a\nB = 1\n",
    },
    "a swallowed failure that leaves None": {
        "p/a.py": "try:\n    from p.b import B\nexcept ImportError:\n    B = None\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "a swallowed failure and a class that extends what is left": {
        "p/a.py": "from p.b import B\nclass A: ...\n",
        "p/b.py": "try:\n    from p.a import A\nexcept ImportError:\n    A = None\nclass B(A): ...\n",
    },
    "a module that runs again": {
        "p/a.py": "try:\n    from p.b import B\nexcept ImportError:\n    pass\nclass A: ...\nfrom p.b import C\n",
        "p/b.py": "class C: ...\nfrom p.a import A\nclass B: ...\n",
    },
    "an except for another error": {
        "p/a.py": "try:\n    from p.b import B\nexcept ValueError:\n    B = None\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "suppress": {
        "p/a.py": "import contextlib\nwith contextlib.suppress(ImportError):\n    from p.b import B\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "finally, else and a bare raise": {
        "p/a.py": (
            "try:\n    from p.b import B\nexcept ImportError:\n    raise\n"
            "else:\n    C = 1\nfinally:\n    D = 1\nA = 1\n"
        ),
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "a star takes what is there": {
        "p/a.py": "from p.b import *\nA = 1\n", "p/b.py": "from p.a import *\nB = 1\nC = A\n",
    },
    "a star and __all__": {
        "p/a.py": "__all__ = ['A']\nfrom p.b import *\nA = 1\n", "p/b.py": "from p.a import *\nB = 1\n",
    },
    "__all__ names a submodule": {
        "p/__init__.py": "__all__ = ['a']\n", "p/a.py": "A = 1\n", "b.py": "from p import *\nB = a.A\n",
    },
    "a call at module level imports": {
        "p/a.py": "def get():\n    from p.b import B\n    return B\nvalue = get()\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "a class made at module level imports": {
        "p/a.py": "class Maker:\n    def __init__(self):\n        from p.b import B\nmade = Maker()\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "a deferred import does not run": {
        "p/a.py": "def get():\n    from p.b import B\n    return B\nA = 1\n", "p/b.py": "from p.a import A\nB = 1\n",
    },
    "type checking does not run": {
        "p/a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import B\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "__getattr__ that asks itself": {
        "p/a.py": "def __getattr__(name):\n    import p.b\n    return getattr(p.b, name)\n",
        "p/b.py": "def __getattr__(name):\n    import p.a\n    return getattr(p.a, name)\n",
        "c.py": (
            "def __getattr__(name):\n    if name == 'X':\n        from p.b import Y\n        return Y\n"
            "    raise AttributeError(name)\n"
        ),
        "d.py": "from c import Z\n",
    },
    "a lazy table": {
        "p/__init__.py": (
            "import importlib\n_TABLE = {'A': 'p.a', 'B': 'p.b'}\n"
            "def __getattr__(name):\n    if name in _TABLE:\n"
            "        return getattr(importlib.import_module(_TABLE[name]), name)\n    raise AttributeError(name)\n"
        ),
        "p/a.py": "from p import B\nA = 1\n", "p/b.py": "from p import A\nB = 1\n", "p/c.py": "from p import C\n",
    },
    "a module that is not there, and one below a module": {
        "p/a.py": "import p.missing\n", "p/b.py": "import p.a.deeper\n", "p/c.py": "from p.d import x\n", "p/d.py": "",
    },
    "a failed package takes its modules with it": {
        "q/__init__.py": "from q.a import A\nfrom q.missing import B\n", "q/a.py": "A = 1\n", "p/a.py": "import q.a\n",
    },
    "a file that does not parse": {"p/a.py": "import p.b\n", "p/b.py": "def broken(:\n"},
    "del": {"p/a.py": "A = 1\ndel A\n", "p/b.py": "from p.a import A\n"},
    "a name of a condition": {
        "p/a.py": "import sys\nif sys.version_info >= (3, 0):\n    A = 1\nelse:\n    from p.b import A\n",
        "p/b.py": "from p.a import A\n", "p/c.py": "import sys\nif sys.version_info[0] < 3:\n    import p.missing\n",
    },
    "sys.modules replaced": {
        "p/a.py": "import sys\nclass Lazy:\n    A = 1\nsys.modules[__name__] = Lazy()\n",
        "p/b.py": "from p.a import A\n",
    },
    "set from outside": {
        "p/a.py": "", "p/b.py": "import p.a\np.a.A = 1\nimport p.c\n", "p/c.py": "from p.a import A\n",
    },
    "a namespace package inside a package": {"p/n/a.py": "A = 1\n", "p/b.py": "from p.n import a, missing\n"},
    "annotations are evaluated": {
        "p/a.py": "import p.b\ndef f(x: p.b.B): ...\nclass A: ...\n",
        "p/b.py": "import p.a\ndef g(x: p.a.A): ...\nclass B: ...\n",
    },
    "annotations are not evaluated": {
        "p/a.py": "from __future__ import annotations\nimport p.b\ndef f(x: p.b.B): ...\nclass A: ...\n",
        "p/b.py": "from __future__ import annotations\nimport p.a\ndef g(x: p.a.A): ...\nclass B: ...\n",
    },
    "decorators and defaults": {
        "p/a.py": "import p.b\n@p.b.mark\ndef f(x=1): ...\nA = 1\n",
        "p/b.py": "import p.a\ndef mark(f):\n    return f\ndef g(x=p.a.A): ...\n",
    },
    "a loop over modules": {
        "p/a.py": "import importlib\nfor name in ('b', 'c'):\n    importlib.import_module('p.' + name)\nA = 1\n",
        "p/b.py": "B = 1\n", "p/c.py": "from p.a import A\n",
    },
    "a failure inside a handler": {
        "p/a.py": "try:\n    import p.missing\nexcept ImportError:\n    import p.gone\n",
        "p/b.py": "try:\n    import p.a\nexcept ModuleNotFoundError as error:\n    raise error\n",
    },
    "a constant that is changed behind the back": {
        "p/a.py": "FOR_TOOLS = True\nglobals()['sloot_rof'[::-1].upper()] = False\n"
        "if FOR_TOOLS:\n    from p.b import B\nA = 1\n",
        "p/b.py": "from p.a import A\nimport p.c\nB = 1\n", "p/c.py": "import p.a\nfrom p import b\n",
    },
    "a relative import too far": {"p/a.py": "from ... import x\n", "p/b.py": "from . import a\n"},
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_python_says_the_same(make_tree: Tree, what: str) -> None:
    different, count = compare(make_tree(HEAD | CASES[what]))
    assert different == []
    assert count > 1


#: Wherever something is done for each of several: what the second one, or the last, decides.
SECOND_ITEMS = {
    "the second name of a star": {
        "p/a.py": "__all__ = ['A', 'B']\nA = B = 1\n", "p/b.py": "from p.a import *\nC = B\n",
    },
    "the second name of __all__ is not there": {
        "p/a.py": "__all__ = ['A', 'B']\nA = 1\n", "p/b.py": "from p.a import *\n",
    },
    "a star without __all__ takes all but private names": {
        "p/a.py": "A = 1\nB = 2\n_C = 3\n", "p/b.py": "from p.a import *\nD = B\nE = _C\n",
    },
    "a name taken from __all__": {
        "p/a.py": "__all__ = ['A', 'B', 'C']\nA = B = C = 1\n__all__.remove('B')\n",
        "p/b.py": "from p.a import *\nD = C\nE = B\n",
    },
    "names added to __all__": {
        "p/a.py": "__all__ = ['A']\nA = _B = _C = _D = 1\n__all__.append('_B')\n__all__.extend(['A', '_C'])\n"
        "__all__ += ['_D']\n",
        "p/b.py": "from p.a import *\nX = _B\nY = _C\nZ = _D\nW = _E\n",
    },
    "the second name of an import": {"p/a.py": "A = 1\n", "p/b.py": "from p.a import A, B\n"},
    "the second module of an import": {
        "p/a.py": "import p, p.missing\n", "p/b.py": "import p.c, p.d\n", "p/c.py": "", "p/d.py": "import p.b\np.b.B\n",
    },
    "the second submodule of an import": {
        "p/a.py": "A = 1\n", "p/b.py": "from p import a, c\nc.C\n", "p/c.py": "import p.b\np.b.a.A\np.b.c\n",
    },
    "the second base": {
        "p/a.py": "class A: ...\nclass B:\n    def load(self):\n        from p.b import C\nclass D(A, B): ...\n",
        "p/b.py": "from p.a import D\nD().load()\nC = 1\n",
    },
    "the base of a base": {
        "p/a.py": "class A:\n    def load(self):\n        from p.b import C\nclass B(A): ...\nclass D(B): ...\n",
        "p/b.py": "from p.a import D\nD().load()\nC = 1\n",
    },
    "the second exception of a handler": {
        "p/a.py": "try:\n    import p.missing\nexcept (ValueError, ImportError):\n    A = 1\n",
        "p/b.py": "from p.a import A, B\n",
    },
    "the second handler": {
        "p/a.py": "try:\n    import p.missing\nexcept ValueError:\n    A = 1\nexcept ImportError:\n    B = 1\n",
        "p/b.py": "from p.a import B\nfrom p.a import A\n",
    },
    "only the first handler that fits": {
        "p/a.py": "try:\n    import p.missing\nexcept ImportError:\n    A = 1\nexcept Exception:\n    B = 1\n",
        "p/b.py": "from p.a import A\nfrom p.a import B\n",
    },
    "the second exception of suppress": {
        "p/a.py": "import contextlib\nwith contextlib.suppress(ValueError, ImportError):\n"
        "    import p.missing\nA = 1\n",
        "p/b.py": "from p.a import A, B\n",
    },
    "after a try that failed the module goes on": {
        "p/a.py": "try:\n    import p.missing\nexcept ImportError:\n    pass\nimport p.c\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n", "p/c.py": "from p.b import B\n",
    },
    "after a failure the rest of a try does not run": {
        "p/a.py": "try:\n    import p.missing\n    A = 1\nexcept ImportError:\n    pass\n",
        "p/b.py": "from p.a import A\n",
    },
    "the second import of a try fails": {
        "p/a.py": "try:\n    import p.c\n    import p.missing\nexcept ImportError:\n    p = None\n",
        "p/c.py": "C = 1\n",
        "p/b.py": "from p.a import p\np.c\n",
    },
    "else and finally of a try": {
        "p/a.py": "try:\n    import p.c\nexcept ImportError:\n    A = 1\nelse:\n    B = 1\nfinally:\n    C = 1\n",
        "p/c.py": "",
        "p/b.py": "from p.a import B, C\nfrom p.a import A\n",
    },
    "a try inside a try": {
        "p/a.py": "try:\n    try:\n        import p.missing\n    except ValueError:\n        pass\n"
        "except ImportError:\n    A = 1\n",
        "p/b.py": "from p.a import A, B\n",
    },
    "the second decorator": {
        "p/a.py": "import p.b\ndef one(f):\n    return f\n@one\n@p.b.two\ndef f(): ...\nA = 1\n",
        "p/b.py": "import p.a\nB = p.a.A\ndef two(f):\n    return f\n",
    },
    "the second default": {
        "p/a.py": "import p.b\ndef f(x=1, y=p.b.B, *, z=p.b.C): ...\nA = 1\n", "p/b.py": "B = 1\nimport p.a\nC = 1\n",
    },
    "the second argument of a call": {
        "p/a.py": "import p.b\nA = dict(x=1, y=p.b.B)\n", "p/b.py": "import p.a\nB = max(1, p.a.A)\n",
    },
    "the second target": {
        "p/a.py": "A = B = 1\n", "p/b.py": "from p.a import B\nC, D = 1, 2\n", "p/c.py": "from p.b import D, E\n",
    },
    "the second name that is deleted": {
        "p/a.py": "A = B = C = 1\ndel A, B\n", "p/b.py": "from p.a import C\nfrom p.a import B\n",
    },
    "the second argument of pop and get": {
        "p/a.py": "X = {'k': 1}\nif X.get('m', 1):\n    A = 1\nif X.get('m'):\n    B = 1\n",
        "p/b.py": "from p.a import A\nfrom p.a import B\n",
    },
    "the second branch": {
        "p/a.py": "import sys\nif sys.version_info < (3,):\n    A = 1\nelif sys.version_info >= (3, 0):\n"
        "    B = 1\nelse:\n    C = 1\n",
        "p/b.py": "from p.a import B\nfrom p.a import C\n",
    },
    "the second part of a condition": {
        "p/a.py": "YES, NO = True, False\nif YES and NO:\n    A = 1\nif NO or YES:\n    B = 1\n"
        "if not NO and YES:\n    C = 1\n",
        "p/b.py": "from p.a import B, C\nfrom p.a import A\n",
    },
    "the second round of a loop": {
        "p/a.py": "import importlib\nfor part in ['b', 'missing']:\n    importlib.import_module('p.' + part)\n",
        "p/b.py": "",
    },
    "the second pair of a loop": {
        "p/a.py": "import importlib\nfor kind, part in (('x', 'b'), ('y', 'gone')):\n"
        "    importlib.import_module('p.' + part)\n",
        "p/b.py": "",
    },
    "continue and break": {
        "p/a.py": "import importlib\nfor part in ('missing', 'b', 'gone'):\n    if part == 'missing':\n"
        "        continue\n"
        "    importlib.import_module('p.' + part)\n    break\nelse:\n    A = 1\nB = 1\n",
        "p/b.py": "from p.a import B\n", "p/c.py": "from p.a import B\nfrom p.a import A\n",
    },
    "else of a loop": {
        "p/a.py": "for part in (1, 2):\n    A = part\nelse:\n    B = 1\n", "p/b.py": "from p.a import A, B, part, C\n",
    },
    "the second item of a with": {
        "p/a.py": "import contextlib\nwith contextlib.nullcontext(), contextlib.suppress(ImportError):\n"
        "    import p.missing\nA = 1\n",
        "p/b.py": "from p.a import A, B\n",
    },
    "the second statement of a class": {
        "p/a.py": "class A:\n    x = 1\n    from p.b import B\n", "p/b.py": "from p.a import A\nB = 1\n",
    },
    "the second statement of a function": {
        "p/a.py": "def f():\n    x = 1\n    from p.b import B\n    return B\nf()\nA = 1\n",
        "p/b.py": "from p.a import A\nB = 1\n",
    },
    "nothing after a return": {
        "p/a.py": "def f():\n    return 1\n    import p.missing\nA = f()\n", "p/b.py": "from p.a import A, B\n",
    },
    "the second name that is global": {
        "p/a.py": "def f():\n    global A, B\n    A = B = 1\nf()\n", "p/b.py": "from p.a import B\nfrom p.a import C\n",
    },
    "the second entry of sys.modules": {
        "p/a.py": "import sys, types\nfor part in ('one', 'two'):\n"
        "    sys.modules['p.' + part] = types.ModuleType(part)\n",
        "p/b.py": "import p.a\nimport p.one\nimport p.two\nimport p.three\n",
    },
    "the second module that has failed": {
        "q/__init__.py": "try:\n    import q.a\nexcept ImportError:\n    pass\nimport q.b\n",
        "q/a.py": "import q.b\nimport q.missing\n",
        "q/b.py": "B = 1\n", "p/a.py": "import q\nq.b.B\nq.a\n",
    },
    "an attribute with and without its fallback": {
        "p/a.py": "import p.b\nA = getattr(p.b, 'B', None)\nC = hasattr(p.b, 'B')\nD = getattr(p.b, 'E')\n",
        "p/b.py": "import p.a\nB = 1\n",
    },
}  # fmt: skip


@pytest.mark.parametrize("what", SECOND_ITEMS)
def test_python_says_the_same_of_what_the_second_item_decides(make_tree: Tree, what: str) -> None:
    """In most of these cases something fails in the end, so that an answer that stops early differs."""
    different, count = compare(make_tree(HEAD | SECOND_ITEMS[what]))
    assert different == []
    assert count > 1


#: Statements that need a name of a module that has not bound it yet, wherever in an expression it stands. The bodies of
#: comprehensions and lambdas, starred targets and parameters, and places from the end are not followed: see
#: docs/simulation.md.
EVALUATED = (
    "p.a.A", "x = p.a.A", "x: int = p.a.A", "x = y = p.a.A", "x = 1, p.a.A", "x = [1, p.a.A]", "x = {1, p.a.A}",
    "x = {1: p.a.A}", "x = {p.a.A: 1}", "x = {**{}, 1: p.a.A}", "x = -p.a.A", "x = not p.a.A", "x = 1 + p.a.A",
    "x = p.a.A + 1", "x = p.a.A == 1", "x = 1 < p.a.A", "x = p.a.A or 1", "x = 0 or p.a.A", "x = 1 and p.a.A",
    "x = 1 if p.a.A else 2", "x = p.a.A if 1 else 2", "x = 1 if 0 else p.a.A", "x = f'{p.a.A}'", "x = f'{1}{p.a.A}'",
    "x = [1, 2][p.a.A]", "x = [1, 2][0:p.a.A]", "x = [1 for _ in p.a.A]", "x = print(p.a.A)", "x = dict(k=p.a.A)",
    "x = print(*[p.a.A])", "x = dict(**{'k': p.a.A})", "x = p.a.A()", "x = p.a.A.B", "x = (lambda y=p.a.A: y)",
    "x = (y := p.a.A)", "p.a.A.B = 1", "del p.a.A", "x = []\nx[p.a.A:] = []", "assert p.a.A", "raise p.a.A",
    "for x in p.a.A: pass", "for x in [1, 2]: p.a.A", "while p.a.A: break", "if p.a.A: pass", "if 1: p.a.A",
    "if 0: pass\nelif p.a.A: pass", "if 0: pass\nelse: p.a.A", "with p.a.A: pass", "with open(__file__) as x: p.a.A",
    "try: p.a.A\nexcept ValueError: pass", "try: pass\nfinally: p.a.A",
    "try: pass\nexcept ValueError: pass\nelse: p.a.A", "def f(x=p.a.A): pass", "def f(*, x=p.a.A): pass",
    "def f(x: p.a.A): pass", "def f() -> p.a.A: pass", "@p.a.A\ndef f(): pass", "@p.a.A\nclass C: pass",
    "class C(p.a.A): pass", "class C(object, metaclass=p.a.A): pass", "class C: x = p.a.A",
    "class C:\n    def f(self, x=p.a.A): pass", "def f(): return p.a.A\nf()", "def f(x): return x.a.A\nf(p)",
    "def f(x, y): y.a.A\nf(1, p)", "def f(x=1, *, y): y.a.A\nf(y=p)", "class C:\n    def f(self): p.a.A\nC().f()",
    "class C:\n    def __init__(self, x): x.a.A\nC(p)", "class C:\n    x = p\nC.x.a.A",
    "class C:\n    x = p\nC().x.a.A", "class C: pass\nc = C()\nc.x = p\nc.x.a.A",
    "class C:\n    @staticmethod\n    def f(x): x.a.A\nC.f(p)",
    "class C:\n    @classmethod\n    def f(cls, x): x.a.A\nC.f(p)", "x = p\nx.a.A", "x, y = 1, p\ny.a.A",
    "(x, z), y = (1, p), 2\nz.a.A", "x = [1, p]\nx[1].a.A", "x = [0, 1, p, 3][1:3]\nx[1].a.A",
    "x = [0, p, 2][:2]\nx[1].a.A", "x = {'k': 1, 'm': p}\nx['m'].a.A", "x = {'k': 1}\nx['m'] = p\nx['m'].a.A",
    "x = {'m': p}\nx.get('m').a.A", "x = []\nx.append(p)\nx[0].a.A", "x = [1]\nx.extend([2, p])\nx[2].a.A",
    "x = [1]\nx += [p]\nx[1].a.A", "x = [1] + [p]\nx[1].a.A", "x = getattr(p, 'a')\nx.A", "getattr(p.a, 'A')",
    "x = 'a'\ngetattr(p, x).A", "x = vars(p)['a']\nx.A", "globals()['x'] = p\nx.a.A",
    "import sys\nsys.modules['{0}.a'].A", "import importlib\nimportlib.import_module('.a', '{0}').A",
    "__import__('{0}.a').a.A", "from {0} import a\na.A", "import {0}.a as x\nx.A", "from . import a as x\nx.A",
    "def f():\n    def g(): p.a.A\n    return g\nf()()", "def f():\n    x = p\n    def g(): x.a.A\n    g()\nf()",
    "def f():\n    global x\n    x = p\nf()\nx.a.A",
)  # fmt: skip


def test_a_name_that_is_not_there_yet_is_missed_wherever_it_is_needed(make_tree: Tree) -> None:
    """Each statement stands in a package of its own; beside it one in which the name is bound in time."""
    files: dict[str, str] = {}
    for number, statement in enumerate(EVALUATED):
        for name, first, last in ((f"late{number}", "", "A = 1\n"), (f"early{number}", "A = 1\n", "")):
            body = statement.replace("{0}", name)
            files |= {
                f"{name}/__init__.py": "", f"{name}/a.py": f"{first}import {name}.b\n{last}",
                f"{name}/b.py": f"import {name} as p\nimport {name}.a\n{body}\n",
            }  # fmt: skip
    different, count = compare(make_tree(files))
    late = {
        name: EVALUATED[int(name[4:].partition(".")[0])]
        for name, _, _ in different
        if name.startswith("late") and name.endswith(".a")
    }
    alarms = [name for name, _, (kind, *_) in different if name.startswith("early") and kind == "ok"]
    assert count == 6 * len(EVALUATED)
    assert (late, alarms) == ({}, [])


def test_a_recursion_without_end_is_foreseen(make_tree: Tree) -> None:
    root = make_tree(
        HEAD
        | {
            "p/a.py": "def __getattr__(name):\n    from p import b\n    return getattr(b, name)\n",
            "p/b.py": "from p import a\ndef __getattr__(name):\n    return getattr(a, name)\nB = a.X\n",
        }
    )
    assert {name: row["outcome"] for name, row in simulate(root).items()} == {
        "p": "ok", "p.a": "ok", "p.b": "recursion",
    }  # fmt: skip
    assert ask_python(root, ["p.b"])["p.b"][0] == "RecursionError"


def test_what_a_swallowed_name_is_left_as_is_said(make_tree: Tree) -> None:
    files = {
        "p/a.py": "from p.b import B\nclass A: ...\n",
        "p/b.py": (
            "try:\n    from p.a import A\nexcept ImportError:\n    class A: ...\n"
            "try:\n    from p.a import A as C\nexcept ImportError:\n    C = None\n"
            "try:\n    from p.a import A as D\nexcept ImportError:\n    pass\nB = 1\n"
        ),
    }
    lost = simulate(make_tree(HEAD | files))["p.a"]["lost"]
    assert [(line, outcome, left) for _, line, outcome, left in lost] == [
        (2, "circular", "A: class p.b:A"), (6, "circular", "C: None"), (10, "circular", "D: absent"),
    ]  # fmt: skip


def test_what_is_outside_the_tree_is_there_unless_somebody_says_otherwise(make_tree: Tree) -> None:
    root = make_tree({"a.py": "import numpy_of_nobody\n", "b.py": "from json import nothing_like_it\n"})
    outcomes = {name: row["outcome"] for name, row in simulate(root).items()}
    assert outcomes == {"a": "ok", "b": "missing-third-party"}
    told = Environment(missing=frozenset({"numpy_of_nobody"}))
    assert simulate(root, told)["a"]["outcome"] == "missing-third-party"


def test_a_branch_that_may_not_run_is_a_doubt_and_no_failure(make_tree: Tree) -> None:
    root = make_tree(HEAD | {"p/a.py": "import os\nif os.path.exists('/x'):\n    import p.missing\n"})
    row = simulate(root)["p.a"]
    assert row["outcome"] == "ok"
    assert "p/a.py:3 may not run" in row["doubt"]


def test_a_program_without_end_ends(make_tree: Tree) -> None:
    root = make_tree(
        {"a.py": "def f(n):\n    for x in range(n):\n        f(n)\n        f(n + 1)\nf(3)\nwhile True:\n    f(1)\n"}
    )
    assert simulate(root)["a"]["outcome"] == "ok"


def test_a_long_chain_of_imports_is_followed(make_tree: Tree) -> None:
    files = {f"m{number}.py": f"import m{number + 1}\n" for number in range(200)} | {
        "m0.py": "import m1\nlate = 1\n", "m200.py": "import m0\nx = m0.late\n"
    }  # fmt: skip
    rows = simulate(make_tree(files))
    assert len(rows["m0"]["chain"]) == 50
    assert {name for name, row in rows.items() if row["outcome"] == "circular"} == {"m0"}
    assert {row["outcome"] for row in rows.values()} == {"circular", "ok"}


def test_a_ring_that_is_too_large_is_left_without_an_answer(make_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.simulation.entries.MOST_STEPS", 100)
    root = make_tree({f"m{number}.py": f"import m{(number + 1) % 40}\n" for number in range(40)})
    outcomes = [row["outcome"] for row in simulate(root).values()]
    assert len(outcomes) == 40
    assert set(outcomes) == {"ok", "unknown"}


def _write_module(random_: random.Random, package: str, names: str) -> str:
    """Return a module of a few statements, in which imports of its siblings stand among its own names."""
    lines = []
    for number in range(random_.randint(1, 5)):
        other, name = random_.choice(names), random_.choice("XY")
        lines.append(
            random_.choices(
                [
                    f"from {package}.{other} import {name}", f"import {package}.{other}", f"from . import {other}",
                    f"{name} = 1", f"from .{other} import *", f"import {package}.{other} as {other}_",
                    f"try:\n    from .{other} import {name}\nexcept ImportError:\n    pass",
                    f"try:\n    from .{other} import {name} as Z\nexcept ImportError:\n    Z = None",
                    f"import {package}.{other}\nW{number} = {package}.{other}.{name}",
                    f"def f{number}():\n    from .{other} import {name}\n    return {name}\nV{number} = f{number}()",
                    f"class C{number}:\n    from .{other} import {name}",
                ],
                [6, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1],
            )[0]
        )  # fmt: skip
    return "\n".join([*lines, "X = 1", "Y = 1"]) + "\n"


def test_of_random_packages_everything_is_foretold(make_tree: Tree) -> None:
    """Outcome, exception, statement, and every module that runs again, of a thousand modules."""
    random_ = random.Random(909)
    files: dict[str, str] = {}
    for number in range(300):
        names = "abcd"[: random_.randint(2, 4)]
        files[f"t{number}/__init__.py"] = random_.choice(["", "", "from . import a\n", "from .b import X\n"])
        files |= {f"t{number}/{name}.py": _write_module(random_, f"t{number}", names) for name in names}
    root = make_tree(files)
    different, count = compare(root)
    assert count > 1000
    assert different == []
    assert sum(finding.severity == "P0" for finding in judge(root, "import-cycle")) > 10

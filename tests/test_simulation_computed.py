"""What programs compute while they are imported: texts, sums, comprehensions, loops, classes that calls make, paths."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from first_imports import compare_programs, decide, place_programs, simulate
from python_witness import ask_python

Tree = Callable[..., Path]

DIAMOND = "class A: x = 1\nclass B(A): ...\nclass C(A): x = 0\nclass D(B, C): ...\n"
SUPER = (
    "class A:\n    def f(self): return 1\n    @classmethod\n    def g(cls): return cls\n"
    "class B(A):\n    def f(self): return super().f() + 1\n    @classmethod\n    def g(cls): return super().g()\n"
    "class C(B):\n    def f(self): return super(C, self).f() + 1\n"
)
NEW = (
    "class A:\n    def __new__(cls, x=None):\n        if x is not None:\n            return super().__new__(B)\n"
    "        return super().__new__(cls)\n    def __init__(self, x=None):\n        if x is not None: raise ValueError\n"
    "        self.x = 1\n"
    "class B(A):\n    def __init__(self, x): self.x = 2\n"
    "class S:\n    _one = None\n    def __new__(cls):\n        if cls._one is None: cls._one = object.__new__(cls)\n"
    "        return cls._one\n"
    "class N:\n    def __new__(cls): return 5\n    def __init__(self): raise ValueError\n"
)
MADE = (
    "T = type('Made', (object,), {'x': 0})\ndef make(name):\n    class Inner: ...\n    Inner.__name__ = name\n    return Inner\n"
    "class Outer:\n    class In: ...\n    def f(self): ...\nI = make('Other')\n"
)
#: A setup and tests whose outcome the source decides.
DECIDED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("N, S = 3, 'ab'\n", (
        "f'{S}_{N}' == 'ab_3'", "f'x{S}' == 'ab'", "'%s_%d' % (S, N) == 'ab_3'", "'%s' % S == 'ab'",
        "'%(a)s' % {'a': 1} == '1'", "'100%%' % () == '100%'", "'{}-{}'.format(S, N) == 'ab-3'",
        "'{0}{0}'.format(S) == 'abab'", "'{a}'.format(a=N) == '3'", "'{{}}'.format() == '{}'", "'%s' % None == 'None'",
        "str(N) == '3'", "int('12') == 12", "bool('')", "str(None) == 'None'", "str() == ''",
    )),
    ("X = [1, 2, 3]\n", (
        "1 + 1 == 2", "1 | 1 == 1", "2 * 3 == 6", "7 // 2 == 3", "7 % 2", "1 - 1", "3 / 2 == 1.5", "{1, 2} - {2} == {1}",
        "X[-1] == 3", "X[-2:] == [2, 3]", "-1 < 0", "1 < 2 < 3", "3 > 2 > 2", "1 < 2 > 3",
        "({'a': 1} | {'a': 0})['a']", "1 == 1 == 1",
    )),
    ("X = [1, 2, 3]\nD = {'a': 1, 'b': 2}\nx = 9\n", (
        "[x for x in X] == X", "[x for x in X if x > 1] == [2, 3]", "x == 9", "{k: v for v, k in D.items()}[2] == 'b'",
        "{x + 1 for x in X} == {2, 3, 4}", "[(a, b) for a in X for b in 'uv'][3][1] == 'v'", "[y for y in ()]",
        "len([a + b for a in X for b in X if a != b]) == 6", "[[c for c in 'ab'] for _ in X][1] == ['a', 'b']",
        "any(y > 2 for y in X)", "all(y > 2 for y in X)", "any([])", "all(())", "'-'.join(str(y) for y in X) == '1-2-3'",
        "sorted(k for k in D) == ['a', 'b']", "list(y for y in X)[1] == 2", "max(X) == 3", "min(y for y in X) == 1",
        "sum(X) == 6", "dict((k, 0) for k in 'ab')['b']", "dict(D, c=3)['c'] == 3", "len(dict(D, a=2)) == 2",
        "list(range(3)) == [0, 1, 2]", "list(range(4, 0, -2)) == [4, 2]", "list(zip(X, 'ab'))[1] == (2, 'b')",
        "list(enumerate('ab'))[1] == (1, 'b')", "list(reversed(X)) == [3, 2, 1]", "D.copy()['a'] == 1",
    )),
    ("X = [2, 1]\nX.sort()\nY = [1, 3]\nY.sort(reverse=True)\n", ("X[0] == 1", "X == [2, 1]", "Y == [3, 1]")),
    ("import itertools\nP = list(itertools.product('ab', [1, 2]))\n", (
        "len(P) == 4", "P[1] == ('a', 2)", "list(itertools.chain([1], (2,))) == [1, 2]",
    )),
    ("class A: ...\nclass B(A): ...\ndef f(): ...\nclass E(ValueError): ...\nimport os\n", (
        "isinstance(B(), A)", "isinstance(A(), B)", "isinstance(A, type)", "isinstance(1, int)", "isinstance(True, int)",
        "isinstance('a', (int, str))", "isinstance([], list)", "isinstance([], tuple)", "isinstance({}, dict)",
        "isinstance(None, str)", "isinstance(f, type)", "issubclass(B, A)", "issubclass(A, B)", "issubclass(E, ValueError)",
        "callable(f)", "callable(A)", "callable(1)", "type(B()) is B", "B().__class__ is B", "isinstance(1, A)",
        "isinstance(E, type)",
    )),
    (MADE, (
        "T.x", "T().x == 0", "T.__name__ == 'Made'", "T.__module__ == __name__", "Outer.__name__ == 'Outer'",
        "Outer.In.__qualname__ == 'Outer.In'", "I.__name__ == 'Other'", "make.__name__ == 'make'",
        "make.__module__ == __name__", "make('a').__qualname__ == 'make.<locals>.Inner'", "isinstance(T, type)",
    )),
    ("import collections, enum\nP = collections.namedtuple('P', 'a b')\nC = enum.Enum('C', 'RED')\n", (
        "P.__name__ == 'P'", "C.__name__ == 'D'", "P is C", "P.__module__ == __name__", "isinstance(P, type)",
    )),
    (DIAMOND, ("D.x", "D().x", "D.x == 1", "B.x == 1")),
    (SUPER, ("B().f() == 2", "C().f() == 3", "B.g() is B", "C.g() is B", "A().f() == 1")),
    (NEW, ("A().x == 1", "A(1).x == 2", "S() is S()", "isinstance(A(1), B)", "N() == 5")),
    ("class A: ...\nsetattr(A, 'x', 0)\na = A()\nsetattr(a, 'y', 1)\n", (
        "A.x", "a.y == 1", "getattr(A, 'x')", "getattr(a, 'y') == 1", "a.x == 0",
    )),
    ("class A: n = 1\nA.n += 1\nD = {'k': 1}\nD['k'] -= 1\nT = U = (1,)\nT += (2,)\nS = {1, 2}\nS -= {1}\n", (
        "A.n == 2", "D['k']", "U == (1,)", "T == (1, 2)", "1 in S", "2 in S",
    )),
    ("def g(n):\n    i = 0\n    while i < n:\n        i += 1\n        yield i\ndef h():\n    yield 0\n    yield from g(2)\n", (
        "list(g(3)) == [1, 2, 3]", "[x for x in g(2)] == [1, 2]", "sum(g(3)) == 6", "list(h()) == [0, 1, 2]",
        "any(g(0))", "sorted(g(2))[0] == 1", "[*range(2)] == [0, 1]", "max(h()) == 2",
    )),
    ("class A: ...\nclass B(A): ...\nclass C(A): ...\nS = {A}\nD = {A: 1}\nclass E(B, C): ...\n", (
        "len(A.__subclasses__()) == 2", "A in S", "B in S", "D[A] == 1", "B in D",
        "B in [A, C]", "E.__mro__[1] is B", "E.__mro__[3] is A", "len(E.__mro__) == 5",
    )),
    (("def walk(kind):\n    seen, stack = set(), [kind]\n    while stack:\n        kind = stack.pop()\n"
     "        if kind in seen: continue\n        seen.add(kind)\n        stack.extend(kind.__subclasses__())\n"
     "        yield kind\nclass A: ...\nclass B(A): ...\nclass C(B): ...\n"
     "for each in walk(A):\n    globals()['Made' + each.__name__] = type('Made' + each.__name__, (each,), {})\n"), (
        "MadeC.__name__ == 'MadeC'", "issubclass(MadeB, B)", "'MadeD' in globals()", "len(list(walk(C))) == 2",
    )),
    ("X = []\ndef f(a):\n    X.append(a)\ndef g():\n    for i in range(20):\n        f(i)\ng()\n", ("len(X) == 20", "X[-1] == 19")),
    # Namespaces as dictionaries.
    ("globals().update({'A': 1, 'B': 0})\nglobals().update(C=0)\nglobals().setdefault('A', 0)\n", (
        "A", "B", "C", "'D' in globals()", "globals().setdefault('B', 3)",
    )),
    ("import sys\nfor n in ['X', 'Y']:\n    globals()[f'NAME_{n}'] = n\nsetattr(sys.modules[__name__], 'Z', 0)\n", (
        "NAME_X == 'X'", "NAME_Y == 'X'", "Z", "'NAME_Z' in globals()", "vars()['NAME_Y'] == 'Y'",
    )),
    ("def fill(kind):\n    globals()[kind.__name__ + '2'] = kind\n    return kind\n@fill\nclass A: ...\n", (
        "A2 is A", "'B2' in globals()",
    )),
    ("A = 1\nX = [k for k in globals() if not k.startswith('_')]\nD = {k: v for k, v in globals().items() if k == 'A'}\n",
     ("'A' in X", "D['A'] == 1")),
    # Loops.
    ("i = 0\nwhile i < 3:\n    i += 1\n", ("i == 3", "i")),
    ("i = 0\nwhile True:\n    i += 1\n    if i > 4: break\nelse:\n    i = 0\n", ("i == 5", "i")),
    ("i = 0\nwhile i < 3:\n    i += 1\n    if i < 3: continue\n    k = i\nelse:\n    j = 7\n", ("k == 3", "j == 7")),
    ("def f():\n    while True:\n        return 0\n", ("f()", "f() == 0")),
    ("for x in 'ab':\n    if x == 'a': break\nelse:\n    x = 'c'\n", ("x == 'a'",)),
    ("X = [1, 2]\nwhile X:\n    last = X.pop()\n", ("X", "last == 1")),
    ("for a in (1, 2):\n    for b in (3, 4):\n        if b == 4: break\n    else:\n        a = 9\n", ("a == 2", "b == 4")),
    ("[last := x for x in (1, 2)]\n", ("'last' in globals() or 1",)),
)  # fmt: skip


def test_what_a_program_computes_is_known(make_tree: Tree) -> None:
    programs = [decide(setup, test) for setup, tests in DECIDED for test in tests]
    assert compare_programs(make_tree(place_programs(programs)), programs) == []


PLACES = (
    "import os\nimport os.path as osp\nfrom pathlib import Path\nHERE = Path(__file__).resolve().parent\n"
    "OWN = os.path.dirname(os.path.abspath(__file__))\n"
)
ASKED = (
    "(HERE / 'data').exists()", "(HERE / 'data').is_dir()", "(HERE / 'data').is_file()", "(HERE / 'gone').exists()",
    "(HERE / 'data' / 'x.txt').exists()", "HERE.joinpath('data', 'x.txt').is_file()", "HERE.name == 'pk'",
    "Path(__file__).name == 'm.py'", "Path(__file__).stem == 'm'", "Path(__file__).suffix == '.py'",
    "HERE.parent.exists()", "os.path.exists(os.path.join(OWN, 'data'))", "osp.isdir(osp.join(OWN, 'gone'))",
    "os.path.isfile(OWN + '/data/x.txt')", "os.path.isfile(os.path.join(OWN, 'data', 'x.txt'))",
    "os.path.exists(os.path.join(OWN, '..', 'pk'))", "Path(__file__).parents[0] is None", "__file__ is None",
    "(HERE / 'data').exists() and (HERE / 'm.py').is_file()", "os.path.basename(__file__) == 'm.py'",
    "Path(os.path.join(OWN, 'gone')).exists()", "(HERE / 'data/x.txt/y').exists()", "HERE", "str(HERE) is None",
    "isinstance(__file__, str)", "Path(__file__, '..', 'data').exists()", "(HERE / 'data' / '..' / 'm.py').exists()",
)  # fmt: skip


def test_a_program_knows_what_lies_beside_it(make_tree: Tree) -> None:
    programs = [
        {"pk/__init__.py": "", "pk/data/x.txt": "", "pk/m.py": decide(PLACES, test)} for test in ASKED
    ]  # fmt: skip
    assert compare_programs(make_tree(place_programs(programs)), programs) == []


U = "import os\nfrom pathlib import Path\nU = os.urandom(1)[0]\n"
#: What hangs on something that nobody knows from the source, or that lies elsewhere.
OPEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (U, (
        "f'{U}' == '1'", "f'{1.5:.9f}' == '1'", "'%s' % U == '1'", "'%5d' % 1 == '1'", "'{}'.format(U) == ''",
        "'{:>5}'.format(1) == '1'", "'{.x}'.format(1)", "[U for x in [1]] == [1]", "[x for x in U] == []",
        "[x for x in [1] if U] == [1]", "any([U])", "all([U, 1])", "{U: 1 for x in [1]} == {}", "1 - U", "U % 2",
        "isinstance(U, int)", "callable(U)", "type(U) is int", "list(range(U)) == []", "list(zip([1], U)) == []",
        "Path('/x').exists()", "Path(U).exists()", "os.path.exists('x')", "Path().exists()", "(Path(__file__) / U).exists()",
        "os.path.exists(os.path.join(__file__, '..', '..', '..', 'gone'))", "Path(__file__).stat() is None",
    )),
    (U + "for i in (1, 2):\n    if U: break\n    if i == 2: raise KeyError\n", ("i == 2", "i == 1")),
    (U + "F = 0\nfor i in (1, 2):\n    if U: break\n    F = i\n", ("F == 2", "F")),
    (U + "F = 0\nfor i in (1, 2):\n    if U:\n        if U: break\n    F = i\n", ("F == 2", "F")),
    (U + "for i in (1, 2):\n    if U: break\nelse:\n    raise KeyError\n", ("i == 2",)),
    (U + "for i in (1, 2):\n    if U: continue\n    raise KeyError\n", ("i == 2 and U",)),
    (U + "i = 0\nwhile i < 2:\n    i += 1\n    if U: break\n", ("i == 2", "i == 1")),
    (U + "while True:\n    if U: break\n    raise KeyError\n", ("U",)),
    (U + "def f():\n    if U:\n        if U: return 1\n    raise KeyError\ntry: f()\nexcept KeyError: pass\nf()\n", ("U",)),
    (U + "class A: x = 1\nsetattr(A, U, 0)\n", ("A.x",)),
    (U + "class A: x = 1\na = A()\na.x = 1\nsetattr(a, U, 0)\n", ("a.x",)),
    (U + "FLAG = 1\nglobals().update({U: 0})\n", ("FLAG", "'B' in globals()")),
    (U + "class A(os.PathLike): ...\nclass M: x = 1\nclass B(A, M): ...\n", ("B.x", "B().x == 1")),
    (U + "class A:\n    def __new__(cls): return U\n    def __init__(self): raise KeyError\ntry: A()\nexcept KeyError: ...\n",
     ("A()", "A().x")),
    (U + "G = (x for x in [0, 1])\nlist(G)\n", ("list(G)", "any(G)")),
    (U + "def g():\n    yield 1\n    raise KeyError\nfor x in g(): break\n", ("U",)),
    (U + "def g():\n    if U: yield 1\n", ("list(g()) == [1]", "any(g())")),
    (U + "def g():\n    while True: yield 1\n", ("any(g()) and U",)),
    (U + "def g():\n    yield 1\nG = g()\nlist(G)\n", ("list(G)",)),
    (U + "def f(g): return list(g) == list(g)\n", ("f(x for x in [1])",)),
)  # fmt: skip


def test_what_is_not_computed_from_the_source_is_left_open(make_tree: Tree) -> None:
    programs = [decide(setup, test) for setup, tests in OPEN for test in tests]
    rows = simulate(make_tree(place_programs(programs)))
    claimed = [
        (program, rows[f"t{number}.m"]["exception"])
        for number, program in enumerate(programs)
        if rows[f"t{number}.m"]["outcome"] != "ok"
    ]
    assert claimed == []


ABSTRACT = (
    "import abc, numbers, collections.abc\nfrom typing import Protocol, runtime_checkable\n"
    "class A(abc.ABC): ...\nclass B: ...\nA.register(B)\n"
    "class M(type):\n    def __instancecheck__(cls, x): return True\n"
    "class C(metaclass=M): ...\nclass D(metaclass=abc.ABCMeta): ...\nD.register(int)\n"
    "@runtime_checkable\nclass P(Protocol):\n    x: int\nclass X:\n    x = 1\n    def __len__(self): return 0\n"
    "numbers.Number.register(X)\nclass E(A): ...\n"
)
#: Classes that others belong to without extending them.
BELONGING = (
    "isinstance(B(), A)", "issubclass(B, A)", "isinstance(1, C)", "isinstance(1, D)", "isinstance(X(), P)",
    "isinstance(X(), collections.abc.Sized)", "isinstance(X(), numbers.Number)", "isinstance(X, object)",
    "isinstance(E(), A)", "isinstance(B(), (A, int))",
)  # fmt: skip


def test_a_class_may_count_others_as_its_own(make_tree: Tree) -> None:
    root = make_tree({f"t{n}.py": f"{ABSTRACT}assert {test}\n" for n, test in enumerate(BELONGING)})
    assert set(ask_python(root, ["."], [f"t{n}" for n in range(len(BELONGING))]).outcomes.values()) == {"ok"}
    rows = simulate(root)
    assert [test for n, test in enumerate(BELONGING) if rows[f"t{n}"]["outcome"] != "ok"] == []


LAZY = "import importlib\ndef __getattr__(name):\n    if name in ('sub', 'other'):\n        return importlib.import_module(f'pk.{name}')\n    raise AttributeError(name)\n"


def test_a_module_that_is_served_on_demand_may_ask_for_itself(make_tree: Tree) -> None:
    """The module runs by then, so the second question finds it in ``sys.modules``."""
    programs = [
        {"pk/__init__.py": LAZY, "pk/sub/__init__.py": "from pk.sub import a\n", "pk/sub/a.py": "from pk import sub\nX = 1\n", "pk/m.py": "from pk import sub\n"},
        {"pk/__init__.py": LAZY, "pk/sub.py": "import pk.other\nimport pk.sub as own\nfrom pk import sub, other\n", "pk/other.py": "import pk\npk.sub\n", "pk/m.py": "import pk\npk.sub\n"},
    ]  # fmt: skip
    assert compare_programs(make_tree(place_programs(programs)), programs) == []

"""Small programs whose first import the simulation ends where CPython ends it, with the same exception."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from first_imports import Program, compare_programs, place_programs, simulate

Tree = Callable[..., Path]

ERRORS = (
    "class E(Exception): ...\nclass F(E): ...\nclass G(ValueError, KeyError): ...\nclass H: ...\nclass K(H, F): ...\n"
)
GONE = "try:\n    import pk.gone\n"
END = "raise BufferError\n"

#: The end of each says whether everything before it went as in CPython.
EXCEPTIONS: tuple[Program, ...] = (
    f"def f():\n    try:\n        import pk.gone\n    finally:\n        return 1\nX = f()\n{END}",
    f"for x in (1, 2):\n    try:\n        import pk.gone\n    finally:\n        break\n{END}",
    f"for x in (1, 2):\n    try:\n        import pk.gone\n    finally:\n        continue\n{END}",
    f"for x in (1, 2):\n    try:\n        y = 1\n    finally:\n        break\nelse:\n    import pk.gone\n{END}",
    "def f():\n    try:\n        return 1\n    finally:\n        return 0\nif f() == 0:\n    raise KeyError\n",
    "def f():\n    try:\n        return 1\n    finally:\n        x = 0\nif f() == 1:\n    raise KeyError\n",
    GONE + "finally:\n    raise KeyError\n", GONE + "finally:\n    X = 1\n",
    f"try:\n    {GONE.replace(chr(10), chr(10) + '    ')}finally:\n        X = 1\nexcept ImportError:\n    if X: {END}",
    GONE + f"except ImportError:\n    X = 1\n{END}", GONE + f"except ModuleNotFoundError:\n    X = 1\n{END}",
    GONE + f"except Exception:\n    X = 1\n{END}", GONE + f"except BaseException:\n    X = 1\n{END}",
    GONE + f"except:\n    X = 1\n{END}", GONE + f"except OSError:\n    X = 1\n{END}",
    GONE + f"except (OSError, ImportError):\n    X = 1\n{END}", GONE + f"except (OSError, KeyError):\n    X = 1\n{END}",
    GONE + f"except ():\n    X = 1\n{END}", f"W = (KeyError, ImportError)\n{GONE}except W:\n    X = 1\n{END}",
    GONE + f"except OSError:\n    raise KeyError\nexcept ImportError:\n    X = 1\n{END}",
    GONE + "except ImportError:\n    raise KeyError\n", GONE + "except ImportError:\n    raise\n",
    GONE + "except ImportError as e:\n    raise e\n", GONE + "except ImportError as e:\n    raise KeyError from e\n",
    GONE + "except ImportError as e:\n    pass\ne\n", f"e = 1\n{GONE}except ImportError as e:\n    pass\ne\n",
    GONE + f"except ImportError as e:\n    if e: {END}", GONE + "except ImportError:\n    pass\nraise\n", "raise\n",
    GONE + "except ImportError:\n    try:\n        raise KeyError\n    except KeyError:\n        pass\n    raise\n",
    GONE + f"except ImportError:\n    X = 1\nelse:\n    {END}", ("try:\n    X = 1\nexcept ImportError:\n    Y = 1\n"
    f"else:\n    {END}"),
    "try:\n    X = 1\nexcept ImportError:\n    Y = 1\nelse:\n    import pk.gone\n",
    f"try:\n    X = 1\nexcept ImportError:\n    {END}", f"try:\n    X = 1\nfinally:\n    {END}",
    f"for x in (1,):\n    try:\n        break\n    finally:\n        y = 1\nelse:\n    import pk.gone\nif y: {END}",
    f"for x in (1,):\n    try:\n        continue\n    except ImportError:\n        y = 1\n    {END}",
    *(
        f"{ERRORS}try:\n    raise {raised}\nexcept {caught}:\n    X = 1\n{END}"
        for raised in ("E", "F", "G", "E()", "F('x')", "K", "G('x', 1)", "ValueError", "ValueError('x')", "LookupError",
        "KeyError('k')")
        for caught in ("E", "F", "G", "ValueError", "(F, LookupError)", "Exception", "ImportError")
    ),
    "raise ValueError\n", "raise ValueError('x')\n", "raise ImportError('x')\n", "raise SystemExit\n",
    "raise SystemExit(1)\n",
    "raise KeyboardInterrupt\n", "raise LookupError('x') from None\n",
    "import sys\nsys.exit()\n", "exit()\n",
    "quit(1)\n", f"import sys\ntry:\n    sys.exit(1)\nexcept Exception:\n    X = 1\n{END}",
    f"import sys\ntry:\n    sys.exit(1)\nexcept SystemExit:\n    X = 1\n{END}",
    f"def f():\n    import pk.gone\ntry:\n    f()\nexcept ImportError:\n    X = 1\n{END}",
    f"class A:\n    try:\n        import pk.gone\n    except ImportError:\n        X = 1\nif A.X: {END}",
    f"try:\n    X.y\nexcept NameError:\n    {END}", f"X = None\ntry:\n    X.y\nexcept AttributeError:\n    {END}",
    f"X = None\ntry:\n    X()\nexcept TypeError:\n    {END}", ("try:\n    class A(None): ...\nexcept TypeError:\n"
    f"    {END}"),
    f"import pk\ntry:\n    pk.gone\nexcept AttributeError:\n    {END}", ("try:\n    from pk import gone\n"
    f"except ImportError:\n    {END}"),
    f"try:\n    globals()['X']\nexcept KeyError:\n    {END}", ("try:\n    from . import gone\nexcept ImportError:\n"
    f"    {END}"),
    f"try:\n    from ... import gone\nexcept ImportError:\n    {END}", "from ... import gone\n",
    "from ..gone import x\n",
    # ``with``.
    *(
        f"{head}\nwith {context}:\n    import pk.gone\n{END}"
        for head in ("import contextlib\nfrom contextlib import suppress\nS = suppress",)
        for context in (
            "suppress(ImportError)", "contextlib.suppress(ImportError)", "S(ImportError)", "suppress(OSError)",
            "suppress()",
            "suppress(OSError, ModuleNotFoundError)", "suppress(ImportError) as x", "contextlib.nullcontext()",
            "suppress(OSError), suppress(ImportError)", "suppress(ImportError), suppress(OSError)", "open(__file__)",
            "open(__file__) as f", "suppress(Exception), open(__file__) as f",
        )
    ),
    f"import contextlib\nwith contextlib.suppress(ImportError):\n    X = 1\n    import pk.gone\n    X = 0\nif X: {END}",
    ("import contextlib\ndef f():\n    with contextlib.suppress(ImportError):\n        return 1\n"
    f"    {END}if f(): {END}"),
    *(
        ("class C:\n    def __enter__(self):\n        return 7\n    def __exit__(self, kind, value, trace):\n"
        f"        {body}\nwith C() as X:\n    {inner}\nif X == 7: {END}")
        for body in ("return True", "return False", "return None", "pass", "raise KeyError")
        for inner in ("import pk.gone", "Y = 1")
    ),
    "import contextlib\n@contextlib.contextmanager\ndef f():\n    import pk.gone\n    yield\nwith f():\n    X = 1\n",
    f"import contextlib\n@contextlib.contextmanager\ndef f():\n    yield\nwith f():\n    X = 1\nif X: {END}",
)  # fmt: skip


#: Tests that a process without ``-O`` makes; what cannot be computed holds.
ASSERTIONS: tuple[Program, ...] = (
    "assert 1 == 2\n", "assert 1 == 1\n", "assert 0, 'said'\n", "assert []\n", "assert [1]\n", "assert ()\n",
    "assert not ''\n", f"try:\n    assert False\nexcept AssertionError:\n    X = 1\n{END}",
    f"try:\n    assert None\nexcept ImportError:\n    X = 1\n{END}", "X = ['a', 'b']\nassert len(X) == 3, X\n",
    "X = ['a', 'b']\nassert len(X) == 2, gone\n", "assert len({'a': 1}) == 2, gone\n",
    "def f(x):\n    assert x > 1, x\nf(2)\nf(1)\n", "def f(x):\n    assert x > 1\nf(2)\n",
    "class A:\n    x = 1\n    assert x == 2\n", "import pk\nassert pk.gone\n", "assert pk\n",
    "import os\nassert os.sep\n",
    "for x in (1, 2):\n    assert x < 2\n",
    "assert (X := 1) == 1\nif X != 2:\n    raise KeyError\n",
    f"try:\n    import pk.gone\nexcept ImportError:\n    assert False, 'not there'\n{END}",
    "class A: ...\nclass B(A): ...\nassert issubclass(B, A)\nassert isinstance(B(), A)\n",
    "class A: ...\nclass B(A): ...\nassert not isinstance(A(), B)\n",
    "class A: ...\nassert A() is A()\n",
    # What another branch may have changed is not known after it.
    *(
        f"import os\nX, Y = [], {{}}\nclass A: ...\na = A()\na.x = X\ndef f(x):\n    x.append('a')\n"
        f"for n in os.listdir('/'):\n    if n < 'b':\n        z = 1\n    else:\n        {change}\nassert X or Y\n"
        for change in ("X.append(n)", "X += [n]", "Y[n] = 1", "Y.update({n: 1})", "f(X)", "a.x.append(n)", "f(x=a.x)")
    ),
    "class A: ...\nassert A is A\nassert 'x' in ('x', 'y')\nassert 'z' in ('x', 'y')\n",
)  # fmt: skip


def test_assertions_fail_where_python_says_that_they_do(make_tree: Tree) -> None:
    assert compare_programs(make_tree(place_programs(ASSERTIONS)), ASSERTIONS) == []


def test_exceptions_go_where_python_takes_them(make_tree: Tree) -> None:
    assert compare_programs(make_tree(place_programs(EXCEPTIONS)), EXCEPTIONS) == []


IMPORTS = "    import pk.gone\n"
DEFINITIONS: tuple[Program, ...] = (
    "def h():\n    raise KeyError\ndef f(a=1, b=h):\n    b()\nf()\n",
    f"def f():\n{IMPORTS}", f"def f():\n{IMPORTS}f()\n", f"def f():\n{IMPORTS}    yield 1\nf()\n{END}",
    f"async def f():\n{IMPORTS}f().close()\n{END}", f"def f():\n    def g():\n        yield 1\n{IMPORTS}f()\n",
    f"def f():\n    return (yield 1)\n{IMPORTS}f()\n{END}", "def f():\n    class A:\n        import pk.gone\nf()\n",
    *(
        f"import functools, abc, typing\n{maker}\ndef f():\n{IMPORTS}f()\n"
        for maker in (
            "@functools.lru_cache", "@functools.lru_cache()", "@functools.lru_cache(maxsize=None)", "@functools.cache",
            "@functools.wraps(print)", "@typing.no_type_check", "@typing.final", "@abc.abstractmethod",
        )
    ),
    ("import abc\nfrom abc import abstractmethod\nclass A:\n    @property\n    @abstractmethod\n    def x(self):\n"
    f"    {IMPORTS}A().x\n"),
    f"class A:\n    @property\n    def x(self):\n    {IMPORTS}A.x\n{END}", ("class A:\n    @property\n"
    f"    def x(self):\n    {IMPORTS}A().x\n"),
    f"class A:\n    @staticmethod\n    def x():\n    {IMPORTS}A.x()\n", ("class A:\n    @staticmethod\n    def x():\n"
    f"    {IMPORTS}A().x()\n"),
    f"class A:\n    @classmethod\n    def x(cls):\n    {IMPORTS}A.x()\n", ("class A:\n    @classmethod\n"
    f"    def x(cls):\n    {IMPORTS}A().x()\n"),
    f"class A:\n    def __init__(self):\n    {IMPORTS}class B(A): ...\nB()\n", ("class A:\n    def __new__(cls):\n"
    f"    {IMPORTS}A()\n"),
    f"class A:\n    def __init__(self):\n    {IMPORTS}class B(A):\n    def __init__(self): ...\nB()\n{END}",
    f"class A:\n    def __init_subclass__(cls):\n    {IMPORTS}class B(A): ...\n", ("class A:\n"
    f"    def __getattr__(self, n):\n    {IMPORTS}A().x\n"),
    f"class A:\n    x = 1\n    def __getattr__(self, n):\n    {IMPORTS}A().x\n{END}", ("class A: ...\n"
    f"def f(): {END}A.f = f\nA.f()\n"),
    f"class A: ...\na = A()\ndef f(): {END}a.f = f\na.f()\n", ("class A:\n    class B:\n        def f(self):\n"
    f"        {IMPORTS}A.B().f()\n"),
    f"def d(f):\n    {END}@d\ndef f(): ...\n", f"def d(f):\n    {END}@d\nclass A: ...\n",
    "def d(f): ...\n@d\ndef f(): ...\nf()\n",
    "def d(f): ...\n@d\nclass A: ...\nA.x\n",
    "def d(f): return f\n@d\nclass A:\n    def f(self):\n        raise KeyError\nA().f()\n",
    "def d(f):\n    raise KeyError\ndef e(f):\n    raise IndexError\n@d\n@e\ndef f(): ...\n",
    "def d(f):\n    raise KeyError\ndef e(f):\n    raise IndexError\n@d\n@e\nclass A: ...\n",
    "def d(x):\n    def e(f):\n        raise KeyError\n    return e\n@d(1)\ndef f(): ...\n",
    "def d(f):\n    def g():\n        f()\n        raise KeyError\n    return g\n@d\ndef f(): ...\nf()\n",
    "class A(None): ...\n", "X = None\nclass A(object, X): ...\n", "X = None\nX.y\n",
    "X = None\nX.__class__\nraise KeyError\n",
    "X = None\nX()\n", "nothing\n", "class A:\n    x = nothing\n", "X = Y\n", "def f(x=nothing): ...\n",
    "def f(x: nothing): ...\n",
    "@nothing\ndef f(): ...\n", "class A(nothing): ...\n",
    "X = 1\ndel X\nX\n", "X = Y = 1\ndel X\nY\nX\n", "X = Y = 1\ndel (X, Y)\nY\n",
    "class A:\n    x = 1\n    del x\n    x\n",
    "x = 1\nclass A:\n    x = 2\n    del x\n    y = x\nif A.y == 1:\n    raise KeyError\n",
    "def f(n):\n    if n == 0:\n        raise KeyError\n    f(0)\nf(1)\n",
    "def f(g):\n    g()\ndef h():\n    raise KeyError\nf(h)\n",
    "def f(a, b):\n    b()\ndef h():\n    raise KeyError\nf(b=h, a=1)\n",
    "def f(a, *b):\n    b[0]()\ndef h():\n    raise KeyError\nf(1, h)\n",
    "def f(**k):\n    k['x']()\ndef h():\n    raise KeyError\nf(x=h)\n", "def f(a=1, *, b=None):\n    b()\nf()\n",
    "def h():\n    raise KeyError\ndef f(a, b=h):\n    b()\nf(1)\n", "def f():\n    global X\n    X = 1\nf()\nX\nY\n",
    "def f():\n    global X, Y\n    X = Y = 1\n    del Y\nf()\nX\nY\n", "def f():\n    X = 1\nf()\nX\n",
    "x = 0\ndef f():\n    x = 1\n    def g():\n        if x:\n            raise KeyError\n    g()\nf()\n",
    "def f():\n    x = 1\n    class A:\n        if x:\n            raise KeyError\nf()\n",
    ("def f(x):\n    def g():\n        def h():\n            if x:\n                raise KeyError\n        return h\n"
    "    return g\nf(1)()()\n"),
    "x = 1\nclass A:\n    x = 0\n    def f(self):\n        if x:\n            raise KeyError\nA().f()\n",
    "print\nlen\nundefined_name\n",
    "if __name__ == 'pk.m':\n    raise KeyError\n", "if __package__ == 'pk':\n    raise KeyError\n",
    "if __file__:\n    X = 1\n__doc__\n__spec__\n",
    "import functools\n@functools.singledispatch\ndef f(x):\n    raise KeyError\n@f.register(int)\ndef g(x): ...\n",
    "for x in [1, 2]:\n    if x == 2:\n        raise KeyError\n",
    "for x in {'a': 1}:\n    if x == 'a':\n        raise KeyError\n",
    "for k, v in {'a': 1}.items():\n    if v:\n        raise KeyError\n",
    "for x in []:\n    raise KeyError\nelse:\n    raise IndexError\n",
    "for x in (1,):\n    break\nelse:\n    raise IndexError\n",
    "for x in (1,):\n    continue\nelse:\n    raise IndexError\n",
    ("def f():\n    for x in (1, 2):\n        if x == 2:\n            return x\n    return 0\nif f() == 2:\n"
    "    raise KeyError\n"),
    "def f():\n    for x in ():\n        return 1\n    else:\n        return 2\nif f() == 2:\n    raise KeyError\n",
    "while False:\n    raise KeyError\nelse:\n    raise IndexError\n", "while 0: ...\nraise KeyError\n",
    "if 0:\n    raise KeyError\nelif 1:\n    raise IndexError\nelse:\n    raise ValueError\n",
    "if 0:\n    raise KeyError\nelif 0:\n    raise IndexError\nelse:\n    raise ValueError\n",
    "assert nothing\n", "X = [nothing]\n", "X = 1 if nothing else 2\n", "X = f'{nothing}'\n", "X = 1 and nothing\n",
    "X = 0 and nothing\n",
    "X = 1 or nothing\nraise KeyError\n", "X = not nothing\n", "X = -nothing\n", "X = (1, nothing)[0]\n",
    "X = {}[nothing]\n", "X = [][:nothing]\n",
)  # fmt: skip


def test_definitions_and_calls_do_what_they_do_in_python(make_tree: Tree) -> None:
    assert compare_programs(make_tree(place_programs(DEFINITIONS)), DEFINITIONS) == []


U = "import os\nU = os.urandom(1)[0]\n"
#: A failure that may not come is a doubt: nothing fails for sure before the end, if there is one.
DOUBTFUL: tuple[Program, ...] = (
    U + "if U: ...\nelif U:\n    X = 1\nelif U: ...\nelse: ...\nX\n",
    U + "X = __import__('json.gone', None, None, [], U)\n", U + "if U: ...\nelse:\n    from json import *\nX\n",
    {"pk/__init__.py": "def __getattr__(name):\n    import pk\n    return getattr(pk, name)\n",
     "pk/m.py": U + "import pk\nif U:\n    pk.X\n    Y = 1\nY\n"},
    {"pk/__init__.py": "", "pk/a.py": "import pk.m\nA = 1\n", "pk/m.py": U + "if U:\n    import pk.a\n    pk.a.A\n"},
    {"pk/__init__.py": "", "pk/a.py": "raise KeyError\n", "pk/m.py": U + "if U:\n    import pk.a\nimport pk\n"},
    {"pk/__init__.py": "", "pk/a.py": U + "U(globals())\n", "pk/m.py": "from pk.a import X\n"},
    {"pk/__init__.py": "", "pk/a.py": "exec('X = 1')\n", "pk/m.py": "from pk.a import *\nX\n"},
    {"pk/__init__.py": "", "pk/a.py": U + "__all__ = U\n", "pk/m.py": "from pk.a import *\nX\n"},
    {"pk/__init__.py": "", "pk/a.py": U + "__all__ = ['U', *U]\n", "pk/m.py": "from pk.a import *\nX\n"},
    {"pk/__init__.py": "__path__ = [*__path__]\n", "pk/m.py": "import pk.elsewhere\nfrom pk import other\n"},
    {"pk/__init__.py": "import os\n__getattr__ = os.getenv\n", "pk/m.py": "import pk\npk.X\nfrom pk import Y\n"},
    {"pk/__init__.py": "", "pk/m.py": "import os\nX = os\nX.nothing.nothing()\nfrom os import nothing\n"},
    {"pk/__init__.py": "", "pk/m.py": "import numpy.nothing, yaml\nfrom yaml import nothing\nnothing.x\n"},
    *(f"{U}{head}:\n    {inner}\n" for head in ("if U", "if not U", "while U", "for x in U", "if U and 1",
    "if 1 and U", "if U or 0")
      for inner in ("import pk.gone", "nothing", "None.x", "None()", "globals()['nothing']", "raise KeyError", "exit()",
                    "from . import gone", "class A(None): ...", "import pk; pk.gone")),
    U + "if U: ...\nelse:\n    X = 1\nX\n", U + "if U: ...\nelif 1:\n    X = 1\nX\n", U + ("if U:\n"
    "    from json import *\nX\n"),
    U + "if U:\n    import json as X\nX\n", U + "U and None.x\n", U + "U or None.x\n", U + "X = None.x if U else 1\n",
    U + "X = 1 if U else None.x\n", U + "def f():\n    if U: return\n    import pk.gone\nf()\n",
    U + "def f():\n    while U:\n        return\n    import pk.gone\nf()\n", U + ("def f():\n    for x in U: return\n"
    "    None.x\nf()\n"),
    U + "def f():\n    if U:\n        if U: return\n    None.x\nf()\n", U + ("match U:\n    case 1:\n"
    "        import pk.gone\n"),
    U + "match U:\n    case [a, *b]: ...\na\nb\n",
    ("import contextlib\n@contextlib.contextmanager\ndef f():\n    try:\n        yield\n    except ImportError: ...\n"
    "with f():\n    import pk.gone\n"),
    U + "class C:\n    def __enter__(self): ...\n    def __exit__(self, *a): return U\nwith C():\n    import pk.gone\n",
    U + "with U:\n    import pk.gone\n",
    U + "def f():\n    if U:\n        raise ValueError\n    elif U:\n        return 1\n    else: return 2\nf().real\n",
    U + "def f():\n    if U:\n        x = 1\n    else:\n        return int\n    import pk.gone\nf()('1')\n",
    U + "def f():\n    for x in U:\n        pass\n    else:\n        return int\nf()('1')\n",
    U + "def f():\n    if U: pass\n    elif 1:\n        with open: return int\n    raise KeyError\nf()('1')\n",
)  # fmt: skip


def test_what_may_not_happen_is_no_failure(make_tree: Tree) -> None:
    rows = simulate(make_tree(place_programs(DOUBTFUL)))
    kinds = [(text, rows[f"t{number}.m"]["exception"]) for number, text in enumerate(DOUBTFUL)]
    assert [(text, kind) for text, kind in kinds if kind] == []


#: Programs of several files.
MODULES: tuple[Program, ...] = (
    {"pk/__init__.py": "", "pk/a.py": "def __getattr__(n):\n    raise KeyError\n", "pk/m.py": "from pk.a import A\n"},
    {"pk/__init__.py": "", "pk/a.py": "X = 1\n\ndef broken(:\n", "pk/m.py": "import pk.a\n"},
    {"pk/s/__init__.py": "__all__ = ['a', 'b']\n", "pk/s/a.py": "", "pk/s/b.py": "", "pk/__init__.py": "",
     "pk/m.py": "from pk.s import *\na\nb\nc\n"},
    *(f"import os\nU = os.urandom(1)[0]\n{text}\n{END}"
      for text in ("if U: X = 1", "if U: X = 1\nelse: X = 2", "for x in U.to_bytes(1, 'big'): X = 1", "X = U and 1",
      "X = 1 if U else 2",
                   "def f():\n    if U: x = 1\n    raise KeyError\nf()", "while U:\n    break")),
    {"pk/__init__.py": "", "pk/a.py": "A = B = 1\n", "pk/m.py": "import pk.a\ndel pk.a.A\nfrom pk.a import B, A\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = B = 1\n",
    "pk/m.py": "import pk.a\ndelattr(pk.a, 'A')\nfrom pk.a import B, A\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = 1\n", "pk/b.py": "import pk.a\ndel pk.a.A\n",
    "pk/m.py": "import pk.b\nfrom pk.a import A\n",
     "pk/n.py": "import pk.a\nimport pk.b\npk.a.A\n",
     "pk/o.py": "from pk.a import A\nimport pk.b\nfrom pk.a import A\n",
     "pk/z.py": "from pk.a import A\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = B = 1\n", "pk/b.py": "import pk.a\ndel pk.a.A\nfrom pk.a import *\nB\nA\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = 1\n",
    "pk/m.py": "import pk.a\npk.a.B = 2\nfrom pk.a import B\nfrom pk.a import *\nB\nC\n",
     "pk/n.py": "from pk.a import B\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = 1\n", "pk/b.py": "import pk.a\npk.a.B = 2\n",
    "pk/m.py": "import pk.b\nfrom pk.a import B\n",
     "pk/n.py": "import pk.a\nimport pk.b\nfrom pk.a import B, C\n", "pk/o.py": "from pk.a import B\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = 1\n",
    "pk/m.py": "import pk.a\nsetattr(pk.a, 'B', 2)\nfrom pk.a import B\nfrom pk.a import C\n"},
    {"pk/__init__.py": "",
    "pk/m.py": "import sys, types\nsys.modules['pk.x'] = types.ModuleType('x')\nimport pk.x\nimport pk.y\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = 1\n",
    "pk/m.py": ("import sys, pk.a\ndel sys.modules['pk.a']\nimport pk.a\nif 'pk.a' in sys.modules:\n"
    "    raise KeyError\n")},
    {"pk/__init__.py": "",
    "pk/m.py": ("import sys, pk\nsys.modules.setdefault('pk.x', pk)\nsys.modules.setdefault('pk.m', None)\n"
    "import pk.x as x\nif sys.modules['pk.x'] is pk:\n    raise KeyError\n")},
    {"pk/__init__.py": ("def __getattr__(name):\n    if name == 'A':\n        return 1\n"
    "    raise AttributeError(name)\n"), "pk/m.py": "from pk import A\nfrom pk import B\n"},
    {"pk/__init__.py": ("def __getattr__(name):\n    if name == 'A':\n        return 1\n"
    "    raise AttributeError(name)\n"),
     "pk/m.py": "import pk\nif hasattr(pk, 'A') and not hasattr(pk, 'B'):\n    pk.B\n"},
    {"pk/__init__.py": "def __getattr__(name):\n    raise KeyError\n", "pk/m.py": "from pk import A\n",
    "pk/n.py": "import pk\nhasattr(pk, 'A')\n",
     "pk/o.py": "import pk\ngetattr(pk, 'A', None)\n"},
    {"pk/__init__.py": "from .a import *\n", "pk/a.py": "__all__ = ['A', 'b']\nA = 1\n",
    "pk/m.py": "from pk import A, b\n"},
    {"pk/__init__.py": "from .a import A\nA.x\n", "pk/a.py": "A = None\n", "pk/m.py": ""},
    {"pk/__init__.py": "from pk import a\n", "pk/a.py": "import pk.a as me\nfrom pk import a\nimport pk\npk.a\n",
    "pk/m.py": "import pk.a.b\n"},
    {"pk/__init__.py": "a = 1\n", "pk/a.py": "", "pk/m.py": "from pk import a\nif a == 1:\n    raise KeyError\n",
    "pk/n.py": "import pk.a\nfrom pk import a\nif a == 1:\n    raise KeyError\na.x\n"},
    {"pk/__init__.py": "import pk.a\n", "pk/a.py": "raise KeyError\n", "pk/m.py": "",
    "pk/n.py": "try:\n    import pk\nexcept KeyError: ...\nimport pk.a\n"},
    {"pk/__init__.py": "", "pk/a.py": "import pk.b\nimport pk.gone\n", "pk/b.py": "B = 1\n",
     "pk/m.py": ("try:\n    import pk.a\nexcept ImportError: ...\ntry:\n    import pk.a\nexcept ImportError: ...\n"
     "import pk\npk.b\npk.a\n")},
    {"pk/__init__.py": "", "pk/s/a.py": "A = 1\n",
    "pk/m.py": "import pk.s\nfrom pk.s import a\na.A\nfrom pk.s import b\n", "pk/n.py": "import pk.s.b\n"},
    {"pk/__init__.py": "", "pk/a.py": "from . import b\nfrom .b import B\nfrom .. import c\n", "pk/b.py": "B = 1\n",
    "pk/m.py": ""},
    {"pk/__init__.py": "", "pk/s/__init__.py": "from ..a import A\nfrom ..a import B\n", "pk/a.py": "A = 1\n",
    "pk/m.py": "import pk.s\n"},
    {"pk/__init__.py": "", "pk/a.py": "def broken(:\n",
    "pk/m.py": "try:\n    import pk.a\nexcept SyntaxError:\n    import pk.gone\n", "pk/n.py": "import pk.a\n"},
    {"pk/__init__.py": "", "pk/a.py": "import pk.m\nA = 1\n",
    "pk/m.py": "import pk.a\nfrom pk import a\nimport pk.a as b\nif hasattr(a, 'A'):\n    raise KeyError\nb.A\n"},
    {"pk/__init__.py": "", "pk/a.py": "import pk.m\n__all__ = ['A']\nA = 1\n", "pk/m.py": "from pk.a import *\nA\n"},
    {"pk/__init__.py": "", "pk/a.py": "__all__ = ('A', 'B')\nA = 1\n", "pk/m.py": "from pk.a import *\n",
    "pk/n.py": "try:\n    from pk.a import *\nexcept AttributeError: ...\nB\n"},
    {"pk/__init__.py": "", "pk/a.py": "A = 1\n_B = 2\n", "pk/m.py": "from pk.a import *\nA\n_B\n",
    "pk/n.py": "def f():\n    import pk.a\n    pk.a._B\n    pk.a.C\nf()\n"},
    {"pk/__init__.py": "", "pk/a.py": "", "pk/b.py": "", "pk/c.py": "from pk.a import X\n",
     "pk/m.py": "import pk.a, pk.b\npk.a.X = pk.b.Y = 1\nimport pk.c\nimport pk.gone\n"},
    *({"pk/__init__.py": "", "pk/a.py": "import json.gone\n", "pk/b.py": "raise KeyError\n",
    "pk/m.py": f"import pytest\n{text}\n{END}"}
      for text in ("pytest.skip('x', allow_module_level=True)", "pytest.importorskip('pk.gone')",
      "pytest.importorskip('json')",
                   "pytest.importorskip('pk.b')", "X = pytest.importorskip('pk')\nX.gone",
                   "try:\n    pytest.importorskip('pk.gone')\nexcept Exception: ...", "import sys\nsys.exit")),
    {"pk/__init__.py": "", "pk/m.py": "import json.decoder\nimport json.gone\n"}, {"pk/__init__.py": "",
    "pk/m.py": "from json import loads, gone\n"},
    {"pk/__init__.py": "",
    "pk/m.py": ("import os.path, xml.dom.minidom, email.mime.text, collections.abc\nfrom os import path\n"
    "import email.mime.gone\n")},
    {"pk/__init__.py": "", "pk/m.py": "import StringIO\n"}, {"pk/__init__.py": "",
    "pk/m.py": "from xml import dom, gone\n"},
    {"pk/__init__.py": "", "pk/m.py": f"import json.{'x' * 300}\n"}, {"pk/__init__.py": "",
    "pk/m.py": "import json.decoder.gone\n"},
    {"pk/__init__.py": "", "pk/m.py": "from json import __name__, __path__, __gone__\n"}, {"pk/__init__.py": "",
    "pk/m.py": "import urllib2\n"},
    {"pk/__init__.py": "", "pk/m.py": "import importlib\nimportlib.import_module('pk.gone')\n"},
    {"pk/__init__.py": "", "pk/m.py": "import importlib\nimportlib.import_module('.gone', __package__)\n"},
    {"pk/__init__.py": "", "pk/m.py": "import importlib\nimportlib.import_module('.gone', package=__package__)\n"},
    {"pk/__init__.py": "", "pk/m.py": "__import__('pk.gone')\n"}, {"pk/__init__.py": "",
    "pk/m.py": "from importlib import import_module as load\nfor n in ('m', 'gone'):\n    load('pk.' + n)\n"},
)  # fmt: skip


def test_modules_are_loaded_as_python_loads_them(make_tree: Tree) -> None:
    assert compare_programs(make_tree(place_programs(MODULES)), MODULES) == []

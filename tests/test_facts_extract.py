"""What one file says."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import tables
from analysis.facts.extract import extract
from analysis.facts.markers import _find_comments
from analysis.facts.source import decode
from analysis.facts.walking import list_nodes, list_statements


def read(source: str | bytes, table: str) -> list[dict[str, Any]]:
    """Return the rows of one table for a file with this source."""
    facts = extract(source if isinstance(source, bytes) else source.encode())
    number = [known.name for known in tables.FACT_TABLES].index(table)
    names = tables.TABLES[table].names[1:]
    return [dict(zip(names, row, strict=True)) for row in facts.rows[number]]


def brief(source: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of the rows."""
    return [tuple(row[column] for column in columns) for row in read(source, table)]


def test_an_empty_file_is_ok_and_says_nothing() -> None:
    facts = extract(b"")
    assert (facts.status, facts.lines, sum(map(len, facts.rows))) == ("ok", 0, 0)


def test_every_row_fits_its_table() -> None:
    source = "import a\nclass A(B): x = 1\n__all__ = ['A']\n__path__ = []\nC = A()  # deprecated\n"
    source += "def f(x=[]): return x\ndef g(y):\n    global C\n    C = y\n    return A()\npatch('a.B')\n"
    facts = extract(source.encode())
    for table, rows in zip(tables.FACT_TABLES, facts.rows, strict=True):
        assert table.from_rows([("x.py", *row) for row in rows]).num_rows == len(rows) > 0 or table.name in {
            "loads",
            "methods",
            "not_analysed",
            "start_marks",
        }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b", ("import", 0, "a.b", "", "a")),
        ("import a.b as c", ("import", 0, "a.b", "", "c")),
        ("from ..a import b as c", ("from", 2, "a", "b", "c")),
        ("from . import b", ("from", 1, "", "b", "b")),
        ("from a import *", ("star", 0, "a", "*", "*")),
        ("import importlib\nimportlib.import_module('a.b')", ("dynamic", 0, "a.b", "", "")),
        ("from importlib import import_module\nimport_module('.b', __package__)", ("dynamic", 1, "b", "", "")),
        ("from importlib import import_module\nimport_module('.b', 'x.y')", ("dynamic", 0, "x.y.b", "", "")),
        ("from importlib import import_module\nimport_module('..b', package='x.y')", ("dynamic", 0, "x.b", "", "")),
    ],
)
def test_import_statements_are_read_as_written(source: str, expected: tuple[Any, ...]) -> None:
    assert brief(source, "imports", "kind", "level", "module", "name", "bound_as")[-1] == expected


@pytest.mark.parametrize(
    ("source", "scope", "guard", "caught"),
    [
        ("import a", "module", "none", ""),
        ("try:\n import a\nexcept ImportError: pass", "module", "try", "ImportError"),
        ("try: pass\nexcept (KeyError, m.ImportError):\n import a", "module", "except", "KeyError,m.ImportError"),
        ("try:\n if x:\n  import a\nexcept:\n pass", "module", "if", "*"),
        ("try: pass\nexcept E: pass\nelse:\n import a", "module", "else", ""),
        ("try: pass\nfinally:\n import a", "module", "none", ""),
        ("from contextlib import suppress\nwith suppress(ImportError):\n import a", "module", "with", "ImportError"),
        ("for x in y:\n import a", "module", "loop", ""),
        ("match x:\n case 1:\n  import a", "module", "match", ""),
        ("class A:\n import a", "class", "none", ""),
        ("def f():\n import a", "function", "none", ""),
        ("class A:\n def f(self):\n  class B:\n   import a", "function", "none", ""),
        ("try:\n def f():\n  import a\nexcept ImportError: pass", "function", "none", ""),
        ("if TYPE_CHECKING:\n import a", "type_checking", "if", ""),
        ("import typing as t\nif t.TYPE_CHECKING and x:\n import a", "type_checking", "if", ""),
        ("if not TYPE_CHECKING:\n pass\nelse:\n import a", "type_checking", "else", ""),
        ("if TYPE_CHECKING:\n pass\nelse:\n import a", "module", "none", ""),
        ("if TYPE_CHECKING or x:\n import a", "module", "if", ""),
        ("def f():\n if TYPE_CHECKING:\n  import a", "type_checking", "if", ""),
        ("if __name__ == '__main__':\n import a", "function", "if", ""),
    ],
)
def test_an_import_knows_where_it_stands(source: str, scope: str, guard: str, caught: str) -> None:
    assert brief(source, "imports", "scope", "guard", "caught")[-1] == (scope, guard, caught)


def test_both_branches_keep_their_condition() -> None:
    source = "if sys.version_info > (3, 11):\n import a\nelif x:\n import b\nelse:\n import c"
    assert brief(source, "imports", "module", "guard", "condition") == [
        ("a", "if", "sys.version_info > (3, 11)"),
        ("b", "if", "(not (sys.version_info > (3, 11))) and (x)"),
        ("c", "else", "(not (sys.version_info > (3, 11))) and (not (x))"),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if A:\n if B:\n  import a", "(A) and (B)"),
        ("if A:\n try:\n  import a\n except ValueError: pass", "A"),
        ("try:\n import b\nexcept ImportError:\n if A:\n  import a", "(handles('ImportError')) and (A)"),
        ("for x in y:\n if A:\n  import a", "(loops()) and (A)"),
        ("match x:\n case 1:\n  if A:\n   import a", "(matches(x)) and (A)"),
        ("if A:\n def f():\n  if B:\n   import a", "(A) and (B)"),
        ("if A:\n class C:\n  import a", "A"),
    ],
)
def test_the_condition_is_that_of_every_enclosing_guard(source: str, expected: str) -> None:
    assert [condition for module, condition in brief(source, "imports", "module", "condition") if module == "a"] == [
        expected
    ]


def test_constants_of_constants_stay_small_and_many_of_them_are_read_once() -> None:
    doubling = "".join(f"X{number} = X{number - 1} and X{number - 1}\n" for number in range(1, 200))
    source = f"import sys\nX0 = sys.platform == 'win32'\n{doubling}if X199:\n import a\nif X2:\n import b\n"
    conditions = dict(brief(source, "imports", "module", "condition"))
    assert conditions["a"] == "X199"
    assert conditions["b"].count("sys.platform") == 4
    many = "".join(f"X{number} = {number} > 1\n" for number in range(20_000))
    assert brief(f"{many}if X7:\n import a\n", "imports", "condition") == [("7 > 1",)]


@pytest.mark.parametrize(
    ("before", "test", "scope", "condition"),
    [
        ("from typing import TYPE_CHECKING as TC", "TC", "type_checking", "typing.TYPE_CHECKING"),
        ("import typing as t", "t.TYPE_CHECKING", "type_checking", "typing.TYPE_CHECKING"),
        ("from typing import TYPE_CHECKING as TC", "TC and x", "type_checking", "typing.TYPE_CHECKING and x"),
        ("TYPE_CHECKING = False", "TYPE_CHECKING", "type_checking", "False"),
        ("import sys as _sys", "_sys.platform == 'win32'", "module", "sys.platform == 'win32'"),
        ("from sys import version_info as v", "v >= (3, 9)", "module", "sys.version_info >= (3, 9)"),
        ("import sys\nPY2 = sys.version_info[0] == 2", "not PY2", "module", "not sys.version_info[0] == 2"),
        ("DEBUG = False", "DEBUG", "module", "False"),
        ("DEBUG = False\nDEBUG = True", "DEBUG", "module", "True"),
        ("DEBUG = False\ndef f():\n global DEBUG", "DEBUG", "module", "DEBUG"),
        ("DEBUG = False\nfor DEBUG in x: pass", "DEBUG", "module", "DEBUG"),
        ("DEBUG = get()", "DEBUG", "module", "DEBUG"),
        ("if x:\n DEBUG = False", "DEBUG", "module", "DEBUG"),
    ],
)
def test_constants_of_the_file_stand_for_what_they_are(before: str, test: str, scope: str, condition: str) -> None:
    rows = brief(f"{before}\nif {test}:\n import wanted", "imports", "module", "scope", "condition")
    assert rows[-1] == ("wanted", scope, condition)


def test_an_elif_chain_longer_than_the_stack_is_walked() -> None:
    source = "if x == 0: pass\n" + "".join(f"elif x == {n}:\n import m{n}\n" for n in range(1, 300))
    assert len(read(source, "imports")) == 299


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A = B", ("A", "alias", "B", -1)),
        ("A = pkg.B", ("A", "alias", "pkg.B", -1)),
        ("A = B if x else None", ("A", "alias", "B|None", -1)),
        ("A = B or C.D", ("A", "alias", "B|C.D", -1)),
        ("A = Cls(1, 2)", ("A", "instance", "Cls", 2)),
        ("A = None", ("A", "constant", "None", -1)),
        ("A: TypeAlias = B", ("A", "type_alias", "B", -1)),
        ("A: int", ("A", "declaration", "", -1)),
        ("A += 1", ("A", "augmented", "", -1)),
        ("del A", ("A", "delete", "", -1)),
        ("(A, B) = (C, D())", ("B", "instance", "D", 0)),
        ("A, *B = f()", ("B", "unpacked", "", -1)),
        ("if (A := B): pass", ("A", "alias", "B", -1)),
        ("for A in x: pass", ("A", "target", "", -1)),
        ("with x as (A, B): pass", ("B", "target", "", -1)),
        ("from ..p import q as A", ("A", "import", "..p:q", -1)),
        ("import a.b.c", ("a", "import", "a", -1)),
        ("import a.b.c as d", ("d", "import", "a.b.c", -1)),
        ("from p import *", ("*", "star", "p", -1)),
        ("def f():\n global A\n A = B", ("A", "alias", "B", -1)),
        ("class A:\n class B: pass", ("A", "class", "A", -1)),
    ],
)
def test_a_binding_says_what_the_name_means(source: str, expected: tuple[Any, ...]) -> None:
    assert brief(source, "bindings", "name", "kind", "value", "arguments")[-1] == expected


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type statements need the grammar of Python 3.12")
def test_a_type_statement_is_an_alias() -> None:
    assert brief("type A = B", "bindings", "name", "kind", "value") == [("A", "type_alias", "B")]


def test_names_of_functions_and_class_bodies_are_not_module_bindings() -> None:
    source = "class A:\n x = 1\n import y\n def m(self):\n  z = 2\ndef f():\n w = 3\n import v"
    assert [name for (name,) in brief(source, "bindings", "name")] == ["A", "f"]


def test_a_caught_exception_is_bound_and_gone() -> None:
    assert brief("try: pass\nexcept E as A: B = 1", "bindings", "name", "kind") == [
        ("A", "target"),
        ("B", "constant"),
        ("A", "delete"),
    ]


def test_a_class_is_described() -> None:
    source = (
        "@dataclass(frozen=True)\nclass A(pkg.Base, Generic[T], metaclass=Meta):\n    '''Doc.'''\n    x: int = 1\n"
        "    y = 2\n    @property\n    def m(self, a, /, b, *c, d, **e): ...\n    async def n(self): ...\n"
    )
    row = read(source, "definitions")[0]
    assert (row["name"], row["qualname"], row["line"], row["end_line"]) == ("A", "A", 2, 8)
    assert row["bases"] == ["pkg.Base", "Generic[T]"]
    assert (row["metaclass"], row["decorators"], row["marks"]) == ("Meta", ["dataclass"], ["dataclass", "frozen"])
    assert (row["attributes"], row["methods"]) == (["x", "y"], ["m", "n"])
    methods = read(source, "methods")
    assert methods[0]["parameters"] == ["self", "a", "b", "*c", "d", "**e"]
    assert [(method["owner"], method["decorators"], method["is_async"]) for method in methods] == [
        ("A", ["property"], False),
        ("A", [], True),
    ]


def test_nested_classes_have_the_qualified_names_of_python() -> None:
    source = "class A:\n class B:\n  def f(self):\n   class C: pass\ndef g():\n class D:\n  class E: pass\n"
    namespace: dict[str, Any] = {}
    exec(source.replace("pass", "pass", 1), namespace)
    assert [name for (name,) in brief(source, "definitions", "qualname")] == [
        "A",
        "A.B",
        "A.B.f.<locals>.C",
        "g.<locals>.D",
        "g.<locals>.D.E",
    ]
    assert namespace["A"].B.__qualname__ == "A.B"


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        ("class A(ABC): ...", ["abstract"]),
        ("class A:\n @abc.abstractmethod\n def f(self): ...", ["abstract"]),
        ("class A(Protocol[T]): ...", ["protocol"]),
        ("class A(str, enum.Enum): ...", ["enum"]),
        ("class A(ValueError): ...", ["exception"]),
        ("class A(NamedTuple): ...", ["namedtuple"]),
        ("class A(B): ...", []),
    ],
)
def test_marks_are_what_the_statement_says(source: str, marks: list[str]) -> None:
    assert read(source, "definitions")[0]["marks"] == marks


def test_a_fingerprint_ignores_comments_docstrings_and_layout_but_not_code() -> None:
    plain = "class A:\n    def f(self):\n        return g(1, 'x')\n"
    head = 'class A:\n  """Doc."""\n  # why\n\n  def f(self):\n    """More."""\n'
    dressed = head + '    return g(\n      1,\n      "x",\n    )  # end\n'
    other = plain.replace("1", "2")
    first, second, third = (read(source, "definitions")[0]["fingerprint"] for source in (plain, dressed, other))
    assert first == second != third


def test_exports_follow_the_operations() -> None:
    source = (
        "__all__ = ['a', *m.__all__]\n__all__ += ['b']\n__all__.extend(n.__all__)\n__all__.remove('a')\n__all__ = f()"
    )
    assert brief(source, "exports", "name", "operation") == [
        ("", "assign"),
        ("a", "add"),
        ("m:*", "add"),
        ("b", "add"),
        ("n:*", "add"),
        ("a", "remove"),
        ("", "assign"),
        ("", "unknown"),
    ]


def test_a_module_getattr_tells_the_names_it_serves() -> None:
    source = (
        "_LAZY = {'A': 'pkg.a', 'B': ('pkg.b', 'Bee'), 'C': 'pkg.c.C'}\n"
        "def __getattr__(name):\n"
        "    if name == 'D':\n        from .d import Dee\n        return Dee\n"
        "    if name in ('E', 'F'):\n        return old.thing\n"
        "    if name in _LAZY:\n        return load(_LAZY[name])\n"
        "    raise AttributeError(name)\n"
    )
    assert brief(source, "hooks", "name", "value") == [
        ("A", "pkg.a:A"),
        ("B", "pkg.b:Bee"),
        ("C", "pkg.c:C"),
        ("D", ".d:Dee"),
        ("E", "old.thing"),
        ("F", "old.thing"),
    ]


def test_a_module_getattr_that_computes_may_serve_any_name() -> None:
    assert brief("def __getattr__(name):\n    return load(name)\n", "hooks", "kind", "name") == [
        ("module_getattr", "*")
    ]


def test_registrations_and_computed_imports_are_hooks() -> None:
    registered = "sys.modules['a.b'] = c\nsys.modules[__name__] = C()\n"
    source = f"import sys, importlib\n{registered}importlib.import_module(x)\n__path__.append('y')\n"
    assert brief(source, "hooks", "kind", "name", "value") == [
        ("sys_modules", "a.b", "c"),
        ("sys_modules", "__name__", ""),
        ("computed_import", "*", "x"),
        ("path_extended", "*", ""),
    ]


def test_an_import_relative_to_a_computed_package_is_computed() -> None:
    source = "from importlib import import_module\nimport_module('.management', app.name)\n"
    assert brief(source, "hooks", "kind", "name") == [("computed_import", ".management")]
    assert brief(source, "imports", "kind", "module") == [("from", "importlib")]


def test_markers_are_found_in_comments_docstrings_and_code() -> None:
    source = '"""The single source of truth."""\nx = 1  # SSOT\nwarnings.warn("x", DeprecationWarning)\ny = 2\n'
    assert brief(source, "markers", "line", "kind", "place") == [
        (1, "ssot", "docstring"),
        (2, "ssot", "comment"),
        (3, "deprecated", "code"),
    ]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        (b"def f(:\n", "syntax-error"),
        (b"print 'python 2'\n", "syntax-error"),
        (b"x = '\xff'\n", "decode-error"),
        (b"# -*- coding: klingon -*-\n", "decode-error"),
        (b"x = 1\0\n", "syntax-error"),
        (b"(" * 5000 + b")" * 5000, None),
        (b"x" + b".a" * 100_000, None),
        (b"-" * 100_000 + b"1", None),
    ],
)
def test_a_file_that_does_not_parse_is_a_row_with_its_reason(source: bytes, status: str | None) -> None:
    facts = extract(source)
    assert facts.status != "ok" or status is None
    assert status in (facts.status, None)
    assert facts.reason or facts.status == "ok"


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfimport a\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\nimport a\n",
        b"import a\r\nx = 1\r",
        b"\x0cimport a\n",
    ],
)
def test_odd_encodings_and_line_ends_parse_as_python_does(source: bytes) -> None:
    assert brief(source.decode("latin-1"), "imports", "module") or extract(source).status == "ok"
    assert [row["module"] for row in read(source, "imports")] == ["a"]


def test_imports_of_a_broken_file_are_recovered_and_marked() -> None:
    source = (
        '"""import not_this"""\nimport a, b.c as d\nfrom .x import (y,\n    z as w)\n'
        "class K:\n    def f(self):\n        from q import r\ntry:\n    import s\nexcept ImportError:\n    pass\n"
        "if TYPE_CHECKING:\n    import t\nprint 'broken'\n"
    )
    assert brief(source, "imports", "kind", "level", "module", "name", "bound_as", "scope", "guard", "owner") == [
        ("recovered", 0, "a", "", "a", "module", "none", ""),
        ("recovered", 0, "b.c", "", "d", "module", "none", ""),
        ("recovered", 1, "x", "y", "y", "module", "none", ""),
        ("recovered", 1, "x", "z", "w", "module", "none", ""),
        ("recovered", 0, "q", "r", "r", "function", "none", "K.f"),
        ("recovered", 0, "s", "", "s", "module", "try", ""),
        ("recovered", 0, "t", "", "t", "type_checking", "if", ""),
    ]


def test_a_file_of_fifty_thousand_lines_is_read() -> None:
    source = "".join(f"class C{n}:\n    def m(self): return {n}\n" for n in range(25_000))
    assert len(read(source, "definitions")) == 25_000


_STATEMENTS = st.lists(
    st.sampled_from(["import a", "from b import c", "class D: pass", "E = D", "F = D()", "del E", "__all__ = ['D']"]),
    max_size=12,
)


@settings(max_examples=60)
@given(_STATEMENTS)
def test_positions_follow_the_order_of_the_statements(statements: list[str]) -> None:
    facts = extract("\n".join(statements).encode())
    rows = [row for table in facts.rows[:5] for row in table]
    ordered = sorted(rows, key=lambda row: row[0])
    assert [row[1] for row in ordered] == sorted(row[1] for row in rows)
    assert len({row[0] for row in rows}) == len(rows)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_whatever_stop_the_extraction(source: bytes) -> None:
    facts = extract(source)
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        assert facts.status in {"syntax-error", "decode-error"}
    else:
        assert facts.status == "ok"


def test_names_put_into_the_modules_globals_are_hooks() -> None:
    source = (
        "for kind in KINDS:\n    globals()[f'Fast{kind}'] = made\nglobals()['A'] = b.C\nglobals().update(names)\n"
        "import sys\nsetattr(sys.modules[__name__], '%sEngine' % x, y)\n"
        "def f(n):\n    made = cast(T, type(n, (A,), {}))\n    globals()[n] = made\n    globals()['B'] = type(n)\n"
    )
    assert brief(source, "hooks", "kind", "name", "value") == [
        ("computed_binding", "Fast*", "made"),
        ("computed_binding", "A", "b.C"),
        ("computed_binding", "*", ""),
        ("computed_binding", "*Engine", "y"),
        ("computed_binding", "*", "type()"),
        ("computed_binding", "B", "type()"),
    ]


def test_a_cast_is_the_value_that_is_cast() -> None:
    source = "A = cast('type[B]', b.B)\nC = typing.cast(T, make())\nD = cast(x)\n"
    assert brief(source, "bindings", "kind", "value", "arguments") == [
        ("alias", "b.B", -1),
        ("instance", "make", 0),
        ("instance", "cast", 1),
    ]


@pytest.mark.parametrize(
    ("source", "is_reexport"),
    [
        ("from a import b as b", True),
        ("import a as a", True),
        ("from a import b", False),
        ("from a import b as c", False),
        ("import a", False),
        ("from a import *", False),
    ],
)
def test_a_redundant_alias_marks_what_is_meant_to_be_imported_from_here(source: str, is_reexport: bool) -> None:
    assert brief(source, "imports", "is_reexport") == [(is_reexport,)]


@pytest.mark.parametrize(
    ("body", "delegate"),
    [
        ("return self._inner.run(x)", "_inner.run"),
        ("'''Doc.'''\n        return await self._inner.run(x)", "_inner.run"),
        ("self.inner.run(x)", "inner.run"),
        ("return self.run(x)", ""),
        ("return other.inner.run(x)", ""),
        ("return self.a.b.run(x)", ""),
        ("x += 1\n        return self._inner.run(x)", ""),
        ("pass", ""),
    ],
)
def test_a_method_that_only_calls_one_of_an_attribute_is_a_delegate(body: str, delegate: str) -> None:
    source = f"class A:\n    async def f(self, x):\n        {body}\n"
    assert brief(source, "methods", "delegate") == [(delegate,)]


def test_methods_of_equal_body_have_equal_fingerprints_and_sketches() -> None:
    body = "".join(f"        a{n} = {n}\n" for n in range(6))
    source = f"class A:\n    def f(self):\n{body}\n    def g(self, x):\n        '''Doc.'''\n{body}        # end\n"
    source += "    def h(self):\n        a0 = 0\n"
    first, second, short = read(source, "methods")
    assert (first["fingerprint"], first["sketch"]) == (second["fingerprint"], second["sketch"])
    assert len(first["sketch"]) == 5
    assert short["sketch"] == []


def test_a_function_that_extends_the_exports_makes_them_unknown_and_one_that_reads_them_does_not() -> None:
    source = "__all__ = ['a']\ndef add(m):\n    for n in m.__all__:\n        __all__.append(n)\n"
    source += "def __dir__():\n    return __all__\n"
    assert brief(source, "exports", "name", "operation") == [("", "assign"), ("a", "add"), ("", "unknown")]


def test_what_a_module_sets_on_another_is_a_hook_and_attributes_of_objects_are_not() -> None:
    source = (
        "import a\nfrom . import b as c\na.x.Y = c.Z\nc.T = dialect = make(1)\nother.x = 1\na.n, d = 1, 2\n"
        "class D:\n    def f(self):\n        self.a = 1\n        a.z = 2\n"
    )
    assert brief(source, "hooks", "kind", "name", "value") == [
        ("module_attribute", "a.x.Y", "c.Z"),
        ("module_attribute", "c.T", "make()"),
        ("module_attribute", "a.n", ""),
    ]


def test_a_class_that_a_function_declares_global_binds_a_name_of_the_module() -> None:
    source = "def f():\n    global A\n    class A: ...\n    class B: ...\n"
    assert brief(source, "bindings", "name", "kind", "owner") == [("f", "function", ""), ("A", "class", "f")]


def test_walks_come_to_what_the_walk_of_the_library_comes_to() -> None:
    signs = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop)
    for path in sorted(Path(ast.__file__).parent.glob("[a-d]*.py")):
        tree = ast.parse(path.read_bytes())
        assert list_nodes(tree) == [node for node in ast.walk(tree) if not isinstance(node, signs)]
        blocks = (ast.stmt, ast.ExceptHandler, ast.match_case, ast.Module)
        assert list_statements(tree) == [node for node in ast.walk(tree) if isinstance(node, blocks)]


def test_comments_are_where_the_tokenizer_sees_them() -> None:
    for path in sorted(Path(ast.__file__).parent.glob("[a-d]*.py")):
        text = decode(path.read_bytes(), "utf-8")
        lines = io.StringIO(text)
        seen = [token.start for token in tokenize.generate_tokens(lines.readline) if token.type == tokenize.COMMENT]
        assert list(_find_comments(text, text.split("\n"))) == seen

"""Statements are found in the bytes of their file, whatever its encoding and layout; CPython's parser agrees."""

from __future__ import annotations

import ast
import importlib.util
import itertools
from pathlib import Path

import pytest

from analysis.fixes.offers import apply_edits
from analysis.fixes.source_text import SourceText, UnplacedError
from analysis.fixes.statements import (
    find_comment,
    find_imports,
    find_module_span,
    insert_after,
    insert_before,
    place_statement,
    remove_names,
    remove_statement,
    replace_statement,
)

ODD_FILES = {
    "plain": b"import a\nfrom b import c\n",
    "byte order mark": b"\xef\xbb\xbfimport a; from .b import c as d\r\nx = 1\r\n",
    "latin": "# -*- coding: latin-1 -*-\nx = 'äöü'; import a.b as c; from é import ß\n".encode("latin-1"),
    "utf-8 before it": "x = 'äöü'; import a; y = '€'; from . import é\n".encode(),
    "shift-jis": "# coding: shift_jis\nx = '表能'; import a\n".encode("shift_jis"),
    "form feed": b"\x0cimport a\n\x0c\nif x:\n\timport b\n\x0c    \n",
    "carriage returns": b"import a\rfrom b import c\rif x:\r    import d\r",
    "continued": b"from \\\n  .. \\\n a . b import \\\n c, d\nimport \\\n  e\n",
    "parentheses": b"from a import (  # one\n    b,  # two\n    # three\n    c\n    ,\n)  # four\n",
    "dots": b"from...a import b\nfrom . . import c\nfrom .import d\nfrom importlib.importer import e\n",
    "one line": b"if x: import a; from b import c, d\nelse: import e\nclass A: from a import f\n",
    "in blocks": b"try:\n    import a\nexcept ImportError: import b\nelse:\n  import c\nfinally:\n  import d\n"
    b"match x:\n  case 1: import e\nasync def f():\n  async with x: import g\n",
    "a line separator in a text": "x = '\u2028\x0b\x1c'; import a\nimport b\n".encode(),
    "no line end": b"import a",
}


def find_packages() -> list[Path]:
    found = (importlib.util.find_spec(name) for name in ("django", "sqlalchemy", "matplotlib", "networkx", "pydantic"))
    return [Path(spec.origin).parent for spec in found if spec and spec.origin]


def check_imports(source: SourceText) -> int:
    statements = find_imports(source)
    for statement in statements:
        text = statement.text.decode(source.encoding)
        assert ast.dump(ast.parse(text.replace("\r\n", "\n")).body[0]) == ast.dump(statement.node)
        if isinstance(statement.node, ast.ImportFrom):
            start, end = find_module_span(statement)
            written = source.content[start:end].decode(source.encoding).replace("\\", "")
            assert "".join(written.split()) == "." * statement.node.level + (statement.node.module or "")
    wanted = [node for node in ast.walk(source.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert len(statements) == len(wanted)
    return len(statements)


@pytest.mark.parametrize("name", ODD_FILES)
def test_the_span_of_an_import_parses_back_to_the_same_statement(name):
    assert check_imports(SourceText("a.py", ODD_FILES[name]))


@pytest.mark.parametrize("folder", find_packages(), ids=lambda folder: folder.name)
def test_the_spans_of_all_imports_of_real_packages_parse_back(folder):
    found = 0
    for path in sorted(folder.rglob("*.py"))[:400]:
        source = SourceText(str(path), path.read_bytes())
        found += check_imports(source)
    assert found > 100


NAMES = {
    "one line": b"from m import a, b as x, c\ny = 1\n",
    "comment behind": b"from m import a, b as x, c  # all\ny = 1\n",
    "parentheses": b"from m import (a, b as x, c)\ny = 1\n",
    "lines": b"from m import (\n    a,  # of a\n    b as x,  # of b\n    c,  # of c\n)\ny = 1\n",
    "no last comma": b"from m import (\n    a,\n    b as x,\n    c\n)\ny = 1\n",
    "comments between": b"from m import (  # first\n  # before a\n  a,\n  # before b\n  b as x,\n  c\n  # last\n)\n",
    "mixed": b"from m import (a, # of a\n  b as x, c) # all\ny = 1\n",
    "comma first": b"from m import (\n    a\n  , b as x\n  , c\n)\ny = 1\n",
    "continued": b"from m import a, \\\n    b as x, \\\n    c\ny = 1\n",
    "windows": b"if y:\r\n  from m import (\r\n    a,\r\n    b as x, # of b\r\n    c,\r\n  )\r\n",
    "import": b"import a, b as x, c; y = 1\n",
    "import alone": b"import a.b, b as x, c.d.e # all\n",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kept", [*itertools.combinations(range(3), 1), *itertools.combinations(range(3), 2)])
def test_names_that_go_leave_the_others_with_their_comments(name, kept):
    source = SourceText("a.py", NAMES[name])
    statement = find_imports(source)[0]
    aliases = statement.node.names
    gone = [alias for index, alias in enumerate(aliases) if index not in kept]
    changed = SourceText("a.py", apply_edits(source.content, remove_names(statement, gone)))
    left = find_imports(changed)[0]
    assert [ast.dump(each) for each in left.node.names] == [ast.dump(aliases[index]) for index in kept]
    assert len(changed.tree.body) == len(source.tree.body)
    lost = {find_comment(statement, alias) for alias in gone} - {b""}
    for index in kept:
        comment = find_comment(statement, aliases[index])
        assert not comment or find_comment(left, left.node.names[kept.index(index)]) == comment
    comments = {part.split(b"\r")[0].split(b"\n")[0].strip() for part in source.content.split(b"#")[1:]}
    for comment in comments:
        is_of_shared_line = name == "mixed" and comment == b"of a"
        assert (
            comment in changed.content
            or b"# " + comment in {c.replace(b"#of", b"# of") for c in lost}
            or is_of_shared_line
        )


def test_all_names_cannot_go():
    statement = find_imports(SourceText("a.py", b"import a, b\n"))[0]
    with pytest.raises(UnplacedError, match="some names have to stay"):
        list(remove_names(statement, statement.node.names))


@pytest.mark.parametrize(
    ("text", "removed", "after", "before"),
    [
        (b"import a\nx = 1\n", b"x = 1\n", b"import a\ny\nx = 1\n", b"y\nimport a\nx = 1\n"),
        (b"import a", b"pass", b"import a\ny", b"y\nimport a"),
        (b"x = 1\nimport a  # why", b"x = 1\n", b"x = 1\nimport a  # why\ny", b"x = 1\ny\nimport a  # why"),
        (
            b"if x:\r\n\timport a # why\r\n",
            b"if x:\r\n\tpass # why\r\n",
            b"if x:\r\n\timport a # why\r\n\ty\r\n",
            b"if x:\r\n\ty\r\n\timport a # why\r\n",
        ),
        (b"if x: import a; z\n", b"if x: pass; z\n", b"if x: import a; y; z\n", b"if x: y; import a; z\n"),
        (b"x = 1; \\\nimport a\n", b"x = 1; \\\npass\n", b"x = 1; \\\nimport a; y\n", b"x = 1; \\\ny; import a\n"),
        (b"import a; z\n", b"pass; z\n", b"import a; y; z\n", b"y; import a; z\n"),
        (
            b"\xef\xbb\xbfimport a\nz\n",
            b"\xef\xbb\xbfz\n",
            b"\xef\xbb\xbfimport a\ny\nz\n",
            b"\xef\xbb\xbfy\nimport a\nz\n",
        ),
    ],
)
def test_statements_are_taken_away_and_put_beside_one(text, removed, after, before):
    source = SourceText("a.py", text)
    statement = find_imports(source)[0]
    assert apply_edits(text, [remove_statement(statement)]) == removed
    assert apply_edits(text, [insert_after(statement, "y")]) == after
    assert apply_edits(text, [insert_before(statement, "y")]) == before
    for edited in (removed, after, before):
        ast.parse(edited)


def test_a_statement_of_several_lines_gets_the_indentation_of_the_one_it_replaces():
    source = SourceText("a.py", b"def f():\n    import a\n    return a\n")
    edit = replace_statement(find_imports(source)[0], "if x:\n    import b as a")
    assert apply_edits(source.content, [edit]) == b"def f():\n    if x:\n        import b as a\n    return a\n"


def test_a_definition_is_placed_with_its_decorators():
    source = SourceText("a.py", b"import x\n\n@ x.y\n@x.z(\n 1)\nclass A:\n    pass\n\nB = 1\n")
    statement = place_statement(source, source.tree.body[1])
    assert statement.text == b"@ x.y\n@x.z(\n 1)\nclass A:\n    pass"


def test_a_file_that_cannot_be_parsed_has_no_places():
    with pytest.raises(UnplacedError, match=r"a\.py cannot be parsed"):
        SourceText("a.py", b"import\n")


def test_what_an_encoding_cannot_hold_is_not_written():
    source = SourceText("a.py", "# coding: latin-1\nimport a\n".encode("latin-1"))
    with pytest.raises(UnplacedError, match="cannot hold"):
        source.encode("import €")

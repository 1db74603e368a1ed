"""Files in the syntax of later versions of Python, and of Python 2: what is known of them, and what is said."""

from __future__ import annotations

import ast
import io
import os
import random
import subprocess
import sys
import tokenize
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.facts.extract import extract
from analysis.facts.newer_syntax import parse_newer
from analysis.facts.older_syntax import find_python_two
from analysis.facts.tokens import END, TEXT, WORD, NoTokensError, scan_tokens
from analysis.investigation import Investigation
from analysis.pipeline import investigate
from analysis.tables import FACT_TABLES

MakeTree = Callable[[Mapping[str, str]], Path]
TABLES = [table.name for table in FACT_TABLES]

#: Source by what is special about it, with the first version that parses it; each imports Base and defines a class Own.
NEWER = {
    "except-without-parentheses": ((3, 14), "try: pass\nexcept ValueError, TypeError:\n    pass\n"),
    "except-star": ((3, 14), "try:\n    pass\nexcept* ValueError, x.E, (A):\n    pass\n"),
    "template": ((3, 14), "name = 'x'\nt1 = t'hello {name!r:>{10}}' t\"{name=}\"\n"),
    "raw-template": ((3, 14), "t2 = rt'''a\\{1}\n{2 +\n3}'''\n"),
    "nested-quotes": ((3, 12), "x = f\"{'a' + f\"{1}\"}\"\n"),
    "quotes-in-dictionary": ((3, 12), "d = {'k': 1}\nx = f'{d['k']}' f'{d['k']!r:{'>'}{4}}'\n"),
    "comment-in-field": ((3, 12), "x = f'{\n  1  # one }\n}'\n"),
    "backslash-in-field": ((3, 12), "x = f\"{'\\n'.join('ab')}\"\n"),
    "alias": ((3, 12), "type X = list[Later]\n"),
    "alias-with-parameters": ((3, 12), "type X[A, *B, **C] = (\n    Later[A]\n)\n"),
    "alias-after-semicolon": ((3, 12), "type = 1; type X = Later\nprint(type)\n"),
    "generic-class": ((3, 12), "class Box[T: (int, str), *Ts](Base):\n    def get[U](self, u: U) -> T: ...\n"),
    "generic-over-lines": ((3, 12), "class Box[\n    T,  # the one\n](Base): ...\n"),
    "generic-functions": ((3, 12), "def f[T](x: T) -> T: ...\n@staticmethod\nasync def g[T](x: T): ...\n"),
    "default": ((3, 13), "class Box[T = int, *Ts = *tuple[int, ...]](Base): ...\ntype X[T = int] = T\n"),
    "lazy": ((3, 15), "lazy import n.late as late\nlazy from n.later import Later\n"),
    "unpacked": ((3, 15), "x = [*y for y in ()]\nz = {**y for y in ()}\n"),
    "letters": ((3, 12), "é = 'ü'; type ÄÖ = é\nclass Ü[Ä](Base): ...\n"),
}  # fmt: skip
#: What the running interpreter has known for long: none of it is taken for new.
KNOWN = {
    "match": "match 1:\n    case {'a': x, **rest} if x: pass\n",
    "walrus": "if (a := 1): pass\n",
    "positional-only": "def f(a, /, b, *, c): ...\n",
    "except-star": "try: pass\nexcept* (ValueError, TypeError): pass\n",
    "with-parentheses": "with (open('a') as a, open('b') as b): pass\n",
    "soft-words": "type = lazy = match = 1\ntype, lazy\nlazy\n",
}
NO_PYTHON = [
    "def f(:\n", "lazy import\n", "f'{a b}' + f'{d['x']}'\n", "class A[1]: pass\n", "class A[]: pass\n",
    "class A[T: (]: pass\n", "type X\n", "type 1 = 2\n", "try: pass\nexcept A, B as e: pass\n", "x = t'{'\n",
    "class A[T](: pass\n", "t'{a!}'", "f'{'a'", "lazy from x\n", "class A[T: 1 2]: pass\n",
]  # fmt: skip


def read_rows(source: str, table: str) -> list[tuple[Any, ...]]:
    return list(extract(source.encode()).rows[TABLES.index(table)])


@pytest.mark.parametrize("name", NEWER)
def test_a_file_in_newer_syntax_is_read_like_any_other(name: str) -> None:
    since, source = NEWER[name]
    source = f"from n.base import Base\n{source}class Own(Base): ...\n"
    facts = extract(source.encode())
    assert facts.status == "ok"
    if sys.version_info[:2] < since:
        assert (facts.since, facts.error_line > 1) == ("3." + str(since[1]), True)
        with pytest.raises(SyntaxError):
            ast.parse(source)
    else:
        assert facts.since == ""
        ast.parse(source)
    assert next(row[3:7] for row in read_rows(source, "imports")) == ("from", 0, "n.base", "Base")
    own = next(row for row in read_rows(source, "definitions") if row[3] == "Own")
    assert own[1] == source.count("\n")  # lines stay where they are


@pytest.mark.parametrize("name", KNOWN)
def test_what_the_interpreter_knows_is_not_new(name: str) -> None:
    facts = extract(KNOWN[name].encode())
    assert (facts.status, facts.since, facts.reason) == ("ok", "", "")
    assert parse_newer(KNOWN[name]) is None


@pytest.mark.parametrize("source", NO_PYTHON)
def test_what_no_version_parses_is_a_syntax_error(source: str) -> None:
    facts = extract(source.encode())
    assert (facts.status, facts.since) == ("syntax-error", "")
    with pytest.raises(SyntaxError):
        ast.parse(source)


def test_type_parameters_and_aliases_are_bound_like_those_of_later_versions() -> None:
    source = "type X[T] = list[T]\nclass Box[T: int](Base):\n    def get[U](self, u: U) -> T: ...\n"
    lowered = parse_newer(source)
    tree = lowered.tree if lowered else ast.parse(source)
    assert [type(node).__name__ for node in tree.body] == ["TypeAlias", "ClassDef"]
    assert [each.name for each in tree.body[1].type_params] == ["T"]  # type: ignore[attr-defined]
    assert [(row[2], row[3]) for row in read_rows(source, "bindings")] == [("X", "type_alias"), ("Box", "class")]


def test_a_lazy_import_is_deferred_and_binds_its_names() -> None:
    rows = read_rows("lazy import p.q as r\nlazy from p import s\nimport t\n", "imports")
    assert [(row[5], row[7], row[8]) for row in rows] == [
        ("p.q", "r", "function"), ("p", "s", "function"), ("t", "t", "module"),
    ]  # fmt: skip


def test_ten_thousand_type_parameters_and_deep_literals_take_no_time() -> None:
    many = ", ".join(f"T{number}" for number in range(10_000))
    assert extract(f"class A[{many}]: ...\n".encode()).status == "ok"
    assert extract("".join(f"type T{number} = int\n" for number in range(10_000)).encode()).status == "ok"
    deep = "1"
    for _ in range(200):
        deep = f"f'{{{deep}}}'"
    assert extract(deep.encode()).status in {"ok", "syntax-error", "parser-crash"}
    assert extract(b"class A[" + b"(" * 100_000).status in {"syntax-error", "parser-crash"}


def find_words(source: str) -> list[tuple[int, int, str]]:
    """What CPython's tokenizer says: line, column and text of names, numbers and literals, and the ends of lines."""
    kinds = (tokenize.NAME, tokenize.STRING, tokenize.NEWLINE)
    found = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type in kinds]
    return [(*token.start, token.string) for token in found if token.type != tokenize.NEWLINE]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later tokenizers cut formatted literals into pieces")
def test_tokens_are_those_of_the_standard_tokenizer() -> None:
    folder = Path(os.__file__).parent
    files = random.Random(15).sample(sorted(folder.glob("*.py")) + sorted(folder.glob("test/test_f*.py")), 40)
    for path in files:
        source = path.read_text(encoding="utf-8", errors="replace")
        starts = [0, *(place + 1 for place, letter in enumerate(source) if letter == "\n")]
        wanted = {(starts[line - 1] + column, text) for line, column, text in find_words(source)}
        try:
            found = {(each.start, each.text) for each in scan_tokens(source) if each.kind in {WORD, TEXT}}
        except NoTokensError as error:
            pytest.fail(f"{path}: {error}")
        numbers = {each for each in found - wanted if each[1][0].isdigit() or each[1][-1].isdigit() or "e" in each[1]}
        assert (path, wanted - found) == (path, set())
        assert (path, sorted(found - wanted - numbers)[:3]) == (path, [])


def test_the_ends_of_logical_lines_are_those_of_python() -> None:
    source = "a = (1,\n  2)\nb = '''x\ny'''; c = 1  # d\\\n\ne = 1 + \\\n  2\n"
    ends = [source.count("\n", 0, each.end) for each in scan_tokens(source) if each.kind == END]
    assert ends == [2, 4, 5, 7]


PYTHON_TWO = {
    "print 'hello'\n": "the print statement", "if x: print x\n": "the print statement",
    "print >>f, 1; print 2\n": "the print statement", "exec 'x = 1'\n": "the exec statement", "x = `y`\n": "backquotes",
    "if a <> b: pass\n": "the operator <>", "x = 0777\n": "the number 0777", "x = 10L\n": "the number 10L",
    "x = ur'a'\n": "a literal with the prefix ur", "raise E, 'text'\n": "raise with a comma",
}  # fmt: skip


@pytest.mark.parametrize("source", PYTHON_TWO)
def test_a_file_of_python_two_is_called_one(source: str) -> None:
    assert find_python_two(source) == PYTHON_TWO[source]
    facts = extract(f"from n.base import Base\n{source}".encode())
    assert (facts.status, facts.since, facts.reason.startswith("Python 2 (")) == ("syntax-error", "2", True)
    assert [row[3:7] for row in facts.rows[0]] == [("recovered", 0, "n.base", "Base")]


@pytest.mark.parametrize("source", ["def f(:\n", "x = '\n", "print(1) 2\n", "x = 1 2\n", "raise E(a, b) c\n"])
def test_what_is_wrong_in_every_version_is_not_called_python_two(source: str) -> None:
    assert find_python_two(source) == ""


# Findings


def see(root: Path, data: Path) -> Investigation:
    return investigate(root, data=data, jobs=1)


def read_messages(found: Investigation) -> list[str]:
    rows = found.table("findings").to_pylist()
    return [row["message"] for row in rows if row["rule"] == "file-not-parsed"]


NEW = "from p.base import Base\nclass Box[T](Base): ...\n"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this interpreter parses it")
def test_a_finding_names_the_versions_that_parse_a_file(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {"p/__init__.py": "", "p/base.py": "class Base: ...\n", "p/new.py": NEW}
    root = make_tree(files)
    assert "valid from Python 3.12" in read_messages(see(root, tmp_path / "data"))[0]
    wanted = {">=3.12": [], ">=3.11": ["3.11"], ">=3.9": ["3.9 to 3.11"], ">=3.9,<3.12": ["admits only 3.9 to 3.11"]}
    for versions, said in wanted.items():
        (root / "pyproject.toml").write_text(f'[project]\nname = "p"\nrequires-python = "{versions}"\n')
        messages = read_messages(see(root, tmp_path / "data"))
        assert [text in message for text, message in zip(said, messages, strict=True)] == [True] * len(said)


def test_the_names_of_a_newer_file_resolve_and_the_simulation_asks_for_the_version(
    make_tree: MakeTree, tmp_path: Path
) -> None:
    new = "from p.base import Base\nclass Box[T: int](Base):\n    def get(self, x: T) -> T: ...\n"
    files = {
        "p/__init__.py": "",
        "p/base.py": "class Base: ...\n",
        "p/new.py": f"{new}def f[U](x: U) -> U: ...\n",
        "p/user.py": "from p.new import Box\n",
    }
    root = make_tree(files)
    (root / "pyproject.toml").write_text('[project]\nname = "p"\nrequires-python = ">=3.12"\n')
    found = see(root, tmp_path / "data")
    assert ("p.user", "Box", "p.new:Box") in {
        (row["module"], row["name"], row["definition"]) for row in found.table("paths").to_pylist()
    }
    assert {row["outcome"] for row in found.table("simulated").to_pylist()} == {"ok"}
    (root / "pyproject.toml").write_text('[project]\nname = "p"\nrequires-python = "<3.12"\n')
    found = see(root, tmp_path / "data")
    outcomes = {row["module"]: row["outcome"] for row in found.table("simulated").to_pylist()}
    if sys.version_info < (3, 12):
        assert (outcomes["p.new"], outcomes["p.user"]) == ("syntax", "syntax")
        command = [sys.executable, "-c", "import p.user"]
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert "SyntaxError" in run.stderr


def test_lazy_imports_make_no_import_time_cycle(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "p"\nrequires-python = ">=3.15"\n',
        "p/__init__.py": "", "p/a.py": "lazy from p.b import B\nlazy import p.b as b\nclass A: ...\n",
        "p/b.py": "from p.a import A\nclass B(A): ...\n", "p/c.py": "from p.a import B, b\nprint(B, b.B)\n",
    }  # fmt: skip
    found = see(make_tree(files), tmp_path / "data")
    assert [row["kind"] for row in found.table("cycles").to_pylist() if not row["with_ancestors"]] == ["deferred"]
    assert {row["outcome"] for row in found.table("simulated").to_pylist()} == {"ok"}


GUARDS = {
    "import sys\nif sys.version_info >= (3, 12):\n    from p.new import Box\nelse:\n    Box = None\n": 0,
    "try:\n    from p.new import Box\nexcept SyntaxError:\n    Box = None\n": 0,
    "import sys\nif sys.version_info >= (3, 10):\n    from p.new import Box\n": 1,
    "try:\n    from p.new import Box\nexcept ImportError:\n    Box = None\n": 1,
    "import sys\nif sys.version_info >= (3, 12):\n    from p.new import Box\ndef f():\n    import p.new\n": 1,
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.new import Box\n": 1,
    "from p.other import Box\n": 1,
}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this interpreter parses it")
@pytest.mark.parametrize("user", GUARDS)
def test_a_file_that_only_newer_versions_import_is_no_finding(user: str, make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "p"\nrequires-python = ">=3.9"\n', "p/__init__.py": "",
        "p/base.py": "class Base: ...\n", "p/new.py": f"{NEW}import p.inner\n", "p/inner.py": "type X = int\n",
        "p/user.py": user, "p/other.py": "",
    }  # fmt: skip
    messages = read_messages(see(make_tree(files), tmp_path / "data"))
    assert [message.split()[0] for message in messages] == ["p/new.py"] * GUARDS[user]

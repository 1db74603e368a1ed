"""Notebooks as importers: their cells, IPython's own syntax, and the lines of the JSON file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis import tables
from analysis.facts.extract import extract_notebook
from analysis.facts.magics import strip_magics
from analysis.facts.rows import FileFacts
from analysis.investigation import Investigation
from analysis.pipeline import investigate

MakeTree = Callable[[Mapping[str, str]], Path]
IMPORTS = tables.FACT_TABLES.index(tables.IMPORTS)


def write_notebook(*cells: str | Sequence[str], indent: int | None = 1, **more: Any) -> str:
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell if isinstance(cell, str) else list(cell)}
        for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}, indent=indent)


def read(text: str) -> FileFacts:
    return extract_notebook(text.encode())


def list_imports(facts: FileFacts) -> list[tuple[str, str]]:
    return [(row[5], row[6]) for row in facts.rows[IMPORTS]]


def find_lines(text: str, *words: str) -> list[int]:
    lines = text.split("\n")
    return [next(number for number, line in enumerate(lines, 1) if word in line) for word in words]


# Places


def test_a_notebook_without_cells_imports_nothing() -> None:
    facts = read(write_notebook())
    assert (facts.status, list_imports(facts)) == ("ok", [])


def test_evidence_is_the_line_of_the_file_on_which_the_statement_stands() -> None:
    text = write_notebook(["import aa\n", "from bb import (\n", "    cc)\n"], ["x = 1\n", "import dd"])
    rows = read(text).rows[IMPORTS]
    assert [row[1] for row in rows] == find_lines(text, "import aa", "from bb", "import dd")
    assert rows[1][2] == rows[1][1] + 1


@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize(
    "cell", ["import aa\nimport bb", ["import aa\nimp", "ort bb"], ["import aa\r\n", "import bb\r\n"]]
)
def test_any_layout_of_the_json_is_read(indent: int | None, cell: str | list[str]) -> None:
    text = write_notebook("'''{\"cells\": [{\"source\": [\"import no\"]}]}'''", cell, indent=indent)
    facts = read(text)
    assert list_imports(facts) == [("aa", ""), ("bb", "")]
    assert {row[1] for row in facts.rows[IMPORTS]} <= set(range(1, text.count("\n") + 2))
    if indent is None:
        assert [row[1] for row in facts.rows[IMPORTS]] == [1, 1]


def test_outputs_markdown_and_attachments_are_no_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["import md\n"]},
        {"cell_type": "raw", "source": "import raw"},
        {
            "cell_type": "code",
            "source": ["import aa\n"],
            "outputs": [{"text": ["import out\n"], "source": ["import no"]}],
        },
        {"cell_type": "code", "metadata": {"source": ["import meta"]}, "source": "import bb"},
        7,
        None,
        {"source": "import cc"},
    ]
    text = json.dumps({"nbformat": 4, "source": ["import top"], "cells": cells, "metadata": {"cells": []}}, indent=2)
    facts = read(text)
    assert list_imports(facts) == [("aa", ""), ("bb", "")]
    assert [row[1] for row in facts.rows[IMPORTS]] == find_lines(text, "import aa", "import bb")


def test_classes_and_names_of_a_notebook_are_known_to_nobody() -> None:
    facts = read(write_notebook("class Order: ...\nORDERS = []\n__all__ = ['Order']\n"))
    assert [table.name for table, rows in zip(tables.FACT_TABLES, facts.rows, strict=True) if rows] == []


# What is not read


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("", "syntax-error", "no valid JSON"),
        ("{", "syntax-error", "no valid JSON"),
        ("[]", "notebook-not-read", "no notebook"),
        ('{"a": 1}', "notebook-not-read", "no notebook"),
        ("[" * 200_000, "syntax-error", "no valid JSON"),
        ('{"nbformat": 3, "worksheets": []}', "notebook-not-read", "nbformat 3"),
        ('{"nbformat": 4}', "notebook-not-read", "no list of cells"),
        ('{"nbformat": "x"}', "notebook-not-read", "nbformat x"),
        (write_notebook("import a", metadata={"kernelspec": {"language": "R"}}), "notebook-not-read", "is R"),
        (write_notebook("using A", metadata={"language_info": {"name": "julia"}}), "notebook-not-read", "is julia"),
        ("9" * 5000, "syntax-error", "no valid JSON"),
        ("NaN", "notebook-not-read", "no notebook"),
    ],
)
def test_what_is_no_python_notebook_is_a_row_with_the_reason(text: str, status: str, says: str) -> None:
    facts = read(text)
    assert (facts.status, says in facts.reason) == (status, True), facts.reason
    assert list_imports(facts) == []


def test_a_cell_that_does_not_parse_costs_only_itself() -> None:
    text = write_notebook(["import aa\n"], ["x = 1\n", "def f(:\n"], ["import bb\n"])
    facts = read(text)
    assert (facts.status, facts.error_line) == ("syntax-error", find_lines(text, "def f(")[0])
    assert facts.reason.startswith("cell 2, line 2: ")
    assert list_imports(facts) == [("aa", ""), ("bb", "")]


def test_bytes_that_are_no_utf8_and_halves_of_pairs_do_no_harm() -> None:
    assert extract_notebook(b'{"nbformat": 4, "cells": ["\xff"]}').status == "decode-error"
    assert extract_notebook(b"\xef\xbb\xbf" + write_notebook("import aa").encode()).status == "ok"
    assert list_imports(
        read(write_notebook("x = '\ud800'", "import aa\x00", "# -*- coding: latin-1 -*-\nimport bb"))
    ) == [("bb", "")]


def test_a_huge_output_takes_little_time() -> None:
    image = [{"data": {"image/png": "A" * 20_000_000}, "numbers": list(range(200_000))}]
    cells = [{"cell_type": "code", "source": ["import aa\n"], "outputs": image}]
    started = time.perf_counter()
    assert list_imports(read(json.dumps({"nbformat": 4, "cells": cells}))) == [("aa", "")]
    assert time.perf_counter() - started < 10
    assert read(" " * 33_000_000).status == "too-large"


# IPython's own syntax


@pytest.mark.parametrize(
    ("cell", "imports"),
    [
        ("%matplotlib inline\nimport a", ["a"]),
        ("!pip install b\nimport a", ["a"]),
        ("if 1:\n    !ls\nimport a", ["a"]),
        ("%%time\nimport a", ["a"]),
        ("%%capture out\nimport a", ["a"]),
        ("%%bash\nimport a", []),
        ("%%writefile x.py\nimport a", []),
        ("%%html\n<b>import a</b>", []),
        ("%%unknown\nimport a", []),
        ("\n\n%%timeit -n 3\nimport a", ["a"]),
        ("%time import a", ["a"]),
        ("%timeit -n 10 -r3 import a", ["a"]),
        ("%load_ext a\n%reload_ext b", []),
        ("files = !ls\nimport a", ["a"]),
        ("x, y = %sql select 1\nimport a", ["a"]),
        ("a?\nimport a", ["a"]),
        ("?a.b\nimport a", ["a"]),
        ("a.b??", []),
        ("print('''\n%matplotlib\nimport b''')\nimport a", ["a"]),
        ("x = (1\n% 2)\nimport a", ["a"]),
        ("!echo 'it is\nimport a", ["a"]),
        ("!echo a \\\n  import b\nimport a", ["a"]),
        ("pip install b\nimport a", ["a"]),
        ("ls\nimport a", ["a"]),
        ("  import a\n  import b", ["a", "b"]),
        ("x = 5 % 2\nimport a", ["a"]),
        ("await f()\nimport a", ["a"]),
        ("%pip install -q a; import b", []),
        ("# %run x.py\nimport a", ["a"]),
        ("async with a as b:\n    import c", ["c"]),
        ('x = f"{\'a\' + f"{1}"}"\n%time\nimport a', ["a"]),
        ("import a; !ls", []),
    ],
)
def test_magics_are_taken_out_and_python_stays(cell: str, imports: list[str]) -> None:
    assert [module for module, _ in list_imports(read(write_notebook(cell)))] == imports
    assert strip_magics(cell)[0].count("\n") == cell.count("\n")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("%run x.py", ["./x.py"]),
        ("%run x", ["./x.py"]),
        ("%run -i ../lib/x.py a b", ["./../lib/x.py"]),
        ("%run other.ipynb", ["./other.ipynb"]),
        ("%run 'my file.py' # now", ["./my file.py"]),
        ("%run -m pkg.mod a", ["pkg.mod"]),
        ("%run -p -l 10 x.py", ["./x.py"]),
        ("run x.py", ["./x.py"]),
        ("%run $name", []),
        ("%run {name}.py", []),
        ("%run /tmp/x.py", []),
        ("%run", []),
        ("%run -m", []),
        ("%run 'x", []),
        ("%run ~/x.py", []),
        ("%load_ext x", []),
        ("'''\n%run x.py\n'''", []),
    ],
)
def test_run_names_a_file_or_module(line: str, named: list[str]) -> None:
    facts = read(write_notebook(line))
    assert [(row[3], row[5]) for row in facts.rows[IMPORTS]] == [("run", name) for name in named]


def test_ten_thousand_magics_take_no_time() -> None:
    started = time.perf_counter()
    cell = "".join(f"!echo {number} 'x\nimport a{number}\n%time x = (\n" for number in range(10_000))
    read(write_notebook(cell, "%timeit " + "-n " * 50_000, "x = " + " " * 100_000 + "?", "a, " * 50_000))
    assert time.perf_counter() - started < 20


# In a tree


def see(root: Path, data: Path) -> Investigation:
    return investigate(root, data=data, jobs=1)


def list_findings(found: Investigation, rule: str = "") -> list[tuple[str, str, int]]:
    rows = found.table("findings").to_pylist()
    return [
        (row["severity"], place["path"], place["line"])
        for row in rows
        for place in row["evidence"]
        if rule in {"", row["rule"]}
    ]


def test_what_a_notebook_imports_in_vain_is_found_at_its_line(make_tree: MakeTree, tmp_path: Path) -> None:
    text = write_notebook(["%matplotlib inline\n", "from w.models import Order, Lost\n"], ["import w.gone\n"])
    files = {"w/__init__.py": "", "w/models.py": "class Order: ...\n", "nb/a b.ipynb": text}
    found = see(make_tree(files), tmp_path / "data")
    places = {(path, line) for _, path, line in list_findings(found)}
    assert {("nb/a b.ipynb", line) for line in find_lines(text, "from w.models", "import w.gone")} <= places
    metrics = {row["metric"]: row["value"] for row in found.table("metrics").to_pylist()}
    assert (metrics["notebooks"], metrics["modules"], metrics["files"], metrics["files-not-parsed"]) == (1, 2, 3, 0)


def test_a_notebook_is_never_imported(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "w/__init__.py": "",
        "w/a.py": "import w.book\nimport w.book.ipynb\n",
        "w/book.ipynb": write_notebook("class Order: ...\nimport w.b"),
        "w/b.py": "class Order: ...\n",
        "top@x.ipynb": write_notebook("from . import b\nimport w"),
    }
    found = see(make_tree(files), tmp_path / "data")
    edges = {(row["importer"], row["imported"]) for row in found.table("edges").to_pylist() if not row["is_ancestor"]}
    assert edges == {("w.book.ipynb", "w.b"), ("top%40x.ipynb", "w")}
    assert {row["module"] for row in found.table("phantoms").to_pylist()} == {".", "w.book", "w.book.ipynb"}
    assert {row["module"] for row in found.table("simulated").to_pylist()} == {"w", "w.a", "w.b"}
    assert {row["name"]: row["definition"] for row in found.table("paths").to_pylist() if row["name"] == "Order"} == {
        "Order": "w.b:Order"
    }


def test_a_notebook_beside_a_module_of_its_name_hides_nothing(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "w/__init__.py": "",
        "w/a.py": "X = 1\n",
        "w/a.ipynb": write_notebook("from w.a import X"),
        "w/a/ipynb.py": "",
    }
    found = see(make_tree(files), tmp_path / "data")
    assert {row["shadowed_by"] for row in found.table("modules").to_pylist() if row["kind"] == "notebook"} == {""}
    assert ("w.a.ipynb", "w.a") in {(row["importer"], row["imported"]) for row in found.table("edges").to_pylist()}


def test_run_is_an_edge_to_the_file_it_runs(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "nb/a.ipynb": write_notebook(
            "%run b.ipynb\n%run ../lib/tool.py\n%run lib/other\n%run -m w.c\n%run no.py\n%run ../../x.py"
        ),
        "nb/b.ipynb": write_notebook("import w.c\n%run a.ipynb"),
        "lib/tool.py": "",
        "lib/other.py": "",
        "w/__init__.py": "",
        "w/c.py": "",
    }
    found = see(make_tree(files), tmp_path / "data")
    rows = found.table("edges").to_pylist()
    edges = {(row["importer"], row["imported"], row["kind"]) for row in rows if not row["is_ancestor"]}
    assert edges == {
        ("nb.a.ipynb", "nb.b.ipynb", "run"),
        ("nb.a.ipynb", "lib.tool", "run"),
        ("nb.a.ipynb", "lib.other", "run"),
        ("nb.a.ipynb", "w.c", "run"),
        ("nb.b.ipynb", "w.c", "import"),
        ("nb.b.ipynb", "nb.a.ipynb", "run"),
    }


def test_a_target_that_is_a_package_has_its_notebooks_too(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "w/__init__.py": "",
        "w/m.py": "import w\n",
        "w/nb/a.ipynb": write_notebook("import w.m, helper"),
        "w/nb/helper.py": "",
    }
    root = make_tree(files) / "w"
    edges = {
        (row["importer"], row["imported"])
        for row in see(root, tmp_path / "data").table("edges").to_pylist()
        if not row["is_ancestor"]
    }
    assert ("w.nb.a.ipynb", "w.m") in edges
    assert ("w.nb.a.ipynb", "w.nb.helper") in edges


def test_a_broken_notebook_is_a_finding_and_another_language_is_none(make_tree: MakeTree, tmp_path: Path) -> None:
    files = {
        "w/__init__.py": "",
        "w/m.py": "",
        "a.ipynb": "{",
        "b.ipynb": write_notebook("x <- 1", metadata={"kernelspec": {"language": "R"}}),
        ".ipynb_checkpoints/a-checkpoint.ipynb": write_notebook("import w.gone"),
    }
    found = see(make_tree(files), tmp_path / "data")
    assert list_findings(found) == [("P2", "a.ipynb", 1)]
    assert {row["path"]: row["status"] for row in found.table("files").to_pylist() if row["path"][0] in "ab"} == {
        "a.ipynb": "syntax-error",
        "b.ipynb": "notebook-not-read",
    }


@pytest.mark.parametrize(
    "changes",
    ["sys.path += ['../src/core', '../src']", "sys.path.append('../src/core')\nsys.path.append('../src')",
     "import os\nsys.path.insert(0, os.path.abspath('../src/core'))\nsys.path.insert(0, os.path.abspath('../src'))",
     "from pathlib import Path\nsys.path.append(str(Path.cwd().parent / 'src/core'))\nsys.path.append('../src')"],
)  # fmt: skip
def test_a_notebook_changes_the_search_path_from_its_own_folder(
    changes: str, make_tree: MakeTree, tmp_path: Path
) -> None:
    notebook = write_notebook(f"import sys\n{changes}", "from m import M\nfrom core.m import M as N\nassert M is N")
    files = {"nb/a.ipynb": notebook, "src/core/__init__.py": "", "src/core/m.py": "class M: ...\n"}
    found = see(make_tree(files), tmp_path)
    assert {path for _, path, _ in list_findings(found, "file-with-two-names")} == {"nb/a.ipynb"}


def test_a_notebook_that_is_a_link_out_of_the_target_is_not_read(make_tree: MakeTree, tmp_path: Path) -> None:
    root = make_tree({"w/__init__.py": ""})
    outside = tmp_path / "outside.ipynb"
    outside.write_text(write_notebook("import w.gone"))
    (root / "a.ipynb").symlink_to(outside)
    found = see(root, tmp_path / "data")
    assert {row["path"]: row["status"] for row in found.table("files").to_pylist()}["a.ipynb"] == "not-a-file"


def test_one_content_in_a_notebook_and_a_module_is_read_as_each(make_tree: MakeTree, tmp_path: Path) -> None:
    text = write_notebook("import w.gone")
    found = see(make_tree({"w/__init__.py": "", "a.py": text, "a.ipynb": text}), tmp_path / "data")
    assert [row["path"] for row in found.table("phantoms").to_pylist()] == ["a.ipynb"]

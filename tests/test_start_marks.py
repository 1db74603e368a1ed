"""Statements that change the search path, against what CPython makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import tables
from analysis.facts import scan
from analysis.facts.extract import extract

NAMES = tables.START_MARKS.names[1:]


def read(source: str) -> list[dict[str, object]]:
    number = [table.name for table in tables.FACT_TABLES].index("start_marks")
    return [dict(zip(NAMES, row, strict=True)) for row in extract(source.encode()).rows[number]]


EDITS = {
    "dirname of __file__": "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n",
    "abspath and join": (
        "import os, sys\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
        "sys.path.append(os.path.join(HERE, 'lib'))\n"
    ),
    "two folders up": "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', '..'))\n",
    "dirname of what goes up": (
        "import os, sys\nsys.path.insert(0, os.path.dirname(os.path.join(os.path.dirname(__file__), '..')))\n"
    ),
    "pardir": "import os, sys\nsys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, 'lib'))\n",
    "parents": "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).resolve().parents[1]))\n",
    "parent and a name": (
        "import sys\nfrom pathlib import Path\nROOT = Path(__file__).resolve().parent.parent\n"
        "sys.path.insert(0, str(ROOT / 'lib'))\n"
    ),
    "extend": "import os, sys\nsys.path.extend([os.getcwd(), os.path.dirname(__file__) + '/lib'])\n",
    "added": "import os, sys\nsys.path += [os.path.dirname(__file__)]\n",
    "assigned": "import os, sys\nsys.path = [os.path.join(os.path.dirname(__file__), 'lib')] + sys.path\n",
    "slice": "import os, sys\nsys.path[0:0] = [os.path.dirname(os.path.realpath(__file__))]\n",
    "an f-string": "import os, sys\nHERE = os.path.dirname(__file__)\nsys.path.append(f'{HERE}/lib')\n",
    "a loop": ("import os, sys\nfor name in (os.path.dirname(__file__), os.getcwd()):\n    sys.path.insert(0, name)\n"),
    "a literal is relative to the working folder": "import sys\nsys.path.append('lib')\n",
    "another name of sys": "import os, sys as s\ns.path.insert(0, os.path.dirname(__file__))\n",
    "path of sys": "from sys import path\nimport os\npath.append(os.path.dirname(__file__))\n",
    "site": "import os, site\nsite.addsitedir(os.path.join(os.path.dirname(__file__), 'lib'))\n",
    "a guard": (
        "import os, sys\nHERE = os.path.dirname(__file__)\nif HERE not in sys.path:\n    sys.path.append(HERE)\n"
    ),
    "inside a function": "import os, sys\ndef f():\n    sys.path.append(os.path.dirname(__file__))\nf()\n",
    "another name of os.path": "import sys, os.path as osp\nsys.path.append(osp.join(osp.dirname(__file__), 'lib'))\n",
    "a path from os": "import sys\nfrom os import path as p\nsys.path.append(p.join(p.dirname(__file__), 'lib'))\n",
    "a text with places": "import os, sys\nsys.path.append('%s/%s' % (os.path.dirname(__file__), 'lib'))\n",
    "format": "import os, sys\nsys.path.append('{}/lib'.format(os.path.dirname(__file__)))\n",
    "joined by the separator": "import os, sys\nsys.path.append(os.sep.join([os.path.dirname(__file__), 'lib']))\n",
    "a list with a name": (
        "import os, sys\nHERE = os.path.dirname(__file__)\nFOLDERS = [HERE, HERE + '/lib']\nsys.path += FOLDERS\n"
    ),
    "a list that is computed": (
        "import os, sys\nHERE = os.path.dirname(__file__)\n"
        "sys.path[:0] = [os.path.join(HERE, name) for name in ('lib', '..')]\n"
    ),
    "mapped to texts": (
        "import sys\nfrom pathlib import Path\nHERE = Path(__file__).parent\n"
        "sys.path.extend(map(str, (HERE, HERE / 'lib')))\n"
    ),
    "a loop over a name": (
        "import os, sys\nNAMES = ('lib', '..')\nfor name in NAMES:\n"
        "    sys.path.append(os.path.join(os.path.dirname(__file__), name))\n"
    ),
    "a parameter": (
        "import os, sys\ndef add(name):\n    sys.path.append(os.path.join(os.path.dirname(__file__), name))\n"
        "add('lib')\nadd('..')\n"
    ),
    "all arguments": (
        "import os, sys\ndef add(*names):\n    for name in names:\n        path = os.path.join(os.getcwd(), name)\n"
        "        if path not in sys.path:\n            sys.path.insert(0, path)\nadd('lib')\n"
    ),
    "split": "import os, sys\nsys.path.insert(0, os.path.split(os.path.abspath(__file__))[0])\n",
}


@pytest.mark.parametrize("name", EDITS)
def test_the_folders_are_those_that_python_has_on_its_path(name: str, tmp_path: Path) -> None:
    root = tmp_path.resolve()
    for folder in ("a/b/c/lib", "a/b/lib", "work/lib"):
        (root / folder).mkdir(parents=True)
    file = root / "a/b/c/m.py"
    file.write_text(EDITS[name] + "import sys as _s\nprint(*_s.path, sep='\\n')\n")
    run = [sys.executable, "-I", "-c", f"import runpy; runpy.run_path({str(file)!r})"]
    ran = subprocess.run(run, cwd=root / "work", capture_output=True, text=True, check=True)
    true = {os.path.realpath(root / "work" / line) for line in ran.stdout.splitlines() if line}
    bases = {"file": root / "a/b/c", "working-folder": root / "work"}
    said = {os.path.realpath(bases[str(row["base"])] / str(row["folder"])) for row in read(EDITS[name])}
    assert said
    assert said == {place for place in true if place.startswith(str(root))} - {str(root / "work/..")}


@pytest.mark.parametrize("value", ["os.environ['X']", "find()", "f'lib{x}'", "__file__ + 'x'"])
def test_a_folder_that_is_computed_otherwise_is_unknown(value: str) -> None:
    rows = read(f"import sys\nsys.path.append({value})\n")
    assert [row["base"] for row in rows] == ["unknown"]


def test_a_file_without_any_says_nothing() -> None:
    assert read("import sys\nprint(sys.argv)\n") == []


def test_a_main_guard_settings_and_named_modules_are_noted() -> None:
    source = (
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\nINSTALLED_APPS = ['pages'] + [\n"
        "    'shop.cart',\n]\napp = Celery('x', include=['app.tasks'])\nif __name__ == '__main__':\n    pass\n"
    )
    found = [(row["kind"], row["value"], row["line"]) for row in read(source)]
    assert found == [
        ("settings", "site.settings", 2), ("named-module", "pages", 3), ("named-module", "shop.cart", 4),
        ("named-module", "app.tasks", 6), ("main-guard", "", 7),
    ]  # fmt: skip


def test_a_path_that_doubles_with_each_line_is_soon_unknown() -> None:
    lines = "".join(f"A{number} = os.path.join(A{number - 1}, A{number - 1})\n" for number in range(1, 40))
    rows = read(f"import os, sys\nA0 = 'x'\n{lines}sys.path.append(A39)\n")
    assert [row["base"] for row in rows] == ["unknown"]


BLOCKS = (
    "{}", "if x:\n    {}", "if x:\n    pass\nelse:\n    {}", "if x:\n    if y:\n        {}", "if True:\n    {}",
    "for x in y:\n    {}", "while x:\n    {}", "with x:\n    {}", "try:\n    {}\nexcept E:\n    pass",
    "try:\n    pass\nexcept E:\n    {}", "match x:\n    case 1:\n        {}", "def f():\n    {}",
    "class C:\n    {}", "if x:\n    def f():\n        {}", "if __name__ == '__main__':\n    {}",
    "if sys.version_info > (3,):\n    {}\nelif y:\n    pass",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {}",
)  # fmt: skip


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("edit", ["sys.path.insert(0, '.')", "INSTALLED_APPS = ['a.b']", "site.addsitedir('lib')"])
def test_a_file_is_read_whatever_block_an_edit_stands_in(tmp_path: Path, block: str, edit: str) -> None:
    (tmp_path / "m.py").write_text(f"import sys, site\n{block.format(edit)}\nfrom other import thing\n")
    facts = scan(tmp_path)
    assert facts.not_analysed.num_rows == 0
    assert facts.files["status"].to_pylist() == ["ok"]
    assert "other" in tables.read_column(facts.imports, "module")

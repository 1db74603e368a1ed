"""Programs that import what they find in a folder: the simulation lists the folder as CPython does."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from first_imports import compare_programs, decide, place_programs, simulate

Tree = Callable[..., Path]

_FOLDER = {
    "pk/__init__.py": "from pk.plugins import load\n",
    "pk/reg.py": "ITEMS = []\ndef register(c):\n    ITEMS.append(c)\n    return c\n",
    "pk/plugins/one.py": "from pk.reg import register\n@register\nclass One: ...\n",
    "pk/plugins/two.py": "from pk.reg import register\nfrom pk import load\n@register\nclass Two: ...\n",
    "pk/plugins/_hidden.py": "raise ValueError\n",
    "pk/plugins/notes.txt": "",
    "pk/plugins/sub/__init__.py": "",
    "pk/plugins/sub/deep.py": "",
    "pk/plugins/data/x.txt": "",
}
_ALL = "from . import *\n"
#: Ways of a package to import the modules of its own folder.
WAYS = {
    "iter_modules": "import importlib, pkgutil\nfor m in pkgutil.iter_modules(__path__):\n    if not m.name.startswith('_'):\n        importlib.import_module(f'{__name__}.{m.name}')\n",
    "iter_modules, unpacked": "import importlib, pkgutil\nfor finder, name, is_package in pkgutil.iter_modules(__path__, __name__ + '.'):\n    if not is_package and '._' not in name:\n        importlib.import_module(name)\n",
    "iter_modules by keywords": "import pkgutil\nfrom importlib import import_module\nfor m in pkgutil.iter_modules(path=__path__, prefix=f'{__name__}.'):\n    if m.ispkg or m[1].endswith('two'):\n        import_module(m.name)\n",
    "iter_modules of a computed folder": "import os, pkgutil\nfor m in pkgutil.iter_modules([os.path.dirname(__file__)]):\n    if m.name[0] != '_': __import__('pk.plugins.' + m.name)\n",
    "iter_modules of a text": "import os, pkgutil\nfor m in pkgutil.iter_modules(os.path.dirname(__file__)):\n    pass\n",
    "walk_packages": "import importlib, pkgutil\nfor _, name, _ in pkgutil.walk_packages(__path__, __name__ + '.'):\n    if '_' not in name: importlib.import_module(name)\n",
    "walk_packages into a list": "import importlib, pkgutil\nfound = [m.name for m in pkgutil.walk_packages(__path__, __name__ + '.')]\nfor name in found:\n    if '._' not in name: importlib.import_module(name)\n",
    "listdir": "import os\nfor f in os.listdir(os.path.dirname(__file__)):\n    if f.endswith('.py') and f != '__init__.py' and not f.startswith('_'):\n        __import__('pk.plugins.' + f[:-3])\n",
    "listdir, sorted": "import os, importlib\nHERE = os.path.dirname(os.path.abspath(__file__))\nfor f in sorted(os.listdir(HERE)):\n    name, end = os.path.splitext(f)\n    if end == '.py' and name[0] != '_':\n        importlib.import_module('.' + name, __package__)\n",
    "listdir, asked for files": "import os\nfolder = os.path.dirname(__file__)\nfor f in os.listdir(folder):\n    if not os.path.isfile(os.path.join(folder, f)) or f.startswith('_') or not f.endswith('.py'):\n        continue\n    __import__('pk.plugins.' + f.replace('.py', ''))\n",
    "listdir into a list": "import os, importlib\nnames = []\nfor f in os.listdir(os.path.dirname(__file__)):\n    if f.endswith('.py'):\n        names.append(f[:-3])\nnames.sort()\nfor name in names:\n    if not name.startswith('_'): importlib.import_module('pk.plugins.' + name)\n",
    "scandir": "import os, importlib\nwith os.scandir(os.path.dirname(__file__)) as entries:\n    for entry in entries:\n        if entry.is_file() and entry.name.endswith('.py') and not entry.name.startswith('_'):\n            importlib.import_module('pk.plugins.' + entry.name[:-3])\n",
    "scandir without with": "import os, importlib\nfor entry in os.scandir(os.path.dirname(__file__)):\n    if entry.is_dir() and os.path.exists(os.path.join(entry.path, '__init__.py')):\n        importlib.import_module('pk.plugins.' + entry.name)\nimportlib.import_module('pk.plugins.two')\n",
    "glob": "import glob, os\nfor f in glob.glob(os.path.join(os.path.dirname(__file__), '*.py')):\n    name = os.path.basename(f)[:-3]\n    if not name.startswith('_'): __import__('pk.plugins.' + name)\n",
    "glob of a sum": "import glob, os\nfor f in glob.glob(os.path.dirname(__file__) + '/*.py'):\n    name = os.path.splitext(os.path.basename(f))[0]\n    if not name.startswith('_'): __import__('pk.plugins.' + name)\n",
    "iglob, deep": "from glob import iglob\nfrom os.path import dirname, join, relpath\nfor f in sorted(iglob(join(dirname(__file__), '**', '[!_]*.py'), recursive=True)):\n    __import__('pk.plugins.' + relpath(f, dirname(__file__))[:-3].replace('/', '.'))\n",
    "Path.glob": "from pathlib import Path\nfrom importlib import import_module\nfor f in Path(__file__).parent.glob('*.py'):\n    if not f.stem.startswith('_'): import_module('.' + f.stem, __package__)\n",
    "Path.glob, sorted": "from pathlib import Path\nfrom importlib import import_module\nfor f in sorted(Path(__file__).resolve().parent.glob('[!_]*.py')):\n    import_module(f'{__package__}.{f.stem}')\n",
    "Path.iterdir": "from pathlib import Path\nimport importlib\nfor f in Path(__file__).parent.iterdir():\n    if f.suffix == '.py' and f.name[0] != '_': importlib.import_module(f'.{f.stem}', package=__name__)\n",
    "Path.rglob": "from pathlib import Path\nimport importlib\nHERE = Path(__file__).parent\nfor f in sorted(HERE.rglob('[!_]*.py')):\n    importlib.import_module('.'.join((__name__, *f.relative_to(HERE).with_suffix('').parts)))\n",
    "resources": "import importlib\nfrom importlib import resources\nfor f in resources.files(__package__).iterdir():\n    if f.name.endswith('.py') and not f.name.startswith('_'): importlib.import_module('pk.plugins.' + f.name[:-3])\n",
    "Path of a name": "import os, importlib\nfrom pathlib import Path\nfor f in os.listdir(os.path.dirname(__file__)):\n    if Path(f).suffix == '.py' and not f.startswith('_'): importlib.import_module('pk.plugins.' + Path(f).stem)\n",
    "getmodulename": "import os, inspect\nfor f in sorted(os.listdir(os.path.dirname(__file__))):\n    name = inspect.getmodulename(f)\n    if name and name[0] != '_': __import__('pk.plugins.' + name)\n",
    "__all__ and a star": "import glob\nfrom os.path import dirname, basename, isfile, join\nmodules = glob.glob(join(dirname(__file__), '*.py'))\n__all__ = [basename(f)[:-3] for f in modules if isfile(f) and not basename(f).startswith('_')]\n"
    + _ALL,
    "__all__ of names and a star": "import pkgutil\n__all__ = [name for _, name, _ in pkgutil.iter_modules(__path__) if name[0] != '_']\n"
    + _ALL,
    "a function": "import importlib, pkgutil\ndef discover(path, prefix, found):\n    for m in pkgutil.iter_modules(path):\n        if not m.name.startswith('_'):\n            found[m.name] = importlib.import_module(prefix + m.name)\n    return found\nFOUND = discover(__path__, 'pk.plugins.', {})\n",
    "comprehension": "import importlib, pkgutil\nMODULES = [importlib.import_module('pk.plugins.' + m.name) for m in pkgutil.iter_modules(__path__) if m.name[:1] != '_']\n",
    "nothing calls it": "import importlib, pkgutil\ndef discover():\n    for m in pkgutil.iter_modules(__path__):\n        importlib.import_module(f'{__name__}.{m.name}')\n",
    "errors are swallowed": "import importlib, pkgutil\nfor m in pkgutil.iter_modules(__path__):\n    try:\n        importlib.import_module(f'{__name__}.{m.name}')\n    except (ImportError, ValueError):\n        pass\n",
    "names are put into the module": "import importlib, pkgutil\nfor m in pkgutil.iter_modules(__path__):\n    if m.ispkg:\n        globals()[m.name] = importlib.import_module(f'{__name__}.{m.name}')\nimportlib.import_module('pk.plugins.two')\n",
}
_PROGRAMS = [{**_FOLDER, "pk/plugins/__init__.py": f"{way}def load(): ...\n"} for way in WAYS.values()]
#: Folders of another package, by its module, and by names that no file of the tree has.
_ELSEWHERE = (
    {
        "pk/__init__.py": "",
        "pk/tasks/__init__.py": "",
        "pk/tasks/mail.py": "from pk.gone import x\n",
        "pk/boot.py": "import importlib, pkgutil\nimport pk.tasks\ndef discover():\n    for m in pkgutil.iter_modules(pk.tasks.__path__):\n        importlib.import_module('pk.tasks.' + m.name)\ndiscover()\n",
    },
    {
        "pk/__init__.py": "",
        "pk/tasks/__init__.py": "",
        "pk/tasks/mail.py": "",
        "pk/boot.py": "import os\nfrom pk import tasks\nfor f in os.listdir(os.path.dirname(tasks.__file__)):\n    if f.endswith('.py'): __import__('pk.other.' + f[:-3])\n",
    },
    {
        "pk/__init__.py": "",
        "pk/tasks/mail.py": "",
        "pk/tasks/sub/__init__.py": "",
        "pk/boot.py": "import pkgutil, pk.tasks\nfound = [m.name for m in pkgutil.iter_modules(pk.tasks.__path__)]\nif found == ['mail', 'sub']: raise KeyError\n",
    },
    {
        "pk/__init__.py": "",
        "pk/a.py": "import pk.b\n",
        "pk/b.py": "from pk.gone import x\n",
        "pk/boot.py": "import os\nfor f in os.listdir(os.path.dirname(__file__)):\n    if f in ('a.py', 'b.py'): __import__('pk.' + f[:-3])\n",
    },
)
_SETUP = "import os, glob, pkgutil\nfrom pathlib import Path, PurePath\nHERE = os.path.dirname(__file__)\nFILES = os.listdir(HERE)\nPATHS = glob.glob(os.path.join(HERE, '*.py'))\n"
_DECIDED = (
    "'m.py' in FILES", "'gone.py' in FILES", "sorted(f for f in FILES if f.endswith('.py')) == ['__init__.py', 'm.py']",
    "len(PATHS) == 2", "sorted(FILES, reverse=True)[-1] == '__init__.py'", "sorted(PATHS)[1].endswith('/m.py')",
    "sorted(PATHS)[0].endswith(('x', 'm.py'))", "os.path.basename(sorted(PATHS)[1]) == 'm.py'", "os.path.splitext('a.b.py')[0] == 'a.b'",
    "os.path.split(sorted(PATHS)[1])[1] == 'm.py'", "os.path.relpath(sorted(PATHS)[1], HERE) == 'm.py'", "Path('x/one.py').stem == 'one'",
    "PurePath('x/one.py').parts == ('x', 'one.py')", "Path(__file__).parent.joinpath('m.py').with_suffix('').name == 'm'",
    "[p.stem for p in sorted(Path(HERE).glob('*.py'))] == ['__init__', 'm']", "set(FILES) >= {'m.py'}",
    "[m.name for m in pkgutil.iter_modules([HERE])] == ['m']", "[m.ispkg for m in pkgutil.iter_modules([HERE])] == [True]",
    "os.path.join('a', 'b.py') == 'a/b.py'", "str(Path('a/b')) == 'a/b'", "list(Path(HERE).glob('gone*'))",
)  # fmt: skip


def test_what_a_package_finds_in_its_folder_is_imported_as_cpython_imports_it(make_tree: Tree) -> None:
    programs = [*_PROGRAMS, *_ELSEWHERE]
    assert compare_programs(make_tree(place_programs(programs)), programs) == []


def test_every_way_but_those_that_import_nothing_fails_for_sure(make_tree: Tree) -> None:
    rows = simulate(make_tree(place_programs(_PROGRAMS)))
    fails = {way: rows[f"t{number}"] for number, way in enumerate(WAYS)}
    doubtful = {way for way, row in fails.items() if row["doubt"]}
    fine = {way for way, row in fails.items() if row["outcome"] == "ok"}
    assert fine == {"nothing calls it", "errors are swallowed"}
    assert not doubtful


def test_what_programs_compute_from_the_names_in_a_folder_decides_what_runs(make_tree: Tree) -> None:
    programs = [decide(_SETUP, test) for test in _DECIDED]
    assert compare_programs(make_tree(place_programs(programs)), programs) == []


_PLUGINS = {"p/__init__.py": "", "p/one.py": "import p.two\nX = 1\n", "p/two.py": "from p.one import X\n"}
_LOOP = "import os\nfor f in {}(os.listdir(os.path.dirname(__file__))):\n    if f in ('one.py', 'two.py'): __import__('p.' + f[:-3])\n"


def test_a_failure_that_another_order_of_the_files_keeps_away_is_not_certain(make_tree: Tree) -> None:
    unordered = simulate(make_tree({**_PLUGINS, "p/boot.py": _LOOP.format("list")}))["p.boot"]
    assert "no known order" in unordered["doubt"]
    in_order = simulate(make_tree({**_PLUGINS, "p/boot.py": _LOOP.format("sorted")}))["p.boot"]
    assert (in_order["outcome"], in_order["doubt"]) == ("circular", "")


@pytest.mark.parametrize(
    "whole", ["os.listdir(HERE)", "glob.glob(HERE + '/*')", "set(os.listdir(HERE))", "os.scandir(HERE)"]
)
def test_the_first_file_of_a_folder_is_not_known(make_tree: Tree, whole: str) -> None:
    text = f"import os, glob\nHERE = os.path.dirname(__file__)\nfound = list({whole})\nif found[0] == 'a.py': import p.gone\n"
    row = simulate(make_tree({"p/__init__.py": "", "p/a.py": "", "p/boot.py": text}))["p.boot"]
    assert row["outcome"] == "ok" and "may not run" in row["doubt"]

"""Files under two names get one, and neighbours under a bare name their full one; CPython loads each file once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fixed_trees import apply_offers, find_fixes, find_proved

from analysis.fixes.second_names import find_second_names


def find(investigation, tree):
    return find_second_names(investigation.table, tree)


def run(root, *command):
    done = subprocess.run([sys.executable, "-B", *command], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.split() if not done.returncode else done.stderr.strip().splitlines()[-1]


TWICE = {
    "backend/__init__.py": "", "backend/app/__init__.py": "", "backend/app/n.py": "print(__name__)\nclass N: ...\n",
    "backend/app/m.py": "from app.n import N\nimport app.n as other\nimport sys, app.n\nX = app.n.N\n",
    "main.py": "import sys\nsys.path.insert(0, 'backend')\nimport backend.app.n\nimport backend.app.m\n",
}  # fmt: skip


def test_a_file_that_is_loaded_under_two_names_is_imported_by_one(make_tree):
    root = make_tree(TWICE)
    assert run(root, "main.py") == ["backend.app.n", "app.n"]
    assert find_proved(root) == (["second-names"], [])
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    apply_offers(root, offers)
    assert run(root, "main.py") == ["backend.app.n"]
    assert (root / "backend/app/m.py").read_text() == (
        "from backend.app.n import N\nimport backend.app.n as other\nimport sys\nimport backend.app.n\n"
        "from backend import app\nX = app.n.N\n"
    )
    assert (root / "main.py").read_text() == "import sys\nimport backend.app.n\nimport backend.app.m\n"
    assert find_fixes(root, find)[0] == []


def test_texts_that_load_the_file_or_name_what_tests_replace_follow(make_tree):
    tests = (
        "from importlib import import_module\nfrom unittest import mock\nimport backend.app.m\n\n\n"
        "@mock.patch('app.n.N', 1)\ndef check():\n    return import_module('app.n').N\n\n\nprint(check(), 'app.n')\n"
    )
    root = make_tree({**TWICE, "check.py": tests, "main.py": f"{TWICE['main.py']}import check\n"})
    assert run(root, "main.py") == ["backend.app.n", "app.n", "1", "app.n"]
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    apply_offers(root, offers)
    assert run(root, "main.py") == ["backend.app.n", "1", "app.n"]
    assert (root / "check.py").read_text() == tests.replace("'app.n.N'", "'backend.app.n.N'").replace(
        "import_module('app.n')", "import_module('backend.app.n')"
    )
    assert "path" not in (root / "main.py").read_text()
    assert find_fixes(root, find) == ([], [])


@pytest.mark.parametrize("needing", [
    "import other\n", "def load(name):\n    return __import__(name)\n", "import sys\nHOME = sys.path[0]\n",
])  # fmt: skip
def test_a_line_of_the_search_path_stays_where_something_may_need_it(make_tree, needing):
    offers, refused = find_fixes(make_tree({**TWICE, "backend/other.py": "", "needing.py": needing}), find)
    assert (len(offers), refused) == (1, [])
    assert [(each.path, each.line) for each in offers[0].mentions] == [("main.py", 2)]
    assert all(edit.path == "backend/app/m.py" for edit in offers[0].edits)


def test_a_neighbour_under_its_bare_name_gets_the_full_one(make_tree):
    files = {
        "p/__init__.py": "", "p/near.py": "print(__name__)\nA = 1\n",
        "p/c.py": "import near\nfrom near import A  # why\nimport near as n, sys\nB = near.A\n",
        "main.py": "import p.c\n",
    }  # fmt: skip
    root = make_tree(files)
    assert "No module named 'near'" in run(root, "main.py")
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    assert offers[0].clears
    apply_offers(root, offers)
    assert run(root, "main.py") == ["p.near"]
    assert (root / "p/c.py").read_text() == (
        "from p import near\nfrom p.near import A  # why\nimport sys\nimport p.near as n\nB = near.A\n"
    )
    assert find_fixes(root, find) == ([], [])


PROGRAM = {
    "app.py": (
        "#!/usr/bin/env python\n\"\"\"Work.\"\"\"\nimport sys  # what it needs\n\n\nclass Job: ...\n\n\n_SIZE = 1\n\n\n"
        'if __name__ == "__main__":  # start\n    import worker\n\n    done = worker.run(Job())\n'
        "    print([done for _ in range(_SIZE)], sys.argv[1:])\n"
    ),
    "worker.py": "import os\nfrom app import Job as Work  # late\nimport app\n\n\ndef run(job):\n"
                 "    return isinstance(job, Work) and isinstance(job, app.Job)\n",
}  # fmt: skip


def test_a_program_that_its_imports_load_again_becomes_a_launcher(make_tree):
    files = PROGRAM
    root = make_tree(files)
    assert run(root, "app.py", "x") == ["[False]", "['x']"]
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, []) and offers[0].clears
    assert find_proved(root) == (["second-names"], [])
    apply_offers(root, offers)
    assert run(root, "app.py", "x") == ["[True]", "['x']"]
    assert (root / "app.py").read_text() == (
        '#!/usr/bin/env python\n"""Work."""\nfrom app_main import Job as Job, main as main\n\n'
        'if __name__ == "__main__":\n    main()\n'
    )
    moved = files["app.py"].partition("\n")[2].replace('if __name__ == "__main__"', "def main() -> None")
    assert (root / "app_main.py").read_text() == moved
    assert (root / "worker.py").read_text() == (
        files["worker.py"]
        .replace("from app import", "from app_main import")
        .replace("import app\n", "import app_main as app\n")
    )
    assert run(root, "-c", "import app, worker; print(app.Job is worker.Work, app.Job.__module__)") == [
        "True",
        "app_main",
    ]
    assert find_fixes(root, find) == ([], [])


def test_a_program_of_a_package_that_calls_its_main_keeps_that_call(make_tree):
    files = {
        "p/__init__.py": "", "p/work.py": "def run(job):\n    from .__main__ import J\n    return isinstance(job, J)\n",
        "p/__main__.py": "import sys\nfrom .work import run\n\n\nclass J: ...\n\n\ndef main():\n    return run(J())\n"
                         "\n\nif '__main__' == __name__:\n    sys.exit('one' if main() else 'two')\n",
    }  # fmt: skip
    root = make_tree(files)
    assert run(root, "-m", "p") == "two"
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    apply_offers(root, offers)
    assert run(root, "-m", "p") == "one"
    assert (root / "p/__main__.py").read_text() == (
        "import sys\nfrom p.main import J as J, main as main\n\n"
        "if '__main__' == __name__:\n    sys.exit('one' if main() else 'two')\n"
    )
    assert find_fixes(root, find) == ([], [])


@pytest.mark.parametrize(("former", "new", "reason"), [
    ("_SIZE = 1", "_SIZE = len(__name__)", "__name__"),
    ("_SIZE = 1", "def main():\n    return 1\n\n\n_SIZE = 1", "has a main already"),
    ("_SIZE = 1", "_SIZE = 1\n\n\ndef see():\n    return done", "binds done"),
    ("class Job: ...", "from worker import run\n\n\nclass Job: ...", "can be imported first"),
    ("sys.argv[1:]", "__file__", "__file__"),
])  # fmt: skip
def test_what_is_another_in_a_module_that_nobody_starts_is_refused(make_tree, former, new, reason):
    files = PROGRAM | {"app.py": PROGRAM["app.py"].replace(former, new)}
    offers, refused = find_fixes(make_tree(files), find)
    assert offers == []
    assert ["started as a program" in each.reason and reason in each.reason for each in refused] == [True], refused


def test_a_file_beside_the_target_is_none_of_its_own(make_tree):
    twin = "import p.x\n\nclass Y: ...\n\nif __name__ == '__main__':\n    print(Y())\n"
    files = {
        "q/__init__.py": "", "q/y.py": twin, "q/z.py": "from q.y import Y\n",
        "p/__init__.py": "", "p/x.py": "import q.z\nfrom q.y import Y\n",
    }  # fmt: skip
    root = make_tree(files)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    assert [each.path for each in find_fixes(root, find)[1]] == ["q/y.py"]
    assert find_fixes(root / "p", find) == ([], [])

"""Files under two names get one, and neighbours under a bare name their full one; CPython loads each file once."""

from __future__ import annotations

import subprocess
import sys

from fixed_trees import apply_offers, find_fixes

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
    offers, refused = find_fixes(root, find)
    assert (len(offers), refused) == (1, [])
    apply_offers(root, offers)
    assert run(root, "main.py") == ["backend.app.n"]
    assert (root / "backend/app/m.py").read_text() == (
        "from backend.app.n import N\nimport backend.app.n as other\nimport sys\nimport backend.app.n\n"
        "from backend import app\nX = app.n.N\n"
    )
    assert [(each.path, each.line) for each in offers[0].mentions] == [("main.py", 2)]
    assert find_fixes(root, find)[0] == []


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


def test_what_no_import_statement_ends_is_refused(make_tree):
    files = {
        "app.py": "class Job: ...\n\ndef main():\n    import worker\n    worker.run(Job())\n\n"
        'if __name__ == "__main__":\n    main()\n',
        "worker.py": "def run(job):\n    from app import Job\n    print(isinstance(job, Job))\n",
    }
    offers, refused = find_fixes(make_tree(files), find)
    assert offers == []
    assert ["started as a program" in each.reason for each in refused] == [True]


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

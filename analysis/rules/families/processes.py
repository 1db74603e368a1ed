"""What goes wrong between processes: objects that are pickled as those of ``__main__``, and starts without a guard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from analysis import tables
from analysis.facts.test_files import is_test_file
from analysis.rules import root_causes
from analysis.rules.context import RuleContext
from analysis.rules.finding import Finding, Place, build_finding
from analysis.rules.plan_phases import ENTRY_POINTS, PATHS, PlanStep
from analysis.rules.rule import Rule
from analysis.wording import choose_form, format_some

_Mark = tuple[str, int, str]


def _read_marks(case: RuleContext, kind: str) -> list[_Mark]:
    """Return file, line and value of the marks of one kind outside of the tests, sorted."""
    rows = tables.read_rows(case.facts.start_marks, "path", "line", "kind", "value")
    return sorted((path, line, value) for path, line, each, value in rows if each == kind and not is_test_file(path))


def _group(marks: Sequence[_Mark]) -> dict[str, list[_Mark]]:
    found: dict[str, list[_Mark]] = defaultdict(list)
    for mark in marks:
        found[mark[0]].append(mark)
    return found


def _find_importers(case: RuleContext, paths: Sequence[str]) -> dict[str, list[Place]]:
    """Return the statements of the product that import some files."""
    modules = {case.homes[path]: path for path in paths if path in case.homes}
    found: dict[str, list[Place]] = defaultdict(list)
    for imported, path, line in tables.read_rows(case.graph.edges, "imported", "path", "line") if modules else ():
        if imported in modules and path != modules[imported] and not is_test_file(path):
            found[modules[imported]].append((path, line))
    return found


def _check_pickles(case: RuleContext) -> Iterator[Finding]:
    marks = _group(_read_marks(case, "main-pickle"))
    if not marks:
        return
    started = {start.path for start in case.target_resolver.starts if start.main}
    reading, importers = _read_marks(case, "unpickling"), _find_importers(case, sorted(marks))
    for path, rows in sorted(marks.items()):
        if path not in started and importers[path]:
            continue  # it is imported, and nothing says that it is started
        others = [(each, line) for each, line, _ in reading if each != path]
        names = sorted({name for _, _, name in rows})
        line = rows[0][1]
        read = f", as {others[0][0]}:{others[0][1]} may do" if others else ""
        classes = choose_form(len(names), "class", "classes")
        message = (
            f"Started as a program, {path} is __main__, and {path}:{line} pickles objects of its {classes} "
            f"{format_some(names)} under that name. Another program that loads them{read}, ends with AttributeError: "
            f"Can't get attribute '{names[0]}' on <module '__main__'>. Move the {classes} into a module that is not "
            "started"
        )
        places = [*((each, number) for each, number, _ in rows), *others]
        yield build_finding("pickled-by-main-program", "P2" if others else "P3", path, message, places, names)


def _check_starts(case: RuleContext) -> Iterator[Finding]:
    for path, rows in sorted(_group(_read_marks(case, "process-start")).items()):
        is_chosen = any(value for _, _, value in rows)
        when = (
            "The new process imports the file again"
            if is_chosen
            else "On Windows and macOS, and on Linux from Python 3.14 on, the new process imports the file again"
        )
        message = (
            f"{path}:{rows[0][1]} starts a process while the file is imported. {when} and comes to the same line: "
            "RuntimeError: An attempt has been made to start a new process before the current process has finished its "
            'bootstrapping phase. Start it in a function that only runs under if __name__ == "__main__"'
        )
        places = [(each, line) for each, line, _ in rows]
        yield build_finding("process-started-on-import", "P1" if is_chosen else "P2", path, message, places)


_MODEL = "class Model:\n    size = 1\n"
_SAVE = 'if __name__ == "__main__":\n    with open("m.pkl", "wb") as file:\n        pickle.dump(Model(), file)\n'
_LOAD = 'import pickle\n\ndef load():\n    with open("m.pkl", "rb") as file:\n        return pickle.load(file)\n'

RULES = (
    Rule(
        "pickled-by-main-program", "P2",
        "A file that is started pickles objects of its own classes. A pickle names the module of a class, and that of "
        "a started file is `__main__`: every other program looks for the class in its own main file and fails.",
        "Move the class into a module that is not started, and import it in both programs.",
        _check_pickles,
        bad={"train.py": f"import pickle\n\n{_MODEL}\n{_SAVE}", "serve.py": _LOAD},
        good={"model.py": _MODEL, "train.py": f"import pickle\nfrom model import Model\n\n{_SAVE}", "serve.py": _LOAD},
        grades={"P2": "another file of the target loads pickles", "P3": "none does"},
        step=PlanStep(PATHS, 26, "Pickle objects of importable classes", minutes=20), cause=root_causes.PATHS,
    ),
    Rule(
        "process-started-on-import", "P1",
        "A file starts processes while it is imported. Where a new process imports the main program again (spawn, "
        "forkserver), it comes to the same line, and the start fails.",
        'Put it into a function and call that only under `if __name__ == "__main__":`.',
        _check_starts,
        bad={
            "run.py": "import multiprocessing as mp\nfrom work import do\n\nmp.set_start_method('spawn')\n"
            "with mp.Pool(2) as pool:\n    print(pool.map(do, [1, 2]))\n",
            "work.py": "def do(n):\n    return n\n",
        },
        good={
            "run.py": "import multiprocessing as mp\nfrom work import do\n\ndef main():\n"
            "    mp.set_start_method('spawn')\n    with mp.Pool(2) as pool:\n        print(pool.map(do, [1, 2]))\n\n"
            "if __name__ == '__main__':\n    main()\n",
            "work.py": "def do(n):\n    return n\n",
        },
        grades={"P1": "the file itself chooses such a start", "P2": "the platform or the version decides it"},
        step=PlanStep(ENTRY_POINTS, 47, "Start processes in the main program only", minutes=10),
        cause=root_causes.UNCHECKED_IMPORTS,
    ),
)  # fmt: skip

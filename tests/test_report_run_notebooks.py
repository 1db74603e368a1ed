"""Notebooks are run by papermill: from any caller, with this interpreter, and a failing one is kept and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

from analysis.errors import ReportError
from analysis.report.notebook_processes import ExecutedNotebook
from analysis.report.run_notebooks import find_notebooks, run_notebooks

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SCRIPT = """
import sys
from pathlib import Path
from analysis.report.run_notebooks import find_notebooks, run_notebooks
folder, executed = map(Path, sys.argv[1:])
for done in run_notebooks(find_notebooks(folder), executed, {"snapshot": "from a script"}):
    print(done.name, done.error or "ok")
"""


def write_notebook(path: Path, *cells: str, parameters: str = 'snapshot: str = ""\nlimit: int = 3') -> Path:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    notebook.cells = [
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}, id="parameters"),
        *(nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(cells)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), "utf-8")
    return path


def read_notebook(path: Path) -> Mapping[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return notebook


def read_output(path: Path) -> str:
    cells = read_notebook(path)["cells"]
    return "".join(
        text for cell in cells for output in cell.get("outputs", ()) for text in output.get("text", ())
    ).strip()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExecutedNotebook]:
    """Notebooks that go well, fail, and kill their kernel, run together in a folder with braces and a blank."""
    folder = tmp_path_factory.mktemp("a {run_id} folder")
    good = "import sys\nprint(snapshot, limit, sys.executable, sep='|')"
    write_notebook(folder / "01_good.ipynb", good)
    write_notebook(folder / "02_fails.ipynb", "before = 1", "1 / 0", "print('never')")
    write_notebook(folder / "03_killed.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    write_notebook(folder / "04_after.ipynb", "print('still runs')")
    (folder / "executed").mkdir()
    steps: list[tuple[str, int, int]] = []
    notebooks = find_notebooks(folder)
    done = run_notebooks(
        notebooks, folder / "executed", {"snapshot": 'it\'s "one"'}, progress=lambda *step: steps.append(step)
    )
    assert steps == [("notebooks", number, 4) for number in range(5)]
    return {run.name: run for run in done}


def test_a_folder_without_notebooks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no notebooks"):
        find_notebooks(tmp_path)


def test_notebooks_come_in_the_order_of_their_numbers_and_others_do_not_take_part(tmp_path: Path) -> None:
    for name in ("10_b.ipynb", "02_a.ipynb", "draft.ipynb", "03_c.py"):
        write_notebook(tmp_path / name)
    assert [path.name for path in find_notebooks(tmp_path)] == ["02_a.ipynb", "10_b.ipynb"]


def test_a_parameter_that_a_notebook_does_not_know_is_refused_before_anything_runs(tmp_path: Path) -> None:
    first = write_notebook(tmp_path / "01_a.ipynb")
    second = write_notebook(tmp_path / "02_b.ipynb", parameters='snapshots: str = ""')
    with pytest.raises(ReportError, match=r"02_b has no parameter 'snapshot'.*Did you mean snapshots\?"):
        run_notebooks([first, second], tmp_path / "executed", {"snapshot": "x"})
    assert not (tmp_path / "executed").exists()


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
    path = tmp_path / "01_a.ipynb"
    path.write_text(nbformat.writes(notebook), "utf-8")
    with pytest.raises(ReportError, match="01_a"):
        run_notebooks([path], tmp_path / "executed", {"snapshot": "x"})


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "01_a.ipynb"
    path.write_text("not JSON")
    with pytest.raises(ReportError, match="01_a"):
        run_notebooks([path], tmp_path / "executed", {"snapshot": "x"})


def test_a_notebook_gets_its_parameters_and_this_interpreter(runs: Mapping[str, ExecutedNotebook]) -> None:
    run = runs["01_good"]
    assert run.error == ""
    assert run.seconds > 0
    assert read_output(run.path) == f'it\'s "one"|3|{sys.executable}'


def test_a_failing_notebook_is_kept_with_its_error_at_the_top(runs: Mapping[str, ExecutedNotebook]) -> None:
    run = runs["02_fails"]
    assert run.error == "ZeroDivisionError: division by zero"
    notebook = read_notebook(run.path)
    assert "An Exception was encountered" in "".join(notebook["cells"][0]["source"])
    assert [cell["outputs"][0]["ename"] for cell in notebook["cells"] if cell.get("outputs")] == ["ZeroDivisionError"]
    assert notebook["metadata"]["papermill"]["exception"] is True
    assert "never" not in read_output(run.path)


def test_a_killed_kernel_is_told_and_the_notebook_kept(runs: Mapping[str, ExecutedNotebook]) -> None:
    run = runs["03_killed"]
    assert run.error
    assert read_notebook(run.path)["metadata"]["papermill"]["exception"] is True


def test_others_run_all_the_same(runs: Mapping[str, ExecutedNotebook]) -> None:
    assert runs["04_after"].error == ""
    assert read_output(runs["04_after"].path) == "still runs"


def test_an_executed_notebook_names_no_temporary_folder(runs: Mapping[str, ExecutedNotebook]) -> None:
    metadata = read_notebook(runs["01_good"].path)["metadata"]["papermill"]
    assert "parameters" in metadata
    assert "input_path" not in metadata and "output_path" not in metadata


def test_what_a_cell_shows_is_kept_in_its_order(tmp_path: Path) -> None:
    """Printed text, displayed objects, errors to standard error and the last value, as a kernel gives them."""
    shows = """
from IPython.display import HTML, display
import sys
print("first"); print("second")
display(HTML("<b>third</b>"))
print("fourth", file=sys.stderr)
HTML("<i>fifth</i>")
"""
    write_notebook(tmp_path / "01_a.ipynb", shows, "await __import__('asyncio').sleep(0)\n%pwd", "6;")
    (tmp_path / "executed").mkdir()
    (done,) = run_notebooks([tmp_path / "01_a.ipynb"], tmp_path / "executed", {"snapshot": "x"})
    assert done.error == ""
    cells = read_notebook(done.path)["cells"][-3:]
    first = [output.get("name") or "".join(output["data"].get("text/html", "")) for output in cells[0]["outputs"]]
    assert first == ["stdout", "<b>third</b>", "stderr", "<i>fifth</i>"]
    assert "".join(cells[0]["outputs"][0]["text"]) == "first\nsecond\n"
    assert "".join(cells[1]["outputs"][0]["data"]["text/plain"]) == repr(str(tmp_path / "executed"))
    assert cells[2]["outputs"] == []
    assert [cell["execution_count"] for cell in cells] == [3, 4, 5]


def test_one_notebook_sees_nothing_of_another(tmp_path: Path) -> None:
    changes = "import json, os, builtins\njson.seen = builtins.seen = os.environ['SEEN'] = 'yes'"
    looks = "import json, os, builtins\nprint(hasattr(json, 'seen'), hasattr(builtins, 'seen'), 'SEEN' in os.environ)"
    notebooks = [write_notebook(tmp_path / "01_a.ipynb", changes), write_notebook(tmp_path / "02_b.ipynb", looks)]
    (tmp_path / "executed").mkdir()
    done = run_notebooks(notebooks, tmp_path / "executed", {"snapshot": "x"}, jobs=1)
    assert read_output(done[1].path) == "False False False"


@pytest.mark.parametrize("endless", ["while True: pass", "import time; time.sleep(60)"])
def test_a_cell_that_takes_too_long_fails_and_says_so(endless: str, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "01_a.ipynb", "print('before')", endless, "print('after')")
    (tmp_path / "executed").mkdir()
    (done,) = run_notebooks([notebook], tmp_path / "executed", {"snapshot": "x"}, cell_seconds=1)
    assert done.error == "TimeoutError: the cell took longer than 1 s"
    assert read_output(done.path) == "before"


@pytest.mark.parametrize("ending", ["import os; os._exit(3)", "raise SystemExit(3)", "exit(3)", "input()"])
def test_a_notebook_that_ends_itself_has_an_error(ending: str, tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "01_a.ipynb", ending)
    (tmp_path / "executed").mkdir()
    (done,) = run_notebooks([notebook], tmp_path / "executed", {"snapshot": "x"})
    assert done.error and done.path.is_file()


def test_runs_from_a_script_on_standard_input_without_a_home_in_a_hostile_folder(tmp_path: Path) -> None:
    """No guarded main module, no home, no kernel of the user, and modules of the current folder are not taken."""
    folder = tmp_path / "kit"
    write_notebook(folder / "01_a.ipynb", "import json, tempfile, analysis\nprint('imported')")
    (folder / "executed").mkdir()
    hostile = tmp_path / "target"
    hostile.mkdir()
    for name in ("json", "tempfile", "ipykernel", "papermill", "analysis", "loky", "random", "decimal"):
        (hostile / f"{name}.py").write_text("open('executed', 'w')\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))},
        "HOME": "/dev/null", "PYTHONPATH": str(ROOT), "SSOT_DATA": str(tmp_path / "data"),
    }  # fmt: skip
    command = [sys.executable, "-P", "-", str(folder), str(folder / "executed")]
    done = subprocess.run(
        command, input=SCRIPT, cwd=hostile, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stdout.strip() == "01_a ok", done.stderr
    assert read_output(folder / "executed/01_a.ipynb") == "imported"
    assert not (hostile / "executed").exists()

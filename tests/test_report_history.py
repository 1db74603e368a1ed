"""The past in a report: a page of its own when a history is kept, one line when not, and since when in the list."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from git_line import GitLine

from analysis import Investigation, investigate
from analysis.report import history as shown
from analysis.report.escaping import plain
from analysis.report.executive import build_executive
from analysis.report.findings_page import build_findings_view
from analysis.report.kept_history import _read, find_history, leave_out_history
from analysis.report.pages import build_page
from analysis.report.run_notebooks import find_notebooks, run_notebooks
from analysis.timeline.walk import HistoryOptions, build_history

ROOT = Path(__file__).resolve().parent.parent
PHANTOM = "from shop.gone import x\n"
POLICY = (
    "[target]\nsource_url = 'https://github.com/a/b/blob/{revision}/{path}#L{line}'\n[[owner]]\npattern = 'shop'\n"
    "owner = 'Shop <b>'\n"
)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> GitLine:
    repo = GitLine(tmp_path_factory.mktemp("report") / "repo")
    repo.commit({"shop/__init__.py": "", "ssot.toml": POLICY, "shop/api.py": "import shop\n"})
    repo.commit({"shop/api.py": PHANTOM}, "bring <i>it</i> in", author="Quillon")
    repo.git("tag", "v1.0")
    for number in range(10):
        repo.commit({f"shop/m{number}.py": f"from shop.gone{number} import x\n", "shop/api.py": PHANTOM + "#" * number})
    return repo


@pytest.fixture(scope="module")
def data(line: GitLine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data")
    build_history(line.root, HistoryOptions(every="1", data=place))
    return place


@pytest.fixture(scope="module")
def inv(line: GitLine, data: Path) -> Investigation:
    return investigate(line.root, data=data)


def test_the_notebook_is_part_of_a_report_when_a_history_is_kept(
    line: GitLine, inv: Investigation, tmp_path: Path
) -> None:
    notebooks = find_notebooks(ROOT / "notebooks")
    assert leave_out_history(inv, notebooks) == notebooks
    assert not [text for text in build_executive(inv).absent if "history" in text]
    bare = investigate(line.root, data=tmp_path)
    assert [path.stem for path in notebooks if path not in leave_out_history(bare, notebooks)] == ["08_history"]
    assert [text for text in build_executive(bare).absent if "history" in text] == ["the history (run ssot history)"]
    assert find_history(bare) is None


def test_the_page_shows_curves_tags_and_commits_and_no_author(inv: Investigation, tmp_path: Path) -> None:
    (done,) = run_notebooks([ROOT / "notebooks/08_history.ipynb"], tmp_path, {"snapshot": str(inv.path)})
    assert done.error == ""
    body = "".join(build_page(done.path).body)
    assert "Quillon" not in body and "<i>" not in body
    assert body.count("<svg") >= 2 and "v1.0" in body
    assert "bring &lt;i&gt;it" in body and "12 commits" in body
    assert "Shop &lt;b&gt;" in body


def test_findings_say_since_when_and_link_to_the_commit(line: GitLine, inv: Investigation) -> None:
    rows = {row.subject: row for row in build_findings_view(inv).rows}
    row = rows["shop.gone"]
    assert row.introduced.startswith(f"introduced by {line.commits[1][:9]} (2023-11-15: bring")
    assert row.introduced_url == f"https://github.com/a/b/commit/{line.commits[1]}"
    assert "Quillon" not in json.dumps([each.introduced for each in rows.values()])


def test_without_git_the_runs_alone_make_the_curves(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    found = []
    for number in range(3):
        (root / f"m{number}.py").write_text(PHANTOM)
        found.append(investigate(root, data=tmp_path / "data"))
    _read.cache_clear()
    history = find_history(found[-1])
    assert history is not None and len(history.timeline.runs) == 3 and not history.timeline.commits
    assert "3 runs" in str(shown.format_history(found[-1]))
    assert "Findings of P0 to P2 over runs" in plain(shown.draw_findings(found[-1]).alt)  # type: ignore[union-attr]


def test_a_target_that_is_gone_keeps_its_runs(line: GitLine, data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(line.root, copy)
    found = [investigate(copy, data=tmp_path / "data", use_cache=False) for _ in range(3)]
    build_history(copy, HistoryOptions(every="4", data=tmp_path / "data"))
    shutil.rmtree(copy)
    _read.cache_clear()
    history = find_history(found[-1])
    assert history is not None and len(history.timeline.runs) == 3 and not history.timeline.commits
    assert build_findings_view(found[-1]).causes

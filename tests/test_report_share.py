"""What is given away: a file, an archive or a PDF; redacted, without source lines, folders and, if asked, names."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from git_line import GitLine
from test_report_run_report import write_notebook

import analysis
from analysis.errors import AnalysisError, UnknownNameError
from analysis.investigation import Investigation
from analysis.report import write_report
from analysis.report.base import find_base
from analysis.report.edition import showing_authors
from analysis.report.redaction import redact
from analysis.report.runs import find_runs
from analysis.report.share import ShareOptions, find_run, list_large, share_report
from analysis.scheduled.tracing import trace_changes
from analysis.store import write_snapshot

FILES = {
    "warehouse/__init__.py": "",
    "warehouse/parcels.py": "from warehouse import pallets  # zebra crossing\n"
    "class ParcelLedger:\n    weight_limit = 40\n",
    "warehouse/pallets.py": "from warehouse.parcels import ParcelLedger\n"
    "SECRET_RATE = ParcelLedger.weight_limit * 17\n",
    "warehouse/ledgers.py": "class ParcelLedger:\n    weight_limit = 41  # one kilogram more for Quincy\n",
    "warehouse/memory.py": "_parcels_of_customers = {}\ndef remember(quokka, parcel):\n"
    "    _parcels_of_customers[quokka] = parcel  # who sends what\n",
}
NAMES = (
    "warehouse",
    "parcels",
    "pallets",
    "ParcelLedger",
    "weight_limit",
    "SECRET_RATE",
    "_parcels_of_customers",
    "quokka",
)


@pytest.fixture(scope="module")
def inv(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    root = tmp_path_factory.mktemp("quillstack") / "depot"
    for name, source in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    return analysis.investigate(root)


@pytest.fixture(scope="module")
def reports(inv: Investigation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    write_report(inv, folder)
    return folder


def find_lines() -> list[str]:
    """Return what stands in the files and in no sentence of the kit: everything but import statements."""
    lines = [line.strip() for source in FILES.values() for line in source.splitlines()]
    return [line for line in lines if line and "import" not in line and line != "class ParcelLedger:"] + [
        "zebra crossing"
    ]


def test_a_run_is_found_by_its_folder_its_target_and_its_place(inv: Investigation, reports: Path) -> None:
    (run,) = find_runs(reports)
    assert (run.target, run.revision, run.snapshot) == ("depot", "no-git", str(inv.path))
    assert run.findings is not None and sum(run.findings.values()) > 0
    for wanted in (str(run.folder), str(run.folder.parent), "depot", run.folder.parent.name):
        assert find_run(wanted, reports) == run


def test_a_target_without_a_report_is_named_with_the_remedy(reports: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"no report of other.*ssot report"):
        find_run("other", reports)


def test_without_options_the_one_file_is_copied(reports: Path, tmp_path: Path) -> None:
    (place,) = share_report("depot", reports, tmp_path / "out", ShareOptions())
    assert place.suffix == ".html"
    assert place.read_bytes() == (find_run("depot", reports).folder / "report.html").read_bytes()
    assert list_large([place]) == []


def test_the_report_shows_source_lines_before_they_are_redacted(reports: Path) -> None:
    """Else the next test could not fail."""
    text = (find_run("depot", reports).folder / "report.html").read_text()
    assert any(line.replace("<", "&lt;") in text for line in find_lines())


def test_a_redacted_report_has_no_source_line_and_no_folder(reports: Path, tmp_path: Path) -> None:
    (place,) = share_report("depot", reports, tmp_path, ShareOptions(redact=True))
    text = place.read_text()
    assert [line for line in find_lines() if line in text] == []
    assert "quillstack" not in text and str(Path.home()) not in text
    assert "ParcelLedger" in text


def test_with_hashed_names_nothing_is_called_what_it_is_called(reports: Path, tmp_path: Path) -> None:
    (place,) = share_report("depot", reports, tmp_path, ShareOptions(redact=True, hash_names=True, as_zip=True))
    with zipfile.ZipFile(place) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert any(name.endswith("report.html") for name in texts)
    assert {
        name: word for name, text in texts.items() for word in (*NAMES, "depot", "quillstack") if word in text
    } == {}


def test_a_redacted_report_names_no_author_no_commit_and_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is known of people: commits of a kept history, owners, reasons of exceptions, texts of the source."""
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))
    reports = tmp_path / "reports"
    repo = GitLine(tmp_path / "depot")
    policy = (
        '[[owner]]\npattern = "depot"\nowner = "quentin.owner@depot.example"\n'
        '[[ignore]]\nrule = "phantom-import"\nsubject = "depot.later"\nreason = "ask zoe.reason@depot.example"\n'
    )
    source = '"""By quill.source@depot.example."""\n__author__ = "q@depot.example"  # SSOT: ask q@depot.example\n'
    repo.commit({"depot/__init__.py": "", "ssot.toml": policy}, "Found the depot")
    older = analysis.investigate(repo.root, jobs=1)
    write_report(older, reports, notebooks=write_notebook(tmp_path / "kit", "print(1)"))
    files = {"depot/late.py": "import depot.later\n", "depot/bad.py": f"{source}import depot.lost\n"}
    repo.commit(files, "Take Xylophones from Ulrich", author="Ulrica Vandermeer")
    inv = analysis.investigate(repo.root, jobs=1)
    assert trace_changes(inv, find_base(inv, reports)) == ""
    with showing_authors(with_authors=True):
        folder = write_report(inv, reports, notebooks=write_notebook(tmp_path / "kit", "print(1)"))
        (shared,) = share_report(str(folder), reports, tmp_path / "out", ShareOptions(redact=True, as_zip=True))
    known = ("Ulrica", "Vandermeer", "Xylophones", "depot.example")
    shown = "".join(each.read_text() for each in folder.glob("*.*") if each.suffix in {".html", ".json", ".md", ".csv"})
    assert [word for word in known if word not in shown] == []
    with zipfile.ZipFile(shared) as archive:
        assert len(archive.namelist()) > 3
        hidden = "".join(archive.read(name).decode() for name in archive.namelist())
    assert [word for word in known if word in hidden] == []
    assert "ADDRESS" in hidden and "depot.lost" in hidden


def test_figures_stay_what_they_are(inv: Investigation, tmp_path: Path) -> None:
    contents, manifest = redact(inv, hash_names=True, key=b"fixed")
    hidden = Investigation(write_snapshot(tmp_path, contents, manifest))
    assert hidden.table("metrics").equals(inv.table("metrics"))
    assert (
        hidden.table("findings").select(["rule", "severity"]).equals(inv.table("findings").select(["rule", "severity"]))
    )
    again, _ = redact(inv, hash_names=True, key=b"fixed")
    assert all(again[name].equals(table) for name, table in contents.items())
    assert (manifest.root, manifest.target) != (inv.manifest.root, inv.manifest.target)
    other, _ = redact(inv, hash_names=True)
    assert not other["modules"].equals(contents["modules"])


def test_a_run_whose_snapshot_is_gone_cannot_be_redacted(inv: Investigation, reports: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(find_run("depot", reports).folder, copied)
    described = (copied / "run.json").read_text()
    (copied / "run.json").write_text(described.replace(str(inv.path), str(tmp_path / "gone")))
    assert share_report(str(copied), reports, tmp_path / "out", ShareOptions())
    with pytest.raises(AnalysisError, match=r"the snapshot of .* is gone"):
        share_report(str(copied), reports, tmp_path / "out", ShareOptions(redact=True))


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_the_executive_report_is_printed_as_a_pdf(reports: Path, tmp_path: Path) -> None:
    (place,) = share_report("depot", reports, tmp_path, ShareOptions(as_pdf=True))
    assert place.read_bytes().startswith(b"%PDF-")

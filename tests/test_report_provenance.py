"""Where a report comes from, and what it does not cover."""

from __future__ import annotations

import pytest
from report_trees import SHOP, investigate

from analysis import __version__
from analysis.investigation import Investigation
from analysis.report.provenance import MOST_LISTED, build_provenance, format_time


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    files = {**SHOP, "shop/latin.py": "x = '\udcff'", "backup_2024/old.py": "x = 1\n"}
    files["shop/latin.py"] = "# -*- coding: klingon -*-\n"
    return investigate(tmp_path_factory.mktemp("shop"), files, '[target]\nexclude = ["shop/api/routes.py"]')


def test_target_revision_time_and_versions_are_there(shop: Investigation) -> None:
    facts = dict(build_provenance(shop).facts)
    assert facts["Target"] == "shop"
    assert facts["Revision"] == "not under git"
    assert facts["Scanned"].endswith(" UTC")
    assert f"ssot-kit {__version__}" in facts["Made with"]
    assert "seconds" in facts["Analysis took"]
    assert "routes.py" in facts["Options"]
    assert facts["Policy"] == "yes"


def test_what_was_not_analysed_is_said_with_numbers(shop: Investigation) -> None:
    provenance = build_provenance(shop)
    gaps = " ".join(provenance.gaps)
    assert "syntax-error" in gaps
    assert "decode-error" in gaps
    assert "backup-copy" in gaps
    assert "excluded" in gaps
    assert "The target was not executed" in gaps
    assert {path.partition(":")[0] for path, _ in provenance.unread} == {"shop/core/broken.py", "shop/latin.py"}


def test_a_tree_that_parses_has_only_the_gap_of_run_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    clean = investigate(tmp_path_factory.mktemp("clean"), {"one.py": "x = 1\n"})
    provenance = build_provenance(clean)
    assert len(provenance.gaps) == 1
    assert provenance.unread == ()
    assert dict(provenance.facts)["Policy"].startswith("none")


def test_a_long_list_of_unparsed_files_says_how_many_it_hides(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = {f"m{number:02}.py": "def (" for number in range(MOST_LISTED + 5)}
    provenance = build_provenance(investigate(tmp_path_factory.mktemp("broken"), files))
    assert len(provenance.unread) <= MOST_LISTED + 1
    assert "5 more" in str(provenance)


def test_a_time_is_written_for_people() -> None:
    assert format_time("2026-01-02T03:04:05+00:00") == "2 January 2026, 03:04 UTC"

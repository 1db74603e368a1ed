"""Reports in a browser: every target and run, from this machine only, and nothing but what belongs to a report."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from analysis.errors import AnalysisError
from analysis.report.runs_page import list_targets
from analysis.report.serve import open_server

RUN = (
    '{"target": "%s", "revision": "1a2b3c", "created": "2026-04-01T06:00:00+00:00", "verdict": "Good & <b>", '
    '"score": 91.5, "findings": {"P1": 3}}'
)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    for target, run in (("shop", "20260401T060000-a"), ("shop", "20260402T060000-b"), ("depot", "20260401T060000-c")):
        place = folder / target / run
        place.mkdir(parents=True)
        (place / "run.json").write_text(RUN % target)
        (place / "index.html").write_text(f"<p>{run}</p>")
    (folder / "shop" / "latest").symlink_to("20260402T060000-b", target_is_directory=True)
    (folder / "shop" / "20260403T060000-d.failed").mkdir()
    (folder / "shop" / "20260403T060000-d.failed" / "run.json").write_text(RUN % "shop")
    (tmp_path / "secret.html").write_text("not of a report")
    (folder / "shop" / "leads-out.html").symlink_to(tmp_path / "secret.html")
    (folder / "shop" / ".hidden.html").write_text("hidden")
    return folder


@pytest.fixture
def server(reports: Path) -> Iterator[ThreadingHTTPServer]:
    with open_server(reports) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(server: ThreadingHTTPServer, path: str, method: str = "GET", host: str = "") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=bool(host))
    if host:
        connection.putheader("Host", host)
    connection.endheaders()
    return connection.getresponse()


def test_no_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="no folder"):
        open_server(tmp_path / "none")


def test_a_taken_port_is_one_line(server: ThreadingHTTPServer, reports: Path) -> None:
    with pytest.raises(AnalysisError, match=f"cannot listen on port {server.server_port}"):
        open_server(reports, server.server_port)


def test_the_runs_of_each_target_stand_newest_first_and_failed_ones_are_left_out(reports: Path) -> None:
    listed = [(place, [run.folder.name for run in runs]) for place, runs in list_targets(reports)]
    assert listed == [("depot", ["20260401T060000-c"]), ("shop", ["20260402T060000-b", "20260401T060000-a"])]


def test_the_first_page_lists_all_runs_with_their_figures_and_escapes_them(server: ThreadingHTTPServer) -> None:
    page = ask(server, "/").read().decode()
    assert page.count("/index.html") == 3
    assert "91.5" in page and "Good &amp; &lt;b&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize("path", ["/shop/latest/index.html", "/shop/20260402T060000-b/index.html?x#y"])
def test_pages_of_a_run_are_served_and_run_nothing_from_elsewhere(path: str, server: ThreadingHTTPServer) -> None:
    answer = ask(server, path)
    assert (answer.status, answer.read()) == (200, b"<p>20260402T060000-b</p>")
    assert "default-src 'none'" in str(answer.getheader("Content-Security-Policy"))


@pytest.mark.parametrize("path", [
    "/../secret.html", "/shop/%2e%2e/%2e%2e/secret.html", "/shop/leads-out.html", "/shop/.hidden.html", "/shop",
    "/shop/",
    "/etc/passwd", "//etc/passwd", "/shop/latest/none.html", "/shop/latest/index.html/", "/%00", "/shop\\latest",
])  # fmt: skip
def test_nothing_else_is_served(path: str, server: ThreadingHTTPServer) -> None:
    answer = ask(server, path)
    assert answer.status == 404
    assert b"not of a report" not in answer.read()


def test_who_reaches_this_machine_under_another_name_is_refused(server: ThreadingHTTPServer) -> None:
    assert ask(server, "/", host=f"evil.example:{server.server_port}").status == 403
    assert ask(server, "/", host=f"localhost:{server.server_port}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(method: str, server: ThreadingHTTPServer) -> None:
    assert ask(server, "/shop/latest/index.html", method).status == 501


def test_it_listens_on_this_machine_only(server: ThreadingHTTPServer) -> None:
    assert server.server_address[0] == "127.0.0.1"

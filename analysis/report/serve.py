"""A folder of reports in a browser on this machine: all targets, all runs; read only, and for nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from analysis.errors import AnalysisError
from analysis.report.runs_page import build_runs_page

HOST = "127.0.0.1"
_NAMES = frozenset({HOST, "localhost", "[::1]"})
#: Served as what they are; everything else is plain text or a download, never a page of another kind.
_TYPES = {
    ".html": "text/html; charset=utf-8", ".md": "text/plain; charset=utf-8", ".patch": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8", ".json": "application/json", ".ipynb": "application/x-ipynb+json",
}  # fmt: skip
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_SAFE = re.compile(r"[\w.-]+")


def open_server(reports: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a folder of reports on this machine's own address; port 0: a free one.

    Raises ``AnalysisError`` when there is no such folder or the port is taken.
    """
    if not reports.is_dir():
        raise AnalysisError(f"no folder {reports}", remedy="Write a report with: ssot report TARGET")
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(reports.resolve())))
    except OSError as error:
        raise AnalysisError(f"cannot listen on port {port}: {error.strerror}", remedy="Name another --port") from None


class _Handler(SimpleHTTPRequestHandler):
    """Serves the list of runs and the files of each; answers only what names this machine, and changes nothing."""

    server_version, sys_version = "ssot", ""

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def _answer(self, send_file: Callable[[], Any]) -> None:
        if self.headers.get("Host", "").rpartition(":")[0] not in _NAMES:  # a page elsewhere that was given our address
            self.send_error(HTTPStatus.FORBIDDEN, "only for this machine")
        elif urlsplit(self.path).path in {"/", "/index.html"}:
            self._send_list()
        elif self._find_file() is None:
            self.send_error(HTTPStatus.NOT_FOUND, "no such page")
        else:
            send_file()

    def _find_file(self) -> Path | None:
        """Return the regular file below the reports that the address names; hidden ones are not there."""
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        if not all(_SAFE.fullmatch(part) and not part.startswith(".") for part in parts):
            return None
        place = Path(self.directory, *parts).resolve()
        return place if place.is_file() and place.is_relative_to(self.directory) else None

    def _send_list(self) -> None:
        page = build_runs_page(Path(self.directory), is_served=True).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", _TYPES[".html"])
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(page)

    def guess_type(self, path: Any) -> str:
        return _TYPES.get(Path(str(path)).suffix, "application/octet-stream")

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's signature
        pass

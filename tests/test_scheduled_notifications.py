"""Notifications reach real servers on this machine, are tried again, end in time, and show no secret."""

from __future__ import annotations

import email
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from analysis.errors import AnalysisError, BusyError, TargetError
from analysis.report.base import Base
from analysis.report.runs import ReportRun
from analysis.scheduled.addresses import read_address
from analysis.scheduled.attending import Unattended, notifying_failure
from analysis.scheduled.outcome import RunOutcome
from analysis.scheduled.sending import SendingLimits, send_all

SECRET = "a-very-secret-word"
QUICK = SendingLimits(answer_seconds=2.0, pauses_seconds=(0.05, 0.05), all_seconds=5.0)


@pytest.fixture
def outcome(tmp_path: Path) -> RunOutcome:
    folder = tmp_path / "shop" / "run"
    folder.mkdir(parents=True)
    (folder / "mail.html").write_text(f"<p>{'long ' * 300}Größe</p>")
    (folder / "report.html").write_text("<p>all</p>")
    target = "sh<b>\u00f6p\r\nBcc: x@example.org"
    run = ReportRun(folder, target, "1a2b3c", "2026-04-01T06:00:00+00:00", "", "Wrong", 91.5)
    base = Base("run", str(folder))
    return RunOutcome(run, base, "2026-03-31T06:00:00+00:00", 92.0, new=2, regressions=1)


class Post:
    """The mail server: it keeps what it gets and answers with the next of its answers."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.mails, self.receivers = list(answers), [], []
        self.tries = 0

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        self.tries += 1
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.mails.append(envelope.content)
            self.receivers.append(envelope.rcpt_tos)
        return answer


@pytest.fixture
def post() -> Iterator[Callable[..., tuple[Post, str]]]:
    """Return a function that starts a mail server and returns what it keeps, and its address."""
    running: list[Controller] = []

    def start(*answers: str, **options: Any) -> tuple[Post, str]:
        kept = Post(*answers)
        controller = Controller(kept, hostname="127.0.0.1", port=find_port(), **options)
        controller.start()
        running.append(controller)
        return kept, f"smtp://127.0.0.1:{controller.port}/?from=ssot@example.org&to=a@example.org&to=b@example.org"

    yield start
    for controller in running:
        controller.stop()


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Web(BaseHTTPRequestHandler):
    """The web server: it keeps what it gets and answers with the next of its codes."""

    codes: list[int]
    bodies: list[tuple[str, Any, str]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.append((self.path, body, self.headers.get("Authorization", "")))
        code = self.codes.pop(0) if self.codes else 200
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Callable[..., tuple[type[Web], str]]]:
    """Return a function that starts a web server and returns what it keeps, and its address."""
    running: list[ThreadingHTTPServer] = []

    def start(*codes: int) -> tuple[type[Web], str]:
        kept = type("Kept", (Web,), {"codes": list(codes), "bodies": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), kept)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return kept, f"http://127.0.0.1:{server.server_port}/services/{SECRET}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def send(outcome: RunOutcome, *addresses: str, limits: SendingLimits = QUICK) -> list[str]:
    return send_all(outcome, [read_address(address) for address in addresses], limits)


def read_mail(content: bytes) -> EmailMessage:
    mail = email.message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def check_mail(mail: EmailMessage, outcome: RunOutcome) -> None:
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and page is not None
    assert outcome.summary in text.get_content()
    assert "Größe" in page.get_content()
    assert [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()] == [
        ("report.html", b"<p>all</p>")
    ]
    assert mail["Bcc"] is None and "Wrong" in mail["Subject"]


def test_a_mail_file_is_a_mail_with_text_page_and_report(outcome: RunOutcome, tmp_path: Path) -> None:
    assert send(outcome, str(tmp_path / "new" / "out.eml")) == []
    content = (tmp_path / "new" / "out.eml").read_bytes()
    assert content.isascii() and max(map(len, content.splitlines())) < 999
    check_mail(read_mail(content), outcome)


def test_a_mail_server_gets_the_mail_for_all_receivers(outcome: RunOutcome, post: Any) -> None:
    kept, address = post()
    assert send(outcome, address) == []
    assert kept.receivers == [["a@example.org", "b@example.org"]]
    check_mail(read_mail(kept.mails[0]), outcome)


def test_a_large_report_is_packed_and_one_that_stays_large_is_left_out(
    outcome: RunOutcome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (outcome.run.folder / "report.html").write_text("a" * 11_000_000)
    assert send(outcome, str(tmp_path / "a.eml")) == []
    mail = read_mail((tmp_path / "a.eml").read_bytes())
    assert [part.get_filename() for part in mail.iter_attachments()] == ["report.html.zip"]
    monkeypatch.setattr("analysis.scheduled.messages.LARGE_BYTES", 100)
    assert send(outcome, str(tmp_path / "b.eml")) == []
    assert list(read_mail((tmp_path / "b.eml").read_bytes()).iter_attachments()) == []
    assert b"too large to attach" in (tmp_path / "b.eml").read_bytes()


def test_a_mail_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not(outcome: RunOutcome, post: Any) -> None:
    kept, address = post("451 later", "451 later")
    assert send(outcome, address) == []
    assert kept.tries == 3
    kept, address = post(f"554 {SECRET}")
    (problem,) = send(outcome, address)
    assert problem.endswith("was not notified: it answered 554")
    assert kept.tries == 1


def test_a_password_is_not_sent_without_encryption(
    outcome: RunOutcome, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def note(*given: Any) -> AuthResult:
        seen.append(given)
        return AuthResult(success=True)

    kept, address = post(authenticator=note, auth_require_tls=False)
    monkeypatch.setenv("SSOT_SMTP_USER", "ssot")
    monkeypatch.setenv("SSOT_SMTP_PASSWORD", SECRET)
    (problem,) = send(outcome, address)
    assert "no encryption" in problem and SECRET not in problem
    assert seen == [] and kept.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Return a new certificate for this machine's loopback, and what a server needs to use it."""
    folder = tmp_path_factory.mktemp("certificate")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return folder / "certificate.pem", context


@pytest.mark.parametrize("is_encrypted_from_the_start", [False, True])
def test_a_mail_server_gets_name_and_password_over_tls_and_keeps_the_mail(
    outcome: RunOutcome, post: Any, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch,
    is_encrypted_from_the_start: bool,
) -> None:  # fmt: skip
    place, context = certificate
    seen: list[tuple[bytes, bytes]] = []

    def note(_: object, session: Any, __: object, ___: str, given: Any) -> AuthResult:
        assert is_encrypted_from_the_start or session.ssl is not None
        seen.append((given.login, given.password))
        return AuthResult(success=given.password == SECRET.encode())

    way = {"ssl_context": context, "auth_require_tls": False} if is_encrypted_from_the_start else {
        "tls_context": context, "require_starttls": True
    }  # fmt: skip
    kept, address = post(authenticator=note, auth_required=True, **way)
    address = address.replace("smtp://", "smtps://") if is_encrypted_from_the_start else address
    monkeypatch.setenv("SSOT_SMTP_USER", "ssot")
    monkeypatch.setenv("SSOT_SMTP_PASSWORD", SECRET)
    (problem,) = send(outcome, address)
    assert "certificate" in problem and seen == [] and kept.mails == []
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    assert send(outcome, address) == []
    assert seen == [(b"ssot", SECRET.encode())]
    assert [part.get_filename() for part in read_mail(kept.mails[0]).iter_attachments()] == ["report.html"]


def test_a_run_that_fails_notifies_with_the_reason_and_fails_all_the_same(post: Any, web: Any, tmp_path: Path) -> None:
    kept, mail = post()
    answered, hook = web()
    options = Unattended(notify=(mail, hook, f"slack+{hook}", str(tmp_path / "x.eml")), notify_when="regression")
    with pytest.raises(TargetError), notifying_failure("sh<b>op", options):
        raise TargetError("/srv/shop is not a folder\x1b[2J")
    assert read_mail(kept.mails[0])["Subject"] == "sh<b>op: no report was written"
    assert "/srv/shop is not a folder" in read_mail(kept.mails[0]).get_content()
    document = answered.bodies[0][1]
    assert document["failed"].startswith("/srv/shop is not a folder") and "\x1b" not in json.dumps(document)
    assert answered.bodies[1][1]["text"].startswith("sh&lt;b&gt;op: no report was written: ")
    assert (tmp_path / "x.eml").is_file()


def test_a_run_that_found_the_target_locked_has_not_failed(tmp_path: Path) -> None:
    options = Unattended(notify=(str(tmp_path / "x.eml"),), notify_when="always")
    with pytest.raises(BusyError), notifying_failure("shop", options):
        raise BusyError("another report of it is under way")
    assert not (tmp_path / "x.eml").exists()


def test_the_command_notifies_when_the_target_is_gone(tmp_path: Path) -> None:
    line = ["report", str(tmp_path / "gone"), "--quiet", "--notify", str(tmp_path / "mails/x.eml")]
    environment = {**os.environ, "SSOT_DATA": str(tmp_path / "data"), "SSOT_REPORTS": str(tmp_path / "reports")}
    done = subprocess.run(
        [sys.executable, "-m", "analysis.cli", *line], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode not in {0, 1} and done.stdout == ""
    mail = read_mail((tmp_path / "mails/x.eml").read_bytes())
    assert "gone" in mail.get_content() and not list(mail.iter_attachments())


def test_a_certificate_that_nobody_trusts_is_refused_at_once(outcome: RunOutcome) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            connection.sendall(b"220 this is not TLS\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        address = f"smtps://127.0.0.1:{server.getsockname()[1]}/?from=a@example.org&to=b@example.org"
        (problem,) = send(outcome, address)
    assert "TLS" in problem


def test_a_webhook_gets_the_figures_and_a_token_from_the_environment(
    outcome: RunOutcome, web: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, address = web()
    monkeypatch.setenv("SSOT_WEBHOOK_TOKEN", SECRET)
    assert send(outcome, address) == []
    ((_, body, token),) = kept.bodies
    assert token == f"Bearer {SECRET}"
    assert body == json.loads(json.dumps(outcome.describe()))
    assert (body["format"], body["new"], body["score"], body["score_before"]) == (1, 2, 91.5, 92.0)
    assert SECRET not in json.dumps(body)


def test_slack_and_teams_get_their_shapes_without_markup_of_the_target(outcome: RunOutcome, web: Any) -> None:
    kept, address = web()
    assert send(outcome, f"slack+{address}", f"teams+{address}") == []
    slack, teams = (body for _, body, _ in kept.bodies)
    assert "sh&lt;b&gt;" in slack["text"] and "<" not in slack["text"]
    assert {block["text"]["type"] for block in slack["blocks"]} == {"plain_text"}
    (card,) = teams["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert "sh\\<b\\>" in card["content"]["body"][0]["text"]


@pytest.mark.parametrize(("codes", "tries", "why"), [
    ((503, 429), 3, ""), ((503, 503, 503), 3, "it answered 503 (tried 3 times)"), ((404,), 1, "it answered 404"),
    ((302,), 1, "it answered 302"),
])  # fmt: skip
def test_a_web_server_is_tried_again_only_where_that_may_help(
    codes: tuple[int, ...], tries: int, why: str, outcome: RunOutcome, web: Any
) -> None:
    kept, address = web(*codes)
    problems = send(outcome, address)
    assert [problem.partition("was not notified: ")[2] for problem in problems] == ([why] if why else [])
    assert len(kept.bodies) == tries
    assert all(path != "/elsewhere" for path, *_ in kept.bodies)
    assert SECRET not in " ".join(problems)


def test_nobody_who_answers_is_named_by_host_alone(outcome: RunOutcome) -> None:
    problems = send(
        outcome, f"http://127.0.0.1:{find_port()}/{SECRET}",
        f"smtp://127.0.0.1:{find_port()}/?from=a@example.org&to=b@example.org",
    )  # fmt: skip
    assert len(problems) == 2
    assert all("Connection refused (tried 3 times)" in problem and SECRET not in problem for problem in problems)


def test_a_server_that_answers_drop_by_drop_is_left_after_the_limit(outcome: RunOutcome) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.1):
                    connection.sendall(b"x")

        threading.Thread(target=drip, daemon=True).start()
        started = time.monotonic()
        limits = SendingLimits(answer_seconds=1.0, pauses_seconds=(), all_seconds=1.5)
        (problem,) = send(outcome, f"http://127.0.0.1:{server.getsockname()[1]}/", limits=limits)
        stop.set()
    assert "no answer within 1.5 s" in problem
    assert time.monotonic() - started < 10


def test_one_that_fails_does_not_keep_others_from_it(outcome: RunOutcome, web: Any, tmp_path: Path) -> None:
    kept, address = web()
    (tmp_path / "file").write_text("")
    problems = send(outcome, str(tmp_path / "file" / "x.eml"), address)
    assert len(problems) == 1 and "cannot write" in problems[0]
    assert len(kept.bodies) == 1


def test_an_address_may_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, outcome: RunOutcome, web: Any
) -> None:
    kept, address = web()
    monkeypatch.setenv("SSOT_SLACK", address)
    assert send(outcome, "slack+env:SSOT_SLACK") == []
    assert kept.bodies[0][0] == f"/services/{SECRET}"
    assert SECRET not in str(read_address("slack+env:SSOT_SLACK"))


@pytest.mark.parametrize("address", [
    f"https://user:{SECRET}@example.org/", f"smtp://user:{SECRET}@example.org/?from=a@b&to=c@d",
    f"http://example.org/{SECRET}", f"ftp://example.org/{SECRET}", f"{SECRET}.txt", "env:HOME", "env:SSOT_NOT_SET",
    "slack+smtp://example.org/?from=a@b&to=c@d", "smtp://example.org/", "smtp://example.org/?from=a@b",
    f"smtp://example.org/?from=a@b&to=c@d&password={SECRET}", "smtp:///?from=a@b&to=c@d", "https:///path",
    "smtp://example.org/?from=a%0d%0aBcc:x@b&to=c@d", "https://example.org:port/", "https://[1/", "slack+x.eml", "",
])  # fmt: skip
def test_other_addresses_are_refused_without_repeating_them(address: str) -> None:
    with pytest.raises(AnalysisError, match="--notify") as refused:
        read_address(address)
    assert SECRET not in str(refused.value)

"""Sends notifications: each within a time limit, again when the failure may pass, and no secret is ever shown."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import smtplib
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from analysis import store
from analysis.errors import AnalysisError
from analysis.scheduled.addresses import (
    SMTP_PASSWORD,
    SMTP_USER,
    WEBHOOK_TOKEN,
    Address,
    MailFile,
    MailServer,
    Webhook,
)
from analysis.scheduled.messages import build_document, build_message
from analysis.scheduled.outcome import FailedRun, RunOutcome

_BUSY = 429
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """How long is tried: seconds for one answer, the pauses before a further try, and seconds for all of it."""

    answer_seconds: float = 10.0
    pauses_seconds: tuple[float, ...] = (1.0, 4.0, 10.0)
    all_seconds: float = 60.0


class _Refused(Exception):  # noqa: N818 - an answer, no fault of the program
    """The receiver does not take it, now or (``is_final``) ever."""

    def __init__(self, why: str, *, is_final: bool) -> None:
        super().__init__(why)
        self.is_final = is_final


def send_all(
    outcome: RunOutcome | FailedRun, addresses: Sequence[Address], limits: SendingLimits = SendingLimits()
) -> list[str]:  # fmt: skip
    """Notify every address of a run; return a sentence for each that was not reached."""
    found = ((address, _send(outcome, address, limits)) for address in addresses)
    return [f"{address} was not notified: {why}" for address, why in found if why]


def _send(outcome: RunOutcome | FailedRun, address: Address, limits: SendingLimits) -> str:
    """Send one notification; return why that failed, else nothing.

    It runs beside this thread: a server that sends one byte at a time would outlast every limit of a single answer.
    """
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_try_often(outcome, address, limits)), daemon=True).start()
    try:
        return answers.get(timeout=limits.all_seconds)
    except queue.Empty:
        return f"no answer within {limits.all_seconds:g} s"


def _try_often(outcome: RunOutcome | FailedRun, address: Address, limits: SendingLimits) -> str:
    why = ""
    for pause in (0.0, *limits.pauses_seconds):
        time.sleep(pause)
        try:
            _try_once(outcome, address, limits)
        except _Refused as error:
            why = str(error)
            if error.is_final:
                return why
        except AnalysisError as error:
            return error.what
        except ssl.SSLError:
            return "its certificate is not valid, or it does not speak TLS"
        except (OSError, smtplib.SMTPException, ValueError) as error:
            why = _explain(error)
        else:
            return ""
    return f"{why} (tried {len(limits.pauses_seconds) + 1} times)"


def _try_once(outcome: RunOutcome | FailedRun, address: Address, limits: SendingLimits) -> None:
    if isinstance(address, MailFile):
        store.write_file(address.path, build_message(outcome).as_bytes().decode("ascii"))
    elif isinstance(address, MailServer):
        _send_mail(outcome, address, limits.answer_seconds)
    else:
        _post(address, build_document(outcome, address.shape), limits.answer_seconds)


def _send_mail(outcome: RunOutcome | FailedRun, server: MailServer, seconds: float) -> None:
    mail = build_message(outcome, server.sender, server.receivers)
    user, password = os.environ.get(SMTP_USER, ""), os.environ.get(SMTP_PASSWORD, "")
    context = ssl.create_default_context()
    with _answered(), _connect(server, seconds, context) as connection:
        is_encrypted = server.is_encrypted
        connection.ehlo()
        if not is_encrypted and connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
            is_encrypted = True
        if user or password:
            if not is_encrypted:
                raise _Refused("it offers no encryption, and a password is never sent without", is_final=True)
            connection.login(user, password)
        refused = connection.send_message(mail)
        if refused:
            raise _Refused(f"it does not take mail for {', '.join(sorted(refused))}", is_final=True)


def _connect(server: MailServer, seconds: float, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.is_encrypted:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=seconds)


@contextlib.contextmanager
def _answered() -> Iterator[None]:
    """Turn the answers of a mail server into whether another try makes sense; what it said is not repeated."""
    try:
        yield
    except smtplib.SMTPAuthenticationError:
        raise _Refused("it does not take the name and password", is_final=True) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        why = f"it does not take mail for {', '.join(sorted(error.recipients))}"
        raise _Refused(why, is_final=min(codes, default=0) >= _SERVER_ERRORS) from None
    except smtplib.SMTPNotSupportedError:
        raise _Refused("it knows no way to log in", is_final=True) from None
    except smtplib.SMTPResponseException as error:
        raise _Refused(f"it answered {error.smtp_code}", is_final=error.smtp_code >= _SERVER_ERRORS) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Another address was not asked for: it would get what was meant for this one."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _post(webhook: Webhook, document: dict[str, Any], seconds: float) -> None:
    token = os.environ.get(WEBHOOK_TOKEN, "")
    headers = {"Content-Type": "application/json", "User-Agent": "ssot-kit"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    body = json.dumps(document).encode()
    request = urllib.request.Request(webhook.url, body, headers, method="POST")  # noqa: S310 - http(s): see addresses
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds):
            return
    except urllib.error.HTTPError as error:
        error.close()
        is_final = error.code < _SERVER_ERRORS and error.code != _BUSY
        raise _Refused(f"it answered {error.code}", is_final=is_final) from None
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else OSError(type(error).__name__) from None


def _explain(error: Exception) -> str:
    """Return a failure in a few words; the words of the receiver may repeat what was sent."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__

"""Where a notification goes: a file, a mail server, or a web address; no secret is ever part of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, parse_qs, urlsplit

from analysis.errors import AnalysisError

Shape = Literal["json", "slack", "teams"]
#: The variables with secrets: name and password for a mail server, and what a web address is sent as a bearer token.
SMTP_USER, SMTP_PASSWORD, WEBHOOK_TOKEN = "SSOT_SMTP_USER", "SSOT_SMTP_PASSWORD", "SSOT_WEBHOOK_TOKEN"
#: ``env:NAME`` takes a web address from this environment variable, for addresses that are secrets themselves.
_VARIABLE = re.compile(r"SSOT_[A-Z0-9_]+")
_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SHAPES: Mapping[str, Shape] = {"slack": "slack", "teams": "teams"}
_KINDS = (
    "a file FOLDER/NAME.eml, smtp://HOST:PORT/?from=A&to=B, https://…, slack+https://…, teams+https://…, or env:NAME"
)


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that gets the mail, for what sends it later."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, the sender and the receivers; ``is_encrypted``: from the first byte (``smtps``)."""

    host: str
    port: int
    sender: str
    receivers: tuple[str, ...]
    is_encrypted: bool = False

    def __str__(self) -> str:
        return f"{'smtps' if self.is_encrypted else 'smtp'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A web address that gets a JSON document; it is shown without its path, which may be a secret."""

    url: str
    shape: Shape = "json"

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


Address: TypeAlias = MailFile | MailServer | Webhook


def read_address(text: str) -> Address:
    """Return where a notification goes; raises ``AnalysisError`` without repeating what may be a secret.

    >>> print(read_address("smtp://mail.example:2525/?from=ssot@shop.example&to=dev@shop.example"))
    smtp://mail.example:2525
    >>> read_address("slack+https://hooks.slack.example/services/T0/B0/x").shape
    'slack'
    """
    shape_name, plus, rest = text.partition("+")
    shape = _SHAPES.get(shape_name) if plus else None
    inner = rest if shape else text
    if inner.startswith("env:"):
        inner = _read_variable(inner.removeprefix("env:"))
    parts = _split(inner)
    if parts.scheme in {"http", "https"}:
        return _read_webhook(parts, inner, shape or "json")
    if shape is None and parts.scheme in {"smtp", "smtps"}:
        return _read_server(parts)
    if shape is None and not parts.netloc and inner.endswith(".eml"):
        return MailFile(Path(inner).expanduser().absolute())
    raise AnalysisError("--notify: no such kind of address", remedy=f"It takes {_KINDS}")


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - it is checked when it is read
    except ValueError:
        raise AnalysisError("--notify: the address cannot be read", remedy=f"It takes {_KINDS}") from None
    if parts.username or parts.password:
        raise AnalysisError(
            "--notify: an address must not contain a name or password",
            remedy=f"Set {SMTP_USER} and {SMTP_PASSWORD}, or {WEBHOOK_TOKEN}",
        )
    return parts


def _read_variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise AnalysisError("--notify env:NAME takes a variable whose name begins with SSOT_")
    value = os.environ.get(name, "")
    if not value.startswith("https://") and not value.startswith("http://"):
        raise AnalysisError(f"--notify: the environment variable {name} has no web address")
    return value


def _read_webhook(parts: SplitResult, url: str, shape: Shape) -> Webhook:
    if not parts.hostname:
        raise AnalysisError("--notify: the web address names no host")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise AnalysisError("--notify: a web address must begin with https://, except on this machine")
    return Webhook(url, shape)


def _read_server(parts: SplitResult) -> MailServer:
    given = parse_qs(parts.query)
    senders, receivers = given.pop("from", []), given.pop("to", [])
    if given or len(senders) != 1 or not receivers or not parts.hostname:
        raise AnalysisError(
            "--notify: a mail server needs its host, one from= and at least one to=",
            remedy="As in smtp://mail.example:587/?from=ssot@example.org&to=dev@example.org",
        )
    if not all(_ADDRESS.fullmatch(each) for each in [*senders, *receivers]):
        raise AnalysisError("--notify: from= and to= take plain mail addresses, as dev@example.org")
    is_encrypted = parts.scheme == "smtps"
    port = parts.port or (465 if is_encrypted else 25)
    return MailServer(parts.hostname, port, senders[0], tuple(receivers), is_encrypted)

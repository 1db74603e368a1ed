"""What a notification says: a mail with the report, or a JSON document in the shape that the receiver takes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

from analysis.report.share import LARGE_BYTES
from analysis.scheduled.addresses import Shape
from analysis.scheduled.outcome import FailedRun, RunOutcome
from analysis.wording import make_harmless

#: The sender and receiver of a mail that is only written to a file.
NOBODY = "ssot@localhost"
_REPORT = "report.html"
#: Every mail server takes seven bits.
_POLICY = SMTP.clone(cte_type="7bit")


def build_message(
    outcome: RunOutcome | FailedRun, sender: str = NOBODY, receivers: Sequence[str] = (NOBODY,)
) -> EmailMessage:  # fmt: skip
    """Return the mail of a run: its summary as text, ``mail.html`` as HTML, and the report in one file.

    A report above ten megabytes is attached as an archive; one that is larger even so is left out, and the text says
    where it is. The mail of a run that failed has the reason alone.
    """
    if isinstance(outcome, FailedRun):
        mail = _begin(f"{outcome.target}: no report was written", sender, receivers)
        mail.set_content(f"{outcome.summary}\n")
        return mail
    folder = outcome.run.folder
    mail = _begin(f"{outcome.run.target}: {outcome.run.verdict}", sender, receivers)
    attached = _pack(folder / _REPORT)
    where = "attached" if attached else f"too large to attach: {folder / _REPORT}"
    mail.set_content(f"{outcome.summary}\n\n{make_harmless(outcome.run.verdict)}\n\nThe whole report is {where}.\n")
    mail.add_alternative((folder / "mail.html").read_text("utf-8"), subtype="html")
    if attached:
        kind = "zip" if attached[0].endswith(".zip") else "octet-stream"
        mail.add_attachment(attached[1], maintype="application", subtype=kind, filename=attached[0])
    return mail


def _begin(subject: str, sender: str, receivers: Sequence[str]) -> EmailMessage:
    mail = EmailMessage(_POLICY)
    mail["Subject"] = make_harmless(subject)[:200]
    mail["From"], mail["To"] = sender, ", ".join(receivers)
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="ssot.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def _pack(report: Path) -> tuple[str, bytes] | None:
    """Return the name and content of the attachment; None where it is too large for many mail servers."""
    content = report.read_bytes()
    if len(content) <= LARGE_BYTES:
        return report.name, content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(report.name, content)
    return (f"{report.name}.zip", packed.getvalue()) if packed.tell() <= LARGE_BYTES else None


def build_document(outcome: RunOutcome | FailedRun, shape: Shape) -> dict[str, Any]:
    """Return what a webhook gets: all figures of the outcome, or a message for Slack or Microsoft Teams."""
    if shape == "json":
        return outcome.describe()
    lines = [outcome.summary]
    if isinstance(outcome, RunOutcome):
        lines += [make_harmless(outcome.run.verdict), str(outcome.run.folder / "index.html")]
    if shape == "slack":
        blocks = [{"type": "section", "text": {"type": "plain_text", "text": line[:3000]}} for line in lines]
        return {"text": _escape_slack(outcome.summary), "blocks": blocks}
    texts = [{"type": "TextBlock", "text": _escape_card(line), "wrap": True} for line in lines]
    content = {"type": "AdaptiveCard", "version": "1.4", "body": texts}
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}],
    }


def _escape_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escape_card(text: str) -> str:
    """Return text in which a card finds no link and no emphasis."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]()#~<>" else letter for letter in text)

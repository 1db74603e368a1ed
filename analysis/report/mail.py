"""The verdict as the body of a mail, for readers whose mail program runs no scripts and takes no style sheets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from analysis.report.colours import LIGHT
from analysis.report.templating import render

#: The colour of each light on white.
_TONES = MappingProxyType({"red": "red", "amber": "amber", "green": "green", "grey": "quiet", "violet": "violet"})


def build_mail(report: Mapping[str, Any]) -> str:
    """Return the verdict, the next actions and the chief figures as HTML without scripts, styles and pictures.

    ``report`` is the data of the report's templates.
    """
    return render("mail.html.j2", report=report, colours=LIGHT, tones=_TONES, has_networks=False)

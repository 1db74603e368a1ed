"""Times at which a report is written again and again: read from a few words, written for each scheduler."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.errors import AnalysisError

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FORMS = '"hourly", "daily 06:00", "weekdays 06:00" or "weekly mon 06:00"'
_WORDS = re.compile(
    r"(?P<hourly>hourly)|(?:daily|(?P<weekdays>weekdays)|weekly (?P<day>sun|mon|tue|wed|thu|fri|sat)) "
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Times:
    """Minute and hour (None: each hour) on some days of the week: sun to sat, empty for every day."""

    minute: int
    hour: int | None = None
    days: tuple[str, ...] = ()

    @property
    def cron(self) -> str:
        """The five fields of cron.

        >>> read_times("weekly mon 06:30").cron, read_times("hourly").cron
        ('30 6 * * 1', '0 * * * *')
        """
        numbers = [_DAYS.index(day) for day in self.days]
        days = f"{numbers[0]}-{numbers[-1]}" if len(numbers) > 1 else str(numbers[0]) if numbers else "*"
        return f"{self.minute} {'*' if self.hour is None else self.hour} * * {days}"

    @property
    def calendar(self) -> str:
        """The value of ``OnCalendar`` in a timer of systemd.

        >>> read_times("weekdays 06:30").calendar, read_times("hourly").calendar
        ('Mon..Fri *-*-* 06:30:00', '*-*-* *:00:00')
        """
        named = [day.title() for day in self.days]
        days = f"{named[0]}..{named[-1]} " if len(named) > 1 else f"{named[0]} " if named else ""
        return f"{days}*-*-* {'*' if self.hour is None else f'{self.hour:02}'}:{self.minute:02}:00"


def read_times(text: str) -> Times:
    """Return the times that a few words state; raises ``AnalysisError`` for others.

    >>> read_times("daily 06:00")
    Times(minute=0, hour=6, days=())
    """
    match = _WORDS.fullmatch(" ".join(text.lower().split()))
    if match is None:
        raise AnalysisError(f"cannot read the time {text[:40]!r}", remedy=f"It is one of {_FORMS}")
    if match["hourly"]:
        return Times(0)
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 23 or minute > 59:
        raise AnalysisError(f"there is no time {match['hour']}:{match['minute']}", remedy="From 00:00 to 23:59")
    return Times(minute, hour, _DAYS[1:6] if match["weekdays"] else (match["day"],) if match["day"] else ())

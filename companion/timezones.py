"""Times on the clock of a site, whatever its zone's name leads to. Pure but for the zone files that it reads."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def on_site_clock(moment: datetime, timezone: str) -> datetime:
    """Return an aware time in an IANA zone; in UTC where the zone cannot be had, so that a page never fails for it.

    A host may lack zone files, a stored name may be of another release of the zone database, and the first and last day of the
    calendar have no place in some zones. What is read then says UTC by its zone's name.
    """
    try:
        return moment.astimezone(ZoneInfo(timezone))
    except ZoneInfoNotFoundError, OSError, OverflowError, ValueError:
        return moment.astimezone(UTC)

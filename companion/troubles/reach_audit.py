"""Looks whether alarms of every site, panic key and panel would tell somebody, and reports those that would not."""

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from companion.directory.apply import stored_state
from companion.directory.reach import Cause, Unreached, last_resort_reaches, unreached
from companion.directory.state import SITE, State
from companion.store.scope import ALL_SITES
from companion.troubles import reporting
from companion.troubles.model import TroubleKind
from companion.troubles.reporting import Reporter
from companion.troubles.store import panels_without_site

KINDS = {
    "site": TroubleKind.SITE_REACHES_NOBODY,
    "device": TroubleKind.KEY_REACHES_NOBODY,
    "panel": TroubleKind.PANEL_REACHES_NOBODY,
}


def who_reaches_nobody(conn: Connection, state: State) -> list[Unreached]:
    """Return every site, panic key and panel whose alarms would tell nobody. Costs as much as the directory is large."""
    return [*unreached(state), *_panels(conn, state)]


def _panels(conn: Connection, state: State) -> Iterator[Unreached]:
    """Yield the Home Assistants whose alarms belong to no site, when there is no last resort for them."""
    if len(state[SITE]) == 1 or last_resort_reaches(state):
        return
    for instance, name in panels_without_site(ALL_SITES, conn):
        yield Unreached("panel", instance, name, None, Cause.NO_POLICY)


def audit_reach(unit: Reporter) -> None:
    """Report what would tell nobody, and clear what tells somebody by now."""
    found = who_reaches_nobody(unit.conn, stored_state(unit.conn))
    for one in found:
        reporting.report(
            unit,
            KINDS[one.kind],
            one.id,
            subject=one.name,
            site_id=one.site_id,
            facts={"cause": one.cause.value},
        )
    still = {(KINDS[one.kind], one.id) for one in found}
    for kind in KINDS.values():
        for trouble in reporting.open_of_kind(unit, kind):
            subject_id = trouble.key.partition(":")[2]
            if (kind, subject_id) not in still:
                reporting.clear(unit, kind, subject_id)

"""What a word of Home Assistant's panel means as an alarm."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from sqlalchemy.engine import Connection

from companion.alarms.dedup import of_panel
from companion.alarms.model import SO, AlarmKind, Severity, Source, Trigger
from companion.directory import store as directory
from companion.directory.model import Site
from companion.store.scope import Scope
from companion.texts.language import ENGLISH

TITLE_LIMIT = 200
ZONES_IN_TITLE = 3

_MAY_BE_HELD = frozenset({AlarmKind.BURGLARY, AlarmKind.TAMPER})
_LESS_THAN_CRITICAL = {
    AlarmKind.WATER: Severity.HIGH,
    AlarmKind.TAMPER: Severity.HIGH,
    AlarmKind.TECHNICAL: Severity.NORMAL,
}


def alarm_kind(sent: str) -> AlarmKind:
    """Return the kind; one that only a newer Home Assistant knows is taken as seriously as a burglary."""
    try:
        return AlarmKind(sent)
    except ValueError:
        return AlarmKind.BURGLARY


def panel_trigger(
    scope: Scope,
    conn: Connection,
    *,
    instance: str,
    uid: str,
    kind: str,
    area: str,
    zones: Sequence[str],
    silent: bool = False,
    test: bool = False,
    message: str | None = None,
    facts: Mapping[str, str] = MappingProxyType({}),
    raised_by: str | None = None,
    hold: timedelta = timedelta(0),
    vacation: bool = False,
) -> Trigger:
    """Return the trigger for the panel's alarm `uid`, with the site's name and its policy for that time.

    `area` and `zones` are names, the first tripped zone first; `facts` are details that the panel knows, by their
    names; `message` is what a Home Assistant says that tells no facts; `raised_by` says who spoke for a silent panel.
    `scope` is the panel's. `hold` is the panel's abort window; nothing that may cost a life is held back, whatever the panel says.
    """
    known = alarm_kind(kind)
    label = ENGLISH.titles.heads[known] if known == kind else kind.replace("_", " ").capitalize()
    site = site_of_panel(scope, conn)
    details = {
        "zones": ", ".join(zones) or None,
        "message": message,
        **facts,
        "silent": SO if silent else None,
        "raised_by": raised_by,
        "vacation": SO if vacation else None,
    }
    return Trigger(
        source=Source.PANEL,
        kind=known,
        severity=_LESS_THAN_CRITICAL.get(known, Severity.CRITICAL),
        title=f"{label}: {', '.join(zones[:ZONES_IN_TITLE]) or area}"[:TITLE_LIMIT],
        test=test,
        site_id=None if site is None else site.id,
        site=None if site is None else site.name,
        timezone="UTC" if site is None else site.timezone,
        room=area,
        details={key: value for key, value in details.items() if value is not None},
        uid=uid,
        policy=None if site is None else directory.policy_for(scope, conn, site, vacation=vacation),
        dedup=of_panel(instance, uid),
        hold=hold if kind in _MAY_BE_HELD and not silent else timedelta(0),
    )


def site_of_panel(scope: Scope, conn: Connection) -> Site | None:
    """Return the site of a panel's API key; of a key for every site, the only site there is, or None."""
    return directory.only_site(scope, conn)

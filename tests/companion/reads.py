"""Whatever a monitor, a page or a list asks of the database, by name: what may not cost more as the record grows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

from sqlalchemy.engine import Connection

from companion.alarms import escalate, failover, flood
from companion.alarms.ack_links import ack_link, is_expired
from companion.alarms.model import Alarm, AlarmKind, Source, Status
from companion.alarms.pictures import forget_pictures, picture_of
from companion.alarms.replies import take
from companion.alarms.retention import forget_alarms, forget_messages
from companion.alarms.service import AlarmService
from companion.alarms.statistics import Span, counted
from companion.alarms.store import alarm_by_id, list_alarms, next_due_at, open_counts
from companion.alarms.transaction import AlarmTransaction
from companion.channels.base import Answer, Receipt, Sent, Undelivered
from companion.dispatch import claim, folding, readers
from companion.dispatch.health import counts_by_channel_and_state, dispatch_health
from companion.dispatch.record import record, record_receipt, record_undelivered
from companion.dispatch.retry import Done
from companion.dispatch.slots import Room
from companion.dispatch.store import forget_heard, taken_since, unsent_by_channel
from companion.link import lost_panels
from companion.store.probe import prove_write
from companion.store.scope import ALL_SITES, OneSite, Scope
from companion.texts.language import texts_for
from companion.texts.reasons import Reason
from companion.triggers.press import Pressed, press
from companion.troubles import reporting
from companion.troubles.channel_watch import clear_gone
from companion.troubles.reach_audit import audit_reach
from companion.web import dashboard_data as data
from companion.web.health_checks import alerting_checks
from companion.web.metrics import figures
from tests.builders import HERE, LEASE, RESPONDER


@dataclass(frozen=True)
class Read:
    """One thing that is asked; of a group, the slowest counts."""

    group: str
    name: str
    work: Callable[[Connection], object]


@dataclass(frozen=True)
class Places:
    """What is asked about."""

    now: datetime
    alarm_id: str
    """One in the middle of the record."""
    link_token: str
    device_token: str
    provider_ref: str
    """Of its page, which was sent over the channel `push`."""
    site: str
    small_site: str
    """One with a handful of alarms, all of them long ago."""


def reads_of(places: Places) -> Iterator[Read]:
    """Yield everything that is asked."""
    now = places.now
    yield Read("/metrics", "", partial(figures, now=now))
    yield Read("alerting", "", partial(alerting_checks, now=now))
    yield Read("auditor", "overdue", partial(dispatch_health, now=now))
    yield Read("counts", "deliveries", counts_by_channel_and_state)
    yield Read("counts", "unsent", partial(unsent_by_channel, ALL_SITES))
    for channel_id in ("push", "text"):
        yield Read("counts", f"taken: {channel_id}", partial(_taken, channel_id, now))
    for scope in (ALL_SITES, OneSite(places.site)):
        yield from _pages(places, scope)
    yield Read("page: devices", "", partial(data.devices, ALL_SITES))
    yield Read("page: channels", "", data.channels)
    yield from _dashboard_lists(places)
    yield from _api_lists(places)
    yield from _statistics(places)


def _taken(channel_id: str, now: datetime, conn: Connection) -> int:
    return taken_since(ALL_SITES, conn, channel_id, now - timedelta(days=30), at_most=250)


def _pages(places: Places, scope: Scope) -> Iterator[Read]:
    whose = "" if scope == ALL_SITES else "one site"
    texts = texts_for("en")
    yield Read("page: overview", whose, lambda conn: data.overview(scope, conn, places.now))
    yield Read("page: alarm", whose, lambda conn: data.alarm_story(scope, conn, places.alarm_id, texts))
    yield Read("page: picture", whose, lambda conn: picture_of(scope, conn, places.alarm_id))
    yield Read("page: link", whose, lambda conn: _link(scope, conn, places))
    yield Read("page: open", whose, lambda conn: open_counts(scope, conn))


def _link(scope: Scope, conn: Connection, places: Places) -> object:
    found = alarm_by_id(scope, conn, places.alarm_id)
    assert found is not None
    return ack_link(conn, places.link_token), is_expired(conn, found, places.now, timedelta(days=1))


def _dashboard_lists(places: Places) -> Iterator[Read]:
    sites = (None, places.site, places.small_site, "nowhere")
    for which, sort, source, site in product(data.Which, data.Sort, (None, *Source), sites):
        for after in (None, places.alarm_id):
            wanted = data.Wanted(which=which, sort=sort, source=source, site_id=site, after=after)
            yield Read("dashboard lists", _shown(wanted), partial(_page, ALL_SITES, wanted))
    for which, sort, source in product(data.Which, data.Sort, (None, *Source)):
        wanted = data.Wanted(which=which, sort=sort, source=source)
        name = f"one site: {_shown(wanted)}"
        yield Read("dashboard lists", name, partial(_page, OneSite(places.small_site), wanted))


def _page(scope: Scope, wanted: data.Wanted, conn: Connection) -> object:
    return data.alarm_page(scope, conn, wanted)


def _api_lists(places: Places) -> Iterator[Read]:
    statuses = (None, [Status.RESOLVED], [Status.ACKNOWLEDGED, Status.CANCELLED])
    sources = (None, [Source.API], [Source.API, Source.PANEL])
    sites = (None, places.small_site, "nowhere")
    long_ago, lately = datetime(1999, 1, 1, tzinfo=places.now.tzinfo), places.now - timedelta(hours=3)
    spans: tuple[dict[str, Any], ...] = (
        {},
        {"until": long_ago},
        {"since": places.now + timedelta(days=1)},
        {"since": lately, "until": lately + timedelta(seconds=1)},
        {"before": places.alarm_id},
    )
    for status, source, site, test, span in product(statuses, sources, sites, (None, True), spans):
        filters: dict[str, Any] = {
            "statuses": status,
            "sources": source,
            "site_id": site,
            "test": test,
            **span,
        }
        given = {name: value for name, value in filters.items() if value is not None}
        ask = partial(list_alarms, ALL_SITES, limit=51, **given)
        yield Read("GET /v1/alarms", _named(given), ask)
    for span in spans:
        ask = partial(list_alarms, OneSite(places.small_site), **span)
        yield Read("GET /v1/alarms", f"one site: {_named(span)}", ask)


def _statistics(places: Places) -> Iterator[Read]:
    week = places.now - timedelta(days=7)
    spans = (
        Span(),
        Span(site_id=places.site),
        Span(since=week),
        Span(since=week, site_id=places.small_site),
        Span(until=datetime(1999, 1, 1, tzinfo=places.now.tzinfo)),
    )
    for span in spans:
        name = _named({key: value for key, value in vars(span).items() if value is not None})
        yield Read("GET /v1/statistics", name, partial(_count, span))


def _count(span: Span, conn: Connection) -> object:
    return counted(ALL_SITES, conn, span)


def hot_statements(commands: AlarmService, places: Places) -> Iterator[Read]:
    """Yield what runs with every alarm, and what goes on by itself; nothing of it is kept."""

    def unit(work: Callable[[AlarmTransaction], object]) -> Callable[[Connection], object]:
        return lambda conn: work(commands.unit(ALL_SITES, conn))

    now = places.now
    pressed = Pressed(source=Source.YEALINK, kind=AlarmKind.PANIC, head="Panic key", context={})
    raised = partial(press, token=places.device_token, pressed=pressed, window_s=60, per_minute=10)
    yield Read("readiness", "", prove_write)
    yield Read("press", "", unit(raised))
    yield Read("answer", "", unit(lambda it: it.acknowledge(_raised(it).id, RESPONDER)))
    yield Read("answer", "and over", unit(_closed))
    yield Read("dispatcher", "looks", lambda conn: claim.next_at(conn, now, me=HERE))
    yield Read("dispatcher", "claims and records", lambda conn: _sent(conn, now))
    yield Read("dispatcher", "takes back", lambda conn: claim.take_back(conn, now, me=HERE, lease=LEASE))
    yield Read("dispatcher", "hears a receipt", lambda conn: _received(conn, places))
    yield Read("dispatcher", "hears that it will not arrive", lambda conn: _lost(conn, places))
    for answer in _answers(places):
        name = "names its message" if answer.thread_ref else "in words"
        yield Read("answer", name, unit(partial(take, channel_id="push", answer=answer)))
    yield Read("due", "looks", lambda conn: (next_due_at(ALL_SITES, conn), readers.next_due_at(conn)))
    yield Read("due", "running messages", folding.next_release_at)
    yield Read("due", "steps", unit(escalate.run_due))
    yield Read("due", "next contact points", unit(failover.run_due))
    yield Read("due", "floods", unit(flood.run_due))
    yield Read("due", "troubles", unit(reporting.run_due))
    yield Read("auditor", "troubles", unit(_audited))
    old = now - timedelta(days=30)
    yield Read("tidying", "alarms", lambda conn: forget_alarms(ALL_SITES, conn, old))
    yield Read("tidying", "messages about no alarm", lambda conn: forget_messages(conn, old))
    yield Read("tidying", "what was heard", lambda conn: forget_heard(conn, old))
    yield Read("tidying", "pictures", lambda conn: forget_pictures(ALL_SITES, conn, old))
    yield Read("page: link", "told together", lambda conn: _told_together(conn, places.alarm_id))


def _raised(unit: AlarmTransaction) -> Alarm:
    [found] = list_alarms(ALL_SITES, unit.conn, statuses=[Status.TRIGGERED], limit=1)
    return found


def _closed(unit: AlarmTransaction) -> None:
    alarm = unit.acknowledge(_raised(unit).id, RESPONDER)
    unit.resolve(alarm.id, RESPONDER)


def _sent(conn: Connection, now: datetime) -> None:
    rooms = {channel_id: Room(2, 2) for channel_id in ("push", "text")}
    for taken in claim.claim_due(conn, HERE, now, LEASE, rooms):
        record(conn, taken, Sent(provider_ref="new"), Done(), started_at=now, now=now)


def _received(conn: Connection, places: Places) -> None:
    record_receipt(conn, "push", Receipt(provider_ref=places.provider_ref, at=places.now))


def _lost(conn: Connection, places: Places) -> None:
    reason = Reason.quoting("gone")
    record_undelivered(conn, "push", Undelivered(provider_ref=places.provider_ref, reason=reason))


def _answers(places: Places) -> Iterator[Answer]:
    for thread_ref in (None, places.provider_ref):
        yield Answer(
            event_id=f"event of {thread_ref}",
            sender="+491",
            acknowledges=True,
            words="ok 4711",
            thread_ref=thread_ref,
        )


def _told_together(conn: Connection, alarm_id: str) -> None:
    alarm = alarm_by_id(ALL_SITES, conn, alarm_id)
    if alarm is not None:
        flood.told_together(conn, alarm, "Porter")


def _audited(unit: AlarmTransaction) -> None:
    audit_reach(unit)
    clear_gone(unit)
    lost_panels.clear_gone(unit)
    reporting.tell_due(unit)


def _shown(wanted: data.Wanted) -> str:
    return _named({name: value for name, value in vars(wanted).items() if value and name != "limit"})


def _named(given: Mapping[str, object]) -> str:
    # The same in every record, whichever alarm it is there.
    shown = {name: "middle" if name in {"before", "after"} else value for name, value in given.items()}
    return " ".join(f"{name}={value}" for name, value in shown.items()) or "all"

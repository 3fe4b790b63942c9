"""Whatever happens in whatever order, both sides end with the same story. No sockets: the parts themselves."""

from collections import deque
from contextlib import suppress
from datetime import timedelta
from typing import Any, override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy.engine import make_url

from companion.alarms.ack_links import AckTokens
from companion.alarms.errors import MoveRefused
from companion.alarms.journal import journal_of
from companion.alarms.model import Actor, AlarmKind, Change, Source, Trigger
from companion.alarms.store import list_alarms
from companion.alarms.transaction import AlarmTransaction
from companion.link import dead_man_switch as watch, inbound, outbox, publishing, store as link
from companion.link.events import parse_event
from companion.link.protocol import Hello
from companion.store import tables
from companion.store.database import sqlite_engine
from companion.store.scope import ALL_SITES
from tests.builders import paging_config
from tests.companion.link.conftest import INSTANCE, LinkNews
from tests.companion.link.exchange import alarm_raised
from tests.companion.link.home_assistant import Book
from tests.fakes.clock import START
from tests.golden_frames import golden_event

PORTER = Actor(name="Porter", via="ack_page")
UIDS = st.sampled_from(["b1", "b2", "b3"])
PAGING = paging_config(AckTokens(b"k" * 32, "https://alarm.example"))


class Connection:
    """Frames on their way; a cut loses them all."""

    def __init__(self, peer: link.Peer) -> None:
        self.peer = peer
        self.sent = 0
        self.to_home: deque[dict[str, Any]] = deque(
            [{"type": "welcome", "stream": peer.our_stream, "received": peer.received}]
        )
        self.to_companion: deque[dict[str, Any]] = deque()
        self.welcomed = False


class BothEnds(RuleBasedStateMachine):
    """Home Assistant's book and the companion's store, with a wire between them that breaks at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = sqlite_engine(make_url("sqlite:///:memory:"))
        self.conn = self.engine.connect()
        with self.conn.begin():
            tables.metadata.create_all(self.conn)
        self.now = START
        self.book = Book(INSTANCE)
        self.wire: Connection | None = None
        self.zones: dict[str, list[str]] = {}
        """Zones that tripped after each alarm was raised, in order: what the journal must say."""

    @override
    def teardown(self) -> None:
        self.all_is_told()
        self.conn.close()
        self.engine.dispose()

    def unit(self) -> AlarmTransaction:
        return AlarmTransaction(ALL_SITES, self.conn, self.now, PAGING, LinkNews())

    # --- what happens at either end ---------------------------------------------------------------------

    @rule(uid=UIDS, hold_s=st.sampled_from([0, 30]))
    def panel_raises(self, uid: str, hold_s: float) -> None:
        if uid not in self.zones:
            self.zones[uid] = []
            self.emit(alarm_raised(uid, hold_s=hold_s))

    @rule(uid=UIDS, confirmed=st.booleans())
    def zone_trips(self, uid: str, *, confirmed: bool) -> None:
        if uid in self.zones:
            zone = f"zone {sum(map(len, self.zones.values()))}"
            self.zones[uid].append(zone)
            body = {"kind": "zone_tripped", "at": START.isoformat(), "uid": uid, "zone": zone}
            self.emit({**body, "confirmed": confirmed})

    @rule(uid=UIDS, level=st.integers(0, 4), picture=st.booleans())
    def camera_sees(self, uid: str, level: int, *, picture: bool) -> None:
        if uid in self.zones:
            body = golden_event("alarm_evidence") | {"uid": uid, "level": level}
            self.emit(body if picture else body | {"picture": None})

    @rule(uid=UIDS, kind=st.sampled_from(["escalate", "push_unconfirmed"]))
    def nobody_moves(self, uid: str, kind: str) -> None:
        if uid in self.zones:
            self.emit(golden_event(kind) | {"uid": uid})

    @rule(uid=UIDS, ending=st.sampled_from(["aborted", "cancelled", "resolved"]))
    def somebody_disarms(self, uid: str, ending: str) -> None:
        if uid in self.zones:
            body = {"kind": "alarm_disarmed", "at": START.isoformat(), "uid": uid, "by": "Anna"}
            self.emit({**body, "ending": ending})

    @rule(uid=UIDS)
    def entry_delay_begins(self, uid: str) -> None:
        self.emit(
            {
                "kind": "alarm_pending",
                "at": START.isoformat(),
                "uid": uid,
                "area": "home",
                "name": "Ground floor",
                "zone": "Front door",
                "until": (START + timedelta(seconds=30)).isoformat(),
            }
        )

    def emit(self, body: dict[str, Any]) -> None:
        self.book.emit(body)
        if self.wire is not None and self.wire.welcomed:
            self.wire.to_companion.append({"type": "event", "seq": self.book.last, "event": body})

    @rule()
    def key_is_pressed(self) -> None:
        trigger = Trigger(source=Source.YEALINK, kind=AlarmKind.PANIC, title="Panic key")
        with self.conn.begin():
            self.unit().raise_alarm(trigger, Actor(name=None, via="yealink"))

    @rule(data=st.data())
    def responder_answers(self, data: st.DataObject) -> None:
        with self.conn.begin():
            if alarms := list_alarms(ALL_SITES, self.conn):
                alarm = data.draw(st.sampled_from(alarms))
                with suppress(MoveRefused):
                    self.unit().acknowledge(alarm.id, PORTER)

    @rule()
    def time_passes(self) -> None:
        self.now += timedelta(seconds=40)
        with self.conn.begin():
            watch.run_due(self.unit())

    # --- the wire ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.wire is None)
    @rule()
    def home_says_hello(self) -> None:
        frame = self.book.hello()
        del frame["type"]
        with self.conn.begin():
            self.wire = Connection(publishing.meet(self.conn, Hello(**frame), "a key", None, self.now))

    @precondition(lambda self: self.wire is not None and self.wire.to_home)
    @rule()
    def home_hears(self) -> None:
        assert self.wire is not None
        frame = self.wire.to_home.popleft()
        match frame["type"]:
            case "welcome":
                self.book.welcomed(frame)
                self.wire.welcomed = True
                self.wire.to_companion.extend(
                    {"type": "event", "seq": seq, "event": body} for seq, body in self.book.kept
                )
            case "confirm":
                self.book.confirmed(frame["seq"])
            case "event":
                self.wire.to_companion.append(self.book.event(frame))

    @precondition(lambda self: self.wire is not None and self.wire.to_companion)
    @rule()
    def companion_hears(self) -> None:
        assert self.wire is not None
        wire, frame = self.wire, self.wire.to_companion.popleft()
        with self.conn.begin():
            if frame["type"] == "confirm":
                outbox.confirm(self.conn, INSTANCE, wire.peer.our_stream, frame["seq"])
            else:
                inbound.apply(self.unit(), wire.peer, frame["seq"], parse_event(frame["event"]))
                wire.to_home.append({"type": "confirm", "seq": frame["seq"]})

    @precondition(lambda self: self.wire is not None)
    @rule()
    def companion_tells(self) -> None:
        assert self.wire is not None
        with self.conn.begin():
            kept = outbox.kept_of_stream(self.conn, self.wire.peer, after=self.wire.sent, limit=2)
        for seq, body in kept or []:
            self.wire.to_home.append({"type": "event", "seq": seq, "event": body})
            self.wire.sent = seq

    @rule()
    def link_is_cut(self) -> None:
        self.wire = None

    @rule()
    def home_begins_a_new_stream(self) -> None:
        self.wire = None
        self.book.begin_stream()

    # --- in the end -------------------------------------------------------------------------------------

    def all_is_told(self) -> None:
        self.wire = None
        self.home_says_hello()
        assert self.wire is not None
        for _ in range(1000):
            before = self.wire.sent
            self.companion_tells()
            while self.wire.to_home:
                self.home_hears()
            while self.wire.to_companion:
                self.companion_hears()
            if self.wire.sent == before and not self.wire.to_home and not self.book.kept:
                break

        with self.conn.begin():
            alarms = list_alarms(ALL_SITES, self.conn, limit=1000)
            panel = {alarm.uid: alarm for alarm in alarms if alarm.source is Source.PANEL}
            assert len(panel) == sum(alarm.source is Source.PANEL for alarm in alarms), (
                "one alarm for each uid"
            )
            assert set(self.zones) <= set(panel), "no alarm of the panel is lost"
            for uid, zones in self.zones.items():
                lines = journal_of(ALL_SITES, self.conn, panel[uid].id)
                told = [line.detail["zone"] for line in lines if "zone" in line.detail]
                assert told == zones, "each zone once, in order"
                confirmations = [line for line in lines if line.event is Change.CONFIRMED]
                assert len(confirmations) <= 1, "an alarm is confirmed once"
            assert outbox.count_kept(self.conn, INSTANCE) == 0, "all is confirmed"
        newest = {body["alarm_id"]: body for body in self.book.heard}
        for alarm in alarms:
            assert newest[alarm.id]["version"] == alarm.version, "the last word is the newest"
            assert newest[alarm.id]["status"] == alarm.status
        assert not self.book.kept


TestBothEnds = BothEnds.TestCase
TestBothEnds.settings = settings(
    max_examples=60,
    stateful_step_count=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

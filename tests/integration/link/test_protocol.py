"""The frames, against the golden ones that both halves read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from custom_components.alarm_broker.link.companion_events import (
    Action,
    AlarmSnapshot,
    DeliveryTrouble,
    Errand,
    ServiceTrouble,
    Status,
    TitleParts,
    parse_event,
)
from custom_components.alarm_broker.link.protocol import (
    Confirm,
    Event,
    Hello,
    Ping,
    Pong,
    Refusal,
    Welcome,
    dump,
    parse,
)
from custom_components.alarm_broker.link.wire import BadFrame
from tests.golden_frames import BEFORE_FACTS, FRAMES, golden, golden_event

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)

WELCOME = '{"type": "welcome", "version": 1, "stream": "a", "instance": "b", "name": "c", "received": 0, "heartbeat_s": 15}'

TYPES = {
    "hello": Hello,
    "welcome": Welcome,
    "event": Event,
    "confirm": Confirm,
    "ping": Ping,
    "pong": Pong,
    "error": Refusal,
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_golden_frame_survives_reading_and_writing(name: str) -> None:
    frame = parse(json.dumps(golden(name)))

    assert isinstance(frame, TYPES[name.split("_", maxsplit=1)[0]])
    assert json.loads(dump(frame)) == golden(name)


def test_an_alarm_of_the_companion_is_read_whole() -> None:
    alarm = parse_event(golden_event("alarm_acknowledged"))

    assert isinstance(alarm, AlarmSnapshot)
    assert (alarm.version, alarm.status, alarm.acknowledged_by) == (2, Status.ACKNOWLEDGED, "Ben Example")
    assert alarm.acknowledged_at == NOW


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"head": "panic_key", "where": "Desk", "room_unknown": True}, ("panic_key", "Desk", True)),
        ({"head": "panic_key", "where": "Desk"}, ("panic_key", "Desk", False)),
        ({"head": 7, "where": "Desk"}, None),
        ({"head": "panic_key", "where": "\ud800"}, None),
        ("Panic key: Desk", None),
        (None, None),
    ],
)
def test_a_title_is_read_in_its_parts_and_odd_ones_do_not_keep_the_alarm_back(
    said: Any, read: tuple[str, str, bool] | None
) -> None:
    alarm = parse_event({**golden_event("alarm"), "title_parts": said})

    assert isinstance(alarm, AlarmSnapshot)
    assert alarm.title_parts == (
        None if read is None else TitleParts(head=read[0], where=read[1], room_unknown=read[2])
    )


@pytest.mark.parametrize("path", sorted(BEFORE_FACTS.glob("event_*.json")), ids=lambda path: path.stem)
def test_what_a_companion_says_that_knows_no_facts_yet_is_understood(path: Path) -> None:
    before = parse_event(json.loads(path.read_text())["event"])

    match before:
        case AlarmSnapshot(title=title, title_parts=parts):
            assert (title, parts) == ("Panic key: Reception", None)
        case ServiceTrouble(subject=subject, subject_parts=parts):
            assert (bool(subject), parts) == (True, None)
        case _:
            assert before is None  # ours


def test_trouble_with_a_delivery_is_read() -> None:
    trouble = parse_event(golden_event("delivery_trouble"))

    assert isinstance(trouble, DeliveryTrouble)
    assert trouble.channel == "Signal"


def test_an_errand_is_read() -> None:
    errand = parse_event(golden_event("notify"))

    assert isinstance(errand, Errand)
    assert (errand.action, errand.target, errand.voice) == (
        Action.ANNOUNCE,
        "media_player.kitchen",
        "tts.piper",
    )
    assert (errand.urgent, errand.useful_s) == (True, 14.5)


def test_what_a_newer_companion_asks_for_is_read_as_something_unknown() -> None:
    errand = parse_event({**golden_event("notify"), "action": "unlock"})

    assert isinstance(errand, Errand)
    assert errand.action is None


@pytest.mark.parametrize(
    ("said", "read"), [(None, ()), ("notify", ()), (["notify", "sing"], ("notify", "sing"))]
)
def test_an_older_home_assistant_does_not_say_what_it_can(said: Any, read: tuple[str, ...]) -> None:
    hello = parse(json.dumps({**golden("hello"), "can": said}))

    assert isinstance(hello, Hello)
    assert hello.can == read


def test_a_kind_of_a_newer_companion_is_not_an_error() -> None:
    assert parse_event({"kind": "weather", "at": "2026-11-20T22:00:00+00:00"}) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 100_000,
        '{"type": "sing"}',
        '{"type": "confirm", "seq": -1}',
        '{"type": "confirm", "seq": true}',
        '{"type": "confirm", "seq": "4"}',
        '{"type": "event", "seq": 0, "event": {"kind": "alarm"}}',
        '{"type": "event", "seq": 1, "event": []}',
        '{"type": "event", "seq": 1, "event": {}}',
        WELCOME.replace("15", "NaN"),
        WELCOME.replace("15", "0"),
    ],
)
def test_what_the_contract_does_not_know_is_a_bad_frame(text: str) -> None:
    with pytest.raises(BadFrame):
        parse(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "asleep"),
        ("version", 0),
        ("test", None),
        ("raised_at", None),
        ("raised_at", "yesterday"),
        ("raised_at", "2026-11-20T22:00:00"),
        ("title", 7),
    ],
)
def test_an_alarm_that_lacks_what_it_promises_is_a_bad_frame(field: str, value: Any) -> None:
    body = {**golden_event("alarm"), field: value}

    with pytest.raises(BadFrame):
        parse_event(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(FRAMES), st.data())
def test_a_frame_with_anything_in_a_field_is_read_or_refused_but_never_breaks(
    name: str, data: st.DataObject
) -> None:
    frame = golden(name)
    where = frame["event"] if "event" in frame and data.draw(st.booleans()) else frame
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(json_values)

    try:
        parsed = parse(json.dumps(frame))
        read = parse_event(parsed.event) if isinstance(parsed, Event) else None
    except BadFrame:
        return

    assert parsed is not None
    assert read is None or isinstance(read, AlarmSnapshot | DeliveryTrouble | ServiceTrouble | Errand)

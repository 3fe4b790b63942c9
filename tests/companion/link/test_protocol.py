"""The frames on paper: what both halves read from `tests/golden/link`."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.link.protocol import (
    AlarmRaised,
    BadFrame,
    Decided,
    Event,
    Unknown,
    dump,
    parse,
    parse_event,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "link"
FRAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))
FROM_COMPANION = {"event_alarm", "event_alarm_acknowledged", "event_delivery_trouble"}
FROM_HOME = [name for name in FRAMES if name.startswith("event_") and name not in FROM_COMPANION]


def golden(name: str) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return frame


def test_every_frame_of_the_contract_has_an_example() -> None:
    assert {"hello", "welcome", "confirm", "ping", "pong", "error"} <= set(FRAMES)


@pytest.mark.parametrize("name", FRAMES)
def test_a_golden_frame_comes_back_as_it_was(name: str) -> None:
    frame = golden(name)

    again = json.loads(dump(parse(json.dumps(frame))))

    assert again == frame


@pytest.mark.parametrize("name", FROM_HOME)
def test_a_golden_event_of_home_assistant_is_understood_whole(name: str) -> None:
    body = golden(name)["event"]

    event = parse_event(body)

    assert not isinstance(event, Unknown)
    understood = {field: getattr(event, field) for field in event.__slots__}
    times = {key: understood[key].isoformat() for key in ("at", "until") if key in understood}
    lists = {key: list(understood[key]) for key in ("zones",) if key in understood}
    assert understood | times | lists == understood | body_without_kind(body)


def body_without_kind(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "kind"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"hello"',
        '{"type":"greeting"}',
        '{"type":"event","seq":0,"event":{"kind":"x"}}',
        '{"type":"event","seq":true,"event":{"kind":"x"}}',
        '{"type":"event","seq":1.5,"event":{"kind":"x"}}',
        '{"type":"event","seq":1e99,"event":{"kind":"x"}}',
        '{"type":"event","seq":99999999999999999999,"event":{"kind":"x"}}',
        '{"type":"event","seq":1}',
        '{"type":"confirm","seq":-1}',
        '{"type":"confirm"}',
        '{"type":"hello","version":1,"stream":"a","instance":"","name":"x","received":0}',
        '{"type":"hello","version":1,"stream":"a","instance":"a b","name":"x","received":0}',
        '{"type":"welcome","version":1,"stream":"a","instance":"b","name":"x","received":0,"heartbeat_s":NaN}',
        '{"type":"error","code":"other","detail":"x"}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:40] or "empty",
)
def test_what_the_contract_does_not_know_is_a_bad_frame(text: str) -> None:
    with pytest.raises(BadFrame):
        parse(text)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("event_alarm_raised", {"uid": "x" * 65}),
        ("event_alarm_raised", {"uid": None}),
        ("event_alarm_raised", {"zones": "Front door"}),
        ("event_alarm_raised", {"zones": [1]}),
        ("event_alarm_raised", {"silent": "no"}),
        ("event_alarm_raised", {"at": "2026-11-20T22:00:00"}),
        ("event_alarm_raised", {"at": "yesterday"}),
        ("event_alarm_raised", {"at": "0001-01-01T00:00:00+14:00"}),
        ("event_alarm_pending", {"until": 5}),
        ("event_acknowledge", {"alarm_id": None, "uid": None}),
        ("event_area_state", {"kind": None}),
        ("event_area_state", {"name": ["x"]}),
    ],
)
def test_a_known_event_without_what_the_contract_promises_is_a_bad_frame(
    name: str, change: dict[str, Any]
) -> None:
    with pytest.raises(BadFrame):
        parse_event(golden(name)["event"] | change)


def test_a_kind_that_only_a_newer_home_assistant_knows_is_no_mistake() -> None:
    assert parse_event({"kind": "moon_phase", "phase": "full"}) == Unknown(kind="moon_phase")


def test_a_strange_name_does_not_keep_an_alarm_from_being_raised() -> None:
    body = golden("event_alarm_raised")["event"] | {"name": "Gr\0ound \ud800 floor" + "x" * 9999}

    event = parse_event(body)

    assert isinstance(event, AlarmRaised)
    assert event.name.startswith("Ground ? floor")
    assert len(event.name) <= 500


def test_a_decision_says_through_what_it_came() -> None:
    event = parse_event(golden("event_acknowledge")["event"])

    assert isinstance(event, Decided)
    assert event.via == golden("event_acknowledge")["event"]["via"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(FRAMES), st.data())
def test_no_value_anywhere_in_a_frame_gets_past_the_reader_unchecked(name: str, data: st.DataObject) -> None:
    frame = golden(name)
    target = data.draw(st.sampled_from([frame] + ([frame["event"]] if "event" in frame else [])))
    key = data.draw(st.sampled_from(sorted(target)))
    target[key] = data.draw(JSON)

    try:
        parsed = parse(json.dumps(frame))
        if isinstance(parsed, Event):
            parse_event(parsed.event)
    except BadFrame as err:
        assert str(err)

"""The frames on paper: what both halves read from `tests/golden/link`."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.alarms.model import Picture
from companion.link.events import (
    AlarmEvidence,
    AlarmFacts,
    AlarmRaised,
    Decided,
    PushUnconfirmed,
    Unknown,
    parse_event,
)
from companion.link.fields import BadFrame
from companion.link.protocol import MAX_FRAME_BYTES, Event, Hello, dump, parse
from tests.companion.link.exchange import JPEG, PNG, WEBP
from tests.golden_frames import BEFORE_FACTS, FRAMES, golden, golden_event

FROM_COMPANION = {
    "event_alarm",
    "event_alarm_acknowledged",
    "event_delivery_trouble",
    "event_notify",
    "event_trouble",
    "event_trouble_alarm_unanswered",
    "event_trouble_panel_unknown",
}
FROM_HOME = [name for name in FRAMES if name.startswith("event_") and name not in FROM_COMPANION]


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
    understood = {field: getattr(event, field) for field in type(event).model_fields}
    shapes = {key: value.model_dump() for key, value in understood.items() if isinstance(value, AlarmFacts)}
    times = {key: understood[key].isoformat() for key in ("at", "until", "taken_at") if key in understood}
    lists = {
        key: list(understood[key]) for key in ("zones", "evidence", "findings", "people") if key in understood
    }
    pictures = {key: as_sent(understood[key]) for key in ("picture",) if key in understood}
    assert understood | times | lists | pictures | shapes == understood | body_without_kind(body)


@pytest.mark.parametrize("name", ["event_alarm_raised", "event_alarm_evidence"])
def test_a_home_assistant_that_knows_no_facts_yet_is_understood_by_its_sentences(name: str) -> None:
    before = golden(f"before_facts/{name}")["event"]

    event = parse_event(before)

    assert isinstance(event, AlarmRaised | AlarmEvidence)
    match event:
        case AlarmRaised():
            assert (event.facts, event.message) == (None, before["message"])
        case AlarmEvidence():
            assert (event.findings, list(event.evidence)) == ((), before["evidence"])


def test_a_home_assistant_that_does_not_say_its_language_hears_english() -> None:
    hello = parse(json.dumps(golden("before_facts/hello")))

    assert isinstance(hello, Hello)
    assert hello.language == "en"


@pytest.mark.parametrize("name", sorted(path.stem for path in BEFORE_FACTS.glob("event_*.json")))
def test_what_was_said_before_the_facts_is_still_said_beside_them(name: str) -> None:
    before = golden(f"before_facts/{name}")["event"]

    assert before.keys() <= golden(name)["event"].keys()


@pytest.mark.parametrize(
    ("facts", "understood"),
    [
        ({"by": 7, "confirmed": 1, "exit_error": "yes"}, AlarmFacts()),
        ({"by": "A\0nna\ud800" + "x" * 999, "news": True}, AlarmFacts(by="Anna?" + "x" * 494)),
        ({"during_outage": True}, AlarmFacts(during_outage=True)),
        ([True], None),
        ("confirmed", None),
    ],
    ids=str,
)
def test_odd_facts_do_not_keep_an_alarm_from_being_raised(
    facts: object, understood: AlarmFacts | None
) -> None:
    event = parse_event(golden_event("alarm_raised") | {"facts": facts})

    assert isinstance(event, AlarmRaised)
    assert event.facts == understood


def test_of_findings_only_the_codes_are_kept() -> None:
    event = evidence(findings=["person_seen", "A person.", 7, None, "x" * 33, *["signal"] * 30])

    assert event.findings == ("person_seen", *["signal"] * 19)


def as_sent(picture: Picture) -> dict[str, str]:
    return {"type": picture.media_type, "data": base64.b64encode(picture.data).decode()}


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
        ("event_alarm_evidence", {"uid": None}),
        ("event_alarm_evidence", {"at": None}),
        ("event_alarm_evidence", {"level": None}),
        ("event_alarm_evidence", {"level": -1}),
        ("event_alarm_evidence", {"level": 5}),
        ("event_alarm_evidence", {"level": True}),
        ("event_alarm_evidence", {"level": 2.0}),
        ("event_alarm_evidence", {"evidence": None}),
        ("event_alarm_evidence", {"evidence": "a person"}),
        ("event_alarm_evidence", {"evidence": [7]}),
        ("event_alarm_evidence", {"camera": 7}),
        ("event_alarm_evidence", {"label": ["person"]}),
        ("event_escalate", {"alarm_id": None, "uid": None}),
        ("event_push_unconfirmed", {"uid": None}),
        ("event_push_unconfirmed", {"people": "Anna"}),
        ("event_push_unconfirmed", {"people": [None]}),
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


def evidence(**change: Any) -> AlarmEvidence:
    event = parse_event(golden_event("alarm_evidence") | change)
    assert isinstance(event, AlarmEvidence)
    return event


def picture_of(kind: Any, raw: bytes) -> dict[str, Any]:
    return {"type": kind, "data": base64.b64encode(raw).decode()}


@pytest.mark.parametrize(
    "change",
    [
        {"score": 1.01},
        {"score": -0.1},
        {"score": float("nan")},
        {"score": "high"},
        {"score": True},
        {"taken_at": "yesterday"},
        {"taken_at": "2026-11-20T22:00:00"},
        {"taken_at": 5},
        {"link": "javascript:alert(1)"},
        {"link": "/api/camera_proxy/camera.drive"},
        {"link": "http://"},
        {"link": "https://home.example/a b"},
        {"link": "https://home.example/\0"},
        {"link": "https://home.example/" + "x" * 2000},
        {"link": 7},
    ],
    ids=lambda change: str(change)[:40],
)
def test_what_is_odd_beside_the_level_is_left_out_and_the_level_counts(change: dict[str, Any]) -> None:
    event = evidence(**change)

    assert [getattr(event, key) for key in change] == [None]
    assert event.level == 2


@pytest.mark.parametrize(
    "link", ["https://home.example/" + "x" * 1979, "HTTP://192.168.0.2:8123/Küche?a=1#b", None]
)
def test_a_link_to_the_web_is_kept_as_it_is(link: str | None) -> None:
    assert evidence(link=link).link == link


def test_only_the_first_twenty_sentences_of_evidence_are_kept_and_each_is_cut() -> None:
    event = evidence(evidence=["x" * 999] * 30)

    assert event.evidence == ("x" * 500,) * 20


@pytest.mark.parametrize(
    "picture",
    [
        picture_of("image/jpeg", JPEG + b"x" * (180 * 1024 - len(JPEG))),
        picture_of("image/png", PNG),
        picture_of("image/webp", WEBP),
    ],
    ids=["largest jpeg", "png", "webp"],
)
def test_a_picture_of_a_known_type_is_kept(picture: dict[str, Any]) -> None:
    event = evidence(picture=picture)

    assert event.picture is not None
    assert as_sent(event.picture) == picture
    assert event.dropped is None


@pytest.mark.parametrize(
    "picture",
    [
        picture_of("image/jpeg", JPEG + b"x" * 180 * 1024),
        picture_of("image/jpeg", PNG),
        picture_of("image/png", JPEG),
        picture_of("image/webp", b"RIFF\0\0\0\0WAVE"),
        picture_of("image/jpeg", b""),
        picture_of("image/svg+xml", b"<svg onload='alert(1)'/>"),
        picture_of(["image/jpeg"], JPEG),
        picture_of(None, JPEG),
        {"type": "image/jpeg", "data": "not base64!"},
        {"type": "image/jpeg", "data": "ä"},
        {"type": "image/jpeg", "data": None},
        {"type": "image/jpeg"},
        "https://home.example/snapshot.jpg",
        [],
        7,
    ],
    ids=lambda picture: str(picture)[:60],
)
def test_a_picture_that_no_browser_should_see_is_dropped_with_the_reason_and_the_rest_counts(
    picture: object,
) -> None:
    event = evidence(picture=picture)

    assert (event.picture, event.level, event.camera) == (None, 2, "Drive camera")
    assert event.dropped


def test_no_picture_is_nothing_to_complain_about() -> None:
    event = evidence(picture=None)

    assert (event.picture, event.dropped) == (None, None)


@pytest.mark.parametrize("after_s", [None, "soon", -1, True, float("inf")])
def test_an_odd_waiting_time_does_not_keep_an_unconfirmed_push_from_being_heard(after_s: object) -> None:
    event = parse_event(golden_event("push_unconfirmed") | {"after_s": after_s})

    assert isinstance(event, PushUnconfirmed)
    assert event.after_s is None


@pytest.mark.parametrize(
    ("sent", "vacation"), [({"vacation": True}, True), ({"vacation": "yes"}, False), ({}, False)]
)
def test_the_house_is_in_its_vacation_window_only_if_it_says_so(
    sent: dict[str, Any], *, vacation: bool
) -> None:
    body = golden_event("alarm_raised")
    del body["vacation"]

    event = parse_event(body | sent)

    assert isinstance(event, AlarmRaised)
    assert event.vacation is vacation


def test_the_largest_picture_fits_into_a_frame() -> None:
    largest = picture_of("image/jpeg", JPEG + b"x" * (180 * 1024 - len(JPEG)))
    frame = golden("event_alarm_evidence")
    frame["event"] |= {"picture": largest, "evidence": ["x" * 300] * 20, "link": "https://" + "x" * 1992}

    assert len(json.dumps(frame)) <= MAX_FRAME_BYTES


def test_a_strange_name_does_not_keep_an_alarm_from_being_raised() -> None:
    body = golden_event("alarm_raised") | {"name": "Gr\0ound \ud800 floor" + "x" * 9999}

    event = parse_event(body)

    assert isinstance(event, AlarmRaised)
    assert event.name.startswith("Ground ? floor")
    assert len(event.name) <= 500


def test_a_decision_says_through_what_it_came() -> None:
    event = parse_event(golden_event("acknowledge"))

    assert isinstance(event, Decided)
    assert event.via == golden_event("acknowledge")["via"]


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

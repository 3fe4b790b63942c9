"""Events for the companion are kept, numbered and in order, until they are confirmed."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from custom_components.alarm_broker.link import outbox as module
from custom_components.alarm_broker.link.outbox import Outbox, still_telling


def area_state(state: str, area: str = "home") -> dict[str, Any]:
    return {"kind": "area_state", "area": area, "state": state}


def raised(uid: str) -> dict[str, Any]:
    return {"kind": "alarm_raised", "uid": uid}


def evidence(uid: str, level: int, picture: str | None = None) -> dict[str, Any]:
    return {"kind": "alarm_evidence", "uid": uid, "level": level, "picture": picture}


def put(outbox: Outbox, body: dict[str, Any]) -> None:
    """Append an event and store it."""
    outbox.append(body)
    outbox.begin_write()(taken=True)


def filled(*bodies: dict[str, Any]) -> Outbox:
    outbox = Outbox(None)
    for body in bodies:
        put(outbox, body)
    return outbox


def test_events_are_numbered_from_one() -> None:
    outbox = filled(raised("a"), raised("b"))

    assert outbox.after(0) == [(1, raised("a")), (2, raised("b"))]
    assert outbox.after(1) == [(2, raised("b"))]


def test_a_confirmed_event_is_forgotten_and_numbers_go_on() -> None:
    outbox = filled(raised("a"), raised("b"))

    assert outbox.confirm(1)
    put(outbox, raised("c"))

    assert outbox.after(0) == [(2, raised("b")), (3, raised("c"))]


def test_confirming_twice_changes_nothing() -> None:
    outbox = filled(raised("a"), raised("b"))
    outbox.confirm(2)

    assert outbox.confirm(1)

    assert len(outbox) == 0


def test_a_number_that_was_never_given_cannot_be_confirmed() -> None:
    outbox = filled(raised("a"))

    assert not outbox.confirm(2)

    assert len(outbox) == 1


def test_what_is_stored_goes_on_where_it_stopped() -> None:
    outbox = filled(raised("a"), raised("b"))
    outbox.confirm(1)

    again = Outbox(outbox.as_dict())
    put(again, raised("c"))

    assert again.stream == outbox.stream
    assert again.after(0) == [(2, raised("b")), (3, raised("c"))]


def test_resuming_forgets_what_the_companion_has() -> None:
    outbox = filled(raised("a"), raised("b"), raised("c"))

    assert outbox.resume(2)

    assert outbox.after(0) == [(3, raised("c"))]


def test_a_companion_that_has_more_than_was_sent_knows_another_past() -> None:
    outbox = filled(raised("a"))

    assert not outbox.resume(2)


def test_a_companion_that_lacks_what_it_had_confirmed_knows_another_past() -> None:
    outbox = filled(raised("a"), raised("b"))
    outbox.confirm(2)

    assert not outbox.resume(1)


def test_a_new_stream_counts_what_is_kept_from_one() -> None:
    outbox = filled(raised("a"), raised("b"))
    old = outbox.stream
    outbox.confirm(1)

    outbox.restart()

    assert outbox.stream != old
    assert outbox.after(0) == [(1, raised("b"))]


def test_only_what_still_tells_something_stays() -> None:
    events = [
        area_state("armed"),
        area_state("armed", "shed"),
        {"kind": "alarm_pending", "uid": "a"},
        {"kind": "pending_cleared", "uid": "a"},
        {"kind": "alarm_pending", "uid": "b"},
        raised("c"),
        {"kind": "zone_tripped", "uid": "c"},
        {"kind": "alarm_disarmed", "uid": "c"},
        raised("d"),
        {"kind": "zone_tripped", "uid": "d"},
        {"kind": "acknowledge", "uid": "d"},
        evidence("d", 1),
        evidence("d", 2, "a picture"),
        evidence("d", 2),
        area_state("disarmed"),
    ]

    kept = still_telling(events)

    assert kept == [
        area_state("armed", "shed"),
        {"kind": "pending_cleared", "uid": "a"},
        {"kind": "alarm_pending", "uid": "b"},
        raised("c"),
        {"kind": "alarm_disarmed", "uid": "c"},
        raised("d"),
        {"kind": "zone_tripped", "uid": "d"},
        {"kind": "acknowledge", "uid": "d"},
        evidence("d", 2, "a picture"),
        evidence("d", 2),
        area_state("disarmed"),
    ]


def test_a_newer_picture_of_an_alarm_takes_the_place_of_its_older_one_and_no_number_changes() -> None:
    outbox = filled(raised("a"), evidence("a", 1, "a frame"), evidence("b", 1, "another alarm's"))

    put(outbox, evidence("a", 2, "somebody"))
    put(outbox, evidence("a", 3))

    assert outbox.after(0) == [
        (1, raised("a")),
        (2, evidence("a", 1)),
        (3, evidence("b", 1, "another alarm's")),
        (4, evidence("a", 2, "somebody")),
        (5, evidence("a", 3)),
    ]


def test_an_outage_with_many_alarms_keeps_the_newest_pictures() -> None:
    outbox = filled(*(evidence(str(number), 2, "a picture") for number in range(50)))

    shown = [body["uid"] for _, body in outbox.after(0) if body["picture"] is not None]

    assert shown == [str(number) for number in range(50 - module.PICTURES_KEPT, 50)]


def test_a_long_outage_leaves_one_state_of_an_area_and_every_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPACT_ABOVE", 10)
    outbox = Outbox(None)
    old = outbox.stream

    for number in range(30):
        put(outbox, area_state(str(number)))
        if number % 10 == 0:
            put(outbox, raised(str(number)))

    kept = [body for _, body in outbox.after(0)]
    assert [body["uid"] for body in kept if body["kind"] == "alarm_raised"] == ["0", "10", "20"]
    assert kept[-1] == area_state("29")
    assert len(kept) <= 11
    assert outbox.stream != old


def test_alarms_are_kept_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPACT_ABOVE", 5)

    outbox = filled(*(raised(str(number)) for number in range(100)))

    assert [body["uid"] for _, body in outbox.after(0)] == [str(number) for number in range(100)]


@given(st.lists(st.sampled_from(["append", "confirm", "reload", "restart"])))
def test_numbers_never_have_holes_and_nothing_unconfirmed_is_lost(steps: list[str]) -> None:
    outbox, expected, number = Outbox(None), [], 0

    for step in steps:
        match step:
            case "append":
                number += 1
                put(outbox, raised(str(number)))
                expected.append(str(number))
            case "confirm" if expected:
                outbox.confirm(outbox.after(0)[0][0])
                expected.pop(0)
            case "reload":
                outbox = Outbox(outbox.as_dict())
            case "restart":
                outbox.restart()

    kept = outbox.after(0)
    assert [body["uid"] for _, body in kept] == expected
    assert [seq for seq, _ in kept] == list(range(kept[0][0], kept[0][0] + len(kept)) if kept else [])


def test_an_event_is_shown_once_the_write_that_has_it_has_ended() -> None:
    outbox = filled(raised("a"))
    outbox.append(raised("b"))
    ended = outbox.begin_write()
    outbox.append(raised("c"))
    before = outbox.after(0)

    ended(taken=True)

    assert before == [(1, raised("a"))]
    assert outbox.after(0) == [(1, raised("a")), (2, raised("b"))]


def test_what_the_disk_refuses_is_told_in_a_new_stream_once() -> None:
    """After a crash other events would get its numbers, and the companion would take them for known."""
    outbox = filled(raised("a"))
    stored = outbox.stream
    streams = []
    for name in "bc":
        outbox.append(raised(name))
        outbox.begin_write()(taken=False)
        streams.append(outbox.stream)

    assert outbox.after(0) == [(1, raised("a")), (2, raised("b")), (3, raised("c"))]
    assert streams == [outbox.stream] * 2
    assert outbox.stream != stored

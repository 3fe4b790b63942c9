"""Whatever is stored of a message, it becomes one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from companion.channels.base import MessageKind
from companion.channels.render import sms_text
from companion.dispatch.compose import compose
from companion.dispatch.delivery import Delivery, State, Urgency

CREATED = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHOLE: dict[str, Any] = {
    "title": "Panic key",
    "source": "yealink",
    "room": "Reception",
    "raised_at": "2026-11-20T11:59:59+00:00",
}


def stored(message: dict[str, Any]) -> Delivery:
    return Delivery(
        id="d",
        alarm_id="a",
        kind=MessageKind.PAGE,
        occurrence="0.0",
        channel_id="sms",
        person_id=None,
        position=0,
        address="+491",
        recipient="Anna",
        message=message,
        state=State.PROCESSING,
        due_at=CREATED,
        attempts=1,
        urgency=Urgency.LIFE,
        first_page=True,
        record=False,
        owner="me",
        fence=1,
        lease_until=None,
        uncertain=False,
        cancelled=False,
        provider_ref=None,
        last_error=None,
        source_key=None,
        folded_into=None,
        created_at=CREATED,
        sent_at=None,
        delivered_at=None,
        read_at=None,
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"colour": "red"},
        {"recipient_key": "anna"},
        {"kind": "x", "address": "y", "ack_url": "z"},
        {"raised_at": "yesterday"},
        {"raised_at": None},
        {"language": None},
        {"timezone": 7},
        {"severity": ["high"]},
        {"details": "none"},
        {"level": "very"},
        {"person": {"name": "Max"}},
    ],
    ids=str,
)
def test_a_page_goes_out_with_its_title_place_and_link_whatever_else_is_stored(odd: dict[str, Any]) -> None:
    message = compose(stored(WHOLE | odd), None, "https://a.example/a/1", None)

    said = sms_text(message)
    assert message.address == "+491"
    for part in ("Panic key", "Reception", "https://a.example/a/1"):
        assert part in said


@pytest.mark.parametrize("facts", [{}, {"title": None}, {"title": 5}], ids=str)
def test_without_its_facts_a_page_still_says_that_there_is_an_alarm(facts: dict[str, Any]) -> None:
    message = compose(stored(facts), None, "https://a.example/a/1", None)

    assert sms_text(message).endswith("https://a.example/a/1")
    assert message.raised_at == CREATED

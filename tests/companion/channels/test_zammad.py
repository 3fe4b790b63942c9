import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from companion.channels.base import Channel, MessageKind, Refused, Sent, TryAgain
from companion.channels.registry import build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.zammad import FakeZammad

TAG = "ab-01JD0000000000000000000001"


@pytest.fixture
async def zammad() -> AsyncIterator[FakeZammad]:
    async with FakeZammad(index_lag=timedelta(hours=1)) as server:
        yield server


def channel_for(zammad: FakeZammad, **changes: object) -> Channel:
    return build_channel(
        "zammad",
        {
            "url": zammad.url,
            "token": zammad.token,
            "group": "Alarm",
            "customer": "alarm@site.example",
            "timeout_s": 2,
            **changes,
        },
    )


@pytest.fixture
async def channel(zammad: FakeZammad) -> AsyncIterator[Channel]:
    channel = channel_for(zammad)
    yield channel
    await channel.close()


async def test_an_alarm_becomes_a_ticket_that_says_what_where_who_and_when(
    zammad: FakeZammad, channel: Channel
) -> None:
    outcome = await channel.send(message())

    (ticket,) = zammad.tickets
    assert outcome == Sent(provider_ref="1", status_code=201)
    assert (ticket.title, ticket.group, ticket.priority, ticket.state, ticket.customer) == (
        "ALARM: Panic key: Reception",
        "Alarm",
        "3 high",
        "new",
        "alarm@site.example",
    )
    assert ticket.tags == ["alarm", TAG]
    (article,) = ticket.articles
    assert not article.internal
    assert article.content_type == "text/html"
    for said in ("Reception, Main office", "Max Müller", "2026-11-20 23:14:05 CET", "T46U"):
        assert said in article.body


async def test_the_acknowledge_link_is_not_in_the_ticket(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message())

    assert ACK_URL not in str(zammad.received[0].body)


async def test_the_acknowledge_link_is_in_the_ticket_when_that_is_wanted(zammad: FakeZammad) -> None:
    channel = channel_for(zammad, ack_link=True)

    await channel.send(message())
    await channel.close()

    assert ACK_URL in zammad.tickets[0].articles[0].body


async def test_what_an_alarm_says_cannot_become_markup(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message(room="<script>alert(1)</script>", details={"a<b": '"><img src=x>'}))

    body = zammad.tickets[0].articles[0].body
    assert "<script>" not in body
    assert "<img" not in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize("behaviour", [Behaviour.TAKE_AND_HANG, Behaviour.TAKE_AND_RESET])
async def test_a_repeat_after_an_unanswered_create_adopts_the_ticket(
    zammad: FakeZammad, channel: Channel, behaviour: Behaviour
) -> None:
    zammad.behave(behaviour, times=1)

    first = await channel.send(message())
    second = await channel.send(message(may_have_been_sent=True))

    assert isinstance(first, TryAgain)
    assert first.uncertain
    # The search index is an hour late here: the ticket is found in the database.
    assert second == Sent(provider_ref="1", status_code=200)
    assert len(zammad.tickets) == 1


async def test_an_older_zammad_finds_the_ticket_through_its_search_index(
    zammad: FakeZammad, channel: Channel
) -> None:
    zammad.understands_conditions = False
    zammad.index_lag = timedelta(0)
    await channel.send(message())
    for other in ("another", "a third"):
        await channel.send(message(alarm_id=other))

    outcome = await channel.send(message(may_have_been_sent=True))

    assert isinstance(outcome, Sent)
    assert outcome.provider_ref == "1"
    assert len(zammad.tickets) == 3


async def test_the_ticket_of_another_alarm_is_never_adopted(zammad: FakeZammad, channel: Channel) -> None:
    zammad.understands_conditions = False
    await channel.send(message(alarm_id="another"))

    outcome = await channel.send(message(may_have_been_sent=True))

    assert outcome == Sent(provider_ref="2", status_code=201)
    assert TAG in zammad.tickets[1].tags


async def test_of_two_tickets_of_one_alarm_the_older_one_is_adopted(
    zammad: FakeZammad, channel: Channel
) -> None:
    # As after a create that was still running when its repeat looked for it.
    await channel.send(message())
    await channel.send(message())

    outcome = await channel.send(message(may_have_been_sent=True))

    assert isinstance(outcome, Sent)
    assert outcome.provider_ref == "1"


async def test_an_uncertain_create_that_never_arrived_is_created_by_the_repeat(
    zammad: FakeZammad, channel: Channel
) -> None:
    zammad.behave(Behaviour.HANG, times=1)

    await channel.send(message())
    outcome = await channel.send(message(may_have_been_sent=True))

    assert isinstance(outcome, Sent)
    assert zammad.ticket_tagged(TAG).articles


async def test_nothing_is_created_while_the_search_cannot_say(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message())
    zammad.behave(Behaviour.STATUS_503, times=1)

    outcome = await channel.send(message(may_have_been_sent=True))

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain
    assert len(zammad.tickets) == 1


async def test_a_later_page_writes_into_the_ticket_there_is(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message())

    outcome = await channel.send(message(thread_ref="1", delivery_id="second"))

    assert isinstance(outcome, Sent)
    assert len(zammad.tickets) == 1
    assert len(zammad.tickets[0].articles) == 2


@pytest.mark.parametrize(
    "kind",
    [
        MessageKind.ACKNOWLEDGED,
        MessageKind.PRESSED_AGAIN,
        MessageKind.CONFIRMED,
        MessageKind.VERIFIED,
        MessageKind.NOTE,
        MessageKind.EXHAUSTED,
    ],
)
async def test_news_become_an_internal_note(zammad: FakeZammad, channel: Channel, kind: MessageKind) -> None:
    await channel.send(message())

    outcome = await channel.send(message(kind, thread_ref="1", by="Anna", note="On my way"))

    article = zammad.tickets[0].articles[1]
    assert outcome == Sent(provider_ref="1", status_code=201)
    assert article.internal
    assert "Anna" in article.body
    assert "On my way" in article.body
    assert zammad.tickets[0].state == "new"


@pytest.mark.parametrize("kind", [MessageKind.RESOLVED, MessageKind.CANCELLED])
async def test_the_end_of_an_alarm_closes_its_ticket(
    zammad: FakeZammad, channel: Channel, kind: MessageKind
) -> None:
    await channel.send(message())

    outcome = await channel.send(message(kind, thread_ref="1", by="Anna"))

    assert outcome == Sent(provider_ref="1", status_code=201)
    assert zammad.tickets[0].state == "closed"
    assert "Anna" in zammad.tickets[0].articles[1].body


async def refused_to_close(zammad: FakeZammad, **config: object) -> Sent:
    """Resolve an alarm whose ticket cannot be closed, check that its note is there, and return the outcome."""
    channel = channel_for(zammad, **config)

    outcome = await channel.send(message(MessageKind.RESOLVED, thread_ref="1", by="Anna"))
    await channel.close()

    assert isinstance(outcome, Sent)
    assert "Anna" in zammad.tickets[0].articles[-1].body
    return outcome


async def test_a_field_that_must_be_filled_on_closing_costs_the_state_but_not_the_note(
    zammad: FakeZammad, channel: Channel
) -> None:
    await channel.send(message())
    zammad.mandatory = {"edit": ["solution"]}

    outcome = await refused_to_close(zammad)

    assert "could not be set to closed" in str(outcome.warning)
    assert "solution" in str(outcome.warning)
    assert zammad.tickets[0].state == "new"


async def test_a_state_that_needs_a_time_costs_the_state_but_not_the_note(
    zammad: FakeZammad, channel: Channel
) -> None:
    await channel.send(message())

    outcome = await refused_to_close(zammad, closed_state="pending close")

    assert "pending_time" in str(outcome.warning)


async def test_a_merged_ticket_still_gets_its_note(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message())
    await channel.send(message(alarm_id="another"))
    zammad.merge(zammad.tickets[0], into=zammad.tickets[1])

    outcome = await refused_to_close(zammad)

    assert "merged" in str(outcome.warning)


@pytest.mark.parametrize("behaviour", [Behaviour.STATUS_503, Behaviour.RESET, Behaviour.STATUS_400])
async def test_a_state_that_could_not_be_changed_yet_is_changed_later_and_the_note_is_not_doubled(
    zammad: FakeZammad, channel: Channel, behaviour: Behaviour
) -> None:
    await channel.send(message())
    zammad.behave(behaviour, times=1, path="/api/v1/tickets/1")
    news = {"thread_ref": "1", "by": "Anna", "delivery_id": "news"}

    first = await channel.send(message(MessageKind.RESOLVED, **news))
    second = await channel.send(message(MessageKind.RESOLVED, **news, may_have_been_sent=True))

    assert isinstance(first, TryAgain)
    assert first.uncertain
    assert "the note is in the ticket" in str(first.reason)
    assert isinstance(second, Sent)
    assert zammad.tickets[0].state == "closed"
    assert len(zammad.tickets[0].articles) == 2


async def test_a_ticket_whose_tags_were_dropped_is_adopted_by_the_repeat(
    zammad: FakeZammad, channel: Channel
) -> None:
    zammad.tag_new = False
    zammad.behave(Behaviour.TAKE_AND_RESET, times=1)

    await channel.send(message())
    await channel.send(message(alarm_id="another"))
    outcome = await channel.send(message(may_have_been_sent=True))

    assert zammad.tickets[0].tags == ["alarm"]
    assert outcome == Sent(provider_ref="1", status_code=200)
    assert len(zammad.tickets) == 2


async def test_an_older_zammad_finds_a_ticket_without_tags_by_what_it_says(
    zammad: FakeZammad, channel: Channel
) -> None:
    zammad.tag_new = False
    zammad.understands_conditions = False
    zammad.index_lag = timedelta(0)
    await channel.send(message())
    for number in range(6):
        await channel.send(message(alarm_id=f"another-{number}"))

    outcome = await channel.send(message(may_have_been_sent=True))

    assert outcome == Sent(provider_ref="1", status_code=200)


async def test_a_note_in_a_ticket_with_a_long_mail_is_not_written_twice(
    zammad: FakeZammad, channel: Channel
) -> None:
    await channel.send(message())
    mail = replace(zammad.tickets[0].articles[0], id=1000, body="x" * 200_000)
    zammad.tickets[0].articles.insert(0, mail)
    zammad.behave(Behaviour.TAKE_AND_RESET, times=1)
    news = {"thread_ref": "1", "by": "Anna", "delivery_id": "news"}

    await channel.send(message(MessageKind.ACKNOWLEDGED, **news))
    outcome = await channel.send(message(MessageKind.ACKNOWLEDGED, **news, may_have_been_sent=True))

    assert isinstance(outcome, Sent)
    assert len([one for one in zammad.tickets[0].articles if "/ news" in one.body]) == 1


async def test_the_ticket_is_found_by_its_tag_when_its_number_is_not_known(
    zammad: FakeZammad, channel: Channel
) -> None:
    await channel.send(message(alarm_id="another"))
    await channel.send(message())

    outcome = await channel.send(message(MessageKind.RESOLVED, by="Anna"))

    assert isinstance(outcome, Sent)
    assert zammad.ticket_tagged(TAG).state == "closed"
    assert zammad.ticket_tagged("ab-another").state == "new"


async def test_news_wait_for_a_ticket_that_is_not_there_yet(zammad: FakeZammad, channel: Channel) -> None:
    outcome = await channel.send(message(MessageKind.ACKNOWLEDGED, by="Anna"))

    assert isinstance(outcome, TryAgain)
    assert not zammad.tickets


async def test_the_last_resort_opens_a_ticket_when_there_is_none(
    zammad: FakeZammad, channel: Channel
) -> None:
    outcome = await channel.send(message(MessageKind.EXHAUSTED))

    assert isinstance(outcome, Sent)
    assert zammad.ticket_tagged(TAG).title.startswith("NOBODY ANSWERED")


async def test_the_last_resort_writes_into_the_ticket_there_is(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message())

    await channel.send(message(MessageKind.EXHAUSTED, delivery_id="last"))

    assert len(zammad.tickets) == 1
    assert "NOBODY ANSWERED" in zammad.tickets[0].articles[1].body


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED])
async def test_a_repeated_note_is_written_once(
    zammad: FakeZammad, channel: Channel, kind: MessageKind
) -> None:
    await channel.send(message())
    zammad.behave(Behaviour.TAKE_AND_RESET, times=1)
    news = message(kind, thread_ref="1", by="Anna", delivery_id="news")

    await channel.send(news)
    outcome = await channel.send(
        message(kind, thread_ref="1", by="Anna", delivery_id="news", may_have_been_sent=True)
    )

    assert isinstance(outcome, Sent)
    assert len(zammad.tickets[0].articles) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group": "Nope"}, "group"),
        ({"priority": "9 extreme"}, "priority"),
        ({"state": "lost"}, "state"),
        ({"customer": "nobody"}, "customer"),
        ({"token": "wrong"}, "Authentication required"),
    ],
)
async def test_wrong_settings_break_the_channel_and_say_which(
    zammad: FakeZammad, changes: dict[str, str], said: str
) -> None:
    channel = channel_for(zammad, **changes)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert said in str(outcome.reason)


async def test_a_ticket_that_was_deleted_is_not_asked_for_again(channel: Channel) -> None:
    outcome = await channel.send(message(MessageKind.NOTE, thread_ref="99"))

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken


async def test_a_test_alarm_is_marked_in_title_and_article(zammad: FakeZammad, channel: Channel) -> None:
    await channel.send(message(test=True))

    assert zammad.tickets[0].title.startswith("[TEST] ")
    assert "[TEST] " in zammad.tickets[0].articles[0].body


async def test_the_address_may_already_hold_the_path_of_the_api(zammad: FakeZammad) -> None:
    channel = channel_for(zammad, url=f"{zammad.url}/api/v1/")

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Sent)


async def test_a_token_read_from_a_file_with_a_line_end_works(zammad: FakeZammad) -> None:
    channel = channel_for(zammad, token=f"{zammad.token}\n")

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Sent)


async def test_alarms_at_the_same_time_get_a_ticket_each(zammad: FakeZammad) -> None:
    channel = channel_for(zammad, timeout_s=20)

    await asyncio.gather(*(channel.send(message(alarm_id=f"alarm-{number}")) for number in range(20)))
    await channel.close()

    assert len({tuple(ticket.tags) for ticket in zammad.tickets}) == 20

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from companion.channels.base import (
    AddressInvalid,
    Answer,
    MessageKind,
    Refused,
    Sent,
    TryAgain,
)
from companion.channels.matrix.sender import MatrixChannel, SyncLostError
from companion.channels.registry import build_channel, formed_address
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.matrix import INVITED, ME, ROOM, STRANGE, FakeMatrix
from tests.fakes.misbehaviour import Behaviour

ANNA = "@anna:house.example"


@pytest.fixture
async def matrix() -> AsyncIterator[FakeMatrix]:
    async with FakeMatrix() as server:
        yield server


@pytest.fixture
async def channel(matrix: FakeMatrix) -> AsyncIterator[MatrixChannel]:
    channel = build_channel("matrix", {"url": matrix.url, "token": matrix.token})
    assert isinstance(channel, MatrixChannel)
    yield channel
    await channel.close()


def page(kind: MessageKind = MessageKind.PAGE, **changes: Any) -> Any:
    return message(kind, **{"address": ROOM, **changes})


async def paged(matrix: FakeMatrix, channel: MatrixChannel) -> tuple[str, str]:
    """Send a page, and return its reference and its event's id."""
    sent = await channel.send(page())
    assert isinstance(sent, Sent)
    assert sent.provider_ref is not None
    return sent.provider_ref, matrix.events[-1]["event_id"]


# --- what is sent ---------------------------------------------------------------------------------------


async def test_an_alarm_is_a_message_to_read_with_a_link_and_words(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    outcome = await channel.send(page())

    (event,) = matrix.events
    assert outcome == Sent(provider_ref=f"{ROOM} {event['event_id']}", status_code=200)
    content = event["content"]
    assert content["body"].startswith("ALARM: Panic key: Reception\n")
    assert "<b>Where</b>: Reception, Main office<br>" in content["formatted_body"]
    assert f'<a href="{ACK_URL}">Acknowledge here</a> or reply OK' in content["formatted_body"]


async def test_nothing_in_an_alarm_is_mark_up_or_mentions_anybody(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    await channel.send(page(title="<b>@room</b> & <a href='https://evil.example'>x</a>"))

    (content,) = matrix.sent
    assert "&lt;b&gt;@room&lt;/b&gt; &amp; &lt;a" in content["formatted_body"]
    assert content["m.mentions"] == {}


async def test_a_repeat_is_the_same_event(matrix: FakeMatrix, channel: MatrixChannel) -> None:
    matrix.behave(Behaviour.TAKE_AND_RESET, times=1)

    first = await channel.send(page())
    second = await channel.send(page(may_have_been_sent=True))

    assert isinstance(first, TryAgain)
    assert isinstance(second, Sent)
    assert len(matrix.events) == 1


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.CANCELLED])
async def test_the_answer_changes_the_message(
    matrix: FakeMatrix, channel: MatrixChannel, kind: MessageKind
) -> None:
    first, event = await paged(matrix, channel)

    await channel.send(page(kind, thread_ref=first, by="Ben", idempotency_key="key-2"))

    changed = matrix.sent[1]
    assert changed["m.relates_to"] == {"rel_type": "m.replace", "event_id": event}
    assert "Ben" in changed["m.new_content"]["formatted_body"]
    assert ACK_URL not in str(changed)


async def test_news_that_asks_nothing_is_a_reply(matrix: FakeMatrix, channel: MatrixChannel) -> None:
    first, event = await paged(matrix, channel)

    await channel.send(page(MessageKind.VERIFIED, thread_ref=first, level=3, idempotency_key="key-2"))

    assert matrix.sent[1]["m.relates_to"] == {"m.in_reply_to": {"event_id": event}}


# --- where to -------------------------------------------------------------------------------------------


async def test_an_alias_is_looked_up_once(matrix: FakeMatrix, channel: MatrixChannel) -> None:
    for key in ("1", "2"):
        await channel.send(page(address="#alarms:house.example", idempotency_key=key))

    assert [one["room"] for one in matrix.events] == [ROOM, ROOM]
    assert len([one for one in matrix.received if "directory" in one.path]) == 1


async def test_a_person_is_written_to_in_the_room_with_them_which_is_made_once(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    await channel.send(page(address=ANNA))
    again = build_channel("matrix", {"url": matrix.url, "token": matrix.token})
    await again.send(page(address=ANNA, idempotency_key="key-2"))
    await again.close()

    (room,) = {one["room"] for one in matrix.events}
    assert matrix.direct == {ANNA: [room]}


async def test_the_rooms_of_people_who_are_told_at_the_same_time_are_all_kept(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    people = [ANNA, "@ben:house.example", "@cleo:house.example"]
    await asyncio.gather(
        *(channel.send(page(address=user, idempotency_key=f"{n}")) for n, user in enumerate([*people, ANNA]))
    )

    assert sorted(matrix.direct) == people
    assert len({one["room"] for one in matrix.events}) == 3


async def test_who_has_not_come_into_the_room_with_them_yet_may_not_see_it(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    waits = await channel.send(page(address=ANNA))
    (room,) = matrix.direct[ANNA]
    matrix.members[room][ANNA] = "join"
    came = await channel.send(page(address=ANNA, idempotency_key="key-2"))

    assert isinstance(waits, Sent)
    assert "not accepted the invitation" in str(waits.warning)
    assert isinstance(came, Sent)
    assert came.warning is None


@pytest.mark.parametrize(("who", "how"), [(ANNA, "leave"), (ANNA, "ban"), (ME, "leave")])
async def test_who_has_left_the_room_with_them_is_invited_again(
    matrix: FakeMatrix, channel: MatrixChannel, who: str, how: str
) -> None:
    await channel.send(page(address=ANNA))
    (left,) = matrix.direct[ANNA]
    matrix.members[left][who] = how

    outcome = await channel.send(page(address=ANNA, idempotency_key="key-2"))

    (room,) = matrix.direct[ANNA]
    assert (room == left) == (who == ANNA and how == "leave")
    assert matrix.members[room] == {ME: "join", ANNA: "invite"}
    assert matrix.events[-1]["room"] == room
    assert isinstance(outcome, Sent)
    assert "not accepted the invitation" in str(outcome.warning)


async def test_a_room_in_which_we_may_not_write_is_no_lack_of_an_invitation(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    matrix.read_only.add(ROOM)

    outcome = await channel.send(page())

    assert isinstance(outcome, Refused)
    assert "may not write" in str(outcome.reason)
    assert not outcome.channel_broken


async def test_an_invitation_is_taken_when_there_is_something_to_say(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    assert isinstance(await channel.send(page(address=INVITED)), Sent)
    assert INVITED in matrix.joined


@pytest.mark.parametrize("address", [STRANGE, "#nowhere:house.example"])
async def test_a_room_that_cannot_be_reached_leaves_the_channel_whole(
    channel: MatrixChannel, address: str
) -> None:
    outcome = await channel.send(page(address=address))

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken


async def test_a_look_up_that_gets_no_answer_has_sent_nothing(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    matrix.behave(Behaviour.RESET)

    outcome = await channel.send(page(address="#alarms:house.example"))

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


async def test_an_encrypted_room_is_told_and_the_operator_warned(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    matrix.encrypted.add(ROOM)

    outcome = await channel.send(page())

    assert isinstance(outcome, Sent)
    assert "encrypted" in str(outcome.warning)
    assert len(matrix.events) == 1


async def test_which_rooms_it_is_not_in_is_known_without_a_message(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    missing = await channel.unreachable([ROOM, INVITED, STRANGE, ANNA, "#alarms:house.example"])

    assert missing == {STRANGE}
    assert matrix.events == []


# --- errors ---------------------------------------------------------------------------------------------


async def test_a_wrong_token_breaks_the_channel(matrix: FakeMatrix) -> None:
    channel = build_channel("matrix", {"url": matrix.url, "token": "hunter3"})
    outcomes = [await channel.send(page()), await channel.check()]
    await channel.close()

    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert outcome.channel_broken


@pytest.mark.parametrize("answer", [{"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, {}])
async def test_a_server_that_is_no_homeserver_breaks_the_channel(
    matrix: FakeMatrix, channel: MatrixChannel, answer: dict[str, Any]
) -> None:
    matrix.error = (404, answer)

    outcome = await channel.send(page())

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


@pytest.mark.parametrize(("wait", "after"), [(2500, timedelta(seconds=2.5)), (None, None), ("x", None)])
async def test_a_rate_limit_says_how_long(
    matrix: FakeMatrix, channel: MatrixChannel, wait: object, after: timedelta | None
) -> None:
    matrix.error = (429, {"errcode": "M_LIMIT_EXCEEDED", "error": "Too many", "retry_after_ms": wait})

    outcome = await channel.send(page())

    assert isinstance(outcome, TryAgain)
    assert outcome.after == after


async def test_the_check_asks_who_it_is(matrix: FakeMatrix, channel: MatrixChannel) -> None:
    assert await channel.check() == Sent(provider_ref=None, status_code=200)
    assert matrix.events == []


# --- answers --------------------------------------------------------------------------------------------


@asynccontextmanager
async def listening(
    matrix: FakeMatrix, channel: MatrixChannel, inbound: RecordingInbound
) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(channel.listen(inbound))
    async with asyncio.timeout(10):
        await matrix.listened_to()
        yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("key", ["✅", "👍", "👍🏽", "✔️"])
async def test_a_thumb_under_a_page_answers_it_and_is_answered(
    matrix: FakeMatrix, channel: MatrixChannel, key: str
) -> None:
    first, event = await paged(matrix, channel)
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound):
        thumb = await matrix.react(event, key)
        await matrix.until(lambda: len(matrix.sent) == 2)

    assert inbound.answers == [Answer(event_id=thumb, sender=ANNA, acknowledges=True, thread_ref=first)]
    said = matrix.sent[1]
    assert (said["msgtype"], said["body"]) == ("m.notice", "Thank you, <Anna>.")
    assert said["m.relates_to"] == {"m.in_reply_to": {"event_id": event}}


async def test_a_reply_brings_its_words_without_what_it_quotes(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    first, event = await paged(matrix, channel)
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound):
        reply = await matrix.reply(event, f"> <{ME}> ALARM\n> Where\n\nOK, on my way")
        await matrix.until(lambda: len(matrix.sent) == 2)

    assert inbound.answers == [
        Answer(event_id=reply, sender=ANNA, acknowledges=False, words="OK, on my way", thread_ref=first)
    ]
    assert matrix.sent[1]["m.relates_to"] == {"m.in_reply_to": {"event_id": reply}}


async def test_what_is_said_among_people_answers_no_alarm(matrix: FakeMatrix, channel: MatrixChannel) -> None:
    first, event = await paged(matrix, channel)
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound):
        theirs = await matrix.say({"msgtype": "m.text", "body": "OK"}, sender=ANNA)
        await matrix.react(theirs, "👍", sender="@ben:house.example")
        await matrix.reply(theirs, "OK", sender="@ben:house.example")
        await matrix.react(event, "👎")
        await matrix.react(event, "👍", sender=ME)
        await matrix.react("$unknown", "👍")
        await matrix.say({"m.relates_to": 3, "body": None}, sender=ANNA)
        await matrix.say({"m.relates_to": {"m.in_reply_to": []}}, sender=ANNA)
        last = await matrix.react(event, "✅")
        await matrix.until(lambda: matrix.sent[-1].get("msgtype") == "m.notice")

    assert [(one.event_id, one.thread_ref) for one in inbound.answers] == [(last, first)]


async def test_what_was_said_before_anybody_listened_is_not_heard(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    _, event = await paged(matrix, channel)
    await matrix.react(event, "👍")
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound):
        last = await matrix.react(event, "✅")
        await matrix.until(lambda: len(matrix.sent) == 2)

    assert [one.event_id for one in inbound.answers] == [last]


async def test_an_answer_that_could_not_be_written_down_is_heard_again(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    _, event = await paged(matrix, channel)
    inbound = RecordingInbound(error=OSError("the store"))

    async with listening(matrix, channel, inbound) as task:
        await matrix.react(event, "✅")
        with pytest.raises(OSError, match="the store"):
            await task
    inbound.error = None
    async with listening(matrix, channel, inbound):
        await matrix.until(lambda: len(matrix.sent) == 2)

    assert len(inbound.answers) == 1


async def test_what_was_said_while_the_connection_was_lost_is_heard(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    _, event = await paged(matrix, channel)
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound) as task:
        task.cancel()
    await matrix.react(event, "✅")
    async with asyncio.timeout(10):
        task = asyncio.create_task(channel.listen(inbound))
        await matrix.until(lambda: len(matrix.sent) == 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert len(inbound.answers) == 1


async def test_an_account_in_very_many_rooms_hears_all_the_same(
    matrix: FakeMatrix, channel: MatrixChannel
) -> None:
    _, event = await paged(matrix, channel)
    matrix.padding = 200_000
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound):
        await matrix.react(event, "✅")
        await matrix.until(lambda: len(matrix.sent) == 2)

    assert len(inbound.answers) == 1


async def test_news_that_are_too_long_are_left_behind(matrix: FakeMatrix, channel: MatrixChannel) -> None:
    _, event = await paged(matrix, channel)
    matrix.too_much = True
    inbound = RecordingInbound()

    async with listening(matrix, channel, inbound) as task:
        await matrix.react(event, "👍")
        with pytest.raises(SyncLostError):
            await task
    async with listening(matrix, channel, inbound):
        await matrix.react(event, "✅")
        await matrix.until(lambda: len(matrix.sent) == 2)

    assert len(inbound.answers) == 1


@pytest.mark.parametrize("behaviour", [Behaviour.RESET, Behaviour.STATUS_502, Behaviour.GARBAGE])
async def test_a_server_that_is_gone_ends_the_listening_and_names_no_address(
    matrix: FakeMatrix, channel: MatrixChannel, behaviour: Behaviour
) -> None:
    matrix.behave(behaviour)

    with pytest.raises(SyncLostError) as raised:
        await channel.listen(RecordingInbound())

    assert "127.0.0.1" not in str(raised.value)


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", [ROOM, "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "#a:b.example", ANNA]
)
def test_rooms_aliases_and_users_are_addresses(address: str) -> None:
    assert formed_address("matrix", f" {address} ", None) == address


@pytest.mark.parametrize("address", ["", "anna", "@anna", "#alarms", "!", "+491701234567", "!a b:c"])
def test_what_names_nobody_is_refused(address: str) -> None:
    with pytest.raises(AddressInvalid):
        formed_address("matrix", address, None)


def test_the_example_in_the_documentation_can_be_built() -> None:
    (example,) = examples_of("matrix")

    build_channel("matrix", example)

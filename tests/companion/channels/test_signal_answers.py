"""What people say over Signal: reactions, quotes and words; in chats and in groups."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any, override

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Answer, Receipt, Response, Undelivered
from companion.channels.registry import build_channel
from companion.channels.signal.answers import answer_in
from companion.channels.signal.sender import SignalChannel
from tests.companion.channels.messages import message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound, listening
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.signal import FakeSignal

OURS = "+4930123456"
ANNA = "+491701234567"
AT = 1700686499000
PAGE = 1700686413944
GROUP = "cGlY1rQ0f8h1FQ=="


@pytest.fixture
async def signal() -> AsyncIterator[FakeSignal]:
    async with FakeSignal(receipts_by_itself=False) as server:
        yield server


@pytest.fixture
async def channel(signal: FakeSignal) -> AsyncIterator[SignalChannel]:
    found = build_channel("signal", {"url": signal.url, "number": OURS, "timeout_s": 10})
    assert isinstance(found, SignalChannel)
    yield found
    await found.close()


@pytest.fixture
async def inbound(signal: FakeSignal, channel: SignalChannel) -> AsyncIterator[RecordingInbound]:
    """Hears what the channel hears."""
    async with listening(channel) as hearing:
        await signal.attached()
        yield hearing


def reaction(emoji: str = "✅", **changes: Any) -> dict[str, Any]:
    known = {
        "emoji": emoji,
        "targetAuthor": OURS,
        "targetAuthorNumber": OURS,
        "targetSentTimestamp": PAGE,
        "isRemove": False,
    }
    return {"reaction": known | changes}


def quote(**changes: Any) -> dict[str, Any]:
    return {"quote": {"id": PAGE, "author": OURS, "authorNumber": OURS, "text": "ALARM"} | changes}


def answer(**changes: Any) -> Answer:
    known: dict[str, Any] = {"event_id": f"{ANNA} {AT}", "sender": ANNA, "acknowledges": False}
    return Answer(**(known | changes))


@pytest.mark.parametrize(
    ("said", "is_heard_as"),
    [
        (reaction("✅"), answer(acknowledges=True, thread_ref=str(PAGE))),
        (reaction("👍🏽"), answer(acknowledges=True, thread_ref=str(PAGE))),
        ({"message": "Komme", **quote()}, answer(words="Komme", thread_ref=str(PAGE))),
        ({"message": "OK 4711"}, answer(words="OK 4711")),
        ({"message": "Bin in 5 Minuten da"}, answer(words="Bin in 5 Minuten da")),
        ({"message": "OK", **quote(author="+49170", authorNumber="+49170")}, answer(words="OK")),
    ],
    ids=["tick", "thumb", "quote", "code", "words", "quote-of-another"],
)
async def test_what_somebody_says_is_an_answer(
    signal: FakeSignal, inbound: RecordingInbound, said: dict[str, Any], is_heard_as: Answer
) -> None:
    await signal.says(**said)
    await inbound.until_answers()

    assert inbound.answers == [is_heard_as]


@pytest.mark.parametrize(
    "said",
    [
        reaction("👎"),
        reaction(isRemove=True),
        reaction(targetAuthor="+49170", targetAuthorNumber="+49170"),
        reaction(targetSentTimestamp="x"),
        {"message": ""},
        {"message": None},
        {"message": "ok", "number": OURS},
        {"message": "Guten Morgen", "group": GROUP},
        {"message": "OK", "group": GROUP, **quote(author="+49170", authorNumber="+49170")},
        {"message": "Tel. 030 123456", "group": GROUP},
    ],
    ids=str,
)
async def test_what_is_none_is_passed_over(
    signal: FakeSignal, inbound: RecordingInbound, said: dict[str, Any]
) -> None:
    await signal.says(**said)
    await signal.says(message="OK", at=AT + 1)
    await inbound.until_answers()

    assert [one.event_id for one in inbound.answers] == [f"{ANNA} {AT + 1}"]


async def test_who_hides_their_number_is_known_by_their_account(
    signal: FakeSignal, inbound: RecordingInbound
) -> None:
    await signal.says(number=None, uuid="7a1e36e2-5f5f-4a35-9b0a-0c3a2f1f9d11", message="OK")
    await inbound.until_answers()

    assert inbound.answers[0].sender == "7a1e36e2-5f5f-4a35-9b0a-0c3a2f1f9d11"


@pytest.mark.parametrize(
    ("said", "quotes"), [({"message": "OK"}, AT), (reaction(), None)], ids=["words", "reaction"]
)
async def test_what_became_of_it_is_said_in_the_same_chat(
    signal: FakeSignal, inbound: RecordingInbound, said: dict[str, Any], quotes: int | None
) -> None:
    await signal.says(**said)
    await signal.until(lambda: signal.messages)

    [back] = signal.messages
    assert (back.recipient, back.text) == (ANNA, "Thank you, <Anna>.")
    assert back.request.get("quote_timestamp") == quotes
    assert back.request["text_mode"] == "normal"


async def test_in_a_group_the_individual_answers_and_the_group_reads_what_became_of_it(
    signal: FakeSignal, inbound: RecordingInbound
) -> None:
    await signal.says(message="OK 4711", group=GROUP)
    await signal.until(lambda: signal.messages)

    assert inbound.answers[0].sender == ANNA
    assert signal.messages[0].recipient == "group." + base64.b64encode(GROUP.encode()).decode()


async def test_an_answer_does_not_wait_until_another_one_was_answered(
    signal: FakeSignal, inbound: RecordingInbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.channels.signal.sender.SAY_S", 0.1)
    signal.behave(Behaviour.HANG)

    async with asyncio.timeout(8):  # the channel itself would wait for ten seconds
        await signal.says(message="OK")
        await signal.says(message="OK", at=AT + 1)
        await inbound.until_answers(2)


class Away(RecordingInbound):
    """Cannot take the first answer that it hears, and no receipt."""

    times = 0

    @override
    async def receipt(self, receipt: Receipt | Undelivered) -> None:
        raise ConnectionError("the database is away")

    @override
    async def answer(self, answer: Answer) -> Response | None:
        self.times += 1
        if self.times == 1:
            raise ConnectionError("the database is away")
        return await super().answer(answer)


async def test_what_cannot_be_taken_at_once_is_taken_later(
    signal: FakeSignal, channel: SignalChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.channels.signal.sender.AGAIN_S", (0,))
    inbound = Away()
    following = asyncio.create_task(channel.listen(inbound))
    await signal.attached()

    await signal.report(1)
    await signal.says(message="OK")
    await inbound.until_answers()
    await signal.hang_up()
    await following

    assert inbound.answers[0].words == "OK"


async def test_the_words_to_answer_with_are_only_named_while_somebody_listens(
    signal: FakeSignal, channel: SignalChannel
) -> None:
    told = message()

    await channel.send(told)
    async with listening(channel) as inbound:
        await signal.attached()
        await signal.report(1)
        await inbound.heard.get()
        await channel.send(told)
    await channel.send(told)

    assert [f"OK {told.code}" in one.text for one in signal.messages] == [False, True, False]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "envelope",
                        "dataMessage",
                        "timestamp",
                        "message",
                        "quote",
                        "reaction",
                        "groupInfo",
                        "id",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_no_frame_is_too_odd(data: Any) -> None:
    frame = {"envelope": {"sourceNumber": ANNA, "dataMessage": data}}

    answer_in(json.dumps(frame), OURS)
    answer_in(json.dumps(data), OURS)


def test_the_example_of_the_documentation_is_a_channel() -> None:
    [example] = examples_of("signal")

    assert isinstance(build_channel("signal", example), SignalChannel)

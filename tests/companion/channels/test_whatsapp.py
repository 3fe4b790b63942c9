import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import (
    Answer,
    CallbackReply,
    Channel,
    MessageKind,
    Receipt,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
    Undelivered,
)
from companion.channels.registry import ChannelConfigError, build_channel
from companion.channels.whatsapp.sender import WhatsAppChannel
from companion.channels.whatsapp.settings import WhatsAppSettings
from companion.channels.whatsapp.templates import request
from companion.texts.language import LANGUAGES
from companion.texts.reasons import Reason
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.whatsapp import APP_SECRET, NUMBER_ID, TOKEN, FakeWhatsApp, introduces, tells

CALLBACK = "https://alarm.example/v1/channels/wa/callback"
TOKEN_IN_LINK = ACK_URL.rsplit("/", 1)[-1]
HEARS = {"app_secret": APP_SECRET, "verify_token": "word-of-ours"}


@pytest.fixture
async def meta() -> AsyncIterator[FakeWhatsApp]:
    async with FakeWhatsApp() as server:
        yield server


def settings(**changes: Any) -> dict[str, Any]:
    return {"phone_number_id": NUMBER_ID, "token": TOKEN, "timeout_s": 2} | changes


def channel_for(meta: FakeWhatsApp, **changes: Any) -> Channel:
    return build_channel("whatsapp", settings(url=meta.url, **changes))


def hearing(meta: FakeWhatsApp | None = None) -> WhatsAppChannel:
    where = {} if meta is None else {"url": meta.url}
    channel = build_channel("whatsapp", settings(**where, **HEARS))
    assert isinstance(channel, WhatsAppChannel)
    return channel


# --- sending --------------------------------------------------------------------------------------------


async def test_a_page_is_the_template_with_the_link_behind_its_button(meta: FakeWhatsApp) -> None:
    channel = channel_for(meta)

    outcome = await channel.send(message())
    await channel.close()

    [sent] = meta.messages
    body, button = sent["template"]["components"]
    assert outcome == Sent(provider_ref="wamid.1", status_code=200)
    assert sent["to"] == "491701234567"
    assert sent["template"]["name"] == "alarm"
    assert body["parameters"][0]["text"] == "ALARM: Panic key: Reception"
    assert body["parameters"][1]["text"].startswith("Where: Reception, Main office · Who: Max Müller")
    assert button["parameters"] == [{"type": "text", "text": TOKEN_IN_LINK}]


async def test_a_button_that_answers_by_itself_carries_what_the_link_would(meta: FakeWhatsApp) -> None:
    meta.templates["alarm"] = ("quick_reply", "url")
    channel = channel_for(meta, buttons=["reply", "url"], **HEARS)

    outcome = await channel.send(message())
    await channel.close()

    assert outcome == Sent(provider_ref="wamid.1", status_code=200, receipt_follows=True)
    assert meta.messages[0]["template"]["components"][1]["parameters"] == [
        {"type": "payload", "payload": TOKEN_IN_LINK}
    ]


@pytest.mark.parametrize("kind", [MessageKind.ACKNOWLEDGED, MessageKind.RESOLVED, MessageKind.TEST])
async def test_news_have_a_template_without_a_button(meta: FakeWhatsApp, kind: MessageKind) -> None:
    channel = channel_for(meta)

    outcome = await channel.send(message(kind, by="Berta"))
    await channel.close()

    assert isinstance(outcome, Sent)
    assert meta.messages[0]["template"]["name"] == "alarm_news"


@pytest.mark.parametrize(("reads", "code"), [("de", "de"), ("de-AT", "de"), ("nl", "en_GB"), ("en", "en_GB")])
async def test_the_template_is_in_the_readers_language_if_it_is_approved_in_it(
    meta: FakeWhatsApp, reads: str, code: str
) -> None:
    meta.languages = {"de", "en_GB"}
    channel = channel_for(meta, languages={"en": "en_GB", "de": "de"})

    outcome = await channel.send(message(language=reads))
    await channel.close()

    assert isinstance(outcome, Sent)
    assert meta.messages[0]["template"]["language"] == {"code": code}


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=600), st.sampled_from(LANGUAGES))
def test_whatever_an_alarm_is_called_its_variables_are_such_as_meta_takes(
    title: str, room: str, note: str, language: str
) -> None:
    told = message(title=title, room=room, note=note, language=language)
    config = WhatsAppSettings.model_validate(settings())

    texts = [one["text"] for one in request(config, told)["template"]["components"][0]["parameters"]]

    assert all(text and "\n" not in text and "\t" not in text and "     " not in text for text in texts)
    assert sum(map(len, texts)) < 900


@pytest.mark.parametrize(
    ("status", "code", "broken"),
    [
        (401, 190, True),
        (400, 0, True),
        (403, 10, True),
        (403, 200, True),
        (404, 132001, True),
        (400, 132015, True),
        (400, 133010, True),
        (400, 131042, True),
        (400, 100, False),
        (400, 131026, False),
        (400, 131047, False),
        (400, 131050, False),
    ],
)
async def test_what_meta_refuses_for_good(
    meta: FakeWhatsApp,
    status: int,
    code: int,
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    meta.error = (status, code, "the details")
    channel = channel_for(meta)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken is broken
    assert f"{code} the details" in str(outcome.reason)


async def test_what_a_button_carries_stands_in_no_reason(meta: FakeWhatsApp) -> None:
    meta.error = (400, 132012, f"Parameter {TOKEN_IN_LINK} has the wrong format")
    channel = channel_for(meta)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert "has the wrong format" in str(outcome.reason)
    assert TOKEN_IN_LINK not in str(outcome.reason)


@pytest.mark.parametrize(
    ("status", "code"), [(400, 130429), (429, 80007), (500, 131000), (400, 131056), (403, 4)]
)
async def test_what_meta_may_take_later(meta: FakeWhatsApp, status: int, code: int) -> None:
    meta.error = (status, code, "too fast")
    channel = channel_for(meta)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert not outcome.unknown
    assert (outcome.after is not None) is (code == 131056)


async def test_the_check_tells_nobody_and_says_what_meta_thinks_of_the_number(meta: FakeWhatsApp) -> None:
    good, bad = channel_for(meta), channel_for(meta, token="wrong")

    assert await good.check() == Sent(provider_ref=None, status_code=200)
    meta.quality = "RED"
    warned = await good.check()
    refused = await bad.check()
    await good.close()
    await bad.close()

    assert isinstance(warned, Sent)
    assert warned.warning == Reason("whatsapp.low_quality")
    assert isinstance(refused, Refused)
    assert refused.channel_broken
    assert meta.messages == []


# --- what Meta tells ------------------------------------------------------------------------------------


def status(word: str, ref: str = "wamid.1", **more: Any) -> dict[str, Any]:
    return {"id": ref, "status": word, "timestamp": "1700000000", "recipient_id": "491701234567", **more}


async def told(*statuses: dict[str, Any]) -> list[Receipt | Undelivered]:
    inbound = RecordingInbound()
    reply = await hearing().called_back(tells(CALLBACK, statuses=list(statuses)), inbound)
    assert reply is not None
    assert reply.status == 200
    return inbound.receipts


@pytest.mark.parametrize(("word", "read"), [("delivered", False), ("read", True)])
async def test_a_message_that_arrived_is_a_receipt_with_metas_time(word: str, read: bool) -> None:  # noqa: FBT001 - a column of the table
    [receipt] = await told(status(word))

    assert isinstance(receipt, Receipt)
    assert (receipt.provider_ref, receipt.read, receipt.at.timestamp()) == ("wamid.1", read, 1_700_000_000)


async def test_a_message_that_failed_says_why_at_once() -> None:
    errors = [
        {"code": 131026, "title": "x", "error_data": {"details": "Recipient has no WhatsApp https://a.b"}}
    ]

    [lost] = await told(status("sent"), status("failed", errors=errors))

    assert isinstance(lost, Undelivered)
    assert (
        str(lost.reason) == "WhatsApp could not deliver it (error 131026): Recipient has no WhatsApp (link)"
    )


async def test_failed_beside_delivered_is_not_lost_whatever_comes_first() -> None:
    found = await told(
        status("failed"), status("delivered"), status("failed", "wamid.2"), status("delivered")
    )

    assert [(type(one), one.provider_ref) for one in found] == [
        (Receipt, "wamid.1"),
        (Undelivered, "wamid.2"),
        (Receipt, "wamid.1"),
    ]


@pytest.mark.parametrize("odd", [status("sent"), status("deleted"), status("warning"), {}], ids=str)
async def test_what_is_on_its_way_is_neither(odd: dict[str, Any]) -> None:
    assert await told(odd) == []


def sent(kind: str, **more: Any) -> dict[str, Any]:
    return {"from": "491701234567", "id": "wamid.A", "timestamp": "1700000000", "type": kind, **more}


anna = partial(
    Answer,
    event_id="wamid.A",
    sender="+491701234567",
    at=datetime.fromtimestamp(1_700_000_000, UTC),
)
CONTEXT = {"context": {"from": "4930123456", "id": "wamid.1"}}


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (
            sent("button", button={"payload": TOKEN_IN_LINK, "text": "I'll go"}, **CONTEXT),
            anna(acknowledges=True, words="I'll go", token=TOKEN_IN_LINK, thread_ref="wamid.1"),
        ),
        (
            sent("button", button={"payload": "STOP", "text": "Stop promotions"}),
            anna(acknowledges=False, words="Stop promotions"),
        ),
        (
            sent("text", text={"body": "OK 4711 komme schön"}, **CONTEXT),
            anna(acknowledges=False, words="OK 4711 komme schön", thread_ref="wamid.1"),
        ),
        (
            sent("reaction", reaction={"message_id": "wamid.1", "emoji": "👍🏽"}),
            anna(acknowledges=True, thread_ref="wamid.1"),
        ),
        (
            sent("reaction", reaction={"message_id": "wamid.1", "emoji": "✔️"}),
            anna(acknowledges=True, thread_ref="wamid.1"),
        ),
    ],
    ids=["button", "another-button", "text", "thumb", "tick"],
)
async def test_what_people_press_write_and_react_with_is_an_answer(
    message: dict[str, Any], answer: Answer
) -> None:
    inbound = RecordingInbound(says=None)

    await hearing().called_back(tells(CALLBACK, messages=[message]), inbound)

    assert inbound.answers == [answer]


@pytest.mark.parametrize(
    "message",
    [
        sent("reaction", reaction={"message_id": "wamid.1", "emoji": "👎"}),
        sent("reaction", reaction={"message_id": "wamid.1"}),
        sent("image", image={"id": "1"}),
        sent("text") | {"from": "anna"},
        {"type": "text"},
    ],
    ids=str,
)
async def test_what_is_no_answer_is_none(message: dict[str, Any]) -> None:
    inbound = RecordingInbound()

    assert await hearing().called_back(tells(CALLBACK, messages=[message]), inbound) is not None
    assert inbound.answers == []


async def test_whoever_answers_reads_in_the_same_chat_what_became_of_it_once(meta: FakeWhatsApp) -> None:
    meta.opened = {"491701234567"}
    channel, inbound = hearing(meta), RecordingInbound()
    pressed = tells(CALLBACK, messages=[sent("text", text={"body": "OK"})])

    for _ in range(2):
        await channel.called_back(pressed, inbound)
    await channel.close()

    [said] = meta.messages
    assert said["text"]["body"] == "Thank you, <Anna>."
    assert said["context"] == {"message_id": "wamid.A"}


async def test_meta_does_not_wait_for_what_is_said_back(
    meta: FakeWhatsApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.channels.whatsapp.sender.SAY_S", 0.1)
    channel, inbound = hearing(meta), RecordingInbound()
    meta.behave(Behaviour.HANG)

    async with asyncio.timeout(1.5):  # the channel itself waits for two seconds
        reply = await channel.called_back(
            tells(CALLBACK, messages=[sent("text", text={"body": "OK"})]), inbound
        )
    await channel.close()

    assert reply == CallbackReply()


async def test_an_answer_counts_also_when_nothing_can_be_said_back(meta: FakeWhatsApp) -> None:
    channel, inbound = hearing(meta), RecordingInbound()

    reply = await channel.called_back(tells(CALLBACK, messages=[sent("text", text={"body": "OK"})]), inbound)
    await channel.close()

    assert reply is not None
    assert len(inbound.answers) == 1


@pytest.mark.parametrize(
    "forged",
    [
        tells(CALLBACK, statuses=[status("read")], secret="another"),
        tells(CALLBACK, statuses=[status("read")], secret=""),
        introduces(CALLBACK, {"hub.mode": "subscribe", "hub.verify_token": "guessed", "hub.challenge": "1"}),
        introduces(CALLBACK, {"hub.verify_token": "word-of-ours", "hub.challenge": "1"}),
        introduces(
            CALLBACK,
            {"hub.mode": "subscribe", "hub.verify_token": "word-of-ours", "hub.challenge": "<script>"},
        ),
        introduces(CALLBACK, {}),
    ],
    ids=["secret", "no-secret", "word", "mode", "no-challenge-of-meta", "nothing"],
)
async def test_who_is_not_meta_is_not_believed(forged: Any) -> None:
    inbound = RecordingInbound()

    assert await hearing().called_back(forged, inbound) is None
    assert inbound.receipts == []


async def test_meta_may_introduce_itself() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "word-of-ours", "hub.challenge": "1158201444"}

    reply = await hearing().called_back(introduces(CALLBACK, query), RecordingInbound())

    assert reply is not None
    assert (reply.body, reply.content_type) == ("1158201444", "text/plain")


async def test_what_is_told_of_another_number_of_the_app_is_not_ours() -> None:
    inbound = RecordingInbound()

    reply = await hearing().called_back(tells(CALLBACK, number_id="1", statuses=[status("read")]), inbound)

    assert reply is not None
    assert inbound.receipts == []


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["id", "status", "type", "from", "errors", "text", "button", "context"]),
                inner,
            )
        ),
    )
)
async def test_whatever_meta_sends_is_answered(value: Any) -> None:
    request = tells(CALLBACK, statuses=[value], messages=[value, value])

    assert await hearing().called_back(request, RecordingInbound(says=None)) is not None


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"buttons": ["reply"]}, "nobody would hear"),
        ({"buttons": ["url", "url"]}, "each only once"),
        ({"app_secret": "x"}, "belong together"),
        ({"template": "Alarm!"}, "template"),
        ({"languages": {}}, "languages"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ChannelConfigError, match=says):
        build_channel("whatsapp", settings(**changes))


def test_the_example_of_the_documentation_is_a_channel() -> None:
    [example] = examples_of("whatsapp")

    assert isinstance(build_channel("whatsapp", example), TakesCallbacks)

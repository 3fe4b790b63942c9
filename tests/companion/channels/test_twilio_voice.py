from typing import Any
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import (
    CallbackReply,
    Channel,
    Message,
    MessageKind,
    Receipt,
    Refused,
    Response,
    Sent,
    TakesCallbacks,
    Undelivered,
    Understood,
)
from companion.channels.kind import ChannelKind
from companion.channels.registry import build_channel, kind_named
from companion.channels.twilio_voice.speech import call
from companion.texts.language import LANGUAGES
from companion.texts.reasons import Reason
from tests.companion.channels.messages import ACK_URL, message
from tests.fakes.inbound import RecordingInbound
from tests.fakes.twilio import ACCOUNT, NUMBER, TOKEN, TWIML_LIMIT, FakeTwilio, calls_back, read_twiml

CALLBACK = "https://alarm.example/v1/channels/call/callback"
TOKEN_IN_LINK = ACK_URL.rsplit("/", 1)[-1]


def settings(url: str = "https://api.twilio.com", **changes: Any) -> dict[str, object]:
    return {
        "url": url,
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "sender": NUMBER,
        "timeout_s": 2,
    } | changes


def channel_for(twilio: FakeTwilio, **changes: Any) -> Channel:
    return build_channel("twilio_voice", settings(twilio.url, **changes))


def page(kind: MessageKind = MessageKind.PAGE, **changes: Any) -> Message:
    return message(kind, callback_url=changes.pop("callback_url", CALLBACK), **changes)


def spoken(twiml: str) -> str:
    return " ".join("".join(read_twiml(twiml).itertext()).split())


def verbs(twiml: str) -> list[Element]:
    return list(read_twiml(twiml))


# --- the call -------------------------------------------------------------------------------------------


async def test_the_alarm_is_read_twice_and_a_key_is_asked_for(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio)

    outcome = await channel.send(page())
    await channel.close()

    [made] = twilio.calls
    assert outcome == Sent(provider_ref="CA" + "1".zfill(32), status_code=201, receipt_follows=True)
    assert (made["To"], made["From"], made["Timeout"]) == ("+491701234567", NUMBER, "30")
    assert (made["MachineDetection"], made["AsyncAmd"]) == ("Enable", "true")
    assert made["StatusCallback"] == made["AsyncAmdStatusCallback"] == CALLBACK
    gather, end = verbs(made["Twiml"])
    assert gather.tag == "Gather"
    assert gather[0].attrib == {"loop": "2", "language": "en-GB", "voice": "Polly.Amy"}
    assert "Panic key: Reception." in spoken(made["Twiml"])
    assert "Where: Reception, Main office." in spoken(made["Twiml"])
    assert "To acknowledge, press 1." in (gather[0].text or "")
    assert end.text == "No key was pressed: the alarm is not answered."


async def test_the_link_is_not_read_out_but_comes_back_with_the_key(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio)

    await channel.send(page(language="de"))
    await channel.close()

    gather = verbs(twilio.calls[0]["Twiml"])[0]
    assert gather.get("action") == f"{CALLBACK}?token={TOKEN_IN_LINK}&language=de"
    assert "http" not in spoken(twilio.calls[0]["Twiml"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_is_read_to_in_their_language(language: str) -> None:
    say = verbs(call(page(language=language), voices={}, callback_url=CALLBACK))[0][0]

    assert (say.get("language") or "").startswith(f"{language}-")
    assert (say.get("voice") or "").startswith("Polly.")
    assert (language == "en") is ("Where" in (say.text or ""))


def test_a_house_may_choose_who_reads() -> None:
    say = verbs(call(page(language="de-AT"), voices={"de": "Google.de-DE-Neural2-C"}, callback_url=CALLBACK))[
        0
    ][0]

    assert say.get("voice") == "Google.de-DE-Neural2-C"


@pytest.mark.parametrize(
    "told",
    [page(MessageKind.TEST), page(MessageKind.TROUBLE, trouble="channel_down"), page(callback_url=None)],
    ids=["test", "trouble", "no-way-back"],
)
def test_where_there_is_nothing_to_answer_no_key_is_asked_for(told: Message) -> None:
    [say] = verbs(call(told, voices={}, callback_url=told.callback_url))

    assert (say.tag, say.get("loop")) == ("Say", "2")


@given(st.text(max_size=400), st.text(max_size=400), st.sampled_from(LANGUAGES))
def test_whatever_an_alarm_is_called_twilio_can_read_it(title: str, room: str, language: str) -> None:
    told = page(title=title, room=room, language=language, note="&<>\"'" * 80, person="\ufffe\ud800")

    twiml = call(told, voices={}, callback_url=CALLBACK)

    assert len(twiml) <= TWIML_LIMIT
    assert verbs(twiml)[0].tag == "Gather"


async def test_an_address_that_twilio_cannot_call_keeps_no_call_back(twilio: FakeTwilio) -> None:
    twilio.public = False
    channel = channel_for(twilio)

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, Sent)
    assert outcome.warning == Reason("twilio_voice.no_callbacks")
    [say] = verbs(twilio.calls[0]["Twiml"])
    assert say.tag == "Say"


async def test_without_detection_twilio_does_not_listen(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio, machine_detection=False)

    await channel.send(page())
    await channel.close()

    assert "MachineDetection" not in twilio.calls[0]


async def test_a_number_that_may_not_call_breaks_the_channel(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio, sender="+4930999999")

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


async def test_the_check_calls_nobody(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio)

    assert await channel.check() == Sent(provider_ref=None)
    await channel.close()

    assert twilio.calls == []


def test_nobody_is_called_to_hear_that_others_have_answered() -> None:
    kind: ChannelKind = kind_named("twilio_voice")

    assert not kind.updates


# --- what Twilio calls back -----------------------------------------------------------------------------


def hearing(**changes: Any) -> TakesCallbacks:
    channel = build_channel("twilio_voice", settings(**changes))
    assert isinstance(channel, TakesCallbacks)
    return channel


async def pressed(key: str, inbound: RecordingInbound, language: str = "en") -> CallbackReply:
    url = f"{CALLBACK}?token={TOKEN_IN_LINK}&language={language}"
    fields = {
        "CallSid": "CA1",
        "Digits": key,
        "To": "+491701234567",
        "From": NUMBER,
        "CallStatus": "in-progress",
    }
    reply = await hearing().called_back(calls_back(url, fields), inbound)
    assert reply is not None
    return reply


async def test_the_key_acknowledges_and_the_call_says_so() -> None:
    taken = Response(understood=Understood.ACKNOWLEDGED, text="Du hast übernommen.")
    inbound = RecordingInbound(says=taken)

    reply = await pressed("1", inbound, language="de")

    [answer] = inbound.answers
    assert answer.acknowledges
    assert (answer.sender, answer.token) == ("+491701234567", TOKEN_IN_LINK)
    assert answer.event_id == "CA1-1"
    [say] = verbs(reply.body)
    assert (say.text, say.get("language")) == ("Du hast übernommen.", "de-DE")


@pytest.mark.parametrize("key", ["2", "0", "*", "11", ""])
async def test_another_key_acknowledges_nothing_and_is_asked_for_again(key: str) -> None:
    inbound = RecordingInbound()

    reply = await pressed(key, inbound)

    assert inbound.answers == []
    gather = verbs(reply.body)[0]
    assert gather.get("action") == f"{CALLBACK}?token={TOKEN_IN_LINK}&language=en"
    assert gather[0].text == "To acknowledge, press 1."


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"CallStatus": "busy"}, "busy"),
        ({"CallStatus": "no-answer"}, "nobody picked up"),
        ({"CallStatus": "failed"}, "could not be put through"),
        ({"CallStatus": "canceled"}, "could not be put through"),
        ({"AnsweredBy": "machine_start"}, "a mailbox"),
        ({"AnsweredBy": "fax"}, "a mailbox"),
        ({"AnsweredBy": "machine_start", "CallStatus": "completed"}, "a mailbox"),
    ],
    ids=str,
)
async def test_nobody_was_reached(fields: dict[str, str], says: str) -> None:
    inbound = RecordingInbound()

    await hearing().called_back(calls_back(CALLBACK, {"CallSid": "CA1", **fields}), inbound)

    [lost] = inbound.receipts
    assert isinstance(lost, Undelivered)
    assert lost.provider_ref == "CA1"
    assert says in str(lost.reason)


@pytest.mark.parametrize(
    ("fields", "detects"),
    [
        ({"AnsweredBy": "human"}, True),
        ({"AnsweredBy": "human", "CallStatus": "completed"}, True),
        ({"CallStatus": "completed"}, False),
    ],
    ids=str,
)
async def test_a_person_was_reached(fields: dict[str, str], detects: bool) -> None:  # noqa: FBT001 - a column of the table
    inbound = RecordingInbound()
    channel = hearing(machine_detection=detects)

    await channel.called_back(calls_back(CALLBACK, {"CallSid": "CA1", **fields}), inbound)

    [receipt] = inbound.receipts
    assert isinstance(receipt, Receipt)
    assert receipt.provider_ref == "CA1"


@pytest.mark.parametrize(
    "fields",
    [
        {"CallStatus": "ringing"},
        {"CallStatus": "completed"},
        {"AnsweredBy": "unknown", "CallStatus": "completed"},
    ],
    ids=str,
)
async def test_where_nobody_knows_who_answered_nothing_is_claimed(fields: dict[str, str]) -> None:
    inbound = RecordingInbound()

    reply = await hearing().called_back(calls_back(CALLBACK, {"CallSid": "CA1", **fields}), inbound)

    assert reply is not None
    assert inbound.receipts == []


async def test_a_key_that_twilio_has_not_signed_acknowledges_nothing() -> None:
    inbound = RecordingInbound()
    forged = calls_back(f"{CALLBACK}?token=stolen", {"Digits": "1", "CallSid": "CA1"}, token="another")

    assert await hearing().called_back(forged, inbound) is None
    assert inbound.answers == []

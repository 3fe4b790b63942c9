from datetime import UTC, datetime
from typing import Any

import pytest

from companion.channels.base import (
    AddressInvalid,
    CallbackReply,
    Channel,
    Message,
    Receipt,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
    Undelivered,
)
from companion.channels.registry import ChannelConfigError, build_channel, formed_address
from companion.texts.language import texts_for
from companion.texts.reasons import Reason
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.inbound import RecordingInbound
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.twilio import ACCOUNT, NUMBER, TOKEN, FakeTwilio, calls_back, read_twiml

CALLBACK = "https://alarm.example/v1/channels/sms/callback"
SERVICE = "MG" + "b2" * 16


def settings(url: str = "https://api.twilio.com", **changes: Any) -> dict[str, object]:
    found: dict[str, object] = {
        "url": url,
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "sender": NUMBER,
        "timeout_s": 2,
    } | changes
    return {name: value for name, value in found.items() if value is not None}


def channel_for(twilio: FakeTwilio, **changes: Any) -> Channel:
    return build_channel("twilio_sms", settings(twilio.url, **changes))


def page(**changes: Any) -> Message:
    every: dict[str, Any] = {"callback_url": CALLBACK, "raised_at": datetime.now(UTC)} | changes
    return message(**every)


def hearing(**changes: Any) -> TakesCallbacks:
    channel = build_channel("twilio_sms", settings(**changes))
    assert isinstance(channel, TakesCallbacks)
    return channel


# --- sending --------------------------------------------------------------------------------------------


async def test_the_alarm_is_sent_and_twilio_is_told_where_to_call(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio)

    outcome = await channel.send(page())
    await channel.close()

    [sent] = twilio.messages
    assert outcome == Sent(provider_ref=sent["sid"], status_code=201, receipt_follows=True)
    assert (sent["to"], sent["from"]) == ("+491701234567", NUMBER)
    assert ACK_URL in sent["body"]
    assert "OK " not in sent["body"]
    [request] = twilio.received
    assert "ValidityPeriod=600" in request.body
    assert "StatusCallback=https%3A%2F%2Falarm.example%2Fv1%2Fchannels%2Fsms%2Fcallback" in request.body


async def test_a_messaging_service_and_an_api_key_can_send(twilio: FakeTwilio) -> None:
    key = "SK" + "c3" * 16
    twilio.login = (key, "key-secret")
    channel = channel_for(
        twilio, sender=None, messaging_service_sid=SERVICE, api_key=key, api_key_secret="key-secret\n"
    )

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, Sent)
    assert twilio.messages[0]["messaging_service_sid"] == SERVICE


async def test_where_answers_are_heard_the_text_says_with_which_words(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio, replies=True)
    told = page()

    await channel.send(told)
    await channel.close()

    assert f"OK {told.code}" in twilio.messages[0]["body"]


async def test_an_address_that_twilio_cannot_call_keeps_no_alarm_back(twilio: FakeTwilio) -> None:
    twilio.public = False
    channel = channel_for(twilio)

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, Sent)
    assert outcome.warning == Reason("twilio_sms.no_receipts")
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    ("status", "code", "broken"),
    [
        (401, 20003, True),
        (403, 20003, True),
        (404, 20404, True),
        (400, 21606, True),
        (400, 21211, False),
        (400, 21408, False),
        (400, 21610, False),
        (400, 21614, False),
    ],
)
async def test_what_twilio_refuses_for_good(
    twilio: FakeTwilio,
    status: int,
    code: int,
    broken: bool,  # noqa: FBT001 - a column of the table
) -> None:
    twilio.error = (status, code, "The words of Twilio")
    channel = channel_for(twilio)

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken is broken
    assert f"{code} The words of Twilio" in str(outcome.reason)


@pytest.mark.parametrize(
    ("status", "code", "unknown"), [(429, 20429, False), (400, 21611, False), (400, 12345, True)]
)
async def test_what_twilio_may_take_later(
    twilio: FakeTwilio,
    status: int,
    code: int,
    unknown: bool,  # noqa: FBT001 - a column of the table
) -> None:
    twilio.error = (status, code, "Too much")
    channel = channel_for(twilio)

    outcome = await channel.send(page())
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert (outcome.uncertain, outcome.unknown) == (False, unknown)


# --- not twice ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "Sent from your Twilio trial account - "])
async def test_a_message_that_was_taken_without_an_answer_is_found_and_not_sent_again(
    twilio: FakeTwilio, before: str
) -> None:
    channel = channel_for(twilio)
    told = page()
    twilio.behave(Behaviour.TAKE_AND_RESET, times=1)

    lost = await channel.send(told)
    twilio.messages[0]["body"] = before + twilio.messages[0]["body"]
    found = await channel.send(page(raised_at=told.raised_at, may_have_been_sent=True))
    await channel.close()

    assert isinstance(lost, TryAgain)
    assert lost.uncertain
    assert found == Sent(provider_ref=twilio.messages[0]["sid"], receipt_follows=True)
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"status": "undelivered"},
        {"status": "canceled"},
        {"body": "Another alarm"},
        {"date_created": "Mon, 16 Aug 2010 03:45:01 +0000"},
        {"date_created": None},
    ],
    ids=str,
)
async def test_one_that_is_not_it_or_was_lost_is_sent_again(
    twilio: FakeTwilio, change: dict[str, object]
) -> None:
    channel = channel_for(twilio)
    told = page()
    await channel.send(told)
    twilio.messages[0] |= change

    outcome = await channel.send(page(raised_at=told.raised_at, may_have_been_sent=True))
    await channel.close()

    assert outcome == Sent(provider_ref=twilio.messages[1]["sid"], status_code=201, receipt_follows=True)


async def test_a_page_that_repeats_the_first_is_not_taken_for_it(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio)
    told = page()
    first = await channel.send(told)
    assert isinstance(first, Sent)

    again = page(raised_at=told.raised_at, may_have_been_sent=True, thread_ref=first.provider_ref)
    await channel.send(again)
    await channel.close()

    assert len(twilio.messages) == 2


async def test_a_list_that_does_not_come_leaves_the_fate_open(twilio: FakeTwilio) -> None:
    channel = channel_for(twilio)
    twilio.behave(Behaviour.STATUS_503)

    outcome = await channel.send(page(may_have_been_sent=True))
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain
    assert [one.method for one in twilio.received] == ["GET"]


# --- what Twilio calls back -----------------------------------------------------------------------------


async def heard(channel: TakesCallbacks, inbound: RecordingInbound, **fields: str) -> CallbackReply | None:
    return await channel.called_back(calls_back(CALLBACK, fields), inbound)


@pytest.mark.parametrize(("status", "read"), [("delivered", False), ("read", True)])
async def test_a_message_that_arrived_is_a_receipt(status: str, read: bool) -> None:  # noqa: FBT001 - a column of the table
    inbound = RecordingInbound()

    reply = await heard(hearing(), inbound, MessageSid="SM1", MessageStatus=status)

    [receipt] = inbound.receipts
    assert isinstance(receipt, Receipt)
    assert (receipt.provider_ref, receipt.read) == ("SM1", read)
    assert reply is not None
    assert reply.status == 200


@pytest.mark.parametrize("status", ["accepted", "queued", "sending", "sent", "something-new"])
async def test_what_is_still_on_its_way_is_no_receipt(status: str) -> None:
    inbound = RecordingInbound()

    reply = await heard(hearing(), inbound, MessageSid="SM1", MessageStatus=status)

    assert reply is not None
    assert inbound.receipts == []


@pytest.mark.parametrize(
    ("code", "says"),
    [("30003", "switched off"), ("30006", "landline"), ("21610", "opted out"), ("30999", "error 30999")],
)
async def test_a_message_that_is_lost_is_said_with_its_reason(code: str, says: str) -> None:
    inbound = RecordingInbound()

    await heard(hearing(), inbound, MessageSid="SM1", MessageStatus="undelivered", ErrorCode=code)

    [lost] = inbound.receipts
    assert isinstance(lost, Undelivered)
    assert lost.provider_ref == "SM1"
    assert says in str(lost.reason)
    assert str(lost.reason) != lost.reason.said(texts_for("de"))


async def test_what_somebody_writes_is_passed_on_and_answered_in_the_same_conversation() -> None:
    inbound = RecordingInbound()

    reply = await heard(
        hearing(), inbound, MessageSid="SM7", From="+491701234567", To=NUMBER, Body="OK 4711 & komme"
    )

    [answer] = inbound.answers
    assert (answer.event_id, answer.sender, answer.words) == ("SM7", "+491701234567", "OK 4711 & komme")
    assert not answer.acknowledges
    assert reply is not None
    assert reply.content_type == "text/xml"
    assert [one.text for one in read_twiml(reply.body)] == ["Thank you, <Anna>."]


async def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    inbound = RecordingInbound(says=None)

    reply = await heard(hearing(), inbound, MessageSid="SM7", From="+491701234567", Body="hello")

    assert reply is not None
    assert list(read_twiml(reply.body)) == []


@pytest.mark.parametrize(
    "forged",
    [
        calls_back(CALLBACK, {"MessageSid": "SM1", "MessageStatus": "delivered"}, token="another"),
        calls_back(CALLBACK, {"MessageSid": "SM1"}, signed="https://elsewhere.example/"),
    ],
    ids=["another-token", "another-address"],
)
async def test_what_twilio_has_not_signed_is_not_believed(forged: object) -> None:
    inbound = RecordingInbound()

    assert await hearing().called_back(forged, inbound) is None  # type: ignore[arg-type]
    assert inbound.receipts == []


async def test_a_field_that_was_added_or_changed_breaks_the_signature() -> None:
    good = calls_back(CALLBACK, {"MessageSid": "SM1", "MessageStatus": "failed"})
    bad = [good.body + b"&x=1", good.body.replace(b"failed", b"delivered"), b"", b"&" * 1000, b"\xff"]

    for body in bad:
        forged = type(good)(method="POST", url=good.url, query={}, headers=good.headers, body=body)
        assert await hearing().called_back(forged, RecordingInbound()) is None


async def test_the_signature_is_that_of_twilios_documentation() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    request = calls_back(url, fields, token="12345")
    assert request.headers["X-Twilio-Signature"] == "RSOYDt4T1cUTdK1PDd93/VVr8B8="

    assert await hearing(auth_token="12345\n").called_back(request, RecordingInbound()) is not None


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://alarm.example:8443/c", "https://alarm.example/c"),
        ("https://alarm.example/c", "https://alarm.example:443/c"),
        ("http://[2001:db8::1]:8440/c", "http://[2001:db8::1]/c"),
    ],
)
async def test_twilio_may_sign_with_or_without_the_port(ours: str, signed: str) -> None:
    request = calls_back(ours, {"MessageSid": "SM1", "MessageStatus": "sent"}, signed=signed)

    assert await hearing().called_back(request, RecordingInbound()) is not None


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sender": None}, "either sender or messaging_service_sid"),
        ({"messaging_service_sid": SERVICE}, "either sender or messaging_service_sid"),
        ({"sender": "ALARM", "replies": True}, "nobody can answer to a name"),
        ({"sender": "much-too-long-a-name"}, "sender"),
        ({"api_key": "SK" + "c3" * 16}, "belong together"),
        ({"account_sid": "AC1"}, "account_sid"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ChannelConfigError, match=says):
        build_channel("twilio_sms", settings(**changes))


async def test_the_check_tells_nobody_and_knows_wrong_credentials(twilio: FakeTwilio) -> None:
    good, bad = channel_for(twilio), channel_for(twilio, auth_token="wrong")

    assert await good.check() == Sent(provider_ref=None)
    refused = await bad.check()
    await good.close()
    await bad.close()

    assert isinstance(refused, Refused)
    assert refused.channel_broken
    assert twilio.messages == []


def test_addresses_are_numbers_with_their_country() -> None:
    assert formed_address("twilio_sms", "0170 1234567", "DE") == "+491701234567"
    with pytest.raises(AddressInvalid):
        formed_address("twilio_sms", "Anna", "DE")


@pytest.mark.parametrize("kind", ["twilio_sms", "twilio_voice"])
def test_the_example_of_the_documentation_is_a_channel(kind: str) -> None:
    [example] = examples_of(kind, page="twilio")

    assert isinstance(build_channel(kind, example), TakesCallbacks)

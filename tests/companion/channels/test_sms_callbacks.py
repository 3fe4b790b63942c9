import base64
import hmac
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from hypothesis import given, strategies as st

from companion.channels.base import Answer, Callback, Receipt, Sent, TakesCallbacks, Undelivered
from companion.channels.registry import ChannelConfigError, build_channel
from companion.channels.sms.sender import SmsChannel
from tests.companion.channels.messages import message
from tests.fakes.inbound import RecordingInbound
from tests.fakes.sms import FakeSms

SECRET = "a-secret-of-the-gateway"
URL = "https://alarm.example/v1/channels/sms/callback"
RECEIPTS = {"id": "id", "status": "status", "delivered": ["delivered", 1], "undelivered": ["failed", 2]}
REPLIES = {"sender": "from", "text": "text", "id": "mid"}
PAGE = Path(__file__).parents[3] / "docs/sms.md"


def channel_with(url: str = "https://sms.example.org/send", **callbacks: Any) -> SmsChannel:
    settings = {
        "url": url,
        "headers": {"Authorization": "Bearer sms-token"},
        "callback_secret": SECRET,
        "callbacks": callbacks,
    }
    channel = build_channel("sms", settings)
    assert isinstance(channel, SmsChannel)
    return channel


def called(body: Any = b"", *, query: dict[str, str] | None = None, **headers: str) -> Callback:
    """Return a request with the right secret in its address, unless `query` says something else."""
    there = {"token": SECRET} if query is None else query
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{URL}?{urlencode(there)}"
    return Callback(method="POST", url=url, query=there, headers=found, body=data)


async def heard(channel: TakesCallbacks, callback: Callback) -> list[Receipt | Undelivered | Answer]:
    inbound = RecordingInbound(says=None)
    reply = await channel.called_back(callback, inbound)
    assert reply is not None
    assert reply.status == 200
    return [*inbound.receipts, *inbound.answers]


# --- what is said ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["delivered", "Delivered", "DELIVERED ", "1"])
async def test_a_status_of_the_list_is_a_receipt(status: str) -> None:
    body = urlencode({"id": "sms-1", "status": status}).encode()

    [receipt] = await heard(channel_with(receipts=RECEIPTS), called(body))

    assert isinstance(receipt, Receipt)
    assert receipt.provider_ref == "sms-1"


async def test_a_message_that_is_lost_is_said_in_the_words_of_the_gateway() -> None:
    [lost] = await heard(channel_with(receipts=RECEIPTS), called(b"id=sms-1&status=FAILED"))

    assert isinstance(lost, Undelivered)
    assert (lost.provider_ref, str(lost.reason)) == (
        "sms-1",
        "the gateway says that it did not arrive: FAILED",
    )


@pytest.mark.parametrize(
    "body", [b"id=sms-1&status=buffered", b"id=&status=delivered", b"id=1", b"", b"\xff"]
)
async def test_what_is_on_its_way_or_says_nothing_is_neither(body: bytes) -> None:
    assert await heard(channel_with(receipts=RECEIPTS), called(body)) == []


async def test_fields_may_stand_in_the_address() -> None:
    callback = called(query={"token": SECRET, "id": "7", "status": "1"})

    [receipt] = await heard(channel_with(receipts=RECEIPTS), callback)

    assert isinstance(receipt, Receipt)


async def test_json_is_read_by_pointers_also_where_it_is_a_list_of_many() -> None:
    receipts = {"id": "/messageId", "status": "/status/group", "delivered": 3, "undelivered": [2, 4]}
    body = {
        "results": [
            {"messageId": "a", "status": {"group": 3}},
            {"messageId": "b", "status": {"group": 4}},
            {"messageId": "c", "status": {"group": 1}},
            {"messageId": {}, "status": None},
            "nothing",
        ]
    }

    found = await heard(channel_with(each="/results", receipts=receipts), called(body))

    assert [(type(one), getattr(one, "provider_ref", "")) for one in found] == [
        (Receipt, "a"),
        (Undelivered, "b"),
    ]


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+491701234567", None, "+491701234567"),
        ("491701234567", None, "+491701234567"),
        (" 491701234567", None, "+491701234567"),
        ("00491701234567", None, "+491701234567"),
        ("01701234567", "DE", "+491701234567"),
        ("491701234567", "DE", "+491701234567"),
        ("Vodafone", None, "Vodafone"),
    ],
)
async def test_an_answer_comes_from_the_number_as_contacts_have_it(
    written: str, country: str | None, number: str
) -> None:
    body = urlencode({"from": written, "text": "OK 4711", "mid": "9"}).encode()

    [answer] = await heard(channel_with(replies={**REPLIES, "country": country}), called(body))

    assert answer == Answer(event_id="9", sender=number, acknowledges=False, words="OK 4711")


async def test_where_the_gateway_numbers_nothing_the_same_words_count_again() -> None:
    channel = channel_with(replies={"sender": "from", "text": "text"})
    inbound = RecordingInbound(says=None)

    for _ in range(2):
        await channel.called_back(called(b"from=491701234567&text=OK"), inbound)

    assert [one.words for one in inbound.answers] == ["OK", "OK"]


async def test_one_route_hears_both() -> None:
    channel = channel_with(receipts=RECEIPTS, replies=REPLIES)

    [receipt] = await heard(channel, called(b"id=1&status=delivered"))
    [answer] = await heard(channel, called(b"from=491701234567&text=OK&mid=1"))

    assert isinstance(receipt, Receipt)
    assert isinstance(answer, Answer)


# --- what is said back ----------------------------------------------------------------------------------


async def test_whoever_answers_is_told_by_sms_what_became_of_it(gateway: FakeSms) -> None:
    channel = channel_with(f"{gateway.url}/sms", replies=REPLIES)

    await channel.called_back(called(b"from=491701234567&text=OK&mid=1"), RecordingInbound())
    await channel.close()

    assert [(one.to, one.text) for one in gateway.messages] == [("+491701234567", "Thank you, <Anna>.")]


@pytest.mark.parametrize(("sender", "says_nothing"), [("Vodafone", False), ("491701234567", True)])
async def test_nobody_writes_to_a_name_or_without_words(
    gateway: FakeSms,
    sender: str,
    says_nothing: bool,  # noqa: FBT001 - a column of the table
) -> None:
    channel = channel_with(f"{gateway.url}/sms", replies=REPLIES)
    inbound = RecordingInbound(says=None) if says_nothing else RecordingInbound()

    await channel.called_back(called(f"from={sender}&text=OK&mid=1".encode()), inbound)
    await channel.close()

    assert gateway.messages == []


@pytest.mark.parametrize("says", [{"receipts": RECEIPTS}, {"replies": REPLIES}], ids=str)
async def test_a_text_says_how_to_answer_where_answers_are_heard(
    gateway: FakeSms, says: dict[str, Any]
) -> None:
    channel = channel_with(f"{gateway.url}/sms", **says)
    told = message(callback_url=URL)

    await channel.send(told)
    await channel.close()

    assert (f"OK {told.code}" in gateway.messages[0].text) is ("replies" in says)


@pytest.mark.parametrize(
    ("by", "address"), [("query", f"{URL}?token={SECRET}"), ("header", URL), ("hmac", URL)]
)
async def test_a_gateway_can_be_told_with_each_message_where_to_call(
    gateway: FakeSms, by: str, address: str
) -> None:
    channel = build_channel(
        "sms",
        {
            "url": f"{gateway.url}/sms",
            "headers": {"Authorization": f"Bearer {gateway.token}"},
            "body": "form",
            "template": {"to": "{to}", "text": "{text}", "from": "{callback}"},
            "callback_secret": SECRET,
            "callbacks": {"proof": {"by": by}, "receipts": RECEIPTS},
        },
    )

    await channel.send(message(callback_url=URL))
    await channel.send(message(callback_url=None))
    await channel.close()

    assert [one.sender for one in gateway.messages] == [address, ""]


@pytest.mark.parametrize(
    ("config", "follows"),
    [
        ({"callbacks": {"receipts": RECEIPTS}, "callback_secret": SECRET, "id_pointer": "/message/id"}, True),
        ({"callbacks": {"receipts": RECEIPTS}, "callback_secret": SECRET}, False),
        ({"callbacks": {"replies": REPLIES}, "callback_secret": SECRET, "id_pointer": "/message/id"}, False),
        ({"id_pointer": "/message/id"}, False),
    ],
    ids=["receipts", "without-an-id", "only-replies", "no-callbacks"],
)
async def test_a_receipt_is_awaited_only_where_the_gateway_can_give_one(
    gateway: FakeSms,
    config: dict[str, Any],
    follows: bool,  # noqa: FBT001 - a column of the table
) -> None:
    where = {"url": f"{gateway.url}/sms", "headers": {"Authorization": f"Bearer {gateway.token}"}}
    channel = build_channel("sms", where | config)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Sent)
    assert outcome.receipt_follows is follows


# --- who may say it -------------------------------------------------------------------------------------

BODY = b"id=1&status=delivered"
DIGEST = hmac.digest(SECRET.encode(), BODY, "sha256")


@pytest.mark.parametrize(
    ("proof", "good"),
    [
        ({}, called(BODY)),
        ({"name": "key"}, called(BODY, query={"key": SECRET})),
        ({"by": "header", "name": "X-Token"}, called(BODY, query={}, X_Token=SECRET)),
        ({"by": "hmac", "name": "X-Signature"}, called(BODY, query={}, X_Signature=DIGEST.hex())),
        (
            {"by": "hmac", "name": "X-Signature"},
            called(BODY, query={}, X_Signature=base64.b64encode(DIGEST).decode()),
        ),
        (
            {"by": "hmac", "name": "X-Signature"},
            called(BODY, query={}, X_Signature=f"sha256={DIGEST.hex()}"),
        ),
    ],
    ids=str,
)
async def test_the_gateway_proves_itself_in_its_own_way_and_nobody_else_does(
    proof: dict[str, str], good: Callback
) -> None:
    channel = channel_with(proof=proof, receipts=RECEIPTS)
    is_signed = proof.get("by") == "hmac"
    bad = [
        called(BODY, query={}),
        called(BODY, query={"token": "", "key": ""}, X_Token="", X_Signature=""),
        called(BODY, query={"token": "wörong", "key": "x"}, X_Token="\udce9", X_Signature="\udce9"),
        *(
            [Callback(method="POST", url=URL, query={}, headers=good.headers, body=BODY + b"0")]
            if is_signed
            else []
        ),
    ]

    assert len(await heard(channel, good)) == 1
    for one in bad:
        inbound = RecordingInbound()
        assert await channel.called_back(one, inbound) is None
        assert inbound.receipts == []


async def test_a_signature_of_the_body_proves_nothing_that_stands_in_the_address() -> None:
    channel = channel_with(proof={"by": "hmac", "name": "X-Signature"}, receipts=RECEIPTS)
    said = {"id": "1", "status": "delivered"}
    nothing = hmac.digest(SECRET.encode(), b"", "sha256").hex()
    other = hmac.digest(SECRET.encode(), b"x=1", "sha256").hex()

    assert await channel.called_back(called(b"", query=said, X_Signature=nothing), RecordingInbound()) is None
    assert await heard(channel, called(b"x=1", query=said, X_Signature=other)) == []


async def test_a_channel_that_is_not_told_how_believes_nobody() -> None:
    channel = build_channel("sms", {"url": "https://sms.example.org/send"})
    assert isinstance(channel, TakesCallbacks)

    assert await channel.called_back(called(BODY), RecordingInbound()) is None


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
async def test_whatever_a_gateway_sends_is_answered(body: bytes) -> None:
    channel = channel_with(each="/0", receipts=RECEIPTS, replies={"sender": "/0", "text": "/1"})

    assert await channel.called_back(called(body), RecordingInbound(says=None)) is not None


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("callbacks", "says"),
    [
        ({}, "name receipts or replies"),
        (
            {"receipts": {**RECEIPTS, "undelivered": ["x", "Delivered"]}},
            "both delivered and undelivered: delivered",
        ),
        ({"receipts": {**RECEIPTS, "id": "/a~b"}}, "receipts.id"),
        ({"replies": {**REPLIES, "country": "XX"}}, "is no country"),
    ],
)
def test_settings_that_cannot_work_are_refused(callbacks: dict[str, Any], says: str) -> None:
    with pytest.raises(ChannelConfigError, match=re.escape(says)):
        channel_with(**callbacks)


@pytest.mark.parametrize(
    "settings", [{"callback_secret": SECRET}, {"callbacks": {"replies": REPLIES}}], ids=str
)
def test_half_of_it_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ChannelConfigError, match="belong together"):
        build_channel("sms", {"url": "https://sms.example.org/send", **settings})


async def test_the_examples_of_the_documentation_hear() -> None:
    blocks = [yaml.safe_load(one.split("```")[0]) for one in PAGE.read_text().split("```yaml")[1:]]
    form, listed = (
        build_channel("sms", {**one, "callback_secret": SECRET}) for one in blocks if "callbacks" in one
    )
    assert isinstance(form, TakesCallbacks)
    assert isinstance(listed, TakesCallbacks)
    body = {"results": [{"messageId": "a", "status": {"groupName": "DELIVERED"}}]}
    signed = hmac.digest(SECRET.encode(), json.dumps(body).encode(), "sha256").hex()

    assert len(await heard(form, called(b"id=a&status=DELIVRD"))) == 1
    assert len(await heard(form, called(b"from=491701234567&message=OK"))) == 1
    assert len(await heard(listed, called(body, query={}, X_Signature=signed))) == 1

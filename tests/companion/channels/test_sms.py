import json
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Channel, Refused, Sent, TryAgain
from companion.channels.registry import ChannelConfigError, build_channel
from companion.channels.sms.sender import request_for
from companion.channels.sms.settings import SmsSettings
from tests.companion.channels.messages import ACK_URL, message
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.sms import FakeSms

RULE = {"status": [200], "pointer": "/status", "equals": "queued"}


def channel_for(gateway: FakeSms, **changes: object) -> Channel:
    settings: dict[str, object] = {
        "url": f"{gateway.url}/sms",
        "headers": {"Authorization": f"Bearer {gateway.token}"},
        "success": RULE,
        "id_pointer": "/message/id",
        "timeout_s": 2,
    } | changes
    return build_channel("sms", {name: value for name, value in settings.items() if value is not None})


@pytest.mark.parametrize(
    "how",
    [
        {"body": "json"},
        {"body": "form"},
        {"body": "query"},
        {"body": "query", "method": "GET"},
        {"body": "query", "method": "GET", "template": {}, "path": "/sms?to={to}&text={text}"},
    ],
    ids=["json", "form", "query", "get", "get-by-address"],
)
async def test_the_gateway_gets_number_and_text_however_it_wants_them(
    gateway: FakeSms, how: dict[str, object]
) -> None:
    settings = dict(how)
    channel = channel_for(gateway, url=gateway.url + str(settings.pop("path", "/sms")), **settings)

    outcome = await channel.send(message(title='Tür "A" & B=1+1 % ?'))
    await channel.close()

    assert outcome == Sent(provider_ref="sms-1", status_code=200)
    assert gateway.messages[0].to == "+491701234567"
    assert 'Tür "A" & B=1+1 % ?' in gateway.messages[0].text
    assert ACK_URL in gateway.messages[0].text


@pytest.mark.parametrize("body", ["json", "form", "query"])
async def test_the_sender_is_told_where_the_gateway_wants_it(gateway: FakeSms, body: str) -> None:
    template = {"to": "{to}", "text": "{text}", "from": "{sender}"}
    channel = channel_for(gateway, sender="+49 30 {to}", template=template, body=body)

    await channel.send(message())
    await channel.close()

    assert gateway.messages[0].sender == "+49 30 {to}"


@pytest.mark.parametrize(("unicode", "said"), [(True, "Анна Ålesund 李"), (False, "???? Ålesund ?")])
async def test_unicode_reaches_a_gateway_that_takes_it(gateway: FakeSms, unicode: bool, said: str) -> None:  # noqa: FBT001 - a column of the table
    channel = channel_for(gateway, unicode=unicode)

    await channel.send(message(person="Анна Ålesund 李", ack_url=None))
    await channel.close()

    assert said in gateway.messages[0].text


async def test_a_repeat_with_the_same_key_is_dropped_by_the_gateway(gateway: FakeSms) -> None:
    channel = channel_for(gateway, idempotency_header="Idempotency-Key")
    gateway.behave(Behaviour.TAKE_AND_RESET, times=1)

    first = await channel.send(message())
    second = await channel.send(message(may_have_been_sent=True))
    await channel.close()

    assert isinstance(first, TryAgain)
    assert first.uncertain
    assert second == Sent(provider_ref="sms-1", status_code=200)
    assert len(gateway.messages) == 1


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_lost_request_is_not_repeated_behind_our_back(gateway: FakeSms, method: str) -> None:
    channel = channel_for(gateway, method=method, body="query")
    gateway.behave(Behaviour.TAKE_AND_RESET, times=1)

    await channel.send(message())
    await channel.close()

    assert len(gateway.received) == 1


async def test_wrong_credentials_break_the_channel(gateway: FakeSms) -> None:
    channel = channel_for(gateway, headers={"Authorization": "Bearer wrong"})

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken


async def test_an_unknown_refusal_is_tried_again_with_the_words_of_the_gateway(gateway: FakeSms) -> None:
    channel = channel_for(gateway)

    outcome = await channel.send(message(address="0170"))
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain
    assert "to and text are needed" in str(outcome.reason)


async def test_a_rule_makes_a_refusal_final(gateway: FakeSms) -> None:
    rules = [{"status": 400, "pointer": "/status", "equals": "rejected", "verdict": "refused"}]
    channel = channel_for(gateway, success=None, answers=rules)

    outcome = await channel.send(message(address="0170"))
    await channel.close()

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert "to and text are needed" in str(outcome.reason)


async def test_a_200_that_says_no_is_refused(gateway: FakeSms) -> None:
    channel = channel_for(gateway, success={"pointer": "/status", "equals": "sent"})

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Refused)
    assert "queued" in str(outcome.reason)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"pointer": "/message/id"},
        {"pointer": "/status", "matches": "queued|sent"},
        {"pointer": "/message/id", "matches": r"sms-\d+"},
    ],
    ids=["status-alone", "value-exists", "alternatives", "pattern"],
)
async def test_success_can_be_told_in_several_ways(gateway: FakeSms, rule: dict[str, str]) -> None:
    channel = channel_for(gateway, success=rule)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, Sent)


async def test_a_status_the_rule_does_not_name_leaves_the_fate_open(gateway: FakeSms) -> None:
    channel = channel_for(gateway, success={"status": [202]})

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


@pytest.mark.parametrize("behaviour", [Behaviour.HALF, Behaviour.DRIP])
async def test_an_answer_that_breaks_off_is_no_success_even_when_only_the_status_counts(
    gateway: FakeSms, behaviour: Behaviour
) -> None:
    channel = channel_for(gateway, success={})
    gateway.behave(behaviour)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


async def test_the_check_sends_no_message(gateway: FakeSms) -> None:
    channel = channel_for(gateway)

    outcome = await channel.check()
    await channel.close()

    assert isinstance(outcome, Sent)
    assert not gateway.messages


def config(**changes: object) -> SmsSettings:
    return SmsSettings.model_validate({"url": "https://gw.example/send", **changes})


def test_a_gateway_that_wants_no_plus_gets_the_digits_alone() -> None:
    template = {"to": "00{to_digits}", "text": "{text}"}

    request = request_for(config(template=template), {"to": "+491701234567", "text": "Fire", "id": "1"})

    assert json.loads(request.data or b"") == {"to": "00491701234567", "text": "Fire"}


@given(to=st.text(), text=st.text(), key=st.text())
def test_any_text_arrives_unchanged_in_a_json_body(to: str, text: str, key: str) -> None:
    template = {"messages": [{"to": ["{to}"], "body": "<{text}>", "n": 1}], "ref": "{id}"}

    request = request_for(config(template=template), {"to": to, "text": text, "id": key})

    sent = json.loads(request.data or b"")
    assert sent == {"messages": [{"to": [to], "body": f"<{text}>", "n": 1}], "ref": key}


@given(to=st.text(), text=st.text(), key=st.text())
def test_any_text_arrives_unchanged_in_a_form(to: str, text: str, key: str) -> None:
    template = {"to": "{to}", "text": "{text}", "ref": "{id}", "flash": True}

    request = request_for(config(body="form", template=template), {"to": to, "text": text, "id": key})

    fields = parse_qs((request.data or b"").decode(), keep_blank_values=True)
    assert fields == {"to": [to], "text": [text], "ref": [key], "flash": ["true"]}


@given(to=st.text(), text=st.text(), key=st.text(alphabet="a/?#%&{}~"))
def test_any_text_arrives_unchanged_in_a_query(to: str, text: str, key: str) -> None:
    template = {"to": "{to}", "text": "{text}"}
    settings = config(body="query", method="GET", url="https://gw.example/k/{id}?v=1", template=template)

    request = request_for(settings, {"to": to, "text": text, "id": key})

    parts = urlsplit(request.url)
    assert (parts.scheme, parts.netloc) == ("https", "gw.example")
    assert unquote(parts.path.removeprefix("/k/")) == key
    assert parts.path.count("/") == 2
    assert parse_qs(parts.query, keep_blank_values=True) == {"v": ["1"], "to": [to], "text": [text]}


def test_a_text_that_looks_like_a_placeholder_stays_a_text() -> None:
    settings = config(template={"to": "{to}", "text": "{text}", "key": "{pin}"}, secrets={"pin": "4711"})

    request = request_for(settings, {"to": "{text}", "text": "{pin} {to}", "id": "1"})

    assert json.loads(request.data or b"") == {"to": "{text}", "text": "{pin} {to}", "key": "4711"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "ftp://gw.example"}, "http"),
        ({"url": "https://{to}.example/"}, "host"),
        ({"template": {"to": "{to}"}}, "missing placeholders: text"),
        ({"template": {"to": "{to}", "text": "{text} {name}"}}, "unknown placeholders: name"),
        ({"body": "form", "template": {"to": ["{to}"], "text": "{text}"}}, "plain values"),
        ({"method": "GET"}, "query"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "one line"),
        ({"success": {"pointer": "/a", "matches": "("}}, "regular expression"),
        ({"success": {"status": [302]}, "answers": []}, "older form"),
        ({"success": "yes"}, "dictionary"),
        ({"secrets": {"to": "x"}}, "names of secrets"),
        ({"sender": "+4930123456"}, "sender is used nowhere"),
        ({"template": {"to": "{to}", "text": "{text}", "from": "{sender}"}}, "unknown placeholders: sender"),
        ({"sender": "Alarm", "secrets": {"sender": "x"}}, "sender stands in secrets too"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_told_at_once(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ChannelConfigError, match=said):
        build_channel("sms", {"url": "https://gw.example/send", **changes})

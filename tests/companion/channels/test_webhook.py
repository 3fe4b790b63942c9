"""Webhooks at a receiver that checks everything, and with the verifier that the documentation shows."""

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, override

import pytest
from aiohttp import web

from companion.channels.base import Message, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.channels.registry import ChannelConfigError, build_channel
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import DOCS, examples_of
from tests.fakes.webhook import FakeWebhook

PAGE = message()
TOKEN = ACK_URL.rsplit("/", 1)[-1]
KEY, NEW_KEY = (f"whsec_{b64encode(one * 32).decode()}" for one in (b"k", b"n"))


@pytest.fixture
async def program() -> AsyncIterator[FakeWebhook]:
    async with FakeWebhook(keys=(KEY,)) as server:
        yield server


async def sent(program: FakeWebhook, told: Message = PAGE, path: str = "/hook", **config: Any) -> Outcome:
    every = {"url": program.url + path, "signing_keys": [KEY], "timeout_s": 5} | config
    channel = build_channel("webhook", every)
    outcome = await channel.send(told)
    await channel.close()
    return outcome


# --- our own events -------------------------------------------------------------------------------------


async def test_a_page_is_a_signed_event_with_all_that_is_known(program: FakeWebhook) -> None:
    assert await sent(program) == Sent(provider_ref=None, status_code=200)

    (event,) = program.events
    assert event["type"] == "alarm.triggered"
    data = event["data"]
    assert (data["title"], data["room"], data["person"]) == (
        "Panic key: Reception",
        "Reception",
        "Max Müller",
    )
    assert (data["raised_at"], data["details"]) == ("2026-11-20T22:14:05.000Z", {"Phone": "T46U"})
    assert data["headline"] == "ALARM: Panic key: Reception"


@pytest.mark.parametrize("kind", list(MessageKind))
async def test_every_kind_of_message_is_an_event_of_its_own_type(
    program: FakeWebhook, kind: MessageKind
) -> None:
    assert isinstance(await sent(program, message(kind, by="Ben", note="on my way")), Sent)

    (event,) = program.events
    assert re.fullmatch(r"(alarm|service|channel)\.[a-z_]+", event["type"])
    assert (event["data"]["by"], event["data"]["note"]) == ("Ben", "on my way")
    assert f"`{event['type']}`" in (DOCS / "webhook.md").read_text()


async def test_an_event_that_is_sent_again_is_known_by_its_id(program: FakeWebhook) -> None:
    await sent(program)
    await sent(program, replace(PAGE, may_have_been_sent=True))

    first, again = program.received
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == again.headers["Idempotency-Key"]
    assert len(program.events) == 1


async def test_only_a_channel_that_is_told_to_passes_on_the_link(program: FakeWebhook) -> None:
    await sent(program)
    assert ACK_URL not in json.dumps(program.events)
    assert TOKEN not in json.dumps(program.events)

    await sent(program, replace(PAGE, idempotency_key="key-2"), ack_link=True)
    assert program.events[1]["data"]["ack_url"] == ACK_URL
    assert ACK_URL in program.events[1]["data"]["text"]


@pytest.mark.parametrize("text", ["ä漢\U0001f6a8\U00100000", "x\ud800\x00y", "x" * 1_000_000])
async def test_whatever_a_text_holds_the_event_is_whole_and_not_too_long(
    program: FakeWebhook, text: str
) -> None:
    told = message(title=text, note=text, person=text, details={text: text})

    assert isinstance(await sent(program, told), Sent)

    assert len(json.dumps(program.events[0])) < 100_000


# --- the proof ------------------------------------------------------------------------------------------


async def test_another_key_proves_nothing_and_breaks_the_channel(program: FakeWebhook) -> None:
    outcome = await sent(program, signing_keys=[NEW_KEY])

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert program.events == []


@pytest.mark.parametrize("known", [KEY, NEW_KEY])
async def test_while_a_key_is_changed_the_old_and_the_new_one_prove_it(
    program: FakeWebhook, known: str
) -> None:
    program.keys = (known,)

    assert isinstance(await sent(program, signing_keys=[NEW_KEY, KEY]), Sent)


async def test_without_a_key_nothing_is_signed(program: FakeWebhook) -> None:
    program.keys = ()

    await sent(program, signing_keys=[])

    assert not {"webhook-signature", "X-Signature-SHA256"} & program.received[0].headers.keys()


@pytest.mark.parametrize(
    "key", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_???", b64encode(b"k" * 32).decode()]
)
def test_a_key_that_is_none_is_refused_with_how_to_make_one_and_not_shown(key: str) -> None:
    with pytest.raises(ChannelConfigError, match=r"openssl rand -base64 32") as raised:
        build_channel("webhook", {"url": "https://h.example/x", "signing_keys": [key]})

    assert key not in str(raised.value) or key == "whsec_"


def verifier() -> Callable[..., bool]:
    """Return the verifier that the page shows."""
    shown = re.search(r"```python\n(.*?)```", (DOCS / "webhook.md").read_text(), re.DOTALL)
    assert shown is not None
    assert len(shown[1].strip().splitlines()) <= 10
    space: dict[str, Any] = {}
    exec(shown[1], space)  # noqa: S102 # it is our own page
    found = space["is_ours"]
    assert callable(found)
    return found  # type: ignore[no-any-return]


async def test_the_verifier_of_the_page_tells_ours_from_everything_else(program: FakeWebhook) -> None:
    is_ours = verifier()
    template = {"text": "{headline}"}
    await sent(program, path="/any/x", body="json", template=template, signing_keys=[NEW_KEY, KEY])
    headers, body = program.received[0].headers, program.bodies[0]

    assert is_ours(headers, body, KEY)
    assert is_ours(headers, body, NEW_KEY)
    assert not is_ours(headers, body + b" ", KEY)
    assert not is_ours({**headers, "webhook-id": "other"}, body, KEY)
    assert not is_ours({**headers, "webhook-timestamp": "1"}, body, KEY)
    late = str(int(headers["webhook-timestamp"]) + 1)
    assert not is_ours({**headers, "webhook-timestamp": late}, body, KEY)
    assert not is_ours(headers, body, f"whsec_{b64encode(b'x' * 32).decode()}")


# --- any other form -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "body", "query"),
    [
        ({"body": "json"}, b'{"say": "\\u00c4: {room} & B"}', {}),
        ({"body": "form", "method": "PUT"}, b"say=%C3%84%3A+%7Broom%7D+%26+B", {}),
        ({"body": "query", "method": "GET"}, b"", {"say": "Ä: {room} & B"}),
        ({"body": "query", "method": "DELETE"}, b"", {"say": "Ä: {room} & B"}),
    ],
)
async def test_a_program_is_sent_what_it_wants_and_no_value_is_read_as_a_template(
    program: FakeWebhook, how: dict[str, Any], body: bytes, query: dict[str, str]
) -> None:
    template = {"say": "{title}"}
    told = message(title="Ä: {room} & B")

    outcome = await sent(
        program, told, "/any/{room}/{key}", template=template, secrets={"key": "s3cret/"}, **how
    )

    assert outcome == Sent(provider_ref=None, status_code=204)
    assert program.bodies == [body]
    assert program.received[0].query == query
    assert program.received[0].method == how.get("method", "POST")
    assert program.received[0].path == "/any/Reception/s3cret/"


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"method": "GET"}, "a GET has no body"),
        ({"template": {"a": "b"}}, "a template belongs to"),
        ({"body": "json"}, "a template belongs to"),
        ({"body": "form", "template": {"a": ["b"]}}, "only plain values"),
        ({"body": "json", "template": {"a": "{sms}"}}, "unknown placeholders: sms"),
        ({"body": "json", "template": {"a": "{link}"}}, "needs ack_link"),
        ({"secrets": {"title": "x"}}, "mean something else: title"),
        ({"headers": {"Webhook-Signature": "x"}}, "set by this channel itself"),
        ({"headers": {"X": "a\r\nY: b"}}, "must be one line"),
        ({"url": "https://{room}.example/"}, "only after the host"),
        ({"url": "ftp://h.example/"}, "must be a web address"),
        ({"url": "http://169.254.169.254/x"}, "no channel may call this address"),
        ({"signing_keys": [KEY, NEW_KEY, KEY]}, "signing_keys"),
    ],
)
def test_settings_that_cannot_work_are_refused(config: dict[str, Any], problem: str) -> None:
    with pytest.raises(ChannelConfigError, match=problem):
        build_channel("webhook", {"url": "https://h.example/x"} | config)


# --- what answers mean ----------------------------------------------------------------------------------


async def test_a_webhook_that_is_gone_breaks_the_channel(program: FakeWebhook) -> None:
    program.gone = True

    outcome = await sent(program)

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "no such webhook any more" in str(outcome.reason)


async def test_the_test_of_a_channel_shows_the_answer_without_secrets(program: FakeWebhook) -> None:
    program.says = f"thanks for {KEY} and {program.url}/hook"

    outcome = await sent(program, message(MessageKind.TEST))

    assert isinstance(outcome, Sent)
    assert outcome.heard is not None
    assert outcome.heard.answer == "thanks for *** and ***"


async def test_a_program_may_quote_neither_the_link_nor_a_secret(program: FakeWebhook) -> None:
    template = {"t": "{text}"}
    hidden: dict[str, Any] = {
        "secrets": {"key": "s3cret-value"},
        "body": "json",
        "template": template,
        "ack_link": True,
    }
    async with FakeEcho() as echo:
        outcome = await sent(
            echo, path="/hook?key={key}", headers={"Authorization": "Bearer tok-12345"}, **hidden
        )

    assert isinstance(outcome, TryAgain)
    assert "no:" in str(outcome.reason)
    assert not any(one in str(outcome.reason) for one in (TOKEN, "s3cret-value", "tok-12345", KEY))


class FakeEcho(FakeWebhook):
    """Answers 400 with all that it was sent."""

    @override
    async def _take(self, request: web.Request) -> web.Response:
        said = f"no: {dict(request.headers)} {request.query_string}"
        return web.Response(status=400, text=said + TOKEN)


async def test_a_check_says_that_only_an_event_shows_more(program: FakeWebhook) -> None:
    channel = build_channel("webhook", {"url": f"{program.url}/any/x", "signing_keys": [KEY]})

    outcome = await channel.check()
    await channel.close()

    assert isinstance(outcome, Sent)
    assert "only an event shows" in str(outcome.warning)
    assert program.received[0].method == "HEAD"
    assert "webhook-signature" in program.received[0].headers


def test_the_examples_of_the_page_are_channels() -> None:
    examples = examples_of("webhook")

    assert len(examples) == 2
    for one in examples:
        keys = {"signing_keys": [KEY]} if "signing_keys" in one else {}
        build_channel("webhook", one | keys)

"""Where providers call back: the channel hears them, and nobody else learns anything."""

import json

import pytest

from companion.channels.base import Answer, Callback, CallbackReply, Inbound, Understood
from companion.store.database import StoreUnavailable
from companion.web.callbacks import callback_url
from tests.companion.web.harness import Api
from tests.companion.web.people_pages import alarm_of, token_for
from tests.fakes.channel import FakeChannel

PATH = "/v1/channels/signal/callback"


class CalledChannel(FakeChannel):
    """A channel whose provider calls with a secret of its own, and hands in an answer as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.callbacks: list[Callback] = []

    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        self.callbacks.append(callback)
        if callback.headers.get("X-Secret") != "right":
            return None
        said = json.loads(callback.body)
        response = await inbound.answer(
            Answer(event_id=said["id"], sender=said["from"], acknowledges=True, token=said["token"])
        )
        return CallbackReply(
            status=202, body="" if response is None else response.understood, content_type="text/vnd.said"
        )


@pytest.fixture
def channel(api: Api) -> CalledChannel:
    channel = CalledChannel()
    api.channels.channels["signal"] = channel
    return channel


async def test_a_provider_hands_in_an_answer(api: Api, channel: CalledChannel) -> None:
    alarm_id = await api.raised(room="reception", person="porter")
    said = {"id": "e1", "from": "+491", "token": token_for(alarm_id)}

    reply = await api.call("POST", PATH, None, json=said, headers={"X-Secret": "right"})

    assert (reply.status, reply.text) == (202, Understood.ACKNOWLEDGED)
    assert reply.headers["Content-Type"].startswith("text/vnd.said")
    assert (await alarm_of(api, alarm_id)).acknowledged_by == "Porter"


async def test_the_channel_sees_the_request_as_its_provider_signed_it(
    api: Api, channel: CalledChannel
) -> None:
    await api.call("POST", f"{PATH}?a=1&b=%26", None, data=b"\xff raw", headers={"X-Odd": "yes"})

    (callback,) = channel.callbacks
    assert callback.method == "POST"
    assert callback.url == callback_url(api.context.settings.public_url, "signal") + "?a=1&b=%26"
    assert dict(callback.query) == {"a": "1", "b": "&"}
    assert callback.headers["x-odd"] == "yes"
    assert callback.body == b"\xff raw"


async def test_whether_there_is_such_a_channel_is_nobodys_business(api: Api, channel: CalledChannel) -> None:
    wrong = await api.call("POST", PATH, None, json={})
    hears_nothing = await api.call("POST", "/v1/channels/zammad/callback", None, json={})
    unknown = await api.call("POST", "/v1/channels/nothing/callback", None, json={})

    assert wrong.status == hears_nothing.status == unknown.status == 404
    assert wrong.json == hears_nothing.json == unknown.json


async def test_who_guesses_is_asked_to_wait_and_the_provider_never(api: Api, channel: CalledChannel) -> None:
    alarm_id = await api.raised(room="reception", person="porter")
    said = {"id": "e1", "from": "+491", "token": token_for(alarm_id)}

    guesses = [(await api.call("POST", PATH, None, json={})).status for _ in range(40)]
    reply = await api.call("POST", PATH, None, json=said, headers={"X-Secret": "right"})

    assert guesses[-1] == 429
    assert reply.status == 202


async def test_an_answer_that_cannot_be_written_down_is_asked_for_again(
    api: Api, channel: CalledChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_args: object, **_values: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(api.context.commands, "run_patiently", away)
    said = {"id": "e1", "from": "+491", "token": "x"}

    reply = await api.call("POST", PATH, None, json=said, headers={"X-Secret": "right"})

    assert reply.status == 503

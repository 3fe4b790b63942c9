"""MQTT at a real Mosquitto: what is published of an alarm, answers that come back, and every way to lose the broker."""

import _socket
import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, override

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Answer, Message, MessageKind, Outcome, Refused, Response, Sent, TryAgain
from companion.channels.mqtt.answers import answer_in
from companion.channels.mqtt.sender import MqttChannel
from companion.channels.registry import ChannelConfigError, build_channel, secret_fields
from tests.companion.channels.messages import ACK_URL, message
from tests.companion.channels.pages import examples_of
from tests.fakes.certificates import HouseCa
from tests.fakes.inbound import RecordingInbound
from tests.fakes.mosquitto import Mosquitto
from tests.fakes.ports import free_port
from tests.fakes.relay import Relay

ID = "01JD0000000000000000000001"
STATE = f"alarm_broker/Main_office/alarm/{ID}"


@pytest.fixture(autouse=True)
async def nothing_kept(broker: Mosquitto) -> AsyncIterator[None]:
    """Each test leaves a broker that keeps nothing."""
    yield
    kept = await broker.kept()
    async with broker.watcher() as client:
        for topic in kept:
            await client.publish(topic, b"", qos=1, retain=True)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names that only this house knows."""
    known = {"broker.example": "127.0.0.1", "metadata.example": "169.254.169.254"}

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        if host.endswith(".invalid"):
            raise socket.gaierror
        return _socket.getaddrinfo(known.get(host, host), *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@asynccontextmanager
async def channel(broker: Mosquitto, **changes: Any) -> AsyncIterator[MqttChannel]:
    built = build_channel("mqtt", broker.settings | changes)
    assert isinstance(built, MqttChannel)
    yield built
    await built.close()


@asynccontextmanager
async def listening(
    broker: Mosquitto, inbound: RecordingInbound, **changes: Any
) -> AsyncIterator[MqttChannel]:
    """Yield a channel that is there: the broker keeps `online`, which is published after it has subscribed."""
    async with channel(broker, acknowledge=True, **changes) as built, broker.watching() as watcher:
        task = asyncio.create_task(built.listen(inbound))
        while (await watcher.next("alarm_broker/availability")).payload != b"online":
            pass
        yield built
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def news(kind: MessageKind, **changes: Any) -> Message:
    return message(kind, thread_ref=ID, **changes)


# --- what is published ----------------------------------------------------------------------------------


async def test_an_alarm_is_a_topic_that_the_broker_keeps_until_it_is_over(broker: Mosquitto) -> None:
    async with channel(broker) as mqtt, broker.watching() as watcher:
        assert await mqtt.send(message()) == Sent(provider_ref=ID)
        triggered = await watcher.json(STATE)
        await mqtt.send(news(MessageKind.ACKNOWLEDGED, by="Anna"))
        acknowledged = await watcher.json(STATE)
        kept = json.loads((await broker.kept())[STATE])
        await mqtt.send(news(MessageKind.RESOLVED, by="Anna"))
        resolved = await watcher.json(STATE)
        kept_at_the_end = await broker.kept()

    assert triggered == {
        "id": ID,
        "code": message().code,
        "status": "triggered",
        "title": "Panic key: Reception",
        "severity": "critical",
        "where": "Reception, Main office",
        "since": "2026-11-20T22:14:05+00:00",
        "by": None,
    }
    assert (acknowledged["status"], acknowledged["by"]) == ("acknowledged", "Anna")
    assert kept == acknowledged
    assert resolved["status"] == "resolved"
    assert kept_at_the_end == {}


async def test_the_state_of_an_alarm_that_is_over_can_stay(broker: Mosquitto) -> None:
    async with channel(broker, keep_ended=True) as mqtt:
        await mqtt.send(message())
        await mqtt.send(news(MessageKind.CANCELLED, by="Ben"))
        await mqtt.send(news(MessageKind.ACKNOWLEDGED, by="Anna"))  # late: it had to be tried again

    assert json.loads((await broker.kept())[STATE])["status"] == "cancelled"


async def test_what_happens_is_told_in_words_without_the_link(broker: Mosquitto) -> None:
    async with channel(broker) as mqtt, broker.watching() as watcher:
        await mqtt.send(message(language="de"))
        page = await watcher.json(f"{STATE}/page")
        await mqtt.send(news(MessageKind.NOTE, note="On my way", by="Anna"))
        note = await watcher.json(f"{STATE}/note")
        kept = await broker.kept()

    assert (page["kind"], page["key"], page["source"], page["test"]) == ("page", "key-1", "yealink", False)
    assert page["text"].startswith("ALARM: Paniktaste: Reception\nWo: ")
    assert ACK_URL not in json.dumps(page)
    assert note["note"] == "On my way"
    assert f"{STATE}/page" not in kept


async def test_the_link_is_shown_where_it_is_wanted(broker: Mosquitto) -> None:
    async with channel(broker, ack_link=True) as mqtt, broker.watching() as watcher:
        await mqtt.send(message())
        assert ACK_URL in (await watcher.json(f"{STATE}/page"))["text"]


async def test_topics_are_made_of_what_the_message_is_about(broker: Mosquitto) -> None:
    template = {"topic": "alarm_broker/x/{site}/{room}/{code}/{kind}", "state_topic": None, "retain": True}
    about = message(site="Haus/Ost #1 +", room=None)
    async with channel(broker, **template) as mqtt:
        await mqtt.send(about)

    assert [*await broker.kept()] == [f"alarm_broker/x/Haus_Ost_1_/-/{about.code}/page"]


async def test_a_test_is_marked_and_makes_no_alarm(broker: Mosquitto) -> None:
    async with channel(broker) as mqtt, broker.watching() as watcher:
        await mqtt.send(message(MessageKind.TEST, title=""))
        said = await watcher.json()
        kept = await broker.kept()

    assert (said["kind"], said["test"]) == ("test", True)
    assert kept == {}


async def test_news_wait_for_the_alarm_itself(broker: Mosquitto) -> None:
    async with channel(broker) as mqtt:
        outcome = await mqtt.send(message(MessageKind.RESOLVED, thread_ref=None))

    assert isinstance(outcome, TryAgain)
    assert outcome.after is not None


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_every_version_and_quality_arrives(broker: Mosquitto, version: str, qos: int) -> None:
    async with channel(broker, version=version, qos=qos) as mqtt, broker.watching() as watcher:
        assert isinstance(await mqtt.send(message()), Sent)
        assert (await watcher.json(f"{STATE}/page"))["id"] == ID


async def test_many_messages_share_one_connection(broker: Mosquitto) -> None:
    async with Relay(broker.port) as wire, channel(broker, url=f"mqtt://127.0.0.1:{wire.port}") as mqtt:
        outcomes = await asyncio.gather(*(mqtt.send(message(alarm_id=f"{n:026}")) for n in range(20)))

    assert {type(one) for one in outcomes} == {Sent}
    assert wire.connections == 1


# --- availability ---------------------------------------------------------------------------------------


async def test_it_is_online_while_it_listens_and_offline_afterwards(broker: Mosquitto) -> None:
    async with listening(broker, RecordingInbound()):
        assert await broker.kept() == {"alarm_broker/availability": b"online"}

    assert await broker.kept() == {"alarm_broker/availability": b"offline"}


async def test_a_connection_that_is_cut_is_told_by_the_broker_and_made_again(broker: Mosquitto) -> None:
    inbound = RecordingInbound()
    async with (
        Relay(broker.port) as wire,
        listening(broker, inbound, url=f"mqtt://127.0.0.1:{wire.port}") as mqtt,
        broker.watching("alarm_broker/availability") as watcher,
    ):
        assert (await watcher.next()).payload == b"online"
        await wire.cut()
        said = [(await watcher.next()).payload for _ in range(2)]
        sent = await mqtt.send(message())
        await watcher.client.publish("alarm_broker/ack/anna", "4711", qos=1)
        await inbound.until_answers()

    assert said == [b"offline", b"online"]
    assert isinstance(sent, Sent)
    assert wire.connections == 2


async def test_replicas_leave_each_other_connected_and_one_that_ends_does_not_take_the_other_offline(
    broker: Mosquitto,
) -> None:
    async with Relay(broker.port) as wire:
        url = f"mqtt://127.0.0.1:{wire.port}"
        async with listening(broker, RecordingInbound(), url=url) as first:
            async with listening(broker, RecordingInbound(), url=url) as second:
                outcomes = [await one.send(message()) for one in (first, second, first, second)]
            async with broker.watching("alarm_broker/availability") as watcher:
                while (await watcher.next()).payload != b"online":
                    pass

    assert {type(one) for one in outcomes} == {Sent}
    assert wire.connections == 2


# --- answers --------------------------------------------------------------------------------------------


async def test_an_answer_is_an_alarm_or_its_code(broker: Mosquitto) -> None:
    inbound = RecordingInbound()
    async with listening(broker, inbound), broker.watching("alarm_broker/ack/answered/#") as watcher:
        await watcher.client.publish("alarm_broker/ack", json.dumps({"alarm": ID, "by": "anna"}), qos=1)
        told = await watcher.json("alarm_broker/ack/answered/anna")
        await watcher.client.publish("alarm_broker/ack/panel", "4711", qos=1)
        await watcher.json("alarm_broker/ack/answered/panel")

    by_id, by_code = inbound.answers
    assert told == {"understood": "acknowledged", "text": "Thank you, <Anna>."}
    assert (by_id.sender, by_id.thread_ref, by_id.words, by_id.acknowledges) == ("anna", ID, "", True)
    assert (by_code.sender, by_code.thread_ref, by_code.words) == ("panel", None, "4711")


async def test_whom_the_topic_names_nobody_else_can_be() -> None:
    answer = answer_in(b'{"alarm": "4711", "by": "boss"}', "guest", around=1)

    assert answer is not None
    assert answer.sender == "guest"


async def test_what_the_broker_has_kept_answers_nothing(broker: Mosquitto) -> None:
    """Or an answer that somebody published with `retain` would come back with every connection."""
    inbound = RecordingInbound()
    async with broker.watcher() as client:
        await client.publish("alarm_broker/ack", "4711", qos=1, retain=True)
    async with listening(broker, inbound), broker.watching() as watcher:
        await watcher.client.publish("alarm_broker/ack/anna", "4712", qos=1)
        await inbound.until_answers()

    assert [one.words for one in inbound.answers] == ["4712"]


async def test_nothing_is_heard_unless_it_is_switched_on(broker: Mosquitto) -> None:
    inbound = RecordingInbound()
    async with listening(broker, inbound, version="3.1.1") as mqtt, channel(broker) as deaf:
        other = RecordingInbound()
        task = asyncio.create_task(deaf.listen(other))
        await mqtt.send(message())
        async with broker.watcher() as client:
            await client.publish("alarm_broker/ack", "4711", qos=1)
        await inbound.until_answers()
        task.cancel()

    assert other.answers == []


class AwayAtFirst(RecordingInbound):
    """The database cannot take the first two times that something is heard."""

    times = 2

    @override
    async def answer(self, answer: Answer) -> Response | None:
        self.times -= 1
        if self.times >= 0:
            raise RuntimeError
        return await super().answer(answer)


async def test_an_answer_waits_for_a_database_that_is_away(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.channels.mqtt.sender.STORE_PAUSES_S", (0.0, 0.0))
    inbound = AwayAtFirst()
    async with listening(broker, inbound), broker.watcher() as client:
        await client.publish("alarm_broker/ack", "4711", qos=1)
        await inbound.until_answers()


def test_an_answer_that_comes_over_two_connections_is_one_and_one_of_later_is_another() -> None:
    def event_id(around: int) -> str:
        found = answer_in(b"4711", "anna", around=around)
        assert found is not None
        return found.event_id

    assert event_id(1) == event_id(1) != event_id(2)


@pytest.mark.parametrize(
    "payload",
    [b"", b"ok", b"\xff\xfe", b"[" * 5000, b"{}", b'{"alarm": "a/#"}', b"4711" + b" " * 2000],
    ids=range(7),
)
def test_what_is_no_answer_is_none(payload: bytes) -> None:
    assert answer_in(payload, "", around=0) is None


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_payload_is_too_much(payload: bytes, sender: str) -> None:
    found = answer_in(payload, sender, around=0)

    assert found is None or isinstance(found, Answer)


# --- what a broker says no to ---------------------------------------------------------------------------


async def tried(broker: Mosquitto, **changes: Any) -> tuple[Outcome, Outcome]:
    async with channel(broker, **changes) as mqtt:
        return await mqtt.check(), await mqtt.send(message())


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_wrong_credentials_break_the_channel(broker: Mosquitto, version: str) -> None:
    for outcome in await tried(broker, version=version, password="wrong-password"):
        assert isinstance(outcome, Refused)
        assert outcome.channel_broken
        assert "credentials" in str(outcome.reason)
        assert "wrong-password" not in str(outcome)


async def test_a_user_who_may_not_publish_is_told_so(broker: Mosquitto) -> None:
    check, sent = await tried(broker, username="reader")

    assert isinstance(check, Sent)
    assert isinstance(sent, Refused)
    assert sent.channel_broken
    assert STATE in str(sent.reason)


async def test_a_broker_that_is_not_there_was_not_told(broker: Mosquitto) -> None:
    for outcome in await tried(broker, url=f"mqtt://127.0.0.1:{free_port()}"):
        assert isinstance(outcome, TryAgain)
        assert not outcome.uncertain
        assert str(outcome.reason) == "could not connect: Connection refused"


async def test_a_name_that_nobody_knows_was_not_told(broker: Mosquitto) -> None:
    _, outcome = await tried(broker, url="mqtt://broker.invalid")

    assert isinstance(outcome, TryAgain)
    assert str(outcome.reason) == "could not connect: the server's name was not found"


async def test_a_confirmation_that_does_not_come_leaves_it_open(broker: Mosquitto) -> None:
    async with Relay(broker.port) as wire:
        url = f"mqtt://127.0.0.1:{wire.port}"
        async with channel(broker, url=url, timeout_s=0.5) as mqtt:
            await mqtt.check()
            wire.mute = True
            outcome = await mqtt.send(message())

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


async def test_a_connection_that_is_lost_before_the_confirmation_is_noticed_at_once(
    broker: Mosquitto,
) -> None:
    async with Relay(broker.port) as wire:
        url = f"mqtt://127.0.0.1:{wire.port}"
        async with channel(broker, url=url, timeout_s=25) as mqtt, broker.watching() as watcher:
            await mqtt.check()
            wire.mute = True
            sending = asyncio.create_task(mqtt.send(message()))
            await watcher.next(STATE)
            await wire.cut()
            async with asyncio.timeout(10):
                outcome = await sending

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain


async def test_closing_waits_for_no_broker_and_ends_a_connection_that_comes_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("companion.channels.mqtt.sender.CLOSING_S", 0.1)
    asked, accepts, left = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        asked.set()
        await accepts.wait()
        writer.write(b"\x20\x03\x00\x00\x00")  # CONNACK: accepted
        while await reader.read(1024):
            pass
        left.set()
        writer.close()

    async with await asyncio.start_server(late, "127.0.0.1", 0) as server:
        url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        mqtt = build_channel("mqtt", {"url": url, "timeout_s": 20})
        sending = asyncio.create_task(mqtt.send(message()))
        await asked.wait()
        await mqtt.close()
        assert not sending.done()
        accepts.set()
        async with asyncio.timeout(10):
            await left.wait()
            outcome = await sending

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


async def test_a_server_that_says_nothing_holds_up_nobody_for_long(broker: Mosquitto) -> None:
    async with Relay(broker.port) as wire:
        wire.mute = True
        _, outcome = await tried(broker, url=f"mqtt://127.0.0.1:{wire.port}", timeout_s=0.3)

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


async def test_who_stops_waiting_stops_nobody_else(broker: Mosquitto) -> None:
    async with channel(broker) as mqtt:
        gone = asyncio.create_task(mqtt.send(message()))
        stays = asyncio.create_task(mqtt.send(message()))
        await asyncio.sleep(0)
        gone.cancel()

        assert isinstance(await stays, Sent)


# --- where it connects to -------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["169.254.169.254", "metadata.example", "[::ffff:169.254.169.254]"])
async def test_what_no_channel_may_call_is_not_called(broker: Mosquitto, host: str) -> None:
    try:
        outcomes = await tried(broker, url=f"mqtt://{host}")
    except ChannelConfigError as err:
        assert "no channel may call this address" in str(err)
        return
    for outcome in outcomes:
        assert isinstance(outcome, Refused)
        assert str(outcome.reason) == "not sent: no channel may call this address"


async def test_the_library_is_given_the_address_that_was_looked_at(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time gains nothing: it is asked for once."""
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def once(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        if host == "rebinding.example":
            host = "127.0.0.1" if asked.count(host) == 1 else "169.254.169.254"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    outcome, _ = await tried(broker, url=f"mqtt://rebinding.example:{broker.port}")

    assert isinstance(outcome, Sent)
    assert asked.count("rebinding.example") == 1


async def test_proxies_of_the_environment_are_not_asked(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Relay(broker.port) as canary:
        for name in ("mqtt_proxy", "MQTT_PROXY", "all_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
        outcome, _ = await tried(broker)

    assert isinstance(outcome, Sent)
    assert canary.connections == 0


# --- TLS ------------------------------------------------------------------------------------------------


def over_tls(broker: Mosquitto, **changes: Any) -> dict[str, Any]:
    certificate, key = broker.ca.client("broker")
    return {
        "url": f"mqtts://broker.example:{broker.tls_port}",
        "username": None,
        "password": None,
        "ca": broker.ca.pem,
        "client_certificate": certificate,
        "client_key": key,
        **changes,
    }


async def test_both_sides_prove_who_they_are(broker: Mosquitto) -> None:
    async with channel(broker, **over_tls(broker)) as mqtt, broker.watching() as watcher:
        assert isinstance(await mqtt.send(message()), Sent)
        assert (await watcher.json(f"{STATE}/page"))["id"] == ID
    assert "client_key" in secret_fields("mqtt")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"url": "mqtts://127.0.0.1:{}"}, "another name"),
        ({"url": "mqtts://localhost:{}"}, "another name"),
        ({"ca": None}, "self-signed certificate in certificate chain"),
    ],
    ids=["address", "name", "public-only"],
)
async def test_a_broker_that_is_not_the_named_one_is_not_told(
    broker: Mosquitto, changes: dict[str, Any], why: str
) -> None:
    if "url" in changes:
        changes = {"url": changes["url"].format(broker.tls_port)}
    for outcome in await tried(broker, **over_tls(broker, **changes)):
        assert isinstance(outcome, TryAgain)
        assert not outcome.uncertain
        assert why in str(outcome.reason)


async def test_a_broker_that_wants_a_certificate_gets_none_of_another_house(broker: Mosquitto) -> None:
    certificate, key = HouseCa().client("broker")
    tls = over_tls(broker, client_certificate=certificate, client_key=key)

    for outcome in await tried(broker, **tls):
        assert isinstance(outcome, TryAgain)


async def test_a_broker_without_tls_gets_no_password(broker: Mosquitto) -> None:
    outcome, _ = await tried(broker, url=f"mqtts://127.0.0.1:{broker.port}")

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"url": "http://broker.example"}, "url"),
        ({"url": "mqtt://user:pw@broker.example"}, "only a scheme"),
        ({"topic": "alarm/#"}, r"without \+ and #"),
        ({"topic": "$SYS/{alarm}"}, "begin with"),
        ({"topic": "{secret}"}, "no other fields"),
        ({"topic": "{site.__class__}"}, "no other fields"),
        ({"topic": "{site!r}"}, "no other fields"),
        ({"topic": "{"}, "topic"),
        ({"state_topic": "alarm"}, "must hold"),
        ({"ack_topic": "a/+"}, "without"),
        ({"username": None}, "password needs a username"),
        ({"client_key": "x"}, "belong together"),
        ({"url": "mqtts://x", "client_key": "x", "client_certificate": "y"}, "PEM"),
        ({"client_key": "x", "client_certificate": "y"}, "for mqtts"),
        ({"client_id": "a b"}, "client_id"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_told_at_once(
    broker: Mosquitto, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(ChannelConfigError, match=why):
        build_channel("mqtt", broker.settings | changes)


def test_a_key_is_used_only_with_its_certificate(broker: Mosquitto) -> None:
    _, another = broker.ca.client("broker")

    with pytest.raises(ChannelConfigError, match="belong together"):
        build_channel("mqtt", over_tls(broker, client_key=another))


def test_the_page_in_the_documentation_can_be_used() -> None:
    [configured] = examples_of("mqtt")

    settings = {name: value for name, value in configured.items() if name != "ca"}

    assert isinstance(build_channel("mqtt", settings), MqttChannel)

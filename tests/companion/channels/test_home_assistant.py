"""Home Assistant as a channel, in the whole service: asked over the link, and what it answers counts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from companion.alarms.model import AlarmKind
from companion.app import Companion
from companion.channels.base import AddressInvalid, MessageKind, Refused, Sent, TryAgain
from companion.channels.home_assistant.sender import LONGEST_TEXT, HomeAssistantChannel
from companion.channels.home_assistant.settings import HomeAssistantSettings
from companion.channels.registry import formed_address, validated
from companion.config import load_secret_key
from companion.directory.apply import apply_document
from companion.directory.parsing import read_document
from companion.directory.references import References
from companion.directory.roles import Role
from companion.directory.store import create_api_key
from companion.dispatch.delivery import Delivery, State
from companion.dispatch.store import deliveries_of
from companion.dispatch.wake import wait
from companion.link.errands import LinkedHouse
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.store.secrets import Secrets
from tests.builders import PHONE, person, policy, step, trigger
from tests.companion.channels.messages import message
from tests.companion.channels.pages import examples_of
from tests.companion.link.exchange import AT
from tests.companion.link.home_assistant import HomeAssistant
from tests.fakes.sms import FakeSms

HOME = "0197a000-0000-7000-8000-000000000011"
OTHER = "0197a000-0000-7000-8000-000000000012"


class House(HomeAssistant):
    """A Home Assistant that can be asked for something."""

    def __init__(self, instance: str, token: str, url: str) -> None:
        super().__init__(instance, token)
        self.book.can = ["notify"]
        self.url = f"{url}/"

    @property
    def asked(self) -> list[Any]:
        return [body for body in self.book.heard if body["kind"] == "notify"]

    async def until_asked(self, times: int = 1) -> dict[str, Any]:
        await self.until(lambda _: len(self.asked) == times)
        errand: dict[str, Any] = self.asked[-1]
        return errand

    async def answer(self, errand: dict[str, Any], outcome: str, reason: str | None = None) -> None:
        said = {"at": AT, "id": errand["id"], "channel": errand["channel"], "outcome": outcome}
        await self.emit({"kind": "notified", **said, "reason": reason})
        await self.until(lambda book: not book.kept)


@pytest.fixture
async def token(running: Companion) -> str:
    return (
        await running.db.write(
            lambda conn: create_api_key(
                ALL_SITES, conn, name="Home", role=Role.OPERATE, site_id=None, now=running.clock()
            )
        )
    )[1]


@pytest.fixture
async def home(running: Companion, token: str) -> AsyncIterator[House]:
    found = House(HOME, token, running.settings.public_url)
    yield found
    await found.close()


async def apply(running: Companion, address: str, *more: tuple[dict[str, Any], str], **config: Any) -> None:
    """Let Anna be told by Home Assistant first, then over other channels."""
    house = {"id": "house", "kind": "home_assistant", "name": "The house", "config": config}
    contacts = [{"channel": one["id"], "address": where} for one, where in [(house, address), *more]]
    document = {
        "channels": [house, *(one for one, _ in more)],
        "people": [{"id": "anna", "name": "Anna", "language": "de", "contacts": contacts}],
    }
    read = read_document(orjson.dumps(document), References(environ={}))
    await running.db.write(
        lambda conn: apply_document(conn, read, Secrets(load_secret_key(running.settings)))
    )


def gateway_of(sms: FakeSms) -> tuple[dict[str, Any], str]:
    config = {"url": f"{sms.url}/sms", "headers": {"Authorization": f"Bearer {sms.token}"}}
    return {"id": "sms", "kind": "sms", "name": "SMS", "config": config}, "+491701234567"


async def press(running: Companion, **changes: Any) -> str:
    pages = trigger(policy=policy(step(person("anna"))), site_id=None, device_id=None, **changes)
    raised = await running.commands.run(ALL_SITES, lambda unit: unit.raise_alarm(pages, PHONE))
    return raised.alarm.id


async def pages(running: Companion, alarm_id: str) -> dict[str, Delivery]:
    """Return what Anna is sent, by channel."""
    found = await running.db.read(lambda conn: deliveries_of(ALL_SITES, conn, alarm_id))
    return {one.channel_id: one for one, _ in found}


async def until_state(running: Companion, alarm_id: str, state: State) -> Delivery:
    """Return the page to the house once it has come to this."""
    woken = running.wake.subscribe()
    while (found := (await pages(running, alarm_id)).get("house")) is None or found.state is not state:
        await wait(woken, 0.05, settle_s=0)
    return found


# --- what is asked --------------------------------------------------------------------------------------


async def test_a_page_is_announced_in_the_house_in_its_readers_language(
    running: Companion, home: House
) -> None:
    await apply(running, "announce:media_player.kitchen", voice="tts.piper")
    await home.connect(home.url)

    alarm_id = await press(running)
    errand = await home.until_asked()
    sent = await until_state(running, alarm_id, State.SENT)
    await home.answer(errand, "done")
    delivered = await until_state(running, alarm_id, State.DELIVERED)

    assert sent.id == delivered.id == errand["id"]
    assert (errand["action"], errand["target"], errand["voice"]) == (
        "announce",
        "media_player.kitchen",
        "tts.piper",
    )
    assert errand["alarm_id"] == alarm_id
    assert "Paniktaste" in errand["text"]
    assert "/a/" not in orjson.dumps(errand).decode(), "the link acknowledges, and many hear what is said"
    assert (errand["news"], errand["urgent"]) == ("page", True)
    assert 0 < errand["useful_s"] <= 15


async def test_what_phones_got_nobody_can_say(running: Companion, home: House) -> None:
    await apply(running, "push")
    await home.connect(home.url)

    alarm_id = await press(running)
    await home.answer(await home.until_asked(), "accepted")

    assert (await until_state(running, alarm_id, State.SENT)).delivered_at is None


# --- and otherwise --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("unavailable", "the entity is not available in Home Assistant"),
        ("a_new_reason", "Home Assistant could not do it, its log says why"),
        (None, "Home Assistant could not do it, its log says why"),
    ],
)
async def test_what_home_assistant_could_not_do_is_told_another_way(
    running: Companion, home: House, gateway: FakeSms, reason: str | None, said: str
) -> None:
    await apply(running, "light:light.hall", gateway_of(gateway))
    await home.connect(home.url)

    alarm_id = await press(running)
    errand = await home.until_asked()
    await until_state(running, alarm_id, State.SENT)
    await home.answer(errand, "failed", reason)
    await gateway.until(lambda: gateway.messages)

    failed = (await pages(running, alarm_id))["house"]
    assert (failed.state, str(failed.last_error)) == (State.ERROR, said)


async def test_an_answer_that_overtakes_our_own_record_counts(
    running: Companion, home: House, gateway: FakeSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.alarms.inbound.EARLY_S", 0.5)
    monkeypatch.setattr("companion.link.errands.LOOK_EVERY_S", 0.2)
    await apply(running, "light:light.hall", gateway_of(gateway))
    await home.connect(home.url)

    alarm_id = await press(running)
    await home.answer(await home.until_asked(), "failed", "nobody")
    await gateway.until(lambda: gateway.messages)

    assert (await pages(running, alarm_id))["house"].state is State.ERROR


@pytest.mark.parametrize(
    ("is_there", "said"),
    [
        ("never", "no such Home Assistant has ever been on the link"),
        ("too old", "this Home Assistant's Alarm Broker is too old to be asked for anything: update it"),
        ("left", "this Home Assistant is not on the link now"),
        ("vanished", "this Home Assistant is not on the link now"),
    ],
)
async def test_without_a_home_assistant_that_could_do_it_the_next_contact_is_told_at_once(
    running: Companion, home: House, gateway: FakeSms, is_there: str, said: str
) -> None:
    await apply(running, "push", gateway_of(gateway))
    if is_there == "too old":
        home.book.can = None
    if is_there != "never":
        await home.connect(home.url)
    if is_there == "left":
        await home.close()
        await until_gone(running)
    if is_there == "vanished":
        long_ago = running.clock() - timedelta(minutes=3)
        await running.db.write(
            lambda conn: conn.execute(sa.update(tables.link_peer).values(last_seen_at=long_ago))
        )

    alarm_id = await press(running)
    await gateway.until(lambda: gateway.messages)

    assert str((await pages(running, alarm_id))["house"].last_error) == said
    assert home.asked == []


async def until_gone(running: Companion) -> None:
    query, woken = sa.select(tables.link_peer.c.connection_id), running.wake.subscribe()
    while await running.db.read(lambda conn: conn.execute(query).scalar()) is not None:
        await wait(woken, 0.02, settle_s=0)


async def test_one_that_takes_nothing_is_passed_by_and_asked_once_when_it_is_back(
    running: Companion, home: House, gateway: FakeSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("companion.link.errands.TAKEN_WITHIN_S", 0.2)
    await apply(running, "light:light.hall", gateway_of(gateway))
    await home.connect(home.url)

    await press(running)
    await gateway.until(lambda: gateway.messages)
    channel = await running.channels.get("house")
    assert channel is not None
    [first] = await running.db.read(kept_errands)
    again = await channel.channel.send(
        message(delivery_id=first["id"], address="light:light.hall", may_have_been_sent=True)
    )
    kept = await running.db.read(kept_errands)
    await home.until_asked()

    assert [one["id"] for one in kept] == [first["id"]]
    assert kept[0]["until"] > first["until"], "it is of use from now on"
    assert isinstance(again, TryAgain)
    assert again.uncertain
    assert [one["id"] for one in home.asked] == [first["id"]]


# --- what is not told in a house ------------------------------------------------------------------------


async def test_a_silent_alarm_is_never_told_in_the_house(
    running: Companion, home: House, gateway: FakeSms
) -> None:
    await apply(running, "announce:media_player.kitchen", gateway_of(gateway))
    await home.connect(home.url)

    await press(running, kind=AlarmKind.DURESS)
    await gateway.until(lambda: gateway.messages)

    assert home.asked == []
    assert await running.db.read(kept_errands) == []


def kept_errands(conn: sa.Connection) -> list[Any]:
    bodies = conn.execute(sa.select(tables.link_event.c.body)).scalars()
    return [body for body in bodies if body["kind"] == "notify"]


async def test_what_went_wrong_with_an_alarm_is_not_told_in_the_house(running: Companion) -> None:
    channel = HomeAssistantChannel(HomeAssistantSettings())
    channel.move_in(LinkedHouse(running.db, running.clock, running.wake, "house", None))
    trouble = message(
        MessageKind.TROUBLE, trouble="alarm_unanswered", title="Duress", details={"source": "panel"}
    )

    said = await channel.send(replace(trouble, address="push"))

    assert isinstance(said, Refused)


# --- which one ------------------------------------------------------------------------------------------


@pytest.fixture
async def two(running: Companion, token: str, home: House) -> AsyncIterator[tuple[House, House]]:
    other = House(OTHER, token, running.settings.public_url)
    await home.connect(home.url)
    await other.connect(other.url)
    rename = sa.update(tables.link_peer).where(tables.link_peer.c.instance == OTHER).values(name="Parents")
    await running.db.write(lambda conn: conn.execute(rename))
    yield home, other
    await other.close()


@pytest.mark.parametrize("named", ["Parents", OTHER])
async def test_of_several_the_one_that_the_channel_names_is_asked(
    running: Companion, two: tuple[House, House], named: str
) -> None:
    home, parents = two
    await apply(running, "push", home=named)

    await press(running)
    await parents.until_asked()

    assert home.asked == []


@pytest.mark.usefixtures("two")
async def test_of_several_none_is_guessed(running: Companion) -> None:
    house = LinkedHouse(running.db, running.clock, running.wake, "house", None)

    assert await house.check("Parents") == Sent(provider_ref=None)
    guessed = await house.check(None)
    assert isinstance(guessed, Refused)
    assert guessed.channel_broken


async def test_a_sites_channel_asks_no_other_sites_home_assistant(running: Companion, home: House) -> None:
    await home.connect(home.url)
    for site in ("here", "there"):
        await running.db.write(partial(_add_site, site=site))
    await running.db.write(lambda conn: conn.execute(sa.update(tables.link_peer).values(site_id="there")))

    of_site = {
        site: await LinkedHouse(running.db, running.clock, running.wake, "house", site).check(None)
        for site in ("here", "there", None)
    }

    assert isinstance(of_site["here"], Refused)
    assert of_site["there"] == of_site[None] == Sent(provider_ref=None)


def _add_site(conn: sa.Connection, *, site: str) -> None:
    conn.execute(sa.insert(tables.site).values(id=site, name=site, timezone="UTC", policy_id=None))


async def test_another_home_assistant_cannot_say_what_became_of_it(
    running: Companion, two: tuple[House, House]
) -> None:
    home, parents = two
    await apply(running, "push", home=HOME)

    alarm_id = await press(running)
    errand = await home.until_asked()
    await until_state(running, alarm_id, State.SENT)
    await parents.answer(errand, "failed", "nobody")

    assert (await pages(running, alarm_id))["house"].state is State.SENT


# --- addresses and the page -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "formed"),
    [
        ("push", "push"),
        (" Push : Anna Example", "push:Anna Example"),
        ("push:notify.mobile_app_pixel", "push:notify.mobile_app_pixel"),
        ("announce:assist_satellite.hall", "announce:assist_satellite.hall"),
        ("Announce: media_player.Kitchen", "announce:media_player.kitchen"),
        ("light:light.hall", "light:light.hall"),
        ("script:script.all_lights", "script:script.all_lights"),
    ],
)
def test_an_address_says_what_is_done(written: str, formed: str) -> None:
    assert formed_address("home_assistant", written, None) == formed


@pytest.mark.parametrize(
    "written",
    [
        "",
        "light",
        "light:switch.boiler",
        "script:light.hall",
        "announce:tts.piper",
        "lock:lock.front_door",
        "light:light.",
        "light:light.a b",
        "push:a\nb",
        "light:light.hall, light.stairs",
    ],
)
def test_anything_else_is_no_address(written: str) -> None:
    with pytest.raises(AddressInvalid):
        formed_address("home_assistant", written, None)


def test_the_examples_of_the_page_are_channels() -> None:
    examples = examples_of("home_assistant", "home-assistant")

    assert examples
    for one in examples:
        validated("home_assistant", one)


async def test_a_notification_has_room_on_a_phone(running: Companion, home: House) -> None:
    await apply(running, "push")
    await home.connect(home.url)

    await press(running, details={f"Fact {number}": "x" * 400 for number in range(50)})
    errand = await home.until_asked()

    assert len(errand["text"]) <= LONGEST_TEXT

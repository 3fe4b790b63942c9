"""The demo's scene in the workshop: an alarm over Telegram, e-mail, MQTT and a webhook, which is answered in Telegram."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any

from tests.e2e import house
from tests.e2e.house import Api, until
from tests.e2e.processes import Providers
from tests.fakes.mail import FakeMail, Taken
from tests.fakes.mosquitto import Mosquitto, running_mosquitto
from tests.fakes.telegram import FakeTelegram, Posted
from tests.fakes.webhook import FakeWebhook

CLARA = 7003
DORA = "dora@house.example"
NEXT_STEP_S = 4
"""Until Ben is told, if nobody answers."""
PASSED_S = 1
"""After that time, until it is certain that he was not."""


@dataclass
class Workshop:
    """The peers of its four channels, and the key of its phone."""

    telegram: FakeTelegram
    mail: FakeMail
    broker: Mosquitto
    program: FakeWebhook
    token: str

    def added_to(self, directory: dict[str, Any]) -> dict[str, Any]:
        """Return the directory of the office with a workshop, whose alarms Clara and Dora hear of, and then Ben."""
        targets = [{"channel": "mqtt"}, {"channel": "hook"}, {"person": "clara"}, {"person": "dora"}]
        steps = [{"targets": targets}, {"after": NEXT_STEP_S, "targets": [{"person": "ben"}]}]
        (office,) = directory["sites"]
        workshop = {"id": "workshop", "name": "Workshop"}
        return directory | {
            "channels": [*directory["channels"], *self._channels()],
            "people": [
                *directory["people"],
                _person("clara", "Clara Example", "telegram", str(CLARA)),
                _person("dora", "Dora Example", "mail", DORA),
            ],
            "policies": [*directory["policies"], {**workshop, "steps": steps}],
            "sites": [office | {"rooms": [*office["rooms"], workshop]}],
            "devices": [
                *directory["devices"],
                {
                    "id": "workshop-phone",
                    "kind": "yealink",
                    "name": "Workshop phone",
                    "site": office["id"],
                    "room": "workshop",
                    "policy": "workshop",
                    "token": self.token,
                },
            ],
        }

    def _channels(self) -> list[dict[str, Any]]:
        mail = {
            "host": "127.0.0.1",
            "port": self.mail.port,
            "security": "none",
            "sender": "Alarm <alarm@house.example>",
        }
        program = {"url": f"{self.program.url}/hook", "signing_keys": list(self.program.keys)}
        return [
            _channel("telegram", "telegram", {"url": self.telegram.url, "token": self.telegram.token}),
            _channel("mail", "email", mail),
            _channel("mqtt", "mqtt", self.broker.settings),
            _channel("hook", "webhook", program),
        ]


def _channel(channel_id: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"id": channel_id, "kind": kind, "name": kind, "config": config}


def _person(person_id: str, name: str, channel: str, address: str) -> dict[str, Any]:
    return {"id": person_id, "name": name, "contacts": [{"channel": channel, "address": address}]}


@asynccontextmanager
async def running_workshop(folder: Path) -> AsyncIterator[Workshop]:
    """Yield stand-ins for the Bot API, a mail server and a program with a webhook, and a real Mosquitto."""
    await asyncio.to_thread(folder.mkdir)
    key = f"whsec_{b64encode(token_bytes(32)).decode()}"
    with running_mosquitto(folder) as broker:
        async with (
            FakeTelegram(people={CLARA: "Clara"}) as telegram,
            FakeMail() as mail,
            FakeWebhook(keys=(key,)) as program,
        ):
            yield Workshop(telegram, mail, broker, program, house.new_device_token())


@dataclass
class WorkshopAlarm:
    """An alarm of that key, watched at whoever is told of it."""

    id: str
    at: Workshop
    api: Api
    providers: Providers
    saw: Callable[[str], None]
    next_due_at: float = 0.0
    """When Ben would have been told, in seconds since the epoch."""

    async def see_the_first_step(self) -> Posted:
        """See it arrive over all four channels; return the message in Telegram."""
        posted = await until(self._posted, "Clara's message in Telegram")
        self.saw(
            f"Telegram: {posted.text.splitlines()[0]} → Clara, with the button {posted.buttons[0]['text']}"
        )
        mail = (await until(lambda: self._mails(1), "Dora's e-mail"))[0]
        self.saw(f"e-mail: {mail.mail['Subject']} → Dora")
        await self._see_the_machines("triggered")
        return posted

    async def answer(self, posted: Posted) -> None:
        """Press the button in Telegram, and see what it does there and to the alarm."""
        self.next_due_at = datetime.fromisoformat((await self._alarm())["next_due_at"]).timestamp()
        press = self.at.telegram.press(posted, CLARA)["callback_query"]["id"]
        said = await until(lambda: self._answered(press), "what Telegram shows to Clara")
        self.saw(f"Clara presses the button in Telegram, which shows her: “{said}”")
        alarm = await self._alarm()
        assert (alarm["status"], alarm["acknowledged_by"]) == ("acknowledged", "Clara Example"), alarm
        await until(lambda: self._is_changed(posted), "the message in Telegram says who answered")
        news, by = posted.text.splitlines()[0], _line_with("Clara Example", posted.text)
        self.saw(f"her message has lost its button and says: “{news}”, “{by}”")
        await self._see_the_machines("acknowledged")
        first, second, *_ = await until(lambda: self._mails(2), "the e-mail that tells of the answer")
        assert first.mail["Message-ID"] in second.mail["References"], second.raw
        self.saw(f"e-mail, in the same thread: {second.mail['Subject']} → Dora")

    async def see_that_it_stops(self) -> None:
        """Let the time of the next step pass: nobody is told."""
        alarm = await self._alarm()
        assert alarm["next_due_at"] is None, alarm
        left_s = self.next_due_at - time.time()
        assert left_s > 0, "the answer was to come before the next step"
        await asyncio.sleep(left_s + PASSED_S)  # what does not happen cannot be awaited
        sent = [str(one["body"]) for one in await self.providers.received("signal")]
        assert not any("Workshop" in one for one in sent), sent
        assert (await self._alarm())["steps_run"] == 1
        self.saw("the time of the next step has passed: Ben was not told, the escalation has stopped")

    async def see_the_end(self) -> None:
        """See the broker forget its state."""

        async def forgotten() -> bool:
            return not await self.at.broker.kept(self._topic)

        await until(forgotten, "the broker has no state of it")
        self.saw("MQTT: the alarm's topic is cleared")

    async def _see_the_machines(self, status: str) -> None:
        state = await until(lambda: self._state(status), f"MQTT says {status}")
        self.saw(f"MQTT: the alarm's topic says {state['status']}{_by(state)}")
        event = await until(lambda: self._event(f"alarm.{status}"), f"the webhook hears {status}")
        self.saw(f"webhook: {event['type']}{_by(event['data'])}, its signature is right")

    # --- looking ----------------------------------------------------------------------------------------

    @property
    def _topic(self) -> str:
        return f"alarm_broker/Head_office/alarm/{self.id}"

    async def _alarm(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.api.get(f"/v1/alarms/{self.id}")
        return found

    async def _posted(self) -> Posted | None:
        return next((one for one in self.at.telegram.posted if one.chat == CLARA), None)

    async def _answered(self, press: str) -> str | None:
        return self.at.telegram.answered.get(press)

    async def _is_changed(self, posted: Posted) -> bool:
        return not posted.buttons and "Clara Example" in posted.text

    async def _mails(self, count: int) -> list[Taken] | None:
        mails = [one for one in self.at.mail.taken if one.recipients == [DORA]]
        return mails if len(mails) >= count else None

    async def _state(self, status: str) -> dict[str, Any] | None:
        kept = (await self.at.broker.kept(self._topic)).get(self._topic)
        state: dict[str, Any] = json.loads(kept) if kept else {}
        return state if state.get("status") == status else None

    async def _event(self, kind: str) -> dict[str, Any] | None:
        return next((one for one in self.at.program.events if one["type"] == kind), None)


def _by(said: dict[str, Any]) -> str:
    return f" by {said['by']}" if said["by"] else ""


def _line_with(words: str, text: str) -> str:
    return next(line for line in text.splitlines() if words in line)

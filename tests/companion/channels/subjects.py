"""Every kind of channel that talks HTTP: how one is set up for a provider at an address, and who plays the provider."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.discord import HOOK as DISCORD_HOOK, FakeDiscord
from tests.fakes.matrix import ROOM, FakeMatrix
from tests.fakes.mattermost import CHANNEL, HOOK as MATTERMOST_HOOK, FakeMattermost
from tests.fakes.ntfy import FakeNtfy
from tests.fakes.opsgenie import FakeOpsgenie
from tests.fakes.pagerduty import FakePagerDuty
from tests.fakes.pushover import ANNA, FakePushover
from tests.fakes.server import FakeServer
from tests.fakes.signal import FakeSignal
from tests.fakes.slack import HOOK as SLACK_HOOK, FakeSlack
from tests.fakes.sms import FakeSms
from tests.fakes.teams import PATH, QUERY, FakeTeams
from tests.fakes.telegram import FakeTelegram
from tests.fakes.twilio import ACCOUNT, NUMBER, FakeTwilio
from tests.fakes.webhook import FakeWebhook
from tests.fakes.whatsapp import NUMBER_ID, TOKEN as WHATSAPP_TOKEN, FakeWhatsApp
from tests.fakes.zammad import FakeZammad

SECRET = "hunter2-very-secret"
MARKS = ("hunter2", WHATSAPP_TOKEN)
"""One of them is in every secret of every channel here."""

PHONE = "+491701234567"
KEY = f"whsec_{b64encode(b'hunter2-' * 4).decode()}"
PUSHOVER_TOKEN = f"{'hunter2':t<30}"
TELEGRAM_TOKEN = f"110201543:{'hunter2':A<35}"
TWILIO = {"account_sid": ACCOUNT, "auth_token": SECRET, "sender": NUMBER}


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A kind of channel, in one of the ways in which it can be set up."""

    kind: str
    settings: Callable[[str], dict[str, Any]]
    """Its settings for a provider whose address begins so."""
    fake: Callable[[], FakeServer]
    address: str = PHONE
    to_fake: Callable[[str], dict[str, Any]] = field(default=lambda _: {})
    """What is set differently where the stand-in listens."""


SUBJECTS: dict[str, Subject] = {
    "zammad": Subject(
        kind="zammad",
        settings=lambda url: {
            "url": url,
            "token": SECRET,
            "group": "Alarm",
            "customer": "alarm@site.example",
        },
        fake=lambda: FakeZammad(token=SECRET),
    ),
    "signal": Subject(
        kind="signal",
        settings=lambda url: {
            "url": url,
            "number": "+4930123456",
            "header_name": "X-Key",
            "header_value": SECRET,
        },
        fake=FakeSignal,
    ),
    "matrix": Subject(
        kind="matrix",
        settings=lambda url: {"url": url, "token": SECRET},
        fake=lambda: FakeMatrix(token=SECRET),
        address=ROOM,
    ),
    "mattermost": Subject(
        kind="mattermost",
        settings=lambda url: {"url": url + MATTERMOST_HOOK},
        fake=FakeMattermost,
        address="#alarms",
    ),
    "mattermost, a bot": Subject(
        kind="mattermost",
        settings=lambda url: {"url": url, "token": SECRET},
        fake=lambda: FakeMattermost(token=SECRET),
        address=CHANNEL,
    ),
    "opsgenie": Subject(
        kind="opsgenie",
        settings=lambda url: {"url": url, "api_key": SECRET},
        fake=lambda: FakeOpsgenie(api_key=SECRET),
        address="anna@house.example",
    ),
    "pagerduty": Subject(
        kind="pagerduty",
        settings=lambda url: {"url": url, "routing_key": f"{SECRET:x<32}"},
        fake=lambda: FakePagerDuty(routing_key=f"{SECRET:x<32}"),
    ),
    "discord": Subject(
        kind="discord", settings=lambda url: {"url": url + DISCORD_HOOK}, fake=FakeDiscord, address=""
    ),
    "teams": Subject(
        kind="teams", settings=lambda url: {"url": f"{url}{PATH}?{QUERY}"}, fake=FakeTeams, address=""
    ),
    "slack": Subject(
        kind="slack", settings=lambda url: {"url": url + SLACK_HOOK}, fake=FakeSlack, address="#alarms"
    ),
    "slack, an app": Subject(
        kind="slack",
        settings=lambda url: {"url": url, "token": SECRET, "signing_secret": SECRET},
        fake=lambda: FakeSlack(token=SECRET),
        address="U023BECGF",
        to_fake=lambda url: {"url": f"{url}/api"},
    ),
    "sms": Subject(
        kind="sms",
        settings=lambda url: {
            "url": f"{url}/send?key={SECRET}",
            "headers": {"Authorization": f"Bearer {SECRET}"},
            "success": {"pointer": "/status", "equals": "queued"},
        },
        fake=lambda: FakeSms(token=SECRET),
        to_fake=lambda url: {"url": f"{url}/sms"},
    ),
    "whatsapp": Subject(
        kind="whatsapp",
        settings=lambda url: {"url": url, "phone_number_id": NUMBER_ID, "token": WHATSAPP_TOKEN},
        fake=FakeWhatsApp,
    ),
    "twilio_sms": Subject(
        kind="twilio_sms",
        settings=lambda url: {"url": url, **TWILIO},
        fake=lambda: FakeTwilio(login=(ACCOUNT, SECRET)),
    ),
    "twilio_voice": Subject(
        kind="twilio_voice",
        settings=lambda url: {"url": url, **TWILIO},
        fake=lambda: FakeTwilio(login=(ACCOUNT, SECRET)),
    ),
    "pushover": Subject(
        kind="pushover",
        settings=lambda url: {"url": url, "token": PUSHOVER_TOKEN},
        fake=lambda: FakePushover(token=PUSHOVER_TOKEN),
        address=ANNA,
    ),
    "webhook": Subject(
        kind="webhook",
        settings=lambda url: {"url": f"{url}/hook/{SECRET}", "signing_keys": [KEY]},
        fake=lambda: FakeWebhook(keys=(KEY,)),
        to_fake=lambda url: {"url": f"{url}/hook"},
    ),
    "ntfy": Subject(
        kind="ntfy",
        settings=lambda url: {"url": url, "token": SECRET},
        fake=lambda: FakeNtfy(token=SECRET),
        address="house_alarm",
    ),
    "telegram": Subject(
        kind="telegram",
        settings=lambda url: {"url": url, "token": TELEGRAM_TOKEN},
        fake=lambda: FakeTelegram(token=TELEGRAM_TOKEN),
        address="7001",
    ),
}

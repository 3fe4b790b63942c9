"""Every kind of channel, what providers of its protocol can do wrong and who does it, and what is expected of the channel."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, override

from aiohttp import web

from companion.channels.base import Outcome, Refused, Sent, TryAgain
from tests.companion.channels.subjects import PHONE, SECRET, SUBJECTS
from tests.fakes.mail import FakeMail
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.nasty import NastyServer
from tests.fakes.peers import (
    Broker,
    Datagrams,
    MailServer,
    Peer,
    Receiver,
    Wrong,
    answer_of_manager,
    answer_of_station,
)
from tests.fakes.server import FakeServer

NOWHERE = "nowhere.example"
"""A name that is not found."""


# --- what is expected -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """What becomes of a message."""

    outcome: type[Outcome]
    uncertain: bool = False
    channel_broken: bool = False
    after: timedelta | None = None

    def fits(self, outcome: Outcome) -> bool:
        """Whether it is what became of it."""
        match outcome:
            case Sent():
                return self.outcome is Sent
            case TryAgain(uncertain=uncertain, after=after):
                soon = self.after is None or (after is not None and self.after * 0.9 < after <= self.after)
                return self.outcome is TryAgain and uncertain == self.uncertain and soon
            case Refused(channel_broken=broken):
                return self.outcome is Refused and broken == self.channel_broken


SENT = Expected(Sent)
AGAIN = Expected(TryAgain)
UNCERTAIN = Expected(TryAgain, uncertain=True)
REFUSED = Expected(Refused)
BROKEN = Expected(Refused, channel_broken=True)

type Table = dict[Wrong, Expected | str]
"""What is expected; or why there is no such thing in the protocol."""

OF_EACH: Table = {
    Wrong.HANG: UNCERTAIN,
    Wrong.DRIP: UNCERTAIN,
    Wrong.RESET: UNCERTAIN,
    Wrong.ENDLESS: UNCERTAIN,
    Wrong.NO_LOGIN: BROKEN,
    Wrong.EXPIRED: AGAIN,
    Wrong.NO_NAME: AGAIN,
    Wrong.EVERY_PLANE: SENT,
    Wrong.LONG: SENT,
}
NO_WAIT = "no answer of this protocol says how long to wait"
WITHOUT_WAIT: Table = dict.fromkeys((Wrong.BUSY_FOR_SECONDS, Wrong.BUSY_UNTIL, Wrong.BUSY_SOMEHOW), NO_WAIT)

HTTP: Table = OF_EACH | {
    Wrong.ERROR: UNCERTAIN,
    Wrong.BUSY_FOR_SECONDS: Expected(TryAgain, after=timedelta(seconds=77)),
    Wrong.BUSY_UNTIL: Expected(TryAgain, after=timedelta(seconds=90)),
    Wrong.BUSY_NOBODY_KNOWS: AGAIN,
    Wrong.BUSY_SOMEHOW: AGAIN,
    Wrong.OF_ANOTHER_TYPE: UNCERTAIN,
    Wrong.REDIRECT: AGAIN,
}
SIGNAL: Table = HTTP | {
    # Of the bridge's own 429 nobody knows whether the message went out (see the channel); one with a wait is a proxy's.
    Wrong.BUSY_NOBODY_KNOWS: UNCERTAIN,
    Wrong.BUSY_SOMEHOW: UNCERTAIN,
}
SMTP: Table = (
    OF_EACH
    | WITHOUT_WAIT
    | {
        Wrong.ERROR: AGAIN,
        Wrong.BUSY_NOBODY_KNOWS: AGAIN,
        Wrong.OF_ANOTHER_TYPE: AGAIN,
        Wrong.REDIRECT: REFUSED,
    }
)
MQTT: Table = (
    OF_EACH
    | WITHOUT_WAIT
    | {
        Wrong.ERROR: AGAIN,
        Wrong.BUSY_NOBODY_KNOWS: AGAIN,
        Wrong.OF_ANOTHER_TYPE: AGAIN,
        Wrong.REDIRECT: AGAIN,
    }
)
SNMP: Table = (
    OF_EACH
    | WITHOUT_WAIT
    | {
        Wrong.ERROR: AGAIN,
        Wrong.BUSY_NOBODY_KNOWS: AGAIN,
        Wrong.OF_ANOTHER_TYPE: UNCERTAIN,
        Wrong.REDIRECT: "a manager cannot name another one",
        Wrong.EXPIRED: "SNMP over UDP has no certificates: keys are made of passphrases",
    }
)
DC_09: Table = (
    OF_EACH
    | WITHOUT_WAIT
    | {
        Wrong.ERROR: REFUSED,
        Wrong.BUSY_NOBODY_KNOWS: "a receiver says ACK, NAK or DUH: none of them is `later`",
        Wrong.OF_ANOTHER_TYPE: UNCERTAIN,
        Wrong.REDIRECT: "a receiver cannot name another one",
        Wrong.EXPIRED: "DC-09 has no certificates: both sides have one key",
    }
)
APPRISE: Table = HTTP | {
    # The library tells a yes from a no, and of a no the status: no header, and no reason without a status.
    Wrong.BUSY_FOR_SECONDS: AGAIN,
    Wrong.BUSY_UNTIL: AGAIN,
    Wrong.ENDLESS: SENT,
    Wrong.OF_ANOTHER_TYPE: SENT,
    Wrong.EXPIRED: UNCERTAIN,
    Wrong.NO_NAME: UNCERTAIN,
}


# --- who does it ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class At:
    """Where a provider is, and what else there is to know of it."""

    host: str
    port: int
    pem: str | None = None
    """It shows a certificate of this CA."""
    in_a_hurry: bool = True

    @property
    def trust(self) -> dict[str, Any]:
        """The CA as a setting."""
        return {} if self.pem is None else {"ca": self.pem}

    def url(self, plain: str, encrypted: str) -> str:
        """Return its address."""
        return f"{plain if self.pem is None else encrypted}://{self.host}:{self.port}"


@dataclass(kw_only=True)
class Provider:
    """A provider that does something wrong."""

    port: int
    until_reached: Callable[[], Any]
    """Wait until it has what was sent."""


type Misbehaving = Callable[[Wrong, ssl.SSLContext | None, int], AbstractAsyncContextManager[Provider]]
"""With the TLS of the provider, and the port of the canary."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A kind of channel as it is tried."""

    kind: str
    expected: Table
    settings: Callable[[Wrong, At], dict[str, Any]]
    provider: Misbehaving
    speaks_http: bool = False
    encrypted: frozenset[Wrong] = frozenset({Wrong.EXPIRED})
    address: str = PHONE


BEHAVIOURS = {
    Wrong.HANG: Behaviour.HANG,
    Wrong.DRIP: Behaviour.DRIP,
    Wrong.ERROR: Behaviour.STATUS_500,
    Wrong.BUSY_FOR_SECONDS: Behaviour.STATUS_429,
    Wrong.BUSY_UNTIL: Behaviour.STATUS_429_DATE,
    Wrong.BUSY_NOBODY_KNOWS: Behaviour.STATUS_429_BARE,
    Wrong.BUSY_SOMEHOW: Behaviour.STATUS_429_ODD,
    Wrong.NO_LOGIN: Behaviour.STATUS_401,
    Wrong.RESET: Behaviour.RESET,
    Wrong.ENDLESS: Behaviour.HUGE,
    Wrong.OF_ANOTHER_TYPE: Behaviour.GARBAGE,
}
WELL = frozenset({Wrong.EVERY_PLANE, Wrong.LONG})
"""The provider is all right: it is the message that is not."""


@dataclass
class Elsewhere(FakeServer):
    """Sends everybody to the canary."""

    canary_port: int = 0

    @override
    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._redirect)]

    async def _redirect(self, _request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"http://127.0.0.1:{self.canary_port}/"})


def http_provider(fake: Callable[[], FakeServer]) -> Misbehaving:
    @asynccontextmanager
    async def provider(wrong: Wrong, tls: ssl.SSLContext | None, canary_port: int) -> AsyncIterator[Provider]:
        server: FakeServer
        if wrong in WELL:
            server = fake()
        elif wrong is Wrong.REDIRECT:
            server = Elsewhere(canary_port=canary_port)
        else:
            server = NastyServer(tls=tls, behaviour=BEHAVIOURS.get(wrong, Behaviour.STATUS_500))
        async with server:
            yield Provider(port=server.port, until_reached=lambda: server.until(lambda: server.received))

    return provider


def raw_provider(made: type[Peer]) -> Misbehaving:
    @asynccontextmanager
    async def provider(wrong: Wrong, tls: ssl.SSLContext | None, canary_port: int) -> AsyncIterator[Provider]:
        async with made(wrong, tls=tls, canary_port=canary_port) as peer:
            yield Provider(port=peer.port, until_reached=peer.reached.wait)

    return provider


@asynccontextmanager
async def mail_provider(
    wrong: Wrong, tls: ssl.SSLContext | None, canary_port: int
) -> AsyncIterator[Provider]:
    if wrong in WELL:
        async with FakeMail() as server:
            yield Provider(port=server.port, until_reached=server.hanging.wait)
    else:
        async with raw_provider(MailServer)(wrong, tls, canary_port) as raw:
            yield raw


def datagram_provider(
    says: Callable[[Wrong, bytes], bytes],
) -> Misbehaving:
    @asynccontextmanager
    async def provider(
        wrong: Wrong, _tls: ssl.SSLContext | None, _canary_port: int
    ) -> AsyncIterator[Provider]:
        async with Datagrams(wrong, says) as peer:
            yield Provider(port=peer.port, until_reached=peer.reached.wait)

    return provider


LIMITED = frozenset({Wrong.HANG, Wrong.DRIP, Wrong.ENDLESS, Wrong.OF_ANOTHER_TYPE, Wrong.RESET})
"""What only a limit of time ends in some protocol."""


def times(wrong: Wrong, at: At, *names: str, short: float = 0.6) -> dict[str, float]:
    """Return short limits, within which even a busy machine has sent something; long ones where none is to be reached."""
    return dict.fromkeys(names, short if at.in_a_hurry and wrong in LIMITED else 8.0)


def http_settings(name: str) -> Callable[[Wrong, At], dict[str, Any]]:
    subject = SUBJECTS[name]

    def settings(wrong: Wrong, at: At) -> dict[str, Any]:
        url = at.url("http", "https")
        fitting = subject.to_fake(url) if wrong in WELL else {}
        return (
            subject.settings(url)
            | fitting
            | times(wrong, at, "timeout_s", "read_timeout_s", short=0.25)
            | at.trust
        )

    return settings


def email_settings(wrong: Wrong, at: At) -> dict[str, Any]:
    login = {"username": "alarm@house.example", "password": SECRET, "security": "tls"}
    plain = {"security": "none"}
    return {
        "host": at.host,
        "port": at.port,
        "sender": "alarm@house.example",
        **(plain if at.pem is None else login),
        **times(wrong, at, "timeout_s"),
        **at.trust,
    }


def mqtt_settings(wrong: Wrong, at: At) -> dict[str, Any]:
    login = {"username": "broker", "password": SECRET}
    return {"url": at.url("mqtt", "mqtts"), **login, **times(wrong, at, "timeout_s"), **at.trust}


def snmp_settings(wrong: Wrong, at: At) -> dict[str, Any]:
    url = at.url("udp", "udp")
    return {"url": url, "version": "2c", "community": SECRET, "repeats": 0, **times(wrong, at, "reply_s")}


def sia_settings(scheme: str) -> Callable[[Wrong, At], dict[str, Any]]:
    def settings(wrong: Wrong, at: At) -> dict[str, Any]:
        return {"url": at.url(scheme, scheme), "account": "1234", "tries": 1, **times(wrong, at, "reply_s")}

    return settings


def apprise_settings(wrong: Wrong, at: At) -> dict[str, Any]:
    host = "nowhere.invalid" if at.host == NOWHERE else at.host  # names are looked up in a process of its own
    scheme = "json" if at.pem is None else "jsons"
    limits = "?rto=0.25&cto=2" if wrong is Wrong.HANG and at.in_a_hurry else ""
    # Most of it is for the process to begin.
    limit = {"timeout_s": 3} if wrong is Wrong.DRIP else {}
    return {"url": f"{scheme}://{host}:{at.port}/any/{SECRET}{limits}", **limit}


WITHOUT_PROVIDER = {
    "home_assistant": "no address, secret or connection of its own: the house calls us, over the link, which has its own tests"
}
"""Kinds that nothing of this can happen to, and why."""

CASES: dict[str, Case] = {
    **{
        name: Case(
            kind=subject.kind,
            expected=SIGNAL if subject.kind == "signal" else HTTP,
            settings=http_settings(name),
            provider=http_provider(subject.fake),
            speaks_http=True,
            address=subject.address,
        )
        for name, subject in SUBJECTS.items()
    },
    "email": Case(
        kind="email",
        expected=SMTP,
        settings=email_settings,
        provider=mail_provider,
        encrypted=frozenset({Wrong.EXPIRED, Wrong.NO_LOGIN}),
        address="anna@house.example",
    ),
    "mqtt": Case(kind="mqtt", expected=MQTT, settings=mqtt_settings, provider=raw_provider(Broker)),
    "snmp": Case(
        kind="snmp",
        expected=SNMP,
        settings=snmp_settings,
        provider=datagram_provider(answer_of_manager),
        encrypted=frozenset(),
    ),
    "sia": Case(
        kind="sia",
        expected=DC_09,
        settings=sia_settings("tcp"),
        provider=raw_provider(Receiver),
        encrypted=frozenset(),
    ),
    "sia, over UDP": Case(
        kind="sia",
        expected=DC_09,
        settings=sia_settings("udp"),
        provider=datagram_provider(answer_of_station),
        encrypted=frozenset(),
    ),
    "apprise": Case(
        kind="apprise",
        expected=APPRISE,
        settings=apprise_settings,
        provider=http_provider(SUBJECTS["webhook"].fake),
        speaks_http=True,
    ),
}

"""The way to a provider: through a house's proxy, and with certificates of the house's own CA."""

import _socket
import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, override

import pytest
from aiohttp.abc import ResolveResult
from yarl import URL

from companion.channels.addresses import ForbiddenAddressError
from companion.channels.base import Channel, Outcome, Receipt, Refused, Sent, TryAgain
from companion.channels.proxy import refuse_forbidden
from companion.channels.registry import ChannelConfigError, build_channel, secret_fields
from companion.channels.resolver import ChannelResolver
from companion.channels.signal.sender import SignalChannel
from tests.companion.channels.messages import message
from tests.fakes.certificates import HouseCa, own_certificate
from tests.fakes.inbound import listening
from tests.fakes.proxy import FakeProxy
from tests.fakes.signal import FakeSignal
from tests.fakes.sms import FakeSms
from tests.fakes.zammad import FakeZammad


class NoNames(ChannelResolver):
    """A host on which nothing can be looked up."""

    @override
    async def resolve(self, *_args: Any, **_kwargs: Any) -> list[ResolveResult]:
        raise OSError


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here knows a name that ends in `.invalid`; what is a number in any spelling is read as on any host."""

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        if host.endswith(".invalid"):
            raise socket.gaierror
        if host == "metadata.example":
            host = "169.254.169.254"
        return _socket.getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
async def proxy() -> AsyncIterator[FakeProxy]:
    async with FakeProxy() as server:
        yield server


def sms(url: str, **config: Any) -> Channel:
    settings = {"url": f"{url}/sms", "headers": {"Authorization": "Bearer sms-token"}, "timeout_s": 10}
    return build_channel("sms", settings | config)


async def sent(channel: Channel) -> Outcome:
    outcome = await channel.send(message())
    await channel.close()
    return outcome


# --- the house's CA -------------------------------------------------------------------------------------


async def test_a_server_with_a_certificate_of_the_house_is_trusted_by_the_channel_that_names_its_ca(
    ca: HouseCa, tmp_path: Path
) -> None:
    async with FakeSms(tls=ca.server(tmp_path)) as gateway:
        assert isinstance(await sent(sms(gateway.url, ca=ca.pem)), Sent)


@pytest.mark.parametrize("is_ca", [False, True], ids=["plain", "calls-itself-a-ca"])
async def test_a_device_with_a_certificate_of_its_own_is_trusted_by_naming_that(
    tmp_path: Path,
    is_ca: bool,  # noqa: FBT001 - a column of the table
) -> None:
    pem, tls = own_certificate(tmp_path, is_ca=is_ca)
    async with FakeSms(tls=tls) as gateway:
        assert isinstance(await sent(sms(gateway.url, ca=pem)), Sent)


@pytest.mark.parametrize(
    ("trusted", "server", "why"),
    [
        (None, {}, "unable to get local issuer certificate"),
        ("another", {}, "issuer"),
        ("this", {"address": "127.0.0.2"}, "another name"),
        ("this", {"days": -1}, "expired"),
    ],
    ids=["public-only", "another-ca", "another-name", "expired"],
)
async def test_a_certificate_that_is_refused_says_why_and_is_tried_again(
    ca: HouseCa, tmp_path: Path, trusted: str | None, server: dict[str, Any], why: str
) -> None:
    config = {"ca": {"this": ca, "another": HouseCa()}[trusted].pem} if trusted else {}
    async with FakeSms(tls=ca.server(tmp_path, **server)) as gateway:
        outcome = await sent(sms(gateway.url, **config))

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain
    assert why in str(outcome.reason)
    assert "127.0.0.1" not in str(outcome.reason)


@pytest.mark.parametrize(
    ("made", "lacks"),
    [
        ({"usage": False}, "keyUsage"),
        ({"identified": False}, "subjectKeyIdentifier"),
        ({"critical": False}, "basicConstraints"),
    ],
)
async def test_a_ca_that_nothing_can_be_trusted_by_is_refused_when_it_is_configured(
    made: dict[str, bool], lacks: str, tmp_path: Path
) -> None:
    poor = HouseCa(**made)

    with pytest.raises(ChannelConfigError, match=rf"ca: .*CN=House CA lacks .*{lacks}"):
        sms("https://gw.example", ca=poor.pem)

    # And rightly: this is what the channel would meet.
    async with FakeSms(tls=poor.server(tmp_path)) as gateway:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                "127.0.0.1", gateway.port, ssl=ssl.create_default_context(cadata=poor.pem)
            )


@pytest.mark.parametrize(
    "pem", ["", "/etc/ssl/house.pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_told_at_once(pem: str) -> None:
    with pytest.raises(ChannelConfigError, match="PEM"):
        sms("https://gw.example", ca=pem)


# --- the house's proxy ----------------------------------------------------------------------------------


async def test_every_channel_goes_through_its_proxy(proxy: FakeProxy) -> None:
    way = {"proxy": proxy.url, "timeout_s": 10}
    async with FakeSms() as gateway, FakeSignal() as bridge, FakeZammad() as zammad:
        channels = [
            sms(f"http://gateway.invalid:{gateway.port}", **way),
            build_channel(
                "signal", {"url": f"http://bridge.invalid:{bridge.port}", "number": bridge.number, **way}
            ),
            build_channel(
                "zammad",
                {
                    "url": f"http://zammad.invalid:{zammad.port}",
                    "token": zammad.token,
                    "group": "Alarm",
                    "customer": "alarm@site.example",
                    **way,
                },
            ),
        ]

        outcomes = [await sent(channel) for channel in channels]

    assert [type(outcome) for outcome in outcomes] == [Sent, Sent, Sent]
    assert len(proxy.heads) == 3


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_receipts_come_through_the_proxy_too(
    proxy: FakeProxy,
    ca: HouseCa,
    tmp_path: Path,
    encrypted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    async with FakeSignal(tls=ca.server(tmp_path) if encrypted else None) as bridge:
        config = {"url": bridge.url, "number": bridge.number, "proxy": proxy.url, "timeout_s": 10}
        channel = build_channel("signal", config | ({"ca": ca.pem} if encrypted else {}))
        assert isinstance(channel, SignalChannel)
        async with listening(channel) as inbound:
            await bridge.attached()
            outcome = await channel.send(message())
            receipt = await inbound.heard.get()
        await channel.close()

    assert isinstance(outcome, Sent)
    assert isinstance(receipt, Receipt)
    assert receipt.provider_ref == outcome.provider_ref
    assert len(proxy.heads) == 2


async def test_the_proxy_sees_no_secret_of_an_encrypted_channel(
    proxy: FakeProxy, ca: HouseCa, tmp_path: Path
) -> None:
    async with FakeZammad(tls=ca.server(tmp_path)) as zammad:
        channel = build_channel(
            "zammad",
            {
                "url": zammad.url,
                "token": zammad.token,
                "group": "Alarm",
                "customer": "alarm@site.example",
                "proxy": proxy.url,
                "ca": ca.pem,
                "timeout_s": 10,
            },
        )
        outcome = await sent(channel)

    assert isinstance(outcome, Sent)
    [head] = proxy.heads
    assert head.startswith("CONNECT ")
    assert zammad.token not in head


async def test_a_proxy_may_want_a_login_which_is_never_shown() -> None:
    async with FakeProxy(login="Basic YnJva2VyOmh1bnRlcjI=") as proxy, FakeSms() as gateway:
        login = proxy.url.replace("//", "//broker:hunter2@")
        right = await sent(sms(gateway.url, proxy=login))
        wrong = await sent(sms(gateway.url, proxy=login.replace("hunter2", "hunter3")))

    assert isinstance(right, Sent)
    assert isinstance(wrong, TryAgain)
    assert "407" in str(wrong.reason)
    assert "hunter" not in str(wrong.reason)
    assert "proxy" in secret_fields("sms")


async def test_a_tunnel_that_the_proxy_refuses_was_not_sent(ca: HouseCa, tmp_path: Path) -> None:
    async with FakeProxy(login="Basic right") as proxy, FakeSms(tls=ca.server(tmp_path)) as gateway:
        outcome = await sent(sms(gateway.url, proxy=proxy.url, ca=ca.pem))

    assert isinstance(outcome, TryAgain)
    assert str(outcome.reason) == "the proxy did not connect us: HTTP 407"
    assert not outcome.uncertain


async def test_a_proxy_that_is_away_was_not_sent() -> None:
    async with FakeProxy() as proxy:
        url = proxy.url

    outcome = await sent(sms("http://127.0.0.1:9", proxy=url))

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain
    assert "could not connect" in str(outcome.reason)


@pytest.mark.parametrize("host", ["2852039166", "0xA9FEA9FE", "metadata.example"])
async def test_what_must_not_be_called_is_not_called_through_a_proxy_either(
    proxy: FakeProxy, host: str
) -> None:
    outcome = await sent(sms(f"http://{host}", proxy=proxy.url))

    assert isinstance(outcome, Refused)
    assert "no channel may call this address" in str(outcome.reason)
    assert proxy.heads == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"])
async def test_what_is_read_as_such_an_address_needs_no_look_up(host: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        await refuse_forbidden(URL(f"http://{host}/"), NoNames())


async def test_a_proxy_itself_must_not_be_a_forbidden_address() -> None:
    outcome = await sent(sms("http://127.0.0.1:9", proxy="http://metadata.example:80"))

    assert isinstance(outcome, Refused)
    assert "no channel may call this address" in str(outcome.reason)
    with pytest.raises(ChannelConfigError, match=r"proxy: .*no channel may call this address"):
        sms("http://127.0.0.1:9", proxy="http://169.254.169.254:80")


@pytest.mark.parametrize(
    "proxy_url", ["proxy:3128", "https://proxy:3128", "socks5://proxy", "http://proxy/x?y", ""]
)
def test_what_is_no_http_proxy_is_told_at_once(proxy_url: str) -> None:
    with pytest.raises(ChannelConfigError, match=r"proxy: .*3128"):
        sms("https://gw.example", proxy=proxy_url)

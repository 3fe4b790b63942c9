from ipaddress import ip_address

import pytest
from yarl import URL

from companion.channels.addresses import is_forbidden
from companion.channels.base import Refused
from companion.channels.http import HttpClient, HttpOptions

ALLOWED = [
    "127.0.0.1",
    "::1",
    "192.168.1.5",
    "10.0.0.1",
    "172.16.0.1",
    "fd12::1",
    "100.64.0.1",
    "8.8.8.8",
    "2001:4860:4860::8888",
    "::ffff:192.168.1.5",
]
FORBIDDEN = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "fd00:ec2::254",
    "100.100.100.200",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.1",
    "::ffff:0.0.0.0",
    "::ffff:0.1.2.3",
    "::ffff:100.100.100.200",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", ALLOWED)
def test_a_gateway_may_live_on_the_lan_or_on_the_internet(address: str) -> None:
    assert not is_forbidden(ip_address(address))


@pytest.mark.parametrize("address", FORBIDDEN)
def test_metadata_services_and_addresses_of_nobody_may_not_be_called(address: str) -> None:
    assert is_forbidden(ip_address(address))


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0"])
async def test_a_literal_forbidden_address_is_refused_before_connecting(host: str) -> None:
    client = HttpClient(HttpOptions())

    outcome = await client.request("POST", URL(f"http://{host}/latest/meta-data/secret-path"))
    await client.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "secret-path" not in str(outcome.reason)


async def test_a_name_is_judged_by_the_address_it_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        return [
            {"hostname": host, "host": "169.254.169.254", "port": port, "family": 2, "proto": 0, "flags": 0}
        ]

    # The one thing that cannot be had for real: a name server that answers with a metadata address.
    monkeypatch.setattr("companion.channels.resolver.ChannelResolver.resolve", resolve)
    client = HttpClient(HttpOptions())

    outcome = await client.request("GET", URL("http://innocent.example/"))
    await client.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken

"""Which addresses are taken, what a link for a browser is, and which names ever go into a path."""

import pytest
from aiohttp import ClientSession

from custom_components.alarm_broker.verification.frigate import FrigateClient, FrigateNotFound
from tests.fakes.frigate import FakeFrigate
from tests.integration.frigate.asking import EVENT, events, reviews


@pytest.mark.parametrize("path", ["", "/frigate", "/a/b"])
@pytest.mark.parametrize("end", ["", "/", "/api", "/api/", "//"])
async def test_a_path_before_frigate_and_its_end_are_understood(
    socket_enabled: None, session: ClientSession, path: str, end: str
) -> None:
    async with FakeFrigate(base_path=path) as frigate:
        client = FrigateClient(session, f" {frigate.url}{end} ")

        assert await client.async_cameras()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nvr.example",
        "nvr.example:5000",
        "ftp://nvr.example",
        "file:///etc/passwd",
        "http://",
        "http:///api",
        "http://nvr .example",
        "http://nvr.example:99999",
        "http://alarm@nvr.example",
        "http://alarm:hidden@nvr.example",
        "http://:hidden@nvr.example",
        "http://alarm:hidden@nvr.example:99999",
        "http://nvr.example/?token=hidden",
        "http://nvr.example/#hidden",
    ],
)
async def test_what_is_no_plain_http_address_is_refused_without_repeating_it(
    session: ClientSession, url: str
) -> None:
    with pytest.raises(ValueError, match="http://host:5000") as refused:
        FrigateClient(session, url)

    assert "hidden" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


async def test_links_for_a_browser_keep_the_path_of_the_reverse_proxy(session: ClientSession) -> None:
    client = FrigateClient(session, "https://nvr.example/frigate/")

    assert client.clip_url(EVENT) == f"https://nvr.example/frigate/api/events/{EVENT}/clip.mp4"
    assert client.event_url(EVENT) == f"https://nvr.example/frigate/explore?event_id={EVENT}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../config",
        "a/b",
        "a%2Fb",
        "a\\b",
        "a b",
        "a?b",
        "a#b",
        "a,b",
        "gärten",
        "garden\n",
        "a" * 129,
    ],
)
async def test_a_camera_name_that_frigate_cannot_have_is_never_asked_for(
    frigate: FakeFrigate, client: FrigateClient, name: str
) -> None:
    with pytest.raises(FrigateNotFound):
        await client.async_latest(name)
    with pytest.raises(FrigateNotFound):
        await events(client, "garden", name)
    with pytest.raises(FrigateNotFound):
        await reviews(client, "garden", name)

    assert frigate.received == []


@pytest.mark.parametrize(
    "event_id",
    [
        "",
        "..",
        "../config",
        f"{EVENT}/..",
        f"{EVENT}?a=1",
        f"{EVENT}\n",
        "abc",
        "1750000000.5",
        "1.5-a%2Fb",
        "\N{FULLWIDTH DIGIT ONE}.5-a",
    ],
)
async def test_an_event_id_that_frigate_cannot_have_is_never_asked_for(
    frigate: FakeFrigate, client: FrigateClient, event_id: str
) -> None:
    with pytest.raises(FrigateNotFound):
        await client.async_snapshot(event_id)
    with pytest.raises(FrigateNotFound):
        client.clip_url(event_id)
    with pytest.raises(FrigateNotFound):
        client.event_url(event_id)

    assert frigate.received == []

"""The service's own certificate: renewed while it runs, and said when it is not."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from companion.app import Companion
from companion.config import Settings
from companion.selfcheck import check_installation
from companion.web import certificate
from companion.web.certificate import Certificate
from companion.web.health_checks import HealthStatus, certificate_check
from tests.fakes.certificates import HouseCa
from tests.fakes.ports import free_port

ANSWERED = aiohttp.ClientTimeout(total=10)


@pytest.fixture
def pem(tmp_path: Path, ca: HouseCa) -> Path:
    """A file with a certificate for 127.0.0.1, good for a day, and its key."""
    ca.server(tmp_path)
    return tmp_path / "server.pem"


async def alerting(port: int, trusted: ssl.SSLContext) -> dict[str, str]:
    """Ask as a monitor does, over a connection of its own, and return the light of each part."""
    url = f"https://127.0.0.1:{port}/healthz/alerting"
    async with (
        aiohttp.ClientSession(timeout=ANSWERED) as session,
        session.get(url, ssl=trusted) as answer,
    ):
        return {one["name"]: one["status"] for one in (await answer.json(content_type=None))["checks"]}


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_a_renewed_certificate_is_used_without_a_restart(
    database_url: str, tmp_path: Path, ca: HouseCa, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate, "LOOK_S", 0.01)
    trusted = ssl.create_default_context(cadata=ca.pem)
    ca.server(tmp_path, days=-1)
    port = free_port()
    settings = Settings(
        data_dir=tmp_path, database_url=database_url, host="127.0.0.1", port=port, zeroconf=False,
        tls_cert=pem, tls_key=pem,
    )  # fmt: skip
    async with Companion(settings), asyncio.timeout(20):
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match="expired"):
            await alerting(port, trusted)

        ca.server(tmp_path, days=30)
        statuses: dict[str, str] = {}
        while not statuses:
            try:
                statuses = await alerting(port, trusted)
            except aiohttp.ClientConnectorCertificateError:
                await asyncio.sleep(0.01)

    assert statuses["certificate"] == "ok"


def test_a_pair_that_does_not_fit_leaves_the_old_one_in_use_until_it_does(
    tmp_path: Path, ca: HouseCa, pem: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(pem.read_bytes())
    found = Certificate(pem, key)
    ends_at = found.ends_at
    ca.server(tmp_path, days=90)

    with pytest.raises(ssl.SSLError):
        found.renew()
    refused = (found.ends_at, found.renew())
    key.write_bytes(pem.read_bytes())

    assert refused == (ends_at, False)
    assert found.renew()
    assert found.ends_at > ends_at


@pytest.mark.parametrize(
    ("days", "status"),
    [(60, HealthStatus.OK), (5, HealthStatus.WARNING), (-1, HealthStatus.ERROR)],
    ids=["good", "not renewed", "has run out"],
)
def test_a_certificate_that_nobody_renews_is_said_before_it_ends(
    tmp_path: Path, ca: HouseCa, days: int, status: HealthStatus
) -> None:
    ca.server(tmp_path, days=days)
    path = tmp_path / "server.pem"

    check = certificate_check(Certificate(path, path), datetime.now(UTC))

    assert check.status is status


@pytest.mark.parametrize(("days", "result"), [(60, "ok"), (5, "warning"), (-1, "error")])
async def test_the_check_says_how_long_the_certificate_is_good(
    tmp_path: Path, ca: HouseCa, days: int, result: str
) -> None:
    ca.server(tmp_path, days=days)
    pem = tmp_path / "server.pem"

    findings = await check_installation(Settings(data_dir=tmp_path / "data", tls_cert=pem, tls_key=pem))

    [found] = [one for one in findings if one.part == "certificate"]
    assert (found.result, "good until 20" in found.message) == (result, True)


def test_a_certificate_that_lives_shortly_is_late_in_its_last_quarter(tmp_path: Path, ca: HouseCa) -> None:
    ca.server(tmp_path, days=10)  # of forty
    path = tmp_path / "server.pem"
    found = Certificate(path, path)

    assert found.late_at == found.ends_at - timedelta(days=10)

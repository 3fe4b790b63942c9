"""A disk that takes no more bytes: presses and readiness say so, and it is over once there is room."""

import resource
from pathlib import Path

import aiohttp

from tests.e2e.house import until
from tests.e2e.processes import CompanionProcess

LIMIT_BYTES = 96 * 1024
"""No file of the process may grow beyond: less than a few readiness probes need, more than its log."""
DIRECTORY = """\
policies: [{id: p, name: P, steps: [{targets: [{channel: sms, address: "+4930111111"}]}]}]
sites: [{id: office, name: Office, timezone: UTC, policy: p}]
channels: [{id: sms, kind: sms, name: SMS, config: {url: "http://127.0.0.1:9/"}}]
devices: [{id: phone, kind: yealink, name: Phone, site: office, token: phone-token-0123456789}]
"""


async def test_a_full_disk_is_said_to_phones_and_load_balancers_and_is_over_once_there_is_room(
    tmp_path: Path,
) -> None:
    companion = CompanionProcess(tmp_path)
    document = tmp_path / "directory.yaml"
    document.write_text(DIRECTORY)
    await companion.cli("apply", str(document))
    await companion.ready()

    async def status(path: str) -> int:
        async with aiohttp.ClientSession() as session, session.get(f"{companion.url}{path}") as answer:
            return answer.status

    async def is_refused() -> bool:
        return await status("/readyz") == 503

    async def is_ready() -> bool:
        return await status("/readyz") == 200

    press = "/v1/yealink/alarm?token=phone-token-0123456789"
    try:
        assert await status("/readyz") == 200

        companion.limit_files(LIMIT_BYTES)
        await until(is_refused, "a disk that is full")
        full = [await status(path) for path in (press, "/readyz", "/healthz/alerting", "/healthz")]

        companion.limit_files(resource.RLIM_INFINITY)
        await until(is_ready, "room again")
        assert full == [503, 503, 503, 200]
        assert await status(press) == 200
    finally:
        await companion.stop()

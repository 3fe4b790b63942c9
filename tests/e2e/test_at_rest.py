"""What a service has in memory: all that an alarm needs, before it says that it is ready, and nothing that this house has no use for."""

import re
from pathlib import Path

from tests.e2e import house
from tests.e2e.house import until
from tests.e2e.processes import CompanionProcess, Providers

NOT_ON_SQLITE = {"asyncpg", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql"}
NOT_IN_A_SERVICE = {"alembic", "mako", "rich", "typer", "click"}
NOT_SWITCHED_ON = {"zeroconf", "cryptography.x509", "jinja2.sandbox"}
NOT_CONFIGURED = {"telegram", "aiosmtplib", "aiomqtt", "paho", "pysnmp", "apprise"}
"""What channels are made with that this house does not have."""


async def test_the_first_alarm_is_told_without_importing_anything_and_a_service_has_nothing_that_it_needs_not(
    tmp_path: Path,
) -> None:
    providers = Providers(tmp_path)
    companion = CompanionProcess(tmp_path / "companion")
    companion.environment = {**companion.environment, "PYTHONVERBOSE": "1"}
    token = "phone-token-0123456789"

    async def is_told() -> bool:
        sent = await providers.received("signal")
        tickets = await providers.received("zammad")
        return any(one["path"] == "/v2/send" for one in sent) and any(
            one["path"] == "/api/v1/tickets" and one["method"] == "POST" for one in tickets
        )

    try:
        await providers.ready()
        await house.apply(companion, house.directory(providers, token))
        await companion.ready()
        at_start = _imported(companion)

        status, _ = await house.press(companion.url, token)
        await until(is_told, "a ticket and a message")

        assert status == 200
        assert _imported(companion) == at_start
    finally:
        await companion.stop()
        await providers.stop()

    assert {"aiohttp", "sqlalchemy", "companion.channels.zammad.sender"} <= at_start
    assert at_start.isdisjoint(NOT_ON_SQLITE | NOT_IN_A_SERVICE | NOT_SWITCHED_ON | NOT_CONFIGURED)


def _imported(companion: CompanionProcess) -> set[str]:
    """Return what the process has imported until now; it says so in its log."""
    return set(re.findall(r"^import '([\w.]+)' #", companion.log.read_text(), re.MULTILINE))

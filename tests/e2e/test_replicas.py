"""Two companions on one PostgreSQL: no alarm twice, no delivery lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import house
from tests.e2e.conftest import QUICK
from tests.e2e.house import ANNA, Api, until
from tests.e2e.processes import CompanionProcess, Providers

PHONES = 8
PRESSES = 10
ONE_ADDRESS = {"connections_per_address": str(2 * PHONES * PRESSES)}
"""All the phones of the tests have this host's address."""
SECRET = {"secret_key": "a-secret-key-for-both-replicas-of-the-tests"}


@pytest.fixture
async def replicas(
    tmp_path: Path, database_url: str, providers: Providers
) -> AsyncIterator[tuple[CompanionProcess, CompanionProcess, Api]]:
    first, second = (
        CompanionProcess(
            tmp_path / name,
            name=name,
            database_url=database_url,
            # On a busy machine, presses at once take longer than a short window.
            **QUICK | SECRET | ONE_ADDRESS | {"press_window_s": "120"},
        )
        for name in ("first", "second")
    )
    document = house.directory(providers, "unused-token-0123456789", steps=(0, 3600, 3600))
    phone = document["devices"][0]
    document["devices"] = [phone | {"id": f"phone-{n}", "token": token(n)} for n in range(PHONES)]
    await house.apply(first, document)
    key = await house.create_key(first, "admin", "Tests")
    # Both at once: their migrations race, too.
    await asyncio.gather(first.ready(), second.ready())
    yield first, second, Api(second.url, key)
    await asyncio.gather(first.kill(), second.kill())


def token(number: int) -> str:
    return f"token-of-phone-number-{number:04d}"


async def press_everywhere(
    first: CompanionProcess, second: CompanionProcess
) -> list[tuple[int, dict[str, Any]]]:
    """Press every key many times at both companions at once."""
    return await asyncio.gather(
        *(
            house.press(companion.url, token(phone))
            for phone in range(PHONES)
            for _ in range(PRESSES)
            for companion in (first, second)
        )
    )


async def all_sent(api: Api, alarm_ids: set[str]) -> bool:
    for alarm_id in alarm_ids:
        deliveries = (await api.get(f"/v1/alarms/{alarm_id}"))["deliveries"]
        if len(deliveries) < 2 or any(one["state"] not in {"sent", "delivered"} for one in deliveries):
            return False
    return True


async def test_presses_at_both_make_one_alarm_a_phone_and_one_page_a_person(
    replicas: tuple[CompanionProcess, CompanionProcess, Api], providers: Providers
) -> None:
    first, second, api = replicas

    answers = await press_everywhere(first, second)

    assert {status for status, _ in answers} == {200}
    alarm_ids = {answer["alarm_id"] for _, answer in answers}
    assert len(alarm_ids) == PHONES
    await until(lambda: all_sent(api, alarm_ids), "everything is sent")
    posts = [
        request
        for name in ("signal", "zammad")
        for request in await providers.received(name)
        if request["method"] == "POST" and request["path"] in {"/v2/send", "/api/v1/tickets"}
    ]
    keys = Counter(
        (post["path"], post["body"].get("tags"), str(post["body"].get("message"))) for post in posts
    )
    assert set(keys.values()) == {1}, "somebody was told twice"
    assert sum(1 for path, _, _ in keys if path == "/v2/send") == PHONES


async def test_what_a_killed_replica_held_is_sent_by_the_other_one(
    replicas: tuple[CompanionProcess, CompanionProcess, Api], providers: Providers
) -> None:
    first, second, api = replicas
    presses = asyncio.gather(
        *(house.press(first.url, token(phone)) for phone in range(PHONES)), return_exceptions=True
    )

    async def one_on_disk() -> bool:
        return len((await api.get("/v1/alarms"))["alarms"]) > 0

    await until(one_on_disk, "an alarm is on disk")
    await first.kill()

    answered = {answer[1]["alarm_id"] for answer in await presses if not isinstance(answer, BaseException)}
    alarms = {alarm["id"] for alarm in (await api.get("/v1/alarms"))["alarms"]}
    assert answered <= alarms
    await until(lambda: all_sent(api, alarms), "the other replica has sent everything", timeout_s=60)
    told = [
        request
        for request in await providers.received("signal")
        if request["path"] == "/v2/send" and ANNA in request["body"]["recipients"]
    ]
    assert len(told) >= len(alarms)
    assert second.running

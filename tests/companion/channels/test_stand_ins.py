"""The stand-ins are as strict as the real ones, and run as a process of their own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.fakes.signal import FakeSignal
from tests.fakes.zammad import FakeZammad

GOOD = {"number": "+4930123456", "recipients": ["+49170"], "message": "hello"}
TICKET = {"title": "x", "group": "Alarm", "customer_id": "guess:a@b.example", "tags": "alarm,ab-1"}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(http: aiohttp.ClientSession, url: str, body: Any, **headers: str) -> tuple[int, Any]:
    async with http.post(url, json=body, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    "change",
    [
        {"recipients": []},
        {"recipients": "+49170"},
        {"message": None},
        {"text_mode": "markdown"},
        {"quote_timestamp": "1700686413944"},
        {"mesage": "typo"},
        {"number": "+4999"},
        {"recipients": ["group.%%%"]},
    ],
    ids=str,
)
async def test_signal_answers_400_to_what_its_contract_does_not_allow(
    http: aiohttp.ClientSession, change: dict[str, Any]
) -> None:
    async with FakeSignal() as signal:
        status, answer = await post(http, f"{signal.url}/v2/send", GOOD | change)

    assert status == 400
    assert answer["error"]
    assert not signal.messages


async def test_signal_answers_201_with_a_timestamp_that_is_text_and_unique(
    http: aiohttp.ClientSession,
) -> None:
    async with FakeSignal() as signal:
        answers = [await post(http, f"{signal.url}/v2/send", GOOD) for _ in range(5)]

    assert {status for status, _answer in answers} == {201}
    assert len({answer["timestamp"] for _status, answer in answers}) == 5
    assert all(isinstance(answer["timestamp"], str) for _status, answer in answers)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": ""}, "Title can't be blank"),
        ({"group": None}, "Group can't be blank"),
        ({"group": "Nope"}, "No lookup value found for 'group'"),
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": "guess:nobody"}, "Invalid email"),
        ({"state": "exploded"}, "No lookup value found for 'state'"),
        ({"article": {"subject": "no body"}}, "Need at least article"),
    ],
    ids=str,
)
async def test_zammad_answers_422_and_says_why(
    http: aiohttp.ClientSession, change: dict[str, Any], said: str
) -> None:
    async with FakeZammad() as zammad:
        status, answer = await post(
            http, f"{zammad.url}/api/v1/tickets", TICKET | change, Authorization=f"Token token={zammad.token}"
        )

    assert status == 422
    assert said in answer["error"]
    assert not zammad.tickets


@pytest.mark.parametrize("authorization", ["", "Bearer zammad-token", "Token token=wrong", "zammad-token"])
async def test_zammad_wants_its_odd_form_of_token(http: aiohttp.ClientSession, authorization: str) -> None:
    async with FakeZammad() as zammad:
        status, _answer = await post(
            http, f"{zammad.url}/api/v1/tickets", TICKET, Authorization=authorization
        )

    assert status == 401


@pytest.mark.parametrize(
    ("lag", "has_index", "query", "found"),
    [
        (0, True, {"query": "tags:ab-1"}, 1),
        (60, True, {"query": "tags:ab-1"}, 0),
        (0, False, {"query": "tags:ab-1"}, 0),
        (60, True, {"condition[ticket.tags][value]": "ab-1"}, 1),
        (0, True, {"query": "tags:ab-2"}, 0),
    ],
    ids=["indexed", "not-yet-indexed", "no-search-index", "database", "another-tag"],
)
async def test_zammad_finds_late_by_query_and_at_once_by_condition(
    http: aiohttp.ClientSession,
    lag: int,
    has_index: bool,  # noqa: FBT001 - a column of the table
    query: dict[str, str],
    found: int,
) -> None:
    async with FakeZammad(index_lag=timedelta(seconds=lag), has_search_index=has_index) as zammad:
        token = f"Token token={zammad.token}"
        await post(http, f"{zammad.url}/api/v1/tickets", TICKET, Authorization=token)
        url = f"{zammad.url}/api/v1/tickets/search"
        async with http.get(url, params=query, headers={"Authorization": token}) as response:
            answer = await response.json()

    assert answer["tickets_count"] == found


async def test_the_process_shows_what_it_received_and_misbehaves_on_demand(
    http: aiohttp.ClientSession,
) -> None:
    command = [sys.executable, "-m", "tests.fakes.providers", "--zammad-port", "0", "--signal-port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        urls = {}
        while (line := (await process.stdout.readline()).decode().split()) != ["ready"]:
            urls[line[0]] = line[1]
        first = await post(http, f"{urls['signal']}/v2/send", GOOD)
        async with http.post(f"{urls['signal']}/_behave", json={"behaviour": "503", "times": 1}):
            pass
        second = await post(http, f"{urls['signal']}/v2/send", GOOD)
        third = await post(http, f"{urls['signal']}/v2/send", GOOD)
        async with http.get(f"{urls['signal']}/_received") as response:
            received = await response.json()
    finally:
        process.terminate()
        code = await process.wait()

    assert [first[0], second[0], third[0]] == [201, 503, 201]
    assert [one["status"] for one in received] == [201, None, 201]
    assert received[0]["body"] == GOOD
    assert received[0]["at"] < received[2]["at"]
    assert code == 0

"""The limit on one client, by a clock that the test moves."""

import pytest

from companion.rate_limit import RateLimit, client_key


def test_a_burst_is_let_through_and_then_one_must_wait() -> None:
    limit = RateLimit(3, 60)

    waits = [limit.take("a", now) for now in (0, 0, 0, 0, 10)]

    assert waits == [0, 0, 0, 20, 10]


def test_after_waiting_as_long_as_was_said_it_works_again() -> None:
    limit = RateLimit(1, 60)
    limit.take("a", 0)

    wait_s = limit.take("a", 1)

    assert limit.take("a", 1 + wait_s) == 0


def test_an_idle_client_does_not_save_up_more_than_a_burst() -> None:
    limit = RateLimit(2, 60)
    limit.take("a", 0)

    waits = [limit.take("a", 10_000) for _ in range(3)]

    assert [wait == 0 for wait in waits] == [True, True, False]


def test_one_client_does_not_use_up_the_limit_of_another() -> None:
    limit = RateLimit(1, 60)
    limit.take("a", 0)

    assert limit.take("b", 0) == 0


def test_however_many_clients_come_memory_stays_bounded() -> None:
    limit = RateLimit(1, 60, clients=10)

    for number in range(1000):
        limit.take(f"client {number}", 0)

    assert len(limit) == 10
    assert limit.take("client 999", 0) > 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
    ids=["one IPv6 network", "two IPv6 networks", "mapped IPv4", "two IPv4"],
)
def test_what_counts_as_one_client(one: str, other: str, *, same: bool) -> None:
    assert (client_key(one) == client_key(other)) is same

"""Which moves an alarm may make: the whole table."""

from itertools import product

import pytest

from companion.alarms.lifecycle import LEGAL, IllegalMove, Move, moved
from companion.alarms.model import Status

ILLEGAL = sorted(set(product(Status, Move)) - set(LEGAL))


@pytest.mark.parametrize(
    ("status", "move", "becomes"),
    [
        pytest.param("triggered", "acknowledge", "acknowledged", id="somebody answers"),
        pytest.param("acknowledged", "resolve", "resolved", id="it is over"),
        pytest.param("triggered", "cancel", "cancelled", id="false before anybody answered"),
        pytest.param("acknowledged", "cancel", "cancelled", id="false after somebody looked"),
    ],
)
def test_a_legal_move_leads_on(status: str, move: str, becomes: str) -> None:
    assert moved(Status(status), Move(move)) is Status(becomes)


def test_there_are_four_legal_moves() -> None:
    assert len(ILLEGAL) == len(Status) * len(Move) - 4


@pytest.mark.parametrize(("status", "move"), [pytest.param(*pair, id=" ".join(pair)) for pair in ILLEGAL])
def test_every_other_move_is_refused_with_a_sentence(status: Status, move: Move) -> None:
    refused = moved(status, move)

    assert isinstance(refused, IllegalMove)
    assert refused.reason.endswith(".")
    assert "Status" not in refused.reason


def test_nothing_leads_out_of_an_end() -> None:
    ends = {Status.RESOLVED, Status.CANCELLED}

    assert all(isinstance(moved(end, move), IllegalMove) for end, move in product(ends, Move))


def test_resolving_what_nobody_has_acknowledged_says_what_to_do_instead() -> None:
    refused = moved(Status.TRIGGERED, Move.RESOLVE)

    assert isinstance(refused, IllegalMove)
    assert "acknowledge it first" in refused.reason

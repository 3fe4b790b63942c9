"""Which moves an alarm may make: triggered → acknowledged → resolved, and → cancelled from both.

Only an answer that lapses leads back, and nobody makes it do so: see `AlarmTransaction.run_step`.
"""

from dataclasses import dataclass
from enum import StrEnum

from companion.alarms.model import Status


class Move(StrEnum):
    """What somebody wants to do with an alarm."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CANCEL = "cancel"


LEGAL: dict[tuple[Status, Move], Status] = {
    (Status.TRIGGERED, Move.ACKNOWLEDGE): Status.ACKNOWLEDGED,
    (Status.ACKNOWLEDGED, Move.RESOLVE): Status.RESOLVED,
    (Status.TRIGGERED, Move.CANCEL): Status.CANCELLED,
    (Status.ACKNOWLEDGED, Move.CANCEL): Status.CANCELLED,
}


@dataclass(frozen=True)
class IllegalMove:
    """Why a move was refused, in words for a person."""

    status: Status
    move: Move

    @property
    def reason(self) -> str:
        """Return what is the matter and what to do instead."""
        match self.status, self.move:
            case Status.TRIGGERED, Move.RESOLVE:
                return "Nobody has acknowledged this alarm yet: acknowledge it first, or cancel it if it was false."
            case Status.ACKNOWLEDGED, Move.ACKNOWLEDGE:
                return "Somebody has acknowledged this alarm already."
            case status, _:
                return f"This alarm is {status} already."


def moved(status: Status, move: Move) -> Status | IllegalMove:
    """Return the status after `move`, or why it cannot be made."""
    return LEGAL.get((status, move)) or IllegalMove(status, move)

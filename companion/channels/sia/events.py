"""What a message is to a monitoring station: an event code, or nothing. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from companion.channels.base import Message, MessageKind

NEW, OVER = 1, 3
"""Qualifiers of Contact ID: new event, restoral."""


class Format(StrEnum):
    """How events are written."""

    SIA = "sia-dcs"
    CONTACT_ID = "adm-cid"


@dataclass(frozen=True)
class Event:
    """A code in both languages."""

    sia: str
    contact_id: int
    qualifier: int = NEW


@dataclass(frozen=True)
class Codes:
    """What one sort of alarm is called."""

    raised: str
    cancelled: str
    contact_id: int

    @property
    def over(self) -> str:
        """The code of its restoral: the same letter, and an R."""
        return f"{self.raised[0]}R"


# SIA DC-03 (two letters) and DC-05 (Contact ID). Only burglary and fire have a cancel of their own; `OC` is the general one.
CODES = {
    "panic": Codes("PA", "OC", 120),
    "duress": Codes("HA", "OC", 121),
    "medical": Codes("MA", "OC", 100),
    "fire": Codes("FA", "FC", 110),
    "gas": Codes("GA", "OC", 151),
    "water": Codes("WA", "OC", 154),
    "burglary": Codes("BA", "BC", 130),
    "tamper": Codes("TA", "OC", 137),
    "technical": Codes("UA", "OC", 150),
}
BY_SOURCE = {"yealink": "panic", "panel": "burglary"}
"""For messages of an earlier version, which do not say what sort of alarm it is."""
TEST_ALARM = Event("BX", 601)
TEST, TROUBLE, TROUBLE_OVER = Event("RP", 602), Event("YX", 300), Event("YZ", 300, OVER)
VERIFIED = Event("BV", 139)


def event_of(message: Message) -> Event | None:
    """Return what the station is told; None: it has no word for it, such as for an acknowledgement."""
    match message.kind:
        case MessageKind.TEST:
            return TEST
        case MessageKind.TROUBLE:
            return TROUBLE
        case MessageKind.TROUBLE_OVER:
            return TROUBLE_OVER
        case _ if message.test:
            return TEST_ALARM if message.kind is MessageKind.PAGE else None
        case _:
            return _of_alarm(message)


def _of_alarm(message: Message) -> Event | None:
    kind = message.alarm_kind or BY_SOURCE.get(message.source, "technical")
    codes = CODES.get(kind, CODES["technical"])
    match message.kind:
        case MessageKind.PAGE | MessageKind.PRESSED_AGAIN | MessageKind.EXHAUSTED:
            return Event(codes.raised, codes.contact_id)
        case MessageKind.RESOLVED:
            return Event(codes.over, codes.contact_id, OVER)
        case MessageKind.CANCELLED:
            return Event(codes.cancelled, 406)
        case MessageKind.CONFIRMED | MessageKind.VERIFIED:
            return VERIFIED if kind == "burglary" else None
        case _:
            return None


def written(event: Event, how: Format, *, account: str, area: int, zone: int) -> str:
    """Return the data of a frame."""
    if how is Format.SIA:
        return f"#{account}|Nri{area}/{event.sia}{zone:03}"
    return f"#{account}|{event.qualifier}{event.contact_id:03} {area:02} {zone:03}"


def zone_of(message: Message, zones: dict[str, int], otherwise: int) -> int:
    """Return the number of the first place of the message that has one: its zones, its room."""
    said = [*str(message.details.get("zones", "")).split(", "), str(message.details.get("zone", ""))]
    for name in [*said, message.room or ""]:
        if name in zones:
            return zones[name]
    return otherwise

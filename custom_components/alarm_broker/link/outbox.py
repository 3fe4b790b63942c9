"""Events for the companion, kept until it has confirmed them.

A stream's sequences have no holes, so an event that may have been sent can neither be dropped nor renumbered in it.
When too many are waiting the outbox starts a *new* stream without the ones that say nothing any more; the contract
lets both sides count from 1 again, and every event is safe to hear twice (an alarm is raised once per uid).
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.stored import listed, mapping, text, whole
from ..system.storage import Written

COMPACT_ABOVE = 500
PICTURES_KEPT = 5
"""Each is up to 240 KiB of what is written with every decision of the panel; the house itself has them all on disk."""


_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "area_state": ("area",),
    "alarm_pending": ("uid",),
    "pending_cleared": ("uid",),
    "alarm_raised": ("uid",),
    "alarm_disarmed": ("uid",),
    "zone_tripped": ("uid",),
    "alarm_evidence": ("uid",),
}
"""By what events are told apart when too many wait."""


class Outbox:
    """The numbered events of this side; its content is stored by whoever calls it."""

    def __init__(self, saved: Mapping[str, Any] | None) -> None:
        """Go on from what was stored, or start the first stream. Raises one of UNREADABLE."""
        stored = mapping(saved or {"stream": str(uuid.uuid4()), "last": 0, "kept": []})
        self.stream = text(stored["stream"])
        self._last = whole(stored["last"])
        self._kept: list[Mapping[str, Any]] = [_event(one) for one in listed(stored["kept"])]
        if self._last < len(self._kept):
            raise ValueError("fewer events were numbered than are kept")
        self._stored_stream: str | None = self.stream if saved else None
        self._appended = self._released = 0
        self._still_telling = 0

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"stream": self.stream, "last": self._last, "kept": list(self._kept)}

    def __len__(self) -> int:
        """Return how many events the companion has not confirmed."""
        return len(self._kept)

    def append(self, body: Mapping[str, Any]) -> None:
        """Keep one more event; it is shown by `after` once it has been stored."""
        if has_picture(body):
            self._kept = with_fewer_pictures(self._kept, body["uid"])
        self._kept.append(dict(body))
        self._last += 1
        self._appended += 1
        # Alarms are never dropped: if they alone are this many, look again only when there are many more.
        if len(self._kept) > max(COMPACT_ABOVE, 2 * self._still_telling):
            self._kept = still_telling(self._kept)
            self.restart()
            self._still_telling = len(self._kept)

    def begin_write(self) -> Written:
        """Return what to call when the write that has all of this has ended, with whether the disk took it."""
        appended, stream = self._appended, self.stream

        def ended(*, taken: bool) -> None:
            self._released = max(self._released, appended)
            if taken:
                self._stored_stream = stream
            elif self._stored_stream == self.stream:
                # Told all the same. After a crash other events would get these numbers, so not in this stream.
                self.restart()

        return ended

    def after(self, seq: int) -> list[tuple[int, Mapping[str, Any]]]:
        """Return the kept events above `seq`, numbered, in order; none whose write has not ended yet."""
        first = self._last - len(self._kept) + 1
        shown = self._kept[: max(0, len(self._kept) - (self._appended - self._released))]
        return [(first + index, body) for index, body in enumerate(shown) if first + index > seq]

    def confirm(self, seq: int) -> bool:
        """Forget everything up to `seq`; return False when that cannot be this stream's number."""
        first = self._last - len(self._kept) + 1
        if not first - 1 <= seq <= self._last:
            return seq < first  # said twice: harmless
        del self._kept[: seq - first + 1]
        return True

    def resume(self, received: int) -> bool:
        """Take the companion's word on what it has; return False when it can only be about another past.

        It has more than was ever sent (this side came back from a backup), or it lacks what was forgotten here
        because it had confirmed it (that side did). Neither can be mended in this stream.
        """
        first = self._last - len(self._kept) + 1
        return first - 1 <= received <= self._last and self.confirm(received)

    def restart(self) -> None:
        """Begin a new stream with the kept events, numbered from 1."""
        self.stream = str(uuid.uuid4())
        self._last = len(self._kept)


def _event(stored: object) -> Mapping[str, Any]:
    """Return a stored event that has what is asked of it here."""
    event = mapping(stored)
    for name in ("kind", *_NAMED_BY.get(event["kind"], ())):
        text(event[name])
    return event


def has_picture(event: Mapping[str, Any]) -> bool:
    """Return whether an event carries a picture of an alarm."""
    return event["kind"] == "alarm_evidence" and event.get("picture") is not None


def with_fewer_pictures(events: Sequence[Mapping[str, Any]], uid: str) -> list[Mapping[str, Any]]:
    """Return the events without the pictures that make room for one more of the alarm `uid`.

    Its older ones, and those of the oldest alarms. The events stay, so that the numbers do: the companion, which may
    have them already, keeps the last picture when it hears of none.
    """
    others = [index for index, event in enumerate(events) if has_picture(event) and event["uid"] != uid]
    stay = set(others[-(PICTURES_KEPT - 1) :])
    return [
        {**event, "picture": None} if has_picture(event) and index not in stay else event
        for index, event in enumerate(events)
    ]


def still_telling(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the events without those that a later one has made pointless.

    An older state of an area, an entry delay that was cleared in time, further zones of an alarm that somebody
    with a code has ended, and older evidence without a picture. Alarms, and what people decided about them, stay.
    """
    newest_state = {
        event["area"]: index for index, event in enumerate(events) if event["kind"] == "area_state"
    }
    cleared = {event["uid"] for event in events if event["kind"] == "pending_cleared"}
    raised = {event["uid"] for event in events if event["kind"] == "alarm_raised"}
    ended = {event["uid"] for event in events if event["kind"] == "alarm_disarmed"}
    newest_word = {
        event["uid"]: index for index, event in enumerate(events) if event["kind"] == "alarm_evidence"
    }

    def tells(index: int, event: Mapping[str, Any]) -> bool:
        match event["kind"]:
            case "area_state":
                return newest_state[event["area"]] == index
            case "alarm_pending":
                return event["uid"] not in cleared or event["uid"] in raised
            # A pending_cleared stays: its alarm_pending may be at the companion already, and then only this
            # keeps the companion from raising the alarm.
            case "zone_tripped":
                return event["uid"] not in ended
            case "alarm_evidence":
                return newest_word[event["uid"]] == index or has_picture(event)
            case _:
                return True

    return [event for index, event in enumerate(events) if tells(index, event)]

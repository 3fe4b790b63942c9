"""What is refused: nothing has changed then."""

from companion.alarms.lifecycle import IllegalMove
from companion.alarms.model import Alarm


class AlarmNotFound(Exception):
    """There is no alarm with this id."""

    def __init__(self, alarm_id: str) -> None:
        super().__init__(f"There is no alarm {alarm_id}.")
        self.alarm_id = alarm_id


class DeliveryNotFound(Exception):
    """There is no delivery with this id."""

    def __init__(self, delivery_id: str) -> None:
        super().__init__(f"There is no delivery {delivery_id}.")
        self.delivery_id = delivery_id


class MoveRefused(Exception):
    """The alarm's life does not allow it; nothing has changed."""

    def __init__(self, alarm: Alarm, refusal: IllegalMove) -> None:
        super().__init__(refusal.reason)
        self.alarm = alarm
        self.refusal = refusal


class RetryRefused(Exception):
    """The delivery cannot be tried again; the message says why."""

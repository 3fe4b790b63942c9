"""What the system's options say about notifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..core.option_spec import duration, optional_phone_number, targets, within


@dataclass(frozen=True, slots=True, kw_only=True)
class PushConfig:
    """Whom to tell besides the people who live here, and how."""

    notify_targets: Sequence[str] = targets()
    """Phones of the household: told of every alarm at once."""
    duress_targets: Sequence[str] = targets()
    """Who learns of duress codes and silent alarms."""
    confirm_after: timedelta = duration(30, "s", within(0, 600), key="push_confirm")
    """So long the phones have to say that an alarm has arrived; zero does not wait for that."""
    call_number: str | None = optional_phone_number()
    """A button on the phone dials it."""

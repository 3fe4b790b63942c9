"""What a loaded entry holds, and the type of the entry that holds it."""

from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry

from .household.calendar_actions import WindowEffects
from .household.calendars import Calendars
from .household.tracker import Household
from .link.client import LinkClient
from .link.health import LinkWatch
from .link.outbox import Outbox
from .link.registry import AlarmRegistry
from .push.notifier import AlarmPush
from .system.journal import Journal
from .system.supervision import Supervision
from .system.system import AlarmSystem
from .verification.health import CameraWatch
from .verification.store import EvidenceStore
from .verification.tracker import Verification


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeData:
    """Everything that lives as long as the entry is loaded."""

    system: AlarmSystem
    """The panel and its shell: always there, with or without a companion."""

    hub_device_id: str
    """In the device registry; the areas' devices are connected through it."""

    supervision: Supervision
    """What is wrong without being an alarm."""

    journal: Journal
    """What has happened, for those who may see it."""

    alarms: AlarmRegistry
    """The registry of alarms: the companion's and the panel's own."""

    outbox: Outbox | None
    """Events kept for the companion; None for a panel alone."""

    link: LinkClient | None
    """The connection to the companion; None for a panel alone."""

    watch: LinkWatch | None
    """Whether the companion's word can be trusted now; None for a panel alone."""

    household: Household
    """Who is home."""

    window_effects: WindowEffects
    """What begins and ends with a window of a calendar."""

    calendars: Calendars
    """Which windows of calendars run."""

    verification: Verification
    """How sure the alarms are."""

    evidence: EvidenceStore
    """The alarms' pictures on disk."""

    camera_watch: CameraWatch
    """Whether the servers of the cameras answer."""

    push: AlarmPush
    """Who is told on their phones."""

    offered: set[tuple[str, str]] = field(default_factory=set)
    """Platform and unique id of every entity there is now, also of those that somebody disabled."""

    quietly_removed: list[str] = field(default_factory=list)
    """Users who are taken out of the configuration as their code is over: nothing is set up anew for one of these."""


type AlarmBrokerConfigEntry = ConfigEntry[RuntimeData]

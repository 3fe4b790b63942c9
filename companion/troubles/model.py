"""What a trouble is, and when somebody must be told of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from companion.texts.reasons import Reason

TELL_AGAIN_AFTER = timedelta(hours=1)
"""One that comes and goes is told at most this often; if it stays, it is told once this time is over."""

STORM = 3
"""So many of one kind are told one by one; more within STORM_LASTS of them are told together."""
STORM_LASTS = timedelta(minutes=10)

MORE = "more"
"""The fact of a message that stands for several troubles of one kind: how many there are besides."""

type Fact = str | int | float | bool | Reason


class TroubleKind(StrEnum):
    """What can be wrong. Each has its texts in `companion.texts` and in Home Assistant's translations."""

    CHANNEL_REFUSES = "channel_refuses"
    """A channel takes no messages. Subject: the channel. Facts: `failures` in a row, `reason` as its provider says it."""
    CHANNEL_QUOTA = "channel_quota"
    """Few messages are left of those that a channel's provider takes. Subject: the channel. Facts: `reason`, how many are used."""
    ALARM_TOLD_NOBODY = "alarm_told_nobody"
    """An alarm ran through its policy and reached no address at all. Subject: the alarm's title."""
    STEP_REACHED_NOBODY = "step_reached_nobody"
    """A step of an alarm's policy has reached nobody; the next one was not waited for. Subject: the alarm's title."""
    ALARM_UNANSWERED = "alarm_unanswered"
    """Nobody has answered an alarm, and there is nobody left to tell: no last resort. Subject: the alarm's title."""
    SITE_REACHES_NOBODY = "site_reaches_nobody"
    """Alarms of a site would tell nobody. Subject: the site. Facts: `cause`, a `directory.reach.Cause`."""
    KEY_REACHES_NOBODY = "key_reaches_nobody"
    """A panic key leads to nobody. Subject: the device. Facts: `cause`, a `directory.reach.Cause`."""
    PANEL_REACHES_NOBODY = "panel_reaches_nobody"
    """Alarms of a Home Assistant belong to no site, and there is no last resort. Subject: its name."""
    PANEL_UNKNOWN = "panel_unknown"
    """A panel has lost its file and does not know whether it is armed. Subject: its Home Assistant. Facts: `areas`, and
    `last_known`, how they were when the companion last heard."""


SHARED_KINDS = frozenset({TroubleKind.CHANNEL_REFUSES.value, TroubleKind.CHANNEL_QUOTA.value})
"""Without a site these are about something that all sites share; every other kind is about something that belongs to none."""


class TroubleSeverity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    """Alarms are still told, an operator should look."""
    ERROR = "error"
    """An alarm would not be told as it should be, or was not."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that is, or was, wrong. The fields are the columns of its table."""

    key: str
    """Kind and the id of its subject: reported twice it is one trouble."""
    kind: str
    """A TroubleKind, or what a newer version has written."""
    subject: str
    """What it is about, by its name."""
    site_id: str | None
    """None: about what all sites share (SHARED_KINDS), or about what belongs to none."""
    hidden: bool
    """It is about a silent alarm: no Home Assistant is told, as whoever stands at its screen must not know."""
    facts: Mapping[str, Fact]
    """Codes and values, never sentences of ours: those are written in the reader's language."""
    severity: TroubleSeverity
    since: datetime
    """When this bout began."""
    last_at: datetime
    """When it was reported last."""
    told_at: datetime | None
    """When the operators were told last, in this bout or in an earlier one."""
    cleared_at: datetime | None
    """When it was over; None while it is not."""

    @property
    def is_open(self) -> bool:
        """Return whether it is still so."""
        return self.cleared_at is None

    @property
    def is_shared(self) -> bool:
        """Return whether it is every site's business."""
        return self.site_id is None and self.kind in SHARED_KINDS

    @property
    def is_told(self) -> bool:
        """Return whether the operators know of this bout."""
        return self.told_at is not None and self.told_at >= self.since


def trouble_key(kind: TroubleKind, subject_id: str) -> str:
    """Return the key of this kind of trouble with this thing."""
    return f"{kind.value}:{subject_id}"[:200]


def must_be_told(trouble: Trouble, now: datetime) -> bool:
    """Return whether the operators must be told now: once a bout, and no oftener than TELL_AGAIN_AFTER."""
    if not trouble.is_open or trouble.is_told:
        return False
    return trouble.told_at is None or now - trouble.told_at >= TELL_AGAIN_AFTER

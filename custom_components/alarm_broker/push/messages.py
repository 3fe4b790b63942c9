"""What a phone shows: title, message and the data that makes it heard, as the app of Home Assistant takes it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeassistant.util import dt as dt_util

from ..link.alarm import Alarm
from ..link.companion_events import Status
from ..link.wording import alarm_title, remarks
from ..system.activity import Activity, ActivityKind
from ..texts.language import texts_for
from ..texts.model import PushTexts
from .actions import PushAction, RefusedPress

ACTION_PREFIX = "ALARM_BROKER_"
GROUP = "alarm_broker"
CLEAR = "clear_notification"
ARMING_TAG = "alarm_broker_arming"
NAMES_SHOWN = 12
VERIFIED_FROM = 2
"""The validation level from which somebody is known to be there (ANSI/TMA-AVS-01)."""

NOTICE_BUTTONS: Mapping[ActivityKind, tuple[PushAction, ...]] = {
    ActivityKind.ARM_REMINDER: (PushAction.ARM,),
    ActivityKind.AUTO_ARM_ANNOUNCED: (PushAction.POSTPONE, PushAction.CALL_OFF),
    ActivityKind.AUTO_ARM_FAILED: (PushAction.FORCE_ARM,),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PushMessage:
    """One notification; `data` is what the companion app of Home Assistant understands."""

    title: str
    message: str
    data: dict[str, Any]

    @property
    def clears(self) -> bool:
        """Return whether it only takes another one away."""
        return self.message == CLEAR


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What is known of how sure an alarm is."""

    level: int
    picture: str | None = None
    """A signed path."""
    camera: str | None = None
    label: str | None = None
    score: float | None = None


def push_message(
    alarm: Alarm,
    *,
    language: str,
    buttons: Sequence[Mapping[str, Any]] = (),
    exhausted: bool = False,
    kept_for: str | None = None,
    shown: Shown | None = None,
    zones: Sequence[str] = (),
    confirmed: bool = False,
    update: bool = False,
) -> PushMessage:
    """Return what to show for the alarm as it is.

    `kept_for` names who answered while the companion is away; `zones` are all that have tripped by now, `confirmed`
    that they are of one mind; an `update` of what is shown already makes no sound.
    """
    texts = texts_for(language)
    words = texts.push
    heading = words.statuses[alarm.status]
    if alarm.status is Status.TRIGGERED:
        verified = shown is not None and shown.level >= VERIFIED_FROM
        heading = words.exhausted if exhausted else words.verified if verified else heading
    if kind := texts.titles.heads.get(alarm.alarm_kind):
        heading = f"{heading}{texts.colon}{kind}"
    if alarm.test:
        heading = f"{words.test}{texts.colon}{heading}"
    title = alarm_title(alarm, texts)
    lines = [title]
    if ", ".join(zones) not in title:
        lines.append(words.zones.format(count=len(zones), zones=_listed(zones)))
    if said := remarks(alarm, texts, confirmed=confirmed):
        lines.append(said)
    if alarm.where and not alarm.local:
        lines.append(f"{words.where}{texts.colon}{alarm.where}")
    if alarm.person:
        lines.append(f"{words.who}{texts.colon}{alarm.person}")
    if shown is not None:
        lines += _shown_lines(shown, words)
    by = kept_for or (alarm.acknowledged_by if alarm.is_open else alarm.closed_by)
    if by:
        lines.append(f"{words.by}{texts.colon}{by}")
    if kept_for:
        lines.append(words.kept)
    if alarm.aborted and alarm.status is Status.CANCELLED:
        # ANSI/SIA CP-01, abort annunciation: whoever disarmed in time learns that nothing was sent.
        lines.append(words.aborted)
    loud = alarm.status is Status.TRIGGERED and kept_for is None
    volume = _SILENT if update else _QUIET if not loud else _volume(alarm)
    data = _data(alarm.id, volume, buttons)
    if alarm.is_open:
        # Android takes a notification away when it or one of its buttons is touched.
        data["sticky"] = "true"
    if loud and not update:
        data["confirmation"] = True
    if shown is not None and shown.picture is not None:
        data["image"] = shown.picture
    return PushMessage(title=heading, message="\n".join(lines), data=data)


def pending_message(
    uid: str, *, where: str, zone: str, until: str, language: str, buttons: Sequence[Mapping[str, Any]]
) -> PushMessage:
    """Return what to show while an entry delay runs; the alarm that it becomes takes its place by the tag."""
    texts = texts_for(language)
    message = f"{where}{texts.colon}{zone}\n{texts.push.disarm_by.format(until=until)}"
    data = {**_data(uid, _TIMELY, buttons), "sticky": "true"}
    return PushMessage(title=texts.push.pending, message=message, data=data)


def clear_message(tag: str) -> PushMessage:
    """Return what takes a notification off every phone."""
    # As urgent as what it clears, or a sleeping Android phone takes it off much later.
    return PushMessage(title="", message=CLEAR, data={"tag": tag, "ttl": 0, "priority": "high"})


def silent_message(alarm: Alarm, *, language: str) -> PushMessage:
    """Return what those learn who may know of a silent alarm."""
    texts = texts_for(language)
    words, kind = texts.push, texts.titles.heads.get(alarm.alarm_kind, alarm.alarm_kind)
    lines = [alarm_title(alarm, texts), remarks(alarm, texts), words.silent_hint]
    return PushMessage(
        title=f"{words.silent}{texts.colon}{kind}",
        message="\n".join(filter(None, lines)),
        data=_data(alarm.id, _LOUD),
    )


def errand_message(tag: str, *, title: str, message: str, urgent: bool) -> PushMessage:
    """Return what the companion wants said about an alarm that this Home Assistant does not know."""
    return PushMessage(title=title, message=message, data=_data(tag, _LOUD if urgent else _QUIET))


def notice_message(
    activity: Activity,
    *,
    title: str,
    language: str,
    buttons: Sequence[Mapping[str, Any]] = (),
    reason: str = "",
    update: bool = False,
) -> PushMessage | None:
    """Return the short notice about something that is no alarm, or None for what phones are not bothered with.

    `reason` says in the language why it could not be done; an `update` of what is shown already makes no sound.
    """
    texts = texts_for(language)
    if (text := texts.push.notices.get(activity.kind)) is None:
        return None
    data = activity.data
    trouble = data.get("trouble")
    where = _listed(activity.zones) or data.get("source") or ""
    said = texts.troubles[trouble] if trouble else ""
    if (count := len(activity.zones)) > 1:
        said = f"{said} ({count}){texts.colon}{where}"
    elif where:
        said = f"{where}{texts.colon}{said}"
    until = dt_util.parse_datetime(str(data.get("until") or ""))
    lines = [
        text.format(
            zones=where,
            trouble=said,
            areas=activity.area_name or title,
            by=activity.by or "",
            reason=reason,
            until="" if until is None else dt_util.as_local(until).strftime("%H:%M"),
        )
    ]
    if activity.kind in NOTICE_BUTTONS and activity.zones:
        lines.append(texts.push.open.format(zones=", ".join(activity.zones)))
    urgent = activity.kind in NOTICE_BUTTONS or activity.kind is ActivityKind.ARRIVED_WHILE_ARMED
    volume = _SILENT if update else _TIMELY if urgent else _QUIET
    return PushMessage(
        title=title,
        message="\n".join(line.strip() for line in lines),
        data=_data(notice_tag(activity), volume, buttons),
    )


def notice_tag(activity: Activity) -> str:
    """Return what a newer notice of the same replaces; a trouble replaces, and its end ends, only one of its kind."""
    if activity.kind in NOTICE_BUTTONS:
        return ARMING_TAG
    where = activity.area_id or ", ".join(activity.zones) or activity.data.get("source") or ""
    if activity.kind in (ActivityKind.TROUBLE, ActivityKind.TROUBLE_CLEARED):
        return f"alarm_broker_trouble_{activity.data.get('trouble')}_{where}"
    return f"alarm_broker_{activity.kind.value}_{where}"


def refused_message(reason: RefusedPress, *, title: str, language: str) -> PushMessage:
    """Return what whoever pressed a button that does nothing is told."""
    message = texts_for(language).push.refused[reason]
    return PushMessage(title=title, message=message, data=_data("alarm_broker_refused", _QUIET))


def failed_message(reason: str, *, title: str, buttons: Sequence[Mapping[str, Any]]) -> PushMessage:
    """Return what whoever pressed a button in vain is told; the buttons are for another try."""
    return PushMessage(title=title, message=reason, data=_data("alarm_broker_failed", _TIMELY, buttons))


def button(action: PushAction, word: str, *, language: str) -> dict[str, Any]:
    """Return a button as the app of Home Assistant takes it; what is stronger asks for the unlocked phone."""
    words = texts_for(language).push
    shown: dict[str, Any] = {"action": ACTION_PREFIX + word, "title": words.buttons[action]}
    if action is not PushAction.ACKNOWLEDGE:
        shown["authenticationRequired"] = True
    if action in (PushAction.DISARM, PushAction.FALSE_ALARM):
        shown["destructive"] = True
    if action is PushAction.DISARM_WITH_CODE:
        shown |= {
            "behavior": "textInput",
            "textInputButtonTitle": shown["title"],
            "textInputPlaceholder": words.code,
        }
    return shown


def call_button(number: str, *, language: str, android: bool) -> dict[str, Any]:
    """Return the button that dials a number."""
    title = texts_for(language).push.call.format(number=number)
    # Android's app takes what is no web address for a page of Home Assistant, unless this stands before it.
    scheme = "deep-link://tel:" if android else "tel:"
    return {"action": "URI", "title": title, "uri": scheme + number.replace(" ", "")}


def _listed(names: Sequence[str]) -> str:
    """Return names as a phone has room for them; how many there are is said apart."""
    return ", ".join((*names[:NAMES_SHOWN], *(["…"] if len(names) > NAMES_SHOWN else [])))


def _shown_lines(shown: Shown, words: PushTexts) -> Iterator[str]:
    if shown.camera is not None and shown.label is not None and shown.score is not None:
        yield words.seen.format(camera=shown.camera, label=shown.label, percent=round(100 * shown.score))
    elif shown.camera is not None:
        yield shown.camera
    if shown.level != 1:
        yield words.level.format(level=shown.level, words=words.levels[shown.level])


# Home Assistant companion app: critical notifications sound on a muted iPhone; ttl 0 and priority high wake an
# Android phone at once, and the channel alarm_stream sounds as an alarm clock does.
_LOUD: dict[str, Any] = {
    "ttl": 0,
    "priority": "high",
    "channel": "alarm_stream",
    "push": {
        "interruption-level": "critical",
        "sound": {"name": "default", "critical": 1, "volume": 1.0},
    },
}
_TIMELY: dict[str, Any] = {
    "ttl": 0,
    "priority": "high",
    "channel": "alarm_updates",
    "push": {"interruption-level": "time-sensitive"},
}
_QUIET: dict[str, Any] = {"ttl": 0, "priority": "high", "channel": "alarm_updates"}
_SILENT: dict[str, Any] = {
    **_QUIET,
    "alert_once": True,
    "push": {"interruption-level": "passive", "sound": "none"},
}


def _volume(alarm: Alarm) -> dict[str, Any]:
    return _LOUD if alarm.severity == "critical" else _TIMELY


def _data(tag: str, volume: Mapping[str, Any], buttons: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    actions = {"actions": [dict(button) for button in buttons]} if buttons else {}
    return {"tag": tag, "group": GROUP, **volume, **actions}

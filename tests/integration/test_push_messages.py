"""What notifications say and carry, as the app of Home Assistant takes it: docs/push.md, executable."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeassistant.util import dt as dt_util

from custom_components.alarm_broker.link.alarm import Alarm
from custom_components.alarm_broker.link.companion_events import Status, TitleParts
from custom_components.alarm_broker.link.events import AlarmFacts
from custom_components.alarm_broker.push.actions import PushAction, RefusedPress
from custom_components.alarm_broker.push.messages import (
    PushMessage,
    Shown,
    button,
    call_button,
    clear_message,
    failed_message,
    notice_message,
    notice_tag,
    pending_message,
    push_message,
    refused_message,
    silent_message,
)
from custom_components.alarm_broker.system.activity import Activity, ActivityKind

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
BURGLARY = Alarm(
    id="a1",
    local=True,
    source="panel",
    alarm_kind="burglary",
    title="Home: Front door",
    site="Home",
    room="Front door",
    raised_at=NOW,
)
PANIC_KEY = Alarm(
    id="c1",
    source="yealink",
    alarm_kind="panic",
    title="Panic key: Reception",
    site="Head office",
    room="Reception",
    person="Anna Example",
    raised_at=NOW,
)
ACKNOWLEDGED = replace(BURGLARY, status=Status.ACKNOWLEDGED, acknowledged_by="Anna")
RESOLVED = replace(ACKNOWLEDGED, status=Status.RESOLVED, closed_by="Ben")
CANCELLED = replace(BURGLARY, status=Status.CANCELLED, closed_by="Ben")
SEEN = Shown(level=2, picture="/signed.jpg", camera="Porch", label="person", score=0.874)

CRITICAL = {
    "interruption-level": "critical",
    "sound": {"name": "default", "critical": 1, "volume": 1.0},
}
TIMELY = {"interruption-level": "time-sensitive"}


def said(message: PushMessage) -> list[str]:
    return [message.title, *message.message.split("\n")]


@pytest.mark.parametrize(
    ("alarm", "changes", "english", "german"),
    [
        (BURGLARY, {}, ["Alarm: Burglary", "Home: Front door"], ["Alarm: Einbruch", "Home: Front door"]),
        (
            PANIC_KEY,
            {},
            [
                "Alarm: Panic",
                "Panic key: Reception",
                "Where: Head office, Reception",
                "Who: Anna Example",
            ],
            [
                "Alarm: Überfall",
                "Panic key: Reception",
                "Wo: Head office, Reception",
                "Wer: Anna Example",
            ],
        ),
        (
            replace(BURGLARY, test=True),
            {},
            ["TEST: Alarm: Burglary", "Home: Front door"],
            ["TEST: Alarm: Einbruch", "Home: Front door"],
        ),
        (
            replace(BURGLARY, facts=AlarmFacts(confirmed=True)),
            {},
            ["Alarm: Burglary", "Home: Front door", "Raised by hand. Confirmed: more than one zone."],
            ["Alarm: Einbruch", "Home: Front door", "Von Hand ausgelöst. Bestätigt: mehr als eine Zone."],
        ),
        (
            BURGLARY,
            {"exhausted": True},
            ["Nobody has answered: Burglary", "Home: Front door"],
            ["Niemand hat geantwortet: Einbruch", "Home: Front door"],
        ),
        (
            BURGLARY,
            {"shown": SEEN, "update": True},
            [
                "Verified alarm: Burglary",
                "Home: Front door",
                "Porch: person 87 %",
                "Validation level 2: somebody is there",
            ],
            [
                "Verifizierter Alarm: Einbruch",
                "Home: Front door",
                "Porch: person 87 %",
                "Bestätigungsstufe 2: jemand ist dort",
            ],
        ),
        (
            BURGLARY,
            {"shown": Shown(level=1, camera="Porch"), "update": True},
            ["Alarm: Burglary", "Home: Front door", "Porch"],
            ["Alarm: Einbruch", "Home: Front door", "Porch"],
        ),
        (
            BURGLARY,
            {"shown": Shown(level=0), "update": True},
            ["Alarm: Burglary", "Home: Front door", "Validation level 0: nothing to respond to"],
            ["Alarm: Einbruch", "Home: Front door", "Bestätigungsstufe 0: nichts zu tun"],
        ),
        (
            BURGLARY,
            {"kept_for": "Anna"},
            [
                "Alarm: Burglary",
                "Home: Front door",
                "By: Anna",
                "Kept: it is passed on as soon as the companion is back.",
            ],
            [
                "Alarm: Einbruch",
                "Home: Front door",
                "Von: Anna",
                "Vorgemerkt: wird weitergegeben, sobald der Begleitdienst wieder da ist.",
            ],
        ),
        (
            ACKNOWLEDGED,
            {},
            ["Acknowledged: Burglary", "Home: Front door", "By: Anna"],
            ["Bestätigt: Einbruch", "Home: Front door", "Von: Anna"],
        ),
        (
            RESOLVED,
            {},
            ["Resolved: Burglary", "Home: Front door", "By: Ben"],
            ["Erledigt: Einbruch", "Home: Front door", "Von: Ben"],
        ),
        (
            CANCELLED,
            {},
            ["False alarm: Burglary", "Home: Front door", "By: Ben"],
            ["Fehlalarm: Einbruch", "Home: Front door", "Von: Ben"],
        ),
        (
            replace(CANCELLED, aborted=True),
            {},
            ["False alarm: Burglary", "Home: Front door", "By: Ben", "Nobody outside was told."],
            ["Fehlalarm: Einbruch", "Home: Front door", "Von: Ben", "Außerhalb wurde niemand verständigt."],
        ),
    ],
    ids=[
        "triggered",
        "a panic key",
        "a test",
        "what the panel adds",
        "nobody answers",
        "verified",
        "a picture of nothing in particular",
        "known to be nothing",
        "answer kept",
        "acknowledged",
        "resolved",
        "cancelled",
        "aborted",
    ],
)
def test_an_alarm_in_words(
    alarm: Alarm, changes: dict[str, Any], english: list[str], german: list[str]
) -> None:
    assert said(push_message(alarm, language="en-GB", **changes)) == english
    assert said(push_message(alarm, language="de-CH", **changes)) == german


def test_whoever_speaks_another_language_reads_english() -> None:
    assert push_message(BURGLARY, language="pl").title == "Alarm: Burglary"


@pytest.mark.parametrize(
    ("facts", "changes", "english", "german"),
    [
        (AlarmFacts(by="Anna"), {}, "Raised by Anna.", "Ausgelöst von Anna."),
        (AlarmFacts(), {"zones": ()}, "Raised by hand.", "Von Hand ausgelöst."),
        (AlarmFacts(), {"zones": (), "test": True}, "Test alarm.", "Testalarm."),
        (AlarmFacts(by="Anna"), {"test": True}, "Test alarm by Anna.", "Testalarm von Anna."),
        (
            AlarmFacts(exit_error=True),
            {},
            "Exit error: still open when the exit delay ended.",
            "Beim Scharfschalten noch offen.",
        ),
        (
            AlarmFacts(recent_closing=True, during_outage=True),
            {},
            (
                "Recent closing: the area had just been armed. "
                "The entry delay ran out while Home Assistant was not running."
            ),
            (
                "Der Bereich war gerade erst scharf geschaltet worden. "
                "Die Eingangsverzögerung lief ab, während Home Assistant nicht lief."
            ),
        ),
    ],
)
def test_what_the_panel_knows_of_an_alarm_is_said_in_the_readers_language(
    facts: AlarmFacts, changes: dict[str, Any], english: str, german: str
) -> None:
    alarm = replace(BURGLARY, facts=facts, zones=("Front door",))
    alarm = replace(alarm, **changes)

    assert push_message(alarm, language="en").message.split("\n")[-1] == english
    assert push_message(alarm, language="de").message.split("\n")[-1] == german


def test_an_alarm_that_another_panel_raised_is_not_said_to_be_raised_by_hand() -> None:
    assert push_message(PANIC_KEY, language="en").message.startswith("Panic key: Reception\nWhere")


@pytest.mark.parametrize(
    ("parts", "english", "german"),
    [
        (TitleParts(head="panic_key", where="Reception"), "Panic key: Reception", "Paniktaste: Reception"),
        (
            TitleParts(head="panic_key", where="Desk", room_unknown=True),
            "Panic key: Desk, room unknown",
            "Paniktaste: Desk, Raum unbekannt",
        ),
        (TitleParts(head="earthquake", where="Reception"), "As it came", "As it came"),
        (None, "As it came", "As it came"),
    ],
)
def test_a_title_that_the_companion_has_made_is_read_in_the_readers_language(
    parts: TitleParts | None, english: str, german: str
) -> None:
    alarm = replace(PANIC_KEY, title="As it came", title_parts=parts)

    assert said(push_message(alarm, language="en"))[1] == english
    assert said(push_message(alarm, language="de"))[1] == german


@pytest.mark.parametrize(
    ("message", "data"),
    [
        (
            push_message(BURGLARY, language="en"),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_stream",
                "push": CRITICAL,
                "sticky": "true",
                "confirmation": True,
            },
        ),
        (
            push_message(replace(BURGLARY, severity="warning"), language="en"),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_updates",
                "push": TIMELY,
                "sticky": "true",
                "confirmation": True,
            },
        ),
        (
            push_message(BURGLARY, language="en", shown=SEEN, update=True),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_updates",
                "alert_once": True,
                "push": {"interruption-level": "passive", "sound": "none"},
                "sticky": "true",
                "image": "/signed.jpg",
            },
        ),
        (
            push_message(BURGLARY, language="en", exhausted=True, shown=SEEN),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_stream",
                "push": CRITICAL,
                "sticky": "true",
                "confirmation": True,
                "image": "/signed.jpg",
            },
        ),
        (
            push_message(ACKNOWLEDGED, language="en"),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_updates",
                "sticky": "true",
            },
        ),
        (
            push_message(RESOLVED, language="en"),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_updates",
            },
        ),
        (
            push_message(BURGLARY, language="en", kept_for="Anna"),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_updates",
                "sticky": "true",
            },
        ),
        (clear_message("a1"), {"tag": "a1", "ttl": 0, "priority": "high"}),
        (
            silent_message(BURGLARY, language="en"),
            {
                "tag": "a1",
                "group": "alarm_broker",
                "ttl": 0,
                "priority": "high",
                "channel": "alarm_stream",
                "push": CRITICAL,
            },
        ),
    ],
    ids=[
        "critical",
        "less severe",
        "more of the same makes no sound",
        "nobody answers",
        "acknowledged",
        "over",
        "answer kept",
        "clears",
        "silent alarm",
    ],
)
def test_how_loud_it_is(message: PushMessage, data: dict[str, Any]) -> None:
    assert message.data == data


def test_an_entry_delay_is_urgent_but_does_not_wake_the_house() -> None:
    shown = [button(PushAction.DISARM, "word", language="en")]
    message = pending_message(
        "a1", where="Home", zone="Front door", until="22:00:30", language="en", buttons=shown
    )

    assert said(message) == ["Entry delay", "Home: Front door", "Disarm by 22:00:30"]
    assert message.data == {
        "tag": "a1",
        "group": "alarm_broker",
        "ttl": 0,
        "priority": "high",
        "channel": "alarm_updates",
        "push": TIMELY,
        "sticky": "true",
        "actions": shown,
    }


def test_an_entry_delay_in_german() -> None:
    message = pending_message("a1", where="Haus", zone="Tür", until="22:00:30", language="de", buttons=[])

    assert said(message) == ["Eingangsverzögerung", "Haus: Tür", "Unscharf schalten bis 22:00:30"]
    assert "actions" not in message.data


def test_clearing_says_nothing_else() -> None:
    assert (clear_message("a1").message, clear_message("a1").clears) == ("clear_notification", True)
    assert not push_message(BURGLARY, language="en").clears


def test_who_may_know_of_a_silent_alarm_learns_not_to_call() -> None:
    alarm = replace(BURGLARY, alarm_kind="duress", hidden=True, title="Home", facts=AlarmFacts(by="Anna"))

    assert said(silent_message(alarm, language="en")) == [
        "Silent alarm: Duress code",
        "Home",
        "Raised by Anna.",
        "Nobody at the panel knows. Do not call there.",
    ]
    assert said(silent_message(alarm, language="de"))[2] == "Ausgelöst von Anna."


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        (PushAction.ACKNOWLEDGE, {"title": "Acknowledge"}),
        (
            PushAction.DISARM,
            {"title": "Disarm", "authenticationRequired": True, "destructive": True},
        ),
        (
            PushAction.DISARM_WITH_CODE,
            {
                "title": "Disarm with code",
                "authenticationRequired": True,
                "behavior": "textInput",
                "textInputButtonTitle": "Disarm with code",
                "textInputPlaceholder": "Code",
            },
        ),
        (
            PushAction.FALSE_ALARM,
            {"title": "False alarm", "authenticationRequired": True, "destructive": True},
        ),
        (PushAction.SILENCE, {"title": "Silence siren", "authenticationRequired": True}),
        (PushAction.ESCALATE, {"title": "Escalate now", "authenticationRequired": True}),
        (PushAction.ARM, {"title": "Arm", "authenticationRequired": True}),
        (PushAction.FORCE_ARM, {"title": "Arm anyway", "authenticationRequired": True}),
        (PushAction.POSTPONE, {"title": "Postpone", "authenticationRequired": True}),
        (PushAction.CALL_OFF, {"title": "Do not arm", "authenticationRequired": True}),
    ],
)
def test_buttons_but_for_acknowledging_want_the_unlocked_phone(
    action: PushAction, shown: dict[str, Any]
) -> None:
    assert button(action, "word", language="en") == {"action": "ALARM_BROKER_word", **shown}


@pytest.mark.parametrize(
    ("android", "uri"),
    [(False, "tel:+49301234567"), (True, "deep-link://tel:+49301234567")],
    ids=["iPhone", "Android"],
)
def test_the_call_button_dials(android: bool, uri: str) -> None:  # noqa: FBT001 - a column of the table
    assert call_button("+49 30 1234567", language="de", android=android) == {
        "action": "URI",
        "title": "+49 30 1234567 anrufen",
        "uri": uri,
    }


def happened(kind: ActivityKind, **fields: Any) -> Activity:
    return Activity(kind=kind, at=NOW, **fields)


@pytest.mark.parametrize(
    ("activity", "english", "german"),
    [
        (
            happened(ActivityKind.LOCKOUT, data={"until": NOW.isoformat()}),
            "Too many wrong codes: the panel takes none for a while.",
            "Zu viele falsche Codes: die Anlage nimmt vorerst keinen an.",
        ),
        (
            happened(ActivityKind.ZONE_SHUT_DOWN, zones=("Window", "Door")),
            "Raised too many alarms and is left out until disarming: Window, Door",
            "Zu oft ausgelöst, bis zum Unscharfschalten ausgelassen: Window, Door",
        ),
        (
            happened(ActivityKind.TROUBLE, zones=("Window",), data={"trouble": "battery"}),
            "Trouble: Window: battery low",
            "Störung: Window: Batterie schwach",
        ),
        (
            happened(ActivityKind.TROUBLE, zones=("Window", "Door"), data={"trouble": "lost"}),
            "Trouble: no signal (2): Window, Door",
            "Störung: kein Signal (2): Window, Door",
        ),
        (
            happened(ActivityKind.TROUBLE, zones=tuple(map(str, range(1, 16))), data={"trouble": "battery"}),
            "Trouble: battery low (15): 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …",
            "Störung: Batterie schwach (15): 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …",
        ),
        (
            happened(ActivityKind.TROUBLE_CLEARED, data={"trouble": "companion"}),
            "All right again: companion out of reach",
            "Wieder in Ordnung: Begleitdienst nicht erreichbar",
        ),
        (
            happened(
                ActivityKind.ARM_REMINDER, areas={"home": "Home", "garage": "Garage"}, zones=("Window",)
            ),
            "Nobody is home, and not armed is: Home, Garage.\nOpen: Window",
            "Niemand ist zu Hause, und nicht scharf ist: Home, Garage.\nOffen: Window",
        ),
        (
            happened(
                ActivityKind.AUTO_ARM_ANNOUNCED, areas={"home": "Home"}, data={"until": NOW.isoformat()}
            ),
            "Nobody is home. Armed at 23:00: Home.",
            "Niemand ist zu Hause. Scharf um 23:00: Home.",
        ),
        (
            happened(ActivityKind.AUTO_ARM_FAILED, areas={"home": "Home"}),
            "Could not be armed by itself. Not ready.",
            "Ließ sich nicht von selbst scharf schalten. Not ready.",
        ),
        (
            happened(ActivityKind.ARRIVED_WHILE_ARMED, areas={"home": "Home"}, by="Anna"),
            "Anna has come home, and armed is: Home.",
            "Anna ist nach Hause gekommen, und scharf ist: Home.",
        ),
        (
            happened(ActivityKind.CODE_USED, by="Anna"),
            "A code was used during the vacation: Anna.",
            "Im Urlaub wurde ein Code benutzt: Anna.",
        ),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Activity) else "",
)
def test_a_notice_in_words(
    monkeypatch: pytest.MonkeyPatch, activity: Activity, english: str, german: str
) -> None:
    with monkeypatch.context() as berlin:
        berlin.setattr(dt_util, "DEFAULT_TIME_ZONE", ZoneInfo("Europe/Berlin"))
        notices = [
            notice_message(activity, title="Home alarm", language=one, reason="Not ready.")
            for one in ("en", "de")
        ]

    assert [one and one.message for one in notices] == [english, german]
    assert [one and one.title for one in notices] == ["Home alarm", "Home alarm"]


@pytest.mark.parametrize(
    "kind", [ActivityKind.ARMED, ActivityKind.TRIGGERED, ActivityKind.WRONG_CODE, ActivityKind.CHIME]
)
def test_phones_are_not_bothered_with_everything(kind: ActivityKind) -> None:
    assert notice_message(happened(kind), title="Home alarm", language="en") is None


def test_a_question_is_more_urgent_than_news() -> None:
    shown = [button(PushAction.ARM, "word", language="en")]
    question = notice_message(
        happened(ActivityKind.ARM_REMINDER), title="Home alarm", language="en", buttons=shown
    )
    news = notice_message(happened(ActivityKind.CODE_USED, by="Anna"), title="Home alarm", language="en")

    assert question is not None
    assert news is not None
    assert (question.data["push"], question.data["actions"]) == (TIMELY, shown)
    assert "push" not in news.data


@pytest.mark.parametrize(
    ("one", "other", "replaced"),
    [
        (happened(ActivityKind.ARM_REMINDER), happened(ActivityKind.AUTO_ARM_ANNOUNCED), True),
        (
            happened(ActivityKind.TROUBLE, zones=("Window",)),
            happened(ActivityKind.TROUBLE, zones=("Window",)),
            True,
        ),
        (
            happened(ActivityKind.TROUBLE, zones=("Window",)),
            happened(ActivityKind.TROUBLE, zones=("Door",)),
            False,
        ),
        (
            happened(ActivityKind.TROUBLE, data={"source": "sensor.mains"}),
            happened(ActivityKind.TROUBLE, data={"source": "sensor.jam"}),
            False,
        ),
        (
            happened(ActivityKind.TROUBLE, areas={"home": "Home"}, data={"trouble": "battery"}),
            happened(ActivityKind.TROUBLE, areas={"home": "Home"}, data={"trouble": "lost"}),
            False,
        ),
        (
            happened(ActivityKind.TROUBLE, areas={"home": "Home"}, data={"trouble": "battery"}),
            happened(ActivityKind.TROUBLE_CLEARED, areas={"home": "Home"}, data={"trouble": "battery"}),
            True,
        ),
    ],
    ids=[
        "questions about arming",
        "the same trouble",
        "another zone",
        "another source",
        "another kind of trouble",
        "its end",
    ],
)
def test_a_newer_notice_of_the_same_replaces_the_older(
    one: Activity,
    other: Activity,
    replaced: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert (notice_tag(one) == notice_tag(other)) is replaced


@pytest.mark.parametrize(
    ("reason", "english"),
    [
        (RefusedPress.FORGED, "This button is unknown here. Nothing was done."),
        (RefusedPress.REPLAYED, "This button was used already. Nothing more was done."),
        (RefusedPress.LATE, "This button came too late. Nothing was done."),
        (RefusedPress.NOT_YOURS, "This button was sent to somebody else. Nothing was done."),
    ],
)
def test_a_refusal_says_why_and_what_it_means(reason: RefusedPress, english: str) -> None:
    message = refused_message(reason, title="Home alarm", language="en")

    assert said(message) == ["Home alarm", english]
    assert message.data["tag"] == "alarm_broker_refused"


def test_what_could_not_be_done_can_be_tried_again() -> None:
    shown = [button(PushAction.DISARM_WITH_CODE, "word", language="en")]
    message = failed_message("Wrong code.", title="Home alarm", buttons=shown)

    assert said(message) == ["Home alarm", "Wrong code."]
    assert message.data["actions"] == shown

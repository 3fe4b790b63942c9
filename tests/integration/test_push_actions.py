"""A button works at most once, for one thing, for those whose phone it was sent to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from custom_components.alarm_broker.link.companion_events import Status
from custom_components.alarm_broker.push.actions import (
    NONCE_LIFE,
    NONCES_KEPT,
    IssuedButtons,
    PushAction,
    RefusedPress,
    alarm_actions,
)

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
ACK, SILENCE = PushAction.ACKNOWLEDGE, PushAction.SILENCE


def pressed(
    buttons: IssuedButtons, word: str, user: str | None = "anna", at: datetime = NOW
) -> PushAction | RefusedPress:
    """Return what a press does, or why it does nothing."""
    button, refused = buttons.redeem(word, user, at)
    if refused is not None:
        return refused
    assert button is not None
    return button.action


def test_a_button_does_what_it_is_for_once() -> None:
    buttons = IssuedButtons(None)
    word = buttons.issue("a1", ACK, NOW, users=["anna"])

    assert [pressed(buttons, word), pressed(buttons, word)] == [ACK, RefusedPress.REPLAYED]


def test_a_button_says_what_it_is_about() -> None:
    buttons = IssuedButtons(None)
    words = [buttons.issue(alarm, ACK, NOW, users=["anna"]) for alarm in ("a1", "a2")]

    about = [buttons.redeem(word, "anna", NOW)[0] for word in words]

    assert [one and one.subject for one in about] == ["a1", "a2"]


@pytest.mark.parametrize("word", ["", "guess", "a1", "ACKNOWLEDGE", "\ud800"])
def test_a_word_that_was_never_sent_is_forged(word: str) -> None:
    buttons = IssuedButtons(None)
    buttons.issue("a1", ACK, NOW, users=["anna"])

    assert pressed(buttons, word) is RefusedPress.FORGED


@pytest.mark.parametrize("user", [None, "ben"])
def test_somebody_elses_press_does_nothing_and_leaves_the_button_to_its_owner(user: str | None) -> None:
    buttons = IssuedButtons(None)
    word = buttons.issue("a1", ACK, NOW, users=["anna"])

    assert [pressed(buttons, word, user), pressed(buttons, word)] == [RefusedPress.NOT_YOURS, ACK]


def test_a_button_that_was_sent_to_nobody_is_nobodys() -> None:
    buttons = IssuedButtons(None)
    word = buttons.issue("a1", ACK, NOW, users=[])

    assert pressed(buttons, word) is RefusedPress.NOT_YOURS


@pytest.mark.parametrize(
    ("after", "does"),
    [(NONCE_LIFE, ACK), (NONCE_LIFE + timedelta(microseconds=1), RefusedPress.LATE)],
    ids=["after a day", "later"],
)
def test_a_button_lives_a_day(after: timedelta, does: PushAction | RefusedPress) -> None:
    buttons = IssuedButtons(None)
    word = buttons.issue("a1", ACK, NOW, users=["anna"])

    assert pressed(buttons, word, at=NOW + after) is does


def test_what_is_over_takes_its_own_buttons_along_and_no_others() -> None:
    buttons = IssuedButtons(None)
    over, other = (buttons.issue(alarm, ACK, NOW, users=["anna"]) for alarm in ("a1", "a2"))

    buttons.withdraw("a1")

    assert [pressed(buttons, over), pressed(buttons, other)] == [RefusedPress.LATE, ACK]


def test_a_button_that_was_used_stays_used_when_its_alarm_is_over() -> None:
    buttons = IssuedButtons(None)
    word = buttons.issue("a1", ACK, NOW, users=["anna"])
    pressed(buttons, word)

    buttons.withdraw("a1")

    assert pressed(buttons, word) is RefusedPress.REPLAYED


def test_the_same_notification_sent_again_carries_the_same_button() -> None:
    buttons = IssuedButtons(None)

    first = buttons.issue("a1", ACK, NOW, users=["anna", "family"])
    again = buttons.issue("a1", ACK, NOW + timedelta(hours=23), users=["family", "anna"])

    assert again == first
    assert pressed(buttons, first, at=NOW + timedelta(hours=30)) is ACK


@pytest.mark.parametrize(
    ("subject", "action", "users"),
    [("a2", ACK, ["anna"]), ("a1", SILENCE, ["anna"]), ("a1", ACK, ["ben"])],
    ids=["another alarm", "another action", "another person"],
)
def test_what_differs_is_another_button(subject: str, action: PushAction, users: list[str]) -> None:
    buttons = IssuedButtons(None)
    first = buttons.issue("a1", ACK, NOW, users=["anna"])

    assert buttons.issue(subject, action, NOW, users=users) != first


def test_after_it_was_used_or_withdrawn_another_button_comes() -> None:
    buttons = IssuedButtons(None)
    words = []
    for end in (lambda word: pressed(buttons, word), lambda _word: buttons.withdraw("a1")):
        words.append(buttons.issue("a1", ACK, NOW, users=["anna"]))
        end(words[-1])

    last = buttons.issue("a1", ACK, NOW, users=["anna"])

    assert len({*words, last}) == 3
    assert pressed(buttons, last) is ACK


def test_only_hashes_are_stored() -> None:
    buttons = IssuedButtons(None)
    word = buttons.issue("a1", ACK, NOW, users=["anna"])

    assert word not in repr(buttons.as_dict())
    assert word not in repr(buttons.redeem(word, "anna", NOW))


def test_too_many_buttons_push_out_the_useless_ones_first_and_then_the_oldest() -> None:
    buttons = IssuedButtons(None)
    oldest = buttons.issue("old", ACK, NOW, users=["anna"])
    words = [buttons.issue(f"a{number}", ACK, NOW, users=["anna"]) for number in range(NONCES_KEPT - 1)]
    pressed(buttons, words[7])

    buttons.issue("new", ACK, NOW, users=["anna"])
    kept = [pressed(buttons, word, "ben") for word in (oldest, words[7])]
    buttons.issue("newer", ACK, NOW, users=["anna"])

    assert kept == [RefusedPress.NOT_YOURS, RefusedPress.FORGED]
    assert pressed(buttons, oldest) is RefusedPress.FORGED
    assert len(buttons.as_dict()) == NONCES_KEPT


def test_an_alarm_that_is_told_again_and_again_does_not_push_out_another_ones_buttons() -> None:
    buttons = IssuedButtons(None)
    quiet = buttons.issue("a1", ACK, NOW, users=["anna"])

    for _ in range(2 * NONCES_KEPT):
        buttons.issue("a2", ACK, NOW, users=["anna"])

    assert pressed(buttons, quiet) is ACK


D, C, A, F, S, E = (
    PushAction.DISARM,
    PushAction.DISARM_WITH_CODE,
    PushAction.ACKNOWLEDGE,
    PushAction.FALSE_ALARM,
    PushAction.SILENCE,
    PushAction.ESCALATE,
)


@pytest.mark.parametrize(
    ("status", "disarm", "sounding", "escalates", "offered"),
    [
        (Status.TRIGGERED, D, True, True, [A, D, F, S, E]),
        (Status.TRIGGERED, D, False, True, [A, D, F, E]),
        (Status.TRIGGERED, D, True, False, [A, D, F, S]),
        (Status.TRIGGERED, C, True, True, [A, C, F, E]),
        (Status.TRIGGERED, None, True, True, [A, F, E]),
        (Status.ACKNOWLEDGED, D, True, True, [D, S, F]),
        (Status.ACKNOWLEDGED, D, False, True, [D, F]),
        (Status.ACKNOWLEDGED, C, True, True, [C, F]),
        (Status.ACKNOWLEDGED, None, True, True, [F]),
        (Status.CANCELLED, D, True, True, [D, S]),
        (Status.CANCELLED, C, True, True, [C]),
        (Status.CANCELLED, None, True, True, []),
        (Status.CANCELLED, D, False, True, []),
        (Status.RESOLVED, D, False, True, []),
    ],
)
def test_what_can_be_done_about_an_alarm(
    status: Status,
    disarm: PushAction | None,
    sounding: bool,  # noqa: FBT001 - a column of the table
    escalates: bool,  # noqa: FBT001
    offered: list[PushAction],
) -> None:
    assert alarm_actions(status, disarm=disarm, sounding=sounding, escalates=escalates) == offered


class ButtonsInUse(RuleBasedStateMachine):
    """Whatever is sent, pressed, withdrawn and restarted in whatever order, a button works at most once."""

    words = Bundle("words")
    users = st.sampled_from(["anna", "ben", "carla"])
    alarms = st.sampled_from(["a1", "a2", "a3"])

    def __init__(self) -> None:
        super().__init__()
        self.buttons = IssuedButtons(None)
        self.now = NOW
        self.owners: dict[str, frozenset[str]] = {}
        self.subjects: dict[str, str] = {}
        self.until: dict[str, datetime] = {}
        self.dead: set[str] = set()

    @rule(
        target=words,
        subject=alarms,
        action=st.sampled_from([ACK, SILENCE]),
        owners=st.frozensets(users, max_size=2),
    )
    def send(self, subject: str, action: PushAction, owners: frozenset[str]) -> str:
        word = self.buttons.issue(subject, action, self.now, users=owners)
        assert word not in self.dead
        self.owners[word], self.subjects[word], self.until[word] = owners, subject, self.now + NONCE_LIFE
        return word

    @rule(target=words, word=st.text())
    def guess(self, word: str) -> Any:
        return multiple() if word in self.owners else word

    @rule(word=words, user=st.none() | users)
    def press(self, word: str, user: str | None) -> None:
        button, refused = self.buttons.redeem(word, user, self.now)
        works = (
            word in self.owners
            and user in self.owners[word]
            and word not in self.dead
            and self.now <= self.until[word]
        )
        assert works == (refused is None)
        if works:
            assert button is not None
            assert button.subject == self.subjects[word]
            self.dead.add(word)

    @rule(subject=alarms)
    def withdraw(self, subject: str) -> None:
        self.buttons.withdraw(subject)
        self.dead |= {word for word, about in self.subjects.items() if about == subject}

    @rule(hours=st.integers(1, 30))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def restart(self) -> None:
        self.buttons = IssuedButtons(self.buttons.as_dict())

    @invariant()
    def no_word_is_stored(self) -> None:
        stored = repr(self.buttons.as_dict())
        assert not any(word in stored for word in self.owners)


TestButtonsInUse = ButtonsInUse.TestCase

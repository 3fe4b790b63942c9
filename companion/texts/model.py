"""What a language must have words for. Pure.

`{name}` in a text stands for a fact; each language has the same ones, in the order that its grammar wants. Where a text has
to fit a number, `{name:# test|# tests}` has the words for one and for any other, with `#` for the number.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Formats:
    """How times, lengths of time, and labels with their values are written."""

    time: str
    """For `strftime`: a whole time, without its zone."""
    short_time: str
    """The same where room is short, as in an SMS: without year and seconds."""
    colon: str
    """What stands between a label and its value, such as `: `."""
    seconds: str
    minutes: str
    hours: str
    days: str
    """Lengths of time; `days` of two and more."""
    now: str
    seconds_ago: str
    minutes_ago: str
    hours_ago: str
    days_ago: str


@dataclass(frozen=True, kw_only=True)
class TitleTexts:
    """The titles of alarms that are made here."""

    heads: Mapping[str, str]
    """How they begin: of an alarm's kind as the panel says it, and `panic_key`."""
    room_unknown: str
    """What follows the name of a device whose room nobody knows, with the comma before it."""


@dataclass(frozen=True, kw_only=True)
class MessageTexts:
    """What a message says, over whatever channel."""

    kinds: Mapping[str, str]
    """How a message of each `MessageKind` begins."""
    test: str
    repeat: str
    short_repeat: str
    one_more: str
    many_more: str
    """`{count}` more alarms of the same source."""
    where: str
    who: str
    when: str
    severity: str
    source: str
    by: str
    note: str
    second_zone: str
    how_sure: str
    levels: tuple[str, ...]
    """What each validation level (ANSI/TMA-AVS-01) means, from 0."""
    answer: str
    answer_in_words: str
    """What to write back instead, on a channel that hears it; `{code}` is that of the alarm."""
    test_title: str
    nothing_happened: str
    again: str


@dataclass(frozen=True)
class TroubleText:
    """One kind of trouble; `{subject}` and the trouble's facts may stand in both."""

    title: str
    advice: str


@dataclass(frozen=True)
class ProblemText:
    """What a page says instead of what was asked for, and what to do."""

    title: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class AnswerTexts:
    """The page behind the link in a message."""

    status: Mapping[str, str]
    kinds: Mapping[str, str]
    """What sort of trouble it is."""
    test: str
    test_means: str
    where: str
    who: str
    when: str
    kind: str
    more: str
    your_name: str
    add_note: str
    together: str
    together_open: str
    note: str
    note_hint: str
    acknowledge: str
    acknowledge_means: str
    again: str
    again_means: str
    again_button: str
    answered_by: str
    was_answered_by: str
    closed: Mapping[str, str]
    closed_by: str
    nothing_to_do: str
    next: str
    next_go: str
    next_told: str
    next_close: str
    over_title: str
    over_button: str
    over_means: str
    also_title: str
    also_note: str
    also_button: str
    also_means: str
    evidence: str
    picture_of: str
    some_camera: str
    label: str
    camera: str
    recording: str
    said: str
    said_by_event: Mapping[str, str]
    """What has happened since, by its name in the journal."""
    said_acknowledged: str
    said_also: str
    """After a name: has answered, has answered too."""


@dataclass(frozen=True, kw_only=True)
class DeskTexts:
    """The dashboard."""

    # what every page has
    pages: str
    overview: str
    alarms: str
    devices: str
    people: str
    channels: str
    log_in: str
    log_out: str
    logged_in: str
    stale: str
    show_new: str
    back_to_overview: str
    never: str
    none: str
    unknown: str
    yes: str
    no: str
    # the login
    key: str
    key_hint: str
    key_not_known: str
    key_reads_only: str
    logged_out: str
    other_key: str
    # alarms
    alarm: str
    all_alarms: str
    open_alarms: str
    more_open_alarms: str
    no_open_alarm: str
    no_such_alarm: str
    none_yet: str
    recent_alarms: str
    next_page: str
    show: str
    any: str
    open: str
    """Of which alarms a list is; others are named as their status is."""
    sort: str
    sorts: Mapping[str, str]
    status: str
    source: str
    site: str
    where: str
    who: str
    when: str
    what: str
    what_next: str
    answer: str
    raised: str
    test: str
    by: str
    held_until: str
    held_means: str
    triggered_again: str
    next_step: str
    next_step_in: str
    next_step_now: str
    nobody_answered: str
    answered_after: str
    nothing: str
    acknowledge: str
    resolve: str
    false_alarm: str
    note: str
    add_note: str
    escalate: str
    is_false: str
    """The question that comes before an alarm is called false, and what follows."""
    is_false_means: str
    not_false: str
    # what became of a button
    done: Mapping[str, str]
    """What was done to `{alarm}`, by the button's command."""
    nothing_written: str
    meanwhile: Mapping[str, str]
    """Why a button did nothing: what had happened before, by `pressed.Became`."""
    nothing_done: str
    note_kept: str
    # one alarm
    kind_and_source: str
    times_triggered: str
    acknowledged: str
    closed: str
    timeline: str
    details: str
    by_itself: str
    deliveries: str
    to: str
    state: str
    due: str
    attempts: str
    sent_twice: str
    tried_again: str
    status_code: str
    no_attempt: str
    nobody_told: str
    policy: str
    no_policy: str
    after: str
    at_once: str
    repeated: str
    once: str
    when_nobody_answered: str
    over_everything: str
    over_channel: str
    # how the service is
    waiting: str
    waiting_tests: str
    answered: str
    on_time: str
    late: str
    nothing_overdue: str
    oldest_due: str
    count_of: str
    channels_well: str
    see_to: str
    since: str
    health: Mapping[str, str]
    """What a part of the service is by its `HealthStatus`."""
    channel: str
    last_outcome: str
    last_attempt: str
    unsent: str
    limits: str
    at_once_each: str
    not_used: str
    no_channel: str
    no_channel_apply: str
    home_assistant: str
    instance: str
    last_heard: str
    areas: str
    no_area: str
    no_link: str
    # devices and people
    device: str
    without: str
    ready: str
    switched_off: str
    test_only: str
    no_device: str
    person: str
    language: str
    contacts: str
    contact_points: str
    unreachable: str
    no_person: str


@dataclass(frozen=True, kw_only=True)
class ReplyTexts:
    """What is said to somebody who answers over a channel, in words or with a button. `{title}` is the alarm's."""

    yes: frozenset[str]
    """What people write who are on it; in whatever language, each is understood from everybody."""
    acknowledged: str
    also_acknowledged: str
    """After it: the same for `{count}` more alarms of the same source."""
    already: str
    """`{by}` was first."""
    over: str
    noted: str
    how: str
    """What to write instead of what was only noted: `{code}` is that of the alarm."""
    which: str
    """More than one alarm is open; a line for each follows, such as `OK 4711: …`."""
    none_open: str
    unknown_sender: str


@dataclass(frozen=True, kw_only=True)
class Texts:
    """One language."""

    tag: str
    """Such as `de`; the name of its file."""
    formats: Formats
    labels: Mapping[str, str]
    """What a code is called: of states, sources, kinds, lines of the journal, details."""
    details: Mapping[str, str]
    """What a detail of an alarm says that is only so or not, by the detail's name."""
    findings: Mapping[str, str]
    """Why an alarm is as sure as it is, by the panel's codes."""
    endings: Mapping[str, str]
    """How disarming ended an alarm: `aborted`, `cancelled`, and `in_time` for a word of it that came late."""
    titles: TitleTexts
    messages: MessageTexts
    troubles: Mapping[str, TroubleText]
    """By `TroubleKind`."""
    more_troubles: str
    """After the title of a message that stands for `{count}` others of its kind."""
    causes: Mapping[str, str]
    """Why nobody would be told (`companion.directory.reach.Cause`), as a sentence."""
    answers: AnswerTexts
    replies: ReplyTexts
    desk: DeskTexts
    problems: Mapping[str, ProblemText]
    """What a page says of a problem, by its slug; `other` for those that have no text of their own."""
    reasons: Mapping[str, str]
    """Why something is as it is, by the code of a `Reason`."""

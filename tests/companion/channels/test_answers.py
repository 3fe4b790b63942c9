"""How an SMS gateway's answers are read: gateways of every make, and rules that cannot work."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.channels.base import Channel, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.channels.http import Reply
from companion.channels.registry import ChannelConfigError, build_channel
from companion.channels.sms.answers import TEXT_LIMIT, AnswerRule, Verdict, read
from tests.companion.channels.messages import ACK_URL, message
from tests.fakes.sms import FakeSms

type Rules = list[dict[str, Any]]

# Each as its operator would write it down from the gateway's manual.
IN_WORDS: Rules = [
    {"matches": r"^ID: (?P<id>\w+)", "verdict": "sent"},
    {"matches": r"^ERR: 3\d\d,", "verdict": "again"},
    {"matches": "^ERR", "verdict": "refused"},
]
IN_NUMBERS: Rules = [
    {"equals": 100, "verdict": "sent"},
    {"equals": [500, 600, "900"], "verdict": "refused"},
    {"equals": 516, "verdict": "again"},
]
IN_JSON: Rules = [
    {"pointer": "/messages/0/status", "equals": 0, "verdict": "sent"},
    {"pointer": "/messages/0/status", "equals": [1, 5], "verdict": "again"},
    {"pointer": "/messages/0/status", "verdict": "refused"},
]
AT_THE_ROOT: Rules = [
    {"pointer": "", "equals": [True, "queued"], "verdict": "sent"},
    {"pointer": "", "equals": None, "verdict": "refused"},
]
BY_STATUS: Rules = [
    {"status": [402, 409], "verdict": "again"},
    {"status": 200, "matches": "ok", "verdict": "sent"},
    {"verdict": "refused"},
]


def verdict_on(rules: Rules, body: Any, status: int = 200) -> Verdict | None:
    text = body if isinstance(body, str) else json.dumps(body)
    reading = read(
        [AnswerRule.model_validate(rule) for rule in rules], Reply(status=status, body=text.encode())
    )
    return None if reading is None else reading.verdict


@pytest.mark.parametrize(
    ("rules", "body", "verdict"),
    [
        (IN_WORDS, "ID: 6a1\n", Verdict.SENT),
        (IN_WORDS, "ERR: 301, No Credit Left", Verdict.AGAIN),
        (IN_WORDS, "ERR: 114, Cannot route message", Verdict.REFUSED),
        (IN_WORDS, "ERROR:14", Verdict.REFUSED),
        (IN_WORDS, "\ufeffID: 6a1", Verdict.SENT),
        (IN_WORDS, "<html>Please log in", None),
        (IN_NUMBERS, "100", Verdict.SENT),
        (IN_NUMBERS, " 900\r\n", Verdict.REFUSED),
        (IN_NUMBERS, "516", Verdict.AGAIN),
        (IN_NUMBERS, "1000", None),
        (IN_JSON, {"messages": [{"status": "0"}]}, Verdict.SENT),
        (IN_JSON, {"messages": [{"status": 0}]}, Verdict.SENT),
        (IN_JSON, {"messages": [{"status": 0.0}]}, Verdict.SENT),
        (IN_JSON, {"messages": [{"status": "1"}]}, Verdict.AGAIN),
        (IN_JSON, {"messages": [{"status": "29"}]}, Verdict.REFUSED),
        (IN_JSON, {"messages": []}, None),
        (IN_JSON, "[" * 60_000, None),
        (AT_THE_ROOT, "true", Verdict.SENT),
        (AT_THE_ROOT, '"queued"', Verdict.SENT),
        (AT_THE_ROOT, "null", Verdict.REFUSED),
        (AT_THE_ROOT, "queued", None),
    ],
)
def test_the_first_rule_that_fits_decides(rules: Rules, body: Any, verdict: Verdict | None) -> None:
    assert verdict_on(rules, body) is verdict


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (402, "too fast", Verdict.AGAIN),
        (200, "ok", Verdict.SENT),
        (200, "no", Verdict.REFUSED),
        (500, "ok", Verdict.REFUSED),
    ],
)
def test_a_status_can_decide_alone_or_together_with_the_text(
    status: int, body: str, verdict: Verdict
) -> None:
    assert verdict_on(BY_STATUS, body, status) is verdict


@given(st.text(), st.integers(200, 599))
def test_every_answer_can_be_read(body: str, status: int) -> None:
    for rules in (IN_WORDS, IN_NUMBERS, IN_JSON, AT_THE_ROOT, BY_STATUS):
        verdict_on(rules, body.encode(errors="replace").decode(), status)


def test_where_a_long_answer_is_cut_is_no_white_space() -> None:
    rules = [{"matches": r"\S$", "verdict": "sent"}]

    assert verdict_on(rules, "x" * (TEXT_LIMIT - 1) + " and more") is Verdict.SENT


def test_half_characters_in_an_answer_can_be_read() -> None:
    rules = [{"pointer": "/status", "matches": "^no", "verdict": "refused"}]

    assert verdict_on(rules, {"status": "no \ud800"}) is Verdict.REFUSED


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"(?P<id>[ab]{0,900})c", r"^(a?){0,300}a{300}b$"])
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.monotonic()

    verdict_on([{"matches": pattern, "verdict": "sent"}], "a" * TEXT_LIMIT * 16)

    # With `re` the first of them takes two seconds on 26 characters, and for ever on these.
    assert time.monotonic() - started < 1


# --- as the channel acts on it --------------------------------------------------------------------------


async def outcome_when_told(
    says: tuple[int, str], *, kind: MessageKind = MessageKind.PAGE, **settings: object
) -> Outcome:
    async with FakeSms(says=says) as gateway:
        channel: Channel = build_channel(
            "sms",
            {
                "url": f"{gateway.url}/sms",
                "headers": {"Authorization": f"Bearer {gateway.token}"},
                "timeout_s": 5,
                **settings,
            },
        )
        outcome = await channel.send(message(kind, ack_url=ACK_URL))
        await channel.close()
    return outcome


async def test_the_id_of_a_message_can_be_taken_out_of_the_text() -> None:
    assert await outcome_when_told((200, "ID: 6a1"), answers=IN_WORDS) == Sent(
        provider_ref="6a1", status_code=200
    )


async def test_a_refusal_names_its_rule_and_the_words() -> None:
    outcome = await outcome_when_told(
        (200, "ERR: 114, Cannot route message"), kind=MessageKind.TEST, answers=IN_WORDS
    )

    assert isinstance(outcome, Refused)
    assert str(outcome.reason) == "HTTP 200, but refused (answers[2]): ERR: 114, Cannot route message"
    assert outcome.heard is not None
    assert (outcome.heard.answer, outcome.heard.rule) == ("ERR: 114, Cannot route message", "answers[2]")


async def test_what_is_to_be_tried_again_was_not_sent() -> None:
    outcome = await outcome_when_told((402, "sending too fast"), answers=BY_STATUS)

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


async def test_an_answer_that_no_rule_knows_may_have_been_sent_when_the_rules_say_what_sent_means() -> None:
    outcome = await outcome_when_told((200, "<html>Please log in"), answers=IN_WORDS)

    assert isinstance(outcome, TryAgain)
    assert (outcome.uncertain, outcome.unknown) == (True, True)
    assert "no rule" in str(outcome.reason)


@pytest.mark.parametrize(
    "body", ["ERROR:14", "ERR: 301, No Credit Left", "fail: 3", "<!DOCTYPE html><html>Please log in"]
)
async def test_without_rules_what_calls_itself_an_error_is_not_believed(body: str) -> None:
    assert isinstance(await outcome_when_told((200, body)), TryAgain)


@pytest.mark.parametrize("body", ["OK", "", "100", '{"error": null, "id": 1}', "errands: 0"])
async def test_without_rules_any_other_success_is_believed(body: str) -> None:
    assert isinstance(await outcome_when_told((200, body)), Sent)


@pytest.mark.parametrize("kind", [MessageKind.PAGE, MessageKind.TEST])
async def test_neither_secrets_nor_the_message_can_be_read_in_what_is_shown(kind: MessageKind) -> None:
    token = ACK_URL.rsplit("/", 1)[-1]
    outcome = await outcome_when_told(
        (200, f"no: key=s3cr3t+key, <text> www.example/a/{token}\n\x1b[31m" + "x" * 5000),
        kind=kind,
        answers=[{"matches": "^no", "verdict": "refused"}],
        secrets={"key": "s3cr3t key"},
    )

    assert isinstance(outcome, Refused)
    answers = [outcome.heard.answer] if outcome.heard is not None else []
    assert len(answers) == (kind is MessageKind.TEST)
    for shown in (str(outcome.reason), *answers):
        assert "s3cr3t" not in shown
        assert token not in shown
        assert "Reception" not in shown
        assert shown.isprintable()
        assert len(shown) <= 500


# --- rules that cannot work -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"status": 100, "verdict": "sent"}], "200"),
        ([{"status": [], "verdict": "sent"}], "at least 1"),
        ([{"equals": [], "verdict": "sent"}], "at least 1"),
        ([{"equals": {"a": 1}, "verdict": "sent"}], "equals"),
        ([{"pointer": "status", "verdict": "sent"}], "pattern"),
        ([{"pointer": "/a~2b", "verdict": "sent"}], "pattern"),
        ([{"equals": 1, "matches": "1", "verdict": "sent"}], "two rules"),
        ([{"matches": "(?=a)b", "verdict": "sent"}], "regular expression"),
        ([{"matches": r"\pL{1,200}", "verdict": "sent"}], "too large"),
        ([{"matches": "a", "verdict": "maybe"}], "verdict"),
        ([{"matches": "a"}], "verdict"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_rule_is_told_at_once(rules: Rules, said: str) -> None:
    with pytest.raises(ChannelConfigError, match=said):
        build_channel("sms", {"url": "https://gw.example/send", "answers": rules})

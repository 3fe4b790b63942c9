import _socket
import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from companion.channels.base import (
    AddressInvalid,
    Answer,
    Channel,
    Message,
    MessageKind,
    Refused,
    Response,
    Sent,
    TryAgain,
    Understood,
)
from companion.channels.registry import ChannelConfigError, build_channel, formed_address
from companion.channels.telegram import sender
from companion.channels.telegram.sender import TelegramChannel
from companion.channels.telegram.updates import AnotherProgramListensError, UpdatesLostError
from companion.store.database import StoreUnavailable
from companion.texts.reasons import Reason
from tests.companion.channels import messages
from tests.companion.channels.messages import ACK_URL, PICTURE
from tests.fakes.inbound import RecordingInbound, listening
from tests.fakes.misbehaviour import Behaviour
from tests.fakes.telegram import TOKEN, FakeTelegram, Posted

ANNA, BEN = 7001, 7002
ACK_TOKEN = ACK_URL.rsplit("/", 1)[-1]
GROUP = "-1001234567890"


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as server:
        yield server


def channel_for(telegram: FakeTelegram, **changes: object) -> TelegramChannel:
    channel = build_channel("telegram", {"url": telegram.url, "token": TOKEN, "timeout_s": 10, **changes})
    assert isinstance(channel, TelegramChannel)
    return channel


@pytest.fixture
async def channel(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = channel_for(telegram)
    yield channel
    await channel.close()


def message(kind: MessageKind = MessageKind.PAGE, *, to: str = str(ANNA), **changes: object) -> Message:
    return messages.message(kind, address=to, **changes)


async def page(channel: Channel, telegram: FakeTelegram, **changes: object) -> Posted:
    """Send a page, and return it as it stands in its chat."""
    outcome = await channel.send(message(**changes))  # type: ignore[arg-type] # as a test says
    assert isinstance(outcome, Sent), outcome
    return telegram.posted[-1]


# --- told -----------------------------------------------------------------------------------------------


async def test_a_person_gets_the_text_with_a_button_that_acknowledges_and_one_to_the_page(
    telegram: FakeTelegram, channel: Channel
) -> None:
    outcome = await channel.send(message())

    (posted,) = telegram.posted
    assert outcome == Sent(provider_ref=f"{ANNA}:{posted.id}", status_code=200)
    assert posted.text.startswith("ALARM: Panic key: Reception\n")
    assert f"Acknowledge here: {ACK_URL}\nor reply OK " in posted.text
    assert posted.buttons == [
        {"text": "Acknowledge", "callback_data": ACK_TOKEN},
        {"text": "Show", "url": ACK_URL},
    ]


async def test_what_looks_like_mark_up_is_shown_as_it_is(telegram: FakeTelegram, channel: Channel) -> None:
    posted = await page(channel, telegram, title="Door_2 *north* <b> [x](y)")

    assert posted.text.startswith("ALARM: Door_2 *north* <b> [x](y)\n")


async def test_the_buttons_are_in_the_language_of_the_reader(
    telegram: FakeTelegram, channel: Channel
) -> None:
    posted = await page(channel, telegram, language="de")

    assert [one["text"] for one in posted.buttons] == ["Übernehmen", "Anzeigen"]


async def test_a_topic_of_a_forum_is_told(telegram: FakeTelegram, channel: Channel) -> None:
    posted = await page(channel, telegram, to=f"{GROUP}/42")

    assert (posted.chat, posted.topic) == (telegram.forum, 42)


async def test_a_topic_that_is_gone_is_told_in_the_group_and_the_operator_hears_of_it(
    telegram: FakeTelegram, channel: Channel
) -> None:
    outcome = await channel.send(message(to=f"{GROUP}/43"))

    assert isinstance(outcome, Sent)
    assert f"{GROUP}/43" in str(outcome.warning)
    assert [one.topic for one in telegram.posted] == [None]


async def test_a_public_group_is_told_by_its_name_and_its_message_is_named_by_its_number(
    telegram: FakeTelegram, channel: Channel
) -> None:
    outcome = await channel.send(message(to="@watch"))

    assert isinstance(outcome, Sent)
    assert outcome.provider_ref == f"{GROUP}:{telegram.posted[0].id}"


async def test_a_group_that_has_moved_is_told_at_once_and_the_operator_hears_its_new_number(
    telegram: FakeTelegram, channel: Channel
) -> None:
    telegram.migrated[-5001] = -1009990001

    outcome = await channel.send(message(to="-5001"))

    assert isinstance(outcome, Sent)
    assert telegram.posted[0].chat == -1009990001
    assert outcome.provider_ref == f"-1009990001:{telegram.posted[0].id}"
    assert "-5001 has become -1009990001" in str(outcome.warning)


async def test_an_address_that_telegram_does_not_take_for_a_button_stands_in_the_text_only(
    telegram: FakeTelegram, channel: Channel
) -> None:
    posted = await page(channel, telegram, ack_url="http://alarm:8080/a/tok0123456789")

    assert [one["text"] for one in posted.buttons] == ["Acknowledge"]
    assert "http://alarm:8080/a/tok0123456789" in posted.text


async def test_the_longest_text_keeps_its_link_and_is_taken(telegram: FakeTelegram, channel: Channel) -> None:
    bells = "🔔" * 2000
    details = {f"{bells}{number}": bells for number in range(8)}

    posted = await page(
        channel, telegram, title=bells, room=bells, site=bells, person=bells, note=bells, details=details
    )

    assert ACK_URL in posted.text
    assert posted.text.endswith("…")


async def test_the_first_message_says_who_answered_and_loses_its_buttons(
    telegram: FakeTelegram, channel: Channel
) -> None:
    first = await page(channel, telegram)
    ref = f"{ANNA}:{first.id}"

    outcome = await channel.send(message(MessageKind.ACKNOWLEDGED, thread_ref=ref, by="Ben"))

    news = telegram.posted[1]
    assert outcome == Sent(provider_ref=f"{ANNA}:{news.id}", status_code=200)
    assert (news.below, news.buttons) == (first.id, [])
    assert first.buttons == []
    assert first.text.startswith("Acknowledged: Panic key: Reception\n\nALARM: Panic key: Reception\n")
    assert "Ben" in first.text
    assert ACK_URL not in first.text


async def test_news_of_an_alarm_that_still_waits_leave_the_first_message_its_buttons(
    telegram: FakeTelegram, channel: Channel
) -> None:
    first = await page(channel, telegram)

    await channel.send(message(MessageKind.CONFIRMED, thread_ref=f"{ANNA}:{first.id}", note="Hall"))

    assert len(first.buttons) == 2


async def test_news_are_told_although_the_first_message_is_gone(
    telegram: FakeTelegram, channel: Channel
) -> None:
    outcome = await channel.send(message(MessageKind.RESOLVED, thread_ref=f"{ANNA}:12345", by="Ben"))

    assert isinstance(outcome, Sent)


# --- pictures -------------------------------------------------------------------------------------------


async def test_a_photo_stands_silently_below_the_page_which_keeps_its_buttons(
    telegram: FakeTelegram, channel: Channel
) -> None:
    outcome = await channel.send(message(picture=PICTURE, to=f"{GROUP}/42"))

    (posted,), (photo,) = telegram.posted, telegram.photos
    assert outcome == Sent(provider_ref=f"{GROUP}:{posted.id}", status_code=200)
    assert len(posted.buttons) == 2
    assert (photo.chat, photo.topic, photo.below) == (posted.chat, 42, posted.id)
    assert (photo.name, photo.media_type, photo.data) == ("camera.jpg", "image/jpeg", PICTURE.data)
    assert photo.silent


async def test_a_photo_follows_the_page_out_of_a_topic_that_is_gone(
    telegram: FakeTelegram, channel: Channel
) -> None:
    await channel.send(message(picture=PICTURE, to=f"{GROUP}/43"))

    assert [(one.topic, one.below) for one in telegram.photos] == [(None, telegram.posted[0].id)]


@pytest.mark.parametrize(
    "behaviour", [Behaviour.HANG, Behaviour.RESET, Behaviour.GARBAGE, Behaviour.STATUS_500]
)
async def test_a_photo_that_fails_leaves_the_page_sent_and_soon(
    telegram: FakeTelegram, channel: Channel, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PHOTO_S", 0.2)
    telegram.behave(behaviour, times=1, path=f"/bot{TOKEN}/sendPhoto")

    async with asyncio.timeout(5):
        outcome = await channel.send(message(picture=PICTURE))

    assert isinstance(outcome, Sent)
    assert outcome.provider_ref == f"{ANNA}:{telegram.posted[0].id}"
    assert "the picture was not" in str(outcome.warning)
    assert (len(telegram.posted), telegram.photos) == (1, [])


async def test_a_photo_too_many_for_the_chat_is_left_out(telegram: FakeTelegram, channel: Channel) -> None:
    telegram.flooded_with_photos.add(ANNA)

    outcome = await channel.send(message(picture=PICTURE))

    assert isinstance(outcome, Sent)
    assert "429" in str(outcome.warning)


async def test_a_line_that_was_slow_for_the_text_is_spared_the_photo(
    telegram: FakeTelegram, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "PHOTO_BY_S", 0)

    outcome = await channel.send(message(picture=PICTURE))

    assert isinstance(outcome, Sent)
    assert telegram.photos == []


async def test_a_page_that_may_have_been_sent_is_not_delayed_by_its_photo_again(
    telegram: FakeTelegram, channel: Channel
) -> None:
    await channel.send(message(picture=PICTURE, may_have_been_sent=True))

    assert (len(telegram.posted), telegram.photos) == (1, [])


async def test_who_answers_the_photo_has_answered_the_page(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram, picture=PICTURE)
    async with listening(channel) as inbound:
        telegram.say("OK", to=telegram.photos[0])
        telegram.react(telegram.photos[0], "👍")
        await inbound.until_answers(2)

    assert {one.thread_ref for one in inbound.answers} == {f"{ANNA}:{posted.id}"}


# --- not told -------------------------------------------------------------------------------------------


async def test_somebody_who_has_blocked_the_bot_is_refused_and_the_channel_is_fine(
    telegram: FakeTelegram, channel: Channel
) -> None:
    telegram.blocked_by.add(ANNA)

    outcome = await channel.send(message())

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert "blocked by the user" in str(outcome.reason)


async def test_a_chat_that_there_is_not_is_refused(telegram: FakeTelegram, channel: Channel) -> None:
    outcome = await channel.send(message(to="99999"))

    assert isinstance(outcome, Refused)
    assert not outcome.channel_broken
    assert "hat not found" in str(outcome.reason)


async def test_a_flooded_chat_waits_as_long_as_it_is_told_and_no_other_does(
    telegram: FakeTelegram, channel: Channel
) -> None:
    telegram.flooded[ANNA] = 33

    outcome = await channel.send(message())
    other = await channel.send(message(to=str(BEN)))

    assert isinstance(outcome, TryAgain)
    assert outcome.after == timedelta(seconds=33)
    assert not outcome.uncertain
    assert isinstance(other, Sent)


@pytest.mark.parametrize("token", ["110201543:revoked", "1:mistyped"])
async def test_a_token_that_telegram_does_not_know_breaks_the_channel(
    telegram: FakeTelegram, token: str
) -> None:
    channel = channel_for(telegram, token=token)

    outcome = await channel.send(message())
    checked = await channel.check()
    await channel.close()

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert checked == outcome


@pytest.mark.parametrize(
    "says",
    [{"ok": True, "result": {}}, {"ok": True, "result": [7]}, {"ok": False}, {"result": {}}, []],
    ids=str,
)
async def test_an_answer_of_another_form_is_not_understood_and_the_message_may_exist(
    telegram: FakeTelegram, channel: Channel, says: object
) -> None:
    telegram.says = says

    outcome = await channel.send(message())
    checked = await channel.check()

    assert isinstance(outcome, TryAgain), outcome
    assert outcome.uncertain
    assert isinstance(checked, TryAgain)


async def test_a_message_that_was_taken_before_the_time_ran_out_may_have_been_sent(
    telegram: FakeTelegram,
) -> None:
    channel = channel_for(telegram, timeout_s=0.3)
    telegram.behave(Behaviour.TAKE_AND_HANG, times=1)

    outcome = await channel.send(message())
    await channel.close()

    assert isinstance(outcome, TryAgain)
    assert outcome.uncertain
    assert len(telegram.posted) == 1


async def test_a_refusal_does_not_tell_the_link(telegram: FakeTelegram, channel: Channel) -> None:
    telegram.people = {}
    url = "https://alarm.example/a/chatnotfound"

    outcome = await channel.send(message(ack_url=url))

    assert isinstance(outcome, Refused)
    assert "chatnotfound" not in str(outcome.reason)


async def test_proxies_of_the_environment_and_forbidden_addresses_are_not_asked(
    telegram: FakeTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeTelegram() as canary:
        monkeypatch.setenv("http_proxy", canary.url)
        monkeypatch.setenv("all_proxy", canary.url)
        channel = channel_for(telegram)
        told = await channel.send(message())
        await channel.close()
        assert canary.received == []
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda _host, *args, **kwargs: _socket.getaddrinfo("169.254.169.254", *args, **kwargs),
    )
    elsewhere = channel_for(telegram, url="http://bots.example")
    outcome = await elsewhere.send(message())
    await elsewhere.close()

    assert isinstance(told, Sent)
    assert isinstance(outcome, Refused)
    assert outcome.reason == Reason("address_forbidden")


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "formed"),
    [
        ("123456", "123456"),
        (" -100 1234567890/42 ", "-1001234567890/42"),
        ("@watch", "@watch"),
        ("@watch/7", "@watch/7"),
    ],
)
def test_addresses_are_numbers_topics_and_public_names(written: str, formed: str) -> None:
    assert formed_address("telegram", written, "DE") == formed


@pytest.mark.parametrize("written", ["Anna", "+491701234567", "@a", "123456/7", "-100/", "0", "1:2", ""])
def test_what_is_no_chat_is_refused_with_a_word_on_how_to_get_the_number(written: str) -> None:
    with pytest.raises(AddressInvalid, match="/start"):
        formed_address("telegram", written, None)


@pytest.mark.parametrize("token", ["", "abc", "12:", "12:a/b", "12:ä", ":abc", "bot12:abc?"])
def test_a_token_that_is_none_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ChannelConfigError, match="token") as caught:
        build_channel("telegram", {"token": token})

    assert len(token) < 5 or token not in str(caught.value)


async def test_a_check_tells_nobody(telegram: FakeTelegram, channel: Channel) -> None:
    outcome = await channel.check()

    assert outcome == Sent(provider_ref=None, status_code=200)
    assert telegram.posted == []


async def test_a_check_says_that_another_program_takes_the_answers(
    telegram: FakeTelegram, channel: Channel
) -> None:
    telegram.webhook = {"url": "https://other.example/"}

    outcome = await channel.check()

    assert isinstance(outcome, Sent)
    assert "another program" in str(outcome.warning)


async def test_a_check_says_why_telegram_cannot_call_us(telegram: FakeTelegram) -> None:
    channel = channel_for(telegram, webhook=True)
    telegram.webhook = {
        "url": "https://alarm.example/x",
        "last_error_date": 1790000000,
        "last_error_message": "Connection refused",
    }
    telegram.say("Hello")

    outcome = await channel.check()
    await channel.close()

    assert isinstance(outcome, Sent)
    assert "Connection refused" in str(outcome.warning)


async def test_who_has_never_spoken_to_the_bot_cannot_be_reached(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    missing = await channel.unreachable([str(ANNA), "99999", f"{GROUP}/42", "@nobody_here"])

    assert missing == {"99999", "@nobody_here"}


# --- answered -------------------------------------------------------------------------------------------


async def test_a_press_acknowledges_says_so_and_takes_the_buttons_away(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram)

    async with listening(channel) as inbound:
        update = telegram.press(posted, BEN)
        await inbound.until_answers()
        (heard,) = inbound.answers
        await telegram.until(lambda: posted.buttons == [])

    assert heard == Answer(
        event_id=str(update["update_id"]),
        sender=str(BEN),
        acknowledges=True,
        token=ACK_TOKEN,
        thread_ref=f"{ANNA}:{posted.id}",
    )
    assert telegram.answered == {update["callback_query"]["id"]: "Thank you, <Anna>."}
    assert telegram.alerts == set()


async def test_a_press_that_counts_for_nothing_is_said_aloud_and_leaves_the_buttons(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram)

    async with listening(channel) as inbound:
        inbound.says = Response(understood=Understood.UNKNOWN_SENDER, text="Nobody here knows you. " * 20)
        query = telegram.press(posted, 666)["callback_query"]["id"]
        telegram.say("Hello")
        await inbound.until_answers(2)

    assert telegram.alerts == {query}
    assert telegram.answered[query].startswith("Nobody here knows you.")
    assert len(posted.buttons) == 2


async def test_a_press_that_has_come_before_only_stops_the_button_from_turning(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram)

    async with listening(channel) as inbound:
        inbound.says = None
        query = telegram.press(posted)["callback_query"]["id"]
        await telegram.until(lambda: query in telegram.answered)

    assert telegram.answered == {query: ""}


async def test_a_press_that_is_answered_too_late_has_counted_all_the_same(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram)
    telegram.too_old = True

    async with listening(channel) as inbound:
        telegram.press(posted)
        await telegram.until(lambda: posted.buttons == [])

    assert len(inbound.answers) == 1


async def test_a_reply_in_words_names_the_message_that_it_answers(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram, to=f"{GROUP}/42")

    async with listening(channel) as inbound:
        update = telegram.say("On my way", BEN, to=posted, is_topic_message=True, message_thread_id=42)
        await inbound.until_answers()
        (heard,) = inbound.answers
        await telegram.until(lambda: len(telegram.posted) == 2)

    assert heard == Answer(
        event_id=str(update["update_id"]),
        sender=str(BEN),
        acknowledges=False,
        words="On my way",
        thread_ref=f"{GROUP}:{posted.id}",
        at=datetime.fromtimestamp(update["message"]["date"], UTC),
    )
    said = telegram.posted[1]
    assert (said.text, said.topic) == ("Thank you, <Anna>.", 42)
    assert said.below == update["message"]["message_id"]


async def test_words_to_the_bot_alone_are_heard_without_a_message_that_they_answer(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    async with listening(channel) as inbound:
        telegram.say("OK 4711")
        await inbound.until_answers()
        (heard,) = inbound.answers

    assert (heard.words, heard.thread_ref, heard.sender) == ("OK 4711", None, str(ANNA))


async def test_what_was_taken_does_not_come_again(telegram: FakeTelegram, channel: TelegramChannel) -> None:
    async with listening(channel) as inbound:
        telegram.say("one")
        await inbound.until_answers()
        last = telegram.say("two")
        await inbound.until_answers(2)

    assert telegram.waiting == [last]


async def test_what_a_group_says_among_itself_is_not_for_us(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    async with listening(channel) as inbound:
        telegram.say("ok, at 1900 then", chat=telegram.forum)
        telegram.say("to the bot")
        await inbound.until_answers()

    assert [one.words for one in inbound.answers] == ["to the bot"]


@pytest.mark.parametrize("emoji", ["👍", "👌"])
async def test_a_reaction_to_a_message_of_ours_acknowledges(
    telegram: FakeTelegram, channel: TelegramChannel, emoji: str
) -> None:
    posted = await page(channel, telegram, to=GROUP)

    async with listening(channel) as inbound:
        update = telegram.react(posted, emoji, BEN)
        await inbound.until_answers()
        (heard,) = inbound.answers
        await telegram.until(lambda: len(telegram.posted) == 2)

    assert heard == Answer(
        event_id=str(update["update_id"]),
        sender=str(BEN),
        acknowledges=True,
        thread_ref=f"{GROUP}:{posted.id}",
    )


async def test_another_reaction_or_one_to_what_somebody_else_has_written_is_no_answer(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    posted = await page(channel, telegram, to=GROUP)
    elses = Posted(chat=telegram.forum, id=posted.id + 100, text="x", topic=None, buttons=[], below=None)

    async with listening(channel) as inbound:
        telegram.react(posted, "👎")
        telegram.react(elses, "👍")
        telegram.say("last")
        await inbound.until_answers()

    assert [one.words for one in inbound.answers] == ["last"]


@pytest.mark.parametrize("words", ["/start", "/start@house_alarm_bot"])
async def test_whoever_starts_the_bot_learns_the_address_of_the_chat(
    telegram: FakeTelegram, channel: TelegramChannel, words: str
) -> None:
    async with listening(channel) as inbound:
        telegram.say(words, chat=telegram.forum, is_topic_message=True, message_thread_id=42)
        await telegram.until(lambda: telegram.posted)

    assert f"{GROUP}/42" in telegram.posted[0].text
    assert inbound.answers == []


async def test_an_update_that_cannot_be_read_does_not_hide_the_next(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    async with listening(channel) as inbound:
        telegram.update(message={"message_id": "x"})
        telegram.update(callback_query={})
        telegram.say("after it")
        await inbound.until_answers()
        (heard,) = inbound.answers

    assert heard.words == "after it"


async def test_an_answer_that_could_not_be_stored_comes_again(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    telegram.say("On my way")
    away = RecordingInbound(error=StoreUnavailable())

    with pytest.raises(StoreUnavailable):
        await channel.listen(away)
    async with listening(channel) as inbound:
        await inbound.until_answers()
        (heard,) = inbound.answers

    assert heard.words == "On my way"


async def test_a_second_listener_says_that_there_is_another(
    telegram: FakeTelegram, channel: TelegramChannel
) -> None:
    first = asyncio.create_task(channel.listen(RecordingInbound()))
    await telegram.until(lambda: telegram.requests("POST", f"/bot{TOKEN}/getWebhookInfo"))
    other = channel_for(telegram)

    async with listening(other):
        with pytest.raises(AnotherProgramListensError):
            await first
    await other.close()


@pytest.mark.parametrize("behaviour", [Behaviour.STATUS_502, Behaviour.RESET, Behaviour.GARBAGE])
async def test_a_lost_connection_ends_listening_without_telling_the_token(
    telegram: FakeTelegram, channel: TelegramChannel, behaviour: Behaviour
) -> None:
    telegram.behave(behaviour, times=1, path=f"/bot{TOKEN}/getUpdates")

    with pytest.raises(UpdatesLostError) as caught:
        await channel.listen(RecordingInbound())

    assert caught.value.__cause__ is None
    assert TOKEN not in repr(caught.value)


# --- called back ----------------------------------------------------------------------------------------


@pytest.fixture
async def called(telegram: FakeTelegram) -> AsyncIterator[TelegramChannel]:
    channel = channel_for(telegram, webhook=True)
    async with listening(channel):
        await telegram.until(lambda: telegram.webhook)
    yield channel
    await channel.close()


async def test_telegram_is_told_where_to_call_and_what_it_is_to_say(
    telegram: FakeTelegram, called: TelegramChannel
) -> None:
    assert telegram.webhook["url"] == RecordingInbound().callback_url
    assert telegram.webhook["allowed_updates"] == ["message", "callback_query", "message_reaction"]
    assert TOKEN not in telegram.webhook["secret_token"]


async def test_a_call_with_the_secret_is_taken(telegram: FakeTelegram, called: TelegramChannel) -> None:
    inbound = RecordingInbound()
    posted = await page(called, telegram)

    reply = await called.called_back(telegram.call(telegram.press(posted)), inbound)

    assert reply is not None
    assert reply.status == 200
    assert [one.token for one in inbound.answers] == [ACK_TOKEN]


@pytest.mark.parametrize("secret", ["", "wrong", "ä", "x" * 1000])
async def test_a_call_without_the_secret_is_nobodys(
    telegram: FakeTelegram, called: TelegramChannel, secret: str
) -> None:
    inbound = RecordingInbound()
    forged = telegram.call(telegram.say("ok"), **{"X-Telegram-Bot-Api-Secret-Token": secret})

    assert await called.called_back(forged, inbound) is None
    assert inbound.answers == []


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"[" * 100_000, b'{"update_id": "x"}', b"\xff"])
async def test_a_call_that_cannot_be_read_is_not_repeated_for_ever(
    telegram: FakeTelegram, called: TelegramChannel, body: bytes
) -> None:
    inbound = RecordingInbound()

    reply = await called.called_back(replace(telegram.call(telegram.say("ok")), body=body), inbound)

    assert reply is not None
    assert reply.status == 200
    assert inbound.answers == []


async def test_a_bot_that_is_asked_takes_no_calls(
    telegram: FakeTelegram, called: TelegramChannel, channel: TelegramChannel
) -> None:
    assert await channel.called_back(telegram.call(telegram.say("ok")), RecordingInbound()) is None


async def test_a_webhook_of_our_own_goes_when_the_bot_is_asked_instead(
    telegram: FakeTelegram, called: TelegramChannel, channel: TelegramChannel
) -> None:
    async with listening(channel) as inbound:
        telegram.say("Hello")
        await inbound.until_answers()

    assert telegram.webhook == {}


async def test_a_webhook_of_another_program_stays(telegram: FakeTelegram, channel: TelegramChannel) -> None:
    telegram.webhook = {"url": "https://other.example/"}

    with pytest.raises(AnotherProgramListensError):
        async with asyncio.timeout(10):
            await channel.listen(RecordingInbound())

    assert telegram.webhook == {"url": "https://other.example/"}


async def test_a_webhook_that_telegram_refuses_ends_listening(telegram: FakeTelegram) -> None:
    channel = channel_for(telegram, webhook=True)

    with pytest.raises(UpdatesLostError):
        await channel.listen(RecordingInbound(callback_url="http://alarm.example/x"))
    await channel.close()

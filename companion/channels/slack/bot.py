"""A Slack app with a bot token: messages that change once somebody answered, and a button that answers."""

from datetime import UTC, datetime
from typing import Any, override

from pydantic import SecretStr

from companion.channels.base import (
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    Message,
    Outcome,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
)
from companion.channels.cards import card_of, follows_first, replaces_first
from companion.channels.http import Failure, HttpClient, Reply, briefly, not_understood
from companion.channels.slack.blocks import blocks, escaped, fallback
from companion.channels.slack.callbacks import is_of_slack, place_of, pressed
from companion.channels.slack.settings import SlackSettings
from companion.channels.webhooks import address_of
from companion.texts.reasons import Reason

# Slack answers 200 and `"ok": false` with a word (docs of chat.postMessage, chat.update, auth.test).
TRY_AGAIN = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
UNCERTAIN = frozenset({"internal_error", "fatal_error", "request_timeout", "accesslimited"})
BROKEN = frozenset(
    {
        "access_denied",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
FINAL = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "is_archived",
        "message_not_found",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "user_not_found",
    }
)
"""Of this message or this address."""
CANNOT_CHANGE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The first message is gone or too old: what there is to say becomes a message of its own."""
CANNOT_REPLY = frozenset({"thread_not_found", "cannot_reply_to_message"})
"""The same for what would stand below it."""
SAY_S = 2.0
"""Slack waits three seconds for the answer to a press, of which the alarm's own write needs some."""


class SlackBot(Channel, TakesCallbacks):
    """Posts as an app; `Sent.provider_ref` is `channel:ts`, which together name a message."""

    def __init__(self, config: SlackSettings, token: SecretStr) -> None:
        self._config = config
        self._api = address_of(config.url)
        secrets = [token.get_secret_value()]
        self._http = HttpClient(config, headers={"Authorization": f"Bearer {secrets[0]}"}, secrets=secrets)

    @override
    async def send(self, message: Message) -> Outcome:
        card = card_of(message)
        token = None if self._config.signing_secret is None else message.ack_token
        body: dict[str, Any] = {"text": fallback(card), "blocks": blocks(card, token)}
        first = place_of(message.thread_ref)
        if first is not None and replaces_first(message):
            changed = await self._call("chat.update", {"channel": first[0], "ts": first[1], **body})
            if not isinstance(changed, dict) or str(changed.get("error")) not in CANNOT_CHANGE:
                return self._outcome(changed)
        body |= {"unfurl_links": False, "unfurl_media": False}
        if first is not None and follows_first(message):
            below = {"channel": first[0], "thread_ts": first[1], "reply_broadcast": True}
            posted = await self._call("chat.postMessage", {**below, **body})
            if not isinstance(posted, dict) or str(posted.get("error")) not in CANNOT_REPLY:
                return self._outcome(posted)
        return self._outcome(await self._call("chat.postMessage", {"channel": message.address, **body}))

    @override
    async def check(self) -> Outcome:
        answer = await self._call("auth.test", {})
        if not isinstance(answer, dict):
            return answer
        return Sent(provider_ref=None, status_code=200) if answer["ok"] else self._failure(answer)

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        secret = self._config.signing_secret
        if secret is None or not is_of_slack(callback, secret, datetime.now(UTC)):
            return None
        answer = pressed(callback.body)
        response = None if answer is None else await inbound.answer(answer)
        place = None if answer is None else place_of(answer.thread_ref)
        if answer is not None and response is not None and place is not None:
            # Not by the `response_url`: an address that a request brings along is none that we call.
            said = {"channel": place[0], "user": answer.sender, "text": escaped(response.text)}
            await briefly(self._call("chat.postEphemeral", said), SAY_S)
        return CallbackReply()

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any] | Failure:
        """Return Slack's answer, which says `ok` or not, or what it means that there was none."""
        reply = await self._http.request("POST", self._api / method, json_body=body)
        if not isinstance(reply, Reply):
            return reply
        if not reply.is_success:
            return self._http.failure(reply, reply.word("error"))
        return reply.fields if isinstance(reply.fields.get("ok"), bool) else not_understood(reply)

    def _outcome(self, answer: dict[str, Any] | Failure) -> Outcome:
        if not isinstance(answer, dict):
            return answer
        if not answer["ok"]:
            return self._failure(answer)
        if not answer.get("channel") or not answer.get("ts"):
            return TryAgain(reason=Reason("not_understood", status=200), status_code=200, uncertain=True)
        return Sent(provider_ref=f"{answer['channel']}:{answer['ts']}", status_code=200)

    def _failure(self, answer: dict[str, Any]) -> Failure:
        """Return what Slack's word for an error means."""
        word = self._http.quoted(str(answer.get("error")))
        reason = Reason("slack.said", said=word)
        if word == "missing_scope":
            reason = Reason("slack.missing_scope", scope=self._http.quoted(str(answer.get("needed"))))
        if word == "not_in_channel":
            reason = Reason("slack.not_in_channel")
        if word in TRY_AGAIN | UNCERTAIN:
            return TryAgain(reason=reason, status_code=200, uncertain=word in UNCERTAIN)
        if word not in BROKEN | FINAL:
            return TryAgain(reason=reason, status_code=200, unknown=True)
        return Refused(reason=reason, status_code=200, channel_broken=word in BROKEN)

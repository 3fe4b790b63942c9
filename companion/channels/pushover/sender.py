"""Pushover: pages ring until somebody confirms them, and fall silent when somebody else has answered."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, override

from yarl import URL

from companion.channels.base import (
    Answer,
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    KnowsRecipients,
    Listens,
    Message,
    Outcome,
    Per,
    Quota,
    Receipt,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
    Understood,
)
from companion.channels.cards import SETTLES
from companion.channels.http import SAY_S, Failure, HttpClient, Reply, briefly, not_understood, shortened
from companion.channels.pushover.notification import (
    EMERGENCY,
    LONGEST_TEXT,
    alarm_tag,
    notification,
    tags_of,
    whole,
)
from companion.channels.pushover.receipts import (
    Followed,
    confirmed,
    confirmed_by,
    delivered_at,
    is_proven,
    proven_url,
)
from companion.channels.pushover.settings import KEY, PushoverSettings
from companion.texts.reasons import Reason

ASK_EVERY_S = 5.0
"""Pushover allows no more for one receipt."""
FOLLOWED_AT_MOST = 200
SOONEST = timedelta(seconds=5)
"""After an error of its own Pushover wants to be left alone so long."""


class PushoverChannel(Channel, KnowsRecipients, Listens, TakesCallbacks):
    """One notification a message; `Sent.provider_ref` of a page is its receipt.

    Where Pushover can call us it says at once who confirmed a page. Besides, the receipts are asked for of the pages that
    this process has sent: after a restart those that still ring are answered by callback, or by their link.
    """

    def __init__(self, config: PushoverSettings) -> None:
        self._config = config
        self._api = URL(str(config.url).rstrip("/")) / "1"
        self._http = HttpClient(config, secrets=[config.token.get_secret_value()])
        self._followed: dict[str, Followed] = {}
        self._rings = asyncio.Event()

    @override
    async def send(self, message: Message) -> Outcome:
        if message.kind in SETTLES:
            silenced = await self._silence(message)
            if silenced is not None:
                return silenced
        elif message.may_have_been_sent:
            # There is no key against repeats: of two pages that ring for one reader the first is silenced.
            silencing = self._call("POST", f"receipts/cancel_by_tag/{tags_of(message)[1]}.json", {})
            await briefly(silencing, SAY_S)  # the page matters more
        callback = message.callback_url and proven_url(
            message.callback_url, message.delivery_id, self._config.token
        )
        fields = whole(notification(message, self._config, callback))
        answer = await self._call("POST", "messages.json", fields)
        if not isinstance(answer, dict):
            return answer
        receipt = str(answer.get("receipt"))
        if fields["priority"] != EMERGENCY or not KEY.fullmatch(receipt):
            return Sent(provider_ref=str(answer.get("request")), status_code=200)
        self._follow(receipt, message.alarm_id)
        return Sent(provider_ref=receipt, status_code=200, receipt_follows=True)

    @override
    async def check(self) -> Outcome:
        """Ask what is left of the month's messages, which only a valid token may know."""
        answer = await self._call("GET", "apps/limits.json", {})
        if not isinstance(answer, dict):
            return answer
        limit, remaining = answer.get("limit"), answer.get("remaining")
        quota = None
        if isinstance(limit, int) and isinstance(remaining, int):
            quota = Quota(limit=limit, per=Per.MONTH, used=limit - remaining)
        return Sent(provider_ref=None, status_code=200, quota=quota)

    @override
    async def unreachable(self, addresses: Sequence[str]) -> frozenset[str]:
        """Ask which keys are of users or groups with a device."""
        missing = set()
        for address in addresses:
            answer = await self._call("POST", "users/validate.json", {"user": address})
            # Only Pushover itself says 400; a 404 is of something else, and says nothing of anybody.
            if isinstance(answer, Refused) and answer.status_code == 400 and not answer.channel_broken:
                missing.add(address)
        return frozenset(missing)

    @override
    async def listen(self, inbound: Inbound) -> None:
        """Ask what became of the pages that ring, as often as Pushover allows."""
        while True:
            await self._rings.wait()
            for ref in list(self._followed):
                await self._ask(ref, inbound)
            await asyncio.sleep(ASK_EVERY_S)

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        if not is_proven(callback, self._config.token):
            return None
        answer = confirmed_by(callback)
        if answer is not None:
            await self._answered(answer, inbound)
        return CallbackReply()

    @override
    async def close(self) -> None:
        await self._http.close()

    # --- pages that ring --------------------------------------------------------------------------------

    def _follow(self, ref: str, alarm_id: str) -> None:
        self._followed[ref] = Followed(alarm_id=alarm_id)
        for oldest in list(self._followed)[:-FOLLOWED_AT_MOST]:
            del self._followed[oldest]
        self._rings.set()

    def _forget(self, *refs: str) -> None:
        for ref in refs:
            self._followed.pop(ref, None)
        if not self._followed:
            self._rings.clear()

    async def _silence(self, message: Message) -> Failure | None:
        """End the ringing of every page of the alarm; return why that did not succeed."""
        ended = await self._call("POST", f"receipts/cancel_by_tag/{alarm_tag(message.alarm_id)}.json", {})
        if isinstance(ended, TryAgain) or (isinstance(ended, Refused) and ended.channel_broken):
            return ended
        self._forget(*(ref for ref, one in self._followed.items() if one.alarm_id == message.alarm_id))
        return None

    async def _ask(self, ref: str, inbound: Inbound) -> None:
        """Pass on what is new of one page."""
        receipt = await self._call("GET", f"receipts/{ref}.json", {})
        followed = self._followed.get(ref)
        if followed is None or isinstance(receipt, TryAgain):
            return
        if isinstance(receipt, Refused):
            self._forget(ref)
            return
        at = delivered_at(receipt)
        if at is not None and not followed.delivered:
            await inbound.receipt(Receipt(provider_ref=ref, at=at))
            self._followed[ref] = replace(followed, delivered=True)
        answer = confirmed(ref, receipt)
        if answer is not None:
            await self._answered(answer, inbound)
        if answer is not None or receipt.get("expired") == 1:
            self._forget(ref)

    async def _answered(self, answer: Answer, inbound: Inbound) -> None:
        """Pass on a confirmation, and say to whoever gave it what became of it, unless that is what they think anyway."""
        response = await inbound.answer(answer)
        if response is None or response.understood is Understood.ACKNOWLEDGED:
            return
        said = {"user": answer.sender, "message": shortened(response.text, LONGEST_TEXT)}
        await briefly(self._call("POST", "messages.json", said), SAY_S)

    # --- asking -----------------------------------------------------------------------------------------

    async def _call(
        self, method: Literal["GET", "POST"], path: str, fields: dict[str, Any]
    ) -> dict[str, Any] | Failure:
        """Return Pushover's answer to a request that it has carried out, or what any other means."""
        url, token = self._api / path, {"token": self._config.token.get_secret_value()}
        if method == "GET":
            reply = await self._http.request(method, url.with_query(token))
        else:
            reply = await self._http.request(method, url, json_body={**token, **fields})
        if not isinstance(reply, Reply):
            return reply
        answer = reply.fields
        if answer.get("status") not in (0, 1):  # it may be a list, which no set looks for
            return not_understood(reply) if reply.is_success else self._http.failure(reply)
        if reply.is_success:
            return answer if answer["status"] == 1 else not_understood(reply)
        return self._failure(reply, answer)

    def _failure(self, reply: Reply, answer: dict[str, Any]) -> Failure:
        """Return what a no in Pushover's own words means: a 4xx is never taken the next time either."""
        errors = answer.get("errors")
        said = self._http.quoted(", ".join(map(str, errors)) if isinstance(errors, list) else "")
        if reply.status == 429 and reply.headers.get("X-Limit-App-Remaining", "0") == "0":
            reason = Reason("pushover.quota_used", reset=reset_of(reply))
            return Refused(reason=reason, status_code=429, channel_broken=True)
        failure = self._http.failure(reply, said)
        if reply.status >= 500 and isinstance(failure, TryAgain):
            return replace(failure, after=max(failure.after or SOONEST, SOONEST))
        if answer.get("token") == "invalid":
            return Refused(
                reason=Reason("credentials_refused", answer=failure.reason),
                status_code=reply.status,
                channel_broken=True,
            )
        if 400 <= reply.status < 500 and isinstance(failure, TryAgain) and failure.unknown:
            return Refused(reason=failure.reason, status_code=reply.status)
        return failure


def reset_of(reply: Reply) -> str:
    """Return the day on which there are messages again."""
    stamp = reply.headers.get("X-Limit-App-Reset", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        return "?"
    return datetime.fromtimestamp(int(stamp), UTC).date().isoformat()

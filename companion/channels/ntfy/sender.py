"""ntfy: one request publishes a message to a topic."""

from datetime import timedelta
from typing import Any, override

from aiohttp import encode_basic_auth
from yarl import URL

from companion.channels.base import Channel, Message, Outcome, Per, Quota, Refused, Sent, TryAgain
from companion.channels.http import Failure, HttpClient, Reply, not_understood
from companion.channels.ntfy.notification import published
from companion.channels.ntfy.settings import NtfySettings
from companion.texts.reasons import Reason

TOO_MANY_REQUESTS, TOO_MANY_MESSAGES, FORBIDDEN = 42901, 42908, 40301
"""ntfy: server/errors.go."""
ONE_EVERY = timedelta(seconds=5)
"""After a burst of 60 requests."""


class NtfyChannel(Channel):
    """Whoever subscribes to the topic is told; who that is only they know."""

    def __init__(self, config: NtfySettings) -> None:
        self._config = config
        self._base = URL(str(config.url))
        headers, secrets = {}, []
        if config.token is not None:
            secrets = [config.token.get_secret_value()]
            headers = {"Authorization": f"Bearer {secrets[0]}"}
        elif config.user is not None and config.password is not None:
            login = encode_basic_auth(config.user, config.password.get_secret_value())
            secrets = [config.password.get_secret_value(), login.removeprefix("Basic ")]
            headers = {"Authorization": login}
        self._http = HttpClient(config, headers=headers, secrets=secrets)

    @override
    async def send(self, message: Message) -> Outcome:
        reply = await self._http.request(
            "POST", self._base, data=published(message), headers={"Content-Type": "application/json"}
        )
        if not isinstance(reply, Reply):
            return reply
        if not reply.is_success:
            return self._refusal(reply)
        ref = reply.word("sequence_id") or reply.word("id")
        return Sent(provider_ref=ref, status_code=reply.status) if ref else not_understood(reply)

    @override
    async def check(self) -> Outcome:
        """Ask whether the server is well, and what is left of the day's messages, which only a valid login may know."""
        health = await self._http.request("GET", self._base / "v1/health")
        if not isinstance(health, Reply):
            return health
        if not health.is_success:
            return self._refusal(health)
        if health.fields.get("healthy") is not True:
            return not_understood(health)
        account = await self._http.request("GET", self._base / "v1/account")
        if not isinstance(account, Reply):
            return account
        if not account.is_success and self._config.has_login:
            return self._refusal(account)
        return Sent(provider_ref=None, status_code=health.status, quota=_quota(account.fields))

    @override
    async def close(self) -> None:
        await self._http.close()

    def _refusal(self, reply: Reply) -> Failure:
        """Return what an answer other than success means; ntfy says it with a code of its own."""
        failure = self._http.failure(reply, reply.fields.get("error"))
        code = reply.fields.get("code")
        if code == TOO_MANY_MESSAGES:
            return Refused(
                reason=Reason("ntfy.no_messages_left"), status_code=reply.status, channel_broken=True
            )
        if code == TOO_MANY_REQUESTS and isinstance(failure, TryAgain) and failure.after is None:
            return TryAgain(reason=failure.reason, status_code=reply.status, after=ONE_EVERY)
        if code == FORBIDDEN and self._config.has_login:
            return Refused(reason=Reason("ntfy.topic_forbidden"), status_code=reply.status)
        if isinstance(code, int) and code // 100 == 400:
            return Refused(reason=failure.reason, status_code=reply.status)
        return failure


def _quota(account: dict[str, Any]) -> Quota | None:
    """Return what is used up of the day's messages; None: the server does not count them."""
    limits, stats = account.get("limits"), account.get("stats")
    if not isinstance(limits, dict) or not isinstance(stats, dict):
        return None
    limit, left = limits.get("messages"), stats.get("messages_remaining")
    if not isinstance(limit, int) or not isinstance(left, int) or limit <= 0:
        return None
    return Quota(limit=limit, per=Per.DAY, used=limit - left)

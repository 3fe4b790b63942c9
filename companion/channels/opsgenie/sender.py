"""Opsgenie's Alert API, which Jira Service Management has too: an alias is one alert, so a request may be repeated."""

from typing import Any, override

from yarl import URL

from companion.channels.base import (
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    Message,
    Outcome,
    Sent,
    TakesCallbacks,
)
from companion.channels.cards import card_of
from companion.channels.http import Failure, HttpClient, Reply, not_understood, shortened
from companion.channels.on_call import PREFIX, Step, details_of, key_of, step_of
from companion.channels.opsgenie.callbacks import SOURCE, acknowledged, is_of_opsgenie
from companion.channels.opsgenie.settings import OpsgenieSettings
from companion.channels.render import full_text, place

MESSAGE_LIMIT = 130
USER_LIMIT = 100
ENTITY_LIMIT = 512
PRIORITIES = {"critical": "P1", "high": "P2", "normal": "P3", "low": "P4"}
PATHS = {Step.ADD: "notes", Step.ACKNOWLEDGE: "acknowledge", Step.CLOSE: "close"}


class OpsgenieChannel(Channel, TakesCallbacks):
    """Makes alerts; `Sent.provider_ref` is the alias."""

    def __init__(self, config: OpsgenieSettings) -> None:
        self._config = config
        self._alerts = URL(str(config.url)) / "v2" / "alerts"
        key = config.api_key.get_secret_value()
        self._http = HttpClient(config, headers={"Authorization": f"GenieKey {key}"}, secrets=[key])

    @override
    async def send(self, message: Message) -> Outcome:
        step, alias = step_of(message), key_of(message)
        if step is Step.OPEN:
            reply = await self._call(self._alerts, {"alias": alias, **described(message)})
        else:
            body = {"note": full_text(message), "source": SOURCE}
            if message.by:
                body["user"] = shortened(message.by, USER_LIMIT)
            reply = await self._call(self._of(alias, PATHS[step]), body)
        return Sent(provider_ref=alias, status_code=reply.status) if isinstance(reply, Reply) else reply

    @override
    async def check(self) -> Outcome:
        """Close what was never there: it is taken with a key that may make alerts, and tells nobody."""
        reply = await self._call(self._of(f"{PREFIX}check", "close"), {"source": SOURCE})
        return Sent(provider_ref=None, status_code=reply.status) if isinstance(reply, Reply) else reply

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        secret = self._config.webhook_secret
        if secret is None or not is_of_opsgenie(callback, secret):
            return None
        answer = acknowledged(callback.body)
        if answer is not None:
            await inbound.answer(answer)
        return CallbackReply()

    @override
    async def close(self) -> None:
        await self._http.close()

    def _of(self, alias: str, path: str) -> URL:
        return (self._alerts / alias / path).with_query(identifierType="alias")

    async def _call(self, url: URL, body: dict[str, Any]) -> Reply | Failure:
        """Return that the request was taken (202: it is carried out later), or what anything else means."""
        reply = await self._http.request("POST", url, json_body=body)
        if not isinstance(reply, Reply):
            return reply
        if not reply.is_success:
            return self._http.failure(reply, reply.fields.get("message"))
        return reply if reply.fields.get("requestId") else not_understood(reply)


def described(message: Message) -> dict[str, Any]:
    """Return what stands in the alert."""
    card = card_of(message)
    alert: dict[str, Any] = {
        "message": shortened(card.title, MESSAGE_LIMIT),
        "description": full_text(message),
        "priority": PRIORITIES.get(message.severity, "P2"),
        "details": details_of(card),
        "source": SOURCE,
        "tags": ["alarm-broker", *(["test"] if message.test else [])],
    }
    where = place(message)
    return {**alert, "entity": shortened(where, ENTITY_LIMIT)} if where else alert

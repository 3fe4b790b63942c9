"""PagerDuty's Events API v2: repeats of a key are one incident, so an event may be sent as often as it takes."""

from typing import Any, override

from yarl import URL

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
)
from companion.channels.cards import card_of
from companion.channels.http import Failure, HttpClient, Reply, not_understood, shortened
from companion.channels.on_call import PREFIX, Step, details_of, key_of, step_of
from companion.channels.pagerduty.callbacks import acknowledged, is_of_pagerduty
from companion.channels.pagerduty.settings import PagerDutySettings
from companion.channels.render import place

SUMMARY_LIMIT = 1024
PLACE_LIMIT = 255
"""What PagerDuty sets no limit for: but an event is refused above 512 KB, and with it the alarm."""
ACTIONS = {
    Step.OPEN: "trigger",
    Step.ADD: "trigger",
    Step.ACKNOWLEDGE: "acknowledge",
    Step.CLOSE: "resolve",
}
SEVERITIES = {"critical": "critical", "high": "error", "normal": "warning", "low": "info"}


class PagerDutyChannel(Channel, TakesCallbacks):
    """Sends events; `Sent.provider_ref` is the incident's key."""

    def __init__(self, config: PagerDutySettings) -> None:
        self._config = config
        self._key = config.routing_key.get_secret_value()
        self._http = HttpClient(config, secrets=[self._key])

    @override
    async def send(self, message: Message) -> Outcome:
        step, key = step_of(message), key_of(message)
        event: dict[str, Any] = {"event_action": ACTIONS[step], "dedup_key": key}
        if step in {Step.OPEN, Step.ADD}:
            event |= described(message)
        reply = await self._enqueue(event)
        return Sent(provider_ref=key, status_code=reply.status) if isinstance(reply, Reply) else reply

    @override
    async def check(self) -> Outcome:
        """Resolve what was never there: PagerDuty looks at the integration key, and tells nobody."""
        reply = await self._enqueue({"event_action": "resolve", "dedup_key": f"{PREFIX}check"})
        return Sent(provider_ref=None, status_code=reply.status) if isinstance(reply, Reply) else reply

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        secret = self._config.webhook_secret
        if secret is None or not is_of_pagerduty(callback, secret):
            return None
        answer = acknowledged(callback.body)
        if answer is not None:
            await inbound.answer(answer)
        return CallbackReply()

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _enqueue(self, event: dict[str, Any]) -> Reply | Failure:
        url = URL(str(self._config.url)) / "v2" / "enqueue"
        reply = await self._http.request("POST", url, json_body={"routing_key": self._key, **event})
        if not isinstance(reply, Reply):
            return reply
        known = reply.fields
        if reply.is_success:
            return reply if known.get("status") == "success" else not_understood(reply)
        errors = known.get("errors")
        found = [str(one) for one in errors] if isinstance(errors, list) else []
        failure = self._http.failure(reply, "; ".join(found) or known.get("message"))
        if reply.status == 400 and known.get("status") == "invalid event":
            of_key = any("routing_key" in one for one in found)
            return Refused(reason=failure.reason, status_code=400, channel_broken=of_key)
        return failure


def described(message: Message) -> dict[str, Any]:
    """Return what stands in the incident."""
    card = card_of(message)
    payload: dict[str, Any] = {
        "summary": shortened(card.title, SUMMARY_LIMIT),
        "source": shortened(place(message) or message.source or "Alarm Broker", PLACE_LIMIT),
        "severity": SEVERITIES.get(message.severity, "error"),
        "timestamp": message.raised_at.isoformat(timespec="milliseconds"),
        "class": shortened(message.source or "alarm", PLACE_LIMIT),
        "custom_details": details_of(card),
    }
    known = {"component": message.room, "group": message.site}
    payload |= {name: shortened(value, PLACE_LIMIT) for name, value in known.items() if value}
    links = [] if card.link is None else [{"href": card.link, "text": card.link_label}]
    return {"payload": payload, "links": links, "client": "Alarm Broker"}

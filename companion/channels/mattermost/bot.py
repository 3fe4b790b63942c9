"""A Mattermost bot: posts that change once somebody answered, and a button that answers."""

import json
from dataclasses import replace
from typing import Any, Literal, override

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
from companion.channels.cards import Card, card_of, follows_first, replaces_first
from companion.channels.http import Failure, HttpClient, Reply, not_understood
from companion.channels.markdown import literal, markdown
from companion.channels.mattermost.callbacks import pressed, proof
from companion.channels.mattermost.settings import MattermostSettings
from companion.channels.mattermost.webhook import said
from companion.channels.webhooks import address_of
from companion.texts.reasons import Reason

NO_PERMISSION = "api.context.permissions.app_error"
"""The bot may not write here: of this place only."""
CANNOT_CHANGE = frozenset({400, 403, 404})
"""The first post is gone, or too old to be changed; nothing can stand below it either: what there is to say becomes a post of its own."""


class MattermostBot(Channel, TakesCallbacks):
    """Posts as a bot; `Sent.provider_ref` is the post's id."""

    def __init__(self, config: MattermostSettings, token: SecretStr) -> None:
        self._config = config
        self._token = token
        self._api = address_of(config.url) / "api" / "v4"
        secrets = [token.get_secret_value()]
        self._http = HttpClient(config, headers={"Authorization": f"Bearer {secrets[0]}"}, secrets=secrets)
        self._direct: dict[str, str] = {}
        """The channel between the bot and each user who was written to."""

    @override
    async def send(self, message: Message) -> Outcome:
        card = card_of(message)
        body: dict[str, Any] = {"message": markdown(card), "props": {"attachments": []}}
        if card.link is not None and message.callback_url and message.ack_token:
            button = self._button(card, message.callback_url, message.ack_token)
            body["props"] = {"attachments": [{"actions": [button]}]}
        if message.thread_ref is not None and replaces_first(message):
            changed = await self._call("PUT", f"posts/{message.thread_ref}/patch", body)
            if isinstance(changed, Reply) or changed.status_code not in CANNOT_CHANGE:
                return _outcome(changed)
        place = await self._place(message.address)
        if not isinstance(place, str):
            # Nothing has been sent yet, however uncertain the end of a look-up is.
            return replace(place, uncertain=False) if isinstance(place, TryAgain) else place
        # Within half a minute the server takes a repeat of this id for what it is (`app/post.go`).
        body |= {"channel_id": place, "pending_post_id": message.idempotency_key}
        if message.thread_ref is not None and follows_first(message):
            below = await self._call("POST", "posts", {**body, "root_id": message.thread_ref})
            if isinstance(below, Reply) or below.status_code not in CANNOT_CHANGE:
                return _outcome(below)
        return _outcome(await self._call("POST", "posts", body))

    @override
    async def check(self) -> Outcome:
        me = await self._call("GET", "users/me")
        if not isinstance(me, Reply):
            return me
        return Sent(provider_ref=None, status_code=me.status) if me.word("id") else not_understood(me)

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        answer = pressed(callback.body, self._token)
        if answer is None:
            return None
        response = await inbound.answer(answer)
        told = {} if response is None else {"ephemeral_text": literal(response.text)}
        return CallbackReply(body=json.dumps(told), content_type="application/json")

    @override
    async def close(self) -> None:
        await self._http.close()

    def _button(self, card: Card, callback_url: str, token: str) -> dict[str, Any]:
        """Return a button. Its context stays in the server: no client sees it."""
        context = {"token": token, "proof": proof(token, self._token)}
        return {
            "id": "acknowledge",
            "type": "button",
            "name": card.button,
            "style": "primary",
            "integration": {"url": callback_url, "context": context},
        }

    async def _place(self, address: str) -> str | Failure:
        """Return the id of the channel of this address."""
        if address.startswith("#"):
            return Refused(reason=Reason("mattermost.needs_id"))
        if not address.startswith("@"):
            return address
        if address not in self._direct:
            found = await self._direct_channel(address.removeprefix("@"))
            if not isinstance(found, str):
                return found
            self._direct[address] = found
        return self._direct[address]

    async def _direct_channel(self, username: str) -> str | Failure:
        """Return the id of the channel between the bot and a user; the server makes it if there is none."""
        ids = []
        for path in ("users/me", f"users/username/{username}"):
            user = await self._call("GET", path)
            if not isinstance(user, Reply):
                return user
            ids.append(user.word("id"))
        channel = await self._call("POST", "channels/direct", ids)
        if not isinstance(channel, Reply):
            return channel
        return channel.word("id") or not_understood(channel)

    async def _call(
        self, method: Literal["GET", "POST", "PUT"], path: str, body: Any = None
    ) -> Reply | Failure:
        """Return a success, or what anything else means."""
        reply = await self._http.request(method, self._api / path, json_body=body)
        if not isinstance(reply, Reply) or reply.is_success:
            return reply
        if reply.word("id") == NO_PERMISSION:
            return Refused(reason=Reason("mattermost.not_a_member"), status_code=reply.status)
        return self._http.failure(reply, said(reply))


def _outcome(reply: Reply | Failure) -> Outcome:
    if not isinstance(reply, Reply):
        return reply
    post = reply.word("id")
    return Sent(provider_ref=post, status_code=reply.status) if post else not_understood(reply)

"""A stand-in for the Bot API: every call is checked against the published tables, what people do comes back as updates."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, override

from aiohttp import hdrs, web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

CONTRACT = json.loads((Path(__file__).parent / "contracts" / "telegram-bot-api.json").read_text("utf-8"))
METHODS, TYPES = CONTRACT["methods"], CONTRACT["types"]
BOT_ID = 110201543
LARGEST_PHOTO = 10 * 1024 * 1024
TOKEN = f"{BOT_ID}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


@dataclass(kw_only=True)
class Posted:
    """A message of the bot, as it stands in its chat now."""

    chat: int
    id: int
    text: str
    topic: int | None
    buttons: list[dict[str, str]]
    below: int | None
    """The message that it is a reply to."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo of the bot, as it was uploaded."""

    chat: int
    id: int
    topic: int | None
    below: int | None
    name: str
    media_type: str
    data: bytes
    silent: bool


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file in a form."""

    name: str
    media_type: str
    data: bytes


class RefusedError(Exception):
    """The Bot API says no."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


@dataclass
class FakeTelegram(FakeServer):
    """The Bot API with one bot, the people who have started it, and a forum."""

    token: str = TOKEN
    people: dict[int, str] = field(default_factory=lambda: {7001: "Anna", 7002: "Ben"})
    """Whom the bot may write to."""
    blocked_by: set[int] = field(default_factory=set)
    forum: int = -1001234567890
    topics: set[int] = field(default_factory=lambda: {42})
    public: str = "@watch"
    """Another name of the forum."""
    migrated: dict[int, int] = field(default_factory=dict)
    """Groups that have become supergroups."""
    flooded_with_photos: set[int] = field(default_factory=set)
    flooded: dict[int, int] = field(default_factory=dict)
    """Chats that must wait so many seconds."""
    too_old: bool = False
    """Button presses were answered too late."""
    says: Any = None
    """What every call is answered instead."""
    posted: list[Posted] = field(default_factory=list, init=False)
    photos: list[Photo] = field(default_factory=list, init=False)
    answered: dict[str, str] = field(default_factory=dict, init=False)
    """What was shown to whoever pressed a button, by the id of the press."""
    alerts: set[str] = field(default_factory=set, init=False)
    """Those that had to be closed by hand."""
    webhook: dict[str, Any] = field(default_factory=dict, init=False)
    waiting: list[dict[str, Any]] = field(default_factory=list, init=False)
    """Updates that nobody has confirmed."""
    _wanted: list[str] | None = field(default=None, init=False)
    _updates: int = field(default=900, init=False)
    _came: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _asking: int = field(default=0, init=False)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve every method, with GET and POST, as the Bot API does."""
        return [web.route("*", "/bot{token}/{method}", self._call)]

    # --- what people do -------------------------------------------------------------------------------------

    def press(self, message: Posted, user: int = 7001, *, data: str | None = None) -> dict[str, Any]:
        """Let somebody press the first button under a message."""
        query = {
            "id": f"q{self._updates}",
            "from": self._user(user),
            "chat_instance": "1",
            "message": self._shown(message),
            "data": data if data is not None else message.buttons[0]["callback_data"],
        }
        return self.update(callback_query=query)

    def say(
        self,
        text: str,
        user: int = 7001,
        *,
        to: Posted | Photo | None = None,
        chat: int | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Let somebody write, to the bot alone or in a chat; perhaps as a reply."""
        here = chat if chat is not None else to.chat if to else user
        reply = {} if to is None else {"reply_to_message": self._shown(to)}
        message = {
            "message_id": self._next_id(),
            "date": int(time.time()),
            "chat": self._chat(here),
            "from": self._user(user),
            "text": text,
        }
        return self.update(message=message | reply | more)

    def react(self, message: Posted | Photo, emoji: str, user: int = 7001) -> dict[str, Any]:
        """Let somebody put a reaction on a message."""
        reaction = {
            "chat": self._chat(message.chat),
            "message_id": message.id,
            "user": self._user(user),
            "date": int(time.time()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }
        return self.update(message_reaction=reaction)

    def update(self, **what: Any) -> dict[str, Any]:
        """Keep an update until somebody has taken it."""
        self._updates += 1
        update = {"update_id": self._updates, **what}
        if self._wanted is None or set(what) <= set(self._wanted):
            self.waiting.append(update)
            self._came.set()
        return update

    def call(self, update: dict[str, Any], **headers: str) -> Callback:
        """Return the request that the Bot API sends to the webhook."""
        return Callback(
            method="POST",
            url=self.webhook["url"],
            query={},
            headers={"X-Telegram-Bot-Api-Secret-Token": self.webhook["secret_token"], **headers},
            body=json.dumps(update).encode(),
        )

    # --- the Bot API ----------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            is_formed = request.match_info["token"].startswith(f"{BOT_ID}:")
            return refusal(RefusedError(401, "Unauthorized") if is_formed else RefusedError(404, "Not Found"))
        if method not in METHODS:
            return refusal(RefusedError(404, "Not Found"))
        if self.says is not None:
            return web.json_response(self.says)
        try:
            fields = checked(method, await form_of(request))
            result = await getattr(self, f"_on_{method}")(fields)
        except RefusedError as error:
            return refusal(error)
        return web.json_response({"ok": True, "result": result})

    async def _on_getMe(self, _fields: dict[str, Any]) -> Any:  # noqa: N802 # as the Bot API calls it
        return {"id": BOT_ID, "is_bot": True, "first_name": "Alarm", "username": "house_alarm_bot"}

    async def _on_getChat(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        chat = self._existing(fields["chat_id"])
        return self._chat(chat) | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": GIFTS,
        }

    async def _on_sendMessage(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        chat, topic = self._existing(fields["chat_id"]), fields.get("message_thread_id")
        if chat in self.flooded:
            wait = self.flooded[chat]
            raise RefusedError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        if chat in self.blocked_by:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        if topic is not None and topic not in self.topics:
            raise RefusedError(400, "Bad Request: message thread not found")
        message = Posted(
            chat=chat,
            id=self._next_id(),
            text=text_in(fields),
            topic=topic,
            buttons=buttons_in(fields),
            below=fields.get("reply_parameters", {}).get("message_id"),
        )
        self.posted.append(message)
        return self._shown(message)

    async def _on_sendPhoto(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        photo, topic = fields["photo"], fields.get("message_thread_id")
        if not isinstance(photo, Upload):
            raise RefusedError(400, "Bad Request: wrong remote file identifier specified")
        if not photo.name or not photo.data.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            raise RefusedError(400, "Bad Request: IMAGE_PROCESS_FAILED")
        if len(photo.data) > LARGEST_PHOTO:
            raise RefusedError(413, "Request Entity Too Large")
        chat, below = self._existing(fields["chat_id"]), fields.get("reply_parameters", {}).get("message_id")
        if chat in self.flooded_with_photos:
            raise RefusedError(429, "Too Many Requests: retry after 9", retry_after=9)
        if topic is not None and topic not in self.topics:
            raise RefusedError(400, "Bad Request: message thread not found")
        if below is not None and (chat, below) not in {(one.chat, one.id) for one in self.posted}:
            raise RefusedError(400, "Bad Request: message to be replied not found")
        shown = Photo(
            chat=chat,
            id=self._next_id(),
            topic=topic,
            below=below,
            name=photo.name,
            media_type=photo.media_type,
            data=photo.data,
            silent=fields.get("disable_notification", False),
        )
        self.photos.append(shown)
        sizes = [{"file_id": "1", "file_unique_id": "1", "width": 640, "height": 480}]
        return self._shown(shown) | {"photo": sizes}

    async def _on_editMessageText(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        message, text, buttons = self._there(fields), text_in(fields), buttons_in(fields)
        if (message.text, message.buttons) == (text, buttons):
            raise RefusedError(400, "Bad Request: message is not modified")
        message.text, message.buttons = text, buttons
        return self._shown(message)

    async def _on_editMessageReplyMarkup(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        message, buttons = self._there(fields), buttons_in(fields)
        if message.buttons == buttons:
            raise RefusedError(400, "Bad Request: message is not modified")
        message.buttons = buttons
        return self._shown(message)

    async def _on_answerCallbackQuery(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        text = fields.get("text", "")
        if len(text) > 200:
            raise RefusedError(400, "Bad Request: MESSAGE_TOO_LONG")
        if self.too_old:
            raise RefusedError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self.answered[fields["callback_query_id"]] = text
        if fields.get("show_alert"):
            self.alerts.add(fields["callback_query_id"])
        return True

    async def _on_getWebhookInfo(self, _fields: dict[str, Any]) -> Any:  # noqa: N802
        errors = {
            key: self.webhook[key] for key in ("last_error_date", "last_error_message") if key in self.webhook
        }
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.waiting),
            **errors,
        }

    async def _on_setWebhook(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        if not fields["url"].startswith("https://"):
            raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook = fields
        self._wanted = fields.get("allowed_updates", self._wanted)
        self._came.set()
        return True

    async def _on_deleteWebhook(self, _fields: dict[str, Any]) -> Any:  # noqa: N802
        self.webhook = {}
        return True

    async def _on_getUpdates(self, fields: dict[str, Any]) -> Any:  # noqa: N802
        if self.webhook:
            raise RefusedError(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
            )
        self._asking += 1
        mine = self._asking
        self._wanted = fields.get("allowed_updates", self._wanted)
        offset = fields.get("offset", 0)
        self.waiting = [one for one in self.waiting if one["update_id"] >= offset]
        self._came.set()
        deadline = time.monotonic() + fields.get("timeout", 0)
        while True:
            self._came.clear()
            if self.webhook or mine != self._asking:
                raise RefusedError(409, "Conflict: terminated by other getUpdates request")
            left = deadline - time.monotonic()
            if self.waiting or left <= 0:
                return self.waiting[: fields.get("limit", 100)]
            try:
                await asyncio.wait_for(self._came.wait(), left)
            except TimeoutError:
                continue

    # --- chats ----------------------------------------------------------------------------------------------

    def _existing(self, chat: int | str) -> int:
        found = self.forum if chat == self.public else chat
        if found in self.migrated:
            new = self.migrated[found]
            raise RefusedError(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=new
            )
        known = found in self.people or found == self.forum or found in self.migrated.values()
        if not isinstance(found, int) or not known:
            raise RefusedError(400, "Bad Request: chat not found")
        return found

    def _there(self, fields: dict[str, Any]) -> Posted:
        key = (self._existing(fields["chat_id"]), fields["message_id"])
        for message in self.posted:
            if (message.chat, message.id) == key:
                return message
        raise RefusedError(400, "Bad Request: message to edit not found")

    def _next_id(self) -> int:
        self._updates += 1
        return self._updates

    def _user(self, user: int) -> dict[str, Any]:
        return {
            "id": user,
            "is_bot": False,
            "first_name": self.people.get(user, "Somebody"),
            "language_code": "en",
        }

    def _chat(self, chat: int) -> dict[str, Any]:
        if chat > 0:
            return {"id": chat, "type": "private", "first_name": self.people.get(chat, "Somebody")}
        return {"id": chat, "type": "supergroup", "title": "Watch", "is_forum": True}

    def _shown(self, message: Posted | Photo) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "message_id": message.id,
            "date": int(time.time()),
            "chat": self._chat(message.chat),
            "from": {"id": BOT_ID, "is_bot": True, "first_name": "Alarm"},
        }
        if isinstance(message, Posted):
            shown["text"] = message.text
        if message.topic is not None:
            shown |= {"message_thread_id": message.topic, "is_topic_message": True}
        return shown


GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
)


def refusal(error: RefusedError) -> web.Response:
    """Return how the Bot API says no."""
    more = {"parameters": error.parameters} if error.parameters else {}
    body = {"ok": False, "error_code": error.status, "description": str(error), **more}
    return web.json_response(body, status=error.status)


def text_in(fields: dict[str, Any]) -> str:
    """Return the text of a message, which has 1 to 4096 UTF-16 units."""
    text = str(fields.get("text", ""))
    if not text.strip():
        raise RefusedError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) > 2 * 4096:
        raise RefusedError(400, "Bad Request: message is too long")
    return text


def buttons_in(fields: dict[str, Any]) -> list[dict[str, str]]:
    """Return the buttons below a message, checked as the Bot API does."""
    rows = fields.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    for button in buttons:
        if len(button.get("callback_data", "").encode()) > 64:
            raise RefusedError(400, "Bad Request: BUTTON_DATA_INVALID")
        host = button.get("url", "https://a.example").split("/")[2]
        if "." not in host:
            raise RefusedError(400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid")
        if "url" in button and "callback_data" in button:
            raise RefusedError(400, "Bad Request: BUTTON_TYPE_INVALID")
    return buttons


# --- the published tables -----------------------------------------------------------------------------------


async def form_of(request: web.Request) -> dict[str, Any]:
    """Return the fields of a form, in either of its two ways to be written."""
    if request.content_type != "multipart/form-data":
        return dict(await request.post())
    # aiohttp reads such a form from the wire, from where the record of requests has taken it already.
    head = f"Content-Type: {request.headers[hdrs.CONTENT_TYPE]}\r\n\r\n".encode()
    fields: dict[str, Any] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + await request.read()).iter_parts():
        data, file = part.get_payload(decode=True), part.get_filename()
        assert isinstance(data, bytes)
        name = str(part.get_param("name", header="Content-Disposition"))
        upload = None if file is None else Upload(name=file, media_type=part.get_content_type(), data=data)
        fields[name] = data.decode() if upload is None else upload
    return fields


def checked(method: str, form: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call in their types; a form holds all of them as texts."""
    known = {one["name"]: one for one in METHODS[method]["fields"]}
    if unknown := set(form) - set(known):
        # The real server ignores what it does not know; here that is a slip that must not pass.
        raise RefusedError(400, f"Bad Request: unknown parameters {sorted(unknown)}")
    for name, one in known.items():
        if one["required"] and name not in form:
            raise RefusedError(400, f"Bad Request: parameter {name} is missing")
    return {name: _typed(name, value, known[name]["types"]) for name, value in form.items()}


def _typed(name: str, text: str | Upload, types: list[str]) -> Any:
    if not isinstance(text, str):
        if "InputFile" not in types:
            raise RefusedError(400, f"Bad Request: {name} must be no file")
        return text
    if "Integer" in types and text.lstrip("-").isdecimal():
        return int(text)
    if "String" in types:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        raise RefusedError(400, f"Bad Request: {name} is no JSON") from None
    for kind in types:
        if _is_of(value, kind):
            return value
    raise RefusedError(400, f"Bad Request: {name} must be {' or '.join(types)}")


def _is_of(value: Any, kind: str) -> bool:
    if kind.startswith("Array of "):
        return isinstance(value, list) and all(_is_of(one, kind.removeprefix("Array of ")) for one in value)
    plain = {"Integer": int, "Boolean": bool, "String": str, "Float": float}
    if kind in plain:
        return isinstance(value, plain[kind])
    if not isinstance(value, dict):
        return False
    known = {one["name"]: one for one in TYPES.get(kind, {"fields": []})["fields"]}
    return (
        kind in TYPES
        and set(value) <= set(known)
        and all(name in value for name, one in known.items() if one["required"])
        and all(any(_is_of(inner, one) for one in known[name]["types"]) for name, inner in value.items())
    )

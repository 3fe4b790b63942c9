"""A stand-in for Twilio's messages and calls: from its published contract, and stricter; it signs what it calls us with."""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, override
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree as ET

from aiohttp import encode_basic_auth, hdrs, web

from companion.channels.base import Callback
from tests.fakes.server import FakeServer

ACCOUNT = "AC" + "a1" * 16
TOKEN = "twilio-auth-token"
NUMBER = "+4930123456"

MESSAGE_FIELDS = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod"}
CALL_FIELDS = {
    *("To", "From", "Twiml", "StatusCallback", "Timeout", "TimeLimit"),
    *("MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback"),
}
VERBS = {
    "Response": set(),
    "Say": {"language", "voice", "loop"},
    "Gather": {"input", "numDigits", "timeout", "action", "method"},
    "Message": set(),
}
TWIML_LIMIT, BODY_LIMIT = 4000, 1600


@dataclass
class FakeTwilio(FakeServer):
    """One account with one number."""

    login: tuple[str, str] = (ACCOUNT, TOKEN)
    error: tuple[int, int, str] | None = None
    """Every request ends with this status, this code and these words."""
    public: bool = True
    """Whether it can call the addresses that it is given."""
    callback_url: str = field(default="", init=False)
    """Where it was told last to call."""
    messages: list[dict[str, Any]] = field(default_factory=list, init=False)
    """As its list shows them, the newest last."""
    calls: list[dict[str, str]] = field(default_factory=list, init=False)
    """The fields of each."""

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve what a channel uses."""
        account = f"/2010-04-01/Accounts/{ACCOUNT}"
        return [
            web.post(f"{account}/Messages.json", self._message),
            web.get(f"{account}/Messages.json", self._messages),
            web.post(f"{account}/Calls.json", self._call),
            web.get(f"{account}/Calls.json", self._calls),
        ]

    async def _message(self, request: web.Request) -> web.Response:
        fields = await self._fields(request, MESSAGE_FIELDS)
        if isinstance(fields, web.Response):
            return fields
        if ("From" in fields) == ("MessagingServiceSid" in fields):
            return error(400, 21603, "A 'From' phone number is required")
        if not 1 <= len(fields.get("Body", "")) <= BODY_LIMIT:
            return error(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if not 1 <= int(fields.get("ValidityPeriod", "1")) <= 36000:
            return error(400, 21625, "Validity Period is invalid")
        made = {
            "sid": f"SM{len(self.messages):032x}",
            "account_sid": ACCOUNT,
            "to": fields["To"],
            "from": fields.get("From"),
            "messaging_service_sid": fields.get("MessagingServiceSid"),
            "body": fields["Body"],
            "status": "queued",
            "date_created": format_datetime(datetime.now(UTC)),
            "date_sent": None,
            "direction": "outbound-api",
            "error_code": None,
        }
        self.messages.append(made)
        return web.json_response(made, status=201)

    async def _messages(self, request: web.Request) -> web.Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        found = [one for one in reversed(self.messages) if request.query.get("To", one["to"]) == one["to"]]
        return web.json_response({"messages": found[: int(request.query.get("PageSize", "50"))], "page": 0})

    async def _call(self, request: web.Request) -> web.Response:
        fields = await self._fields(request, CALL_FIELDS)
        if isinstance(fields, web.Response):
            return fields
        if fields.get("From") != NUMBER:
            return error(400, 21210, "'From' phone number not verified")
        if why := not_twiml(fields.get("Twiml", "")):
            return error(400, 21218, why)
        self.calls.append(fields)
        return web.json_response({"sid": f"CA{len(self.calls):032x}", "status": "queued"}, status=201)

    async def _calls(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response({"calls": [], "page": 0})

    async def _fields(self, request: web.Request, known: set[str]) -> dict[str, str] | web.Response:
        refused = self._refused(request)
        if refused is not None:
            return refused
        if request.content_type != "application/x-www-form-urlencoded":
            return error(400, 20001, "this is no form")
        fields = {name: str(value) for name, value in (await request.post()).items()}
        if unknown := fields.keys() - known:
            return error(400, 20001, f"unknown parameters {sorted(unknown)}")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", fields.get("To", "")):
            return error(400, 21211, f"The 'To' number {fields.get('To')} is not a valid phone number.")
        for name in ("StatusCallback", "AsyncAmdStatusCallback"):
            if name in fields and not (self.public and is_public(fields[name])):
                return error(400, 21609, f"The '{name}' URL {fields[name]} is not a valid URL.")
        self.callback_url = fields.get("StatusCallback", "")
        return fields

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get(hdrs.AUTHORIZATION) != encode_basic_auth(*self.login):
            return error(401, 20003, "Authenticate")
        return None if self.error is None else error(*self.error)


def is_public(url: str) -> bool:
    """Return whether Twilio takes an address for a callback: underscores are not allowed in its host."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "_" not in (parts.hostname or "_")


def not_twiml(text: str) -> str | None:
    """Return what is wrong with the instructions of a call, or None."""
    if not 1 <= len(text) <= TWIML_LIMIT:
        return "Twiml is missing or longer than 4000 characters"
    for one in read_twiml(text).iter():
        if one.tag not in VERBS:
            return f"unknown verb {one.tag}"
        if unknown := one.attrib.keys() - VERBS[one.tag]:
            return f"unknown attributes {sorted(unknown)}"
    return None


def read_twiml(text: str) -> ET.Element:
    """Return instructions as Twilio reads them."""
    return ET.fromstring(text)  # noqa: S314 # made by us


def error(status: int, code: int, message: str) -> web.Response:
    """Return an error as Twilio words it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response(
        {"code": code, "message": message, "more_info": more, "status": status}, status=status
    )


def calls_back(url: str, fields: Mapping[str, str], *, token: str = TOKEN, signed: str = "") -> Callback:
    """Return the request with which Twilio calls `url`; `signed` is the address as it spells it when it signs."""
    text = (signed or url) + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
    return Callback(
        method="POST",
        url=url,
        query={name: values[0] for name, values in parse_qs(urlsplit(url).query).items()},
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature,
        },
        body=urlencode(fields).encode(),
    )

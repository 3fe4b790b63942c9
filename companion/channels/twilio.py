"""What SMS and calls over Twilio share: the account, how its API is asked, and what its error codes mean."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, override
from urllib.parse import urlencode

from aiohttp import encode_basic_auth
from pydantic import Field, HttpUrl, model_validator
from yarl import URL

from companion.channels.base import Outcome, Refused, Sent, TryAgain
from companion.channels.http import (
    Failure,
    HeaderSecret,
    HttpClient,
    HttpOptions,
    Reply,
    answered_at,
    not_understood,
    retry_after,
)
from companion.channels.phone_numbers import e164
from companion.texts.reasons import Reason

# https://www.twilio.com/docs/api/errors: a code says more than the HTTP status beside it, which is 400 for nearly everything.
BROKEN: Final = frozenset(
    {
        *(20003, 20005, 20006, 20008, 20404),  # credentials, an account that is suspended or is not there
        *(21210, 21212, 21213, 21603, 21606, 21607, 21659, 21660),  # a number that may not send or call
        *(21701, 21703, 21705, 30002),  # a messaging service without a number, a suspended account
    }
)
"""Nothing can be sent until somebody changes the settings or the account."""
FINAL: Final = frozenset(
    {
        *(
            21211,
            21214,
            21215,
            21216,
            21217,
            21219,
            21265,
        ),  # numbers that cannot be called, regions that are off
        *(21408, 21602, 21604, 21608, 21610, 21612, 21614, 21617, 21635),  # the same for SMS; opted out; text
    }
)
"""This number will not be told, however often it is tried."""
LATER: Final = frozenset({10001, 10004, 14107, 20429, 21611, 63038})
"""Too much at once: limits of the account, of a number, of a day."""
BAD_CALLBACK: Final = frozenset({21205, 21609})
"""Twilio does not want to call us: the public address is none that the Internet knows."""


class TwilioSettings(HttpOptions):
    """Which account."""

    url: HttpUrl = Field(
        default=HttpUrl("https://api.twilio.com"),
        description="Address of the API; another one in other regions.",
    )
    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$", description="Account SID, such as AC….")
    auth_token: HeaderSecret = Field(
        min_length=1, description="Auth token of the account: it also proves that a callback is Twilio's."
    )
    api_key: str | None = Field(
        default=None,
        pattern=r"^SK[0-9a-fA-F]{32}$",
        description="API key SK… to send with, instead of the auth token.",
    )
    api_key_secret: HeaderSecret | None = Field(default=None, description="Secret of that API key.")

    @model_validator(mode="after")
    def _key_is_whole(self) -> Self:
        if (self.api_key is None) != (self.api_key_secret is None):
            raise ValueError("api_key and api_key_secret belong together")
        return self

    @classmethod
    @override
    def formed_address(cls, address: str, country: str | None) -> str:
        return e164(address, country)

    @classmethod
    @override
    def own_addresses(cls, config: Mapping[str, Any]) -> Iterable[str]:
        sender = config.get("sender")
        return [sender] if isinstance(sender, str) else ()


class TwilioApi:
    """The account's part of the API."""

    def __init__(self, config: TwilioSettings) -> None:
        user, password = config.account_sid, config.auth_token.get_secret_value()
        if config.api_key is not None and config.api_key_secret is not None:
            user, password = config.api_key, config.api_key_secret.get_secret_value()
        login = encode_basic_auth(user, password)
        self._base = URL(str(config.url)) / "2010-04-01/Accounts" / config.account_sid
        self._http = HttpClient(
            config,
            headers={"Authorization": login},
            secrets=(config.auth_token.get_secret_value(), password, login.removeprefix("Basic ")),
        )

    async def create(
        self, what: str, fields: Mapping[str, str], *, uncalled: Mapping[str, str], warning: Reason
    ) -> Outcome:
        """Make a message or a call; of `uncalled`, with a `warning`, where Twilio says that it cannot call us."""
        first = await self._post(what, fields)
        if not isinstance(first, Reply) or fields == uncalled or code_in(first) not in BAD_CALLBACK:
            return self._made(first, receipt_follows=fields != uncalled)
        return self._made(await self._post(what, uncalled), warning=warning)

    async def listed(self, what: str, query: Mapping[str, str]) -> list[Any] | Failure:
        """Return what the account has of `what`, newest first, or why it was not said."""
        url = (self._base / f"{what}.json").with_query(query)
        reply = self._read(await self._http.request("GET", url))
        if not isinstance(reply, Reply):
            return reply
        found = reply.fields.get(what.lower())
        return found if isinstance(found, list) else not_understood(reply)

    async def check(self, what: str) -> Outcome:
        """Ask with these credentials for what the account has sent."""
        found = await self.listed(what, {"PageSize": "1"})
        return Sent(provider_ref=None) if isinstance(found, list) else found

    async def close(self) -> None:
        """Give back connections."""
        await self._http.close()

    async def _post(self, what: str, fields: Mapping[str, str]) -> Reply | Failure:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        return await self._http.request("POST", self._base / f"{what}.json", data=body, headers=headers)

    def _made(
        self, reply: Reply | Failure, *, warning: Reason | None = None, receipt_follows: bool = False
    ) -> Outcome:
        answer = self._read(reply)
        if not isinstance(answer, Reply):
            return answer
        sid = answer.word("sid")
        if not sid:
            return not_understood(answer)
        return Sent(
            provider_ref=sid, status_code=answer.status, warning=warning, receipt_follows=receipt_follows
        )

    def _read(self, reply: Reply | Failure) -> Reply | Failure:
        if not isinstance(reply, Reply) or reply.is_success:
            return reply
        code = code_in(reply)
        if code is None:
            return self._http.failure(reply)
        failure = self._http.failure(reply, f"{code} {reply.fields.get('message')}")
        reason, status = failure.reason, reply.status
        if code in BROKEN:
            return Refused(reason=reason, status_code=status, channel_broken=True)
        if code in FINAL:
            return Refused(reason=reason, status_code=status)
        if code in LATER:
            after = retry_after(reply.headers.get("Retry-After"), answered_at(reply))
            return TryAgain(reason=reason, status_code=status, after=after)
        return failure


def code_in(reply: Reply) -> int | None:
    """Return the code of an error."""
    code = reply.fields.get("code")
    return code if isinstance(code, int) else None

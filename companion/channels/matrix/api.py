"""The client API of a homeserver, as far as it is needed, and what its errors mean."""

from typing import Any, Literal
from urllib.parse import quote

from yarl import URL

from companion.channels.base import Refused
from companion.channels.http import Failure, HttpClient, Reply, waiting
from companion.channels.matrix.settings import MatrixSettings
from companion.texts.reasons import Reason

POLL_S = 30
"""How long the server may wait for something to tell; a request waits for it a little longer."""
NEWS_LIMIT = 4 * 1024 * 1024
"""The most bytes of them that are read: the first answer names every room of the account."""


class MatrixApi:
    """One account on one homeserver."""

    def __init__(self, config: MatrixSettings) -> None:
        self._base = str(config.url).rstrip("/")
        token = config.token.get_secret_value()
        self._http = HttpClient(config, headers={"Authorization": f"Bearer {token}"}, secrets=[token])

    async def call(
        self, method: Literal["GET", "POST", "PUT"], *path: str, body: dict[str, Any] | None = None
    ) -> Reply | Failure:
        """Return a success, or what anything else means. What stands in the path is encoded, slashes too."""
        reply = await self._http.request(method, self._url(path), json_body=body)
        return self._read(reply)

    async def poll(self, **query: str) -> Reply | Failure:
        """Return what the server has to tell, within half a minute if there is nothing."""
        url = self._url(("sync",)).with_query(query)
        return self._read(await self._http.request("GET", url, held_s=POLL_S, limit=NEWS_LIMIT))

    async def close(self) -> None:
        """Give back connections."""
        await self._http.close()

    def _url(self, path: tuple[str, ...]) -> URL:
        parts = "/".join(quote(part, safe="") for part in path)
        return URL(f"{self._base}/_matrix/client/v3/{parts}", encoded=True)

    def _read(self, reply: Reply | Failure) -> Reply | Failure:
        if not isinstance(reply, Reply) or reply.is_success:
            return reply
        known = reply.fields
        failure = self._http.failure(reply, known.get("error"))
        # A homeserver gives each of its errors a code: a page that is not there without one is another program's.
        match known.get("errcode", "M_UNRECOGNIZED" if reply.status == 404 else None):
            case "M_FORBIDDEN" if reply.status == 403:
                return Refused(reason=Reason("matrix.not_in_room"), status_code=403)
            case "M_UNRECOGNIZED":
                reason = Reason("matrix.no_homeserver")
                return Refused(reason=reason, status_code=reply.status, channel_broken=True)
            case "M_LIMIT_EXCEEDED" if isinstance(wait := known.get("retry_after_ms"), int):
                return waiting(failure, wait / 1000)  # older ones name it in no header
            case _:
                return failure

"""A stand-in for a workflow of Microsoft Teams that begins with a webhook request: it knows its address byte by byte."""

from dataclasses import dataclass, field
from typing import Any, override

from aiohttp import web

from tests.fakes.server import FakeServer

PATH = "/powerautomate/automations/direct/workflows/0a1b/triggers/manual/paths/invoke"
QUERY = "api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=hunter2-sig-0123456789_abc-DEF"


@dataclass(kw_only=True)
class PostedCard:
    """A card as it stands in a channel."""

    size: int
    content: dict[str, Any]

    @property
    def text(self) -> str:
        """All that is read in it, line by line."""
        lines = ("".join(run["text"] for run in line["inlines"]) for line in self.content["body"])
        return "\n".join(lines)


@dataclass
class FakeTeams(FakeServer):
    """One workflow. Unlike a real one it says at once what it would fail at later, without a word to anybody."""

    error: tuple[int, dict[str, Any]] | None = None
    cards: list[PostedCard] = field(default_factory=list, init=False)

    @property
    def flow_url(self) -> str:
        """The address of the workflow."""
        return f"{self.url}{PATH}?{QUERY}"

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve the one address."""
        return [web.post(PATH, self._invoke)]

    async def _invoke(self, request: web.Request) -> web.Response:
        if request.raw_path != f"{PATH}?{QUERY}":
            return failed(401, "DirectApiAuthorizationRequired", "The signature does not fit the address.")
        if self.error is not None:
            return web.json_response(self.error[1], status=self.error[0])
        body, size = await request.json(), len(await request.read())
        if size > 20_000 or request.content_type != "application/json":
            return failed(413, "RequestEntityTooLarge", "The request is too large.")
        (attachment,) = body["attachments"]
        if body["type"] != "message" or not _is_card(attachment["content"]):
            return failed(400, "BadRequest", "Property 'type' must be 'AdaptiveCard'.")
        self.cards.append(PostedCard(size=size, content=attachment["content"]))
        return web.Response(status=202)


def failed(status: int, code: str, message: str) -> web.Response:
    """Return an error as Power Automate writes it."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def _is_card(content: dict[str, Any]) -> bool:
    runs = [run for line in content["body"] for run in line["inlines"]]
    actions = content.get("actions", [])
    return (
        set(content) <= {"$schema", "type", "version", "body", "actions", "msteams"}
        and (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
        and all(
            set(line) == {"type", "inlines"} and line["type"] == "RichTextBlock" for line in content["body"]
        )
        and all(set(run) <= {"type", "text", "weight", "size"} and run["type"] == "TextRun" for run in runs)
        and all(set(one) == {"type", "title", "url"} and one["type"] == "Action.OpenUrl" for one in actions)
    )

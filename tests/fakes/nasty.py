"""A server that only misbehaves, for tests that run over every channel."""

from dataclasses import dataclass
from typing import override

from aiohttp import web

from tests.fakes.misbehaviour import Behaviour
from tests.fakes.server import FakeServer


@dataclass
class NastyServer(FakeServer):
    """Does the same wrong thing whatever is asked."""

    behaviour: Behaviour = Behaviour.HANG

    def __post_init__(self) -> None:
        self.behave(self.behaviour)

    @override
    def routes(self) -> list[web.RouteDef]:
        """Serve every path."""
        return [web.route("*", "/{path:.*}", self._nothing)]

    async def _nothing(self, _request: web.Request) -> web.Response:
        return web.json_response({})

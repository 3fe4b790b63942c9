"""A Home Assistant for the companion's tests: what it keeps (`Book`), and the wire (`HomeAssistant`)."""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp


class Book:
    """What a Home Assistant has on its disk. Each method is one write."""

    def __init__(self, instance: str) -> None:
        self.instance = instance
        self.language: str | None = None
        """None: one of before Home Assistant said it."""
        self.can: list[str] | None = None
        """None: one of before it could be asked for anything."""
        self.stream = str(uuid.uuid4())
        self.last = 0
        self.kept: list[tuple[int, Mapping[str, Any]]] = []
        self.peer_stream: str | None = None
        self.received = 0
        self.heard: list[Mapping[str, Any]] = []

    def emit(self, body: Mapping[str, Any]) -> None:
        self.last += 1
        self.kept.append((self.last, body))

    def hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "version": 1,
            "stream": self.stream,
            "instance": self.instance,
            "name": "Home",
            **({} if self.language is None else {"language": self.language}),
            **({} if self.can is None else {"can": self.can}),
            "received": self.received,
        }

    def welcomed(self, frame: Mapping[str, Any]) -> None:
        assert frame["type"] == "welcome", frame
        assert frame["received"] <= self.last
        self.confirmed(frame["received"])
        if frame["stream"] != self.peer_stream:
            self.peer_stream = frame["stream"]
            self.received = 0

    def event(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the event; return the confirmation."""
        seq = frame["seq"]
        assert seq <= self.received + 1, f"a hole: {seq} after {self.received}"
        if seq == self.received + 1:
            self.received = seq
            self.heard.append(frame["event"])
        return {"type": "confirm", "seq": seq}

    def confirmed(self, seq: int) -> None:
        self.kept = [(number, body) for number, body in self.kept if number > seq]

    def lose_everything(self) -> None:
        """A new stream of the same instance: the storage is gone."""
        self.__init__(self.instance)  # type: ignore[misc] # a fresh disk is what it is about

    def begin_stream(self) -> None:
        """Too much was kept: go on in a new stream that begins with what is not confirmed."""
        self.stream = str(uuid.uuid4())
        self.kept = [(seq, body) for seq, (_, body) in enumerate(self.kept, start=1)]
        self.last = len(self.kept)

    def versions(self, alarm_id: str) -> list[int]:
        return [body["version"] for body in self.heard if body.get("alarm_id") == alarm_id]


def up_to_date(book: Book, *, news: int) -> bool:
    """Return whether all we said is confirmed and so much was heard."""
    return not book.kept and len(book.heard) >= news


class Cut(Exception):
    """The link was cut where the test wanted it."""


class HomeAssistant:
    """Speaks the protocol as the contract says and can be cut after any frame."""

    def __init__(self, instance: str, token: str) -> None:
        self.book = Book(instance)
        self.token = token
        self.frames = 0
        """Frames in both directions on this connection so far."""
        self.cut_after: int | None = None
        self.welcome: Mapping[str, Any] = {}
        self._session: aiohttp.ClientSession | None = None
        self.ws: aiohttp.ClientWebSocketResponse | None = None

    async def open(self, url: str) -> None:
        """Connect without a word."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        self._forget()
        self.frames = 0
        self.ws = await self._session.ws_connect(
            f"{url}v1/link", headers={"Authorization": f"Bearer {self.token}"}
        )

    async def connect(self, url: str) -> None:
        """Connect, introduce ourselves and send what is kept."""
        await self.open(url)
        await self.say(self.book.hello())
        self.welcome = await self.hear()
        self.book.welcomed(self.welcome)
        for seq, body in list(self.book.kept):
            await self.say({"type": "event", "seq": seq, "event": body})

    async def emit(self, body: Mapping[str, Any]) -> None:
        """Keep an event and send it at once."""
        self.book.emit(body)
        await self.say({"type": "event", "seq": self.book.last, "event": body})

    async def until(self, done: Callable[[Book], bool]) -> None:
        """Listen, keep and confirm until the book is as the test wants it."""
        async with asyncio.timeout(5):
            while not done(self.book):
                frame = await self.hear()
                match frame["type"]:
                    case "event":
                        await self.say(self.book.event(frame))
                    case "confirm":
                        self.book.confirmed(frame["seq"])
                    case "ping":
                        await self.say({"type": "pong"})
                    case "pong":
                        pass
                    case other:
                        raise AssertionError(f"unexpected {other}: {frame}")

    async def say(self, frame: Mapping[str, Any]) -> None:
        assert self.ws is not None
        await self.ws.send_str(json.dumps(frame))
        await self._count()

    async def hear(self) -> dict[str, Any]:
        assert self.ws is not None
        message = await self.ws.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.TEXT, (message, self.ws.close_code)
        await self._count()
        frame: dict[str, Any] = json.loads(message.data)
        return frame

    async def hear_the_end(self) -> tuple[list[dict[str, Any]], int | None]:
        """Return the frames until the companion closes, and its close code."""
        assert self.ws is not None
        frames = []
        async with asyncio.timeout(5):
            while (message := await self.ws.receive()).type is aiohttp.WSMsgType.TEXT:
                frames.append(json.loads(message.data))
        return frames, self.ws.close_code

    async def cut(self) -> None:
        """Be gone without a good-bye."""
        assert self.ws is not None
        response = self._answer(self.ws)
        if response.connection is not None and response.connection.transport is not None:
            response.connection.transport.abort()
        await self.ws.close()

    async def close(self) -> None:
        if self.ws is not None:
            await self.ws.close()
        self._forget()
        if self._session is not None:
            await self._session.close()

    def _forget(self) -> None:
        """Let go of the connection that is over: a close that finds it cut does not."""
        if self.ws is not None:
            self._answer(self.ws).close()
            self.ws = None

    def _answer(self, ws: aiohttp.ClientWebSocketResponse) -> aiohttp.ClientResponse:
        return ws._response  # noqa: SLF001 # there is no public way to be gone without a good-bye

    async def _count(self) -> None:
        self.frames += 1
        if self.frames == self.cut_after:
            await self.cut()
            raise Cut

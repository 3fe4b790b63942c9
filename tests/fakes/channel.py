"""Channels that behave as a test says, and keep what they were given."""

import asyncio
from dataclasses import dataclass, field

from companion.channels.base import (
    Answer,
    Inbound,
    Message,
    MessageKind,
    Outcome,
    Receipt,
    Response,
    Sent,
    Undelivered,
)
from companion.dispatch.worker import RunningChannel


class Hang:
    """The provider takes the request and never answers."""


type Behaviour = Outcome | Hang | Exception


class FakeChannel:
    """Sends what it is given, unless `outcome` says otherwise, or something else comes next in `behaviours`."""

    def __init__(self, outcome: Outcome | None = None) -> None:
        self.outcome = outcome
        """What every message and every check is answered with; None: all is well."""
        self.messages: list[Message] = []
        self.checks = 0
        self.behaviours: list[Behaviour] = []
        self.open = asyncio.Event()
        """Clear it to hold every message at the provider's door."""
        self.open.set()
        self.arrived = asyncio.Semaphore(0)
        """Released once for each message."""
        self.inside = 0
        self.most_inside = 0
        self.incoming: asyncio.Queue[Receipt | Undelivered | Answer | Exception] = asyncio.Queue()
        self.responses: list[Response | None] = []
        """What was said to whoever answered."""

    @property
    def pages(self) -> list[Message]:
        return [message for message in self.messages if message.kind is MessageKind.PAGE]

    async def send(self, message: Message) -> Outcome:
        behaviour = self.behaviours.pop(0) if self.behaviours else None
        self.messages.append(message)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.arrived.release()
        try:
            await self.open.wait()
            match behaviour:
                case Hang():
                    await asyncio.Event().wait()
                case Exception():
                    raise behaviour
                case None:
                    return self.outcome or Sent(provider_ref=f"ref-{message.delivery_id}")
                case outcome:
                    return outcome
        finally:
            self.inside -= 1
        raise AssertionError("unreachable")

    async def check(self) -> Outcome:
        self.checks += 1
        return self.outcome or Sent(provider_ref=None)

    async def close(self) -> None:
        pass

    async def listen(self, inbound: Inbound) -> None:
        while True:
            match await self.incoming.get():
                case Exception() as lost:
                    raise lost
                case Answer() as answer:
                    self.responses.append(await inbound.answer(answer))
                case receipt:
                    await inbound.receipt(receipt)


@dataclass
class FakePool:
    """The channels by id, with their limits."""

    channels: dict[str, FakeChannel] = field(default_factory=dict)
    concurrency: int = 2
    timeout_s: float = 5.0
    pictures: bool = False
    """Whether the channels show pictures."""
    missing: set[str] = field(default_factory=set)
    """Ids of channels that were removed or switched off."""
    failures: list[Exception] = field(default_factory=list)
    """Raised one by one instead of giving a channel."""

    async def get(self, channel_id: str) -> RunningChannel | None:
        if self.failures:
            raise self.failures.pop(0)
        if channel_id in self.missing or channel_id not in self.channels:
            return None
        return RunningChannel(
            self.channels[channel_id], self.concurrency, self.timeout_s, pictures=self.pictures
        )

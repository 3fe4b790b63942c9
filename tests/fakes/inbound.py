"""Who hears what a channel hears: it writes everything down, and says what a test wants said."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from companion.channels.base import Answer, Listens, Receipt, Response, Undelivered, Understood


@dataclass
class RecordingInbound:
    """An `Inbound` that takes everything; an answer that came already is answered by nothing, as the real one does."""

    says: Response | None = field(
        default_factory=lambda: Response(understood=Understood.ACKNOWLEDGED, text="Thank you, <Anna>.")
    )
    error: Exception | None = None
    """What `answer` raises instead of taking it."""
    callback_url: str = "https://alarm.example/v1/channels/one/callback"
    answers: list[Answer] = field(default_factory=list, init=False)
    receipts: list[Receipt | Undelivered] = field(default_factory=list, init=False)
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    async def until_answers(self, number: int = 1) -> None:
        """Return once so many answers have been taken."""
        async with asyncio.timeout(20), self._heard:
            await self._heard.wait_for(lambda: len(self.answers) >= number)

    heard: asyncio.Queue[Answer | Receipt | Undelivered] = field(default_factory=asyncio.Queue, init=False)
    """All of it, for who waits for what comes next."""

    async def receipt(self, receipt: Receipt | Undelivered) -> None:
        """Write it down."""
        self.receipts.append(receipt)
        self.heard.put_nowait(receipt)

    async def answer(self, answer: Answer) -> Response | None:
        """Write it down, once."""
        if self.error is not None:
            raise self.error
        if any(one.event_id == answer.event_id for one in self.answers):
            return None
        self.answers.append(answer)
        async with self._heard:
            self._heard.notify_all()
        self.heard.put_nowait(answer)
        return self.says


@asynccontextmanager
async def listening(channel: Listens) -> AsyncGenerator[RecordingInbound]:
    """Let the channel listen, and return what it hears."""
    inbound = RecordingInbound()
    task = asyncio.create_task(channel.listen(inbound))
    try:
        yield inbound
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

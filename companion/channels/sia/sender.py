"""SIA DC-09: an event is sent when a receiver of the station has acknowledged its frame.

**Sequence numbers** tie answers to frames, and tell a receiver that a frame is a repeat. Ours follow from the delivery, not from a
counter: every attempt of a delivery has the same one, also after a restart and from another replica, and nothing must be kept.
Within one attempt a repeat has the same bytes too. A later attempt has the time of its own, which receivers demand (they refuse
what is older than 40 s). Two deliveries that would share a number one after the other do not: the second takes the next one.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import override

from pydantic import AnyUrl

from companion.channels.base import Channel, Inbound, Listens, Message, Outcome, Refused, Sent, TryAgain
from companion.channels.order import too_early
from companion.channels.resolver import ChannelResolver
from companion.channels.sia.events import Format, event_of, written, zone_of
from companion.channels.sia.exchange import Answer, Line, Verdict, ask
from companion.channels.sia.frames import Frame, build
from companion.channels.sia.settings import SiaSettings
from companion.channels.tcp import failure_to_connect
from companion.texts.reasons import Reason

HIGHEST = 9999
REMEMBERED = 200
"""Numbers of the last deliveries."""
SILENT_POLLS = 3
"""Polls of one receiver that may go unanswered one after the other."""
LINK_TEST = "NULL"


class CommunicationTrouble(ConnectionError):
    """A receiver of the station does not answer any more."""


@dataclass(frozen=True)
class Unheard:
    """No answer: why there was no connection, or that the frame went out all the same."""

    error: OSError | None = None


class SiaChannel(Channel, Listens):
    """Reports to one account of a monitoring station."""

    def __init__(self, config: SiaSettings) -> None:
        self._config = config
        self._resolver = ChannelResolver()
        self._numbers: OrderedDict[int, str] = OrderedDict()

    @override
    async def send(self, message: Message) -> Outcome:
        if early := too_early(message):
            return early
        config, event = self._config, event_of(message)
        if event is None:  # there is no word for it: nothing is left to be done
            return Sent(provider_ref=message.thread_ref)
        zone = zone_of(message, config.zones, config.zone)
        frame = self._frame(
            "SIA-DCS" if config.format is Format.SIA else "ADM-CID",
            self._number_of(message.idempotency_key),
            written(event, config.format, account=config.account, area=config.area, zone=zone),
        )
        return await self._report(frame)

    @override
    async def check(self) -> Outcome:
        """Test the link to every receiver, which the station does not take for an event."""
        outcomes = [await self._poll(one) for one in self._config.receivers]
        if len(outcomes) > 1 and isinstance(outcomes[0], Sent) and not isinstance(outcomes[1], Sent):
            return Sent(provider_ref=None, warning=Reason("sia.second_silent", why=outcomes[1].reason))
        return outcomes[0]

    @override
    async def listen(self, inbound: Inbound) -> None:
        """Poll the receivers, as the station supervises the line. Raises CommunicationTrouble when one is silent."""
        if self._config.poll_s is None:
            await asyncio.Event().wait()
            return
        silent = [0] * len(self._config.receivers)
        while True:
            for place, receiver in enumerate(self._config.receivers):
                outcome = await self._poll(receiver)
                silent[place] = 0 if isinstance(outcome, Sent) else silent[place] + 1
                if not isinstance(outcome, Sent) and silent[place] >= SILENT_POLLS:
                    raise CommunicationTrouble(str(outcome.reason))
            await asyncio.sleep(self._config.poll_s)

    @override
    async def close(self) -> None:
        """Nothing is kept open."""

    # --- frames -----------------------------------------------------------------------------------------

    def _frame(self, name: str, sequence: int, data: str = "") -> Frame:
        config = self._config
        return Frame(
            id=name,
            sequence=sequence,
            receiver=config.receiver,
            line=config.line,
            account=config.account,
            data=data,
            at=datetime.now(UTC),
            encrypted=config.aes_key is not None,
        )

    def _number_of(self, key: str) -> int:
        """Return the delivery's number, 1 to 9999."""
        number = int.from_bytes(sha256(key.encode()).digest()[:8]) % HIGHEST + 1
        while self._numbers.get(number, key) != key:
            number = number % HIGHEST + 1
        self._numbers[number] = key
        self._numbers.move_to_end(number)
        if len(self._numbers) > REMEMBERED:
            self._numbers.popitem(last=False)
        return number

    # --- receivers --------------------------------------------------------------------------------------

    async def _report(self, frame: Frame) -> Outcome:
        """Tell the first receiver that answers."""
        failures: list[TryAgain | Refused] = []
        for place, receiver in enumerate(self._config.receivers):
            outcome = await self._told(receiver, frame)
            if isinstance(outcome, Sent):
                return replace(outcome, warning=Reason("sia.second_used")) if place else outcome
            if isinstance(outcome, Refused) and outcome.reason.code != "address_forbidden":
                return outcome
            failures.append(outcome)
        uncertain = [one for one in failures if isinstance(one, TryAgain) and one.uncertain]
        return (uncertain or failures)[0]

    async def _poll(self, receiver: AnyUrl) -> Outcome:
        return await self._told(receiver, self._frame(LINK_TEST, 0))

    async def _told(self, receiver: AnyUrl, frame: Frame) -> Outcome:
        heard = await self._asked(receiver, frame)
        if isinstance(heard, Answer) and heard.verdict is Verdict.NOT_TAKEN and heard.frame.at is not None:
            # Its clock counts: the same event and number once more, at its time (DC-09, 5.5.1.10).
            heard = await self._asked(receiver, replace(frame, at=heard.frame.at))
        match heard:
            case Answer(verdict=Verdict.TAKEN):
                return Sent(provider_ref=f"{frame.sequence:04}")
            case Answer(verdict=Verdict.NOT_TAKEN):
                return Refused(reason=Reason("sia.not_taken"), channel_broken=True)
            case Answer():
                return Refused(reason=Reason("sia.not_understood"))
            case Unheard(error=OSError() as error):
                return failure_to_connect(error)
            case Unheard():
                return TryAgain(reason=Reason("no_answer"), uncertain=True)

    async def _asked(self, receiver: AnyUrl, frame: Frame) -> Answer | Unheard:
        """Send the same bytes until there is an answer, as often as is set."""
        key, error = self._config.aes_key, OSError()
        raw, gone_out = build(frame, key), asyncio.Event()
        line = Line(receiver, self._resolver, gone_out.set)
        for _ in range(self._config.tries):
            try:
                async with asyncio.timeout(self._config.reply_s):
                    answer = await ask(line, frame, raw, key)
            except OSError as err:  # a timeout is one too
                error = err
            else:
                if answer is not None:
                    return answer
        return Unheard(None if gone_out.is_set() else error)

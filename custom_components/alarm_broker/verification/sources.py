"""Asks cameras for evidence: all at once, each with a time limit. What one does not answer in time is left out."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.verification import Sighting
from .frigate import FrigateClient, FrigateError, FrigateEvent, FrigateReview

LOOK_TIMEOUT_S = 6
PICTURE_TIMEOUT_S = 6
PROMPT_S = 1.5
"""Within so long a camera that is well answers; those that take longer are not waited for by the others."""
LOGOS = frozenset(
    [
        "amazon",
        "an_post",
        "canada_post",
        "dhl",
        "dpd",
        "fedex",
        "gls",
        "nzpost",
        "postnl",
        "postnord",
        "purolator",
        "royal_mail",
        "ups",
        "usps",
    ]
)
"""Frigate: delivery companies that it names like a person, by a logo that anybody can wear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a camera showed, and when."""

    content: bytes
    media_type: str
    taken_at: datetime


class CameraSource(Protocol):
    """One camera, whoever records it. Every method may raise FrigateError, HomeAssistantError or TimeoutError."""

    async def async_sightings(self, after: datetime, before: datetime) -> Sequence[Sighting]:
        """Return what was seen in that time; nothing from a camera that does not say what it sees."""

    async def async_picture(self, sighting: Sighting) -> Picture:
        """Return the picture of a sighting."""

    async def async_latest(self) -> Picture:
        """Return what the camera shows now."""


class FrigateSource:
    """A camera of a Frigate server."""

    def __init__(self, camera_id: str, client: FrigateClient, name: str) -> None:
        """`name` is what Frigate calls the camera."""
        self._camera_id = camera_id
        self._client = client
        self._name = name

    async def async_sightings(self, after: datetime, before: datetime) -> Sequence[Sighting]:
        """Return the events that overlap the time, those in an alert marked."""
        events, reviews = await asyncio.gather(
            self._client.async_events([self._name], after=after, before=before),
            self._async_reviews(after, before),
        )
        alerts = {
            event_id for review in reviews if review.severity == "alert" for event_id in review.event_ids
        }
        return [self._sighting(event, alert=event.event_id in alerts) for event in events]

    async def _async_reviews(self, after: datetime, before: datetime) -> Sequence[FrigateReview]:
        """Return the reviews; none where they cannot be had: they only say which of two pictures is better."""
        try:
            return await self._client.async_reviews([self._name], after=after, before=before)
        except FrigateError:
            return ()

    async def async_picture(self, sighting: Sighting) -> Picture:
        """Return the snapshot, or the thumbnail that comes sooner."""
        return _picture(await self._client.async_snapshot(sighting.event_id), sighting.started_at)

    async def async_latest(self) -> Picture:
        """Return the latest frame."""
        return _picture(await self._client.async_latest(self._name), dt_util.utcnow())

    def _sighting(self, event: FrigateEvent, *, alert: bool) -> Sighting:
        return Sighting(
            camera_id=self._camera_id,
            event_id=event.event_id,
            label=event.label,
            score=event.score,
            started_at=event.started_at,
            ended_at=event.ended_at,
            known_as=None if event.sub_label in LOGOS else event.sub_label,
            has_picture=True,  # the thumbnail is there before the snapshot
            alert=alert,
            stationary=event.stationary,
            false_positive=event.false_positive,
            link=self._client.event_url(event.event_id),
            clip=self._client.clip_url(event.event_id) if event.has_clip else None,
        )


class EntitySource:
    """A camera or image entity of Home Assistant: it shows, and does not say what it sees."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        self._hass = hass
        self._entity_id = entity_id

    async def async_sightings(self, _after: datetime, _before: datetime) -> Sequence[Sighting]:
        """Return nothing."""
        return ()

    async def async_picture(self, _sighting: Sighting) -> Picture:
        """Return what it shows now."""
        return await self.async_latest()

    async def async_latest(self) -> Picture:
        """Return what it shows now."""
        # Late: they need packages that only a house with such entities has.
        from homeassistant.components import camera, image

        ask: Callable[..., Awaitable[camera.Image | image.Image]] = (
            image.async_get_image
            if split_entity_id(self._entity_id)[0] == Platform.IMAGE
            else camera.async_get_image
        )
        shown = await ask(self._hass, self._entity_id, timeout=PICTURE_TIMEOUT_S)
        return Picture(content=shown.content, media_type=shown.content_type, taken_at=dt_util.utcnow())


async def async_look(
    sources: Mapping[str, CameraSource], after: datetime, before: datetime, *, quiet: bool
) -> AsyncGenerator[list[Sighting]]:
    """Yield what cameras saw, of several at a time: a slow one holds up no other. `quiet` leaves no trace in the log."""

    async def one(camera_id: str, source: CameraSource) -> list[Sighting]:
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                found = await source.async_sightings(after, before)
        except (FrigateError, HomeAssistantError, TimeoutError) as err:
            if not quiet:
                LOGGER.info("A camera did not say what it saw: %s", str(err) or "timeout")
            return []
        except Exception:  # noqa: BLE001 - one camera's bug must not keep the others from being asked; logged in full
            if not quiet:
                LOGGER.exception("A camera did not say what it saw")
            return []
        return [replace(sighting, camera_id=camera_id) for sighting in found]

    asked = {camera_id: one(camera_id, source) for camera_id, source in sources.items()}
    async with aclosing(_answers(asked)) as answers:
        async for batch in answers:
            yield [sighting for found in batch.values() for sighting in found]


async def async_shown(source: CameraSource, sighting: Sighting | None, *, quiet: bool) -> Picture | None:
    """Return the picture of a sighting, or the latest frame where there is none; None when it cannot be had in time."""
    try:
        async with asyncio.timeout(PICTURE_TIMEOUT_S):
            return await (source.async_latest() if sighting is None else source.async_picture(sighting))
    except (FrigateError, HomeAssistantError, TimeoutError) as err:
        if not quiet:
            LOGGER.info("A camera gave no picture: %s", str(err) or "timeout")
    except Exception:  # noqa: BLE001 - as above
        if not quiet:
            LOGGER.exception("A camera gave no picture")
    return None


async def async_shown_now(
    sources: Mapping[str, CameraSource], *, quiet: bool
) -> AsyncGenerator[tuple[str, Picture]]:
    """Yield the latest frames of all the cameras that give one; in their order, but a slow one after the others."""
    asked = {camera_id: async_shown(source, None, quiet=quiet) for camera_id, source in sources.items()}
    async with aclosing(_answers(asked)) as answers:
        async for batch in answers:
            for camera_id, picture in batch.items():
                if picture is not None:
                    yield camera_id, picture


async def _answers[T](asked: Mapping[str, Coroutine[Any, Any, T]]) -> AsyncGenerator[dict[str, T]]:
    """Ask all at once; yield together what has come within PROMPT_S, then each of the rest as it comes."""
    tasks = {key: asyncio.ensure_future(work) for key, work in asked.items()}
    waiting = set(tasks.values())
    patience: float | None = PROMPT_S
    try:
        while waiting:
            done, waiting = await asyncio.wait(
                waiting,
                timeout=patience,
                return_when=asyncio.FIRST_COMPLETED if patience is None else asyncio.ALL_COMPLETED,
            )
            patience = None
            if done:
                yield {key: task.result() for key, task in tasks.items() if task in done}
    finally:
        for task in tasks.values():
            task.cancel()


def _picture(content: bytes, taken_at: datetime) -> Picture:
    media_type = "image/jpeg"
    if content.startswith(b"\x89PNG"):
        media_type = "image/png"
    elif content[8:12] == b"WEBP":
        media_type = "image/webp"
    return Picture(content=content, media_type=media_type, taken_at=taken_at)

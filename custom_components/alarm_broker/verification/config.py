"""From the config entry's subentries to cameras, what they look at, and where their pictures come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from ..const import SUBENTRY_CAMERA, SUBENTRY_FRIGATE
from ..core.option_spec import count, duration, within
from ..core.panel.config import ZoneKind
from ..core.verification import PERSON, CameraConfig, Detector, TrippedZone
from ..system.config import SystemConfig
from ..system.unreadable_parts import UnreadableParts
from .frigate import FrigateClient
from .sources import CameraSource, EntitySource, FrigateSource

_DETECTORS: Mapping[str, Detector] = {
    "door": Detector.OPENING,
    "garage_door": Detector.OPENING,
    "opening": Detector.OPENING,
    "window": Detector.OPENING,
    "lock": Detector.OPENING,
    "motion": Detector.MOTION,
    "moving": Detector.MOTION,
    "occupancy": Detector.MOTION,
    "presence": Detector.MOTION,
    "glass": Detector.BREAKING,
    "sound": Detector.BREAKING,
    "vibration": Detector.BREAKING,
    "tamper": Detector.BREAKING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSetup:
    """The cameras, and how long alarms are looked after and kept."""

    cameras: Mapping[str, CameraConfig]
    sources: Mapping[str, CameraSource]
    named_servers: Mapping[str, tuple[str, FrigateClient]]
    """By id, with their names."""
    before: timedelta = duration(10, "s", within(0, 300), key="evidence_before")
    """What a camera saw so long before an alarm counts."""
    after: timedelta = duration(60, "s", within(5, 600), key="evidence_after")
    """So long cameras are asked again and again."""
    days: int = count(30, within(0, 3650), unit="d", key="evidence_days")
    """Pictures are kept for so long; 0: until the room for them is full."""


def camera_setup_from_entry(
    hass: HomeAssistant, entry: ConfigEntry[Any], unreadable: UnreadableParts
) -> CameraSetup:
    """Return the cameras of a config entry; one whose server is gone, or that cannot be read, is left out."""
    subentries = entry.subentries.values()
    servers: dict[str, FrigateClient] = {}

    def connect(server: ConfigSubentry) -> None:
        servers[server.subentry_id] = frigate_client(hass, server.data)

    unreadable.readable((one for one in subentries if one.subentry_type == SUBENTRY_FRIGATE), connect)
    cameras: dict[str, CameraConfig] = {}
    sources: dict[str, CameraSource] = {}
    readable = unreadable.readable(
        (one for one in subentries if one.subentry_type == SUBENTRY_CAMERA), _camera
    )
    for one in readable:
        cameras[one.subentry_id] = _camera(one)
        if one.data.get("entity"):
            sources[one.subentry_id] = EntitySource(hass, one.data["entity"])
        elif (server := servers.get(one.data.get("server", ""))) is not None:
            sources[one.subentry_id] = FrigateSource(one.subentry_id, server, one.data["camera"])
    return CameraSetup(
        cameras=cameras,
        sources=sources,
        named_servers={
            server_id: (entry.subentries[server_id].title, client) for server_id, client in servers.items()
        },
        **unreadable.options(CameraSetup, entry.options),
    )


def frigate_client(hass: HomeAssistant, data: Mapping[str, Any]) -> FrigateClient:
    """Return the client of a server; raises ValueError for an address that is none."""
    verify_ssl = data.get(CONF_VERIFY_SSL, True)
    # Its own session: Frigate's login comes as a cookie, which must not go to anybody else.
    session: ClientSession = async_create_clientsession(
        hass, verify_ssl=verify_ssl, cookie_jar=DummyCookieJar()
    )
    return FrigateClient(
        session,
        data[CONF_URL],
        username=data.get(CONF_USERNAME) or None,
        password=data.get(CONF_PASSWORD) or None,
        ssl=verify_ssl,
    )


def tripped_zone(hass: HomeAssistant, config: SystemConfig, zone_id: str) -> TrippedZone:
    """Return what a zone of an alarm is, with what kind of thing its sensor notices."""
    zone = config.panel.zones.get(zone_id)
    if zone is None:
        return TrippedZone(zone_id=zone_id, kind=ZoneKind.INSTANT, detector=Detector.OTHER)
    return TrippedZone(zone_id=zone_id, kind=zone.kind, detector=_detector(hass, config, zone_id))


def _detector(hass: HomeAssistant, config: SystemConfig, zone_id: str) -> Detector:
    for entity_id in config.sensing[zone_id].entities:
        state = hass.states.get(entity_id)
        device_class = "" if state is None else str(state.attributes.get("device_class", ""))
        if device_class in _DETECTORS:
            return _DETECTORS[device_class]
        if split_entity_id(entity_id)[0] == "lock":
            return Detector.OPENING
    return Detector.OTHER


def _camera(subentry: ConfigSubentry) -> CameraConfig:
    data = subentry.data
    return CameraConfig(
        camera_id=subentry.subentry_id,
        name=subentry.title,
        zones=frozenset(data.get("zones", ())),
        areas=frozenset(data.get("areas", ())),
        inside=data.get("inside", False),
        labels=tuple(data.get("labels") or (PERSON,)),
        min_score=data.get("min_score", 60) / 100,
    )

"""What turns ids into names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..core.panel.config import PanelConfig
from ..core.panel.state import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The names of everything that has one."""

    config: PanelConfig
    names: Mapping[str, str]
    """Of the zones."""

    def zone_name(self, zone_id: str) -> str:
        """Return a zone's name; a zone that is gone has only its id."""
        return self.names.get(zone_id, zone_id)

    def zone_names(self, zone_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return the zones' names in the same order."""
        return tuple(self.zone_name(zone_id) for zone_id in zone_ids)

    def area_name(self, area_id: str) -> str:
        """Return an area's name."""
        return self.config.areas[area_id].name

    def area_names(self, area_ids: Iterable[str]) -> str:
        """Return the areas' names as a sentence lists them."""
        return ", ".join(self.area_name(area_id) for area_id in area_ids)

    def areas_of(self, zone_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the areas that the zones are in, in their usual order."""
        found = {self.config.zones[zone_id].area_id for zone_id in zone_ids}
        return tuple(area_id for area_id in self.config.areas if area_id in found)

    def trouble(self, trouble: Trouble, kind: str | None = None) -> str:
        """Return where a trouble is and of what kind it is, which may have a name for people."""
        where = self.zone_name(trouble.zone_id) if trouble.zone_id else trouble.source
        what = kind or trouble.kind.value
        return f"{where} ({what})" if where else what

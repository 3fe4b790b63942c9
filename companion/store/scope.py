"""Whose rows a query may see and change: those of every site, or of one. Made from the caller, in `scope_of` only."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.store.tables import alarm

type _AlarmId = sa.Column[str]
type _SiteId = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class AllSites:
    """Everybody's rows: for the engine, which works for every site, and for callers whose key is for every site."""

    def owns(self, site_id: str | None) -> bool:  # noqa: ARG002 # as OneSite has it
        """Return True."""
        return True

    def sees(self, site_id: str | None) -> bool:  # noqa: ARG002 # as OneSite has it
        """Return True."""
        return True

    def own[Q: (sa.Select[Any], sa.Update, sa.Delete)](self, query: Q, _site_id: _SiteId) -> Q:
        """Return the query as it is."""
        return query

    def own_or_shared[Q: (sa.Select[Any], sa.Update, sa.Delete)](self, query: Q, _site_id: _SiteId) -> Q:
        """Return the query as it is."""
        return query

    def of_alarms[Q: (sa.Select[Any], sa.Update, sa.Delete)](self, query: Q, _alarm_id: _AlarmId) -> Q:
        """Return the query as it is."""
        return query


@dataclass(frozen=True, slots=True)
class OneSite:
    """The rows of one site, and what is shared among all."""

    site_id: str

    def owns(self, site_id: str | None) -> bool:
        """Return whether what belongs to `site_id` is this site's own; what belongs to no site is nobody's."""
        return site_id == self.site_id

    def sees(self, site_id: str | None) -> bool:
        """Return whether a policy, channel or person of `site_id` is this site's own, or shared (None)."""
        return site_id in {None, self.site_id}

    def own[Q: (sa.Select[Any], sa.Update, sa.Delete)](self, query: Q, site_id: _SiteId) -> Q:
        """Return the query narrowed down to rows whose column `site_id` names this site."""
        return query.where(site_id == self.site_id)

    def own_or_shared[Q: (sa.Select[Any], sa.Update, sa.Delete)](
        self, query: Q, site_id: sa.Column[str]
    ) -> Q:
        """Return the query narrowed down to rows whose column `site_id` names this site or none."""
        return query.where(sa.or_(site_id == self.site_id, site_id.is_(None)))

    def of_alarms[Q: (sa.Select[Any], sa.Update, sa.Delete)](self, query: Q, alarm_id: _AlarmId) -> Q:
        """Return the query narrowed down to rows whose column `alarm_id` names an alarm of this site."""
        # Asked of each row that is found: as a list, all alarms that the site ever had would be read first.
        theirs = alarm.alias()
        return query.where(sa.exists().where(theirs.c.id == alarm_id, theirs.c.site_id == self.site_id))


type Scope = AllSites | OneSite

ALL_SITES: Final = AllSites()


def scope_of(site_id: str | None) -> Scope:
    """Return the scope of an API key, or of a Home Assistant, that is for this site; None: for every site."""
    return ALL_SITES if site_id is None else OneSite(site_id)


class OutOfScope(Exception):
    """What was to be written belongs to a site that is not the caller's."""


def require_alarm(scope: Scope, conn: Connection, alarm_id: str) -> None:
    """Raise OutOfScope unless the alarm that something is written for is the scope's own."""
    if scope == ALL_SITES:
        return
    found = scope.own(sa.select(alarm.c.id).where(alarm.c.id == alarm_id), alarm.c.site_id)
    if conn.execute(found).first() is None:
        raise OutOfScope(f"the alarm {alarm_id} is not of {scope}")


def require_owned(scope: Scope, site_id: str | None) -> None:
    """Raise OutOfScope unless what is written for `site_id` is the scope's own."""
    if not scope.owns(site_id):
        raise OutOfScope(f"what belongs to {site_id or 'no site'} cannot be written for {scope}")

"""Queries on the pictures of alarms: one each, the newest, for as long as the operator wants them kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms.model import Picture
from companion.alarms.store import alarm_by_id
from companion.channels import base as channels
from companion.store.locks import lock_alarm
from companion.store.scope import Scope, require_alarm
from companion.store.sql import insert
from companion.store.tables import alarm, picture

BATCH = 50


def put_picture(scope: Scope, conn: Connection, alarm_id: str, new: Picture, now: datetime) -> None:
    """Keep the picture instead of the alarm's last one. Raises OutOfScope."""
    require_alarm(scope, conn, alarm_id)
    values = {"media_type": new.media_type, "data": new.data, "received_at": now}
    conn.execute(
        insert(conn.dialect.name, picture)
        .values(alarm_id=alarm_id, **values)
        .on_conflict_do_update(index_elements=[picture.c.alarm_id], set_=values)
    )


def picture_of(scope: Scope, conn: Connection, alarm_id: str) -> Picture | None:
    """Return the picture of the alarm, or None."""
    query = sa.select(picture.c.media_type, picture.c.data).where(picture.c.alarm_id == alarm_id)
    row = conn.execute(scope.of_alarms(query, picture.c.alarm_id)).first()
    return None if row is None else Picture(media_type=row.media_type, data=row.data)


def shown_picture(scope: Scope, conn: Connection, alarm_id: str) -> channels.Picture | None:
    """Return the picture of the alarm as messages show it, or None."""
    found = picture_of(scope, conn, alarm_id)
    known = None if found is None else alarm_by_id(scope, conn, alarm_id)
    if found is None or known is None:
        return None
    shows = None if known.evidence is None else known.evidence.picture
    return channels.Picture(
        media_type=found.media_type, data=found.data, camera=None if shows is None else shows.camera
    )


def forget_pictures(scope: Scope, conn: Connection, received_before: datetime) -> int:
    """Delete pictures that were kept long enough, and return how many (BATCH: there may be more)."""
    due = sa.select(picture.c.alarm_id).where(picture.c.received_at < received_before)
    due = scope.of_alarms(due, picture.c.alarm_id).order_by(picture.c.received_at).limit(BATCH)
    found = conn.execute(due).scalars().all()
    for alarm_id in found:
        lock_alarm(scope, conn, alarm_id)  # from here on no newer one can take its place
        gone = conn.execute(
            sa.delete(picture).where(picture.c.alarm_id == alarm_id, picture.c.received_at < received_before)
        )
        known = alarm_by_id(scope, conn, alarm_id)
        if gone.rowcount and known is not None and known.evidence is not None:
            left = known.evidence.model_copy(update={"picture": None}).model_dump(mode="json")
            conn.execute(sa.update(alarm).where(alarm.c.id == alarm_id).values(evidence=left))
    return len(found)

"""Every table, for SQLite and PostgreSQL alike.

An index over a part of the rows says so with `sqlite_where`; migrations give PostgreSQL the same. (With `postgresql_where`
SQLAlchemy would load that dialect and all its drivers in every service.)
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from companion.store.types import PackedText, ReasonText, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id(name: str = "id", **kwargs: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), primary_key=True, **kwargs)


def _ref(name: str, target: str, *, nullable: bool = False, ondelete: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), sa.ForeignKey(target, ondelete=ondelete), nullable=nullable)


def _packed(name: str, target: str | None = None, **kwargs: Any) -> sa.Column[str]:
    """Return a column for an id of ours, or for a hash; of the row `target`, if it is to be there."""
    ondelete = kwargs.pop("ondelete", None)
    references = () if target is None else (sa.ForeignKey(target, ondelete=ondelete),)
    return sa.Column(name, PackedText(64), *references, **kwargs)


def _time(name: str, *, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime, nullable=nullable)


# --- the directory: who and what there is ---------------------------------------------------------------

policy = sa.Table(
    "policy",
    metadata,
    _id(),
    # No reference, as sites refer to policies: `apply` looks after it. Null: all sites share it.
    sa.Column("site_id", sa.String(64)),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),  # companion.escalation.policy.Policy as JSON
)

site = sa.Table(
    "site",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("country", sa.String(2)),  # ISO 3166-1 alpha-2; null: the installation's
    _ref("policy_id", "policy.id", nullable=True),
    _ref(
        "vacation_policy_id", "policy.id", nullable=True
    ),  # instead, while the house is in its vacation window
)

room = sa.Table(
    "room",
    metadata,
    _id(),
    _ref("site_id", "site.id"),
    sa.Column("name", sa.Text, nullable=False),
)

person = sa.Table(
    "person",
    metadata,
    _id(),
    _ref("site_id", "site.id", nullable=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
)

channel = sa.Table(
    "channel",
    metadata,
    _id(),
    sa.Column("site_id", sa.String(64)),  # as a policy's
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("config", sa.JSON, nullable=False),  # without its secrets
    sa.Column("secrets", sa.Text),  # encrypted JSON, see store.secrets
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("concurrency", sa.Integer, nullable=False),
    sa.Column("timeout_s", sa.Float, nullable=False),
    sa.Column(
        "revision", sa.Integer, nullable=False
    ),  # rises with every change, so that a running channel is rebuilt
)

contact_point = sa.Table(
    "contact_point",
    metadata,
    _id(),
    _ref("person_id", "person.id", ondelete="CASCADE"),
    _ref("channel_id", "channel.id"),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),  # 0 is tried first
    sa.UniqueConstraint("person_id", "channel_id", "address"),
)

device = sa.Table(
    "device",
    metadata,
    _id(),
    sa.Column("kind", sa.String(32), nullable=False),  # yealink
    sa.Column("name", sa.Text, nullable=False),
    _ref("site_id", "site.id", nullable=True),
    _ref("room_id", "room.id", nullable=True),
    _ref("person_id", "person.id", nullable=True),
    _ref("policy_id", "policy.id", nullable=True),  # instead of the site's
    sa.Column("test", sa.Boolean, nullable=False),  # raises test alarms only
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("enabled", sa.Boolean, nullable=False),
    _time("last_seen_at"),
    sa.Column("last_context", sa.JSON, nullable=False),
    _time("minute_started_at"),  # of the rate limit
    sa.Column("minute_count", sa.Integer, nullable=False),
)

message_text = sa.Table(
    "message_text",
    metadata,
    _id(),
    sa.Column("kind", sa.String(32), nullable=False),  # channels.base.MessageKind
    sa.Column("language", sa.String(8)),  # null: any
    _ref("site_id", "site.id", nullable=True),  # null: alarms of all sites
    _ref("channel_id", "channel.id", nullable=True),  # null: over any channel
    sa.Column("title", sa.Text),  # templates, see companion.wording; null: ours
    sa.Column("text", sa.Text),
)

installation = sa.Table(
    "installation",
    metadata,
    _id(),  # one row, `installation`
    _ref("last_resort_id", "policy.id", nullable=True),  # of alarms that have no policy
    sa.Column("operators", sa.JSON, nullable=False),  # ids of people
    sa.Column("country", sa.String(2)),  # ISO 3166-1 alpha-2: of phone numbers without a country code
)

api_key = sa.Table(
    "api_key",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),  # read, operate, admin
    _ref("site_id", "site.id", nullable=True),  # null: every site
    sa.Column("key_hash", sa.String(64), nullable=False, unique=True),
    _time("created_at", nullable=False),
    _time("last_used_at"),
    _time("revoked_at"),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# --- alarms ---------------------------------------------------------------------------------------------

alarm = sa.Table(
    "alarm",
    metadata,
    _packed("id", primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("test", sa.Boolean, nullable=False),
    # Names as they were when it was raised: the record must not change with the directory.
    sa.Column("site_id", sa.String(64)),
    sa.Column("site", sa.Text),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("room", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("device_id", sa.String(64)),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("uid", sa.String(64)),  # Home Assistant's id of the same occurrence
    sa.Column("presses", sa.Integer, nullable=False),  # how often it was triggered within its window
    sa.Column("policy", sa.JSON),  # the policy it was raised with, whole
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),  # the next step to run
    sa.Column("steps_run", sa.Integer, nullable=False),
    _time("next_due_at"),
    _time("raised_at", nullable=False),
    _time("acknowledged_at"),
    sa.Column("acknowledged_by", sa.Text),
    _time("closed_at"),
    sa.Column("closed_by", sa.Text),
    _time("exhausted_at"),
    _time("held_until"),  # the panel's abort window
    sa.Column("evidence", sa.JSON),  # companion.alarms.model.Evidence as JSON
    sa.Index(
        "ix_alarm_next_due_at",
        "next_due_at",
        sqlite_where=sa.text("next_due_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_alarm_open",
        "status",
        "next_due_at",
        "test",
        sqlite_where=sa.text("status IN ('acknowledged', 'triggered')"),
    ),
    # One page of a list reads no more than it shows, however long the record is and whatever the list is narrowed down
    # to: `alarms.store.list_alarms` asks once for each value of what it is not narrowed down to.
    sa.Index(None, "status", "source", "test", "raised_at"),
    sa.Index(None, "site_id", "status", "source", "test", "raised_at"),
)

# Changes of counts, each a line: nobody who writes one waits for anybody else. Triggers (migration 0017) write them in the
# transaction that changes an alarm or a delivery, whoever does so and how; `store.tallies` sums them up now and then.
alarm_tally = sa.Table(
    "alarm_tally",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("site_id", sa.String(64)),
    sa.Column("test", sa.Boolean, nullable=False),
    sa.Column("exhausted", sa.Boolean, nullable=False),
    sa.Column("answered_within_s", sa.Integer),  # of `alarms.statistics.ANSWER_BUCKETS`; null: longer
    sa.Column("alarms", sa.Integer, nullable=False),
    sa.Column("answered", sa.Integer, nullable=False),
    sa.Column("answer_ms", sa.BigInteger, nullable=False),
)

delivery_tally = sa.Table(
    "delivery_tally",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("channel_id", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # only those in which a delivery may stay for ever
    sa.Column("deliveries", sa.Integer, nullable=False),
)

dedup = sa.Table(
    "dedup",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    _packed("alarm_id", nullable=False),
    _time("expires_at"),  # null: never
    sa.Index(None, "alarm_id"),
    sqlite_with_rowid=False,
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    _packed("alarm_id", "alarm.id", nullable=False),
    _time("at", nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("actor", sa.Text),  # who
    sa.Column("via", sa.String(32), nullable=False),  # through what
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index("ix_journal_alarm_id", "alarm_id"),
)

heard_event = sa.Table(
    "heard_event",
    metadata,
    _packed("alarm_id", "alarm.id", ondelete="CASCADE", primary_key=True),
    _packed("event_id", primary_key=True),  # see companion.link.inbound
    sqlite_with_rowid=False,
)

picture = sa.Table(
    "picture",
    metadata,
    _packed("alarm_id", "alarm.id", ondelete="CASCADE", primary_key=True),
    sa.Column("media_type", sa.String(32), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    _time("received_at", nullable=False),  # by our clock: what the time that it is kept counts from
    sa.Index(None, "received_at"),
)

ack_link = sa.Table(
    "ack_link",
    metadata,
    _packed("token_hash", primary_key=True),
    _packed("alarm_id", "alarm.id", nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    _time("created_at", nullable=False),
    sa.Index(None, "alarm_id"),
    sqlite_with_rowid=False,
)

# --- dispatch -------------------------------------------------------------------------------------------

delivery = sa.Table(
    "delivery",
    metadata,
    _packed("id", primary_key=True),
    _packed("alarm_id"),  # null: a channel test
    sa.Column("kind", sa.String(16), nullable=False),  # MessageKind
    sa.Column(
        "occurrence", sa.String(64), nullable=False
    ),  # `round.step`, or what else makes this one unique
    sa.Column("channel_id", sa.String(64), nullable=False),
    sa.Column("person_id", sa.String(64)),
    sa.Column(
        "position", sa.Integer, nullable=False
    ),  # of the person's contact point; the next one is the fallback
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("message", sa.JSON, nullable=False),  # dispatch.delivery.facts
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("urgency", sa.SmallInteger, nullable=False, server_default="1"),  # dispatch.delivery.Urgency
    sa.Column("first_page", sa.Boolean, nullable=False),  # retried within seconds
    sa.Column("record", sa.Boolean, nullable=False),  # not cancelled by an answer (a ticket)
    sa.Column("owner", sa.String(128)),
    sa.Column("fence", sa.Integer, nullable=False),
    _time("lease_until"),
    sa.Column("uncertain", sa.Boolean, nullable=False),  # may have been sent
    sa.Column("cancelled", sa.Boolean, nullable=False),  # asked to stop while processing
    sa.Column("provider_ref", sa.Text),
    sa.Column("last_error", ReasonText),
    sa.Column("source_key", sa.String(32)),  # of pages: what floods is told in one message
    _packed("folded_into"),  # the delivery that is sent for this one
    _time("created_at", nullable=False),
    _time("sent_at"),
    _time("delivered_at"),
    _time("read_at"),
    sa.UniqueConstraint("alarm_id", "kind", "occurrence", "channel_id", "address"),
    sa.Index(
        "ix_delivery_due",
        "channel_id",
        "urgency",
        "due_at",
        sqlite_where=sa.text("state IN ('pending', 'failed')"),
    ),
    sa.Index(
        "ix_delivery_lease",
        "lease_until",
        sqlite_where=sa.text("state = 'processing'"),
    ),
    sa.Index(
        "ix_delivery_provider_ref",
        "channel_id",
        "provider_ref",
        sqlite_where=sa.text("provider_ref IS NOT NULL"),
    ),
)

# Their names go with what they are for: each is read by a query of `dispatch.folding`.
sa.Index(
    "ix_delivery_source",
    delivery.c.source_key,
    delivery.c.channel_id,
    delivery.c.address,
    delivery.c.created_at,
    sqlite_where=sa.text("source_key IS NOT NULL"),
)
sa.Index(
    "ix_delivery_folded",
    delivery.c.due_at,
    sqlite_where=sa.text("state = 'folded' AND folded_into IS NULL"),
)
sa.Index(
    "ix_delivery_folded_into",
    delivery.c.folded_into,
    sqlite_where=sa.text("folded_into IS NOT NULL"),
)

failover = sa.Table(
    # A page that nobody has accepted yet: when it is due, the person's next contact point is told. Its own table, as
    # the row of a delivery may be held by whoever sends it.
    "failover",
    metadata,
    _packed("delivery_id", primary_key=True),
    sa.Column(
        "person_id", sa.String(64), primary_key=True
    ),  # a page may be for several, each with a next one
    _packed("alarm_id"),  # null: a trouble
    _time("due_at", nullable=False),
    sa.Index(None, "due_at"),
    sa.Index(None, "alarm_id"),
    sqlite_with_rowid=False,
)

also_for = sa.Table(
    # Whom else a delivery is for than its own person: people who share the address.
    "also_for",
    metadata,
    _packed("delivery_id", primary_key=True),
    sa.Column("person_id", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),  # of the address among this person's contact points
    sqlite_with_rowid=False,
)

channel_event = sa.Table(
    # What was heard over a channel, by its provider's own id: said twice, or to two replicas, it counts once.
    "channel_event",
    metadata,
    sa.Column("channel_id", sa.String(64), primary_key=True),
    sa.Column("event_id", sa.String(200), primary_key=True),
    _time("heard_at", nullable=False),
    sa.Index(None, "heard_at"),
)

attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    _packed("delivery_id", "delivery.id", nullable=False),
    sa.Column("channel_id", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    _time("started_at", nullable=False),
    _time("finished_at", nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),  # sent, failed, error, uncertain, cut_off
    sa.Column("status_code", sa.Integer),
    sa.Column("provider_ref", sa.Text),
    sa.Column("error", ReasonText),
    sa.Index("ix_attempt_delivery_id", "delivery_id"),
    sa.Index("ix_attempt_channel_id", "channel_id", "id"),
)

# --- how channels are -----------------------------------------------------------------------------------

channel_health = sa.Table(
    "channel_health",
    metadata,
    sa.Column("channel_id", sa.String(64), sa.ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),  # of the channel that this is about
    _time("probed_at"),
    _time("probing_until"),  # a replica is at it; over by then, whatever became of that replica
    _time("sent_at"),
    sa.Column("failed_probes", sa.Integer, nullable=False),  # in a row
    sa.Column("failed_sends", sa.Integer, nullable=False),  # in a row
    _time("failing_since"),
    sa.Column("reason", ReasonText),  # of the last failure
    sa.Column(
        "quota_limit", sa.Integer
    ),  # how many messages the provider takes; null: it does not count them
    sa.Column("quota_used", sa.Integer),
    sa.Column("quota_per", sa.String(16)),  # day, month
)

# --- troubles -------------------------------------------------------------------------------------------

trouble = sa.Table(
    "trouble",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),  # kind and the id of its subject
    sa.Column("kind", sa.String(32), nullable=False),  # troubles.model.TroubleKind
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("site_id", sa.String(64)),  # null: about the whole installation
    sa.Column("hidden", sa.Boolean, nullable=False),  # nobody at a panel may see it: about a silent alarm
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("severity", sa.String(16), nullable=False),
    _time("since", nullable=False),
    _time("last_at", nullable=False),
    _time("told_at"),
    _time("cleared_at"),
    sa.Index(
        "ix_trouble_open",
        "since",
        sqlite_where=sa.text("cleared_at IS NULL"),
    ),
)

ended_session = sa.Table(
    "ended_session",
    metadata,
    sa.Column("nonce_hash", sa.String(64), primary_key=True),
    _time("expires_at", nullable=False),
)
"""Sessions of the dashboard that were ended before their time."""

# --- the link -------------------------------------------------------------------------------------------

link_peer = sa.Table(
    "link_peer",
    metadata,
    sa.Column("instance", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    _ref("site_id", "site.id", nullable=True),
    sa.Column("their_stream", sa.String(64), nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("our_stream", sa.String(64), nullable=False),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    _time("last_seen_at"),
    sa.Column("key_id", sa.String(64)),
    # Of the connection that it is on now; null: of none, as far as anybody could say.
    sa.Column("connection_id", sa.String(64)),
    sa.Column("can", sa.JSON),
)

link_event = sa.Table(
    "link_event",
    metadata,
    sa.Column(
        "instance", sa.String(64), sa.ForeignKey("link_peer.instance", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.JSON, nullable=False),
)

link_waiting = sa.Table(
    "link_waiting",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    # No reference: it would ask for the very row that somebody else holds.
    sa.Column("instance", sa.String(64), nullable=False, index=True),
    sa.Column("body", sa.JSON, nullable=False),
)
"""Events that were written while somebody else held their peer: they get their number once it can be had."""

link_area = sa.Table(
    "link_area",
    metadata,
    sa.Column(
        "instance", sa.String(64), sa.ForeignKey("link_peer.instance", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("area", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("mode", sa.String(32)),
    _time("at", nullable=False),
)

link_pending = sa.Table(
    "link_pending",
    metadata,
    sa.Column(
        "instance", sa.String(64), sa.ForeignKey("link_peer.instance", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("uid", sa.String(64), primary_key=True),
    sa.Column("body", sa.JSON, nullable=False),
    _time("due_at", nullable=False),
    sa.Index("ix_link_pending_due_at", "due_at"),
)

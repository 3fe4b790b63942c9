"""Problem documents (RFC 9457): what an HTTP answer says when something is wrong, and what to do about it.

    Problem
    ├── MalformedRequest · InvalidRequest · BodyTooLarge · UnsupportedMediaType
    ├── KeyMissing · RoleTooLow · OneSiteOnly · FormExpired
    ├── NotFound: NoSuchPage · UnknownAlarm · NoPicture · UnknownDelivery · UnknownDevice · UnknownToken · …
    ├── LinkExpired
    ├── MethodNotAllowed
    ├── Conflict: MoveNotAllowed · RetryNotAllowed · DeviceIncomplete · ChannelNotUsable
    ├── TooManyRequests
    └── InternalProblem · StoreProblem · TookTooLong · NotReady

The slug of a type is for programs and never changes; title and detail are for people and may.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, override

type Members = Mapping[str, Any]


class Problem(Exception):
    """Something is wrong with a request, or with us; `detail` says what to do."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong here"
    member_schemas: ClassVar[Members] = {}
    """JSON schemas of what the document has beyond RFC 9457's own members."""

    @override
    def __init_subclass__(
        cls,
        *,
        status: int | None = None,
        slug: str | None = None,
        title: str | None = None,
        members: Members | None = None,
    ) -> None:
        """Take what the line of the class says; the rest is its parent's."""
        cls.status = cls.status if status is None else status
        cls.slug = cls.slug if slug is None else slug
        cls.title = cls.title if title is None else title
        cls.member_schemas = {} if members is None else members

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.members: Members = members

    @classmethod
    def type_uri(cls) -> str:
        """Return the stable `type` of the document."""
        return f"/problems/{cls.slug}"

    def document(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {
            "type": self.type_uri(),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }


class MalformedRequest(Problem, status=400, slug="malformed-request", title="The request cannot be read"):
    """It cannot be read at all."""


class InvalidRequest(
    Problem,
    status=422,
    slug="invalid-request",
    title="The request has values that cannot be used",
    members={
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "problem": {"type": "string"}},
                "required": ["where", "problem"],
            },
        }
    },
):
    """It can be read, but a value in it is not one we take. Member `errors`: where and what."""


class BodyTooLarge(Problem, status=413, slug="body-too-large", title="The body is too large"):
    """More bytes than we are ready to keep in memory."""


class UnsupportedMediaType(
    Problem, status=415, slug="unsupported-media-type", title="This kind of body is not read here"
):
    """A body in a format that this address does not read."""


class KeyMissing(Problem, status=401, slug="no-valid-key", title="A valid API key is needed"):
    """No key, or none that is valid."""


class RoleTooLow(Problem, status=403, slug="role-too-low", title="The role of this key is not enough"):
    """The key is valid, its role is not enough."""


class OneSiteOnly(Problem, status=403, slug="one-site-only", title="This key is for one site"):
    """The key is for one site, the request is about all of them."""


class FormExpired(
    Problem, status=403, slug="form-expired", title="This form is too old or came from elsewhere"
):
    """A form came back without the token that its page had."""


class NotFound(Problem, status=404):
    """The thing is not there, or not there for this key."""


class NoSuchPage(NotFound, slug="no-such-page", title="There is nothing at this address"):
    """No such address."""


class UnknownAlarm(NotFound, slug="unknown-alarm", title="There is no such alarm"):
    """No such alarm."""


class NoPicture(NotFound, slug="no-picture", title="There is no picture of this alarm"):
    """The alarm has no picture."""


class UnknownDelivery(NotFound, slug="unknown-delivery", title="This alarm has no such delivery"):
    """No such delivery of this alarm."""


class UnknownDevice(NotFound, slug="unknown-device", title="There is no such device"):
    """No such device."""


class UnknownPolicy(NotFound, slug="unknown-policy", title="There is no such escalation policy"):
    """No such escalation policy."""


class UnknownChannel(NotFound, slug="unknown-channel", title="There is no such channel"):
    """No such channel."""


class UnknownKey(NotFound, slug="unknown-key", title="There is no such API key"):
    """No such API key."""


class UnknownToken(NotFound, slug="unknown-token", title="This token is not known"):
    """A token that belongs to nothing."""


class LinkExpired(Problem, status=410, slug="link-expired", title="This link is too old"):
    """A responder's link whose time has run out."""


class MethodNotAllowed(
    Problem, status=405, slug="method-not-allowed", title="This address does not take that method"
):
    """The address exists, the method does not."""


class Conflict(Problem, status=409):
    """The request is fine, the state of things is not."""


class MoveNotAllowed(
    Conflict,
    slug="move-not-allowed",
    title="The alarm's status does not allow this",
    members={"alarm_status": {"type": "string"}},
):
    """An alarm in this status cannot make that move. Member `alarm_status`."""


class RetryNotAllowed(Conflict, slug="retry-not-allowed", title="This delivery cannot be tried again"):
    """A delivery that needs no other attempt."""


class DeviceIncomplete(
    Conflict,
    slug="device-incomplete",
    title="This key leads to nobody",
    members={
        "missing": {"type": "array", "items": {"type": "string"}},
        "alarm_id": {"type": "string"},
    },
):
    """A press that leads to nobody: it is written down, and nobody can be told. Members `missing`, `alarm_id`."""


class ChannelNotUsable(Conflict, slug="channel-not-usable", title="This channel cannot be used as it is"):
    """The channel is there, but switched off or wrongly configured."""


class TooManyRequests(Problem, status=429, slug="too-many-requests", title="Too many requests"):
    """Over a limit; `Retry-After` says how long to wait."""

    def __init__(self, detail: str, *, retry_after_s: int, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)}, **members)


class InternalProblem(Problem):
    """A mistake of ours; the log knows more under the request's id."""


class StoreProblem(Problem, status=503, slug="store-unavailable", title="The database cannot be used now"):
    """The database is away; what was asked for is not known to have happened."""


class TookTooLong(Problem, status=503, slug="took-too-long", title="The request took too long"):
    """The time limit of a request has passed; what it wanted may or may not have happened."""


class NotReady(
    Problem,
    status=503,
    slug="not-ready",
    title="The service is not ready",
    members={"checks": {"type": "array", "items": {"type": "object"}}},
):
    """Something that the service needs does not work. Member `checks`."""

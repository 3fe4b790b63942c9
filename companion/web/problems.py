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
from typing import Any, ClassVar

type Members = Mapping[str, Any]


class Problem(Exception):
    """Something is wrong with a request, or with us; `detail` says what to do."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong here"
    member_schemas: ClassVar[Members] = {}
    """JSON schemas of what the document has beyond RFC 9457's own members."""

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


class MalformedRequest(Problem):
    """It cannot be read at all."""

    status = 400
    slug = "malformed-request"
    title = "The request cannot be read"


class InvalidRequest(Problem):
    """It can be read, but a value in it is not one we take. Member `errors`: where and what."""

    status = 422
    slug = "invalid-request"
    title = "The request has values that cannot be used"
    member_schemas = {  # noqa: RUF012 # a ClassVar, declared above
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "problem": {"type": "string"}},
                "required": ["where", "problem"],
            },
        }
    }


class BodyTooLarge(Problem):
    """More bytes than we are ready to keep in memory."""

    status = 413
    slug = "body-too-large"
    title = "The body is too large"


class UnsupportedMediaType(Problem):
    """A body in a format that this address does not read."""

    status = 415
    slug = "unsupported-media-type"
    title = "This kind of body is not read here"


class KeyMissing(Problem):
    """No key, or none that is valid."""

    status = 401
    slug = "no-valid-key"
    title = "A valid API key is needed"


class RoleTooLow(Problem):
    """The key is valid, its role is not enough."""

    status = 403
    slug = "role-too-low"
    title = "The role of this key is not enough"


class OneSiteOnly(Problem):
    """The key is for one site, the request is about all of them."""

    status = 403
    slug = "one-site-only"
    title = "This key is for one site"


class FormExpired(Problem):
    """A form came back without the token that its page had."""

    status = 403
    slug = "form-expired"
    title = "This form is too old or came from elsewhere"


class NotFound(Problem):
    """The thing is not there, or not there for this key."""

    status = 404


class NoSuchPage(NotFound):
    """No such address."""

    slug = "no-such-page"
    title = "There is nothing at this address"


class UnknownAlarm(NotFound):
    """No such alarm."""

    slug = "unknown-alarm"
    title = "There is no such alarm"


class NoPicture(NotFound):
    """The alarm has no picture."""

    slug = "no-picture"
    title = "There is no picture of this alarm"


class UnknownDelivery(NotFound):
    """No such delivery of this alarm."""

    slug = "unknown-delivery"
    title = "This alarm has no such delivery"


class UnknownDevice(NotFound):
    """No such device."""

    slug = "unknown-device"
    title = "There is no such device"


class UnknownPolicy(NotFound):
    """No such escalation policy."""

    slug = "unknown-policy"
    title = "There is no such escalation policy"


class UnknownChannel(NotFound):
    """No such channel."""

    slug = "unknown-channel"
    title = "There is no such channel"


class UnknownKey(NotFound):
    """No such API key."""

    slug = "unknown-key"
    title = "There is no such API key"


class UnknownToken(NotFound):
    """A token that belongs to nothing."""

    slug = "unknown-token"
    title = "This token is not known"


class LinkExpired(Problem):
    """A responder's link whose time has run out."""

    status = 410
    slug = "link-expired"
    title = "This link is too old"


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    status = 405
    slug = "method-not-allowed"
    title = "This address does not take that method"


class Conflict(Problem):
    """The request is fine, the state of things is not."""

    status = 409


class MoveNotAllowed(Conflict):
    """An alarm in this status cannot make that move. Member `alarm_status`."""

    slug = "move-not-allowed"
    title = "The alarm's status does not allow this"
    member_schemas = {"alarm_status": {"type": "string"}}  # noqa: RUF012 # a ClassVar, declared above


class RetryNotAllowed(Conflict):
    """A delivery that needs no other attempt."""

    slug = "retry-not-allowed"
    title = "This delivery cannot be tried again"


class DeviceIncomplete(Conflict):
    """A press that leads to nobody: it is written down, and nobody can be told. Members `missing`, `alarm_id`."""

    slug = "device-incomplete"
    title = "This key leads to nobody"
    member_schemas = {  # noqa: RUF012 # a ClassVar, declared above
        "missing": {"type": "array", "items": {"type": "string"}},
        "alarm_id": {"type": "string"},
    }


class ChannelNotUsable(Conflict):
    """The channel is there, but switched off or wrongly configured."""

    slug = "channel-not-usable"
    title = "This channel cannot be used as it is"


class TooManyRequests(Problem):
    """Over a limit; `Retry-After` says how long to wait."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_s: int, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)}, **members)


class InternalProblem(Problem):
    """A mistake of ours; the log knows more under the request's id."""


class StoreProblem(Problem):
    """The database is away; what was asked for is not known to have happened."""

    status = 503
    slug = "store-unavailable"
    title = "The database cannot be used now"


class TookTooLong(Problem):
    """The time limit of a request has passed; what it wanted may or may not have happened."""

    status = 503
    slug = "took-too-long"
    title = "The request took too long"


class NotReady(Problem):
    """Something that the service needs does not work. Member `checks`."""

    status = 503
    slug = "not-ready"
    title = "The service is not ready"
    member_schemas = {"checks": {"type": "array", "items": {"type": "object"}}}  # noqa: RUF012 # a ClassVar

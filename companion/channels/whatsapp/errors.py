"""What Meta's error codes mean: in an answer, and in the status of a message. Pure."""

from datetime import timedelta
from typing import Any, Final

from companion.channels.base import Refused, TryAgain
from companion.channels.http import Failure

# https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes; titles come and go, codes stay.
BROKEN: Final = frozenset(
    {
        *(0, 3, 10, 190, *range(200, 300)),  # token, permission
        *(368, 131005, 131031, 131037, 131042, 131045),  # blocked, locked, unpaid, without a name
        *(
            132000,
            132001,
            132007,
            132012,
            132015,
            132016,
        ),  # the template: what is refused now will be next time
        *(133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016),  # the number is not registered
    }
)
"""Nobody can be told until somebody changes the account, the template, or the settings."""
FINAL: Final = frozenset(
    {100, 130472, 130497, 132005, 131008, 131009, 131021, 131026, 131030, 131047, 131049, 131050, 131051}
)
"""This message will not arrive, however often it is tried: no WhatsApp, opted out, Meta chose not to."""
LATER: Final = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004})
PAIR_RATE: Final = 131056
PAIR_RATE_WAIT = timedelta(seconds=6)
"""To the same person one message in six seconds is allowed."""


def error_in(answer: Any) -> tuple[int, str] | None:
    """Return code and words of an error, as `error` of an answer or one of `errors` of a status has them."""
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
        return None
    data = answer.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    said = details or answer.get("message") or answer.get("title") or ""
    return answer["code"], str(said)


def read(failure: Failure, code: int) -> Failure:
    """Return what an answer other than success means, now that its code is known."""
    reason, status = failure.reason, failure.status_code
    if code in BROKEN:
        return Refused(reason=reason, status_code=status, channel_broken=True)
    if code in FINAL:
        return Refused(reason=reason, status_code=status)
    if code in LATER:
        named = failure.after if isinstance(failure, TryAgain) else None
        after = PAIR_RATE_WAIT if code == PAIR_RATE else named
        return TryAgain(reason=reason, status_code=status, after=after)
    return failure

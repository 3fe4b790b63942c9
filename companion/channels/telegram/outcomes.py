"""What the errors of the Bot API mean."""

from collections.abc import Iterable

from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from companion.channels.base import Refused, TryAgain
from companion.channels.http import QUOTE_LIMIT, Failure, HttpClient, http_status
from companion.channels.telegram.transport import UnansweredError
from companion.texts.reasons import Reason


def failure_of(error: TelegramError, http: HttpClient, *, private: Iterable[str] = ()) -> Failure:
    """Return what an error means for the message that was to be sent; `private` must not be quoted."""
    said = http.quoted(error.message, private=private, limit=QUOTE_LIMIT)
    match error:
        case UnansweredError():
            return error.failure
        case Forbidden():  # blocked, thrown out of the group, or never spoken to: it concerns this chat
            return Refused(reason=Reason("telegram.forbidden", said=said), status_code=403)
        case InvalidToken():
            return Refused(reason=Reason("telegram.token_refused"), channel_broken=True)
        case BadRequest():  # before its base class NetworkError: no chat, no right to write in it
            return Refused(reason=http_status(400, said), status_code=400)
        case _:
            return TryAgain(reason=Reason.quoting(said))

"""What it means that a mail was not taken: at which stage it ended, and with which answer. Pure."""

import os
import socket
import ssl
from collections.abc import Callable
from enum import IntEnum

from aiosmtplib import SMTPRecipientRefused, SMTPResponseException, SMTPSenderRefused, SMTPServerDisconnected

from companion.channels.addresses import ForbiddenAddressError
from companion.channels.base import Refused, TryAgain
from companion.channels.http import Failure
from companion.channels.trust import refusal
from companion.texts.reasons import Reason


class Stage(IntEnum):
    """How far a mail has come."""

    CONNECTING = 1
    GREETING = 2
    """Connected: the server says who it is, and the connection is encrypted."""
    LOGIN = 3
    ENVELOPE = 4
    CONTENT = 5
    """From here on the mail may exist although no answer came."""


class NotOfferedError(Exception):
    """The server lacks what the channel's settings need; its reason is the argument."""

    def __init__(self, reason: Reason, *, final: bool) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.final = final


LOGIN_FIRST = frozenset({530, 534, 535, 538})
"""RFC 4954: login first, another way of it, wrong, not without encryption."""


def failure_of(error: Exception, stage: Stage, quoted: Callable[[str], str]) -> Failure:
    """Return what the error means at this stage; `quoted` makes the server's words fit to be shown."""
    match error:
        case NotOfferedError(reason=reason, final=True):
            return Refused(reason=reason, channel_broken=True)
        case NotOfferedError(reason=reason):
            return TryAgain(reason=reason)
        case ForbiddenAddressError():
            return Refused(reason=Reason("address_forbidden"), channel_broken=True)
        case SMTPResponseException():
            return failure_of_answer(error, stage, quoted)
        case _ if stage is Stage.CONTENT:
            lost = isinstance(error, SMTPServerDisconnected)
            return TryAgain(reason=Reason("connection_lost" if lost else "no_answer"), uncertain=True)
        case _:
            return not_connected(error, stage)


def failure_of_answer(error: SMTPResponseException, stage: Stage, quoted: Callable[[str], str]) -> Failure:
    """Return what a server's no means: 4xx is for now, 5xx is final (RFC 5321, 4.2.1), for whom depends on the stage."""
    code = error.code
    if not 400 <= code < 600:
        return TryAgain(reason=Reason("email.not_smtp"), uncertain=stage is Stage.CONTENT)
    answer = Reason("email.answer", code=code, said=quoted(error.message) or "?")
    if code < 500:
        return TryAgain(reason=answer, status_code=code)
    if code == 530 and "STARTTLS" in error.message.upper():  # RFC 3207, 4
        return Refused(reason=Reason("email.encrypt_first"), status_code=code, channel_broken=True)
    if stage is Stage.LOGIN or code in LOGIN_FIRST:
        reason = Reason("credentials_refused", answer=answer)
        return Refused(reason=reason, status_code=code, channel_broken=True)
    if isinstance(error, SMTPSenderRefused):
        reason = Reason("email.sender_refused", answer=answer)
        return Refused(reason=reason, status_code=code, channel_broken=True)
    # Of a recipient, or of this mail's content; before that the server wants nothing of us at all.
    of_this_mail = isinstance(error, SMTPRecipientRefused) or stage is Stage.CONTENT
    return Refused(reason=answer, status_code=code, channel_broken=not of_this_mail)


def not_connected(error: BaseException, stage: Stage) -> Failure:
    """Return why there is no connection over which the mail could have gone. Never quotes the error: it may hold the address."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return TryAgain(reason=Reason("certificate_refused", why=refusal(cause)))
        case ssl.SSLError():
            return TryAgain(reason=Reason("no_tls"))
        case TimeoutError():
            in_time = "not_connected_in_time" if stage is Stage.CONNECTING else "email.silent"
            return TryAgain(reason=Reason(in_time))
        case _ if stage is not Stage.CONNECTING:
            return TryAgain(reason=Reason("email.hung_up"))
        case socket.gaierror():
            return TryAgain(reason=Reason("name_not_found"))
        case OSError(errno=int(number)):
            return TryAgain(reason=Reason("not_connected_because", why=os.strerror(number)))
        case _:
            return TryAgain(reason=Reason("not_connected"))

"""What became of an alarm comes after the alarm: for channels whose reader keeps the state that was said last."""

from datetime import timedelta

from companion.channels.base import Message, MessageKind, TryAgain
from companion.texts.reasons import Reason

BEGIN = frozenset({MessageKind.PAGE, MessageKind.EXHAUSTED})
ABOUT_NO_ALARM = frozenset({MessageKind.TEST, MessageKind.TROUBLE, MessageKind.TROUBLE_OVER})
AFTER_PAGE = timedelta(seconds=5)


def too_early(message: Message) -> TryAgain | None:
    """Return what becomes of news about an alarm that has not been said itself; None: it may be said.

    Or a page that comes after its answer would leave the alarm as one that nobody has answered.
    """
    if message.thread_ref is not None or message.kind in BEGIN | ABOUT_NO_ALARM:
        return None
    return TryAgain(reason=Reason("page_first"), after=AFTER_PAGE)

"""Who hears of one kind of news."""

from collections.abc import Callable, Iterable, Iterator

from homeassistant.core import CALLBACK_TYPE, callback

from ..const import LOGGER

type Listener[*News] = Callable[[*News], object]


class Subscribers[*News]:
    """The listeners to one kind of news: `Subscribers[AlarmChange]` are told a change, `Subscribers[()]` that there is one."""

    def __init__(self) -> None:
        # By subscription: whoever is subscribed twice hears once, until both subscriptions have ended.
        self._listeners: dict[object, Listener[*News]] = {}

    def __iter__(self) -> Iterator[Listener[*News]]:
        """Return the listeners, oldest first."""
        return iter(dict.fromkeys(self._listeners.values()))

    @callback
    def subscribe(self, listener: Listener[*News]) -> CALLBACK_TYPE:
        """Call `listener` with everything from now on, until the returned function is called."""
        subscription = object()
        self._listeners[subscription] = listener

        @callback
        def unsubscribe() -> None:
            self._listeners.pop(subscription, None)

        return unsubscribe

    @callback
    def tell(self, *news: *News) -> None:
        """Tell everybody, oldest first."""
        tell_each(self, *news)


def tell_each[*News](listeners: Iterable[Listener[*News]], *news: *News) -> None:
    """Call each listener with the news. One that fails is logged, and keeps nobody else from hearing."""
    for listener in tuple(listeners):
        try:
            listener(*news)
        except Exception:  # noqa: BLE001 - a bug of one entity must not keep an alarm from being told; logged in full
            LOGGER.exception("A listener failed: %s", listener)

"""Who hears of one kind of news, and until when."""

from custom_components.alarm_broker.system.subscribers import Subscribers


def test_a_listener_that_is_subscribed_twice_hears_once_until_both_have_ended() -> None:
    heard: list[str] = []
    news: Subscribers[str] = Subscribers()
    first, second = news.subscribe(heard.append), news.subscribe(heard.append)

    news.tell("both")
    first()
    news.tell("one")
    second()
    news.tell("none")

    assert heard == ["both", "one"]

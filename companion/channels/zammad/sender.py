"""Zammad: an alarm is a ticket, what happens to it are its articles."""

from dataclasses import replace
from typing import Any, Literal, override

from yarl import URL

from companion.channels.base import (
    Answer,
    Callback,
    CallbackReply,
    Channel,
    Inbound,
    Message,
    MessageKind,
    Outcome,
    Refused,
    Sent,
    TakesCallbacks,
    TryAgain,
)
from companion.channels.http import (
    TRY_AGAIN_STATUSES,
    Failure,
    HttpClient,
    Reply,
    not_understood,
)
from companion.channels.render import headline, ticket_html
from companion.channels.zammad.callbacks import closed_in, is_of_zammad
from companion.channels.zammad.check import Wanted, check
from companion.channels.zammad.settings import ZammadSettings
from companion.texts.reasons import Reason

NEWEST_ARTICLES = 20
"""How many articles of a long ticket are looked at for what a repeated attempt may have written already."""


class ZammadChannel(Channel, TakesCallbacks):
    """Opens one ticket an alarm, and writes into it.

    Zammad has no idempotency key. Every ticket carries `ab-<alarm id>` from its creation on, every article names its
    alarm and its delivery, and these are looked for before anything is repeated. What remains: a
    create that is still running inside Zammad while its repeat looks for it is not found, and on a
    version that cannot search by condition neither is a ticket younger than the search index (about a
    second). Back-off before a repeat is longer than both as a rule.
    """

    def __init__(self, config: ZammadSettings) -> None:
        self._config = config
        self._api = URL(str(config.url).rstrip("/").removesuffix("/api/v1")) / "api/v1"
        token = config.token.get_secret_value()
        self._http = HttpClient(config, headers={"Authorization": f"Token token={token}"}, secrets=[token])
        self._own_id: int | None = None
        """The token's user, once it was asked for."""

    @override
    async def send(self, message: Message) -> Outcome:
        match message.kind:
            case (
                MessageKind.PAGE
                | MessageKind.TEST
                | MessageKind.EXHAUSTED
                | MessageKind.TROUBLE
                | MessageKind.TROUBLE_OVER
            ):
                return await self._open_or_write(message)
            case (
                MessageKind.ACKNOWLEDGED
                | MessageKind.PRESSED_AGAIN
                | MessageKind.CONFIRMED
                | MessageKind.VERIFIED
                | MessageKind.NOTE
            ):
                return await self._write(message, new_state=None)
            case MessageKind.RESOLVED | MessageKind.CANCELLED:
                return await self._write(message, new_state=self._config.closed_state)

    @override
    async def check(self) -> Outcome:
        """Ask for everything that the first alarm will need."""
        config = self._config
        wanted = Wanted(
            group=config.group,
            customer=config.customer,
            priority=config.priority,
            state=config.state,
            closed_state=config.closed_state,
        )
        return await check(self._call, wanted)

    @override
    async def called_back(self, callback: Callback, inbound: Inbound) -> CallbackReply | None:
        """Take it that somebody closed a ticket; not that we did, which would go round and round."""
        config = self._config
        if config.webhook_token is None or not is_of_zammad(callback, config.webhook_token):
            return None
        closed = closed_in(callback, config.closed_state)
        if closed is None:
            return CallbackReply()
        own_id = await self._me()
        if own_id is None:
            return CallbackReply(status=503)  # Zammad says it again
        if closed.user_id != own_id:
            answer = Answer(
                event_id=closed.event_id,
                sender="",  # as tickets have no address, whoever writes into one has none either
                acknowledges=config.on_close == "acknowledge",
                words=closed.words,
                thread_ref=closed.ticket,
            )
            # What is said back is how to answer in words, which nobody hears here.
            await inbound.answer(answer)
        return CallbackReply()

    async def _me(self) -> int | None:
        """Return the id of the token's user, or None while Zammad does not say it."""
        if self._own_id is None:
            reply = await self._call("GET", "users/me")
            found = id_in(reply) if isinstance(reply, Reply) else None
            self._own_id = None if found is None else int(found)
        return self._own_id

    @override
    async def close(self) -> None:
        await self._http.close()

    async def _open_or_write(self, message: Message) -> Outcome:
        """Create the ticket unless there is one: a later step or the last resort writes into it."""
        if message.thread_ref is not None:
            return await self._write(message, new_state=None)
        if message.may_have_been_sent or message.kind is MessageKind.EXHAUSTED:
            found = await self._find(message)
            if isinstance(found, Sent) and message.kind is MessageKind.EXHAUSTED:
                return await self._write(replace(message, thread_ref=found.provider_ref), new_state=None)
            if found is not None:
                return found
        return await self._create(message)

    async def _create(self, message: Message) -> Outcome:
        config = self._config
        customer = config.customer
        reply = await self._call(
            "POST",
            "tickets",
            {
                "title": headline(message),
                "group": config.group,
                # Zammad: `guess:` finds the customer by e-mail address, or creates it.
                **({"customer_id": f"guess:{customer}"} if "@" in customer else {"customer": customer}),
                "state": config.state,
                "priority": config.priority,
                # In the create call itself, so that there is no moment in which the ticket cannot be found.
                "tags": ",".join([*config.tags, tag_of(message)]),
                "article": self._article(message, internal=False),
            },
        )
        if not isinstance(reply, Reply):
            # Nothing in a create depends on the alarm: what is refused now will be refused next time.
            return reply if isinstance(reply, TryAgain) else replace(reply, channel_broken=True)
        return sent_as(id_in(reply), reply)

    async def _write(self, message: Message, *, new_state: str | None) -> Outcome:
        """Add a note, and then change the state: in one request Zammad keeps neither when it does not like the other."""
        ticket = message.thread_ref
        if ticket is None:
            found = await self._find(message)
            if isinstance(found, Sent):
                ticket = found.provider_ref
            elif found is not None:
                return found
        if ticket is None or not ticket.isdecimal():
            return TryAgain(reason=Reason("zammad.no_ticket"))
        noted = await self._note(message, ticket)
        if not isinstance(noted, Sent) or new_state is None:
            return noted
        return await self._change_state(ticket, new_state, noted)

    async def _note(self, message: Message, ticket: str) -> Outcome:
        """Add the message to the ticket as a note, unless an earlier attempt has."""
        if message.may_have_been_sent:
            written = await self._holds(ticket, delivery_mark(message))
            if isinstance(written, Reply):
                return Sent(provider_ref=ticket, status_code=written.status)
            if written is not None:
                return written
        article = {"ticket_id": int(ticket), **self._article(message, internal=True)}
        reply = await self._call("POST", "ticket_articles", article)
        if not isinstance(reply, Reply):
            return reply
        return sent_as(ticket if id_in(reply) else None, reply)

    async def _change_state(self, ticket: str, state: str, noted: Sent) -> Outcome:
        reply = await self._call("PUT", f"tickets/{ticket}", {"state": state})
        match reply:
            case Reply():
                return noted
            case TryAgain(reason=reason):
                # Marked as perhaps sent, so that the next attempt finds the note and writes no second one.
                return replace(reply, reason=Reason("zammad.state_not_yet", why=reason), uncertain=True)
            case Refused(reason=reason):
                warning = Reason("zammad.state_refused", ticket=ticket, state=state, why=reason)
                return replace(noted, warning=warning)

    async def _find(self, message: Message) -> Sent | Failure | None:
        """Return the alarm's ticket as sent, None when there is none, or why nobody can say.

        By its tag, and by what its first article says: a Zammad that allows only the tags it knows drops ours silently.
        """
        seen: set[str] = set()
        for query in searches(message):
            reply = await self._call(
                "GET", "tickets/search", params={**query, "limit": "5", "expand": "true"}
            )
            match reply:
                case Reply():
                    for ticket in ids_in(reply.json()):
                        if ticket in seen:
                            continue
                        seen.add(ticket)
                        found = await self._is_of(ticket, message)
                        if isinstance(found, Reply):
                            return Sent(provider_ref=ticket, status_code=found.status)
                        if found is not None:
                            return found
                case _ if is_open(reply):
                    return uncertain(reply)
        return None

    async def _is_of(self, ticket: str, message: Message) -> Reply | Failure | None:
        """Return the answer that proves that the ticket is the alarm's, None when it is another's, or why nobody can say.

        A version that ignores a condition lists any ticket.
        """
        tags = await self._call("GET", "tags", params={"object": "Ticket", "o_id": ticket})
        if isinstance(tags, Reply) and tag_of(message) in tags_in(tags):
            return tags
        if not isinstance(tags, Reply) and is_open(tags):
            return uncertain(tags)
        return await self._holds(ticket, alarm_mark(message))

    async def _holds(self, ticket: str, mark: str) -> Reply | Failure | None:
        """Return the answer that shows `mark` in an article of the ticket, None when there is none, or why nobody can say."""
        listed = await self._call("GET", f"ticket_articles/by_ticket/{ticket}")
        if not isinstance(listed, Reply):
            return uncertain(listed) if is_open(listed) else None
        if mark.encode() in listed.body:
            return listed
        if listed.json() is not None:
            return None
        # The list is longer than what is read of an answer (a long mail in it): the first article and the newest, one by one.
        shown = await self._call("GET", f"tickets/{ticket}", params={"expand": "true"})
        if not isinstance(shown, Reply):
            return uncertain(shown) if is_open(shown) else None
        numbers = article_ids_in(shown)
        for number in dict.fromkeys([*numbers[:1], *reversed(numbers[-NEWEST_ARTICLES:])]):
            article = await self._call("GET", f"ticket_articles/{number}")
            if isinstance(article, Reply) and mark.encode() in article.body:
                return article
            if not isinstance(article, Reply) and is_open(article):
                return uncertain(article)
        return None

    def _article(self, message: Message, *, internal: bool) -> dict[str, Any]:
        return {
            "subject": headline(message),
            "body": f"{ticket_html(message, link=self._config.ack_link)}<p>{delivery_mark(message)}</p>",
            "content_type": "text/html",
            # Zammad: a note never mails anybody, and one of an agent does not reopen a ticket.
            "type": "note",
            "sender": "Agent",
            "internal": internal,
        }

    async def _call(
        self,
        method: Literal["GET", "POST", "PUT"],
        path: str,
        body: dict[str, Any] | None = None,
        *,
        params: dict[str, str] | None = None,
    ) -> Reply | Failure:
        """Return a success, or what anything else means."""
        reply = await self._http.request(method, (self._api / path).with_query(params), json_body=body)
        if not isinstance(reply, Reply) or reply.is_success:
            return reply
        return self._http.failure(reply, reply.word("error_human") or reply.word("error"))


def tag_of(message: Message) -> str:
    """Return the tag that only this alarm's ticket has."""
    return f"ab-{message.alarm_id}"


def alarm_mark(message: Message) -> str:
    """Return what all articles about this alarm say, and no others."""
    return f"Alarm {message.alarm_id} / "


def delivery_mark(message: Message) -> str:
    """Return what tells this delivery's article from every other: a repeated attempt looks for it."""
    return f"{alarm_mark(message)}{message.delivery_id}"


def searches(message: Message) -> list[dict[str, str]]:
    """Return what finds the alarm's ticket, the surest first.

    Zammad `can_search.rb`: a search without a query asks the database, which is never late; a search with one asks the search
    index, which is. Older versions only know the latter.
    """
    tag = tag_of(message)
    return [
        {"condition[ticket.tags][operator]": "contains all", "condition[ticket.tags][value]": tag},
        {
            "condition[article.body][operator]": "contains",
            "condition[article.body][value]": alarm_mark(message),
        },
        {"query": f'tags:"{tag}"'},
        {"query": message.alarm_id},
    ]


def is_open(failure: Failure) -> bool:
    """Return whether a look-up can still be answered, later or by other credentials; else this Zammad does not know it."""
    if isinstance(failure, Refused):
        return failure.channel_broken
    return (
        failure.status_code is None
        or not 400 <= failure.status_code < 500
        or failure.status_code in TRY_AGAIN_STATUSES
    )


def sent_as(ticket: str | None, reply: Reply) -> Outcome:
    """Return the outcome of a success that must name a ticket or an article."""
    return Sent(provider_ref=ticket, status_code=reply.status) if ticket else not_understood(reply)


def uncertain(failure: Failure) -> Failure:
    """Return a failed look-up as what it is: the earlier attempt's fate is still unknown."""
    return replace(failure, uncertain=True) if isinstance(failure, TryAgain) else failure


def id_in(reply: Reply) -> str | None:
    """Return the id of the object that Zammad answered with."""
    number = reply.fields.get("id")
    return str(number) if isinstance(number, int) else None


def ids_in(answer: Any) -> list[str]:
    """Return the ids a search found, oldest first: a list of objects, or in older versions one with `tickets`."""
    found = answer.get("tickets") if isinstance(answer, dict) else answer
    if not isinstance(found, list):
        return []
    # The oldest of several is always the one adopted, so that all that follows comes together in it.
    numbers = [one.get("id") if isinstance(one, dict) else one for one in found]
    return [str(number) for number in sorted(number for number in numbers if isinstance(number, int))]


def article_ids_in(reply: Reply) -> list[int]:
    """Return the ids of a ticket's articles, oldest first."""
    numbers = reply.fields.get("article_ids")
    return sorted(one for one in numbers if isinstance(one, int)) if isinstance(numbers, list) else []


def tags_in(reply: Reply) -> list[str]:
    """Return the tags in the answer about one ticket."""
    tags = reply.fields.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []

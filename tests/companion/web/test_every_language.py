"""Who reads a language that there is reads no English, on any page, whatever is the matter."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from companion.alarms import outcomes
from companion.alarms.model import Actor, Change
from companion.channels.base import Refused, TryAgain
from companion.channels.registry import kind_names
from companion.dispatch.delivery import Delivery
from companion.dispatch.record import record
from companion.dispatch.retry import GiveUp
from companion.dispatch.store import deliveries_of
from companion.store import tables
from companion.store.scope import ALL_SITES
from companion.texts.catalogues import reason_texts
from companion.texts.language import LANGUAGES, texts_for
from companion.texts.reasons import Reason
from companion.troubles import reporting
from companion.troubles.channel_health import Try
from companion.troubles.channel_watch import note
from companion.troubles.model import Fact, TroubleKind
from companion.web.certificate import Certificate
from tests.companion.conftest import Directory
from tests.companion.web.harness import Api, Reply
from tests.companion.web.people_pages import log_in, look, saw, tags_of, text_of, token_for
from tests.companion.web.test_dashboard import PAGES
from tests.fakes.clock import FrozenClock
from tests.texts import leaves

TRANSLATIONS = [language for language in LANGUAGES if language != "en"]
READ = ("alt", "aria-label", "data-label", "placeholder", "title")
WORD = re.compile(r"[^\W\d_]{3,}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SAID = "Nie ma takiej grupy"
"""What a provider says stays as it is: here in a language that there is not."""
DATA = "Office Warehouse Reception Porter Guard Desk phone Cellar Signal Sms Zammad Standard Haus Diele Drive person key Yealink example"
"""Names and addresses, which are the same in every language."""


class RunsOut(Certificate):
    """One that should have been renewed."""

    def __init__(self, now: datetime) -> None:
        self.ends_at, self.late_at = now + timedelta(days=5), now


def words_of(language: str) -> set[str]:
    """Return every word that somebody may read in this language."""
    texts = texts_for(language)
    own = (text for kind in kind_names() for text in reason_texts(f"{kind}.x", texts).values())
    said = " ".join([*(text for _, text in leaves(texts)), *own])
    return {word.casefold() for word in WORD.findall(re.sub(r"{\w+}|`[^`]*`", " ", said))}


def english_only(language: str) -> set[str]:
    """Return the words of English that the language has not."""
    return words_of("en") - words_of(language) - {word.casefold() for word in WORD.findall(DATA)}


def read_on(reply: Reply) -> set[str]:
    """Return the words that somebody sees or hears of a page."""
    page = re.sub(r"<code>[^<]*</code>|<script.*?</script>", " ", reply.text, flags=re.DOTALL)
    attributes = [str(attrs[name]) for _, attrs in tags_of(reply) for name in READ if name in attrs]
    shown = text_of(replace(reply, body=page.encode()))
    said = UUID.sub(" ", " ".join([shown, *attributes]))
    return {word.casefold() for word in WORD.findall(said)}


def given_up(conn: Connection, api: Api, delivery: Delivery, outcome: TryAgain | Refused) -> None:
    """Let a delivery be given up, with all that an alarm makes of it."""
    now = api.context.clock()
    conn.execute(
        sa.update(tables.delivery)
        .where(tables.delivery.c.id == delivery.id)
        .values(state="processing", owner="me", fence=1)
    )
    verdict = GiveUp(Reason("given_up", attempts=5, reason=outcome.reason))
    claimed = replace(delivery, owner="me", fence=1)
    after = record(conn, claimed, outcome, verdict, started_at=now, now=now)
    assert after is not None
    outcomes.report(api.context.commands.unit(ALL_SITES, conn), after, verdict)


OUTCOMES: tuple[TryAgain | Refused, ...] = (
    Refused(reason=Reason("http_status_said", status=404, said=SAID), status_code=404),
    TryAgain(reason=Reason("sms.no_rule", status=200, said=SAID)),
    Refused(
        reason=Reason(
            "zammad.no_tickets",
            findings=(Reason("zammad.mandatory", doing=Reason("zammad.creating"), fields=("x",)),),
        )
    ),
    Refused(reason=Reason("signal.captcha"), channel_broken=True),
)


@pytest.fixture
async def troubled(api: Api, directory: Directory, clock: FrozenClock) -> Api:
    """An installation where as much as possible is the matter, with an alarm that has seen it all."""
    alarm_id = str((await api.press(directory.phone_token)).json["alarm_id"])
    await saw(api, alarm_id, reasons=())
    object.__setattr__(
        api.context, "certificate", RunsOut(api.context.clock())
    )  # as it is set once, at the start
    api.context.wake.deaf_because = "ConnectionRefusedError"

    def work(conn: Connection) -> None:
        unit = api.context.commands.unit(ALL_SITES, conn)
        for number, outcome in enumerate(OUTCOMES):
            waiting = [one for one, _ in deliveries_of(ALL_SITES, conn, alarm_id) if one.state == "pending"]
            if waiting:
                given_up(conn, api, waiting[0], outcome)
            note(unit, [(directory.sms, Try.SEND, outcome)] * (number + 1))
        note(unit, [(directory.signal, Try.SEND, OUTCOMES[3])] * 3)
        conn.execute(sa.update(tables.channel).where(tables.channel.c.id == "zammad").values(enabled=False))
        guards = tables.contact_point.c.person_id == "guard"
        conn.execute(sa.update(tables.contact_point).where(guards).values(address="0170 1111111"))
        conn.execute(sa.update(tables.site).values(policy_id=None))
        conn.execute(sa.update(tables.installation).values(last_resort_id=None, operators=[]))
        for kind in TroubleKind:
            facts: dict[str, Fact] = {"failures": 3, "reason": OUTCOMES[0].reason, "areas": "Diele"}
            facts |= {"last_known": "Diele", "source": "panel"}
            reporting.report(unit, kind, "x", subject="Panic key: Diele", facts=facts)
        unit.acknowledge(alarm_id, Actor(name="Porter", via="ack_page"))
        unit.journal(alarm_id, Change.ANSWERED_AGAIN, Actor(name=None, via="panel"), decision="cancel")

    await api.context.db.write(work)
    await api.press(directory.phone_token)
    clock.advance(400)
    return api


@pytest.mark.parametrize("language", TRANSLATIONS)
async def test_no_page_has_a_word_of_english(troubled: Api, language: str) -> None:
    wants = {"Accept-Language": f"{language},en;q=0.5"}
    [alarm_id] = [one["id"] for one in (await troubled.call("GET", "/v1/alarms")).json["alarms"]]
    english = english_only(language)
    pages = {"login": await troubled.call("GET", "/admin/login", None, headers=wants)}
    for key, path in (("operate", "/admin/people"), ("office", "/admin/channels"), ("admin", "/admin")):
        await log_in(troubled, key)
        pages[f"{path} for {key}"] = await troubled.call("GET", path, None, headers=wants)
    for path in [*PAGES, f"/admin/alarms/{alarm_id}", "/admin/alarms/nothing", "/admin/alarms?status=odd"]:
        pages[path] = await troubled.call("GET", path, None, headers=wants)
    pages["link"] = await look(troubled, token_for(alarm_id, "zammad:"), **wants)
    pages["no link"] = await look(troubled, "nothing", **wants)
    pages["no form"] = await troubled.call("POST", "/admin/login", None, data={"key": "x"}, headers=wants)

    found = {path: sorted(read_on(reply) & english) for path, reply in pages.items()}

    assert {path: words for path, words in found.items() if words} == {}
    assert all(f'lang="{language}"' in reply.text for reply in pages.values())
    assert SAID in text_of(pages[f"/admin/alarms/{alarm_id}"])
    assert len(english) > 300

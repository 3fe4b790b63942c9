"""Reasons are codes and facts wherever they are kept, and words only where they are read."""

import ast
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from string import Formatter

import pytest
import sqlalchemy as sa

import companion
from companion.channels.registry import kind_names
from companion.store.database import Database
from companion.store.scope import ALL_SITES
from companion.texts.catalogues import reason_texts, texts_of_kind
from companion.texts.language import ENGLISH, LANGUAGES, texts_for
from companion.texts.reasons import Reason, spelled_out
from companion.texts.troubles import trouble_advice
from companion.troubles.store import health_of_channels
from tests.companion.conftest import Directory

COMPANION = Path(companion.__file__).parent
REFUSED = Reason("given_up", attempts=5, reason=Reason("http_status_said", status=404, said="No such group"))


def made() -> Iterator[tuple[str, frozenset[str]]]:
    """Yield code and names of facts of every reason that is written in the program."""
    for path in sorted(COMPANION.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            yield from reasons_in(node, {})
            if isinstance(node, ast.FunctionDef):
                variables = codes_in_variables(node)
                for inner in ast.walk(node) if variables else ():
                    yield from reasons_in(inner, variables)


def reasons_in(node: ast.AST, variables: Mapping[str, set[str]]) -> Iterator[tuple[str, frozenset[str]]]:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Reason"
        and node.args
    ):
        facts = frozenset(str(one.arg) for one in node.keywords)
        code = node.args[0]
        known = variables.get(code.id, set()) if isinstance(code, ast.Name) else texts_in(code)
        yield from ((one, facts) for one in known)


def codes_in_variables(function: ast.FunctionDef) -> dict[str, set[str]]:
    """Return the texts that each variable of the function may be."""
    found: dict[str, set[str]] = {}
    for name, value in assignments(function):
        found.setdefault(name, set()).update(texts_in(value))
    return found


def texts_in(value: ast.expr) -> set[str]:
    return {
        one.value for one in ast.walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def assignments(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield every variable that is set in a function, and to what; `a, b = 1, 2` are two."""
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for name, part in zip(target.elts, node.value.elts, strict=True):
                    if isinstance(name, ast.Name):
                        yield name.id, part


MADE = dict(made())


def facts_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_codes_that_go_through_a_variable_are_found_too() -> None:
    through_variables = {
        "certificate_good": {"at"},
        "certificate_late": {"at"},
        "certificate_over": {"at"},
        "address_is_the_channels_own": {"address", "channel"},
        "address_is_perhaps_the_channels": {"address", "channel"},
    }

    assert {code: set(MADE.get(code, ())) for code in through_variables} == through_variables


def test_no_text_is_of_a_reason_that_there_is_not() -> None:
    own = {code for kind in kind_names() for code in reason_texts(f"{kind}.x", ENGLISH)}
    written = "".join(path.read_text() for path in COMPANION.rglob("*.py") if "languages" not in path.parts)

    assert [code for code in (*ENGLISH.reasons, *own) if f'"{code}"' not in written] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(MADE))
def test_every_reason_has_a_text_for_its_facts_in_every_language(code: str, language: str) -> None:
    texts = texts_for(language)

    text = reason_texts(code, texts)[code]

    assert facts_in(text) == MADE[code]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(kind_names()))
def test_a_channel_says_the_same_things_in_every_language(kind: str, language: str) -> None:
    file = COMPANION / "channels" / kind / "texts" / f"{language}.py"
    there, english = (reason_texts(f"{kind}.x", texts) for texts in (texts_for(language), ENGLISH))

    assert file.exists()
    assert {code: facts_in(text) for code, text in there.items()} == {
        code: facts_in(text) for code, text in english.items()
    }


def test_a_reason_is_read_in_the_language_of_the_reader_and_a_quotation_stays_one() -> None:
    assert str(REFUSED) == "given up after 5 attempts: HTTP 404: No such group"
    assert REFUSED.said(texts_for("de")) == "aufgegeben nach 5 Versuchen: HTTP 404: No such group"
    assert REFUSED.said(texts_for("fr")) == "abandonné après 5 essais : HTTP 404 : No such group"
    assert REFUSED.said(texts_for("nl")) == "opgegeven na 5 pogingen: HTTP 404: No such group"


def test_facts_are_read_as_their_reader_writes_them() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)

    assert Reason("certificate_good", at=at).said(texts_for("de")) == "Es gilt bis 20.11.2026 12:00:00 UTC."
    assert Reason("no_answer_within", seconds=15.0).said(texts_for("en")) == "no answer within 15 s"
    several = Reason("zammad.look", findings=[Reason("zammad.no_ticket"), Reason("unknown")])
    assert str(several) == "the alarm has no ticket yet; reason unknown"
    assert "only in Alarm, IT (or" in str(
        Reason("zammad.group_not_allowed", group="Key", allowed=["Alarm", "IT"])
    )


@pytest.mark.parametrize(
    "reason",
    [
        REFUSED,
        Reason("no_answer"),
        Reason("zammad.no_tickets", findings=(Reason("zammad.no_new_tags"), Reason("unknown"))),
        Reason("zammad.mandatory", doing=Reason("zammad.creating"), fields=("a", "b")),
        Reason.quoting('{"reason": 5}'),
    ],
    ids=lambda reason: reason.code,
)
def test_what_is_kept_is_read_back(reason: Reason) -> None:
    assert Reason.from_text(reason.as_text()) == reason


@pytest.mark.parametrize(
    "words",
    [
        "HTTP 404: No such group",
        '{"error": "x"}',
        '{"reason": "x", "facts": []}',
        "{",
        "",
        "[1]",
        "null",
        '{"a":' * 100_000,
    ],
    ids=lambda words: words[:20],
)
def test_what_an_earlier_version_has_kept_is_a_quotation(words: str) -> None:
    assert str(Reason.from_text(words)) == words


def test_what_no_database_can_hold_is_not_kept() -> None:
    assert str(Reason.from_text(Reason.quoting("no\ud800\0body").as_text())) == "nobody"


def test_what_only_a_reader_needs_cannot_be_kept() -> None:
    with pytest.raises(TypeError, match="datetime"):
        Reason("certificate_good", at=datetime(2026, 11, 20, tzinfo=UTC)).as_json()


def test_a_reason_of_a_newer_version_is_named_by_its_code() -> None:
    assert str(Reason("pager.too_far", miles=12)) == "pager.too_far 12"
    assert str(Reason("not_there_yet", why="so")) == "not_there_yet so"


def test_programs_get_english_and_the_code_beside_it() -> None:
    assert spelled_out({"channel": "sms", "reason": Reason("no_answer_within", seconds=15)}) == {
        "channel": "sms",
        "reason": "no answer within 15 s",
        "reason_code": "no_answer_within",
        "reason_facts": {"seconds": 15},
    }


def test_a_trouble_says_why_in_the_language_of_the_operator() -> None:
    facts = {"failures": "3", "reason": Reason("name_not_found").as_json()}

    said = trouble_advice("channel_refuses", facts=facts, texts=texts_for("de"))

    assert said.startswith(
        "Die letzten 3 Versuche schlugen fehl: keine Verbindung: Der Name des Servers wurde nicht gefunden. "
    )


@pytest.mark.parametrize(
    "name", ['{"reason": "unknown", "facts": {}}', '{"reason":"x","facts":{"a":null}}', "{"]
)
def test_a_name_that_looks_like_a_reason_stays_a_name(name: str) -> None:
    """Names come over the link: whoever gives one must not choose what operators read."""
    said = trouble_advice("panel_unknown", facts={"areas": name, "last_known": name}, texts=ENGLISH)

    assert said.count(name) == 2


def test_a_fact_that_is_missing_keeps_nobody_from_reading_the_rest() -> None:
    assert str(Reason.from_json({"reason": "as_said", "facts": {"said": None}})) == "?"
    assert "?" in trouble_advice("panel_unknown", facts={"areas": None, "last_known": "Hall"}, texts=ENGLISH)


def test_invented_kinds_do_not_fill_the_memory() -> None:
    for number in range(1000):
        str(Reason(f"kind{number}.what"))

    assert texts_of_kind.cache_info().currsize < 1000


async def test_a_reason_that_an_earlier_version_has_stored_is_still_read(
    db: Database, directory: Directory
) -> None:
    """Columns hold text: sentences of before, codes since."""
    old = sa.text(
        "INSERT INTO channel_health (channel_id, revision, failed_probes, failed_sends, reason) "
        "SELECT id, revision, 0, 3, 'HTTP 503: busy' FROM channel WHERE id = 'sms'"
    )
    await db.write(lambda conn: conn.execute(old))

    found = await db.read(partial(health_of_channels, ALL_SITES))

    assert str(found[directory.sms].reason) == "HTTP 503: busy"

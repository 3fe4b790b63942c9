"""A document's mistakes are all found at once, each with its place and what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from companion.directory.parsing import MAX_BYTES, read_document
from companion.directory.references import References, ReferenceUnresolved
from companion.directory.seed import DocumentInvalid
from tests.companion.channels.messages import KINDS
from tests.companion.directory.documents import SECRETS, office, read
from tests.fakes.packages import Packages, pager

NOWHERE = References(environ={})


def _problems(content: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in read(content).problems]


def test_a_whole_document_has_no_problems() -> None:
    document = read(office())

    assert document.problems == ()
    assert document.sections == {"policies", "sites", "channels", "people", "devices"}


def test_secrets_of_a_channel_are_kept_apart_from_what_may_be_shown() -> None:
    zammad = read(office()).state["channel"]["zammad"]

    assert zammad["secrets"] == {"token": "hunter22"}
    assert zammad["config"] == {
        "url": "http://127.0.0.1:8080",
        "group": "Users",
        "customer": "alarm@example.org",
    }


def test_a_document_never_shows_its_secrets() -> None:
    shown = repr(read(office()))

    assert "hunter22" not in shown
    assert SECRETS["PHONE_TOKEN"] not in shown


def _drop_name(content: dict[str, Any]) -> None:
    del content["sites"][0]["name"]


def _misspell_contacts(content: dict[str, Any]) -> None:
    content["people"][1]["contcats"] = []


def _misspell_section(content: dict[str, Any]) -> None:
    content["poeple"] = []


def _invent_zone(content: dict[str, Any]) -> None:
    content["sites"][0]["timezone"] = "Europe/Bonn"


def _escape_zone_folder(content: dict[str, Any]) -> None:
    content["sites"][0]["timezone"] = "../../etc/passwd"


def _invent_kind(content: dict[str, Any]) -> None:
    content["channels"][1]["kind"] = "pigeon"


def _forget_config(content: dict[str, Any]) -> None:
    del content["channels"][0]["config"]["group"]


def _short_token(content: dict[str, Any]) -> None:
    content["devices"][0]["token"] = "short"


def _spaced_token(content: dict[str, Any]) -> None:
    content["devices"][0]["token"] = "a token with spaces in it"


def _double_room(content: dict[str, Any]) -> None:
    content["sites"][0]["rooms"][1]["id"] = "reception"


def _shared_token(content: dict[str, Any]) -> None:
    content["devices"].append({**content["devices"][0], "id": "other-phone"})


def _map_instead_of_list(content: dict[str, Any]) -> None:
    content["people"] = {"porter": {}}


def _number_as_id(content: dict[str, Any]) -> None:
    content["sites"][0]["id"] = 7


def _id_with_blank(content: dict[str, Any]) -> None:
    content["sites"][0]["id"] = "main office"


def _policy_id_with_blank(content: dict[str, Any]) -> None:
    content["policies"][0]["id"] = "my policy"


def _unknown_language(content: dict[str, Any]) -> None:
    content["people"][0]["language"] = "pl"


def _country_that_is_none(content: dict[str, Any]) -> None:
    content["sites"][0]["country"] = "UK"


def _unset_variable(content: dict[str, Any]) -> None:
    content["channels"][0]["config"]["token"] = "${env:NOT_SET}"


def _broken_reference(content: dict[str, Any]) -> None:
    content["channels"][0]["config"]["token"] = "${ENV:ZAMMAD_TOKEN}"


def _own_secret(content: dict[str, Any]) -> None:
    content["channels"][0]["config"]["token"] = "${env:ALARM_BROKER_SECRET_KEY}"


def _misspell_target(content: dict[str, Any]) -> None:
    content["policies"][0]["steps"][0]["targets"][0] = {"chanel": "zammad"}


def _channel_target_with_person_key(content: dict[str, Any]) -> None:
    content["policies"][0]["steps"][0]["targets"][0] = {"channel": "zammad", "via": "sms"}


def _unstorable_name(content: dict[str, Any]) -> None:
    content["people"][0]["name"] = "Por\x00ter"


def _huge_number(content: dict[str, Any]) -> None:
    content["channels"][0]["config"]["priority"] = 2**63


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (_drop_name, "sites[0].name: is missing"),
        (_misspell_contacts, "people[1].contcats: there is no such key here; is it spelled right?"),
        (
            _misspell_section,
            "poeple: there is no such section, only policies, sites, channels, people, devices",
        ),
        (_invent_zone, "sites[0].timezone: is not a time zone; write it like Europe/Berlin"),
        (_escape_zone_folder, "sites[0].timezone: is not a time zone; write it like Europe/Berlin"),
        (_invent_kind, f"channels[1].config: there is no channel kind 'pigeon', only {KINDS}"),
        (
            _unknown_language,
            "people[0].language: is no language that messages are written in: en, de, fr or nl, or like de-AT",
        ),
        (
            _country_that_is_none,
            "sites[0].country: is not a country; write it like DE (the United Kingdom is GB)",
        ),
        (_forget_config, "channels[0].config: group: Field required"),
        (
            _short_token,
            "devices[0].token: needs 16 to 512 characters, only letters, digits and `-`, `.`, `_`, `~`: ",
        ),
        (
            _spaced_token,
            "devices[0].token: needs 16 to 512 characters, only letters, digits and `-`, `.`, `_`, `~`: ",
        ),
        (_double_room, "sites[0].rooms[1].id: 'reception' is used by sites[0].rooms[0] already: "),
        (_shared_token, "devices[1].token: is that of device 'desk-phone' too: every device needs its own"),
        (_map_instead_of_list, "people: must be a list: every entry begins with `- id: …`"),
        (_number_as_id, "sites[0].id: must be text; put it in quotes"),
        (_id_with_blank, "sites[0].id: may only hold letters, digits, `.`, `_` and `-`, at most 64"),
        (
            _policy_id_with_blank,
            "policies[0].id: may only hold letters, digits, `.`, `_` and `-`, at most 64",
        ),
        (_unset_variable, "channels[0].config.token: the environment variable NOT_SET is not set: "),
        (_broken_reference, "channels[0].config.token: a reference is written ${env:NAME} or ${file:PATH}"),
        (_own_secret, "channels[0].config.token: ${env:ALARM_BROKER_SECRET_KEY} is a setting of the service"),
        (
            _channel_target_with_person_key,
            "policies[0].steps[0].targets[0].via: there is no such key here; is it spelled right?",
        ),
        (_unstorable_name, "people[0].name: holds a character that cannot be stored"),
        (_huge_number, "channels[0].config.priority: is too large a number"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_alone(
    spoil: Callable[[dict[str, Any]], None], problem: str
) -> None:
    content = office()
    spoil(content)

    (found,) = _problems(content)
    assert found.startswith(problem)


def test_a_channel_whose_package_is_broken_is_told_with_its_place_and_alone(packages: Packages) -> None:
    packages.install("acme-pager", pager(__init__="1 / 0"), {"pager": "acme_pager:KIND"})
    content = office()
    content["channels"][1]["kind"] = "pager"

    (found,) = _problems(content)

    assert found.startswith(
        "channels[1].config: channel kind 'pager' of package acme-pager cannot be used (Zero"
    )


def test_a_misspelled_target_is_not_explained_twice() -> None:
    content = office()
    _misspell_target(content)

    assert _problems(content) == [
        "policies[0].steps[0].targets[0].person: is missing",
        "policies[0].steps[0].targets[0].chanel: there is no such key here; is it spelled right?",
    ]


def test_all_mistakes_are_told_at_once() -> None:
    content = office()
    for spoil in (_drop_name, _misspell_contacts, _short_token, _forget_config):
        spoil(content)

    assert len(_problems(content)) == 4


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("people: [", "not YAML in line"),
        ("- people", "must have sections: policies, sites"),
        ("people: &all []\nsites: *all", "line 2: anchors and aliases are not supported"),
        ("people: []\npeople: []", "line 2: 'people' stands here twice"),
        ("people: !!python/object:os.system []", "not YAML in line 1"),
        ("[" * 5000, "nested too deep"),
        ("? [a]\n: b", "not YAML"),
        ("sites: [\ud800]", "characters that no text has"),
        ("sites: [\x00]", "characters that no text has"),
        (b"sites: \xff\xff", "characters that no text has"),
        ("#" * (MAX_BYTES + 1), "larger than 512 KiB"),
    ],
    ids=[
        "broken",
        "list",
        "alias",
        "twice",
        "object",
        "deep",
        "odd key",
        "half a character",
        "nul",
        "bytes",
        "large",
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes, complaint: str) -> None:
    with pytest.raises(DocumentInvalid, match=complaint):
        read_document(text, NOWHERE)


def test_an_empty_document_says_nothing_about_anything() -> None:
    assert read_document("# nothing yet\n", NOWHERE).sections == frozenset()


# --- references -----------------------------------------------------------------------------------------


def test_a_reference_may_stand_inside_a_text() -> None:
    assert References(environ={"KEY": "hunter22"}).resolve("Bearer ${env:KEY}!") == "Bearer hunter22!"


def test_a_secret_that_looks_like_a_reference_is_left_as_it_is() -> None:
    references = References(environ={"KEY": "${env:OTHER}", "OTHER": "x"})

    assert references.resolve("${env:KEY}") == "${env:OTHER}"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("hunter22\n")

    assert NOWHERE.resolve(f"${{file:{path}}}") == "hunter22"


def test_what_is_not_on_the_list_stays_closed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("hunter22")
    allowed = tmp_path / "secrets"
    allowed.mkdir()
    (allowed / "link").symlink_to(outside)
    references = References(
        allowed=(f"file:{allowed}/*", "env:SMS_*"), environ={"SMS_TOKEN": "a", "HOME": "b"}
    )

    for name in (outside, allowed / ".." / "outside", allowed / "link"):
        with pytest.raises(ReferenceUnresolved, match="is not allowed here"):
            references.resolve(f"${{file:{name}}}")
    with pytest.raises(ReferenceUnresolved, match="is not allowed here"):
        references.resolve("${env:HOME}")
    assert references.resolve("${env:SMS_TOKEN}") == "a"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("missing", "cannot be read: No such file"),
        ("empty", "must hold the secret and nothing else"),
        ("large", "must hold the secret and nothing else"),
        ("binary", "it is not text"),
    ],
)
def test_a_file_without_a_usable_secret_is_named(tmp_path: Path, name: str, complaint: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text("x" * 20_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ReferenceUnresolved, match=complaint):
        NOWHERE.resolve(f"${{file:{tmp_path / name}}}")


def test_a_relative_path_is_refused() -> None:
    with pytest.raises(ReferenceUnresolved, match="needs an absolute path"):
        NOWHERE.resolve("${file:token}")


@pytest.mark.parametrize("sign", list("+/=&#%?@:;,!$'()*[]\"<>\\^`{|} ü"))
def test_a_token_that_an_address_cannot_hold_as_it_is_is_refused_with_what_to_do(sign: str) -> None:
    content = office()
    content["devices"][0]["token"] = f"0123456789abcdef{sign}0123456789"

    [problem] = read(content).problems

    assert problem.path == "devices[0].token"
    assert "percent-encoding is not for phones" in problem.message
    assert "`openssl rand -hex 16`" in problem.message


def test_a_token_of_what_an_address_holds_as_it_is_is_taken() -> None:
    content = office()
    content["devices"][0]["token"] = "aZ09-._~" * 2

    assert read(content).problems == ()

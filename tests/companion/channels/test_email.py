"""E-mail over a real SMTP server: what arrives, how it is secured, and what each answer of a server means."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from companion.channels.base import AddressInvalid, Message, MessageKind, Outcome, Refused, Sent, TryAgain
from companion.channels.email.failures import Stage, failure_of
from companion.channels.registry import ChannelConfigError, build_channel, formed_address
from tests.companion.channels.messages import ACK_URL, PICTURE, message
from tests.companion.channels.pages import examples_of
from tests.fakes.certificates import HouseCa
from tests.fakes.mail import NAME, PASSWORD, FakeMail
from tests.fakes.ports import free_port

ADDRESS = "anna@house.example"
PAGE = message(address=ADDRESS)


@pytest.fixture
async def server() -> AsyncIterator[FakeMail]:
    async with FakeMail() as running:
        yield running


def config(port: int, **changes: Any) -> dict[str, Any]:
    every = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "Alarm <alarm@house.example>"}
    return every | changes


async def sent(port: int, told: Message = PAGE, **changes: Any) -> Outcome:
    channel = build_channel("email", config(port, **changes))
    outcome = await channel.send(told)
    await channel.close()
    return outcome


async def checked(port: int, **changes: Any) -> Outcome:
    channel = build_channel("email", config(port, **changes))
    outcome = await channel.check()
    await channel.close()
    return outcome


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    content = found.get_content()
    assert isinstance(content, str)
    return content


class RawServer:
    """Says one thing and ends the connection; it counts who came."""

    def __init__(self, banner: bytes) -> None:
        self.banner = banner
        self.port = free_port()
        self.came = 0

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._say, "127.0.0.1", self.port)
        return self.port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._server.close_clients()

    async def _say(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.write(self.banner)
        writer.close()


# --- what arrives ---------------------------------------------------------------------------------------


async def test_a_page_arrives_as_text_and_html_with_the_link_in_both(server: FakeMail) -> None:
    outcome = await sent(server.port)

    (taken,) = server.taken
    assert isinstance(outcome, Sent)
    assert (taken.sender, taken.recipients) == ("alarm@house.example", [ADDRESS])
    assert (taken.mail["From"], taken.mail["To"]) == ("Alarm <alarm@house.example>", f"Anna <{ADDRESS}>")
    assert taken.mail["Subject"] == "ALARM: Panic key: Reception"
    text, html = part(taken.mail, "plain"), part(taken.mail, "html")
    assert f"Acknowledge here: {ACK_URL}" in text
    assert f'<a href="{ACK_URL}"' in html
    assert all("Reception, Main office" in one and "Max Müller" in one for one in (text, html))


async def test_the_picture_stands_in_the_html_part(server: FakeMail) -> None:
    await sent(server.port, replace(PAGE, picture=PICTURE))

    (mail,) = [one.mail for one in server.taken]
    html = part(mail, "html")
    (shown,) = [one for one in mail.walk() if one.get_content_maintype() == "image"]
    assert shown.get_content() == PICTURE.data
    assert shown["Content-Disposition"].startswith("inline")
    assert f'<img src="cid:{shown["Content-ID"].strip("<>")}" alt="Drive &lt;1&gt;"' in html
    assert ACK_URL in part(mail, "plain")


async def test_a_mail_says_that_it_is_urgent_and_that_no_automaton_should_answer(server: FakeMail) -> None:
    await sent(server.port)
    await sent(server.port, message(MessageKind.RESOLVED, address=ADDRESS))

    page, news = [taken.mail for taken in server.taken]
    assert (page["X-Priority"], page["Importance"], page["Priority"]) == ("1", "high", "urgent")
    assert page["Auto-Submitted"] == news["Auto-Submitted"] == "auto-generated"
    assert news["X-Priority"] is None


async def test_all_attempts_of_one_message_are_one_mail_to_its_reader(server: FakeMail) -> None:
    first = await sent(server.port)
    again = await sent(server.port, replace(PAGE, may_have_been_sent=True))

    assert isinstance(first, Sent)
    assert first == again
    assert [taken.mail["Message-ID"] for taken in server.taken] == [first.provider_ref] * 2
    assert "This may be a repeat" in part(server.taken[1].mail, "plain")


async def test_an_alarm_is_one_thread(server: FakeMail) -> None:
    first = await sent(server.port)
    assert isinstance(first, Sent)
    told = {"address": ADDRESS, "thread_ref": first.provider_ref, "by": "Ben"}
    await sent(server.port, message(MessageKind.ACKNOWLEDGED, delivery_id="d-2", **told))

    page, news = [taken.mail for taken in server.taken]
    assert news["References"] == news["In-Reply-To"] == page["Message-ID"]
    assert news["Message-ID"] != page["Message-ID"]
    # Gmail and Outlook begin another thread where the subject is another one.
    assert news["Subject"] == f"Re: {page['Subject']}"
    assert part(news, "plain").startswith("Acknowledged: Panic key: Reception\nBy: Ben")


async def test_what_asks_for_an_answer_says_so_in_its_subject_although_the_thread_is_an_old_one(
    server: FakeMail,
) -> None:
    told = message(MessageKind.EXHAUSTED, address=ADDRESS, thread_ref="<d-1@house.example>", ack_url=ACK_URL)
    await sent(server.port, told)

    assert server.taken[0].mail["Subject"] == "NOBODY ANSWERED: Panic key: Reception"
    assert server.taken[0].mail["References"] == "<d-1@house.example>"


async def test_a_mail_is_in_the_language_of_its_reader(server: FakeMail) -> None:
    await sent(server.port, replace(PAGE, language="de"))

    (taken,) = server.taken
    assert taken.mail["Content-Language"] == "de"
    assert '<html lang="de">' in part(taken.mail, "html")
    assert "Hier übernehmen" in part(taken.mail, "html")


@pytest.mark.parametrize("domain", ["h.example", "a-domain-as-long-as-some-have." * 3 + "example"])
async def test_threads_hold_whatever_the_sender_is_called(server: FakeMail, domain: str) -> None:
    first = await sent(server.port, sender=f"alarm@{domain}")
    assert isinstance(first, Sent)
    told = replace(PAGE, delivery_id="019acd2e-0000-7000-8000-00000000000f", thread_ref=first.provider_ref)
    await sent(server.port, told, sender=f"alarm@{domain}")

    assert f"References: {first.provider_ref}\r\n".encode() in server.taken[1].raw


EVERY_PLANE = "ä€漢\U0001f6a8\U000e0041\U00100000\u202e"
INJECTED = "x\r\nBcc: evil@elsewhere.example\r\n\r\n.\r\nQUIT\r\n<script>alert(1)</script>\x00\ud800"


@pytest.mark.parametrize(
    "field", ["title", "recipient", "site", "room", "person", "note", "by", "thread_ref"]
)
@pytest.mark.parametrize("text", [INJECTED, EVERY_PLANE, "x" * 1_000_000], ids=["lines", "unicode", "long"])
async def test_no_text_begins_a_header_a_command_or_a_script(server: FakeMail, field: str, text: str) -> None:
    told = message(MessageKind.ACKNOWLEDGED, address=ADDRESS, **{field: text})

    assert isinstance(await sent(server.port, told), Sent)

    (taken,) = server.taken
    assert taken.recipients == [ADDRESS]
    assert set(map(str.lower, taken.mail.keys())) <= EXPECTED_HEADERS
    assert "<script>" not in part(taken.mail, "html")
    assert len(taken.raw) < 50_000


EXPECTED_HEADERS = {
    *("from", "to", "subject", "date", "message-id", "auto-submitted", "x-auto-response-suppress"),
    *("in-reply-to", "references", "content-language", "mime-version", "content-type", "x-peer"),
    *("x-mailfrom", "x-rcptto"),
}


@pytest.mark.parametrize(
    "address",
    [
        *("", "anna", "@", "anna@", "anna@@house.example", "a@b.example, c@d.example", "anna@house..example"),
        *("anna@house.example\r\nRCPT TO:<x@y.example>", "anna@[169.254.169.254]", "änna@house.example"),
        *('"a b"@house.example', f"{'a' * 65}@house.example", f"a@{'b' * 250}.example"),
    ],
)
def test_what_is_no_address_is_refused_when_it_is_configured(address: str) -> None:
    with pytest.raises(AddressInvalid, match="is no e-mail address"):
        formed_address("email", address, None)


def test_an_address_is_written_as_mail_servers_read_it() -> None:
    assert formed_address("email", " Anna.Maria+alarm@Büro.Example ", None) == (
        "Anna.Maria+alarm@xn--bro-hoa.example"
    )


# --- how it is secured ----------------------------------------------------------------------------------

LOGIN: dict[str, Any] = {"username": NAME, "password": PASSWORD}


@pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
async def test_a_server_of_the_house_is_logged_in_to_over_an_encrypted_connection(
    ca: HouseCa,
    tmp_path: Path,
    security: str,
    implicit: bool,  # noqa: FBT001 - a column of the table
) -> None:
    async with FakeMail(tls=ca.server(tmp_path), implicit=implicit, login=True) as server:
        outcome = await sent(server.port, security=security, ca=ca.pem, **LOGIN)

    assert isinstance(outcome, Sent), outcome
    (taken,) = server.taken
    assert taken.encrypted
    assert taken.login == f"PLAIN {NAME}"
    assert taken.hello == "[127.0.0.1]"


@pytest.mark.parametrize(("security", "implicit"), [("starttls", False), ("tls", True)])
@pytest.mark.parametrize(
    ("trusted", "certificate", "why"),
    [
        (None, {}, "unable to get local issuer certificate"),
        ("this", {"address": "127.0.0.2"}, "another name"),
        ("this", {"days": -1}, "expired"),
    ],
    ids=["public-only", "another-name", "expired"],
)
async def test_a_certificate_that_does_not_hold_sees_neither_password_nor_mail(
    ca: HouseCa,
    tmp_path: Path,
    security: str,
    implicit: bool,  # noqa: FBT001 - a column of the table
    trusted: str | None,
    certificate: dict[str, Any],
    why: str,
) -> None:
    trust: dict[str, Any] = {"ca": ca.pem} if trusted else {}
    async with FakeMail(tls=ca.server(tmp_path, **certificate), implicit=implicit, login=True) as server:
        outcome = await sent(server.port, security=security, **trust, **LOGIN)

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain
    assert why in str(outcome.reason)
    assert (server.logins, server.taken) == ([], [])


async def test_a_server_that_offers_no_encryption_sees_neither_password_nor_mail(server: FakeMail) -> None:
    outcome = await sent(server.port, security="starttls", **LOGIN)

    assert isinstance(outcome, TryAgain)
    assert "offers no encryption" in str(outcome.reason)
    assert (server.logins, server.taken) == ([], [])


async def test_a_server_of_another_kind_of_encryption_is_none(ca: HouseCa, tmp_path: Path) -> None:
    async with FakeMail(tls=ca.server(tmp_path)) as server:
        outcome = await sent(server.port, security="tls", ca=ca.pem)

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain


async def test_a_wrong_password_is_tried_once_and_breaks_the_channel(
    ca: HouseCa, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "companion")
    async with FakeMail(tls=ca.server(tmp_path), login=True) as server:
        outcome = await sent(
            server.port, security="starttls", ca=ca.pem, username=NAME, password="wrong-secret"
        )

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "credentials" in str(outcome.reason)
    assert len(server.logins) == 1
    assert "wrong-secret" not in str(outcome.reason) + caplog.text


async def test_a_server_that_wants_another_login_breaks_the_channel(ca: HouseCa, tmp_path: Path) -> None:
    async with FakeMail(tls=ca.server(tmp_path)) as without:
        outcome = await sent(without.port, security="starttls", ca=ca.pem, **LOGIN)

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "no login by password" in str(outcome.reason)


def test_a_password_is_not_configured_for_a_plain_connection() -> None:
    with pytest.raises(ChannelConfigError, match="a password goes over no connection that is not encrypted"):
        build_channel("email", config(25, **LOGIN))


# --- what answers mean ----------------------------------------------------------------------------------

AGAIN = (TryAgain, False)
THIS_ONE, BROKEN = (Refused, False), (Refused, True)


@pytest.mark.parametrize(
    ("command", "answer", "means"),
    [
        ("MAIL", "451 4.3.0 try later", AGAIN),
        ("MAIL", "550 5.7.1 not your address", BROKEN),
        ("MAIL", "530 5.7.0 authentication required", BROKEN),
        (ADDRESS, "450 4.2.0 greylisted", AGAIN),
        (ADDRESS, "451 4.7.1 greylisted", AGAIN),
        (ADDRESS, "452 4.2.2 mailbox full", AGAIN),
        (ADDRESS, "550 5.1.1 no such user", THIS_ONE),
        (ADDRESS, "554 5.7.1 relay access denied", THIS_ONE),
        (ADDRESS, "530 5.7.0 authentication required", BROKEN),
        ("DATA", "452 4.3.1 disk full", AGAIN),
        ("DATA", "554 5.7.1 looks like spam", THIS_ONE),
    ],
)
async def test_a_no_for_now_is_told_from_one_for_good_and_this_mail_from_every_mail(
    server: FakeMail, command: str, answer: str, means: tuple[type, bool]
) -> None:
    server.says[command] = answer

    outcome = await sent(server.port)

    assert isinstance(outcome, TryAgain | Refused)
    assert (type(outcome), isinstance(outcome, Refused) and outcome.channel_broken) == means
    assert outcome.status_code == int(answer[:3])
    assert answer[4:] in str(outcome.reason)
    assert not (isinstance(outcome, TryAgain) and outcome.uncertain)


async def test_a_server_that_demands_encryption_is_not_taken_for_one_that_refuses_a_password(
    server: FakeMail,
) -> None:
    server.says["MAIL"] = "530 5.7.0 Must issue a STARTTLS command first"

    outcome = await sent(server.port)

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "set `security` to starttls" in str(outcome.reason)
    assert "credentials" not in str(outcome.reason)


@pytest.mark.parametrize("how", ["dies", "hangs"])
@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "CONTENT"])
async def test_only_what_was_handed_over_whole_may_have_been_sent(how: str, command: str) -> None:
    fault: dict[str, Any] = {how: command}
    async with FakeMail(**fault) as server:
        outcome = await sent(server.port, timeout_s=0.2)

    assert isinstance(outcome, TryAgain), outcome
    assert outcome.uncertain == (command == "CONTENT")


async def test_a_server_may_quote_neither_the_password_nor_the_link(ca: HouseCa, tmp_path: Path) -> None:
    async with FakeMail(tls=ca.server(tmp_path), login=True) as server:
        token = ACK_URL.rsplit("/", 1)[-1]
        server.says["DATA"] = f"554 spam: {ACK_URL} {token} {PASSWORD}"
        outcome = await sent(server.port, security="starttls", ca=ca.pem, **LOGIN)

    assert isinstance(outcome, Refused)
    assert "spam" in str(outcome.reason)
    assert not any(secret in str(outcome.reason) for secret in (ACK_URL, token, PASSWORD))


@pytest.mark.parametrize(
    ("banner", "uncertain"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"554 5.3.2 go away\r\n", False),
        (b"421 4.3.2 too many of you\r\n", False),
        (b"220-" + b"x" * 200_000, False),
        (b"\x16\x03\x01\x00\xff\r\n", False),
        (b"", False),
    ],
    ids=["http", "refuses", "busy", "endless", "tls", "hangs-up"],
)
async def test_what_is_no_mail_server_was_given_nothing(banner: bytes, uncertain: bool) -> None:  # noqa: FBT001
    async with RawServer(banner) as port:
        outcome = await sent(port, timeout_s=2)

    assert isinstance(outcome, TryAgain | Refused)
    assert not isinstance(outcome, TryAgain) or outcome.uncertain == uncertain
    assert "127.0.0.1" not in str(outcome.reason)


async def test_nobody_there_is_tried_again() -> None:
    outcome = await sent(free_port())

    assert isinstance(outcome, TryAgain)
    assert not outcome.uncertain
    assert "refused" in str(outcome.reason)


# --- where it goes --------------------------------------------------------------------------------------


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, list[str]], list[str]]:
    """Let names lead where a test says; what was looked up is returned."""
    real = socket.getaddrinfo
    asked: list[str] = []
    known: dict[str, list[str]] = {}

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(host)
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "no")
        return [one for address in known.get(host, [host]) for one in real(address, *args, **kwargs)]

    def known_as(host: str, addresses: list[str]) -> list[str]:
        known[host] = addresses
        return asked

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known_as


@pytest.mark.parametrize("address", ["0.0.0.0", "::ffff:0.0.0.0", "169.254.169.254"])  # reaches this host
async def test_a_name_leads_to_no_address_that_no_channel_may_call(
    names: Callable[[str, list[str]], list[str]], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = RawServer(b"220 hello\r\n")
    names("mail.house.example", [address])
    for variable in ("all_proxy", "http_proxy", "HTTPS_PROXY", "smtp_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{canary.port}")
    async with canary as port:
        outcome = await sent(port, host="mail.house.example")

    assert isinstance(outcome, Refused)
    assert outcome.channel_broken
    assert "no channel may call" in str(outcome.reason)
    assert canary.came == 0


async def test_a_name_is_looked_up_once_and_called_at_the_address_that_is_allowed(
    names: Callable[[str, list[str]], list[str]], server: FakeMail
) -> None:
    asked = names("mail.house.example", ["169.254.1.1", "127.0.0.1"])

    assert isinstance(await sent(server.port, host="mail.house.example"), Sent)
    assert asked == ["mail.house.example"]


def test_a_host_of_which_no_address_answers_is_not_one_without_a_name() -> None:
    several = OSError("Multiple exceptions: [Errno 111] Connect call failed ('10.0.0.1', 25), …")

    outcome = failure_of(several, Stage.CONNECTING, str)

    assert isinstance(outcome, TryAgain)
    assert str(outcome.reason) == "could not connect: no connection"


async def test_a_name_that_is_not_found_is_tried_again(names: Callable[[str, list[str]], list[str]]) -> None:
    names("", [])
    outcome = await sent(25, host="mail.invalid")

    assert isinstance(outcome, TryAgain)
    assert "name was not found" in str(outcome.reason)


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "fe80::1", "mail.example\r\nQUIT", "a b"])
def test_no_such_server_is_configured(host: str) -> None:
    with pytest.raises(ChannelConfigError, match="host"):
        build_channel("email", config(25, host=host))


# --- reports, and the check -----------------------------------------------------------------------------


async def test_a_report_is_asked_for_where_the_server_makes_them(server: FakeMail) -> None:
    server.dsn = True
    await sent(server.port, dsn=True)
    await sent(server.port)
    server.dsn = False
    await sent(server.port, dsn=True)

    assert [taken.options for taken in server.taken] == [
        ["RET=HDRS", f"ENVID={PAGE.delivery_id}", "NOTIFY=SUCCESS,FAILURE,DELAY"],
        [],
        [],
    ]


async def test_a_check_asks_for_the_sender_and_tells_nobody(server: FakeMail) -> None:
    outcome = await checked(server.port, dsn=True)

    assert isinstance(outcome, Sent)
    assert "no delivery reports" in str(outcome.warning)
    assert server.taken == []

    server.says["MAIL"] = "553 5.7.1 not your address"
    refused = await checked(server.port)
    assert isinstance(refused, Refused)
    assert refused.channel_broken


async def test_a_mail_that_is_cancelled_leaves_no_connection() -> None:
    async with FakeMail(hangs="CONTENT") as server:
        channel = build_channel("email", config(server.port))
        sending = asyncio.create_task(channel.send(PAGE))
        await server.hanging.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

    assert server.connections == 1
    assert server.taken == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_the_example_of_the_page_is_a_channel() -> None:
    examples = examples_of("email")

    assert examples
    for one in examples:
        build_channel("email", one)


def test_neither_channel_nor_settings_show_the_password() -> None:
    channel = build_channel("email", config(587, security="starttls", **LOGIN))

    assert PASSWORD not in repr(channel) + repr(vars(channel))

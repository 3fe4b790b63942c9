"""A real SMTP server (aiosmtpd) that keeps what it is given, and refuses, dawdles or dies as a test says."""

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from types import TracebackType
from typing import Any, Self, override
from warnings import catch_warnings, simplefilter

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.fakes.ports import free_port

NAME, PASSWORD = "alarm@house.example", "hunter2-very-secret"


@dataclass(kw_only=True)
class Taken:
    """One mail, and how it was handed over."""

    mail: EmailMessage
    raw: bytes
    sender: str
    recipients: list[str]
    options: list[str]
    """Of MAIL and RCPT."""
    hello: str
    encrypted: bool
    login: str | None


class Protocol(SMTP):
    """aiosmtpd, with delivery reports (RFC 3461), which it does not know: their parameters are kept and taken away."""

    seen: list[str]

    @override
    async def smtp_MAIL(self, arg: str | None) -> None:  # aiosmtpd's name
        self.seen = re.findall(r"(?:RET|ENVID)=\S+", arg or "")
        await super().smtp_MAIL(re.sub(r" (?:RET|ENVID)=\S+", "", arg or ""))

    @override
    async def smtp_RCPT(self, arg: str | None) -> None:  # aiosmtpd's name
        self.seen += re.findall(r"NOTIFY=\S+", arg or "")
        await super().smtp_RCPT(re.sub(r" NOTIFY=\S+", "", arg or ""))

    async def stop(self) -> None:
        """End what is left of a connection: of one whose encryption failed aiosmtpd ends neither task nor timer."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.wait([self._handler_coroutine])


@dataclass
class FakeMail:
    """A mail server on 127.0.0.1."""

    tls: ssl.SSLContext | None = None
    """With it: STARTTLS, or encrypted from the first byte when `implicit`."""
    implicit: bool = False
    login: bool = False
    """Nobody sends without."""
    dsn: bool = False
    says: dict[str, str] = field(default_factory=dict)
    """What a command (`MAIL`, `DATA`, …) or an address in RCPT is answered instead, such as `451 4.7.1 later`."""
    dies: str | None = None
    """The command at which it ends the connection without an answer; CONTENT: when it has the whole mail."""
    hangs: str | None = None
    port: int = field(default_factory=free_port)
    taken: list[Taken] = field(default_factory=list, init=False)
    logins: list[str] = field(default_factory=list, init=False)
    hanging: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _serving: list[Protocol] = field(default_factory=list, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    @property
    def connections(self) -> int:
        """How often somebody has come."""
        return len(self._serving)

    async def until(self, count: int) -> None:
        """Wait until so many mails were taken."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.taken) >= count)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol, "127.0.0.1", self.port, ssl=self.tls if self.implicit else None
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            self._server.close_clients()
            await asyncio.gather(*(one.stop() for one in self._serving))

    def _protocol(self) -> Protocol:
        with catch_warnings():
            simplefilter(
                "ignore", UserWarning
            )  # aiosmtpd does not know that it is encrypted from the first byte
            made = Protocol(
                self,
                hostname="mail.house.example",
                tls_context=None if self.implicit else self.tls,
                require_starttls=self.tls is not None and not self.implicit,
                auth_required=self.login,
                auth_require_tls=not self.implicit,
                authenticator=self._authenticate if self.login else None,
                loop=asyncio.get_running_loop(),
            )
        self._serving.append(made)
        return made

    # --- what aiosmtpd asks its handler ----------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802 # aiosmtpd's
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer delivery reports, too."""
        session.host_name = hostname
        await self._misbehave(server, "EHLO")
        offers = [one for one in responses if self.login or "AUTH" not in one]
        return [*offers[:-1], *(["250-DSN"] if self.dsn else []), offers[-1]]

    async def handle_MAIL(  # noqa: N802 # aiosmtpd's
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a sender, or not."""
        await self._misbehave(server, "MAIL")
        if "MAIL" in self.says:
            return self.says["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 # aiosmtpd's
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        await self._misbehave(server, "RCPT")
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 # aiosmtpd's
        """Take the mail."""
        await self._misbehave(server, "CONTENT")
        if "DATA" in self.says:
            return self.says["DATA"]
        raw = envelope.content
        assert isinstance(raw, bytes)
        assert isinstance(server, Protocol)
        mail = message_from_bytes(raw, policy=POLICY)
        assert isinstance(mail, EmailMessage)
        self.taken.append(
            Taken(
                mail=mail,
                raw=raw,
                sender=str(envelope.mail_from),
                recipients=[str(one) for one in envelope.rcpt_tos],
                options=server.seen,
                hello=str(session.host_name),
                encrypted=session.ssl is not None or self.implicit,
                login=self.logins[-1] if self.logins else None,
            )
        )
        async with self._came:
            self._came.notify_all()
        return f"250 2.0.0 queued as {len(self.taken)}"

    async def _misbehave(self, server: SMTP, command: str) -> None:
        if self.dies == command and server.transport is not None:
            server.transport.close()
            await asyncio.Event().wait()
        if self.hangs == command:
            self.hanging.set()
            await asyncio.Event().wait()

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        name, password = given.login.decode(), given.password.decode()
        self.logins.append(f"{mechanism} {name}")
        return AuthResult(success=(name, password) == (NAME, PASSWORD), handled=False)

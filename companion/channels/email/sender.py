"""E-mail: one mail a recipient, over a connection that leads nowhere but to the server of the settings."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from socket import socket
from typing import override

from aiosmtplib import SMTP, SMTPException
from pydantic import SecretStr

from companion.channels.base import Channel, Message, Outcome, Sent
from companion.channels.email.failures import NotOfferedError, Stage, failure_of
from companion.channels.email.settings import PORTS, EmailSettings, Security, mailbox
from companion.channels.email.writing import message_id, written
from companion.channels.http import QUOTE_LIMIT, scrubbed
from companion.channels.resolver import ChannelResolver
from companion.channels.tcp import connected
from companion.channels.trust import tls_context
from companion.texts.reasons import Reason

GOODBYE_S = 1.0
"""How long a server may take to say goodbye. What it has taken it has taken."""


class EmailChannel(Channel):
    """Sends each mail over a connection of its own.

    What a mail server takes it has queued, not delivered, and no mail server says in the connection what became of it:
    a mail is never more than sent.
    """

    def __init__(self, config: EmailSettings) -> None:
        self._config = config
        self._sender = mailbox(config.sender)
        self._resolver = ChannelResolver()
        self._tls = tls_context(config.ca) or ssl.create_default_context()

    @override
    async def send(self, message: Message) -> Outcome:
        mail = written(message, self._config, datetime.now(UTC))
        visit = Visit(self._config, self._tls, self._resolver)
        try:
            async with asyncio.timeout(self._config.timeout_s) as limit, visit.session() as server:
                code = await visit.hand_over(server, mail, self._sender.addr_spec, message)
                limit.reschedule(None)  # it is taken: nothing that comes later makes it uncertain
        except (SMTPException, OSError, NotOfferedError) as err:
            private = {message.ack_token or ""}
            return failure_of(err, visit.stage, lambda said: self._quoted(said, private))
        return Sent(provider_ref=message_id(message, self._sender), status_code=code)

    @override
    async def check(self) -> Outcome:
        """Log in, and ask whether the server would take a mail of this sender; no recipient is named."""
        visit = Visit(self._config, self._tls, self._resolver)
        try:
            async with asyncio.timeout(self._config.timeout_s), visit.session() as server:
                answer = await server.mail(self._sender.addr_spec)
                knows_dsn = server.supports_extension("dsn")
        except (SMTPException, OSError, NotOfferedError) as err:
            return failure_of(err, visit.stage, lambda said: self._quoted(said, set()))
        warning = Reason("email.no_dsn") if self._config.dsn and not knows_dsn else None
        return Sent(provider_ref=None, status_code=answer.code, warning=warning)

    @override
    async def close(self) -> None:
        await self._resolver.close()

    def _quoted(self, said: str, private: set[str]) -> str:
        secrets = login_forms(self._config.login) | private
        return scrubbed(said.encode(errors="replace").decode(), secrets, limit=QUOTE_LIMIT)


class Visit:
    """One connection to the mail server, and how far it has come."""

    def __init__(self, config: EmailSettings, tls: ssl.SSLContext, resolver: ChannelResolver) -> None:
        self.stage = Stage.CONNECTING
        self._config = config
        self._tls = tls
        self._resolver = resolver

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[SMTP]:
        """Connect, encrypt and log in, as the settings say; raises OSError, SMTPException, NotOfferedError."""
        config = self._config
        async with asyncio.timeout(config.connect_timeout_s):
            sock = await connected(config.host, config.port or PORTS[config.security], self._resolver)
        self.stage = Stage.GREETING
        server = SMTP(
            hostname=config.host,
            sock=sock,
            local_hostname=address_literal(sock),
            use_tls=config.security is Security.TLS,
            start_tls=False,
            tls_context=self._tls,
            timeout=config.timeout_s,
        )
        try:
            await server.connect()
            await server.ehlo()
            if config.security is Security.STARTTLS:
                if not server.supports_extension("starttls"):
                    # Perhaps somebody in between took the offer out: nothing goes over such a line.
                    raise NotOfferedError(Reason("email.no_starttls"), final=False)
                await server.starttls()
                await server.ehlo()
            self.stage = Stage.LOGIN
            await self._log_in(server)
            self.stage = Stage.ENVELOPE
            yield server
            with suppress(SMTPException, OSError):
                await server.quit(timeout=GOODBYE_S)
        finally:
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()  # a server that hangs is not waited for, as a close over TLS would
            server.close()

    async def _log_in(self, server: SMTP) -> None:
        """Log in by one way only: a second try with a wrong password locks some mailboxes."""
        if self._config.login is None:
            return
        name, password = self._config.login
        ways = {"plain": server.auth_plain, "login": server.auth_login, "cram-md5": server.auth_crammd5}
        offered = [way for way in ways if way in server.server_auth_methods]
        if not offered:
            raise NotOfferedError(Reason("email.no_login"), final=True)
        await ways[offered[0]](name, password.get_secret_value())

    async def hand_over(self, server: SMTP, mail: EmailMessage, sender: str, message: Message) -> int:
        """Give the mail to the server, and return the code with which it was taken."""
        of_mail: list[str] = []
        of_recipient: list[str] = []
        if self._config.dsn and server.supports_extension("dsn"):
            of_mail = ["RET=HDRS", f"ENVID={message.delivery_id}"]
            of_recipient = ["NOTIFY=SUCCESS,FAILURE,DELAY"]
        await server.mail(sender, options=of_mail)
        await server.rcpt(message.address, options=of_recipient)
        self.stage = Stage.CONTENT
        taken = await server.data(mail.as_bytes(policy=WIRE.clone(cte_type="7bit")))
        return taken.code


def address_literal(sock: socket) -> str:
    """Return how a client without a name of its own calls itself (RFC 5321, 4.1.3)."""
    host = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{host}]" if ":" in host else f"[{host}]"


def login_forms(login: tuple[str, SecretStr] | None) -> frozenset[str]:
    """Return how the password goes over the wire: a server may quote what it did not understand."""
    if login is None:
        return frozenset()
    name, password = login[0], login[1].get_secret_value()
    encoded = (b64encode(one.encode()).decode() for one in (password, f"\0{name}\0{password}"))
    return frozenset((password, *encoded))

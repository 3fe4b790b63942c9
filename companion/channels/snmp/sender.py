"""SNMP: an inform is sent when the manager has confirmed it, a trap when it has left."""

from typing import override

from companion.channels.base import Channel, Message, Outcome, Refused, Sent, TryAgain
from companion.channels.order import too_early
from companion.channels.resolver import ChannelResolver
from companion.channels.snmp.engine import Engine, Said
from companion.channels.snmp.notification import notification
from companion.channels.snmp.settings import SnmpSettings
from companion.channels.tcp import allowed_addresses, failure_to_connect
from companion.texts.reasons import Reason

CREDENTIALS = frozenset(
    {
        "AuthenticationError",
        "AuthenticationFailure",
        "DecryptionError",
        "EncryptionError",
        "UnknownCommunityName",
        "UnknownSecurityName",
        "UnknownUserName",
        "UnsupportedAuthProtocol",
        "UnsupportedPrivProtocol",
        "UnsupportedSecurityLevel",
        "WrongDigest",
    }
)
"""Errors of pysnmp, or reports of the manager (RFC 3414, 3.2), that no other attempt gets around."""
AUTHORIZATION = frozenset({6, 16})
"""noAccess and authorizationError (RFC 3416)."""


class SnmpChannel(Channel):
    """Tells one manager."""

    def __init__(self, config: SnmpSettings) -> None:
        self._config = config
        self._resolver = ChannelResolver()
        self._engine = Engine(config)

    @override
    async def send(self, message: Message) -> Outcome:
        if early := too_early(message):
            return early
        try:
            address, *_ = await allowed_addresses(self._config.host, self._config.port, self._resolver)
        except OSError as err:
            return failure_to_connect(err)
        said = notification(message)
        outcome = outcome_of(await self._engine.send(address["host"], said))
        return outcome or Sent(provider_ref=str(said.event_number))

    @override
    async def check(self) -> Outcome:
        """Look the manager up: there is nothing that it could be asked without telling it something."""
        try:
            await allowed_addresses(self._config.host, self._config.port, self._resolver)
        except OSError as err:
            return failure_to_connect(err)
        unproven = self._config.notify == "trap"
        return Sent(provider_ref=None, warning=Reason("snmp.unproven") if unproven else None)

    @override
    async def close(self) -> None:
        await self._engine.close()


def outcome_of(said: Said) -> TryAgain | Refused | None:
    """Return what an error means; None: there was none."""
    if said.error == "RequestTimedOut":
        return TryAgain(reason=Reason("no_answer"), uncertain=True)
    if said.error in CREDENTIALS or said.status in AUTHORIZATION:
        answer = Reason("snmp.refused", said=said.error or f"error-status {said.status}")
        return Refused(reason=Reason("credentials_refused", answer=answer), channel_broken=True)
    if said.error:
        return TryAgain(reason=Reason("snmp.refused", said=said.error))
    if said.status:
        return TryAgain(reason=Reason("snmp.refused", said=f"error-status {said.status}"), unknown=True)
    return None

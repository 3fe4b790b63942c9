"""SNMP: what happens to alarms as notifications to a management system."""

from companion.channels.kind import ChannelKind

KIND = ChannelKind(
    name="snmp",
    title="SNMP notification",
    summary="A trap or an inform to an SNMP manager (v2c or v3) for everything that happens to an alarm, with a MIB of our own.",
    settings="companion.channels.snmp.settings:SnmpSettings",
    sender="companion.channels.snmp.sender:SnmpChannel",
    # A manager that has confirmed it says nothing of people: like a ticket, it counts for nobody who was told.
    records=True,
    addressed=False,
)

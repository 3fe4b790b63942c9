"""A policy: ordered steps, each telling somebody after a while, repeated until somebody answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_REPEAT = 20
MAX_STEPS = 50


class PersonTarget(BaseModel):
    """A person, over one of their contact points."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: str = Field(description="Id of the person")
    via: str | None = Field(
        default=None,
        description="Id of a channel, `all` for every contact point at once; "
        "if absent, the person's contact points in their order, the next one when one is refused",
    )


class ChannelTarget(BaseModel):
    """A channel itself (a ticket system), or a fixed address on it (a group)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str = Field(description="Id of the channel")
    address: str = Field(default="", max_length=500)
    name: str | None = Field(default=None, description="How the address is called in the journal")


type Target = PersonTarget | ChannelTarget


class Step(BaseModel):
    """Whom to tell, how long after the step before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[
        float,
        Field(ge=0, le=86_400, description="Seconds after the step before (the first: after the alarm)"),
    ] = 0
    targets: Annotated[tuple[PersonTarget | ChannelTarget, ...], Field(min_length=1)]


class Policy(BaseModel):
    """Whom to tell, in which order, how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MAX_STEPS)]
    repeat: Annotated[int, Field(ge=0, le=MAX_REPEAT, description="How often all steps are run again")] = 0
    repeat_after: Annotated[
        float,
        Field(
            ge=1,
            le=86_400,
            description="Seconds to wait for an answer after the last step, then repeat or give up",
        ),
    ] = 300
    last_resort: tuple[PersonTarget | ChannelTarget, ...] = Field(
        default=(), description="Told when nobody has answered at all"
    )

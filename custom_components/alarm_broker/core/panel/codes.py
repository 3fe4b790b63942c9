"""Who may: gets which user a code matched, never the code; counts the wrong ones."""

from collections.abc import Collection
from copy import replace
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from ..windows import WindowKind
from .alarms import raise_silently
from .config import Action, AlarmKind, CodePolicy, UserConfig
from .context import PanelStep, RuleContext, with_area
from .effects import (
    CodeNeeded,
    CodeNotValid,
    CodeProblem,
    Effect,
    LockedOut,
    NotAllowed,
    Reason,
    Refuse,
    ReportCodeUsed,
    ReportLockout,
    WrongCode,
)
from .events import (
    CodeMatched,
    CodeMissing,
    CodeWrong,
    Credential,
    DisarmRequested,
    LookRequested,
    SilenceRequested,
    Trusted,
)
from .state import Deadline, Lockout, PanelState, Pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a credential is worth at this moment."""

    lockout: Lockout
    user: UserConfig | None = None
    refused: Reason | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """A request after its credential was looked at."""

    state: PanelState
    by: str | None
    effects: tuple[Effect, ...]
    """When refused they say so; in any case they carry what a duress code asks for."""
    refused: bool
    user: UserConfig | None = None


TYPING_TIME = timedelta(seconds=10)
"""What a lockout leaves of an entry delay; of a short rest of it, half."""


def locked_until(state: PanelState, policy: CodePolicy, now: datetime) -> datetime | None:
    """Return until when no code is taken, or None.

    Where the policy yields, never to the end of a running entry delay: the right code of somebody who has mistyped
    would otherwise come too late by our own doing. A guesser gets a handful of further tries a delay.
    """
    until = state.lockout.until
    if until is None:
        return None
    ends = until.due_at
    entries = [area.guard.until.due_at for area in state.areas.values() if isinstance(area.guard, Pending)]
    if policy.yields_to_entry and entries:
        entry, begun = min(entries), ends - until.delay
        ends = min(ends, entry - min(TYPING_TIME, (entry - begun) / 2))
    return ends if ends > now else None


def authorise(
    state: PanelState,
    credential: Credential,
    context: RuleContext,
    *,
    actions: Collection[Action],
    area_ids: tuple[str, ...],
    required: bool,
    by: str | None,
) -> Authorised:
    """Return whether somebody may do all of `actions` in all of `area_ids`, and as whom.

    A duress code calls for help in silence whatever comes of the request, also when it is refused.
    """
    verdict = verdict_on(state, credential, context, actions=actions, area_ids=area_ids, required=required)
    state = replace(state, lockout=verdict.lockout)
    effects = verdict.effects
    if verdict.user is not None and WindowKind.VACATION in state.windows:
        effects = (*effects, ReportCodeUsed(by=verdict.user.name, area_ids=area_ids))
    if verdict.refused is not None:
        effects = (Refuse(verdict.refused, area_ids), *effects)
    user = _whose(credential, context)
    if user is not None and user.duress and area_ids:
        area, silent = raise_silently(
            state.areas[area_ids[0]], area_ids[0], AlarmKind.DURESS, context, by=user.name
        )
        state, effects = with_area(state, area_ids[0], area), (*effects, *silent)
    return Authorised(
        state=state,
        by=by if verdict.user is None else verdict.user.name,
        effects=effects,
        refused=verdict.refused is not None,
        user=verdict.user,
    )


def authorise_disarming(
    state: PanelState, event: DisarmRequested | SilenceRequested, context: RuleContext
) -> Authorised:
    """Return whether somebody may disarm all the areas, and as whom; whoever may not must not stop the siren either."""
    return authorise(
        state,
        event.credential,
        context,
        actions=(Action.DISARM,),
        area_ids=event.area_ids,
        required=context.config.codes.disarm_required,
        by=event.by,
    )


def spent(state: PanelState, user: UserConfig | None) -> PanelState:
    """Return the panel after a code has disarmed, or lowered the protection as disarming does."""
    if user is None or user.uses is None:
        return state
    return replace(state, uses={**state.uses, user.user_id: state.uses.get(user.user_id, 0) + 1})


def look_requested(state: PanelState, event: LookRequested, context: RuleContext) -> PanelStep:
    """Return the panel after somebody wanted to see more of it than it shows."""
    allowed = authorise(
        state,
        event.credential,
        context,
        actions=(Action.LOOK,),
        area_ids=event.area_ids,
        required=context.config.codes.look_required,
        by=event.by,
    )
    return allowed.state, allowed.effects


def verdict_on(
    state: PanelState,
    credential: Credential,
    context: RuleContext,
    *,
    actions: Collection[Action],
    area_ids: tuple[str, ...],
    required: bool,
) -> Verdict:
    """Return whether a credential is good for something that needs a code, or not.

    A wrong code is refused and counted also where none is needed. While locked out even a right one is refused,
    or the lockout would tell the guesser which one it is. A code that is somebody's and not good for this is no
    guess, and is not counted.
    """
    lockout, now = state.lockout, context.now
    if isinstance(credential, Trusted):
        return Verdict(lockout=lockout)
    if isinstance(credential, CodeMissing):
        return Verdict(lockout=lockout, refused=CodeNeeded() if required else None)
    until = locked_until(state, context.config.codes, now)
    if until is not None:
        return Verdict(lockout=lockout, refused=LockedOut(until))
    user = _whose(credential, context)
    if user is None:
        return _wrong(state, context.config.codes, now)
    local = now.astimezone(context.config.timezone or UTC)
    spending = Action.DISARM in actions
    uses = state.uses.get(user.user_id, 0) if spending else 0
    if problem := code_problem(user, local, uses=uses, windows=state.windows):
        return Verdict(lockout=lockout, refused=CodeNotValid(problem))
    for area_id in area_ids:
        for action in actions:
            if action not in user.actions or (user.areas is not None and area_id not in user.areas):
                return Verdict(lockout=lockout, refused=NotAllowed(action, area_id))
    return Verdict(lockout=Lockout() if _may_disarm_all(state, user) else lockout, user=user)


def _may_disarm_all(state: PanelState, user: UserConfig) -> bool:
    """Return whether a code ends the count of wrong ones: who has another could go on guessing for ever."""
    unspent = user.uses is None or state.uses.get(user.user_id, 0) < user.uses
    everywhere = user.areas is None or user.areas >= state.areas.keys()
    return Action.DISARM in user.actions and unspent and everywhere


def code_problem(
    user: UserConfig, local: datetime, *, uses: int, windows: frozenset[WindowKind] = frozenset()
) -> CodeProblem | None:
    """Return why a user's code is not good at a local time, or None.

    `local` is aware, by the wall clock of the premises: days and hours of the user are counted by that. `uses` is how often it has disarmed: a one-time code disarms once (DSC) and arms freely. `windows` run now.
    """
    if not user.enabled:
        return CodeProblem.DISABLED
    if user.valid_from is not None and local < user.valid_from:
        return CodeProblem.NOT_YET
    if user.valid_until is not None and local >= user.valid_until:
        return CodeProblem.EXPIRED
    if not _within_hours(user, local):
        return CodeProblem.OUTSIDE_HOURS
    if user.uses is not None and uses >= user.uses:
        return CodeProblem.USED_UP
    if user.windows and not user.windows & windows:
        return CodeProblem.NO_WINDOW
    return None


def _within_hours(user: UserConfig, local: datetime) -> bool:
    clock, begin = local.time(), user.time_from or time.min
    today, yesterday = local.weekday(), (local - timedelta(days=1)).weekday()
    days = user.weekdays if user.weekdays is not None else range(7)
    if user.time_to is None:
        return today in days and clock >= begin
    if begin < user.time_to:
        return today in days and begin <= clock < user.time_to
    return (today in days and clock >= begin) or (yesterday in days and clock < user.time_to)


def _whose(credential: Credential, context: RuleContext) -> UserConfig | None:
    match credential:
        case CodeMatched(user_id):
            return context.config.users.get(user_id)
        case CodeWrong() | CodeMissing() | Trusted():
            return None


def _wrong(state: PanelState, policy: CodePolicy, now: datetime) -> Verdict:
    lockout = state.lockout
    failures = lockout.failures + 1
    if failures < policy.attempts:
        return Verdict(lockout=replace(lockout, failures=failures, until=None), refused=WrongCode())
    delay = min(policy.lockout * 2 ** min(lockout.rounds, 16), policy.lockout_limit)
    locked = Lockout(rounds=lockout.rounds + 1, until=Deadline.after(delay, now))
    until = locked_until(replace(state, lockout=locked), policy, now) or now
    return Verdict(lockout=locked, refused=LockedOut(until), effects=(ReportLockout(until=until),))

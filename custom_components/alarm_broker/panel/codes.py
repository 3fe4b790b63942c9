"""Who may: gets which user a code matched, never the code; counts the wrong ones."""

from dataclasses import dataclass, replace
from datetime import datetime

from .config import CodePolicy
from .effects import CodeNeeded, Effect, LockedOut, Reason, ReportLockout, WrongCode
from .events import CodeMatched, CodeMissing, CodeWrong, Credential
from .state import Deadline, Lockout


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a credential is worth at this moment."""

    lockout: Lockout
    user: str | None = None
    refused: Reason | None = None
    effects: tuple[Effect, ...] = ()


def locked_until(lockout: Lockout, now: datetime) -> datetime | None:
    """Return until when no code is taken, or None."""
    if lockout.until is None or lockout.until.due_at <= now:
        return None
    return lockout.until.due_at


def judge(
    lockout: Lockout, credential: Credential, policy: CodePolicy, *, required: bool, now: datetime
) -> Verdict:
    """Return whether a credential is good for something that needs a code, or not.

    A wrong code is refused and counted also where none is needed. While locked out even a right one is refused,
    or the lockout would tell the guesser which one it is.
    """
    if isinstance(credential, CodeMissing):
        return Verdict(lockout=lockout, refused=CodeNeeded() if required else None)
    until = locked_until(lockout, now)
    if until is not None:
        return Verdict(lockout=lockout, refused=LockedOut(until))
    match credential:
        case CodeMatched(user):
            return Verdict(lockout=Lockout(), user=user)
        case CodeWrong():
            return _wrong(lockout, policy, now)


def _wrong(lockout: Lockout, policy: CodePolicy, now: datetime) -> Verdict:
    failures = lockout.failures + 1
    if failures < policy.attempts:
        return Verdict(lockout=replace(lockout, failures=failures, until=None), refused=WrongCode())
    delay = min(policy.lockout * 2 ** min(lockout.rounds, 16), policy.lockout_limit)
    until = Deadline.after(delay, now)
    return Verdict(
        lockout=Lockout(rounds=lockout.rounds + 1, until=until),
        refused=LockedOut(until.due_at),
        effects=(ReportLockout(until=until.due_at),),
    )

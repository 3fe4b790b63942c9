"""Which policy an alarm follows: one order, whoever raises it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Candidates[P]:
    """The policies that an alarm might follow, each None where there is none; ids or whole policies, all of one sort."""

    asked: P | None = None
    """Named by whoever raised it."""
    device: P | None = None
    """Of the device that was pressed."""
    vacation: P | None = None
    """The site's for its vacation windows; only given during one."""
    site: P | None = None


def choose[P](candidates: Candidates[P]) -> P | None:
    """Return what the alarm follows, the most particular first; None: the installation's last resort.

    >>> choose(Candidates(site="office", device="reception"))
    'reception'
    """
    in_order = (candidates.asked, candidates.device, candidates.vacation, candidates.site)
    return next((policy for policy in in_order if policy is not None), None)

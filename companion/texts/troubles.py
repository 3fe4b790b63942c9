"""What people read of a trouble: a title, and what to do. Pure.

The kinds are those of `companion.troubles.model.TroubleKind`; a fact that is missing is shown as `?`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import override

from companion.texts.filling import filled
from companion.texts.labels import alarm_title
from companion.texts.model import Texts
from companion.texts.reasons import Reason, Sayable, spoken


def trouble_title(kind: str, *, subject: str, facts: Mapping[str, object], texts: Texts) -> str:
    """Return what is wrong, in one line; a kind without a text is named by its code.

    The subject may be an alarm's title, whose `source` is among the facts then.
    """
    subject = alarm_title(subject, str(facts.get("source", "")), texts)
    text = texts.troubles.get(kind)
    if text is None:
        return f"{kind}{texts.formats.colon}{subject}"
    title = filled(text.title, {**_heard(facts, texts), "subject": subject})
    return f"{title} {texts.more_troubles.format(count=facts['more'])}" if "more" in facts else title


def trouble_advice(kind: str, *, facts: Mapping[str, object], texts: Texts) -> str:
    """Return what to do about it; for a kind without a text, what is known."""
    text = texts.troubles.get(kind)
    if text is None:
        return ", ".join(
            f"{name}{texts.formats.colon}{value}" for name, value in _heard(facts, texts).items()
        )
    cause = cause_text(str(facts.get("cause", "?")), texts)
    return filled(text.advice, {**_heard(facts, texts), "cause": cause})


def _heard(facts: Mapping[str, object], texts: Texts) -> Mapping[str, str]:
    """Return the facts in words. A text is a name, whoever gave it: only what was kept as a reason is read as one."""
    read = {name: Reason.from_json(fact) or fact for name, fact in facts.items()}
    return {name: spoken(fact, texts) for name, fact in read.items()}  # type: ignore[arg-type] # as kept


def cause_text(cause: str, texts: Texts) -> str:
    """Return why nobody would be told."""
    return texts.causes.get(cause, f"({cause})")


@dataclass(frozen=True)
class TroubleTitle(Sayable):
    """The title of a trouble, as a fact of a reason."""

    kind: str
    subject: str
    facts: Mapping[str, object]

    @override
    def said(self, texts: Texts) -> str:
        """Return the title in the language of `texts`."""
        return trouble_title(self.kind, subject=self.subject, facts=self.facts, texts=texts)


@dataclass(frozen=True)
class Cause(Sayable):
    """Why nobody would be told (`companion.directory.reach.Cause`), as a fact of a reason."""

    code: str

    @override
    def said(self, texts: Texts) -> str:
        """Return the cause as a sentence."""
        return cause_text(self.code, texts)

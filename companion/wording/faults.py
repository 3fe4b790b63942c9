"""What is wrong with a text before it is used: its templates are compiled, and filled with messages of their kind. Pure."""

from collections.abc import Iterator

from companion.wording.own_texts import LIMITS, PARTS, OwnText, Part
from companion.wording.samples import samples
from companion.wording.template import Template, TemplateFault
from companion.wording.values import VARIABLES, values_of


def faults(own: OwnText) -> Iterator[tuple[Part, str]]:
    """Yield the part and what is wrong with it."""
    for part in PARTS:
        source = own.part(part)
        if source is None:
            continue
        try:
            _tried(Template(source, frozenset(VARIABLES)), own, part)
        except TemplateFault as err:
            yield part, str(err)


def _tried(template: Template, own: OwnText, part: Part) -> None:
    """Fill the template with each sample. Raises TemplateFault."""
    for index, message in enumerate(samples(own.kind, own.language)):
        written = template.filled(values_of(message), LIMITS[part])
        if len(written) > LIMITS[part]:
            raise TemplateFault(f"becomes longer than {LIMITS[part]} characters")
        if index == 0 and not written.strip():
            raise TemplateFault("says nothing, even of a message that knows everything")

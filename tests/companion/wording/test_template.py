"""What a template may hold: enough to write a message, and nothing that runs code or takes long."""

import time
from typing import Any

import pytest
from hypothesis import given, strategies as st

from companion.wording.own_texts import LIMITS
from companion.wording.template import TEMPLATE_LIMIT, Template, TemplateFault
from companion.wording.values import VARIABLES, values_of
from tests.companion.channels.messages import message

KNOWN = frozenset(VARIABLES)
SHORT_S = 2.0
"""Far more than any template takes, far less than one that is not bounded."""


def filled(source: str, **changes: Any) -> str:
    return Template(source, KNOWN).filled(values_of(message(**changes)), LIMITS["text"])


def test_a_template_says_what_a_message_knows() -> None:
    said = filled(
        "{{ title }}, {{ where }}{% if person %} ({{ person | upper }}){% endif %}\n"
        "{% for name, value in details %}{{ loop.index }}. {{ name }}: {{ value }}{% if not loop.last %}; {% endif %}{% endfor %}\n"
        "{{ detail.zone ~ '/' ~ detail['Phone'] }}{{ detail.items }}{{ '' if level is none else level }}",
        details={"Phone": "T46U", "zone": "Hall"},
    )

    assert said == (
        "Panic key: Reception, Reception, Main office (MAX MÜLLER)\n1. Phone: T46U; 2. zone: Hall\nHall/T46U"
    )


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ title.__class__.__mro__ }}",
    "{{ title['__class__'] }}",
    "{{ detail.__class__ }}",
    "{{ detail['_known'] }}",
    "{{ title|attr('__class__') }}",
    "{{ cycler }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum() }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ joiner }}",
    "{{ namespace() }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ config }}",
    "{{ title.format(1) }}",
    "{{ '{0.__class__}'.format(title) }}",
    "{{ '%s' % title }}",
    "{{ title|default(cycler) }}",
    "{{ title|map('upper') }}",
    "{{ (title|list)[0] }}",
    "{{ title is callable }}",
    "{% import 'x' as x %}",
    "{% from 'x' import y %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'x' %}",
    "{% macro m() %}{% endmacro %}",
    "{% call title() %}{% endcall %}",
    "{% set title = 'x' %}",
    "{% set title %}x{% endset %}",
    "{% with x = 1 %}{% endwith %}",
    "{% filter upper %}x{% endfilter %}",
    "{% block b %}{% endblock %}",
    "{% autoescape true %}x{% endautoescape %}",
    "{% for name, value in details recursive %}{{ loop(details) }}{% endfor %}",
    "{% for name, value in details %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for name, value in details %}{{ loop.__class__ }}{% endfor %}",
]
BOMBS = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for name, value in (details * 99999999) %}x{% endfor %}",
    "{% for a, b in details %}{% for c, d in details %}x{% endfor %}{% endfor %}",
    "{% for c in title %}x{% endfor %}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'x' * 999999999 }}",
    "{{ '%999999999s' % title }}",
    "{{ title|center(999999999) }}",
    "{{ title|indent(999999999) }}",
    "{{ title|replace('a', title) }}",
    "{{ title|wordwrap(1) }}",
    "{{ title|format }}",
    "{{ title|truncate(level) }}",
    "{{ [title] | join(title) }}",
    "{{ " + "(" * 1900 + "1" + ")" * 1900 + " }}",
    "{{ " + "not " * 900 + "1 }}",
    "{{ " + "title and " * 390 + "1 }}",
    "{% if 1 %}" * 190 + "x" + "{% endif %}" * 190,
    "x" * (TEMPLATE_LIMIT + 1),
]


@pytest.mark.parametrize("source", ESCAPES + BOMBS, ids=lambda source: source[:40])
def test_whatever_is_not_on_the_list_is_refused_at_once(source: str) -> None:
    started = time.monotonic()

    with pytest.raises(TemplateFault):
        Template(source, KNOWN)

    assert time.monotonic() - started < SHORT_S


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("one\n{{ titel }}", "line 2: there is no `titel`; there are by, camera"),
        ("{{ ack_url }}", "line 1: the link is added by itself"),
        ("one\n\n{% if x %}", "line 3: "),
        ("{{ title.upper() }}", "line 1: nothing can be called here"),
        ("{{ title|uper }}", "line 1: No filter named 'uper'"),
        ("{{ details }}", "line 1: `details` can only be gone over"),
        ("{{ 'a' + 'b' }}", "line 1: there is no arithmetic here; `~` joins texts"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(source: str, said: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        Template(source, KNOWN)

    assert str(caught.value).startswith(said)


def test_what_goes_wrong_while_it_is_filled_is_told_with_its_line() -> None:
    template = Template("fine\n{% if level > 2 %}sure{% endif %}", KNOWN)

    with pytest.raises(TemplateFault, match=r"^line 2: TypeError"):
        template.filled(values_of(message(level=None)), 100)


def test_the_longest_output_is_bounded_while_it_is_written() -> None:
    source = "{% for name, value in details %}" + "{{ value }}" * 300 + "{% endfor %}"
    details = {f"detail {number}": "x" * 500 for number in range(50)}

    assert len(filled(source, details=details)) == LIMITS["text"] + 1


PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "title",
        "details",
        "for",
        "a,b",
        "in",
        "endfor",
        "if",
        "endif",
        "else",
        "|",
        "~",
        ".",
        "(",
        ")",
        "[",
        "]",
        "'x'",
        "upper",
        "__class__",
        "range",
        "set",
        "loop",
        "#}",
        "{#",
        "9",
        "*",
        "not",
        "raw",
        "endraw",
        "none",
        "is",
    ]
).map(lambda piece: f"{piece} ")


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_template_is_refused_or_filled_with_text_and_does_nothing_else(source: str) -> None:
    try:
        template = Template(source, KNOWN)
    except TemplateFault:
        return
    try:
        said = template.filled(values_of(message()), LIMITS["text"])
    except TemplateFault:
        return
    assert len(said) <= LIMITS["text"] + 1
    assert "<class" not in said
    assert " object at 0x" not in said

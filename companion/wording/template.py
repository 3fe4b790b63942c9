"""One template: checked against a list of what it may hold, so that it can neither run code nor take long. Pure.

Jinja's sandbox keeps a template from what Python hides behind an attribute, and nothing keeps it from a loop over a
billion. So a template is read first, and whatever is not on the list is refused: no call, no assignment, no arithmetic, one
loop, over details of which there are a few. What is left takes time in proportion to its own length. The sandbox is the
second wall.
"""

from collections.abc import Iterator, Mapping
from typing import Final, override

from jinja2 import Template as JinjaTemplate, TemplateSyntaxError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATE_LIMIT: Final = 4000
"""Characters of a template."""
FILTERS: Final = ("capitalize", "default", "length", "lower", "title", "trim", "truncate", "upper")
"""What can be done to a value: nothing that makes it longer than it is by more than the template says."""
ALLOWED: Final = (
    nodes.And,
    nodes.Compare,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Const,
    nodes.Filter,
    nodes.For,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.Keyword,
    nodes.List,
    nodes.Name,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Template,
    nodes.TemplateData,
    nodes.Test,
    nodes.Tuple,
)
TESTS: Final = ("none",)
LOOP: Final = ("first", "index", "last")
"""What a loop says of itself."""
DETAIL, DETAILS = "detail", "details"
_WHOLE: Final = frozenset({DETAIL, DETAILS, "loop"})
_OVER_DETAILS: Final = f"{{% for name, value in {DETAILS} %}}"
REFUSALS: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Call: "nothing can be called here",
    nodes.Assign: "`set` is not available",
    nodes.AssignBlock: "`set` is not available",
    nodes.Include: "`include` is not available",
    nodes.Import: "`import` is not available",
    nodes.FromImport: "`import` is not available",
    nodes.Extends: "`extends` is not available",
    nodes.Macro: "`macro` is not available",
    nodes.BinExpr: "there is no arithmetic here; `~` joins texts",
}


class TemplateFault(Exception):
    """A template that cannot be used, or could not be filled; `line` is its line, from 1, as far as it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem if line is None else f"line {line}: {problem}")
        self.problem = problem
        self.line = line


class Template:
    """A template that has been checked."""

    def __init__(self, source: str, variables: frozenset[str]) -> None:
        """Raises TemplateFault."""
        if len(source) > TEMPLATE_LIMIT:
            raise TemplateFault(f"has {len(source)} characters, {TEMPLATE_LIMIT} are allowed")
        try:
            for problem, line in _refused(_ENVIRONMENT.parse(source), variables):
                raise TemplateFault(problem, line)
            self._compiled: JinjaTemplate = _ENVIRONMENT.from_string(source)
        except TemplateSyntaxError as err:
            raise TemplateFault(str(err.message), err.lineno) from None
        except (RecursionError, SyntaxError, MemoryError, ValueError, OverflowError) as err:
            # Python's own limits on what is nested or written too deep, or on a number of thousands of digits.
            raise TemplateFault(
                f"is nested too deep, or holds what is too long ({type(err).__name__})"
            ) from None

    def filled(self, values: Mapping[str, object], limit: int) -> str:
        """Return the text, at most a little longer than `limit` characters. Raises TemplateFault."""
        pieces, length = list[str](), 0
        try:
            for piece in self._compiled.generate(values):
                pieces.append(piece)
                length += len(piece)
                if length > limit:
                    break
        except Exception as err:  # noqa: BLE001 # whatever a filter does with a value that it is not for
            raise TemplateFault(f"{type(err).__name__}: {err}", _line_of(err)) from None
        return "".join(pieces)[: limit + 1]


def _line_of(err: BaseException) -> int | None:
    """Return where in the template it happened: Jinja rewrites the traceback to say so."""
    place, line = err.__traceback__, None
    while place is not None:
        if place.tb_frame.f_code.co_filename == "<template>":
            line = place.tb_lineno
        place = place.tb_next
    return line


class _Environment(ImmutableSandboxedEnvironment):
    @override
    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        return isinstance(obj, LoopContext) and attr in LOOP


_ENVIRONMENT: Final = _Environment(autoescape=False)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {name: _ENVIRONMENT.filters[name] for name in FILTERS}
_ENVIRONMENT.tests = {name: _ENVIRONMENT.tests[name] for name in TESTS}


# --- what is refused ------------------------------------------------------------------------------------


def _refused(tree: nodes.Template, variables: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield what the template may not hold, and in which line."""
    yield from _within(tree, variables, in_loop=False)


def _within(node: nodes.Node, known: frozenset[str], *, in_loop: bool) -> Iterator[tuple[str, int]]:
    problem = _problem(node, known, in_loop=in_loop)
    if problem is not None:
        yield problem, node.lineno
        return
    if isinstance(node, nodes.For):
        known |= {name.name for name in node.target.find_all(nodes.Name)} | {"loop"}
        in_loop = True
    for child in node.iter_child_nodes():
        yield from _within(child, known, in_loop=in_loop)


def _problem(node: nodes.Node, known: frozenset[str], *, in_loop: bool) -> str | None:
    match node:
        case nodes.For():
            return _loop_problem(node, in_loop=in_loop)
        case nodes.Name(name=name) if node.ctx == "load" and name not in known:
            if name == "ack_url":
                return "the link is added by itself, where each channel has it: leave `ack_url` out"
            return f"there is no `{name}`; there are {', '.join(sorted(known))}"
        case nodes.Output() if any(isinstance(one, nodes.Name) and one.name in _WHOLE for one in node.nodes):
            return f"`{DETAILS}` can only be gone over, {_OVER_DETAILS}, and of `{DETAIL}` one is asked for, `detail.zone`"
        case nodes.Getattr(node=nodes.Name(name=owner), attr=name):
            return None if _is_item(owner, name) else f"`{owner}` has no `{name}`"
        case nodes.Getitem(node=nodes.Name(name=owner), arg=nodes.Const(value=str(name))):
            return None if _is_item(owner, name) else f"`{owner}` has no {name!r}"
        case nodes.Getattr() | nodes.Getitem():
            return "only `detail.name`, `detail['a name']` and `loop.first`, `loop.last`, `loop.index` can be asked for by name"
        case nodes.Filter(name=name) if node.node is None or not _is_given_plain_values(node):
            return f"filter `{name}` takes only plain values"
        case _ if isinstance(node, ALLOWED):
            return None
        case _:
            found = (said for kind, said in REFUSALS.items() if isinstance(node, kind))
            return next(found, f"`{type(node).__name__}` is not available")


def _is_given_plain_values(node: nodes.Filter) -> bool:
    given = [*node.args, *(pair.value for pair in node.kwargs)]
    is_spread = node.dyn_args is not None or node.dyn_kwargs is not None
    return not is_spread and all(isinstance(one, nodes.Const) for one in given)


def _is_item(owner: str, name: str) -> bool:
    return (owner == DETAIL and not name.startswith("_")) or (owner == "loop" and name in LOOP)


def _loop_problem(node: nodes.For, *, in_loop: bool) -> str | None:
    over_details = isinstance(node.iter, nodes.Name) and node.iter.name == DETAILS
    is_pair = isinstance(node.target, nodes.Tuple) and len(node.target.items) == 2
    if not (over_details and is_pair) or node.recursive:
        return f"`for` goes over `{DETAILS}` only: {_OVER_DETAILS}"
    return "a `for` cannot stand within another" if in_loop else None

"""Jinja's syntax tree and its filters, so that whatever a template makes or looks through is counted. Pure.

Imported only where something is rendered. What is added to the tree goes by the names of filters that no template can
write, and that could only count more if one did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.utils import _PassArg
from jinja2.visitor import NodeTransformer

from reconciler.formats.template_bounds import MOST_RANGE, TooMuch

STEP, WEIGH = "-step", "-weigh"
COUNTED = {"batch": MOST_RANGE, "slice": MOST_RANGE, "round": 100}
"""Filters that make as many things, or as many digits, as their first argument says."""


@pass_context
def step(context: Any, weight: int) -> str:
    """One round more, which writes so many characters of the template's own."""
    return str(context.environment.budget.step(weight))


@pass_context
def weigh(context: Any, value: Any) -> Any:
    """The value itself."""
    context.environment.budget.weigh(value)
    return value


@cache
def weighed(function: Callable[..., Any], most: int = 0) -> Callable[..., Any]:
    """A filter or a test that counts what it is given. `most`: how large its first argument may be."""
    takes = _PassArg.from_obj(function)

    @wraps(function)
    def counted(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        if most and any(isinstance(one, int) and abs(one) > most for one in (*args, *kwargs.values())):
            raise TooMuch(f"it asks a filter for more than {most:,}")
        context.environment.budget.weigh(value, *args, *kwargs.values())
        return function(*_before(takes, context), value, *args, **kwargs)

    return pass_context(counted)


def _before(takes: _PassArg | None, context: Any) -> tuple[Any, ...]:
    """What Jinja gives a filter before its value."""
    if takes is None:
        return ()
    return ({_PassArg.context: context, _PassArg.eval_context: context.eval_ctx}.get(takes, context.environment),)


class Weighing(NodeTransformer):
    """Counts every round of a loop, every call of a macro, every list that is made, and what is compared or cut."""

    def visit_For(self, node: nodes.For, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _through(node.iter)
        node.body = [_counting(node.body, node.lineno), *node.body]
        return node

    def visit_Macro(self, node: nodes.Macro, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        node.body = [_counting(node.body, node.lineno), *node.body]
        return node

    def visit_Compare(self, node: nodes.Compare, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _through(node.expr)
        for operand in node.ops:
            operand.expr = _through(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _through(node.node)
        return node

    def visit_List(self, node: nodes.List, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        made: nodes.Node = _through(node)
        return made

    visit_Dict = visit_List

    def visit_Tuple(self, node: nodes.Tuple, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        made: nodes.Node = _through(node) if node.ctx == "load" else node
        return made

    def visit_Concat(self, node: nodes.Concat, *args: Any, **more: Any) -> nodes.Node:
        """`a ~ b` as the sum of two texts, whose length is looked at."""
        self.generic_visit(node)
        first, *others = [nodes.Filter(one, "string", [], [], None, None, lineno=node.lineno) for one in node.nodes]
        whole: nodes.Expr = first
        for text in others:
            whole = nodes.Add(whole, text, lineno=node.lineno)
        return whole


def _through(node: nodes.Node) -> Any:
    if isinstance(node, nodes.Const) or (isinstance(node, nodes.Filter) and node.name == WEIGH):
        return node
    return nodes.Filter(node, WEIGH, [], [], None, None, lineno=node.lineno)


def _counting(body: Sequence[nodes.Node], line: int) -> nodes.Node:
    weight = sum(len(text.data) for text in _literal(body))
    return nodes.Output([nodes.Filter(nodes.Const(weight), STEP, [], [], None, None)]).set_lineno(line)


def _literal(body: Sequence[nodes.Node]) -> list[nodes.TemplateData]:
    """The text of the template's own that one round writes."""
    found: list[nodes.TemplateData] = []
    for node in body:
        if isinstance(node, nodes.TemplateData):
            found.append(node)
        elif not isinstance(node, nodes.For | nodes.Macro):
            found += _literal(list(node.iter_child_nodes()))
    return found

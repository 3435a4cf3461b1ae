"""Jinja, closed in: what it loads, which attributes are seen, and how every round and every text is counted. Pure.

Imported only where something is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2
from jinja2 import nodes, sandbox
from jinja2.visitor import NodeTransformer

from reconciler.formats import template_bounds
from reconciler.formats.template_bounds import Budget

STEP = "_step"
MOST_CODES = 1000
BLOCKS = (nodes.AssignBlock, nodes.FilterBlock, nodes.CallBlock)


class Loader(jinja2.BaseLoader):
    """Templates by name; their file names tell where they stand."""

    def __init__(self, source: Callable[[str], str | None], folder: str) -> None:
        self.source, self.folder = source, folder

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        text = self.source(template)
        if text is None:
            raise jinja2.TemplateNotFound(template)
        return text, f"{self.folder}{template}", lambda: True


class Codes(jinja2.BytecodeCache):
    """Templates that were compiled in this process, each as its text was then."""

    def __init__(self) -> None:
        self.codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Any) -> None:
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Any) -> None:
        if len(self.codes) > MOST_CODES:
            self.codes.clear()
        self.codes[bucket.key, bucket.checksum] = bucket.code


CODES = Codes()


class Bounded(sandbox.ImmutableSandboxedEnvironment):
    """For one rendering."""

    intercepted_binops = frozenset(("*", "+", "%", "**"))

    def __init__(self, source: Callable[[str], str | None], folder: str, own: Mapping[type, frozenset[str]]) -> None:
        self.budget, self.own = Budget(), own
        super().__init__(
            loader=Loader(source, folder),
            undefined=jinja2.StrictUndefined,
            finalize=self._written,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            cache_size=0,
            bytecode_cache=CODES,
        )
        known = {name: self.filters[name] for name in template_bounds.FILTERS if name in self.filters}
        self.filters = {**known, **template_bounds.OURS}
        self.globals = {
            "range": template_bounds.bounded_range,
            "dict": dict,
            "namespace": jinja2.utils.Namespace,
            STEP: self.budget.step,
        }

    def _written(self, value: Any) -> str:
        text = template_bounds.written(value)
        self.budget.write(len(text))
        return text

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return template_bounds.visible(obj, attr, self.own) and super().is_safe_attribute(obj, attr, value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        template_bounds.operated(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.budget.step()
        said = super().call(context, obj, *args, **kwargs)
        if isinstance(said, str):
            template_bounds.sized(len(said))
        return said

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for block in tree.find_all(BLOCKS):
            raise jinja2.TemplateSyntaxError("a block of this kind is not known here", block.lineno, name, filename)
        for node in list(tree.find_all((nodes.For, nodes.Macro))):
            assert isinstance(node, nodes.For | nodes.Macro)
            node.body = [_counting(node.body, node.lineno), *node.body]
        joined: nodes.Template = Joining().visit(tree)
        joined.set_environment(self)
        return joined


def _counting(body: Sequence[nodes.Node], line: int) -> nodes.Node:
    """One round more."""
    weight = sum(len(text.data) for text in _literal(body))
    call = nodes.Call(nodes.Name(STEP, "load"), [nodes.Const(weight)], [], None, None)
    return nodes.Output([call]).set_lineno(line)


def _literal(body: Sequence[nodes.Node]) -> list[nodes.TemplateData]:
    """The text of the template's own that one round writes."""
    found: list[nodes.TemplateData] = []
    for node in body:
        if isinstance(node, nodes.TemplateData):
            found.append(node)
        elif not isinstance(node, nodes.For | nodes.Macro):
            found += _literal(list(node.iter_child_nodes()))
    return found


class Joining(NodeTransformer):
    """`a ~ b` as the sum of two texts, whose length is looked at."""

    def visit_Concat(self, node: nodes.Concat, *args: Any, **more: Any) -> nodes.Node:
        self.generic_visit(node)
        first, *others = [nodes.Filter(one, "string", [], [], None, None, lineno=node.lineno) for one in node.nodes]
        whole: nodes.Expr = first
        for text in others:
            whole = nodes.Add(whole, text, lineno=node.lineno)
        return whole

"""Jinja, closed in: what it loads, which attributes are seen, and how every round and every text is counted. Pure.

Imported only where something is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes, sandbox
from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from reconciler.formats import template_bounds, template_weighing
from reconciler.formats.template_bounds import Budget, Refused
from reconciler.formats.template_weighing import Weighing, weighed

MOST_CODES = 1000
LARGEST = 200_000
"""Characters of one template."""
BLOCKS = (nodes.AssignBlock, nodes.FilterBlock, nodes.CallBlock, nodes.EvalContextModifier)
KNOWN = {name: FILTERS[name] for name in template_bounds.FILTERS if name in FILTERS} | template_bounds.OURS
COUNTED: Mapping[str, Callable[..., Any]] = {
    **{name: weighed(one, template_weighing.COUNTED.get(name, 0)) for name, one in KNOWN.items()},
    template_weighing.STEP: template_weighing.step,
    template_weighing.WEIGH: template_weighing.weigh,
}
TESTED: Mapping[str, Callable[..., Any]] = {name: weighed(one) for name, one in TESTS.items()}


class Loader(jinja2.BaseLoader):
    """Templates by name; their file names tell where they stand."""

    def __init__(self, source: Callable[[str], str | None], folder: str) -> None:
        self.source, self.folder = source, folder

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        text = self.source(template)
        if text is None:
            raise jinja2.TemplateNotFound(template)
        if len(text) > LARGEST:
            raise Refused(f"`{self.folder}{template}` is longer than {LARGEST:,} characters", "include parts of it")
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

    intercepted_binops = frozenset(("*", "+", "-", "/", "//", "%", "**"))

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
        self.filters, self.tests = dict(COUNTED), dict(TESTED)
        self.globals = {"range": template_bounds.bounded_range, "dict": dict, "namespace": jinja2.utils.Namespace}

    def _written(self, value: Any) -> str:
        text = template_bounds.written(value)
        self.budget.write(len(text))
        return text

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return template_bounds.visible(obj, attr, self.own) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """`format` is an attribute like any other: not seen."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        template_bounds.operated(operator, left, right)
        made = super().call_binop(context, operator, left, right)
        self.budget.weigh(made)
        return made

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.budget.step()
        self.budget.weigh(getattr(obj, "__self__", None), *args, *kwargs.values())
        said = super().call(context, obj, *args, **kwargs)
        self.budget.weigh(said)
        return said

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for block in tree.find_all(BLOCKS):
            raise jinja2.TemplateSyntaxError("a block of this kind is not known here", block.lineno, name, filename)
        counted: nodes.Template = Weighing().visit(tree)
        counted.set_environment(self)
        return counted

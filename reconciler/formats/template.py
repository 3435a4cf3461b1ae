"""Templates of Jinja and the values they are given → text, closed in and bounded, or the problem. Pure.

A template comes from a commit that somebody else may have written: it sees the values it is given and nothing behind
them, and ends soon. It runs in the calling thread, so that an interrupt ends it at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import TracebackType
from typing import Any

from reconciler.formats.template_bounds import FILTERS, OURS, Refused, TooMuch
from reconciler.model.problem import Invalid, Origin, Problem

UNDEFINED = re.compile(r"'(.*)' is undefined\Z")
NO_KEY = re.compile(r"'(.*) object' has no (?:attribute|element) '?(.*?)'?\Z")


@dataclass(frozen=True)
class Templates:
    """`source`: the name of a template → its text, None where there is none; `folder`: where people find them; `own`:
    classes whose listed attributes are seen."""

    source: Callable[[str], str | None]
    folder: str
    own: Mapping[type, frozenset[str]] = field(default_factory=dict)

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Raises Invalid with the one mistake that stopped it."""
        import jinja2

        # Here and not above: it loads Jinja, which most plans can do without.
        from reconciler.formats.template_environment import Bounded

        environment = Bounded(self.source, self.folder, self.own)
        try:
            text: str = environment.get_template(name).render(dict(values))
        except jinja2.TemplateNotFound as error:
            raise self._not_found(str(error.name), name, error.__traceback__) from None
        except jinja2.TemplateSyntaxError as error:
            text = _worded(error.message or "not a template")
            raise self._invalid(
                (error.name or name).removeprefix(self.folder), error.lineno, text, _syntax(text)
            ) from None
        except (jinja2.TemplateError, TooMuch, Refused, TypeError, ValueError, ArithmeticError, LookupError,
                AttributeError, RecursionError, SyntaxError, MemoryError) as error:  # fmt: skip
            file, line = self._place(error.__traceback__, name)
            raise self._invalid(file, line, *_said(error, [*values, *environment.globals])) from None
        return text

    def parse(self, name: str) -> None:
        """Raises Invalid for what is no template."""
        import jinja2

        from reconciler.formats.template_environment import Bounded

        environment = Bounded(self.source, self.folder, self.own)
        try:
            environment.parse(self.source(name) or "", name)
        except jinja2.TemplateSyntaxError as error:
            text = _worded(error.message or "not a template")
            raise self._invalid(name, error.lineno, text, _syntax(text)) from None
        except RecursionError as error:
            raise self._invalid(name, 0, *_said(error, [])) from None

    def _not_found(self, missing: str, name: str, traceback: TracebackType | None) -> Invalid:
        file, line = self._place(traceback, name)
        text = f"there is no template `{missing}` in {self.folder}"
        if missing == name:
            return Invalid([Problem(Origin(f"{self.folder}{name}"), "there is no such template", "add it")])
        return self._invalid(file, line, text, "names are written from there on")

    def _invalid(self, name: str, line: int, text: str, hint: str) -> Invalid:
        return Invalid([Problem(Origin(f"{self.folder}{name}", line, 1 if line else 0), text, hint)])

    def _place(self, traceback: TracebackType | None, name: str) -> tuple[str, int]:
        """The innermost line of a template on the way to an error."""
        found = (name, 0)
        while traceback is not None:
            file = traceback.tb_frame.f_code.co_filename
            if file.startswith(self.folder):
                found = (file.removeprefix(self.folder), traceback.tb_lineno)
            traceback = traceback.tb_next
        return found


def _said(error: Exception, names: list[str]) -> tuple[str, str]:
    """What an error says, and what mends it."""
    if isinstance(error, Refused):
        return error.text, error.hint
    if isinstance(error, TooMuch):
        return f"the template is stopped: {error}", "a document is bounded: let it show less"
    if isinstance(error, SyntaxError | MemoryError):
        return "the template is stopped: it is nested too deep, or too large", "let a macro do a part of it"
    if isinstance(error, RecursionError):
        return "the template is stopped: it calls itself without an end", "give the macro a case that ends it"
    text = str(error)
    if found := UNDEFINED.search(text):
        near = get_close_matches(found[1], [name for name in names if not name.startswith("_")], 1)
        listed = ", ".join(f"`{name}`" for name in sorted(names) if not name.startswith("_"))
        return f"`{found[1]}` is not known here", f"did you mean `{near[0]}`?" if near else f"there are {listed}"
    if found := NO_KEY.search(text):
        return f"there is no `{found[2]}` in this", "write `x.get('key', '')` where a key may be missing"
    return _worded(text) or type(error).__name__, ""


def _worded(text: str) -> str:
    """A message of Jinja's in our manner: names in backticks, no full stop."""
    marked = re.sub("'([^']*)'", r"`\1`", text.strip().rstrip("."))
    return "; ".join(part[:1].lower() + part[1:] for part in marked.split(". "))


def _syntax(text: str) -> str:
    if "unknown filter" in text or "no filter named" in text:
        return f"there are {', '.join(sorted({*FILTERS, *OURS}))}"
    if "not known here" in text:
        return "use a macro"
    return "see https://jinja.palletsprojects.com/templates"

"""Templates are closed in, bounded, and say where they are wrong."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from reconciler.formats.template import Templates
from reconciler.model.problem import Invalid


def render(text: str, more: dict[str, str] | None = None, **values: Any) -> str:
    return Templates({"a": text, **(more or {})}.get, "templates/").render("a", values)


def wrong(text: str, more: dict[str, str] | None = None, **values: Any) -> str:
    with pytest.raises(Invalid) as caught:
        render(text, more, **values)
    [problem] = caught.value.problems
    return str(problem)


def test_text_loops_includes_and_macros() -> None:
    macro = {"b": "{% macro m(x) %}<{{ x }}>{% endmacro %}"}
    assert (
        render("{% import 'b' as b %}{% for x in range(2) %}{{ b.m(x) ~ loop.index }}{% endfor %}", macro) == "<0>1<1>2"
    )
    assert render("{{ [1, true, none] | join('|') }} {{ 'aa' | replace('a', 'b') }}") == "1|true| bb"
    assert render("{{ x | tojson }}\n", x={"a": ["<é>"]}) == '{"a": ["<é>"]}\n'


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ range.__globals__ }}",
        "{{ x | attr('__class__') }}",
        "{{ x.append(1) }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ x['__class__'].y }}",
        "{{ f.secret }}",
        "{{ namespace.__init__ }}",
        "{{ [x]|map(attribute='__class__')|join }}",
    ],
)
def test_no_attribute_leads_out(text: str) -> None:
    class Found:
        secret = "out"

    assert "templates/a:1" in wrong(text, x=[1], f=Found())


@pytest.mark.parametrize(
    "text",
    [
        "{{ range(99999999) }}",
        "{{ 'a' * 99999999999 }}",
        "{{ [1] * 99999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ 'a'.ljust(9999999999) }}",
        "{{ ('a\\n' * 9999) | indent(9999) }}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}" + "x" * 9999 + "{% endfor %}",
        "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% set n = namespace(x='aaaa') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x|tojson }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set x %}{% endset %}",
        "{% include 'a' %}",
    ],
)  # fmt: skip
def test_every_way_to_make_much_of_little_ends(text: str) -> None:
    assert "templates/a:1:1: " in wrong(text)


def test_a_mistake_is_named_with_its_line_and_what_mends_it() -> None:
    assert wrong("a\n{{ agnet }}", agent=1) == (
        "templates/a:2:1: `agnet` is not known here\n  hint: did you mean `agent`?"
    )
    assert wrong("{% include 'b' %}", {"b": "\n\n{{ q }}"}).startswith("templates/b:3:1: `q` is not known here")
    assert wrong("\n{{ x.foo }}", x={}).startswith("templates/a:2:1: there is no `foo` in this")
    assert wrong("\n{% if %}").startswith("templates/a:2:1: expected an expression")
    assert wrong("{% include 'none' %}").startswith("templates/a:1:1: there is no template `none`")
    assert wrong("{{ 1 | nope }}").startswith("templates/a:1:1: no filter named `nope`")


def test_an_interrupt_ends_it_at_once() -> None:
    started = threading.Event()

    def first() -> str:
        started.set()
        return ""

    def interrupt() -> None:
        started.wait(10)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    nested = "".join("{% for _ in range(9999) %}" for _ in range(9)) + "{{ f() }}" + "{% endfor %}" * 9
    with pytest.raises(KeyboardInterrupt):
        Templates({"a": nested}.get, "templates/").render("a", {"f": first})
    thread.join()

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
        "{{ '{:>1000000000}'.format('x') }}",
        "{% set a = 'ab' * 2000000 %}{% for i in range(9999) %}{% set b = a|upper %}{% endfor %}",
        "{% set a = 'ab' * 2000000 %}{% for i in range(9999) %}{% set b = a.split('a') %}{% endfor %}",
        "{% set a = 'ab' * 2000000 %}{% for i in range(9999) %}{% set b = a[1:] %}{% endfor %}",
        "{% set a = 'ab' * 2000000 %}{% for i in range(9999) %}{% if a in a %}{% endif %}{% endfor %}",
        "{% for i in range(9999) %}{{ range(9999)|max }}{% endfor %}",
        "{{ [1]|slice(1000000000)|list|length }}",
        "{{ [1]|batch(1000000000, 'x')|list|length }}",
        "{{ 1|round(99999999, 'ceil') }}",
        "{{ ('f' * 4000000)|int(0, 16) // 3 }}",
        "{{ (['x' * 4000000] * 1000)|tojson|length }}",
        "{{ range(9999)|select('in', range(9999)|list)|list|length }}",
        "{% for a in range(9999) %}{% for b in range(9999) if false %}{% endfor %}{% endfor %}",
        "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}"
        "{% set n.y = [n.y, n.y] %}{% endfor %}{{ n.x == n.y }}",
        "{% set n = namespace(x=(1,)) %}{% for i in range(99) %}{% set n.x = (n.x, n.x) %}{% endfor %}{{ {n.x: 1} }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1, varargs, varargs) }}{% endif %}{% endmacro %}{{ m(60, 1) }}",
        "{{ [-99999999]|map('-step')|list|length }}" + "{% for a in range(9999) %}" * 2 + "{% endfor %}" * 2,
        "{% autoescape true %}{{ '%9999999999s' % 1 }}{% endautoescape %}",
    ],
)  # fmt: skip
def test_every_way_to_make_much_of_little_ends(text: str) -> None:
    assert "templates/a:1:1: " in wrong(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{% for k, v in x.items() %}{{ k }}{% endfor %}{% set a, b = 1, 2 %}{{ a + b }}", "a3"),
        ("{{ [1, 2, 3][1:]|join }}{{ 'abc'[::-1] }}", "23cba"),
        ("{{ {'b': 2, 'a': 1}|dictsort|map('join', '=')|join(' ') }} {{ -7 // 2 }}", "a=1 b=2 -4"),
        ("{{ [1, 2]|select('gt', 1)|join }} {{ 3 is divisibleby(3) }} {{ x|map('upper')|join }}", "2 true A"),
        ("{{ [{'a': 1}, {'a': 2}]|groupby('a')|map('first')|join }} {{ range(5)|batch(2)|map('join')|join(' ') }}",
         "12 01 23 4"),
    ],
)  # fmt: skip
def test_what_is_counted_does_what_jinja_says(text: str, made: str) -> None:
    assert render(text, x={"a": 1}) == made


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% set a = 1 %}" * 20000,
    ],
)
def test_a_template_that_is_nested_too_deep_or_too_long_is_no_bug(text: str) -> None:
    assert wrong(text).startswith("templates/a")


def test_no_name_of_a_template_s_own_hides_what_counts() -> None:
    for hidden in ("{% set _step = 1 %}", "{% macro step() %}{% endmacro %}", "{% set budget = 0 %}"):
        assert "goes round" in wrong(hidden + "{% for a in range(9999) %}" * 2 + "{% endfor %}" * 2)


def test_a_mistake_is_named_with_its_line_and_what_mends_it() -> None:
    assert wrong("a\n{{ agnet }}", agent=1) == (
        "templates/a:2:1: `agnet` is not known here\n  hint: did you mean `agent`?"
    )
    assert wrong("{% include 'b' %}", {"b": "\n\n{{ q }}"}).startswith("templates/b:3:1: `q` is not known here")
    assert wrong("\n{{ x.foo }}", x={}).startswith("templates/a:2:1: there is no `foo` in this")
    assert wrong("\n{% if %}").startswith("templates/a:2:1: expected an expression")
    assert wrong("{# open").startswith("templates/a:1:1: missing end of comment tag")
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

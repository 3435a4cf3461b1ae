"""What documents cost: a thousand of them over a thousand agents, rendered, and again after one agent has changed.

`python -m tests.bench.documents [SIZE]`. Only the rendering is timed: facts, digests, templates. All of them:
nothing is known yet. Changed: the same process goes on, as the loop does.
"""

from __future__ import annotations

import gc
import sys
import time

from reconciler.formats import template_environment
from reconciler.kinds.document import DOCUMENT
from reconciler.model.resource import Loaded
from reconciler.pipeline.survey import survey
from reconciler.shapes import document_again, document_facts, document_rendering, document_targets
from tests.support.house import House

ROUNDS = 5
PAGE = """\
# {{ resource(data.about).name }}

{{ resource(data.about).description }}

{{ resource(data.about).body }}
{% for key, value in resource(data.about).spec.items() %}
- {{ key }}: {{ value }}
{% endfor %}
{% for other in resource(data.about).backlinks %}
- [{{ other.name }}]({{ other.link }})
{% endfor %}
"""


def said(size: int, changed: str = "") -> dict[str, str]:
    """So many agents, each of which names the next, and a document about each."""
    git = {"../templates/page.md.j2": PAGE}
    for number in range(size):
        text = f"Ask @agent-{(number + 1) % size:05}, and nobody else, when a review is due.\n" * 8
        what = changed if number == 7 and changed else f"Reviews part {number}"
        git[f"agents/agent-{number:05}.md"] = f"---\ndescription: {what}\nmode: subagent\n---\n{text}"
        about = f"template: page.md.j2\ndata: {{about: agent/agent-{number:05}}}\noutputs: [docs/{number:05}.md]\n"
        git[f"documents/page-{number:05}.yaml"] = about
    return git


def rendered(house: House, loaded: Loaded) -> float:
    """Seconds for the outputs of all documents."""
    layout = survey(house.eyes.roots, house.world)
    documents = [resource for resource in loaded.resources if resource.ref.kind == "document"]
    gc.collect()
    began = time.perf_counter()
    made = sum(len(DOCUMENT.targets(resource, loaded, layout)) for resource in documents)
    spent = time.perf_counter() - began
    assert made == len(documents)
    return spent


def measure(size: int, rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Seconds, the best of some rounds: all, nothing changed, one agent changed."""
    house, full, none, one = House({}), [], [], []
    first, second = house.loaded(said(size)), house.loaded(said(size, "Reviews all of it"))
    for _ in range(rounds):
        for forget in (
            document_rendering.MEMORY.clear,
            document_again.EARLIER.clear,
            document_again.MADE.clear,
            document_facts.DIGESTS.clear,
            document_targets.facts.cache_clear,
            document_facts.said.cache_clear,
            document_facts.words.cache_clear,
        ):
            forget()
        template_environment.CODES.codes.clear()
        full.append(rendered(house, first))
        none.append(rendered(house, first))
        one.append(rendered(house, second))
        assert sum("Reviews all of it" in kept.text for kept in document_rendering.MEMORY.values()) == 1
    return min(full), min(none), min(one)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    full, none, one = measure(size)
    print(f"{size} documents over {size} agents, best of {ROUNDS}")
    print(f"  all of them        {full * 1000:8.1f} ms")
    print(f"  nothing changed    {none * 1000:8.1f} ms   1/{full / none:.0f}")
    print(f"  one agent changed  {one * 1000:8.1f} ms   1/{full / one:.0f}")


if __name__ == "__main__":
    main()

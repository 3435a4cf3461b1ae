"""The shipped desired state and the docs name only commands that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reconciler import registry
from reconciler.cli.parser import HELP
from reconciler.formats import markdown_page
from reconciler.kinds.document import DOCUMENT
from reconciler.model.resource import File, Layout, Place, Revision, Source
from reconciler.model.world import Tree
from reconciler.pipeline.load import load
from tests.support.house import House

TOP = Path(__file__).parents[2]
NAMED = re.compile(r"\breconcile (?:-C \S+ )?([a-z]+)\b")
PAGES = sorted([*(TOP / "desired-state").rglob("*.md"), *(TOP / "docs").rglob("*.md"), TOP / "README.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(TOP)))
def test_it_names_only_commands_that_exist(page: Path) -> None:
    marked = " ".join(re.findall(r"`[^`]*`|```.*?```", page.read_text(), re.S))
    assert set(NAMED.findall(marked)) <= set(HELP)


def test_it_loads_without_a_problem() -> None:
    files = [p for folder in ("desired-state", "templates") for p in (TOP / folder).rglob("*") if p.is_file()]
    sources = tuple(Source(str(p.relative_to(TOP)), File(p.read_bytes())) for p in sorted(files))
    loaded = load(Tree(Revision("work", ""), sources), registry.KINDS, registry.PENDING)
    assert not loaded.problems
    assert {str(r.ref) for r in loaded.resources} >= {
        "agent/cross-project",
        "agent/cross-project/documentation",
        "agent/cross-project/servers",
        "agent/cross-project/integration",
        "command/orchestrate-cross-project",
        "server/mcp-ecosystem",
        "server/opencode-dev",
        "server/opencode-config",
        "server/zed-config",
    }
    servers = [r.spec for r in loaded.resources if r.ref.kind == "server"]
    assert [s.serving.launch.port for s in servers] == [55717, 55471, 55467, 55748]
    assert not any(server.running for server in servers)  # trying the example starts nothing


def test_its_documents_are_as_their_templates_say() -> None:
    files = [p for folder in ("desired-state", "templates") for p in (TOP / folder).rglob("*") if p.is_file()]
    sources = tuple(Source(str(p.relative_to(TOP)), File(p.read_bytes())) for p in sorted(files))
    loaded = load(Tree(Revision("work", ""), sources), registry.KINDS, registry.PENDING)
    layout = Layout({"repository": Place("repository", str(TOP))})
    documents = [resource for resource in loaded.resources if resource.ref.kind == "document"]
    made = {t.claim.path: t.desired for one in documents for t in DOCUMENT.targets(one, loaded, layout)}
    stands = {str(p.relative_to(TOP)): File(p.read_bytes()) for p in (TOP / "docs" / "environment").rglob("*.md")}
    assert made == stands, "`reconcile docs render` writes them"


def test_its_templates_hold_whatever_people_write() -> None:
    """Descriptions of several lines, pipes, and prompts with code blocks break no list, table or page."""
    odd = "first | line\n\n# No heading\n"
    git = {str(p.relative_to(TOP / "desired-state")): p.read_text() for p in (TOP / "desired-state").rglob("*.y*ml")}
    git |= {f"../templates/{p.name}": p.read_text() for p in (TOP / "templates").iterdir()}
    git["agents/odd.md"] = yaml_front(description=odd, permission={"bash": {"a | b": "allow"}}) + "Prompt.\n"
    git["commands/odd.md"] = yaml_front(description="C") + "Run:\n\n`````sh\nls\n`````\n\n# No heading\n"
    git["servers/odd.yaml"] = "port: 55990\npath: '/a|b'\nstate: stopped\n"
    house = House({})
    house.apply(house.plan(git))
    pages = {
        path.rpartition("environment/")[2]: markdown_page.parse(text.decode()) for path, text in house.home.items()
    }
    listed = house.home["repository/docs/environment/inventory.md"].decode()
    assert "- [odd](agents/odd.md): first | line # No heading\n" in listed
    assert [h.text for h in pages["inventory.md"].headings if h.level == 1] == ["Inventory"]
    assert [h.text for h in pages["commands/odd.md"].headings if h.level == 1] == ["/odd"]
    assert b"| `/a\\|b` |" in house.home["repository/docs/environment/servers/odd.md"]
    assert b"`a \\| b` | allow |" in house.home["repository/docs/environment/agents/odd.md"]


def yaml_front(**front: object) -> str:
    return f"---\n{json.dumps(front)}\n---\n"

"""Documents: a Jinja2 template over everything the commit says, rendered into files or marked regions of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.kind import Found, Kind, Left, Writer
from reconciler.model.resource import Layout, Loaded, Resource, Target
from reconciler.model.world import Look
from reconciler.shapes import document_schema, document_spec, document_state, document_targets
from reconciler.shapes.document_spec import Document
from reconciler.shapes.document_state import State

FOLDER = "documents"


def files(paths: Sequence[str]) -> Mapping[str, str]:
    """`documents/team/x.yaml` describes `team/x`."""
    ours = (path for path in paths if path.startswith(f"{FOLDER}/") and path.endswith((".yaml", ".yml")))
    return {path: path[len(FOLDER) + 1 :].rpartition(".")[0] for path in ours}


def targets(resource: Resource[Document], loaded: Loaded, layout: Layout) -> Sequence[Target[State]]:
    """One target for each output, and for each resource of `each`."""
    return document_targets.targets(resource, loaded, layout)


def describe(layout: Layout, look: Look) -> Iterable[Found | Left]:
    """Nothing: what a template would have made cannot be told from a file."""
    return ()


DOCUMENT: Kind[Document, State] = Kind(
    name="document",
    folder=FOLDER,
    files=files,
    read=document_spec.read,
    targets=targets,
    observe=document_state.observe,
    act=document_state.act,
    describe=describe,
    codec=document_state.CODEC,
    diff=document_state.diff,
    together=document_state.together,
    writers=(Writer("people and AI agents", "any file, and what stands around a region"),),
    schema=document_schema.document,
    reload="at once; what OpenCode reads of it (AGENTS.md, what `instructions` names) at the next turn",
    last=True,
)

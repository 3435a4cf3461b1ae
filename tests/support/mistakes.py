"""The table of mistakes: tests/cases/mistakes.yaml, one document a mistake; and validation of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from reconciler import registry
from reconciler.model.problem import Invalid, Problem
from reconciler.model.resource import Revision, Source
from reconciler.model.world import Tree
from reconciler.pipeline.load import load
from tests.support.house import file

PATH = Path(__file__).parents[1] / "cases" / "mistakes.yaml"


@dataclass(frozen=True)
class Case:
    """Files of desired state, what we say of them, and what the real program does: `loads`, `refuses` (it does not
    start), `400` (every route), `open` (loads with more allowed than it reads), `dropped`, or `not asked`."""

    name: str
    files: Mapping[str, str]
    problems: tuple[Mapping[str, Any], ...]
    opencode: str
    asks: tuple[str, str]


def cases() -> list[Case]:
    return [
        Case(
            case["mistake"],
            case["files"],
            tuple(case.get("problems") or ()),
            str(case["opencode"]),
            tuple(case.get("asks") or ("bash", "rm x")),
        )
        for case in read()
    ]


def read() -> list[Any]:
    return [document for document in YAML(typ="rt").load_all(PATH.read_text()) if document is not None]


def found(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every problem that validation alone finds, as the table writes it."""
    return [record(problem) for problem in problems(files)]


def problems(files: Mapping[str, str]) -> tuple[Problem, ...]:
    sources = tuple(Source(f"desired-state/{path}", file(text)) for path, text in sorted(files.items()))
    try:
        return load(Tree(Revision("work", ""), sources), registry.KINDS, registry.PENDING).problems
    except Invalid as error:
        return error.problems


def record(problem: Problem) -> dict[str, Any]:
    origin = problem.origin
    at = f"{origin.path.removeprefix('desired-state/')}:{origin.line}:{origin.column}"
    said = {"at": at, "text": problem.text, "hint": problem.hint, "severity": str(problem.severity)}
    return {key: value for key, value in said.items() if value}


def write(documents: list[Any]) -> None:
    """The table with what is found now."""
    editor = YAML(typ="rt")
    editor.width = 1000
    editor.indent(mapping=2, sequence=4, offset=2)
    for document in documents:
        document["files"] = {
            path: LiteralScalarString(text) if "\n" in text else text for path, text in document["files"].items()
        }
        document["problems"] = found(document["files"])
    with PATH.open("w") as out:
        editor.dump_all(documents, out)

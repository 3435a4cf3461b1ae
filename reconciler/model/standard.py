"""What every document of a type has. Frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Section(NamedTuple):
    """A heading of the second level, and what belongs below it."""

    name: str
    about: str


@dataclass(frozen=True)
class Standard:
    """`sections`: those that every document of the type has, in this order; others may stand between them. `front`: the
    keys that its front matter has, and what they say. `title`: whether it has one heading of the first level, before
    all others."""

    about: str
    sections: tuple[Section, ...] = ()
    front: Mapping[str, str] = field(default_factory=dict)
    title: bool = True

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(section.name for section in self.sections)


Types = Mapping[str, Standard]

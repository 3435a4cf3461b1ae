"""What stands there → the desired state that would make it, and what is left out and why. Pure over a look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.formats import masking
from reconciler.model.kind import AnyKind, Found, Left
from reconciler.model.problem import Origin, Problem, Severity
from reconciler.model.resource import Claim, Layout
from reconciler.model.world import Look
from reconciler.pipeline.load import bad_name

TOO_LARGE = 1 << 20


@dataclass(frozen=True, slots=True)
class Description:
    """Everything below the roots: what desired state would hold, and what it would not."""

    found: tuple[Found, ...]
    left: tuple[Left, ...]


def describe(
    layout: Layout, kinds: Sequence[AnyKind], look: Look, *, known: frozenset[Claim], include: Sequence[str] = ()
) -> Description:
    """Each kind takes its own, in their order; `known` claims are in git already; `include`d paths are taken
    although they look as if they held a secret."""
    found: list[Found] = []
    left = [*_never_entered(layout), *_too_large(layout)]
    rest = without(layout, {*(e.claim for e in left), *known})
    for kind in kinds:
        taken: set[Claim] = set()
        for item in kind.describe(rest, look):
            taken.update(item.claims if isinstance(item, Found) else [item.claim])
            if isinstance(item, Left):
                left.append(item)
            elif (why := bad_name(item.ref.name)) is not None:
                left += [_unnamable(claim, why, look) for claim in item.claims]
            else:
                kept, out = _screened(item, look, include)
                left += out
                found += [kept] if kept else []
        rest = without(rest, taken)
    left += _nothing_in(layout, {c[:2] for f in found for c in f.claims} | {e.claim[:2] for e in left}, known)
    return Description(tuple(sorted(found)), tuple(sorted(left, key=lambda e: e.claim)))


def _nothing_in(layout: Layout, named: set[tuple[str, str]], known: frozenset[Claim]) -> Iterable[Left]:
    """Shared files of which nothing is taken, and nothing was said yet."""
    named |= {claim[:2] for claim in known}
    return (
        Left(Claim(root, path), "nothing in it to take over")
        for root, path in layout.texts
        if (root, path) not in named
    )


def _unnamable(claim: Claim, why: str, look: Look) -> Left:
    """A name that desired state can't hold."""
    return Left(claim, why, Problem(Origin(look.show(claim.root, claim.path)), why, "rename it, then import again"))


def _screened(found: Found, look: Look, include: Sequence[str]) -> tuple[Found | None, list[Left]]:
    """Leaves out files that look as if they held a secret; the whole resource where its first file does. Keys of
    shared files were looked at one by one."""
    if found.claims[0].item:
        return found, []
    secret = {
        claim: reason
        for claim, source in zip(found.claims, found.sources, strict=True)
        if (reason := _secret(claim.path, source.file.content)) and look.show(*claim[:2]) not in include
    }
    out = [Left(claim, reason) for claim, reason in secret.items()]
    if found.claims[0] in secret:
        return None, out + [Left(c, "its main file was not taken") for c in found.claims if c not in secret]
    pairs = [(s, c) for s, c in zip(found.sources, found.claims, strict=True) if c not in secret]
    return Found(found.ref, tuple(s for s, _ in pairs), tuple(c for _, c in pairs)), out


def _secret(path: str, content: bytes) -> str:
    if masking.find(path):
        return "its name looks like a secret: `--include` takes it after a false alarm"
    if not masking.looks_secret(content):
        return ""
    spans = masking.find(content.decode(errors="replace"))
    line = content.decode(errors="replace").count("\n", 0, spans[0].start) + 1 if spans else 1
    return f"looks as if it held a secret (line {line}): `--include` takes it after a false alarm"


def _never_entered(layout: Layout) -> Iterable[Left]:
    for root, place in layout.places.items():
        for path, reason in place.skipped.items():
            if (root, path) not in layout.texts:
                yield Left(Claim(root, path), reason)
        for problem in place.problems:
            path = problem.origin.path.removeprefix(f"{place.shown or place.folder}/")
            yield Left(Claim(root, path), problem.text, replace(problem, severity=Severity.WARNING))


def _too_large(layout: Layout) -> Iterable[Left]:
    for claim in _claims(layout):
        size = layout.places[claim.root].files[claim.path].size
        if size > TOO_LARGE:
            yield Left(claim, f"{size / (1 << 20):.1f} MiB is too large for git to follow")


def _claims(layout: Layout) -> Iterable[Claim]:
    return (Claim(root, path) for root, place in layout.places.items() for path in place.files)


def without(layout: Layout, taken: set[Claim]) -> Layout:
    """The same layout less some files and keys."""
    places = {
        root: replace(place, files={p: e for p, e in place.files.items() if Claim(root, p) not in taken})
        for root, place in layout.places.items()
    }
    return replace(layout, places=places, taken=layout.taken | {c for c in taken if c.item})

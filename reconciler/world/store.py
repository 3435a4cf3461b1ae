"""The journal in a SQLite file: ownership, contents and history; every method that writes is durable when it returns.

Reading makes nothing: without a file the answers are empty, the first write makes it. Contents are kept once, under
their fingerprint, compressed; what looks like a secret is sealed first, and messages are masked, so that the state
folder never becomes the place where keys leak.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from reconciler.formats import masking, splices
from reconciler.model.change import ABSENT, LATER, Action, Change, Recorded
from reconciler.model.dress import Dress, decoded
from reconciler.model.event import Suspension
from reconciler.model.outcome import Intent, Outcome, Run, Status, Step
from reconciler.model.problem import Problem, invalid
from reconciler.model.resource import Claim, History, Revision, Still
from reconciler.world import store_doubts, store_retention, store_rows
from reconciler.world.logbook import Book
from reconciler.world.seal import Seal
from reconciler.world.store_file import MEMORY, StateFile
from reconciler.world.store_schema import AWAY, meta, now
from reconciler.world.store_steps import Steps

if TYPE_CHECKING:
    import sqlite3

Settled = tuple[Change[Any], Outcome]
FASTEST = 1
NOTHING = -1
LEFT = "left undone when the run was closed"


class Store:
    """The Journal of one user and HOME. `roots`: the folders that the roots' names stand for now."""

    def __init__(self, path: str, seal: Seal, roots: Mapping[str, str], home: str) -> None:
        self._file = StateFile(path, home, seal)
        self._seal = seal
        self._roots = dict(roots)
        self._masker = masking.Masker()
        self._rows: tuple[object, Sequence[Recorded]] = None, ()
        self._digest: tuple[object, str] = None, ""
        self._begun: dict[int, int] = {}

    @classmethod
    def memory(cls, key: bytes, roots: Mapping[str, str] | None = None, home: str = "") -> Store:
        """A store that ends with the process and makes no file; it seals all the same."""
        return cls(MEMORY, Seal.in_memory(key), roots or {}, home)

    def close(self) -> None:
        self._file.close()

    @cached_property
    def book(self) -> Book:
        """What the loop writes, in the same file."""
        return Book(self._file)

    def suspensions(self, repo: str) -> Sequence[Suspension]:
        return self.book.suspensions(repo)

    # ---- what is kept

    def key(self) -> bytes:
        with self._file.reading() as db:
            return self._seal.key(of_state=db is not None)

    def lost(self, repo: str) -> bool:
        with self._file.reading() as db:
            if db is None:
                return self._seal.marked or self._file.trouble is not None
            return bool(meta(db, "lost")) and not meta(db, f"regained {repo}")

    def regain(self, repo: str) -> None:
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"regained {repo}", now()))

    def troubles(self) -> Sequence[Problem]:
        with self._file.reading():
            return [self._file.trouble] if self._file.trouble else []

    def recorded(self, still: Still | None = None) -> Sequence[Recorded]:
        if still is not None:
            kinds, moved = sorted(still.kinds), [str(ref) for ref in still.moved]
            among = "IN (SELECT value FROM json_each(?))"
            return self._owned(
                f"WHERE kind NOT {among} OR kind || '/' || name {among}", json.dumps(kinds), json.dumps(moved)
            )
        stamp = self._stamp()
        if stamp is None or self._rows[0] != stamp:
            self._rows = stamp, self._owned()
        return self._rows[1]

    def _stamp(self) -> object:
        """Another one whenever anything was written, by whomever; None where there is no state."""
        with self._file.reading() as db:
            if db is None:
                return None
            return self._file.times, id(db), db.total_changes, *db.execute("PRAGMA data_version").fetchone()

    def veiled(self) -> Sequence[Recorded]:
        return self._owned("WHERE veiled != ''")

    def digest(self) -> str:
        stamp = self._stamp()
        if stamp is None or self._digest[0] != stamp:
            self._digest = stamp, self._digested()
        return self._digest[1]

    def _digested(self) -> str:
        columns = "||char(0)||".join(f"coalesce({name}, '-')" for name in f"root_path, {store_rows.OWNED}".split(", "))
        rows = "(SELECT * FROM owned ORDER BY root_path, path, item)"
        said = self._file.rows(f"SELECT group_concat({columns}, char(10)) FROM {rows}")
        return blake2b(str(said).encode(errors="surrogatepass"), digest_size=16, key=self.key()).hexdigest()

    def _owned(self, where: str = "", *values: str) -> Sequence[Recorded]:
        asked = f"SELECT {store_rows.OWNED}, root_path FROM owned {where} ORDER BY root, path, item"
        rows = self._file.rows(asked, *values)
        return [store_rows.owned_row(row[:-1]) for row in rows if row[-1] == self._root(row[0])]

    def repository(self, repo: str) -> str:
        rows = self._file.rows("SELECT folder FROM repositories WHERE id = ?", repo)
        return str(rows[0][0]) if rows else repo

    def made(self) -> frozenset[Claim]:
        names: dict[str, list[str]] = {}
        for name, folder in self._roots.items():
            names.setdefault(folder, []).append(name)
        rows = self._file.rows("SELECT root_path, path, item FROM made")
        return frozenset(store_rows.claim(name, *row[1:]) for row in rows for name in names.get(row[0], ()))

    def content(self, fingerprint: str) -> bytes:
        rows = self._file.rows("SELECT sealed, content FROM blobs WHERE id = ?", fingerprint)
        if not rows or rows[0][0] == NOTHING:
            raise KeyError(fingerprint)
        sealed, kept = rows[0]
        try:
            return zlib.decompress(self._seal.unseal(kept) if sealed else kept)
        except zlib.error:
            raise invalid(self._file.where, "a content that the state keeps is damaged", AWAY) from None

    def runs(self, most: int = 0, *, unended: bool = False) -> Sequence[Run]:
        which = "WHERE ended = ''" if unended else ""
        query = f"SELECT {store_rows.RUN} FROM runs {which} ORDER BY id DESC LIMIT ?"
        return [store_rows.run_row(row) for row in self._file.rows(query, most or -1)]

    def steps(self, run: int) -> Sequence[Step]:
        rows = self._file.rows(f"SELECT {store_rows.STEP} FROM steps WHERE run = ? ORDER BY id", run)
        self._begun.setdefault(run, self._file.times)
        return [store_rows.step_row(row) for row in rows]

    def doubtful(self) -> Sequence[tuple[str, str]]:
        with self._file.reading() as db:
            said = store_doubts.places(db) if db is not None else ()
        names = {folder: name for name, folder in self._roots.items()}
        return sorted((names[folder], path) for folder, path in said if folder in names)

    def cleared(self, places: Sequence[tuple[str, str]], gone: Sequence[Claim]) -> None:
        if places:
            with self._file.writing() as db:
                store_doubts.note(db, less={(self._root(root), path) for root, path in places})
                self._unmake(db, gone)

    def pinned(self, repo: str) -> tuple[str, str] | None:
        rows = self._file.rows("SELECT commit_id, reason FROM pins WHERE repo = ?", repo)
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    # ---- a run

    def begin(
        self,
        verb: str,
        repo: str,
        folder: str,
        revision: Revision,
        host: str,
        *,
        title: str = "",
        opened: Sequence[Intent] = (),
        planned: Sequence[Intent] = (),
    ) -> int:
        intents = [*opened, *planned]
        blobs = self._blobs(intents)
        with self._file.writing() as db:
            db.execute(
                "INSERT INTO repositories VALUES (?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET folder = excluded.folder, seen = excluded.seen",
                (repo, folder, now()),
            )
            known = (verb, repo, *revision, host, now(), "", None, None, self._masker.mask(title))
            run = int(db.execute(store_rows.insert("runs", store_rows.RUN), (None, *known)).lastrowid or 0)
            self._keep(db, blobs)
            Steps(db, run, self._root).plan(opened, planned)
            self._keep_exact(db, run, intents)
            self._keep_dresses(db, run, intents)
            self._promise(db, run, opened)
            self._begun[run] = self._file.times
            return run

    @contextmanager
    def _going_on(self, run: int) -> Iterator[sqlite3.Connection]:
        """One durable transaction, in the very state in which the run began. Raises Invalid."""
        with self._file.writing() as db:
            if self._begun.setdefault(run, self._file.times) != self._file.times:
                text = "the state was removed or replaced during a run: what that did since is recorded nowhere"
                raise invalid(self._file.where, text, "plan again: what cannot be told is held as unknown")
            yield db

    def intend(self, run: int, changes: Sequence[Intent]) -> None:
        blobs = self._blobs(changes)
        with self._going_on(run) as db:
            self._keep(db, blobs)
            self._keep_dresses(db, run, changes)
            Steps(db, run, self._root).intend(changes)
            self._promise(db, run, changes)

    def settle(self, run: int, settled: Sequence[Settled]) -> None:
        with self._going_on(run) as db:
            Steps(db, run, self._root).settle([(c, o, self._said(o.problem)) for c, o in settled])
            done = [change for change, outcome in settled if outcome.status is Status.DONE]
            self._hand_over(db, run, done)
            self._keep_reverses(db, run, settled)
            made = [self._at(claim) for _, outcome in settled for claim in outcome.made]
            db.executemany("INSERT OR IGNORE INTO made VALUES (?, ?, ?)", made)
            doubted = [outcome for _, outcome in settled if outcome.problem and outcome.status in store_doubts.DOUBTED]
            store_doubts.note(db, more={self._at(outcome.claim)[:2] for outcome in doubted})
            gone = {claim for _, outcome in settled for claim in outcome.unmade}
            # What went with one thing and came back with another stands there, and is ours.
            self._unmake(db, [*gone.difference(claim for _, outcome in settled for claim in outcome.made)])

    def finish(self, run: int) -> Run:
        with self._going_on(run) as db:
            db.execute(
                "UPDATE steps SET status = 'skipped', message = ? WHERE run = ? AND status IN ('planned', 'open')",
                (LEFT, run),
            )
            names = [f"{sort}/{run}/*" for sort in ("promised", "exact")]
            db.executemany("DELETE FROM blobs WHERE id GLOB ?", [(name,) for name in names])
            counted = db.execute("SELECT action, status, count(*) FROM steps WHERE run = ? GROUP BY 1, 2", (run,))
            counts: dict[str, int] = {}
            changed = False
            for action, status, many in counted.fetchall():
                word = action if status == Status.DONE else status
                counts[word] = counts.get(word, 0) + many
                changed = changed or (status == Status.DONE and not Action(action).bookkeeping)
            db.execute(
                "UPDATE runs SET ended = ?, counts = ?, generation = coalesce(generation, CASE WHEN ? THEN"
                " (SELECT coalesce(max(generation), 0) + 1 FROM runs) END) WHERE id = ?",
                (now(), json.dumps(counts, sort_keys=True), changed, run),
            )
            row = db.execute(f"SELECT {store_rows.RUN} FROM runs WHERE id = ?", (run,)).fetchone()
            return store_rows.run_row(row)

    def thin(self, keep: History) -> None:
        with self._file.reading() as db:
            runs = store_retention.old(db, keep) if db is not None else []
        if not runs:
            return
        with self._file.writing() as db:
            store_retention.thin(db, runs)
        with self._file.reading() as db:
            if db is not None and store_retention.wasteful(db):
                db.execute("VACUUM")

    def pin(self, repo: str, commit: str, reason: str) -> None:
        if not commit and self.pinned(repo) is None:
            return
        with self._file.writing() as db:
            db.execute("DELETE FROM pins WHERE repo = ?", (repo,))
            if commit:
                db.execute("INSERT INTO pins VALUES (?, ?, ?)", (repo, commit, self._masker.mask(reason)))

    def _unmake(self, db: sqlite3.Connection, gone: Sequence[Claim]) -> None:
        rows = [self._at(claim) for claim in gone]
        db.executemany("DELETE FROM made WHERE root_path = ? AND path = ? AND item = ?", rows)

    # ---- contents

    def _blobs(self, changes: Sequence[Intent]) -> list[tuple[str, int, bytes]]:
        """The contents that are not kept yet, or not yet sealed, ready to be written. Of what holds secrets of ours
        that is the state with references in their place; the whole's fingerprint has nothing behind it."""
        wanted: dict[str, tuple[bytes, str]] = {}
        for change, before, after, _ in changes:
            # The value of a key is kept without the key, which may be all that tells that it is a secret.
            named = next(filter(masking.key_names_secret, change.claim.item), "") or "secret" * change.secret
            for name, content in ((change.before.fingerprint, before), (change.veiled or change.fingerprint, after)):
                if content is not None:
                    why = "" if name == change.veiled else named
                    wanted[name] = content, why or wanted.get(name, (b"", ""))[1]
        query = "SELECT id, sealed FROM blobs WHERE id IN (SELECT value FROM json_each(?))"
        kept = dict(self._file.rows(query, json.dumps(list(wanted))))
        unkept = {intent.change.fingerprint for intent in changes if intent.change.veiled} - {LATER}
        return [
            *((name, NOTHING, b"") for name in unkept),
            *(
                self._blob(name, content, named)
                for name, (content, named) in wanted.items()
                if kept.get(name, NOTHING) < bool(named) or kept.get(name, NOTHING) == NOTHING
            ),
        ]

    def _blob(self, name: str, content: bytes, named: str) -> tuple[str, int, bytes]:
        squeezed = _squeezed(content)
        if not named and not masking.looks_secret(content):
            return name, 0, squeezed
        text = content.decode(errors="replace")
        self._masker.learn(text)
        if named:
            self._masker.hide(text.strip().strip('"'))
        return name, 1, self._seal.seal(squeezed)

    def reverse(self, run: int, kind: str, root: str, path: str) -> bytes:
        return self._kept(f"reverse/{run}/{kind}/{root}/{path}")

    def promised(self, run: int, kind: str, root: str, path: str) -> bytes:
        return self._kept(f"promised/{run}/{kind}/{root}/{path}")

    def exact(self, run: int, kind: str, root: str, path: str) -> bytes:
        return self._kept(f"exact/{run}/{kind}/{root}/{path}")

    def dress(self, run: int, root: str, path: str) -> Dress | None:
        kept = self._kept(f"dress/{run}/{root}/{path}")
        return decoded(kept) if kept else None

    def _kept(self, name: str) -> bytes:
        try:
            return self.content(name)
        except KeyError:
            return b""

    def _keep(self, db: sqlite3.Connection, blobs: Sequence[tuple[str, int, bytes]]) -> None:
        db.executemany(
            "INSERT INTO blobs VALUES (?, ?, ?) ON CONFLICT(id) DO UPDATE"
            " SET sealed = excluded.sealed, content = excluded.content WHERE excluded.sealed > blobs.sealed",
            blobs,
        )

    def _put(self, db: sqlite3.Connection, name: str, content: bytes, change: Change[Any]) -> None:
        """What turns a file back; sealed where the file holds secrets of ours."""
        query = "SELECT count(*) FROM owned WHERE root_path = ? AND path = ? AND veiled != ''"
        secret = change.secret or db.execute(query, self._at(change.claim)[:2]).fetchone()[0]
        db.execute(
            "INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", self._blob(name, content, "secret" if secret else "")
        )

    def _promise(self, db: sqlite3.Connection, run: int, changes: Sequence[Intent]) -> None:
        for change, _, _, expected in changes:
            if expected is not None and expected.reverse:
                self._put(db, _named("promised", run, change), expected.reverse, change)

    def _keep_exact(self, db: sqlite3.Connection, run: int, intents: Sequence[Intent]) -> None:
        for name, change in {_named("exact", run, i.change): i.change for i in intents if i.change.exact}.items():
            self._put(db, name, change.exact, change)

    def _keep_dresses(self, db: sqlite3.Connection, run: int, changes: Sequence[Intent]) -> None:
        """Sealed where there are attributes: anything may be in those."""
        for change in (intent.change for intent in changes):
            if change.dress is not None:
                name, kept = f"dress/{run}/{change.claim.root}/{change.claim.path}", change.dress.encoded()
                blob = self._blob(name, kept, "secret" if change.dress.attributes else "")
                db.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", blob)

    def _keep_reverses(self, db: sqlite3.Connection, run: int, settled: Sequence[Settled]) -> None:
        for change, outcome in settled:
            if outcome.reverse:
                name = _named("reverse", run, change)
                earlier = self._kept(name)
                chained = splices.chain([outcome.reverse, earlier]) if earlier else outcome.reverse
                self._put(db, name, chained, change)

    # ---- steps and ownership

    def _root(self, name: str) -> str:
        """The folder of a root now; what lies below none (a port, a process) has "" for one."""
        return self._roots.get(name, "")

    def _at(self, claim: Claim) -> tuple[str, str, str]:
        return self._root(claim.root), claim.path, store_rows.item(claim)

    def _said(self, problem: Problem | None) -> str:
        return self._masker.mask(problem.text) if problem else ""

    def _hand_over(self, db: sqlite3.Connection, run: int, done: Sequence[Change[Any]]) -> None:
        """Rows of ownership as they are after these changes."""
        gone = [self._at(row.claim) for change in done for row in (change, change.recorded) if row is not None]
        db.executemany("DELETE FROM owned WHERE root_path = ? AND path = ? AND item = ?", gone)
        names = {name for c in done if c.becomes for name in (c.becomes.value, c.becomes.before) if name}
        query = "SELECT id FROM blobs WHERE id IN (SELECT value FROM json_each(?))"
        kept = {name for (name,) in db.execute(query, (json.dumps(list(names)),))}
        rows = [store_rows.with_contents(c.becomes, c, kept) for c in done if c.becomes]
        if any(row.value == ABSENT for row in rows):  # a place of ours where nothing must stand
            db.execute("INSERT OR IGNORE INTO blobs VALUES (?, 0, ?)", (ABSENT, zlib.compress(b"")))
        db.executemany(
            store_rows.insert("owned", f"root_path, {store_rows.OWNED}", "OR REPLACE"),
            [(self._root(row.claim.root), *store_rows.owned_columns(row, run)) for row in rows],
        )


def known_repositories(path: str, home: str = "") -> list[str]:
    """The folders of the repositories that a state knows, the last one used first. Makes nothing. Raises Invalid."""
    state = StateFile(path, home, None)
    try:
        return [str(folder) for (folder,) in state.rows("SELECT folder FROM repositories ORDER BY seen DESC, id")]
    finally:
        state.close()


def _squeezed(content: bytes) -> bytes:
    """Compressed with a window no wider than it takes: to clear a wide one costs more than to compress a small file."""
    window = min(15, max(10, len(content).bit_length() + 1))
    squeezer = zlib.compressobj(FASTEST, zlib.DEFLATED, window, window - 6 if window < 15 else zlib.DEF_MEM_LEVEL)
    return squeezer.compress(content) + squeezer.flush()


def _named(sort: str, run: int, change: Change[Any]) -> str:
    return f"{sort}/{run}/{change.ref.kind}/{change.claim.root}/{change.claim.path}"

"""State databases as earlier versions made them: their tables to the letter, and what an apply had written there."""

from __future__ import annotations

import json
import sqlite3
import zlib
from hashlib import blake2b
from pathlib import Path

TABLES_1 = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE repositories(id TEXT PRIMARY KEY, folder TEXT NOT NULL, seen TEXT NOT NULL) STRICT;
CREATE TABLE blobs(id TEXT PRIMARY KEY, sealed INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE runs(id INTEGER PRIMARY KEY, verb TEXT NOT NULL, repo TEXT NOT NULL, tree TEXT NOT NULL,
    commit_id TEXT NOT NULL, branch TEXT NOT NULL, uncommitted INTEGER NOT NULL, host TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT NOT NULL, generation INTEGER, counts TEXT) STRICT;
CREATE TABLE steps(id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs, root_path TEXT NOT NULL,
    path TEXT NOT NULL, item TEXT NOT NULL, root TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    part TEXT NOT NULL, action TEXT NOT NULL, cause TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    recorded TEXT, status TEXT NOT NULL, message TEXT NOT NULL{becomes}) STRICT;
CREATE TABLE owned(root_path TEXT NOT NULL, path TEXT NOT NULL, item TEXT NOT NULL, root TEXT NOT NULL,
    kind TEXT NOT NULL, name TEXT NOT NULL, part TEXT NOT NULL, repo TEXT NOT NULL,
    value TEXT NOT NULL REFERENCES blobs, standing TEXT NOT NULL, before TEXT REFERENCES blobs, needs TEXT NOT NULL,
    revision TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (root_path, path, item)) STRICT;
CREATE TABLE made(root_path TEXT NOT NULL, path TEXT NOT NULL, item TEXT NOT NULL,
    PRIMARY KEY (root_path, path, item)) STRICT;
CREATE TABLE pins(repo TEXT PRIMARY KEY, commit_id TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE INDEX steps_by_claim ON steps(run, root_path, path, item);
"""
# name → the tables of that version; 1 stood in two shapes
LATER = ", becomes TEXT, wave INTEGER NOT NULL DEFAULT 0, rest TEXT"
SHAPES = {
    "1, without becomes": TABLES_1.format(becomes=""),
    "1": TABLES_1.format(becomes=", becomes TEXT"),
    "2": TABLES_1.format(becomes=LATER).replace("counts TEXT)", "counts TEXT, title TEXT NOT NULL DEFAULT '')"),
}
AGENTS = "/home/me/.config/opencode"


def make(path: Path, shape: str, key: bytes) -> None:
    """A state in which run 1 made `opencode/agents/a.md`, and run 2 was stopped while it wrote `agents/b.md`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode=WAL;" + SHAPES[shape])
    proof = blake2b(b"the key of this state", digest_size=16, key=key).hexdigest()
    db.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", shape[0]), ("key", proof), ("made", "2026-01-01")])
    db.execute("INSERT INTO repositories VALUES ('repo', '/repo', '2026-01-01')")
    contents = {text: blake2b(text, digest_size=16, key=key).hexdigest() for text in (b"-A\n", b"-B\n")}
    db.executemany("INSERT INTO blobs VALUES (?, 0, ?)", [(id_, zlib.compress(t)) for t, id_ in contents.items()])
    for run, ended, counts in ((1, "2026-01-01T00:00:01+00:00", '{"create": 1}'), (2, "", None)):
        known = (run, "apply", "repo", "work", "c" * 40, "main", 0, "laptop", "2026-01-01T00:00:00+00:00", ended)
        row = (*known, 1 if ended else None, counts, *([""] if shape == "2" else []))
        db.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(row))})", row)
    for run, name, status in ((1, "a", "done"), (2, "b", "open")):
        after = contents[f"-{name.upper()}\n".encode()]
        at = (AGENTS, f"agents/{name}.md", "[]", "opencode", "agent", name, "")
        row = ["opencode", at[1], "[]", "agent", name, "", "repo", after, "created", None, "[]", "c" * 40, run]
        step = (None, run, *at, "create", "commit", "absent", after, None, status, "")
        step = (*step, *(() if "without" in shape else (json.dumps(row),)), *((0, None) if shape == "2" else ()))
        db.execute(f"INSERT INTO steps VALUES ({','.join('?' * len(step))})", step)
        if status == "done":
            owned = (*at, "repo", after, "created", None, "[]", "c" * 40, run)
            db.execute(f"INSERT INTO owned VALUES ({','.join('?' * len(owned))})", owned)
    db.commit()
    db.close()
    path.chmod(0o600)

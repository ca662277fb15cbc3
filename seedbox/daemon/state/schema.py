"""The tables, version by version: a new database goes through every step, an old one the rest.

A step is never changed once it is published. Hashes, and paths of this machine (which need not be
UTF-8), are BLOB; times are seconds since the epoch (UTC), days are counted from 1970-01-01.
"""

APPLICATION_ID = 0x73656564  # "seed"; PRAGMA application_id tells whose file it is

_GROW_ONLY = tuple(
    f"CREATE TRIGGER {table}_{event} BEFORE {event} ON {table}"
    f" BEGIN SELECT raise(ABORT, '{table} only grows'); END"
    for table in ("tombstones", "buried", "audit")
    for event in ("UPDATE", "DELETE")
)

_FIRST = (
    """CREATE TABLE meta (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        created REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE datasets (
        id TEXT PRIMARY KEY,
        source BLOB NOT NULL,
        title TEXT NOT NULL,
        version TEXT,
        sequence INTEGER NOT NULL,
        issued REAL NOT NULL,
        expires REAL,
        license TEXT,
        shards INTEGER NOT NULL,
        items INTEGER NOT NULL,
        size INTEGER NOT NULL,
        signed_by TEXT,
        loaded REAL NOT NULL,
        looked REAL NOT NULL,
        next_look REAL,
        problem TEXT,
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        etag TEXT,
        last_modified TEXT
    ) STRICT""",
    """CREATE TABLE shards (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        v1 BLOB CHECK (length(v1) = 20),
        v2 BLOB CHECK (length(v2) = 32),
        dataset TEXT NOT NULL,
        name TEXT NOT NULL,
        rank INTEGER NOT NULL,
        role TEXT NOT NULL,
        items INTEGER NOT NULL,
        size INTEGER NOT NULL,
        license TEXT NOT NULL,
        use TEXT,
        coverage TEXT,
        rendition TEXT,
        folder BLOB,
        skip INTEGER NOT NULL,
        made_here INTEGER NOT NULL CHECK (made_here IN (0, 1)),
        listed_at REAL, listed_by TEXT, listed_detail TEXT,
        verified_at REAL, verified_by TEXT, verified_detail TEXT,
        pause_why TEXT, pause_since REAL, pause_detail TEXT, pause_path BLOB,
        CHECK (key = coalesce(v2, v1))
    ) STRICT""",
    "CREATE INDEX shards_in_order ON shards (dataset, rank, id)",
    """CREATE TABLE stats (
        shard INTEGER PRIMARY KEY REFERENCES shards (id) ON DELETE CASCADE,
        files BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE counters (
        shard INTEGER PRIMARY KEY REFERENCES shards (id) ON DELETE CASCADE,
        uploaded INTEGER NOT NULL,
        announced_at REAL, announced_by TEXT, announced_detail TEXT,
        reachable_at REAL, reachable_by TEXT, reachable_detail TEXT,
        served_at REAL, served_by TEXT, served_detail TEXT
    ) STRICT""",
    """CREATE TABLE tombstones (
        id INTEGER PRIMARY KEY,
        v1 BLOB CHECK (length(v1) = 20),
        v2 BLOB CHECK (length(v2) = 32),
        dataset TEXT NOT NULL,
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE buried (
        hash BLOB PRIMARY KEY,
        tombstone INTEGER NOT NULL REFERENCES tombstones (id)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT""",
    *_GROW_ONLY,
    """CREATE TABLE days (
        day INTEGER PRIMARY KEY,
        uploaded INTEGER NOT NULL,
        free INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE samples (
        step INTEGER NOT NULL,
        at INTEGER NOT NULL,
        uploaded INTEGER NOT NULL,
        rate INTEGER NOT NULL,
        peers INTEGER NOT NULL,
        listed INTEGER NOT NULL,
        verified INTEGER NOT NULL,
        announced INTEGER NOT NULL,
        reachable INTEGER NOT NULL,
        served INTEGER NOT NULL,
        PRIMARY KEY (step, at)
    ) STRICT, WITHOUT ROWID""",
)

# What each shard gave by day, and what trackers said of its swarm. `before` is what `uploaded`
# was when the day of `meta.day` began, so that a day costs one row a shard, and not until it ends.
_DAYS_AND_SWARMS = (
    "ALTER TABLE meta ADD COLUMN day INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE counters ADD COLUMN before INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE counters ADD COLUMN seeds INTEGER",
    "ALTER TABLE counters ADD COLUMN leechers INTEGER",
    "ALTER TABLE counters ADD COLUMN swarm_at REAL",
    "UPDATE counters SET before = uploaded",
    """CREATE TABLE shard_days (
        shard INTEGER NOT NULL REFERENCES shards (id) ON DELETE CASCADE,
        day INTEGER NOT NULL,
        uploaded INTEGER NOT NULL,
        PRIMARY KEY (shard, day)
    ) STRICT, WITHOUT ROWID""",
)

STEPS: tuple[tuple[str, ...], ...] = (_FIRST, _DAYS_AND_SWARMS)  # STEPS[n] makes n + 1 of n
SCHEMA = len(STEPS)  # PRAGMA user_version

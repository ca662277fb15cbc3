-- A state of schema 1 (seedbox, November 2026), by sqlite3's iterdump; never made again.
BEGIN TRANSACTION;
CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        at REAL NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
INSERT INTO "audit" VALUES(1,1700049600.0,'withdrawn','words-0009','a court said so');
CREATE TABLE buried (
        hash BLOB PRIMARY KEY,
        tombstone INTEGER NOT NULL REFERENCES tombstones (id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "buried" VALUES(X'19581E27DE7CED00FF1CE50B2047E7A567C76B1CBAEBABE5EF03F7C3017BB5B7',1);
INSERT INTO "buried" VALUES(X'9CE610A5EDE957DF0C4CE9422AE68BE620521A72',1);
CREATE TABLE counters (
        shard INTEGER PRIMARY KEY REFERENCES shards (id) ON DELETE CASCADE,
        uploaded INTEGER NOT NULL,
        announced_at REAL, announced_by TEXT, announced_detail TEXT,
        reachable_at REAL, reachable_by TEXT, reachable_detail TEXT,
        served_at REAL, served_by TEXT, served_detail TEXT
    ) STRICT;
INSERT INTO "counters" VALUES(1,100,1700049602.0,'tracker','udp://tracker.example.org:6969/announce',1700049603.0,'incoming','203.0.113.5:6881',1700049604.0,'bytes','16,384 bytes');
INSERT INTO "counters" VALUES(2,200,1700049602.0,'tracker','udp://tracker.example.org:6969/announce',1700049603.0,'incoming','203.0.113.5:6881',1700049604.0,'bytes','16,384 bytes');
CREATE TABLE datasets (
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
    ) STRICT;
CREATE TABLE days (
        day INTEGER PRIMARY KEY,
        uploaded INTEGER NOT NULL,
        free INTEGER NOT NULL
    ) STRICT;
INSERT INTO "days" VALUES(19676,300,0);
CREATE TABLE meta (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        created REAL NOT NULL
    ) STRICT;
INSERT INTO "meta" VALUES(1,1700049600.0);
CREATE TABLE samples (
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
    ) STRICT, WITHOUT ROWID;
CREATE TABLE shards (
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
    ) STRICT;
INSERT INTO "shards" VALUES(1,X'6B86B273FF34FCE19D6B804EFF5A3F5747ADA4EAA22F1D49C01E52DDB7875B4B',X'6E23C8427C8FFB8BAAF5A2733FA72298AEE03D5C',X'6B86B273FF34FCE19D6B804EFF5A3F5747ADA4EAA22F1D49C01E52DDB7875B4B','example/words','words-0001',1,'data',1000,10000000000,'CC0-1.0','0.012500','0.98','opus-24k',X'2F7372762F646174612F6578616D706C652F776F726473',1,1,1700049600.0,'manifest','words.yaml',1700049601.5,'hash','2 files',NULL,NULL,NULL,NULL);
INSERT INTO "shards" VALUES(2,X'10DF4638F58001DB00E9C3F68194F09D71762032',X'10DF4638F58001DB00E9C3F68194F09D71762032',NULL,'example/words','words-0002',2,'data',1000,10000000000,'CC0-1.0','0.012500','0.98','opus-24k',X'2F7372762F646174612F6578616D706C652F776F726473',1,1,1700049600.0,'manifest','words.yaml',1700049601.5,'hash','2 files','paused',1700049600.0,'by hand',NULL);
CREATE TABLE stats (
        shard INTEGER PRIMARY KEY REFERENCES shards (id) ON DELETE CASCADE,
        files BLOB NOT NULL
    ) STRICT;
INSERT INTO "stats" VALUES(1,X'0002000000000000000000000000808B9C1ACA97174D00000000000000050000000000000001808B9C1ACA97174E00000000000000776F7264732D303030312FD187D0B0D181D182D0B82F302E74787400776F7264732D303030312FD187D0B0D181D182D0B82F312E747874');
INSERT INTO "stats" VALUES(2,X'0002000000000000000000000000808B9C1ACA97174D00000000000000050000000000000001808B9C1ACA97174E00000000000000776F7264732D303030322FD187D0B0D181D182D0B82F302E74787400776F7264732D303030322FD187D0B0D181D182D0B82F312E747874');
CREATE TABLE tombstones (
        id INTEGER PRIMARY KEY,
        v1 BLOB CHECK (length(v1) = 20),
        v2 BLOB CHECK (length(v2) = 32),
        dataset TEXT NOT NULL,
        name TEXT NOT NULL,
        reason TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT;
INSERT INTO "tombstones" VALUES(1,X'9CE610A5EDE957DF0C4CE9422AE68BE620521A72',X'19581E27DE7CED00FF1CE50B2047E7A567C76B1CBAEBABE5EF03F7C3017BB5B7','example/words','words-0009','a court said so',1700049600.0);
CREATE INDEX shards_in_order ON shards (dataset, rank, id);
CREATE TRIGGER tombstones_UPDATE BEFORE UPDATE ON tombstones BEGIN SELECT raise(ABORT, 'tombstones only grows'); END;
CREATE TRIGGER tombstones_DELETE BEFORE DELETE ON tombstones BEGIN SELECT raise(ABORT, 'tombstones only grows'); END;
CREATE TRIGGER buried_UPDATE BEFORE UPDATE ON buried BEGIN SELECT raise(ABORT, 'buried only grows'); END;
CREATE TRIGGER buried_DELETE BEFORE DELETE ON buried BEGIN SELECT raise(ABORT, 'buried only grows'); END;
CREATE TRIGGER audit_UPDATE BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'audit only grows'); END;
CREATE TRIGGER audit_DELETE BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'audit only grows'); END;
COMMIT;

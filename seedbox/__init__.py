"""seedbox: share open datasets over BitTorrent.

Formats know nothing, plans decide, jobs act, the daemon repeats, the command line only talks.

```
cli/         one file per command: parse, plan, run, show; the composition root
console/     the only printer: tables, progress, errors, --json
config       Config: defaults < TOML file < SEEDBOX_* < flags; each value knows where it came from
errors/      SeedboxError and subclasses: data, code, exit status, hint
units        sizes, rates, durations, ratios: parse and format
jobs/        carry out a plan, emit events, return a report
disk/        every file operation: scan, spans, atomic write, free space, lock, safe joins
web/         asking web servers: documents and byte ranges by HTTP, bounded in time and size
hashing/     SHA-1 pieces and SHA-256 blocks on all cores
catalog/     items: popularity tables, packing into tar shards, renditions and their encoders
manifest/    WHAT we share (pure): model, parse, lint, licenses, coverage, signature
torrent/     THE FORMATS (pure): bencode, metainfo, pieces, merkle, magnet
plan/        WHAT SHOULD HAPPEN (pure): build, verify, fetch, mirror
engine/      THE SWARM: base (protocol and values, pure), libtorrent (its only import), scrape
daemon/      THE LONG RUN: loop, state (SQLite), record, api and metrics (pure), server, client
```

Left may import right, never the other way (import-linter enforces it):

```
cli > console | daemon > jobs > engine.libtorrent | hashing | catalog > disk | web > config | plan
    > engine.base > manifest > torrent > units > errors
```

The pure packages, `engine.base`, `units` and `errors` do no I/O: clock, randomness, free space
and directory listings are arguments. See docs/design.md for the whole of it.
"""

__version__ = "0.1.0"

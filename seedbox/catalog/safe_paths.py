"""The paths of a whole table held to the rules of `torrent.paths`, without all of them in Python.

Most paths are plain: ASCII words, of which SQL can tell that they are safe, and whose lower case is
what `casefold` makes of them. All others go through `torrent.paths` in batches, which folds them as
it does everywhere: DuckDB's lower() is no casefold, and its normal form is another. Then clashes
are looked for among the folded paths, and among the folders of all paths.
"""

from __future__ import annotations

from seedbox.catalog.archives import batches
from seedbox.catalog.database import Database
from seedbox.plan.build import unsafe
from seedbox.torrent import paths

_MOST_SHOWN = 20  # paths of one kind in a message
# Words that end in neither a dot nor a space, and that Windows does not keep for devices. So short
# that no segment is too long, nor are there too many of them.
_WORD = r"[0-9A-Za-z._@+=,()~ -]*[0-9A-Za-z_@+=,()~-]"
PLAIN = (
    f"(strlen(path) <= 190 AND regexp_full_match(path, '({_WORD}/)*{_WORD}') "
    "AND NOT regexp_matches(path, '(?i)(^|/)(con|prn|aux|nul|com[0-9]|lpt[0-9]) *([./]|$)') "
    "AND NOT contains(path, 'padding_file'))"
)
_FOLDED = "CREATE OR REPLACE TABLE folded (row BIGINT, path VARCHAR, key VARCHAR)"
_KEYED = f"""
CREATE OR REPLACE VIEW keyed AS
SELECT path, lower(path) AS key FROM arranged WHERE {PLAIN}
UNION ALL SELECT path, key FROM folded
"""
_CLASHES = """
CREATE OR REPLACE TABLE clashes AS
SELECT path, first_value(path) OVER (PARTITION BY key ORDER BY path) AS other FROM {0}
WHERE hash(key) IN (SELECT hash(key) AS mark FROM {0} GROUP BY mark HAVING count(*) > 1)
QUALIFY path <> other
"""  # names that are written in several ways, each beside the first
_ABOVE = "regexp_replace({0}, '/[^/]*$', '')"  # the folder of a path
_FOLDERS = f"""
CREATE OR REPLACE TABLE folders AS
SELECT DISTINCT {_ABOVE.format("path")} AS path, {_ABOVE.format("key")} AS key, 0 AS height
FROM keyed WHERE contains(path, '/')
"""
_HIGHER = f"""
INSERT INTO folders
SELECT DISTINCT {_ABOVE.format("path")} AS above, {_ABOVE.format("key")}, height + 1 FROM folders
WHERE height = ? AND contains(path, '/') AND above NOT IN (SELECT path FROM folders)
"""
_NEEDED = """
CREATE OR REPLACE TABLE clashes AS
SELECT keyed.path, min(folders.path) AS other FROM keyed JOIN folders ON keyed.key = folders.key
GROUP BY keyed.path
"""


def refuse_unsafe(database: Database, root: str) -> None:
    """Refuse paths that no torrent may hold, alone or beside each other.

    Args:
        database: Has what `order.order` made.
        root: The folder that all of them lie in.

    Raises:
        UnsafePathsError: There are some; how many of them, and the first.
    """
    if why := paths.problem((root,)):
        raise unsafe(root, [f"{root!r} {why}"], 1)
    found = _Found(database)
    odd = _alone(database, root, found)
    database.run(_KEYED)
    (upper,) = database.row("SELECT count(*) FROM arranged WHERE lower(path) <> path")
    if odd or upper:  # no path comes twice as it is written: `tables.settle` has seen to it
        found.clashes(_CLASHES.format("keyed"), "is the same as {} on some systems")
    (sloped,) = database.row("SELECT count(*) FROM arranged WHERE contains(path, '/')")
    if sloped:
        _list_folders(database)
        found.clashes(
            _CLASHES.format("folders"), "is a folder that is the same as {} on some systems"
        )
        found.clashes(_NEEDED, "is a file where another path has the folder {}")
    if found.count:
        raise unsafe(root, found.words, found.count)
    database.run("DROP VIEW keyed")
    for table in ("folded", "clashes", "folders"):
        database.run(f"DROP TABLE IF EXISTS {table}")


class _Found:
    """What was found so far."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.words: list[str] = []
        self.count = 0

    def add(self, path: str, why: str) -> None:
        """Count a path that is refused."""
        self.count += 1
        if len(self.words) < _MOST_SHOWN:
            self.words.append(f"{path!r} {why}")

    def clashes(self, query: str, why: str) -> None:
        """Run a query that makes the table `clashes`, and count its rows."""
        self._database.run(query)
        (count,) = self._database.row("SELECT count(*) FROM clashes")
        rows = self._database.rows(
            "SELECT path, other FROM clashes ORDER BY path LIMIT ?", _MOST_SHOWN
        )
        for path, other in rows:
            self.add(path, why.format(repr(other)))
        self.count += count - len(rows)


def _alone(database: Database, root: str, found: _Found) -> int:
    """Judge each path that is not plain, and fold it; return how many there are."""
    database.run(_FOLDED)
    count = 0
    for batch in batches(database, f"NOT {PLAIN}"):
        count += len(batch)
        rows: list[tuple[int, str, str]] = []
        for row, path in batch:
            parts = tuple(path.split("/"))
            if why := paths.problem((root, *parts)):
                found.add(path, why)
            else:
                rows.append((row, path, "/".join(paths.folded(parts))))
        if rows:
            insert = "INSERT INTO folded SELECT unnest(?), unnest(?), unnest(?)"
            database.run(insert, *map(list, zip(*rows, strict=True)))
    return count


def _list_folders(database: Database) -> None:
    """Make the table `folders`: every folder on the way to an item, as written and folded."""
    database.run(_FOLDERS)
    height = 0
    while database.row("SELECT count(*) FROM folders WHERE height = ?", height)[0]:
        database.run(_HIGHER, height)
        height += 1

"""Make a table of synthetic items, in Parquet: ids like digests, values that fall as Zipf's law.

Rows come in no order, as from an archive's database. The same count gives the same table.

Run by run.py in a process of its own: python benchmarks/catalog/make.py ROWS FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

# The rank is the row number moved about by a step that has no divisor with the count, so every
# rank comes once, and the table is in no order. Of the tail, most have the same few values.
_QUERY = """
COPY (
    SELECT format('{{:016x}}', hash(number)) AS id,
        CAST(hash(number + 1) % 2000000 AS BIGINT) AS size,
        CAST(CAST(1000000000 AS DOUBLE) / (1 + number * {step} % {rows}) AS DECIMAL(38, 3))
            AS popularity
    FROM range({rows}) AS numbers (number)
) TO '{file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)
"""
_STEP = 179_424_673  # a prime


def main() -> None:
    """Write the table."""
    rows, file = int(sys.argv[1]), Path(sys.argv[2])
    with duckdb.connect(config={"memory_limit": "1GiB", "threads": 2}) as connection:
        connection.execute(_QUERY.format(rows=rows, step=_STEP, file=file))


if __name__ == "__main__":
    main()

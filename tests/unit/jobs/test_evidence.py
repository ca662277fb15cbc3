"""Evidence of several licenses in one manifest."""

import os
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from seedbox.jobs.evidence import hold, look
from seedbox.manifest.model import Evidence, License
from support.datasets import entry, manifest
from support.raw_web import ok, raw_server

TODAY = date(2026, 5, 6)
PAGE = sha256(b"page").digest()


def test_each_page_is_fetched_once_and_each_license_of_it_is_told() -> None:
    with raw_server([ok(b"page")]) as server:
        right, wrong = (
            License("CC0-1.0", evidence=Evidence(server.url("/p"), sha256=digest))
            for digest in (PAGE, bytes(32))
        )
        shards = [
            entry("a", license=right),
            entry("b", license=wrong),
            entry("c", license=License("CC0-1.0")),
            entry("d"),
        ]
        held = hold(manifest(*shards, license=right), file="m.yaml", today=TODAY)

    (problem,) = held.problems
    assert (problem.path, problem.file) == ("shards[1].license.evidence", "m.yaml")
    assert problem.message == (
        f"{server.url('/p')} had SHA-256 {'00' * 32}, on 2026-05-06 it has {PAGE.hex()}"
    )
    assert held.checked == 1
    assert server.targets == ["/p"]


def test_a_manifest_without_a_license_has_nothing_to_check() -> None:
    held = hold(manifest(entry("a"), license=None), file="m.yaml", today=TODAY)

    assert (held.checked, held.problems) == (0, ())


def test_the_day_of_a_copy_is_that_of_its_last_change_in_utc(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_bytes(b"page")
    os.utime(copy, (1_599_955_199, 1_599_955_199))  # 12 September 2020, 23:59:59 UTC
    stated = Evidence("pkg:npm/a@1")

    looked = look(stated, file=copy, today=TODAY)
    dated = look(replace(stated, retrieved=date(2020, 1, 2)), file=copy, today=TODAY)

    assert (looked.sha256, looked.retrieved) == (PAGE, date(2020, 9, 12))
    assert dated.retrieved == date(2020, 1, 2)

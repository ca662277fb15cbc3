"""The vendored list, held against what its source says of itself and against SPDX."""

from seedbox.manifest.license_terms import find
from seedbox.manifest.opendefinition import APPROVED, OSI_APPROVED, REJECTED


def test_it_has_the_28_rows_that_the_open_definition_decides() -> None:
    ids = {row.id for row in (*APPROVED, *REJECTED)}

    assert (len(APPROVED), len(REJECTED), len(ids)) == (21, 7, 28)
    assert {row.id for row in REJECTED} == {
        *("CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0"),
        *("ukclickusepsi", "ukcrown", "ukpsi"),
    }


def test_every_spdx_id_in_it_is_one_and_stands_there_once() -> None:
    ids = [spdx for row in (*APPROVED, *REJECTED) for spdx in row.spdx]

    assert len(ids) == len(set(ids)) == 17
    assert [spdx for spdx in ids if (entry := find(spdx)) is None or entry.id != spdx] == []
    assert [spdx for spdx in OSI_APPROVED if find(spdx) is None] == []


def test_addresses_are_absolute() -> None:
    addresses = [row.url for row in (*APPROVED, *REJECTED) if row.url]

    assert len(addresses) == 21
    assert all(address.startswith("https://") for address in addresses)

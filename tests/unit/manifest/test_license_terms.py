"""What is known of single licenses, and that no two sources contradict each other silently."""

import pytest
from license_expression import get_license_index

from seedbox.manifest.license_terms import Source, find, is_ref, shortened, terms_of, unknown
from seedbox.manifest.opendefinition import APPROVED, OSI_APPROVED, REJECTED

OPEN = {"Public Domain", "Permissive", "Copyleft", "Copyleft Limited"}
CATEGORIES = {
    row["spdx_license_key"]: row["category"]
    for row in get_license_index()
    if not row["is_exception"] and not (row["spdx_license_key"] or "LicenseRef").startswith("Lic")
}
# The database calls the left ones closed and the right ones open; the verdict is the other way.
WE_OPEN = {"SISSL", "Watcom-1.0", "any-OSI", "any-OSI-perl-modules"}
WE_REFUSE = {"Aladdin", "JSON", "MS-LPL", "PPL"} | {
    f"GFDL-1.{minor}{invariants}-{versions}"
    for minor in (1, 2, 3)
    for invariants in ("", "-invariants")
    for versions in ("only", "or-later")
}


@pytest.mark.parametrize("row", [*APPROVED, *REJECTED], ids=lambda row: row.id)
def test_the_open_definition_decides_where_it_speaks_and_the_database_agrees(row: object) -> None:
    approved = row in APPROVED
    for spdx in row.spdx:  # type: ignore[attr-defined]
        terms = terms_of(spdx)

        assert (terms.open, terms.source) == (approved, Source.OPEN_DEFINITION)
        assert (CATEGORIES[spdx] in OPEN) is approved


def test_the_osi_and_the_open_definition_never_contradict_each_other() -> None:
    rejected = {spdx for row in REJECTED for spdx in row.spdx}

    assert rejected & OSI_APPROVED == set()
    assert [spdx for spdx in OSI_APPROVED if not terms_of(find(spdx).id).open] == []  # type: ignore[union-attr]


def test_every_contradiction_with_the_database_is_a_known_one() -> None:
    known = {spdx: category for spdx, category in CATEGORIES.items() if find(spdx)}
    ours = {spdx: terms_of(find(spdx).id) for spdx in known}  # type: ignore[union-attr]
    differ = {spdx for spdx, category in known.items() if (category in OPEN) != ours[spdx].open}

    assert {spdx for spdx in differ if ours[spdx].open} == WE_OPEN
    assert {spdx for spdx in differ if not ours[spdx].open} == WE_REFUSE
    assert {ours[spdx].source for spdx in WE_REFUSE} == {Source.READING}


def test_no_variant_of_creative_commons_with_nc_or_nd_is_open() -> None:
    variants = [spdx for spdx in CATEGORIES if {"NC", "ND"} & set(spdx.split("-"))]

    assert len(variants) > 25
    assert [spdx for spdx in variants if terms_of(spdx).open] == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("CC-BY-4.0", "CC-BY-4.0 is open (the Open Definition approves it)"),
        ("GPL-3.0-or-later", "GPL-3.0-or-later is open (the OSI approves it)"),
        ("etalab-2.0", "etalab-2.0 is open (permissive in the license database)"),
        (
            "CC-BY-ND-3.0",
            ("CC-BY-ND-3.0 forbids changed versions (source-available in the license database)"),
        ),
        (
            "WordNet",
            (
                "WordNet is open (as seedbox reads it: it grants every use and asks for its"
                " notices alone)"
            ),
        ),
        (
            "PPL",
            (
                "PPL is not open (as seedbox reads it: it allows commercial use to worker-owned"
                " businesses only)"
            ),
        ),
        (
            "GFDL-1.2-only",
            (
                "GFDL-1.2-only texts may have parts that nobody may change; those without"
                " any are GFDL-1.2-no-invariants-only (as seedbox reads it)"
            ),
        ),
        ("LicenseRef-x", "LicenseRef-x is defined by its publisher alone, not by SPDX"),
    ],
)
def test_the_words_say_who_decided(name: str, why: str) -> None:
    assert terms_of(name).why == why


@pytest.mark.parametrize(
    ("name", "rule", "why"),
    [
        ("CC BY", "unknown-license", "CC BY names no version, such as CC-BY-4.0"),
        ("CC-BY-NC", "non-commercial", "every CC-BY-NC license forbids commercial use"),
        ("cc nd 1.0", "no-derivatives", "every cc nd 1.0 license forbids changed versions"),
        (
            "ukcrown",
            "not-open",
            ("ukcrown is not open (the Open Definition rejects it: UK Crown Copyright)"),
        ),
        (
            "other-open",
            "unknown-license",
            (
                "other-open (Other (Open)) stands for no license that"
                " SPDX lists, so nobody can tell its terms"
            ),
        ),
        (
            "mine",
            "unknown-license",
            ("mine is in no list of licenses that seedbox has, so nobody can tell its terms"),
        ),
    ],
)
def test_an_unknown_name_is_refused_with_what_can_be_said_of_it(
    name: str, rule: str, why: str
) -> None:
    found = unknown(name)

    assert (found.open, found.rule, found.why) == (False, rule, why)


@pytest.mark.parametrize("name", ["mit", "MIT", "GPL-2.0", "gpl-2.0+", "MIT+", "LLVM-exception"])
def test_ids_are_found_in_any_case_with_later_versions_and_former_ids(name: str) -> None:
    assert find(name) is not None


@pytest.mark.parametrize(
    "name", ["", "MIT++", "LLVM-exception+", "LicenseRef-DbCL-1.0+", "LicenseRef-x", "B\u017fD"]
)
def test_what_spdx_does_not_list_is_not_found(name: str) -> None:
    assert find(name) is None


def test_names_that_a_publisher_gives_a_meaning_are_told_by_their_form() -> None:
    own = ["LicenseRef-a", "DocumentRef-a:LicenseRef-b.c-1", "AdditionRef-a"]
    other = ["LicenseRef-", "LicenseRef-a_b", "DocumentRef-a", "MIT", "DocumentRef-a:MIT"]

    assert [name for name in own + other if is_ref(name)] == own


def test_long_names_are_shortened_in_messages() -> None:
    assert shortened("x" * 60) == "x" * 60
    assert shortened("x" * 61) == "x" * 60 + "…"

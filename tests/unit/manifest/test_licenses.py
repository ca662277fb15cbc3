"""Verdicts on licenses, from SPDX and the Open Definition, and the gate made of them."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import LicenseRefusedError
from seedbox.manifest.licenses import Refusal, gate, refused, verdict
from seedbox.manifest.model import License, Manifest
from seedbox.manifest.parse import parse_manifest

EXAMPLE = parse_manifest(Path(__file__).with_name("example.yaml").read_bytes(), file="m.yaml")

OPEN = [
    # as written, normalised
    # --- data and content: the Open Definition's list, and what its terms equal
    ("CC0-1.0", "CC0-1.0"),
    ("CC-BY-4.0", "CC-BY-4.0"),
    ("CC-BY-3.0", "CC-BY-3.0"),
    ("CC-BY-3.0-IGO", "CC-BY-3.0-IGO"),
    ("CC-BY-2.5-AU", "CC-BY-2.5-AU"),
    ("CC-BY-SA-4.0", "CC-BY-SA-4.0"),
    ("CC-BY-SA-2.0", "CC-BY-SA-2.0"),
    ("PDDL-1.0", "PDDL-1.0"),
    ("ODC-By-1.0", "ODC-By-1.0"),
    ("ODbL-1.0", "ODbL-1.0"),
    ("LicenseRef-DbCL-1.0", "LicenseRef-DbCL-1.0"),
    ("CDLA-Permissive-1.0", "CDLA-Permissive-1.0"),
    ("CDLA-Permissive-2.0", "CDLA-Permissive-2.0"),
    ("CDLA-Sharing-1.0", "CDLA-Sharing-1.0"),
    ("CC-PDDC", "CC-PDDC"),
    ("CC-PDM-1.0", "CC-PDM-1.0"),
    ("O-UDA-1.0", "O-UDA-1.0"),
    ("OGL-UK-3.0", "OGL-UK-3.0"),
    ("OGL-Canada-2.0", "OGL-Canada-2.0"),
    ("DL-DE-BY-2.0", "DL-DE-BY-2.0"),
    ("etalab-2.0", "etalab-2.0"),
    ("NLOD-2.0", "NLOD-2.0"),
    ("Unicode-3.0", "Unicode-3.0"),
    ("OFL-1.1", "OFL-1.1"),
    ("WordNet", "WordNet"),
    ("GFDL-1.3-no-invariants-or-later", "GFDL-1.3-no-invariants-or-later"),
    # --- software: the OSI's list
    ("MIT", "MIT"),
    ("Apache-2.0", "Apache-2.0"),
    ("BSD-3-Clause", "BSD-3-Clause"),
    ("ISC", "ISC"),
    ("MPL-2.0", "MPL-2.0"),
    ("EUPL-1.2", "EUPL-1.2"),
    ("GPL-3.0-or-later", "GPL-3.0-or-later"),
    ("AGPL-3.0-only", "AGPL-3.0-only"),
    ("Unlicense", "Unlicense"),
    ("0BSD", "0BSD"),
    ("any-OSI", "any-OSI"),
    # --- spelling
    ("cc-by-4.0", "CC-BY-4.0"),
    ("  mit\n", "MIT"),
    ("GPL-3.0", "GPL-3.0-only"),
    ("GPL-2.0+", "GPL-2.0-or-later"),
    ("LGPL-2.1", "LGPL-2.1-only"),
    ("Apache-2.0+", "Apache-2.0+"),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
    ("wxWindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"),
    ("Open Database License (ODbL) v1.0", "ODbL-1.0"),
    ("https://creativecommons.org/licenses/by-sa/3.0/igo/", "CC-BY-SA-3.0-IGO"),
    # --- AND, OR, WITH
    ("MIT AND CC-BY-4.0", "MIT AND CC-BY-4.0"),
    ("mit and cc-by-4.0", "MIT AND CC-BY-4.0"),
    ("MIT OR CC-BY-NC-4.0", "MIT OR CC-BY-NC-4.0"),
    ("CC-BY-NC-4.0 OR MIT", "CC-BY-NC-4.0 OR MIT"),
    ("MIT OR LicenseRef-Ours", "MIT OR LicenseRef-Ours"),
    ("CC0-1.0 AND (MIT OR CC-BY-ND-4.0)", "CC0-1.0 AND (MIT OR CC-BY-ND-4.0)"),
    ("MIT OR CC-BY-NC-4.0 AND ISC", "MIT OR (CC-BY-NC-4.0 AND ISC)"),  # AND binds tighter
    ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
    ("((MIT))", "MIT"),
]

REFUSED = [
    # as written, rule
    ("CC-BY-NC-4.0", "non-commercial"),
    ("CC-BY-NC-SA-4.0", "non-commercial"),
    ("CC-BY-NC-ND-4.0", "non-commercial"),
    ("CC-BY-NC-3.0-DE", "non-commercial"),
    ("PolyForm-Noncommercial-1.0.0", "not-open"),
    ("CC-BY-ND-4.0", "no-derivatives"),
    ("CC-BY-ND-3.0-DE", "no-derivatives"),
    ("GFDL-1.3-invariants-only", "no-derivatives"),
    ("JSON", "not-open"),
    ("Aladdin", "not-open"),
    ("MS-LPL", "not-open"),
    ("C-UDA-1.0", "not-open"),
    ("BUSL-1.1", "not-open"),
    ("SSPL-1.0", "not-open"),
    ("Elastic-2.0", "not-open"),
    ("Hippocratic-2.1", "not-open"),
    ("NCGL-UK-2.0", "not-open"),
    (None, "missing"),
    ("", "missing"),
    (" \n", "missing"),
    ("NONE", "none"),
    ("NOASSERTION", "noassertion"),
    ("noassertion", "noassertion"),
    ("MIT AND NOASSERTION", "noassertion"),
    ("LicenseRef-Ours", "unknown-ref"),
    ("DocumentRef-a:LicenseRef-b", "unknown-ref"),
    ("LicenseRef-scancode-public-domain", "unknown-ref"),
    ("LicenseRef-MIT-Bootstrap", "unknown-ref"),  # an alias in the database, nobody's promise here
    ("MIT AND LicenseRef-Ours", "unknown-ref"),
    ("proprietary", "unknown-license"),
    ("MIT/X11", "unknown-license"),
    ("Public domain", "unknown-license"),
    ("CC-BY", "unknown-license"),
    ("CC BY", "unknown-license"),
    ("CC-BY-5.0", "unknown-license"),
    ("MIT OR whatever", "unknown-license"),
    ("MIT OR", "invalid-expression"),
    ("AND", "invalid-expression"),
    ("()", "invalid-expression"),
    ("( OR MIT", "invalid-expression"),
    ("(MIT) AND ()", "invalid-expression"),
    ("MIT ISC", "invalid-expression"),
    ("MIT WITH ISC", "invalid-expression"),
    ("LLVM-exception", "invalid-expression"),
    ("(" * 1000 + "MIT" + ")" * 1000, "invalid-expression"),
    (" AND ".join(["MIT"] * 1000), "invalid-expression"),
    # --- AND, OR, WITH
    ("MIT AND CC-BY-NC-4.0", "non-commercial"),
    ("CC-BY-ND-4.0 AND MIT", "no-derivatives"),
    ("CC-BY-NC-4.0 OR CC-BY-ND-4.0", "non-commercial"),
    ("CC0-1.0 AND (CC-BY-NC-4.0 OR CC-BY-ND-4.0)", "non-commercial"),
    ("(MIT OR CC-BY-NC-4.0) AND JSON", "not-open"),
    ("BUSL-1.1 WITH LLVM-exception", "not-open"),
]


@pytest.mark.parametrize(("written", "normalised"), OPEN)
def test_an_open_license_is_open_and_normalised(written: str, normalised: str) -> None:
    found = verdict(written)

    assert (found.open, found.expression, found.rule) == (True, normalised, "open"), found.why
    assert verdict(normalised) == replace(found, expression=normalised)


@pytest.mark.parametrize(("written", "rule"), REFUSED)
def test_any_other_license_is_refused_by_a_rule_that_says_why(
    written: str | None, rule: str
) -> None:
    found = verdict(written)

    assert (found.open, found.rule) == (False, rule)
    assert 10 < len(found.why) < 300


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0 forbids commercial use (the Open Definition rejects it)"),
        ("CC-BY", "CC-BY names no version, such as CC-BY-4.0"),
        (
            "MIT AND CC-BY-ND-4.0",
            (
                "CC-BY-ND-4.0 forbids changed versions (the Open Definition rejects it);"
                " AND needs every part open"
            ),
        ),
        ("MIT OR JSON", "MIT is open (the OSI approves it); OR needs one part open"),
        ("NOASSERTION", "NOASSERTION says that nobody has granted anything"),
        ("LicenseRef-x", "LicenseRef-x is defined by its publisher alone, not by SPDX"),
    ],
)
def test_the_reason_names_the_license_that_decides(written: str, why: str) -> None:
    assert verdict(written).why == why


LEAVES = st.sampled_from(["MIT", "CC0-1.0", "ODbL-1.0", "CC-BY-NC-4.0", "JSON", "LicenseRef-x"])


Tree = str | tuple[str, list["Tree"]]


def is_open(tree: Tree) -> bool:
    """Work out the verdict from the spec's sentence, on a tree of our own."""
    if isinstance(tree, str):
        return tree in {"MIT", "CC0-1.0", "ODbL-1.0"}
    operator, sides = tree
    return (all if operator == "AND" else any)(is_open(side) for side in sides)


def spelled(tree: Tree) -> str:
    if isinstance(tree, str):
        return tree
    operator, sides = tree
    return f"({f' {operator} '.join(spelled(side) for side in sides)})"


@given(
    st.recursive(
        LEAVES,
        lambda inner: st.tuples(
            st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_and_needs_all_sides_open_and_or_one_however_deep(tree: Tree) -> None:
    assert verdict(spelled(tree)).open is is_open(tree)


TOKENS = ["MIT", "AND", "or", "WITH", "(", ")", "()", "+", "LLVM-exception", "é", "LicenseRef-x"]


@given(st.lists(st.sampled_from(TOKENS), max_size=10), st.sampled_from(["", " "]))
def test_any_words_get_a_verdict(words: list[str], between: str) -> None:
    found = verdict(between.join(words))

    assert found.open is (found.rule == "open")


@given(st.text(max_size=40))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert verdict(text).why


# --- the gate ---------------------------------------------------------------------------------


def with_licenses(default: str | None, *own: str | None) -> Manifest:
    licenses = [None if spdx is None else License(spdx) for spdx in (default, *own)]
    shards = [
        replace(EXAMPLE.shards[0], name=f"s{number}", license=license_)
        for number, license_ in enumerate(licenses[1:])
    ]
    return Manifest(replace(EXAMPLE.head, license=licenses[0]), tuple(shards))


def test_an_open_dataset_passes() -> None:
    gate(EXAMPLE)
    gate(EXAMPLE.head)

    assert refused(EXAMPLE) == ()


@pytest.mark.parametrize("default", ["CC-BY-NC-4.0", "LicenseRef-x", None])
def test_a_head_whose_license_is_not_open_is_refused(default: str | None) -> None:
    with pytest.raises(LicenseRefusedError) as caught:
        gate(with_licenses(default).head)

    assert caught.value.exit_status == 7
    assert verdict(default).why in caught.value.message


def test_a_manifest_is_refused_for_its_default_even_if_some_shards_have_their_own() -> None:
    with pytest.raises(LicenseRefusedError, match="forbids commercial use"):
        gate(with_licenses("CC-BY-NC-4.0", "MIT", None))


def test_a_shard_with_a_refused_license_is_refused_alone() -> None:
    manifest = with_licenses("CC-BY-4.0", None, "CC-BY-NC-4.0", "MIT")

    gate(manifest)

    why = "CC-BY-NC-4.0 forbids commercial use (the Open Definition rejects it)"
    assert refused(manifest) == (Refusal("s1", "CC-BY-NC-4.0", "non-commercial", why),)


def test_without_a_default_only_shards_with_their_own_license_pass() -> None:
    manifest = with_licenses(None, "MIT", None)

    gate(manifest)

    assert refused(manifest) == (Refusal("s1", None, "missing", "no license is given"),)


def test_a_manifest_that_leaves_no_shard_is_refused() -> None:
    with pytest.raises(LicenseRefusedError, match="no license is given"):
        gate(with_licenses(None, None, None))

"""Names and URLs of licenses, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.license_names import _NAMES, REPLACED, spdx
from seedbox.manifest.licenses import verdict


@pytest.mark.parametrize(
    ("written", "expression"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("cc by 4.0", "CC-BY-4.0"),
        ("CC-BY 4.0", "CC-BY-4.0"),
        ("CC BY-SA 3.0", "CC-BY-SA-3.0"),
        ("CC BY SA 3.0", "CC-BY-SA-3.0"),
        ("CC BY-NC-SA 4.0", "CC-BY-NC-SA-4.0"),
        ("CC BY v4.0", "CC-BY-4.0"),
        ("CC BY 4.0 International", "CC-BY-4.0"),
        ("CC BY 4.0 License", "CC-BY-4.0"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Creative Commons Attribution 4.0 International Public License", "CC-BY-4.0"),
        ("Creative Commons Attribution-ShareAlike 3.0 Unported", "CC-BY-SA-3.0"),
        ("Creative Commons Attribution Share-Alike 4.0", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution-NonCommercial-NoDerivatives 4.0", "CC-BY-NC-ND-4.0"),
        ("Creative Commons Attribution-NonCommercial 4.0 International", "CC-BY-NC-4.0"),
        ("CC0", "CC0-1.0"),
        ("CC0 1.0 Universal", "CC0-1.0"),
        ("Open Database License (ODbL) v1.0", "ODbL-1.0"),
        ("Open Data Commons Open Database Licence v1.0", "ODbL-1.0"),
        ("ODC-ODbL", "ODbL-1.0"),
        ("Open Data Commons Attribution License v1.0", "ODC-By-1.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("The MIT License.", "MIT"),
        ("Open Government Licence v3.0", "OGL-UK-3.0"),
        ("SIL Open Font License 1.1", "OFL-1.1"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://www.creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode.txt", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.de", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", "CC-BY-NC-ND-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
        ("http://opendatacommons.org/licenses/by/1.0/", "ODC-By-1.0"),
        ("https://opendatacommons.org/licenses/pddl/", "PDDL-1.0"),
        (
            "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            "OGL-UK-3.0",
        ),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://spdx.org/licenses/MIT.html", "MIT"),
        ("https://opensource.org/license/ISC", "ISC"),
    ],
)
def test_a_name_or_url_of_one_license_becomes_its_id(written: str, expression: str) -> None:
    assert verdict(spdx(written)).expression == expression


@pytest.mark.parametrize(
    "written",
    [
        "CC BY",
        "Public domain",
        "Creative Commons",
        "Creative Commons Attribution",
        "BSD",
        "https://example.org/license",
        "https://creativecommons.org/",
        "https://creativecommons.org.example.org/licenses/by/4.0/",
        "https://example.org/?https://creativecommons.org/licenses/by/4.0/",
        "CC BY 4.0 except the photos",
        "not CC BY 4.0",
        "MIT License or proprietary",
        "x" * 1000,
    ],
)
def test_what_could_mean_several_licenses_stays_as_it_is_and_is_refused(written: str) -> None:
    assert spdx(written) == written
    assert not verdict(written).open


@pytest.mark.parametrize("replaced", sorted(REPLACED.values()))
def test_what_replaces_a_deprecated_id_is_spdx(replaced: str) -> None:
    assert verdict(replaced).expression == replaced


@given(st.from_regex(r"[A-Za-z0-9.-]{1,20}( (AND|OR) [A-Za-z0-9.-]{1,20})?", fullmatch=True))
def test_an_expression_is_left_alone_unless_it_is_a_name(expression: str) -> None:
    assert spdx(expression) in {expression, "CC0-1.0", "ODbL-1.0", "ODC-By-1.0", "PDDL-1.0"}


@pytest.mark.parametrize(
    "written",
    [
        "Licence Ouverte v2.0",
        "Unicode License v3",
        "GNU General Public License v3.0",
        "EUPL v1.2",
        "Community Data License Agreement \u2013 Permissive, Version 2.0",
        "Creative Commons Attribution 4.0 International (CC BY 4.0)",
        "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication",
        "Open Data Commons Attribution License 1.0",
        "https://open.canada.ca/en/open-government-licence-canada",
        "FAL-1.3",
    ],
)
def test_a_long_name_is_read_as_a_license_that_spdx_lists(written: str) -> None:
    assert verdict(written).open


def test_every_name_in_the_table_can_be_reached() -> None:
    assert {name: spdx(name) for name in _NAMES} == _NAMES


def test_two_names_in_one_text_have_to_mean_the_same() -> None:
    assert spdx("MIT License (Apache 2.0)") == "MIT License (Apache 2.0)"
    assert spdx("Our own terms (our terms)") == "Our own terms (our terms)"


def test_letters_that_only_look_like_a_name_are_none() -> None:
    assert spdx("ＣＣ BY 4.0") == "ＣＣ BY 4.0"  # noqa: RUF001 - that is the point

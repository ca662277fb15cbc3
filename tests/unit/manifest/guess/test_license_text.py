"""The texts are the beginnings of the real licenses, as far as they tell them apart."""

import pytest

from seedbox.manifest.guess.facts import Stated
from seedbox.manifest.guess.license_text import joined, licenses_of, recognised, spdx_lines, stated

MIT = """\
MIT License

Copyright (c) 2020 Example Lab

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software.
"""
BSD = """\
Copyright (c) 2020, Example Lab. All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:
"""
ISC = """\
Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted"""

TEXTS = {
    "CC0-1.0": "Creative Commons Legal Code\n\nCC0 1.0 Universal\n\n    CREATIVE COMMONS",
    "CC-BY-4.0": "Attribution 4.0 International\n\n====\n\nCreative Commons Corporation",
    "CC-BY-SA-4.0": "# Creative Commons Attribution-ShareAlike 4.0 International Public License",
    "CC-BY-NC-4.0": "Attribution-NonCommercial 4.0 International\n\n====",
    "CC-BY-NC-ND-4.0": "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International",
    "CC-BY-NC-SA-4.0": "Attribution-NonCommercial-ShareAlike 4.0 International\n\n====",
    "CC-BY-SA-3.0": "Creative Commons Legal Code\n\nAttribution-ShareAlike 3.0 Unported\n",
    "CC-BY-2.0": "Creative Commons Attribution 2.0 Generic",
    "ODbL-1.0": "## ODC Open Database License (ODbL)\n\n### Preamble\n\nThe Open Database License",
    "ODC-By-1.0": "##\n\nODC Attribution License (ODC-By) ###\n\nPreamble\n\nThe Open Data Commons"
    " Attribution License is a license agreement intended",
    "PDDL-1.0": "Open Data Commons Public Domain Dedication & License (PDDL)\n\nPreamble\nThe Open"
    " Data Commons - Public Domain Dedication & Licence is a document",
    "CDLA-Permissive-1.0": "Community Data License Agreement \u2013 Permissive \u2013 Version 1.0",
    "CDLA-Permissive-2.0": "# Community Data License Agreement - Permissive - Version 2.0\n",
    "CDLA-Sharing-1.0": "Community Data License Agreement \u2013 Sharing \u2013 Version 1.0",
    "Apache-2.0": "                Apache License\n          Version 2.0, January 2004\n",
    "MPL-2.0": "Mozilla Public License Version 2.0\n==================================\n",
    "OFL-1.1": "SIL OPEN FONT LICENSE Version 1.1 - 26 February 2007",
    "Unicode-3.0": "UNICODE LICENSE V3\n\nCOPYRIGHT AND PERMISSION NOTICE",
    "Unlicense": "This is free and unencumbered software released into the public domain.",
    "MIT": MIT,
    "MIT-0": MIT.replace("MIT License", "MIT No Attribution"),
    "ISC": f"{ISC}, provided that the above copyright notice appear in all copies.",
    "0BSD": f"{ISC}.",
    "BSD-2-Clause": f"{BSD}\n1. Redistributions of source code must retain the notice.",
    "BSD-3-Clause": f"{BSD}\n3. Neither the name of the copyright holder nor the names",
    "BSD-4-Clause": f"{BSD}\n3. All advertising materials mentioning features or use",
}


@pytest.mark.parametrize("spdx", TEXTS)
def test_a_license_is_recognised_by_its_first_lines(spdx: str) -> None:
    assert recognised(TEXTS[spdx]) == spdx


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("Data: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/.", "CC-BY-4.0"),
        ("See [ODbL](https://opendatacommons.org/licenses/odbl/1-0/).", "ODbL-1.0"),
        ("Licensed under the Creative Commons Attribution 3.0 License", "CC-BY-3.0"),
        ("https://creativecommons.org/licenses/by/3.0/de/", "CC-BY-3.0-DE"),
        ("Our data is CC0.", "CC0-1.0"),
    ],
)
def test_a_note_that_names_one_license_is_enough(text: str, spdx: str) -> None:
    assert recognised(text) == spdx


@pytest.mark.parametrize(
    "text",
    [
        "",
        "All rights reserved.",
        "Free for everybody!",
        "The code is under the MIT License, the data under CC BY 4.0.",
        "CC BY 4.0, for non-commercial use only",
        "CC BY 4.0, for research purposes only",
        f"{MIT}\n“Commons Clause” License Condition v1.0",
        f"{MIT}\n{'x' * 3000}\nNo commercial use.",
        f"{BSD}\nThis software is not designed for use in a nuclear facility",
        "Creative Commons Legal Code\n\nAttribution 3.0 Germany\n",
        "Attribution 3.0 IGO",
        "Creative Commons Attribution",
        "The old data was CC BY 3.0 Unported, the new is CC BY 4.0",
    ],
)
def test_a_text_that_could_mean_another_license_is_not_recognised(text: str) -> None:
    assert recognised(text) is None


@pytest.mark.parametrize(
    ("line", "spdx"),
    [
        ("SPDX-License-Identifier: CC-BY-4.0", "CC-BY-4.0"),
        ("<!-- SPDX-License-Identifier: ODbL-1.0 -->", "ODbL-1.0"),
        ("# spdx-license-identifier: MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("/* SPDX-License-Identifier: CC0-1.0 */", "CC0-1.0"),
    ],
)
def test_an_spdx_line_is_read_out_of_its_comment(line: str, spdx: str) -> None:
    found = spdx_lines(f"Copyright Example Lab\n{line}\n\nmore")

    assert found is not None
    assert found.spdx == spdx


def test_all_spdx_lines_of_a_file_apply() -> None:
    text = "SPDX-License-Identifier: MIT OR ISC\nSPDX-License-Identifier: CC-BY-4.0\n"

    assert spdx_lines(text) == Stated("MIT OR ISC AND CC-BY-4.0", "(MIT OR ISC) AND CC-BY-4.0")


def test_an_spdx_line_inside_a_sentence_is_not_one() -> None:
    assert spdx_lines("Write SPDX-License-Identifier: MIT into each file") is None


def test_the_first_known_of_several_ways_to_state_a_license_counts() -> None:
    url = "https://creativecommons.org/licenses/by/4.0/"

    assert stated([None, "Our terms", url, "CC BY 4.0"]) == Stated(url, "CC-BY-4.0")


def test_ways_that_mean_different_licenses_leave_it_unknown() -> None:
    url = "https://creativecommons.org/licenses/by-nc/4.0/"

    assert stated(["CC-BY-4.0", url]) == Stated(f"CC-BY-4.0 or {url}", None)


def test_of_a_list_every_entry_has_to_be_understood() -> None:
    def state(value: object) -> Stated | None:
        return stated([value])

    assert licenses_of(["mit", "isc"], state) == Stated("mit AND isc", "MIT AND ISC")
    assert licenses_of(["mit", "isc"], state, "OR") == Stated("mit OR isc", "MIT OR ISC")
    assert licenses_of(["mit", {}], state) == Stated("mit", None)
    assert licenses_of("mit", state) == Stated("mit", "MIT")
    assert licenses_of(None, state) is None


def test_an_unknown_license_keeps_its_words() -> None:
    assert stated(["Our\n terms\x1b[31m"]) == Stated("Our terms[31m", None)


def test_nothing_stated_is_no_license() -> None:
    assert stated([None, "", 7, ["MIT"]]) is None


@pytest.mark.parametrize(
    ("name", "spdx"),
    [
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),  # Hugging Face
        ("odc-by", "ODC-By-1.0"),
        ("pddl", "PDDL-1.0"),
        ("ODC-PDDL-1.0", "PDDL-1.0"),  # Open Definition
        ("odc-odbl", "ODbL-1.0"),
        ("other", None),
        ("cc", None),
        ("NOASSERTION", None),
    ],
)
def test_names_of_data_catalogs_are_known(name: str, spdx: str | None) -> None:
    assert stated([name]) == Stated(name, spdx)


def test_one_unknown_license_of_several_leaves_the_whole_unknown() -> None:
    assert joined([Stated("mit", "MIT"), Stated("other", None)]) == Stated("mit AND other", None)


def test_the_words_of_many_licenses_are_cut() -> None:
    found = joined(Stated(f"our license {number}", None) for number in range(100))

    assert found is not None
    assert len(found.words) <= 200


def test_licenses_to_choose_from_are_joined_by_or() -> None:
    both = [Stated("mit", "MIT"), Stated("isc", "ISC"), Stated("mit", "MIT")]

    assert joined(both, "OR") == Stated("mit OR isc", "MIT OR ISC")


@pytest.mark.timeout(10)  # seconds; what backtracks would take hours
@pytest.mark.parametrize(
    "unit", ["attribution-", "cc by-", "SPDX-License-Identifier", "https://", "[", " ", "\n#"]
)
def test_no_repetition_takes_long(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))

    assert recognised(text) is None
    assert spdx_lines(text) is None

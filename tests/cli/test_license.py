import pytest

from support.cli import run


def test_a_license_that_is_open_is_status_0_and_says_who_decided() -> None:
    ran = run("license", "CC", "BY", "4.0")

    assert (ran.status, ran.err) == (0, "")
    assert [line.split(maxsplit=1) for line in ran.out.splitlines()[:4]] == [
        ["license", "CC BY 4.0"],
        ["read", "as     CC-BY-4.0"],
        ["verdict", "open"],
        ["rule", "open"],
    ]
    assert "decided by  the Open Definition's list" in ran.out.splitlines()


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("CC-BY-NC-4.0", "non-commercial"),
        ("CC BY-ND 4.0", "no-derivatives"),
        ("LicenseRef-Ours", "unknown-ref"),
        ("NOASSERTION", "noassertion"),
        ("(MIT", "invalid-expression"),
        ("", "missing"),
        ("\x1b[31mred", "unknown-license"),
        ("x" * 20_000, "invalid-expression"),
    ],
)
def test_any_other_license_is_status_7_and_the_verdict_is_the_result(
    expression: str, rule: str
) -> None:
    ran, document = run("license", expression), run("license", expression, "--json").document

    assert (ran.status, ran.err) == (7, "")
    assert len(ran.out) < 1_000
    assert "\x1b" not in ran.out
    assert (document["open"], document["rule"]) == (False, rule)
    assert document["why"] in ran.out or rule == "unknown-license"


def test_of_an_expression_the_parts_that_decide_are_told() -> None:
    ran = run("license", "MIT AND (JSON OR CC-BY-NC-4.0)")

    lines = [line.split()[:4] for line in ran.out.splitlines()]
    assert ran.status == 7
    assert lines[-5:] == [
        ["part", "verdict", "decides", "why"],
        ["MIT", "open", "-", "MIT"],
        ["JSON", "OR", "CC-BY-NC-4.0", "refused"],
        ["JSON", "refused", "yes", "JSON"],
        ["CC-BY-NC-4.0", "refused", "yes", "CC-BY-NC-4.0"],
    ]


def test_as_json_parts_are_nested_as_in_the_expression() -> None:
    document = run("license", "(mit or json) and isc", "--json").document

    parts = document.pop("parts")
    assert document == {
        "expression": "(mit or json) and isc",
        "normalised": "(MIT OR JSON) AND ISC",
        "open": True,
        "rule": "open",
        "source": "osi",
        "why": "MIT is open (the OSI approves it); ISC is open (the OSI approves it);"
        " AND needs every part open",
    }
    assert [(part["expression"], part["open"], part["decides"]) for part in parts] == [
        ("MIT OR JSON", True, True),
        ("ISC", True, True),
    ]
    assert [(part["expression"], part["decides"]) for part in parts[0]["parts"]] == [
        ("MIT", True),
        ("JSON", False),
    ]
    assert set(parts[0]) == {*("expression", "open", "rule", "source", "why", "decides", "parts")}


def test_many_reasons_are_counted() -> None:
    ran = run("license", "MIT AND ISC AND 0BSD AND Zlib AND CC0-1.0", "--json")

    assert "; and 2 more; AND needs every part open" in ran.document["why"]
    assert ran.document["source"] is None


def test_a_license_has_to_be_named() -> None:
    assert run("license", "--json").error[:2] == (2, "usage")

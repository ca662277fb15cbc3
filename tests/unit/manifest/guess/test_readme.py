import pytest

from seedbox.manifest.guess.facts import Facts, Rank, Stated
from seedbox.manifest.guess.readme import read_readme


def read(content: str) -> list[Facts]:
    return list(read_readme(content.encode()))


def one(content: str) -> Facts:
    (facts,) = read(content)
    return facts


def test_a_hugging_face_card_is_read_before_its_prose() -> None:
    card = (
        "---\r\nlicense: cc-by-sa-4.0\r\npretty_name: Link graph\r\n"
        "tags:\r\n- graph\r\n- region:us\r\n---\r\n"
        "# Dataset Card for Links\r\n\r\n[![badge](a)](b)\r\n\r\n"
        "**Who** links to\r\n[whom](https://x.y).\r\n\r\nMore.\r\n"
    )

    assert sorted(read(card), key=lambda facts: facts.rank) == [
        Facts(
            rank=Rank.CARD,
            license=Stated("cc-by-sa-4.0", "CC-BY-SA-4.0"),
            title="Link graph",
            keywords=("graph",),
        ),
        Facts(rank=Rank.PROSE, title="Links", description="Who links to whom."),
    ]


CARD = """\
---
annotations_creators:
- found
language:
- en
license:
- cc-by-sa-3.0
- gfdl
multilinguality: [multilingual]
pretty_name: "Wiki: all of it"
size_categories:
- n<1K
configs:
- config_name: "20231101.ab"
  data_files:
  - split: train
    path: "20231101.ab/train-*"
tags:
- doi:10.57967/hf/1234
- wiki
---

# Dataset Card for Wiki

## Dataset Description

- **Homepage:** [the dumps](https://example.org/dumps)
- **Paper:**

### Dataset Summary

Articles of all languages.

### Citation Information

```bibtex
@misc{wiki,
  title = {Wiki}
}
```
"""


def test_the_card_of_a_real_shape_is_read_with_its_citation() -> None:
    prose, facts = read(CARD)

    assert facts.license == Stated("cc-by-sa-3.0 AND gfdl", None)  # which of the GFDL is not said
    assert (facts.title, facts.doi) == ("Wiki: all of it", "10.57967/hf/1234")
    assert facts.keywords == ("wiki",)
    assert (prose.title, prose.description) == ("Wiki", "Articles of all languages.")
    assert prose.homepage == "https://example.org/dumps"
    assert prose.cite_as == "@misc{wiki,\ntitle = {Wiki}\n}"


@pytest.mark.parametrize(
    ("license_", "spdx"),
    [
        ("cc-by-4.0", "CC-BY-4.0"),
        ("odbl", "ODbL-1.0"),
        ("odc-by", "ODC-By-1.0"),
        ("pddl", "PDDL-1.0"),
        ("cdla-permissive-2.0", "CDLA-Permissive-2.0"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
        ("c-uda", "C-UDA-1.0"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("[mit, apache-2.0]", "MIT AND Apache-2.0"),
        ("[mit, other]", None),
        ("other", None),
        ("unknown", None),
        ("cc", None),
        ("gfdl", None),
        ("bigscience-openrail-m", None),
        ("{name: mit}", None),
        ("1.0", None),
    ],
)
def test_the_license_of_a_card_is_read_or_left_unclear(license_: str, spdx: str | None) -> None:
    (_, card) = read(f"---\nlicense: {license_}\n---\n")

    assert (card.license and card.license.spdx) == spdx


def test_the_rarer_fields_of_a_card_are_read() -> None:
    front = "doi: https://doi.org/10.1/x\nhomepage: https://example.org/\nversion: 1.10\n"

    (_, card) = read(f"---\n{front}tags: {{a: b}}\n---\n")

    assert (card.doi, card.homepage, card.version) == ("10.1/x", "https://example.org/", "1.10")
    assert card.keywords == ()


def test_an_other_license_of_a_card_is_named_beside_it() -> None:
    front = "---\nlicense: other\nlicense_name: odbl\nlicense_link: LICENSE\n---\n"

    assert max(read(front), key=lambda facts: -facts.rank).license == Stated("odbl", "ODbL-1.0")


def test_an_other_license_without_a_name_stays_unknown() -> None:
    (_, card) = read("---\nlicense: other\n---\n")

    assert card.license == Stated("other", None)


def test_front_matter_written_by_a_program_with_anchors_is_read() -> None:
    (_, card) = read("---\nlicense: mit\na: &id001 [1]\nb: *id001\n---\n")

    assert card.license == Stated("mit", "MIT")


@pytest.mark.parametrize(
    ("body", "title", "description"),
    [
        ("Links\n=====\n\nWho links.\n", "Links", "Who links."),
        ("# Links #\nWho links.\n", "Links", "Who links."),
        ("Who links.\n", None, "Who links."),
        (
            "# `Links`\n\n<!-- a -->\n\n- list\n\n| a |\n\n    code\n\n_Who_ links.",
            "Links",
            "Who links.",
        ),
        ("# Links\n\n[More Information Needed]\n", "Links", None),
        ("", None, None),
    ],
)
def test_heading_and_first_paragraph_are_found(
    body: str, title: str | None, description: str | None
) -> None:
    facts = one(body)

    assert (facts.title, facts.description) == (title, description)


def test_an_unknown_license_is_not_replaced_by_the_name_of_another() -> None:
    (_, card) = read("---\nlicense: our-own\nlicense_name: mit\n---\n")

    assert card.license == Stated("our-own", None)


@pytest.mark.timeout(10)  # seconds; what backtracks would take hours
@pytest.mark.parametrize(
    "unit", ["# ", "[a](", "---\n", "```\n", "a\n===", "*_", "```\n@a{", "**Homepage:** ["]
)
def test_no_repetition_takes_long(unit: str) -> None:
    assert len(read(unit * (1_000_000 // len(unit)))) <= 2

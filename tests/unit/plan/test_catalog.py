import pytest

from seedbox.errors import UsageError
from seedbox.manifest.licenses import verdict
from seedbox.manifest.model import License
from seedbox.plan.catalog import catalog_license, catalog_name
from support.datasets import head


def test_a_catalog_is_called_after_the_dataset() -> None:
    assert catalog_name(head(id="org.example/river-levels")) == "river-levels-catalog"


def test_a_long_name_is_cut_so_that_the_shard_has_100_characters_at_most() -> None:
    name = catalog_name(head(id=f"org.example/{'n' * 100}"))

    assert (len(name), name[-9:]) == (100, "n-catalog")


@pytest.mark.parametrize("root", ["set-catalog", "Set-Catalog"])
def test_data_in_a_folder_of_the_same_name_is_refused(root: str) -> None:
    with pytest.raises(UsageError, match="the data is called set-catalog"):
        catalog_name(head(root=root))


def test_a_catalog_has_the_license_of_the_dataset() -> None:
    assert catalog_license(head(), [None, License("ODbL-1.0")]) is None


@pytest.mark.parametrize(
    ("shards", "both"),
    [
        (["CC0-1.0", "CC0-1.0"], "CC0-1.0"),
        (["ODbL-1.0", "CC-BY-4.0"], "CC-BY-4.0 AND ODbL-1.0"),
        (["MIT OR Apache-2.0", "CC0-1.0"], "CC0-1.0 AND (MIT OR Apache-2.0)"),
        (["MIT OR Apache-2.0"], "MIT OR Apache-2.0"),
    ],
)
def test_without_one_the_licenses_of_all_shards_hold_together(shards: list[str], both: str) -> None:
    found = catalog_license(head(license=None), map(License, shards))

    assert found == License(both)
    assert verdict(both).open

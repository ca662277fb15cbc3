"""`seedbox build --from`: what people see of a build without a copy."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from support.cli import run
from support.content import contents
from support.origin import Origin, origin
from support.publisher import HEAD, SIZES, TABLE, Publisher, publisher
from support.remote import made

FILES = contents(SIZES)


@pytest.fixture
def server() -> Iterator[Origin]:
    listed = "".join(f"{sha256(data).hexdigest()}  {path}\n" for path, data in FILES.items())
    served = {f"pub/set/{path}": data for path, data in FILES.items()}
    with origin({**served, "pub/set/SHA256SUMS": listed.encode()}) as made:
        yield made


@pytest.fixture
def dataset(tmp_path: Path, server: Origin) -> Publisher:
    made = publisher(tmp_path)
    made.head.write_text(f"{HEAD}origin: {{url: {server.url}pub/set}}\n")
    return made


def remote(dataset: Publisher, where: str, **changes: object) -> list[str]:
    out = dataset.folder / "remote"
    words = dataset.arguments(source=None, out=out, **changes)
    return [*words, "--from", where]


def test_a_list_and_a_table_of_popularity_make_what_a_folder_makes(
    dataset: Publisher, server: Origin
) -> None:
    dataset.build(web_seed=f"{server.url}pub/")

    ran = run(*remote(dataset, f"{server.url}pub/set/SHA256SUMS"), "--json")

    assert ran.status == 0, ran
    assert made(dataset.folder / "remote") == made(dataset.out)
    assert ran.document["hashed"] == sum(SIZES.values())
    assert ran.document["unlisted"] == 1


def test_the_origin_is_a_web_seed_that_can_be_proved(dataset: Publisher, server: Origin) -> None:
    ran = run(*remote(dataset, f"{server.url}pub/set/SHA256SUMS"), "--prove-web-seeds", "--json")

    seeds = [seed["url"] for seed in ran.document["web_seeds"]]
    assert seeds == [f"{server.url}pub/set/b/", f"{server.url}pub/set/", f"{server.url}pub/"]


def test_a_catalog_is_that_of_a_folder_and_has_no_web_seed(
    dataset: Publisher, server: Origin
) -> None:
    dataset.build("--catalog", web_seed=f"{server.url}pub/")

    again = remote(dataset, f"{server.url}pub/set/SHA256SUMS")
    ran = run(*again, "--catalog", "--prove-web-seeds", "--json")

    assert (ran.status, ran.document["shards"][0]["name"]) == (0, "set-catalog")
    assert [seed["shard"] for seed in ran.document["web_seeds"]] == [
        "set-0001",
        "set-0002",
        "set-0003",
    ]
    for name in ["items/0000.parquet", "ids/all.parquet"]:
        ours, theirs = (
            out / "set-catalog" / name
            for out in (Path(ran.document["manifest"]).parent, dataset.out)
        )
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_croissant_document_is_a_list_too(dataset: Publisher, server: Origin) -> None:
    distribution = [{"@type": "cr:FileObject", "contentUrl": path} for path in FILES]
    path = dataset.folder / "croissant.json"
    path.write_text(json.dumps({"@type": "sc:Dataset", "distribution": distribution}))
    dataset.build(web_seed=f"{server.url}pub/")

    assert run(*remote(dataset, str(path))).status == 0

    assert made(dataset.folder / "remote") == made(dataset.out)


def test_without_an_origin_the_folder_of_the_list_becomes_it(
    dataset: Publisher, server: Origin
) -> None:
    dataset.head.write_text(HEAD)
    dataset.table.write_text(TABLE)

    assert run(*remote(dataset, f"{server.url}pub/set/SHA256SUMS")).status == 0

    text = (dataset.folder / "remote" / "manifest.yaml").read_text()
    assert f"url: {server.url}pub/set" in text
    assert run("lint", dataset.folder / "remote" / "manifest.yaml", "--web-seeds").status == 0


def test_a_dry_run_asks_for_sizes_and_reads_nothing(dataset: Publisher, server: Origin) -> None:
    ran = run(*remote(dataset, f"{server.url}pub/set/SHA256SUMS"), "--dry-run", "--json")

    assert [shard["files"] for shard in ran.document["shards"]] == [1, 1, 4]
    asked = [each.method for each in server.asked if not each.path.endswith("SHA256SUMS")]
    assert asked == ["HEAD"] * 6
    assert not (dataset.folder / "remote").exists()


@pytest.mark.parametrize("both", [False, True])
def test_either_a_folder_or_a_list_is_needed(dataset: Publisher, both: bool) -> None:
    words = dataset.arguments(source=dataset.source if both else None)

    status, code, message, hint = run(*words, *(["--from", "list"] if both else []), "--json").error

    assert (status, code) == (2, "usage")
    assert message == "either --source or --from is needed, and not both"
    assert "--from URL" in hint


def test_a_server_that_does_not_have_a_file_is_named(dataset: Publisher, server: Origin) -> None:
    del server.files["pub/set/e.bin"]

    status, code, message, _ = run(
        *remote(dataset, f"{server.url}pub/set/SHA256SUMS"), "--json"
    ).error

    assert (status, code) == (6, "web")
    assert message == f"{server.url}pub/set/e.bin answers 404 Not Found"


def test_two_files_that_make_one_torrent_are_named_by_url(
    dataset: Publisher, server: Origin
) -> None:
    server.files |= {"pub/set/x/same": b"1", "pub/set/y/same": b"1", "pub/set/l": b"x/same\ny/same"}

    error = run(
        *remote(dataset, f"{server.url}pub/set/l", popularity=None, shard_size=1), "--json"
    ).error

    assert error[1] == "source"
    assert error[2].startswith(f"{server.url}pub/set/y/same would make set-0002 the same torrent")

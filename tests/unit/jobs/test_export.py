import json
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import DestinationTakenError, InvalidManifestError, LicenseRefusedError
from seedbox.jobs.export import run_export
from seedbox.jobs.shards import Source
from seedbox.manifest.model import License, Pack, WebSeed
from support.datasets import published
from support.exports import shard, written

FILES = {"a ö.bin": b"a" * 150_000, "b.bin": b"b" * 90_000, "c/d.bin": b"d" * 5000}
SEED = WebSeed("https://example.org/")


def served(folder: Path, **how: Any) -> Source:  # noqa: ANN401  (what `published` takes)
    """A built dataset: a shard of one file, and one of two, both with web seeds."""
    source = published(folder, FILES, **how)
    text = source.path.read_text()
    seeds = "\n  web_seeds: [{url: https://example.org/}]"
    source.path.write_text("".join(add_behind_torrents(text, seeds)))
    return source


def add_behind_torrents(text: str, more: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    return [f"{line.rstrip()}{more}\n" if line.startswith("  torrent:") else line for line in lines]


def node(text: str, identifier: str) -> Any:  # noqa: ANN401  (JSON)
    (found,) = [each for each in json.loads(text)["distribution"] if each["@id"] == identifier]
    return found


def test_without_a_place_nothing_is_written(tmp_path: Path) -> None:
    report = run_export(written(tmp_path), None)

    assert json.loads(report.text)["seedbox:id"] == "org.example/set"
    assert report.path is None
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.yaml"]


def test_a_file_holds_the_same_text(tmp_path: Path) -> None:
    report = run_export(written(tmp_path), tmp_path / "x.json")

    assert report.path == tmp_path / "x.json"
    assert report.path.read_text("ascii") == report.text == run_export(written(tmp_path), None).text


def test_in_a_folder_the_file_has_a_name_that_init_reads(tmp_path: Path) -> None:
    assert run_export(written(tmp_path), tmp_path).path == tmp_path / "croissant.json"


def test_the_same_export_may_be_written_again_and_leaves_the_file_alone(tmp_path: Path) -> None:
    path, out = written(tmp_path), tmp_path / "x.json"
    run_export(path, out)
    before = out.stat()

    run_export(path, out)

    assert (out.stat().st_ino, out.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("content", ["", "{}\n", "mine" * 100_000])
def test_another_file_is_never_replaced(tmp_path: Path, content: str) -> None:
    out = tmp_path / "x.json"
    out.write_text(content)

    with pytest.raises(DestinationTakenError):
        run_export(written(tmp_path), out)

    assert out.read_text() == content


def test_what_is_not_open_is_not_written(tmp_path: Path) -> None:
    path = written(tmp_path, license=License("CC-BY-NC-4.0"))

    with pytest.raises(LicenseRefusedError):
        run_export(path, tmp_path / "x.json")

    assert not (tmp_path / "x.json").exists()


def test_a_file_alone_in_its_torrent_gets_a_link_to_each_web_seed(tmp_path: Path) -> None:
    source = served(tmp_path)

    report = run_export(source.path, None)

    first, second = (each.name for each in source.manifest.shards)
    assert node(report.text, f"{first}/data")["sameAs"] == ["https://example.org/a%20%C3%B6.bin"]
    assert node(report.text, f"{second}/data")["@type"] == "cr:FileSet"
    assert report.unnamed == ()


def test_without_its_torrent_a_file_gets_none_and_is_named(tmp_path: Path) -> None:
    source = served(tmp_path)
    first = source.manifest.shards[0]
    (source.path.parent / first.torrent.path).unlink()

    report = run_export(source.path, None)

    assert report.unnamed == (first.name,)
    assert node(report.text, f"{first.name}/data")["@type"] == "cr:FileSet"


def test_a_torrent_that_is_another_is_refused(tmp_path: Path) -> None:
    source = served(tmp_path)
    first, second = (source.path.parent / each.torrent.path for each in source.manifest.shards)
    first.write_bytes(second.read_bytes())

    with pytest.raises(InvalidManifestError):
        run_export(source.path, None)


def test_of_a_tar_no_torrent_is_needed(tmp_path: Path) -> None:
    path = written(tmp_path, shard("a", web_seeds=(SEED,)), pack=Pack.TAR)

    report = run_export(path, None)

    assert node(report.text, "a/data")["sameAs"] == ["https://example.org/a.tar"]
    assert report.unnamed == ()


@pytest.mark.parametrize("mirrors", [(), ("https://example.org/manifest.yaml",)])
def test_links_are_relative_unless_the_manifest_has_a_mirror(
    tmp_path: Path, mirrors: tuple[str, ...]
) -> None:
    report = run_export(written(tmp_path, mirrors=mirrors), None)

    assert report.relative is (not mirrors)

import json
from pathlib import Path

from seedbox.manifest.model import License, WebSeed
from support.cli import run, snapshot
from support.exports import shard, written
from support.publisher import HEAD, Publisher

NOTES = [
    "creator: not in the manifest; made of id: org.example",
    "url: not in the manifest; made of the first shard: magnet:?xt=",
    "description: not in the manifest; made of title, shards: A set: 781.25 KiB in 6 files",
    "citeAs: not in the manifest; made of creators, issued, title, version, publisher, url: org",
    "links to torrents are relative: keep the export beside the manifest, or give the manifest",
]


def test_the_export_goes_to_standard_output_and_what_was_made_up_to_standard_error(
    built: Publisher,
) -> None:
    before = snapshot(built.folder)

    ran = run("export", "croissant", built.manifest)

    assert ran.status == 0
    document = json.loads(ran.out)
    assert document["name"] == "A set"
    assert len(document["distribution"]) == 6
    lines = ran.err.splitlines()
    assert [line[: len(note)] for line, note in zip(lines, NOTES, strict=True)] == NOTES
    assert snapshot(built.folder) == before


def test_a_manifest_that_can_be_fetched_again_has_links_that_work_anywhere(tmp_path: Path) -> None:
    ran = run("export", "croissant", written(tmp_path, mirrors=("https://example.org/m.yaml",)))

    assert "relative" not in ran.err
    assert '"contentUrl": "https://example.org/torrents/a.torrent"' in ran.out


def test_quiet_leaves_nothing_but_the_export(built: Publisher) -> None:
    loud, quiet = (run("export", "croissant", built.manifest, *q) for q in ((), ("--quiet",)))

    assert (quiet.out, quiet.err) == (loud.out, "")


def test_a_file_gets_the_bytes_that_standard_output_would(built: Publisher) -> None:
    out = built.out / "croissant.json"

    ran = run("export", "croissant", built.manifest, "-o", built.out, "--quiet")

    assert (ran.status, ran.out) == (0, f"wrote {out}: 3 shards\n")
    assert out.read_text("ascii") == run("export", "croissant", built.manifest).out


def test_json_has_the_export_only_if_it_went_to_no_file(built: Publisher, tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    printed = run("export", "croissant", built.manifest, "--json").document
    saved = run("export", "croissant", built.manifest, "-o", out, "--json").document

    assert printed.pop("croissant") == json.loads(out.read_text())
    assert printed.pop("out") is None
    assert saved.pop("out") == str(out)
    assert printed == saved
    assert saved["stand_ins"][0] == {"field": "creator", "value": "org.example", "source": "id"}
    assert (saved["format"], saved["id"], saved["shards"]) == ("croissant", "org.example/set", 3)
    assert (saved["relative"], saved["unnamed"]) == (True, [])


def test_a_file_of_somebody_else_stays(built: Publisher, tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    out.write_text("{}")

    status, code, message, _ = run("export", "croissant", built.manifest, "-o", out, "--json").error

    assert (status, code) == (5, "destination-taken")
    assert str(out) in message
    assert out.read_text() == "{}"


def test_a_manifest_that_is_not_open_is_refused_with_status_7(tmp_path: Path) -> None:
    path = written(tmp_path, shard("a", license=License("CC-BY-ND-4.0")))

    status, code, message, _ = run("export", "croissant", path, "--json").error

    assert (status, code) == (7, "license-refused")
    assert message.startswith("org.example/set, shard a may not be shared: license 'CC-BY-ND-4.0'")


def test_a_manifest_that_breaks_its_rules_is_status_4(tmp_path: Path) -> None:
    path = written(tmp_path, shard("a"), shard("a"))

    assert run("export", "croissant", path, "--json").error[:2] == (4, "invalid-manifest")


def test_files_that_got_no_link_are_named(tmp_path: Path) -> None:
    seeds = (WebSeed("https://example.org/"),)
    shards = [shard(name, web_seeds=seeds) for name in "ab"]

    ran = run("export", "croissant", written(tmp_path, *shards))

    assert ran.err.splitlines()[-1] == (
        "2 shards of one file got no direct link, since the torrent is not beside the manifest: "
        "a, …"
    )


def test_without_a_format_the_help_names_them() -> None:
    ran = run("export")

    assert (ran.status, ran.out) == (2, "")
    assert "\n  croissant  " in ran.err
    assert run("export", "sarif", "--json").error[1:3] == ("usage", "no such command 'sarif'")


def test_subcommands_take_defaults_from_the_variables_and_the_table_of_their_command(
    built: Publisher, tmp_path: Path
) -> None:
    config, out = tmp_path / "my.toml", tmp_path / "x.json"
    config.write_text(f'[export]\nout = "{out}"\nquiet = true\n')

    by_file = run("export", "croissant", built.manifest, env={"SEEDBOX_CONFIG": str(config)})
    by_variable = run("export", "croissant", built.manifest, env={"SEEDBOX_EXPORT_QUIET": "1"})
    config.write_text("[export]\nspeed = 1\n")
    wrong = run("export", "croissant", "m", "--json", env={"SEEDBOX_CONFIG": str(config)})

    assert (by_file.out, by_file.err) == (f"wrote {out}: 3 shards\n", "")
    assert (by_variable.out, by_variable.err) == (out.read_text(), "")
    assert "[export] has no option 'speed'" in wrong.error[2]


def test_init_reads_an_export_back(dataset: Publisher, tmp_path: Path) -> None:
    """What a mirror gets as Croissant tells it what it would have read in the manifest."""
    more = (
        "description: Who reads what.\nhomepage: https://example.org/set\ndoi: 10.5281/zenodo.1\n"
        "keywords: [reading, levels]\ncite_as: '@dataset{…}'\n"
        "creators: [{name: Ada, orcid: 0000-0002-1825-0097}, {name: Example Lab}]\n"
    )
    dataset.head.write_text(HEAD.replace('"1.0"', '"1.0.0"') + more)
    dataset.build()
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "data.bin").write_bytes(b"x")
    run("export", "croissant", dataset.manifest, "-o", folder)

    ran = run("init", folder, "--out", tmp_path / "new.yaml", "--json")

    assert ran.status == 0, ran
    guessed = {each["field"]: each["value"] for each in ran.document["guessed"]}
    assert guessed == {
        "license": "CC-BY-4.0",
        "title": "A set",
        "description": "Who reads what.",
        "homepage": "https://example.org/set",
        "doi": "10.5281/zenodo.1",
        "version": "1.0.0",
        "keywords": "reading, levels",
        "creators": "Ada, Example Lab",
        "cite_as": "@dataset{…}",
    }
    assert "orcid: 0000-0002-1825-0097" in (tmp_path / "new.yaml").read_text()

from support.cli import run, snapshot
from support.publisher import Publisher


def test_a_built_manifest_has_no_problem(built: Publisher) -> None:
    ran = run("lint", built.manifest)

    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"{built.manifest}: no problem (3 shards, 3 torrents at hand)\n"


def test_all_problems_come_at_once_with_line_path_rule_and_hint(built: Publisher) -> None:
    text = built.manifest.read_text()
    built.manifest.write_text(
        text.replace("CC-BY-4.0", "CC-BY-NC-4.0").replace("coverage: 0.8", "coverage: 0.7")
    )
    license_line = text.splitlines().index("  spdx: CC-BY-4.0") + 1

    ran, document = run("lint", built.manifest), run("lint", built.manifest, "--json").document

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"{built.manifest}:{license_line}: license.spdx: ")
    assert lines[0].endswith("[license-non-commercial]")
    assert lines[1].startswith("  hint: ")
    assert lines[-1] == f"{built.manifest}: 2 problems (3 shards, 3 torrents at hand)"
    assert document["ok"] is False
    assert [set(manifest) for manifest in document["manifests"]] == [
        {"manifest", "ok", "shards", "torrents", "signature", "problems"}
    ]
    problems = document["manifests"][0]["problems"]
    assert [problem["path"] for problem in problems] == ["license.spdx", "shards[1].coverage"]
    assert set(problems[0]) == {"rule", "message", "hint", "file", "line", "path"}


def test_torrents_beside_it_are_held_against_it(built: Publisher) -> None:
    built.torrent(1).write_bytes(built.torrent(2).read_bytes())
    built.torrent(3).unlink()

    document = run("lint", built.manifest, "--json").document

    manifest = document["manifests"][0]
    assert (manifest["ok"], manifest["torrents"]) == (False, 2)
    assert {problem["path"] for problem in manifest["problems"]} >= {
        "shards[0].torrent.sha256",
        "shards[0].info_hash.v1",
        "shards[0].size",
    }


def test_a_torrent_that_is_none_is_a_problem_of_its_shard(built: Publisher) -> None:
    built.torrent(1).write_bytes(b"d4:infoi")

    document = run("lint", built.manifest, "--json").document

    (problem,) = document["manifests"][0]["problems"]
    assert (problem["rule"], problem["path"]) == ("torrent", "set-0001")
    assert "is not a usable torrent" in problem["message"]


def test_several_manifests_are_checked_in_one_go(built: Publisher) -> None:
    bad = built.folder / "bad.yaml"
    bad.write_text("seedbox: 1\nid: [\n")
    before = snapshot(built.folder)

    ran = run("lint", built.manifest, bad)

    assert ran.status == 1
    assert f"{built.manifest}: no problem (3 shards, 3 torrents at hand)" in ran.out
    assert f"{bad}: 1 problem (0 shards, 0 torrents at hand)" in ran.out
    assert snapshot(built.folder) == before


def test_no_such_file_is_status_4(built: Publisher) -> None:
    status, code, message, _ = run("lint", built.out / "none.yaml", "--json").error

    assert (status, code) == (4, "source")
    assert message == f"{built.out}/none.yaml does not exist"


def test_without_a_manifest_the_usage_is_wrong() -> None:
    ran = run("lint")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "error[usage]: missing argument 'MANIFEST...'",
        "  hint: Run `seedbox lint --help`.",
    ]

"""The page where a license is stated: recorded by `build`, held against the web by `lint`."""

import os
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.jobs.shards import read_manifest
from support.cli import run
from support.publisher import HEAD, Publisher
from support.web import files_over_http

PAGE = b"<p>All of it is under CC BY 4.0.</p>\n"
DIGEST = sha256(PAGE).hexdigest()
OTHER = sha256(b"All rights reserved.\n").hexdigest()
TERMS = '  attribution: "Example Lab, CC BY 4.0"\n'


@pytest.fixture
def www(tmp_path: Path) -> Path:
    """A folder that is served; `terms.html` states the license."""
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "terms.html").write_bytes(PAGE)
    return folder


@pytest.fixture
def page(www: Path) -> Iterator[str]:
    with files_over_http(www) as (url, _):
        yield f"{url}terms.html"


def stating(dataset: Publisher, url: str, more: str = "") -> Publisher:
    """Let a dataset say where its license is stated."""
    dataset.head.write_text(HEAD.replace(TERMS, f'{TERMS}  evidence: {{url: "{url}"{more}}}\n'))
    return dataset


def recorded(dataset: Publisher) -> tuple[str, str]:
    terms = read_manifest(dataset.manifest).head.license
    assert terms is not None
    assert terms.evidence is not None
    assert terms.evidence.sha256 is not None
    return terms.evidence.sha256.hex(), str(terms.evidence.retrieved)


def today() -> str:
    return str(datetime.now(UTC).date())


# --- build ------------------------------------------------------------------------------------


def test_a_build_records_the_digest_of_the_page_and_the_day(dataset: Publisher, page: str) -> None:
    days = [today()]

    stating(dataset, page).build("--evidence")

    assert recorded(dataset)[0] == DIGEST
    assert recorded(dataset)[1] in [*days, today()]
    assert run("lint", dataset.manifest).status == 0


def test_without_the_flag_nothing_is_fetched(dataset: Publisher) -> None:
    stating(dataset, dead()).build()

    assert "sha256" not in dataset.manifest.read_text().split("shards:")[0]


def test_a_digest_that_is_the_same_gets_a_new_day(dataset: Publisher, page: str) -> None:
    stating(dataset, page, f", retrieved: 2020-01-01, sha256: {DIGEST}").build("--evidence")

    assert recorded(dataset) != (DIGEST, "2020-01-01")


def test_another_digest_refuses_the_build_and_shows_both(dataset: Publisher, page: str) -> None:
    stating(dataset, page, f", retrieved: 2020-01-01, sha256: {OTHER}")

    status, code, message, hint = run(*dataset.arguments(), "--evidence", "--json").error

    assert (status, code) == (4, "evidence-changed")
    assert message == f"{page} has SHA-256 {DIGEST}, the evidence of 2020-01-01 has {OTHER}"
    assert "remove sha256 and retrieved from evidence" in hint
    assert not dataset.manifest.exists()


def test_a_copy_of_the_page_will_do_and_nothing_is_fetched(dataset: Publisher, www: Path) -> None:
    copy = www / "terms.html"
    os.utime(copy, (1_600_000_000, 1_600_000_000))  # 13 September 2020

    stating(dataset, dead()).build("--evidence-file", copy)

    assert recorded(dataset) == (DIGEST, "2020-09-13")


def test_the_day_that_the_dataset_gives_for_a_copy_is_kept(dataset: Publisher, www: Path) -> None:
    stating(dataset, dead(), ", retrieved: 2021-02-03").build("--evidence-file", www / "terms.html")

    assert recorded(dataset) == (DIGEST, "2021-02-03")


def test_a_copy_that_is_another_page_is_refused(dataset: Publisher, www: Path) -> None:
    stating(dataset, dead(), f", sha256: {OTHER}")
    copy = www / "terms.html"

    status, code, message, _ = run(*dataset.arguments(), "--evidence-file", copy, "--json").error

    assert (status, code) == (4, "evidence-changed")
    assert message == f"{copy} has SHA-256 {DIGEST}, the evidence has {OTHER}"


def test_a_file_in_a_package_is_not_fetched_and_a_copy_of_it_will_do(
    dataset: Publisher, www: Path
) -> None:
    stating(dataset, "pkg:npm/name@1.2.3#LICENSE")

    refused = run(*dataset.arguments(), "--evidence", "--json").error
    dataset.build("--evidence-file", www / "terms.html")

    assert refused[:2] == (2, "usage")
    assert refused[2] == "pkg:npm/name@1.2.3#LICENSE is in a package, which is not fetched"
    assert "--evidence-file" in refused[3]
    assert recorded(dataset)[0] == DIGEST


def test_a_page_that_cannot_be_fetched_is_status_6(dataset: Publisher, page: str) -> None:
    gone = page.replace("terms", "gone")
    stating(dataset, gone)

    status, code, message, _ = run(*dataset.arguments(), "--evidence", "--json").error

    assert (status, code, message) == (6, "web", f"{gone} answers 404 Not Found")
    assert not dataset.manifest.exists()


def test_a_page_over_4_mib_is_no_evidence(dataset: Publisher, page: str, www: Path) -> None:
    (www / "terms.html").write_bytes(bytes(4 * 1024 * 1024 + 1))
    stating(dataset, page)

    fetched = run(*dataset.arguments(), "--evidence", "--json").error
    copied = run(*dataset.arguments(), "--evidence-file", www / "terms.html", "--json").error

    assert fetched[0] == 6
    assert "is 4,194,305 bytes long, at most 4,194,304 are taken" in fetched[2]
    assert copied[:2] == (4, "source")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--evidence"], "dataset.yaml does not say where its license is stated"),
        (
            ["--evidence", "--evidence-file", "x"],
            "--evidence and --evidence-file exclude each other",
        ),
    ],
)
def test_what_cannot_be_done_is_wrong_usage(
    dataset: Publisher, options: list[str], message: str
) -> None:
    assert run(*dataset.arguments(), *options, "--json").error[:3] == (2, "usage", message)


# --- lint -------------------------------------------------------------------------------------


@pytest.fixture
def stated(dataset: Publisher, page: str) -> Publisher:
    """A built dataset whose evidence is recorded."""
    stating(dataset, page).build("--evidence")
    return dataset


def problem(dataset: Publisher) -> dict[str, object]:
    """The one problem that `lint --evidence` finds."""
    ran = run("lint", dataset.manifest, "--evidence", "--json")
    (manifest,) = ran.document["manifests"]
    (found,) = manifest["problems"]
    assert (ran.status, found["rule"], manifest["evidence"]) == (1, "evidence", 0)
    return dict(found)


def test_lint_says_that_the_page_still_is_the_same(stated: Publisher) -> None:
    ran = run("lint", stated.manifest, "--evidence")

    assert ran.status == 0
    assert ran.out.endswith("3 torrents at hand, evidence unchanged on 1 page)\n")


def test_lint_says_when_the_page_is_another_with_both_digests_and_days(
    stated: Publisher, www: Path, page: str
) -> None:
    day = recorded(stated)[1]
    (www / "terms.html").write_bytes(b"All rights reserved.\n")

    found = problem(stated)

    assert found["path"] == "license.evidence"
    message = str(found["message"])
    assert message.startswith(f"{page} had SHA-256 {DIGEST} on {day}, on 20")
    assert message.endswith(f" it has {OTHER}")
    lines = stated.manifest.read_text().splitlines()
    assert "evidence:" in lines[int(str(found["line"])) - 1]


def test_lint_does_not_take_a_page_that_is_gone_for_one_that_is_the_same(
    stated: Publisher, www: Path, page: str
) -> None:
    (www / "terms.html").unlink()

    assert problem(stated)["message"] == f"not checked: {page} answers 404 Not Found"


def test_lint_cannot_check_what_no_digest_is_recorded_of(dataset: Publisher, page: str) -> None:
    stating(dataset, page).build()

    assert problem(dataset)["message"] == f"not checked: no digest of {page} is recorded"


def test_lint_cannot_check_a_file_in_a_package(dataset: Publisher, www: Path) -> None:
    stating(dataset, "pkg:npm/name@1.2.3#LICENSE").build("--evidence-file", www / "terms.html")

    assert str(problem(dataset)["message"]).startswith(
        "not checked: pkg:npm/name@1.2.3#LICENSE is in a package"
    )


def test_lint_without_the_flag_fetches_nothing(stated: Publisher, www: Path) -> None:
    shutil.rmtree(www)

    assert run("lint", stated.manifest).status == 0


def test_lint_says_that_there_was_no_page_to_look_at(built: Publisher) -> None:
    ran = run("lint", built.manifest, "--evidence")

    assert (ran.status, "evidence unchanged on 0 pages" in ran.out) == (0, True)


def test_evidence_and_web_seeds_are_asked_for_together(stated: Publisher, page: str) -> None:
    del page
    document = run("lint", stated.manifest, "--evidence", "--web-seeds", "--json").document

    (manifest,) = document["manifests"]
    assert (manifest["evidence"], manifest["web_seeds"]) == (1, [])


def dead() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

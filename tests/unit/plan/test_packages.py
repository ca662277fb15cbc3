import json
from base64 import b64encode

import pytest

from seedbox.errors import InvalidListError, PackageError, UsageError
from seedbox.manifest.model import Origin
from seedbox.plan.packages import (
    Archive,
    Package,
    complaint,
    parse_package,
    plan_package,
    read_answer,
    refuse_package,
)
from support.clients import of_npm, of_pip
from support.datasets import head

HOST = "https://packages.example.org"
NPM = Package("npm", "@scope/rivers", "1.2.0")
PYPI = Package("pypi", "rivers", "1.2")
TARBALL = f"{HOST}/@scope/rivers/-/rivers-1.2.0.tgz"
WHEEL = f"{HOST}/files/ab/cd/rivers-1.2-py3-none-any.whl"
HEAD = head(root=None)


# --- package URLs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("purl", "package"),
    [
        ("pkg:npm/rivers@1.2.0", Package("npm", "rivers", "1.2.0")),
        ("pkg:npm/%40scope/rivers@1.2.0", NPM),
        ("pkg:npm/@scope/rivers@1.2.0", NPM),
        ("pkg:NPM/a.b_c~d@1.0.0-rc.1", Package("npm", "a.b_c~d", "1.0.0-rc.1")),
        ("pkg:npm/a@1.0.0%2Bb.5", Package("npm", "a", "1.0.0+b.5")),
        ("pkg://pypi/rivers@1.2", PYPI),
        (
            "PKG:pypi/River_Data.x@1!2.0rc1.post2.dev3",
            Package("pypi", "river-data.x", "1!2.0rc1.post2.dev3"),
        ),
    ],
)
def test_names_and_exact_versions_are_taken(purl: str, package: Package) -> None:
    assert parse_package(purl) == package
    assert parse_package(package.purl) == package


def test_a_purl_is_written_as_its_specification_has_it() -> None:
    assert NPM.purl == "pkg:npm/%40scope/rivers@1.2.0"
    assert Package("npm", "a", "1.0.0+b").purl == "pkg:npm/a@1.0.0%2Bb"


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:npm/-g@1.0.0",
        "pkg:npm/--registry=x@1.0.0",
        "pkg:npm/a b@1.0.0",
        "pkg:npm/a%20b@1.0.0",
        "pkg:npm/a%00@1.0.0",
        "pkg:npm/a%0A@1.0.0",
        "pkg:npm/../a@1.0.0",
        "pkg:npm/./a@1.0.0",
        "pkg:npm/%2Fetc%2Fpasswd@1.0.0",
        "pkg:npm/a/b@1.0.0",
        "pkg:npm/%40a/b/c@1.0.0",
        "pkg:npm/%40a%252Fb@1.0.0",
        "pkg:npm/%40-a/b@1.0.0",
        "pkg:npm/%40a/-b@1.0.0",
        "pkg:npm/%40/b@1.0.0",
        "pkg:npm/A@1.0.0",
        "pkg:npm/.a@1.0.0",
        "pkg:npm/é@1.0.0",
        "pkg:npm/a.tgz@1.0.0",
        f"pkg:npm/{'a' * 215}@1.0.0",
        "pkg:pypi/-r@1.0",
        "pkg:pypi/a-@1.0",
        "pkg:pypi/a/b@1.0",
        "pkg:pypi/a[b]@1.0",
        "pkg:pypi/a%3D%3D1;x@1.0",
        "pkg:pypi/https:%2F%2Fx@1.0",
    ],
)
def test_what_is_no_name_never_reaches_a_command_line(purl: str) -> None:
    with pytest.raises(UsageError, match=r"has the name .*, which is none of (npm|pypi)"):
        parse_package(purl)


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:npm/a@",
        "pkg:npm/a@latest",
        "pkg:npm/a@^1.0.0",
        "pkg:npm/a@1",
        "pkg:npm/a@1.x",
        "pkg:npm/a@01.0.0",
        "pkg:npm/a@1.0.0 ",
        "pkg:npm/a@1.0.0%0A",
        "pkg:npm/a@١.0.0",  # noqa: RUF001
        "pkg:npm/a@*",
        "pkg:npm/a@file:x",
        "pkg:npm/a@https://x/y.tgz",
        "pkg:npm/a@..%2Fx",
        "pkg:npm/a@1.0.0-a.tgz",
        "pkg:npm/a@1.0.0-a.TAR",
        "pkg:npm/a@1.0.0-",
        f"pkg:npm/a@1.0.{'1' * 260}",
        "pkg:pypi/a@1.*",
        "pkg:pypi/a@1,2",
        "pkg:pypi/a@>1",
        "pkg:pypi/a@1.0+local",
        "pkg:pypi/a@1.0 --index-url",
        "pkg:pypi/a@-1",
        "pkg:pypi/a@1.0\n",
    ],
)
def test_what_is_no_exact_version_never_reaches_a_command_line(purl: str) -> None:
    with pytest.raises(UsageError, match=r"has the version .*, which is no exact one"):
        parse_package(purl)


@pytest.mark.parametrize(
    ("purl", "why"),
    [
        ("pkg:npm/a", "names no version"),
        ("pkg:npm/@1.0.0", "names no version"),
        ("pkg:npm/", "names no version"),
        ("pkg:npm", "names no version"),
        ("pkg:npm/a@1.0.0?repository_url=https://x", "has qualifiers or a subpath"),
        ("pkg:pypi/a@1.0#b", "has qualifiers or a subpath"),
        ("pkg:npm/%FF@1.0.0", "escapes bytes that are no UTF-8"),
        ("pkg:npm/a@%FF", "escapes bytes that are no UTF-8"),
    ],
)
def test_other_package_urls_are_refused_with_the_form_that_is_taken(purl: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        parse_package(purl)

    assert "pkg:npm/%40SCOPE/NAME@VERSION" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("purl", "command"),
    [
        ("pkg:npm/%40scope/name@1.2.3", "`npm pack @scope/name@1.2.3`"),
        ("pkg:pypi/name@1.2?a=b#c", "`pip download --no-deps name==1.2`"),
        ("pkg:deb/debian/name@1:2-3", "`apt-get download name=1:2-3`"),
        ("pkg:cargo/name@1", "`the client of cargo packages`"),
    ],
)
def test_packages_are_left_to_their_own_clients(purl: str, command: str) -> None:
    error = refuse_package(purl)

    assert error.exit_status == 2
    assert error.hint is not None
    assert command in error.hint
    assert f"`origin: {{purl: {purl}}}`" in error.hint


@pytest.mark.parametrize("purl", ["pkg:cargo/a@1", "pkg:", "pkg:deb/debian/a@1?arch=x"])
def test_types_that_nobody_is_asked_about_are_refused(purl: str) -> None:
    with pytest.raises(UsageError, match="names a package, not a URL"):
        parse_package(purl)


# --- what the client is asked, and answers ----------------------------------------------------


def test_a_client_is_asked_for_one_version_and_runs_nothing_of_it() -> None:
    assert NPM.programs == ("npm",)
    assert NPM.arguments == ("view", "@scope/rivers@1.2.0", "dist", "--json")
    assert PYPI.programs == ("pip", "pip3")
    assert PYPI.arguments[-1] == "rivers==1.2"
    assert {"--dry-run", "--no-deps", "--only-binary"} <= set(PYPI.arguments)


def test_answers_give_the_url_and_the_digest() -> None:
    npm = read_answer(NPM, json.dumps(of_npm(TARBALL, b"x")).encode())
    pip = read_answer(PYPI, json.dumps(of_pip(WHEEL, b"x")).encode())

    # printf x | sha512sum, and sha256sum
    assert npm.url == TARBALL
    assert npm.sha512 is not None
    assert npm.sha512.hex()[:16] == "a4abd4448c49562d"
    assert pip.sha256 is not None
    assert (pip.url, pip.sha256.hex()[:16]) == (WHEEL, "2d711642b726b044")


def integrity(text: object) -> bytes:
    return json.dumps({"tarball": TARBALL, "integrity": text}).encode()


B64 = b64encode(bytes(64)).decode()


def test_one_sha_512_among_other_digests_is_found() -> None:
    assert read_answer(NPM, integrity(f"sha1-AAAA sha512-{B64}?x")).sha512 == bytes(64)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "sha1-AAAA",
        "sha512-",
        "sha512-AAAA",
        "sha512-é",
        f"sha512-{B64[:-1]}",
        f"sha512-{B64} sha512-{B64}",
    ],
)
def test_an_npm_package_without_a_sha_512_is_refused(text: object) -> None:
    with pytest.raises(PackageError, match="has no SHA-512 as `integrity`") as caught:
        read_answer(NPM, integrity(text))

    assert caught.value.exit_status == 6
    assert "`npm pack @scope/rivers@1.2.0`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("package", "answer", "why"),
    [
        (NPM, "", "it answers nothing; there may be no such version"),
        (NPM, " \n", "it answers nothing"),
        (NPM, "{", "its answer cannot be read: it is no JSON"),
        (NPM, "[" * 2000, "nested deeper"),
        (NPM, '"text"', "its answer has no `tarball`"),
        (NPM, '{"tarball": [7]}', "its answer has no `tarball`"),
        (PYPI, "[]", "its report does not name one archive"),
        (PYPI, '{"install": []}', "its report does not name one archive"),
        (PYPI, '{"install": [{}, {}]}', "its report does not name one archive"),
        (PYPI, '{"install": [7]}', "its report has no `url`"),
        (PYPI, '{"install": [{"download_info": {"url": "x"}}]}', "its report has no SHA-256"),
    ],
)
def test_answers_of_another_form_are_refused(package: Package, answer: str, why: str) -> None:
    with pytest.raises(PackageError, match=why):
        read_answer(package, answer.encode())


def test_an_answer_that_is_no_text_is_refused() -> None:
    with pytest.raises(PackageError, match="byte 0 is not UTF-8"):
        read_answer(NPM, b"\xff")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "has the scheme file, not https or http"),
        ("a.tgz", "is not an absolute URL"),
        ("https:///a.tgz", "names no host|is not an absolute URL"),
        ("https://me:secret@example.org/a/a.tgz", "comes with a name or password in it"),
    ],
)
def test_archives_that_not_everybody_can_ask_for_are_refused(url: str, why: str) -> None:
    with pytest.raises(PackageError, match=why) as caught:
        read_answer(PYPI, json.dumps(of_pip(url, b"")).encode())

    assert "secret" not in caught.value.message


def test_npm_says_in_json_why_it_failed() -> None:
    assert complaint(b'{"error": {"code": "E404", "summary": "No match"}}') == "No match"
    for nothing in (b"", b"{}", b"[]", b'{"error": "x"}', b'{"error": {"summary": ""}}'):
        assert complaint(nothing) is None


# --- the plan ---------------------------------------------------------------------------------


def test_the_folder_with_the_name_of_the_package_is_the_root() -> None:
    plan = plan_package(NPM, Archive(TARBALL, sha512=bytes(64)), HEAD)

    assert (plan.root, plan.base) == ("rivers", f"{HOST}/%40scope/rivers/")
    assert plan.web_seed == f"{HOST}/%40scope/"
    assert [(each.parts, each.sha512) for each in plan.files] == [
        (("-", "rivers-1.2.0.tgz"), bytes(64))
    ]
    made = Origin(url=f"{HOST}/%40scope/rivers", purl="pkg:npm/%40scope/rivers@1.2.0")
    assert plan.head(HEAD).origin == made


def test_without_such_a_folder_that_of_the_archive_is_the_root() -> None:
    plan = plan_package(PYPI, Archive(WHEEL, sha256=bytes(32)), HEAD)

    assert (plan.root, plan.files[0].parts) == ("cd", ("rivers-1.2-py3-none-any.whl",))
    made = Origin(url=f"{HOST}/files/ab/cd", purl="pkg:pypi/rivers@1.2", sha256=bytes(32))
    assert plan.head(HEAD).origin == made


def test_a_server_with_the_name_of_the_package_is_no_folder() -> None:
    archive = Archive("https://rivers/x/rivers.whl", sha256=bytes(32))

    assert plan_package(PYPI, archive, HEAD).root == "x"


def test_what_the_dataset_says_of_its_origin_stands_and_is_checked() -> None:
    said = head(root=None, origin=Origin(purl="pkg:npm/@scope/rivers@1.2.0#x", sha256=bytes(32)))
    plan = plan_package(NPM, Archive(TARBALL, sha512=bytes(64)), said)

    made = plan.head(said).origin
    assert made is not None
    assert (made.purl, made.sha256) == ("pkg:npm/@scope/rivers@1.2.0#x", bytes(32))
    assert (plan.files[0].sha256, plan.files[0].by) == (bytes(32), "dataset.yaml")


def test_the_url_that_the_dataset_has_for_its_origin_is_the_root() -> None:
    said = head(root=None, origin=Origin(url=f"{HOST}/files"))
    plan = plan_package(PYPI, Archive(WHEEL, sha256=bytes(32)), said)

    assert (plan.root, plan.files[0].parts[:2]) == ("files", ("ab", "cd"))
    made = Origin(url=f"{HOST}/files", purl="pkg:pypi/rivers@1.2", sha256=bytes(32))
    assert plan.head(said).origin == made


@pytest.mark.parametrize("known", ["pkg:pypi/rivers@1.3", "pkg:npm/rivers@1.2.0", "pkg:deb/a@1"])
def test_a_dataset_of_another_package_is_refused(known: str) -> None:
    said = head(root=None, origin=Origin(purl=known))

    with pytest.raises(UsageError, match=f"{known}, --from says pkg:pypi/rivers@1.2"):
        plan_package(PYPI, Archive(WHEEL, sha256=bytes(32)), said)


def test_a_dataset_with_another_digest_is_refused() -> None:
    said = head(root=None, origin=Origin(purl="pkg:pypi/rivers@1.2", sha256=bytes(32)))

    with pytest.raises(UsageError, match=f"is {'0' * 64}, pkg:pypi/rivers@1.2 has {'01' * 32}"):
        plan_package(PYPI, Archive(WHEEL, sha256=b"\1" * 32), said)


def test_urls_that_no_web_seed_can_have_are_refused() -> None:
    with pytest.raises(InvalidListError, match="has a query or a fragment"):
        plan_package(PYPI, Archive(f"{WHEEL}?token=x", sha256=bytes(32)), HEAD)

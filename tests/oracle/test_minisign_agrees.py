"""minisign takes our keys and signatures, and we take its, with and without a password."""

import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.manifest.keys import PublicKey
from seedbox.manifest.signature import Claim, check_claim, parse_signature
from support.cli import command, environment
from support.publisher import Publisher, publisher
from support.terminal import run_at_terminal

pytestmark = pytest.mark.skipif(
    shutil.which("minisign") is None, reason="the program minisign is not on this machine"
)
PASSWORD = "grüner Tee"  # other letters than English


@pytest.fixture
def built(tmp_path: Path) -> Publisher:
    made = publisher(tmp_path / "publisher", {"a.bin": 1000}, table="path,value\na.bin,1\n")
    made.build()
    return made


def keygen(program: str, folder: Path, *, password: bool) -> Path:
    """Make a key pair `key`, `key.pub`."""
    key = folder / "key"
    if program == "minisign":
        words = [
            "minisign",
            "-G",
            "-p",
            f"{key}.pub",
            "-s",
            f"{key}",
            *(() if password else ("-W",)),
        ]
    else:
        words = command("keygen", key, *(() if password else ("--no-password",)))
    made = run_at_terminal(words, [PASSWORD, PASSWORD] if password else [], env=environment())
    assert made.status == 0, made.shown
    assert PASSWORD not in made.shown
    return key


def sign(program: str, manifest: Path, key: Path, *, password: bool, legacy: bool = False) -> None:
    if program == "minisign":
        claim = claim_of(manifest)
        words = ["minisign", "-S", "-s", f"{key}", "-m", f"{manifest}", "-t", f"{claim}"]
        words += ["-l"] if legacy else []
    else:
        words = command("sign", manifest, "--key", key)
    made = run_at_terminal(words, [PASSWORD] if password else [], env=environment())
    assert made.status == 0, made.shown
    assert PASSWORD not in made.shown


def claim_of(manifest: Path) -> Claim:
    return Claim("org.example/set", 1, sha256(manifest.read_bytes()).digest())


def minisign_verifies(manifest: Path, key: Path) -> bool:
    done = subprocess.run(
        ["minisign", "-Vm", manifest, "-p", f"{key}.pub"],
        capture_output=True,
        check=False,
        text=True,
    )
    right = "Signature and comment signature verified\n"
    said = f"Trusted comment: {claim_of(manifest)}\n"
    return done.returncode == 0 and done.stdout == right + said


def we_verify(manifest: Path, key: Path) -> bool:
    public = PublicKey.parse(Path(f"{key}.pub").read_text())
    data = Path(f"{manifest}.minisig").read_bytes()
    signature = parse_signature(data, file=str(manifest))
    claim = claim_of(manifest)
    return (
        check_claim(manifest.read_bytes(), signature, [public], claim, file=str(manifest)) == public
    )


@pytest.mark.parametrize("password", [True, False])
@pytest.mark.parametrize(("makes", "signs"), [("minisign", "seedbox"), ("seedbox", "minisign")])
def test_each_signs_with_the_keys_of_the_other(
    built: Publisher, tmp_path: Path, makes: str, signs: str, password: bool
) -> None:
    key = keygen(makes, tmp_path, password=password)

    sign(signs, built.manifest, key, password=password)

    assert minisign_verifies(built.manifest, key)
    assert we_verify(built.manifest, key)


def test_a_legacy_signature_is_right(built: Publisher, tmp_path: Path) -> None:
    key = keygen("minisign", tmp_path, password=False)

    sign("minisign", built.manifest, key, password=False, legacy=True)

    assert built.manifest.with_name("manifest.yaml.minisig").read_text().splitlines()[1][:2] == "RW"
    assert we_verify(built.manifest, key)


def test_a_changed_file_is_wrong_for_both(built: Publisher, tmp_path: Path) -> None:
    key = keygen("seedbox", tmp_path, password=False)
    sign("seedbox", built.manifest, key, password=False)

    built.manifest.write_bytes(built.manifest.read_bytes() + b"\n")

    assert not minisign_verifies(built.manifest, key)

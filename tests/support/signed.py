"""A publisher who signs: a dataset with keys, whose withdrawals can be written and forged."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbox.jobs.signing import open_key, read_key_file, sign_file
from seedbox.jobs.withdrawals import read_withdrawals
from support.cli import Ran, run
from support.publisher import Publisher

ID = "org.example/set"
WITHDRAWALS = "withdrawals.yaml"


@dataclass(frozen=True)
class Signed:
    """A built dataset, signed by `key`; nobody has pinned it yet."""

    of: Publisher
    key: Path

    @property
    def manifest(self) -> Path:
        return self.of.manifest

    @property
    def withdrawals(self) -> Path:
        return self.of.out / WITHDRAWALS

    @property
    def signature(self) -> Path:
        return self.of.out / f"{WITHDRAWALS}.minisig"

    def pin(self) -> None:
        """Pin the key, as a mirror does."""
        assert run("trust", "add", ID, f"{self.key}.pub").status == 0

    def withdraw(self, *targets: object, **options: object) -> Ran:
        """Run `withdraw`; an option of True is a flag."""
        words: list[object] = ["withdraw", self.manifest, *targets]
        for name, value in {"reason": "privacy", "key": self.key, **options}.items():
            words.append(f"--{name.replace('_', '-')}")
            words += [] if value is True else [value]
        return run(*words)

    def withdrawn(self, *targets: object, **options: object) -> None:
        """Run `withdraw`, which goes well."""
        ran = self.withdraw(*targets, **options)
        assert ran.status == 0, ran

    def sign_again(self, key: Path | None = None) -> None:
        """Sign what is in the withdrawals file, whatever it is, as a forger or minisign can."""
        keyfile = key or self.key
        said = read_withdrawals(self.manifest)
        assert said is not None
        secret = open_key(read_key_file(keyfile), None, keyfile)
        sign_file(self.withdrawals, secret, id=said.id, sequence=said.sequence)

    def kept(self, folder: Path) -> Path:
        """Keep a copy of the withdrawals and their signature, to put back later."""
        folder.mkdir()
        for file in (self.withdrawals, self.signature):
            shutil.copy(file, folder)
        return folder

    def put_back(self, folder: Path) -> None:
        """Replace the withdrawals by a copy that was kept."""
        for file in folder.iterdir():
            shutil.copy(file, self.of.out)

    def fetch(self, out: Path, *more: object) -> Ran:
        """Ask what a fetch would bring."""
        return run("fetch", self.manifest, "--out", out, "--dry-run", "--json", *more)

    def left_out(self, out: Path) -> list[dict[str, Any]]:
        """What a fetch would leave out."""
        left: list[dict[str, Any]] = self.fetch(out).document["left_out"]
        return left


def new_key(path: Path) -> Path:
    """Make a key without a password."""
    assert run("keygen", path, "--no-password").status == 0
    return path


def signed(of: Publisher) -> Signed:
    """Sign a built dataset with a key of its own."""
    made = Signed(of, new_key(of.folder / "publisher.key"))
    assert run("sign", made.manifest, "--key", made.key).status == 0
    return made

"""Exit status 7: refused, since it may not be shared or cannot be believed."""

from __future__ import annotations

from typing import ClassVar

from seedbox.errors.base import SeedboxError


class LicenseRefusedError(SeedboxError):
    """A license that does not let everybody pass the data on, or none at all."""

    code = "license-refused"
    exit_status = 7

    def __init__(self, what: str, *, license_expression: str, why: str) -> None:
        """Name the dataset or shard, its license and the rule that refused it."""
        super().__init__(what=what, license=license_expression, why=why)

    @property
    def message(self) -> str:
        """Name the rule that refused."""
        what, expression = self.data["what"], self.data["license"]
        return f"{what} may not be shared: license {expression!r}: {self.data['why']}"

    @property
    def hint(self) -> str:
        """Only an open license passes."""
        return "Share only openly licensed data; see docs/manifest.md, Licenses."


# --- signatures, and what they vouch for ------------------------------------------------------


class RefusedFileError(SeedboxError):
    """Base: a file that cannot be believed; its words are filled in with its data."""

    exit_status = 7
    words: ClassVar[str]  # what follows the file's name
    step: ClassVar[str]

    def __init__(self, file: str, *, id: str | None = None, **values: object) -> None:  # noqa: A002
        """Name the file, the id that it speaks for if that is known, and what disagrees."""
        super().__init__(file=file, id=id, **values)

    @property
    def message(self) -> str:
        """Name file and id, and the values that disagree."""
        of = f" of {self.data['id']}" if self.data["id"] else ""
        return f"{self.data['file']}{of} {self.verdict}"

    @property
    def verdict(self) -> str:
        """The message without the name of the file."""
        return self.words.format(**self.data)

    @property
    def hint(self) -> str:
        """The next step."""
        return self.step.format(**self.data)


class UnsignedError(RefusedFileError):
    """No signature, where a key says that there has to be one."""

    code = "unsigned"
    words = "is unsigned: {signature} is missing; wanted is one by key {wanted}"
    step = "Get the .minisig file from the publisher and put it beside, under that name."


class BrokenSignatureError(RefusedFileError):
    """Bytes that are no signature."""

    code = "broken-signature"
    words = "cannot be checked: {signature} is no signature: {reason}"
    step = "Get the .minisig file again from the publisher; wanted is what minisign writes."


class HugeSignatureError(RefusedFileError):
    """A file far longer than any signature; it is not read."""

    code = "huge-signature"
    words = "cannot be checked: {signature} has {size:,} bytes, a signature has at most {most:,}"
    step = "Get the .minisig file again from the publisher."


class LinkedSignatureError(RefusedFileError):
    """A link, a folder or a device where the signature should be; it is not opened."""

    code = "linked-signature"
    words = "cannot be checked: {signature} {reason}; a signature is a file of its own"
    step = "Put the .minisig file itself beside the file that it signs."


class WrongKeyError(RefusedFileError):
    """A signature by somebody else: it can be neither right nor wrong."""

    code = "wrong-key"
    words = "cannot be checked: it is signed by key {found}, wanted is key {wanted}"
    step = "Ask the publisher, not the page that it came from; then `seedbox trust add ID KEY`."


class WrongSignatureError(RefusedFileError):
    """A signature that names the right key and is not one of these bytes."""

    code = "wrong-signature"
    words = "is wrongly signed: it has SHA-256 {found}, key {key} signed {signed}"
    step = "Get the file and its .minisig again from the publisher; somebody has changed one."


class TamperedCommentError(RefusedFileError):
    """A signature of the right bytes whose trusted comment is not the signed one."""

    code = "tampered-comment"
    words = "is wrongly signed: key {key} did not sign the trusted comment {comment!r}"
    step = "Get the .minisig file again from the publisher; somebody has changed it."


class OtherIdError(RefusedFileError):
    """A true signature that was made for something else."""

    code = "other-id"
    words = "is wrongly signed: key {key} signed {signed}, this is {found}"
    step = "Get the .minisig that belongs to this file from the publisher."


class UnboundSignatureError(RefusedFileError):
    """A true signature that does not say what of."""

    code = "unbound-signature"
    words = "is wrongly signed: the trusted comment is {comment!r}, not {wanted!r}"
    step = "Have the publisher sign it with `seedbox sign`, or with `minisign -S -t COMMENT`."


class RollbackError(RefusedFileError):
    """An older release than one that was seen before."""

    code = "rollback"
    words = "has sequence {sequence}, but {floor} was seen on {seen}"
    step = "Get the newest one from the publisher; this one is out of date."


class EquivocationError(RefusedFileError):
    """Two releases that claim to be the same one."""

    code = "equivocation"
    words = "has sequence {sequence} and SHA-256 {found}, but {was} was seen with it on {seen}"
    step = "Ask the publisher which of the two is true; a release is never changed, only replaced."


class BrokenChainError(RefusedFileError):
    """A release that does not follow the one that was seen before it."""

    code = "broken-chain"
    words = "replaces {previous}, but the one seen with sequence {floor} has SHA-256 {was}"
    step = "Ask the publisher; `previous` has to be the digest of the manifest before."


class ExpiredError(RefusedFileError):
    """A release that is too old to take anything new from: maybe newer ones are held back."""

    code = "expired"
    words = "expired on {expires}, now it is {now}"
    step = "Get a newer one from the publisher; `seedbox seed` goes on with what is here."


class KeyFromChannelError(RefusedFileError):
    """A key that came with what it is to prove."""

    code = "key-from-channel"
    words = "cannot be checked with {key}, a key from the same folder: both may be one forger's"
    step = "Get the key on another way and keep it elsewhere; a key beside the file proves nothing."

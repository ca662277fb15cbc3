"""Exit status 7: a manifest from the web that nobody has vouched for, or that is of another id."""

from __future__ import annotations

from seedbox.errors.refusals import RefusedFileError


class UnvouchedError(RefusedFileError):
    """A manifest by URL without a key that it could be held to."""

    code = "unvouched"
    words = "comes from the web, and no key is known that would tell who wrote it"
    step = "Get the publisher's key on another way: `seedbox trust add {id} KEY`, or pass --key."


class OtherDatasetError(RefusedFileError):
    """Another dataset at a URL, or at a mirror of it, than the one that was taken from it first."""

    code = "other-dataset"
    words = "is of another dataset than {known}, which was taken from this URL before"
    step = "Ask the publisher; pass the new dataset's own URL if it is meant to be another."

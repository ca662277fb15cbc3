"""Options that let a command ask web servers; without one of them no server is asked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seedbox.errors import UsageError

if TYPE_CHECKING:
    from seedbox.console import Console
    from seedbox.jobs.online import OnlineOptions
    from seedbox.plan.build import BuildPlan

Command = Callable[..., None]


def _pieces(name: str) -> Callable[[Command], Command]:
    return click.option(
        name,
        type=click.IntRange(min=1),
        metavar="N",
        default=25,
        show_default=True,
        help="How many pieces to ask for.",
    )


@dataclass(frozen=True, slots=True)
class Publishing:
    """What a build is to ask servers."""

    evidence: bool = False  # fetch the page where the license is stated
    evidence_file: Path | None = None  # a copy of that page
    pieces: int = 0  # to ask each web seed for; 0: web seeds are not asked

    def settle(self, plan: BuildPlan) -> BuildPlan:
        """Return a plan with the evidence of its license, and with what is to be proved.

        Raises:
            UsageError: There is nothing to look at or to prove.
            SeedboxError: See `jobs.evidence.with_evidence`.
        """
        if self.pieces and not any(shard.web_seeds for shard in plan.shards):
            raise UsageError("there are no web seeds to prove", "Pass them with --web-seed.")
        if self.evidence or self.evidence_file is not None:
            from datetime import UTC, datetime

            from seedbox.jobs.evidence import with_evidence

            today = datetime.now(UTC).date()
            plan = replace(
                plan, head=with_evidence(plan.head, file=self.evidence_file, today=today)
            )
        return replace(plan, prove_pieces=self.pieces)


@dataclass(frozen=True, slots=True)
class Checking:
    """What `lint` is to ask servers."""

    pieces: int | None  # of each web seed; None: web seeds are not asked
    sample_seed: int | None
    evidence: bool

    def settle(self, console: Console) -> OnlineOptions | None:
        """Return what the job has to know; None: it is to ask nobody."""
        if self.pieces is None and not self.evidence:
            return None
        from datetime import UTC, datetime

        from seedbox.jobs.online import OnlineOptions

        today = datetime.now(UTC).date()
        return OnlineOptions(
            today, self.pieces, self.sample_seed, self.evidence, console.show_event
        )


def of_build(command: Command) -> Command:
    """Give `build` its options that ask servers, as one `online`."""

    @click.option(
        "--prove-web-seeds",
        is_flag=True,
        help="Ask each web seed for some pieces of each shard, and record that they are right.",
    )
    @_pieces("--prove-pieces")
    @click.option(
        "--evidence",
        is_flag=True,
        help="Fetch the page where the license is stated, and record its digest and the day.",
    )
    @click.option(
        "--evidence-file",
        type=click.Path(path_type=Path),
        help="A saved copy of that page, in place of fetching it.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        prove_web_seeds: bool,
        prove_pieces: int,
        evidence: bool,
        evidence_file: Path | None,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        if evidence and evidence_file is not None:
            hint = "Leave --evidence out; the file is read and nothing is fetched."
            raise UsageError("--evidence and --evidence-file exclude each other", hint)
        asked = Publishing(evidence, evidence_file, prove_pieces if prove_web_seeds else 0)
        command(*args, online=asked, **kwargs)

    return wrapped


def of_lint(command: Command) -> Command:
    """Give `lint` its options that ask servers, as one `online`."""

    @click.option(
        "--web-seeds", is_flag=True, help="Ask each web seed for some pieces of each shard."
    )
    @_pieces("--pieces")
    @click.option(
        "--sample-seed",
        type=click.IntRange(min=0),
        metavar="N",
        help="Chooses the pieces; the manifest's sequence by default, as in `build`.",
    )
    @click.option(
        "--evidence",
        is_flag=True,
        help="Fetch the pages where licenses are stated, and compare their digests.",
    )
    @functools.wraps(command)
    def wrapped(
        *args: Any,  # noqa: ANN401  (whatever the command takes)
        web_seeds: bool,
        pieces: int,
        sample_seed: int | None,
        evidence: bool,
        **kwargs: Any,  # noqa: ANN401  (as args)
    ) -> None:
        asked = Checking(pieces if web_seeds else None, sample_seed, evidence)
        command(*args, online=asked, **kwargs)

    return wrapped

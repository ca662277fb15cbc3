"""Write the help of every command into docs/cli.md anew: `python docs/update_cli.py`.

The help stands in fenced blocks, each below a comment such as `<!-- help: build -->`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from click.testing import CliRunner

from seedbox.cli import group

PAGE = Path(__file__).parent / "cli.md"
BLOCK = re.compile(r"(?<=^<!-- help: )(.*?)( -->\n```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
NO_FOLDER = os.devnull  # so that nobody's own configuration shows


def help_of(verb: str) -> str:
    """Return what `--help` prints on a terminal of 80 columns or more; of all if `seedbox`."""
    arguments = ["--help"] if verb == "seedbox" else [*verb.split(), "--help"]
    given = dict.fromkeys(name for name in os.environ if name.startswith("SEEDBOX_"))
    runner = CliRunner(env={**given, "XDG_CONFIG_HOME": NO_FOLDER}, catch_exceptions=False)
    # Click leaves two columns free.
    return runner.invoke(group, arguments, prog_name="seedbox", terminal_width=78).output


def main() -> None:
    """Rewrite every block of the page."""
    text = PAGE.read_text("utf-8")
    PAGE.write_text(
        BLOCK.sub(lambda block: f"{block[1]}{block[2]}{help_of(block[1])}", text), "utf-8"
    )


if __name__ == "__main__":
    main()

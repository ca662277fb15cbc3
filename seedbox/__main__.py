"""`python -m seedbox` is the command `seedbox`."""

from seedbox.cli import main

main()

"""THE LONG RUN: hold torrents in their swarms until told to stop, and say only what is true."""

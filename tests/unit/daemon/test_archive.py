from pathlib import Path

from seedbox.daemon.archive import Archive

KEY = "ab" * 32


def test_a_torrent_is_written_once_and_again_if_it_is_damaged(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.put_torrent(KEY, b"torrent")
    path = tmp_path / "torrents" / "ab" / f"{KEY}.torrent"
    first = path.stat().st_ino
    archive.put_torrent(KEY, b"torrent")

    assert (path.stat().st_ino, archive.torrent(KEY)) == (first, b"torrent")
    path.write_bytes(b"tor")
    archive.put_torrent(KEY, b"torrent")
    assert archive.torrent(KEY) == b"torrent"
    assert archive.torrent("cd" * 32) is None


def test_a_manifest_is_kept_with_what_was_taken_back(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.put_manifest("org.example/set", b"one", b"withdrawn")
    archive.put_manifest("org.example/set", b"two", b"withdrawn")
    assert archive.manifest("org.example/set") == b"two"
    assert archive.withdrawals("org.example/set") == b"withdrawn"

    archive.put_manifest("org.example/set", b"two", None)
    assert archive.withdrawals("org.example/set") is None
    assert archive.manifest("org.example/other") is None

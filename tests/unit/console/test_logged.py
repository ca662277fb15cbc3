import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seedbox.console.logged import Form, Level, Log, hidden, journal_reads
from seedbox.jobs.events import (
    Advanced,
    Done,
    Event,
    Listening,
    Note,
    Seeding,
    Served,
    Started,
    Warned,
)

AT = 1_795_363_200.25  # seconds since the epoch
TIME = "2026-11-22T16:00:00.250Z"


def written(
    *told: Event | Callable[[Log], None], form: Form = Form.TEXT, journal: bool = False
) -> list[str]:
    """The lines of a log."""
    text = io.StringIO()
    log = Log.to(text.write, form, journal=journal, now=lambda: AT, clock=lambda: 0.0)
    for each in told:
        if callable(each):
            each(log)
        else:
            log.show(each)
    assert not text.getvalue() or text.getvalue().endswith("\n")
    return text.getvalue().splitlines()


def documents(*told: Event | Callable[[Log], None]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(*told, form=Form.JSON)]


def error(log: Log) -> None:
    log.line("error[disk]: no\n  hint: go", Level.ERROR, "error", {"code": "disk", "hint": None})


# --- text -------------------------------------------------------------------------------------


def test_text_has_the_time_in_front_in_utc() -> None:
    assert written(Listening("[::]:6881"), Warned("too few")) == [
        f"{TIME} listening on [::]:6881",
        f"{TIME} warning: too few",
    ]


def test_the_journal_is_told_how_grave_a_line_is_and_has_a_time_of_its_own() -> None:
    assert written(Seeding("wiki-0001"), Warned("too few"), error, journal=True) == [
        "<6>seeding wiki-0001",
        "<4>warning: too few",
        "<3>error[disk]: no",
        "<3>  hint: go",
    ]


def test_a_line_from_outside_cannot_steer_a_terminal_or_pose_as_another() -> None:
    assert written(Note("a\x1b[2Jb\r\n<0>c"), journal=True) == ["<6>a\ufffd[2Jb\ufffd", "<6><0>c"]


def test_only_what_is_worth_a_line_has_one() -> None:
    work = (Started("hash a", 4096), Advanced("hash a", 1024), Done("hash a"))

    assert written(*work, Served("a", 1, 1), Served("a", 2, 1)) == [
        f"{TIME} hash a: 1.00 KiB of 4.00 KiB in 0.0 s",
        f"{TIME} served 1 B of a (1 peer connected)",
    ]


# --- JSON -------------------------------------------------------------------------------------


def test_json_is_one_document_a_line_with_what_the_event_had() -> None:
    assert documents(Served("wiki-0001", 4096, 2), Warned("too few"), error) == [
        {
            "time": TIME,
            "level": "info",
            "event": "served",
            "shard": "wiki-0001",
            "uploaded": 4096,
            "peers": 2,
            "message": "served 4.00 KiB of wiki-0001 (2 peers connected)",
        },
        {"time": TIME, "level": "warning", "event": "warned", "message": "too few"},
        {
            "time": TIME,
            "level": "error",
            "event": "error",
            "code": "disk",
            "hint": None,
            "message": "error[disk]: no\n  hint: go",
        },
    ]


def test_json_is_ascii_and_stays_on_its_line_whatever_a_name_has() -> None:
    (line,) = written(Seeding("é\n\u2028\x1b"), form=Form.JSON)

    assert line.isascii()
    assert json.loads(line)["shard"] == "é\n\u2028\x1b"


# --- secrets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask https://me:pass@example.org/a now", "ask https://…@example.org/a now"),
        ("https://x.example.org/a?passkey=1f2e&b=2", "https://x.example.org/a?passkey=…&b=2"),
        (
            "https://x.example.org/a?b=2&api_token=1f2e#c",
            "https://x.example.org/a?b=2&api_token=…#c",
        ),
        ("https://x.example.org/a?X-Amz-Signature=00", "https://x.example.org/a?X-Amz-Signature=…"),
        (
            f"https://x.example.org/{'0a' * 16}/announce refused",
            "https://x.example.org/…/announce refused",
        ),
        ("Authorization: Bearer abc.DEF-1_2~3", "Authorization: Bearer …"),
        ("udp://tracker.example.org:6969/announce", "udp://tracker.example.org:6969/announce"),
        (f"shard {'0a' * 20} is served", f"shard {'0a' * 20} is served"),
        ("who@example.org; key=none", "who@example.org; key=none"),
    ],
)
def test_what_may_be_a_secret_is_not_written(text: str, shown: str) -> None:
    assert hidden(text) == shown
    assert written(Warned(text)) == [f"{TIME} warning: {shown}"]
    assert documents(Warned(text))[0]["message"] == shown


def test_secrets_are_not_written_as_data_either() -> None:
    (document,) = documents(Listening("http://me:pass@127.0.0.1"))

    assert "pass" not in json.dumps(document)


# --- the journal ------------------------------------------------------------------------------


def test_the_journal_reads_the_stream_that_the_variable_names(tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as stream, (tmp_path / "b").open("w") as other:
        found = os.fstat(stream.fileno())
        told = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}

        assert journal_reads(stream, told)
        assert not journal_reads(other, told)
        assert not journal_reads(stream, {})
        assert not journal_reads(io.StringIO(), told)
        assert not journal_reads(None, told)
    assert not journal_reads(stream, told)

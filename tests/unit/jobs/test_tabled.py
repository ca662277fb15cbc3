from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.catalog.database import Limits
from seedbox.catalog.tables import Rules
from seedbox.errors import InUseError, SeedboxError, SourceError, UsageError
from seedbox.jobs.build import run_build
from seedbox.jobs.events import Event, Note, ignore
from seedbox.jobs.tabled import Tables, planned
from seedbox.jobs.workers import Pool
from seedbox.manifest.commands import Command
from seedbox.manifest.model import Head, Pack, Rendition
from seedbox.plan.build import BuildOptions
from support.content import contents, write
from support.datasets import head

OPTIONS = BuildOptions(1000)
COMMAND = Command(run=("cat", "{in}", "{out}"), version=("cat", "--version"), suffix=".x")


def tables(folder: Path, items: str, used: str | None = None) -> Tables:
    (folder / "items.csv").write_text(items, "utf-8")
    if used is not None:
        (folder / "used.csv").write_text(used, "utf-8")
    lenient = Rules(unknown=True, invalid=True, duplicates=True)
    reads = folder / "used.csv" if used is not None else None
    return Tables(folder / "items.csv", reads, lenient, Limits(2**28, 1))


def names(folder: Path, items: str, out: Path | None = None, of: Head | None = None) -> list[str]:
    given = tables(folder, items)
    with planned(of or head(), folder, given, OPTIONS, out=out, on_event=ignore) as made:
        return [shard.name for shard in made.plan.shards]


def test_the_database_is_gone_with_the_context(tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = tables(tmp_path, "path,size\na,1\n")

    with planned(head(), tmp_path, given, OPTIONS, out=out, on_event=ignore):
        assert (out / ".seedbox" / "items" / "work").is_dir()

    assert not (out / ".seedbox" / "items" / "work").exists()


def test_without_out_nothing_is_left(tmp_path: Path) -> None:
    assert names(tmp_path, "path,size\na,1\n") == ["set-0001"]

    assert [path.name for path in tmp_path.iterdir()] == ["items.csv"]


def test_another_build_in_out_is_waited_for_by_nobody(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with disk.lock(out / ".seedbox"), pytest.raises(InUseError):
        names(tmp_path, "path,size\na,1\n", out)

    given = tables(tmp_path, "path,size\na,1\n")
    with (
        planned(head(), tmp_path, given, OPTIONS, out=out, on_event=ignore) as made,
        pytest.raises(InUseError),
    ):
        names(tmp_path, "path,size\na,1\n", out)
    assert len(made.plan.shards) == 1


def test_what_is_let_be_is_told(tmp_path: Path) -> None:
    told: list[Event] = []
    given = tables(tmp_path, "path,size\na,1\nb,2\nb,2\n", "path,value\na,-1\nz,3\n")

    with planned(head(), tmp_path, given, OPTIONS, out=None, on_event=told.append):
        pass

    assert [
        note.message.replace(f"{tmp_path}/", "") for note in told if isinstance(note, Note)
    ] == [
        "reading items.csv",
        "reading used.csv",
        (
            "items in items.csv: 2; unknown values ignored: 1; wrong values counted as 0: 1; "
            "repeated rows left out: 1"
        ),
        "putting items in order",
        "shards: 1",
    ]


@pytest.mark.parametrize(
    "rendition", [Rendition("small", encode="opus-75k"), Rendition("own", command=COMMAND)]
)
def test_renditions_that_are_to_be_made_are_refused(tmp_path: Path, rendition: Rendition) -> None:
    of = head(renditions=(Rendition("original"), rendition))

    with pytest.raises(UsageError, match=f"dataset.yaml asks for {rendition.name}"):
        names(tmp_path, "path,size\na,1\n", of=of)


def test_items_with_a_url_and_no_path_are_refused(tmp_path: Path) -> None:
    items = "url,path,size\nhttps://example.org/a,,1\nhttps://example.org/b,b,1\n"

    with pytest.raises(UsageError, match=r"1 items of .* have a URL and no path"):
        names(tmp_path, items)


@pytest.mark.parametrize(("name", "why"), [("gone", "does not exist"), ("file", "is no folder")])
def test_a_source_that_is_no_folder_is_refused(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "file").touch()
    given = tables(tmp_path, "path,size\na,1\n")

    with (
        pytest.raises(SourceError, match=why),
        planned(head(), tmp_path / name, given, OPTIONS, out=None, on_event=ignore),
    ):
        pass


def test_a_refused_table_leaves_no_database(tmp_path: Path) -> None:
    with pytest.raises(SeedboxError):
        names(tmp_path, "path,size\n../a,1\n", tmp_path / "out")

    assert [path.name for path in (tmp_path / "out" / ".seedbox" / "items").iterdir()] == ["lock"]


@pytest.mark.parametrize("pack", list(Pack))
def test_other_processes_make_the_same_shards(tmp_path: Path, pack: Pack) -> None:
    files = contents({f"{n % 3}/{n:02}": 900 + n for n in range(20)})
    write(tmp_path / "source", files)
    rows = "".join(f"{path},{len(data)},{len(data) % 7}\n" for path, data in files.items())
    given = tables(tmp_path, f"path,size,popularity\n{rows}")
    made = {}
    for name, executor, count in [("a", None, 0), ("b", ProcessPoolExecutor(2), 2)]:
        out = tmp_path / name
        workers = Pool(executor, count) if executor else None
        with planned(
            head(pack=pack),
            tmp_path / "source",
            given,
            BuildOptions(5000),
            out=out,
            on_event=ignore,
        ) as of:
            report = run_build(of.plan, of.folder, out, jobs=1, on_event=ignore, workers=workers)
        made[name] = report.manifest_path.read_bytes()
        if executor:
            executor.shutdown()

    assert made["a"] == made["b"]

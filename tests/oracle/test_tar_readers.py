"""Every reader of tar archives finds in a shard what was packed: names, sizes, bytes, places."""

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from seedbox.plan.tar import Archive
from support.content import contents
from support.packing import FILES, members, packed, read

SAMPLES = contents(
    {
        "train/0001.cls": 1,
        "train/0001.jpg": 5000,
        "train/0001.seg.png": 700,
        "train/0002.cls": 1,
        "train/0002.jpg": 5001,
        "v1.5/ü.json": 20,
        "v1.5/ü.txt": 30,
    }
)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    packed(members(tmp_path / "source"), tmp_path / "out")
    return tmp_path / "out" / "s.tar"


@pytest.mark.parametrize("program", ["tar", "bsdtar"])
def test_programs_list_and_extract_the_same_items(
    shard: Path, tmp_path: Path, program: str
) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    env = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    plain = ["--quoting-style=literal"] if program == "tar" else []

    listed = subprocess.run([found, "-tf", shard, *plain], capture_output=True, check=True, env=env)
    (tmp_path / "to").mkdir()
    took = subprocess.run(
        [found, "-xf", shard, "-C", tmp_path / "to"], capture_output=True, check=True, env=env
    )

    assert listed.stdout.decode().splitlines() == list(FILES)
    assert (listed.stderr, took.stderr) == (b"", b"")
    paths = (path for path in (tmp_path / "to").rglob("*") if path.is_file())
    files = {path.relative_to(tmp_path / "to").as_posix(): path.read_bytes() for path in paths}
    assert files == FILES


def test_python_extracts_the_same_items_with_its_strictest_filter(
    shard: Path, tmp_path: Path
) -> None:
    with tarfile.open(shard, "r:", errorlevel=2) as archive:
        if sys.version_info >= (3, 11, 4):
            archive.extractall(tmp_path / "to", filter="data")
        else:
            archive.extractall(tmp_path / "to")  # noqa: S202 - our own archive
    assert (tmp_path / "to" / "last").read_bytes() == FILES["last"]
    assert read(shard.read_bytes()) == FILES


def test_an_item_is_read_by_its_offset_alone(shard: Path) -> None:
    archive = Archive([(tuple(path.split("/")), len(data)) for path, data in FILES.items()])

    data = shard.read_bytes()

    for at, expected in zip(archive.data, FILES.values(), strict=True):
        assert data[at : at + len(expected)] == expected


def by_documentation(shard: Path) -> list[dict[str, bytes]]:
    """Samples as WebDataset's documentation has them.

    Files in a row that have the same path up to the first dot of the last segment are one sample;
    what follows that dot is the key, in small letters.
    """
    samples: list[dict[str, bytes]] = []
    for name, data in read(shard.read_bytes()).items():
        split = re.fullmatch(r"((?:.*/|)[^./]+)[.]([^/]*)", name)
        assert split
        key, extension = split[1], split[2].lower()
        if not samples or samples[-1]["__key__"] != key.encode():
            samples.append({"__key__": key.encode()})
        samples[-1][extension] = data
    return samples


EXPECTED = [
    {
        "__key__": b"train/0001",
        "cls": SAMPLES["train/0001.cls"],
        "jpg": SAMPLES["train/0001.jpg"],
        "seg.png": SAMPLES["train/0001.seg.png"],
    },
    {
        "__key__": b"train/0002",
        "cls": SAMPLES["train/0002.cls"],
        "jpg": SAMPLES["train/0002.jpg"],
    },
    {
        "__key__": "v1.5/ü".encode(),
        "json": SAMPLES["v1.5/ü.json"],
        "txt": SAMPLES["v1.5/ü.txt"],
    },
]


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # it leaves files open
def test_webdataset_finds_the_samples(tmp_path: Path) -> None:
    packed(members(tmp_path / "source", SAMPLES), tmp_path / "out")
    shard = tmp_path / "out" / "s.tar"

    webdataset = pytest.importorskip("webdataset")  # takes a second, for this test alone
    found = webdataset.WebDataset(str(shard), shardshuffle=False)

    assert by_documentation(shard) == EXPECTED
    samples = [
        {key: value for key, value in s.items() if key not in {"__url__", "__local_path__"}}
        for s in found
    ]
    assert samples == [{**s, "__key__": s["__key__"].decode()} for s in EXPECTED]

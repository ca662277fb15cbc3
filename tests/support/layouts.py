"""File layouts that torrents get wrong: what stands at an edge, sorts oddly or is spelled twice."""

from support.content import content, contents

BLOCK = 16_384  # bytes (BEP 52)
PIECE = 32_768  # bytes
EDGES = [
    *(BLOCK - 1, BLOCK, BLOCK + 1),
    *(PIECE - 1, PIECE, PIECE + 1),
    *(2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1),
    *(3 * PIECE, 3 * PIECE + BLOCK, 5 * PIECE - 1, 7 * PIECE + 1),
]

FOLDERS: dict[str, dict[str, int]] = {
    # --- sizes at the edges of blocks, pieces and files
    **{f"first file of {size:,}": {"a": size, "b": 100} for size in EDGES},
    **{f"last file of {size:,}": {"a": 100, "b": size} for size in EDGES},
    "files that meet in the middle of a block": {"a": 8_000, "b": 8_384, "c": 16_385, "d": 1},
    "files of one block": {"a": BLOCK, "b": BLOCK, "c": BLOCK},
    "files of one piece": {"a": PIECE, "b": PIECE, "c": PIECE},
    "files of one byte": {"a": 1, "b": 1, "c": 1},
    "every edge at once": {f"{size:06}": size for size in EDGES},
    "small after large": {"a": 10 * PIECE + 5, "b": 3},
    "large after small": {"a": 3, "b": 10 * PIECE + 5},
    # --- empty files
    "empty first": {"a": 0, "b": 5, "c": PIECE + 1},
    "empty after an aligned file": {"a": PIECE, "b": 0, "c": 5},
    "empty in the middle": {"a": 5, "b": 0, "c": PIECE + 1},
    "empty last": {"a": 5, "b": PIECE + 1, "c": 0},
    "empty everywhere": {"a": 0, "b": 0, "c": 5, "d": 0, "e": 0, "f": 6, "g": 0, "h": 0},
    "empty but for one": {"a": 0, "b": 0, "c": 70_000, "d": 0},
    "empty and nested": {"a/a": 0, "a/b/c": 0, "b": 5, "c/d": 0, "c/e": 6},
    # --- few files and many
    "one file below a folder": {"sub/a": 70_000},
    "one file far below": {"/".join("abcdefghij"): 70_000},
    "two files far below": {"/".join(["d"] * 90 + [last]): 10_000 for last in "ab"},
    "two hundred tiny files": {f"{i:03}": i % 23 for i in range(200)},
    "many folders": {f"{i:02}/{j}/x": i * 100 + j for i in range(10) for j in range(4)},
    # --- names that sort in one way as paths and in another as text (BEP 52)
    "train.json beside train": {"train.json": 40_000, "train/a": 50_000},
    "a b beside a": {"a b": 40_000, "a/x": 50_000},
    "a-b beside a": {"a-b/y": 40_000, "a/x": 50_000},
    "a.txt beside a": {"a.txt": 40_000, "a/x": 50_000},
    "a+ and a! beside a": {"a+": 10, "a!": 20, "a/x": 30, "a0": 40, "a#/y": 50},
    "nested siblings": {"d/e.txt": 1, "d/e/f": 2, "d.e": 3, "d/e f": 4, "d-/e": 5},
    "capitals before small letters": {"b": 1, "B2": 2, "a": 3, "Z": 4, "_": 5},
    "digits by their bytes": {"1": 1, "10": 2, "2": 3, "02": 4},
    "plain siblings": {"ab": 10, "a/x": 40_000, "b/a": 5, "b/b": 40_000},
    # --- names
    "spaces and signs": {"a b  c": 5, " lead": 6, "100%": 7, "#1": 8, "a&b=c;d": 9, "é?*": 10},
    "quotes and colons": {"'a'": 5, '"b"': 6, "12:30:00.csv": 7, "<x>": 8, "a|b": 9, "~": 10},
    "NFC": {"caf\u00e9/\u00fcber": 40_000, "\u00e9": 50_000},
    "NFD": {"cafe\u0301/u\u0308ber": 40_000, "e\u0301": 50_000},
    "NFC and NFD of different names": {"caf\u00e9": 40_000, "u\u0308ber": 50_000},
    "beyond the basic plane": {"😀": 40_000, "ﬁ": 50_000, "日本/語": 60_000},
    "scripts": {"привет": 1, "ελλάδα": 2, "हिन्दी": 3, "ไทย": 4, "한국어": 5},
    "dots": {".hidden": 5, "..two": 6, "a..b": 7, "c.": 8, "d.tar.gz": 9},
    "long names": {"n" * 240: 5, "é" * 120: 6, "x" * 236 + ".txt": 7},
    "names like pad files": {".pad/5": 5, ".pad/32763": 40_000, "a": 5, "b": 50_000},
    "names like keys": {"length": 5, "files": 6, "path": 7, "attr": 8, "pieces root": 9},
}

SINGLES: dict[str, int] = {
    f"one file of {size:,}": size for size in [1, *EDGES[:9], 131_072, 131_073, 262_143, 700_001]
}

# libtorrent mends these names on its way in, so whoever uses it must name the files again.
MENDED: dict[str, dict[str, int]] = {
    "names over 240 bytes": {"n" * 255: 40_000, "x" * 251 + ".txt": 50_000, "é" * 127: 5},
    "names with joiners": {"می\u200cروم": 40_000, "👩\u200d💻": 50_000, "a\ufeffb": 5},
}

# libtorrent's own builder takes the folder away from these.
LONE: dict[str, dict[str, int]] = {
    "a folder of one file": {"a.bin": 70_000},
    "a folder of one file of its name": {"data": 70_000},
}


def data_of(sizes: dict[str, int]) -> dict[str, bytes]:
    """Return the content of a layout."""
    return contents(sizes)


def twins() -> dict[str, bytes]:
    """Return files of which some have the same content, so that hash trees are shared."""
    large, small = content("large", 3 * PIECE + 5), content("small", 5)
    return {"a": large, "b": small, "c/a": large, "c/b": small, "d": large[:-1], "e": bytes(PIECE)}

"""What a running daemon tells, for people; the documents are those of its interface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from seedbox.console.tables import FILES_SHOWN, Document, facts, line, table
from seedbox.console.text import plural
from seedbox.units import format_duration, format_rate, format_share, format_size

STATES = ("listed", "verified", "announced", "reachable", "served")


def status_document(status: Document, datasets: Sequence[Document]) -> Document:
    """Return the daemon as a whole, and each of its datasets."""
    return {**status, "datasets": list(datasets)}


def status_view(status: Document, datasets: Sequence[Document]) -> RenderableType:
    """Return the daemon as a whole, and each of its datasets, for people."""
    rows = table("dataset", *(f"{state}>" for state in STATES), "held>", "size>", "served>", "")
    for each in datasets:
        manifest, totals = each["manifest"], each["totals"]
        sizes = (format_size(totals[key]) for key in ("held_size", "size", "uploaded"))
        told = manifest["problem"]
        problem = line(f"not believed: {told}", "red") if told else line("")
        rows.add_row(line(manifest["id"]), *_counted(totals["counts"]), *sizes, problem)
    if len(datasets) != 1:
        every = (status["held_size"], status["size"], status["traffic"]["uploaded"])
        whole = line("all", "bold")
        rows.add_row(whole, *_counted(status["counts"]), *map(format_size, every), "")
    return Group(rows, *trouble_lines(status["troubles"]), facts(_state(status)))


def _counted(counts: Mapping[str, int]) -> Iterator[str]:
    return (f"{counts[state]:,}" for state in STATES)


def trouble_lines(troubles: Mapping[str, int]) -> Iterator[Text]:
    """Return a line on the shards that are not served, if there are any."""
    if told := ", ".join(f"{count:,} {why}" for why, count in troubles.items() if count):
        yield line(f"not served: {told}", "yellow")


def _state(status: Document) -> Iterator[tuple[str, object]]:
    """Return what is worth telling of the daemon itself."""
    traffic, nodes = status["traffic"], status["dht_nodes"]
    cap = "" if traffic["limit"] is None else f" of {format_rate(traffic['limit'])}"
    yield "upload", f"{format_rate(traffic['rate'])}{cap} to {plural(traffic['peers'], 'peer')}"
    for name, cap_name in (("today", "day_cap"), ("month", "month_cap")):
        most = traffic[cap_name]
        of = "" if most is None else f" of {format_size(most)}"
        yield ("today" if name == "today" else "this month"), format_size(traffic[name]) + of
    yield "data", ", ".join(status["data"])
    yield "listening", ", ".join(status["listening"]) or "nowhere"
    yield "DHT", "off" if nodes is None else plural(nodes, "node")
    if status["verifying"]:
        yield "to hash", plural(status["verifying"], "shard")
    up = timedelta(seconds=max(0.0, status["at"] - status["started"]))
    yield "running", f"{format_duration(up)}, seedbox {status['version']}"


# --- one shard --------------------------------------------------------------------------------


def why_view(told: Document) -> RenderableType:
    """Return all that there is to say of a shard, for people."""
    shard, dataset, pause = told["shard"], told["dataset"], told["shard"]["pause"]
    evidence = table("", "", "", "")
    evidence.show_header = False
    for state in STATES:
        found = shard["evidence"][state]
        if found is None:
            evidence.add_row(line(state), line("no", "yellow"), "", "")
        else:
            evidence.add_row(
                line(state), line("yes", "green"), moment(found["at"]), line(found["detail"])
            )
    parts: list[RenderableType] = [facts(_facts(shard, dataset)), line(""), evidence]
    if pause is not None:
        parts += [
            line(""),
            line(f"not served since {moment(pause['since'])}: {pause['why']}", "red"),
        ]
        parts += [line(f"  {pause['detail']}")]
        parts += [line(f"  file: {pause['path']}")] if pause["path"] else []
    if told["next_step"]:
        parts.append(line(f"hint: {told['next_step']}"))
    return Group(*parts)


def _facts(shard: Document, dataset: Document | None) -> Iterator[tuple[str, object]]:
    yield "shard", f"{shard['name']} of {shard['dataset']}, rank {shard['rank']:,}"
    yield "key", shard["key"]
    yield "license", shard["license"]
    if dataset is None:
        yield "manifest", "none lists it any more"
    else:
        key = dataset["signed_by"]
        signed = "signature not checked" if key is None else f"signed by {key}"
        yield "manifest", f"{dataset['source']}, sequence {dataset['sequence']}, {signed}"
        yield "not believed", dataset["problem"]
    share = shard["coverage"]
    covered = "" if share is None else f"; with all before it {format_share(share)} of the use"
    yield "holds", f"{plural(shard['items'], 'item')}, {format_size(shard['size'])}{covered}"
    yield "folder", shard["folder"] or "nowhere on this disk"
    swarm = shard["swarm"]
    yield (
        "swarm",
        "no tracker has said"
        if swarm is None
        else f"{plural(swarm['seeds'], 'seed')}, {plural(swarm['leechers'], 'leecher')} "
        f"({moment(swarm['at'])})",
    )
    peers = plural(shard["peers"], "peer")
    yield "served", f"{format_size(shard['uploaded'])}; {format_rate(shard['rate'])} to {peers}"


def moment(at: float) -> str:
    """Return a time for people."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def outcome_view(done: str, told: Document) -> RenderableType:
    """Return what became of a command, for people."""
    notes = told["notes"]
    lines = [line(note) for note in notes[:FILES_SHOWN]]
    if len(notes) > FILES_SHOWN:
        lines.append(line(f"and {len(notes) - FILES_SHOWN:,} more; --json has them"))
    return Group(line(f"{plural(told['changed'], 'shard')} {done}"), *lines)

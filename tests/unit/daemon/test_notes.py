from seedbox.daemon.notes import Line, Note, lines


def test_a_few_notes_are_a_line_each_in_their_order() -> None:
    notes = [Note("paused", "k1", "one", "/d", "n1", "w1", ("m",)), Note("listed", "id", "two")]

    assert lines(notes) == [Line("paused", "k1", "one", "w1", ("m",)), Line("listed", "id", "two")]


def test_many_that_are_alike_are_one_line() -> None:
    many = [Note("paused", f"k{n}", "gone", "/d", f"n{n}", f"n{n} is gone") for n in range(21)]
    others = [Note("paused", "k", "gone", "/e", "n", "w"), Note("resumed", "k", "back", "/d", "n")]

    assert lines([*many, *others]) == [
        Line(
            "paused",
            "/d",
            "21 shards; the first is n0: gone",
            "/d: n0 is gone; so are 20 more",
        ),
        Line("paused", "k", "gone", "w"),
        Line("resumed", "k", "back"),
    ]


def test_many_that_are_not_alike_stay_apart() -> None:
    assert len(lines(Note("listed", f"{n}", "") for n in range(30))) == 30

"""Cross-source matching: one fire is one fact whatever saw it, and the order of the input does not matter."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from service.billing.matching import DEFAULT, Link, Matches, MatchParams, Spot, Unclear, match

LON, LAT = 126.0, 44.0
METRE_LON, METRE_LAT = 1 / 80_300, 1 / 111_100


def spot(
    name: str, source: str, east: float = 0, north: float = 0, minute: int = 0, slack: float = 0
) -> Spot:
    return Spot(
        name,
        LON + east * METRE_LON,
        LAT + north * METRE_LAT,
        minute,
        minute,
        frozenset(source.split("+")),
        slack,
    )


def test_a_report_near_one_satellite_fire_tells_of_it_and_the_earlier_stands_for_both() -> None:
    seen = spot("sat", "satellite", minute=90, slack=200)
    assert match([seen, spot("man", "patrol", 900)]).links == (Link("sat", "man"),)
    assert match([seen, spot("man", "patrol", 900, minute=300)]).links == (Link("man", "sat"),)


def test_half_a_pixel_widens_the_ring() -> None:
    report = spot("man", "drone", 1150)
    assert match([spot("sat", "satellite", slack=0), report]).links == ()
    assert match([spot("sat", "satellite", slack=200), report]).links != ()


def test_several_candidates_or_a_far_one_go_to_a_person() -> None:
    two = [spot("a", "satellite", -800), spot("b", "satellite", 800), spot("r", "patrol")]
    assert match(two) == Matches(unclear=(Unclear("r", ("a", "b")),))
    far = [spot("a", "satellite"), spot("r", "patrol", 1500)]
    assert match(far) == Matches(unclear=(Unclear("r", ("a",)),))
    late = [spot("a", "satellite"), spot("r", "patrol", minute=8 * 60)]
    assert match(late) == Matches(unclear=(Unclear("r", ("a",)),))


def test_a_person_who_says_that_two_are_two_fires_settles_it() -> None:
    two = [spot("a", "satellite", -800), spot("b", "satellite", 800), spot("r", "patrol")]
    assert match(two, distinct=[frozenset("ar")]).links == (Link("r", "b"),)
    assert match(two, distinct=[frozenset("ar"), frozenset("br")]) == Matches()


def test_what_is_beyond_both_rings_is_a_fire_of_its_own() -> None:
    assert match([spot("a", "satellite"), spot("r", "patrol", 2100)]) == Matches()
    assert match([spot("a", "satellite"), spot("r", "patrol", minute=13 * 60)]) == Matches()


def test_a_public_report_is_believed_less_exactly() -> None:
    assert match([spot("a", "satellite"), spot("r", "public_report", 1900, minute=600)]).links == (
        Link("r", "a"),
    )


def test_two_satellite_fires_are_never_linked_and_two_of_a_kind_neither() -> None:
    assert match([spot("a", "satellite"), spot("b", "satellite", 800)]) == Matches()
    assert match([spot("a", "patrol"), spot("b", "patrol", 800)]) == Matches()
    mixed = [spot("a", "satellite+patrol"), spot("b", "satellite", 800)]
    assert match(mixed) == Matches()


def test_reports_without_a_satellite_link_where_each_is_the_others_only_candidate() -> None:
    pair = [spot("d", "drone"), spot("p", "patrol", 500)]
    assert match(pair).links == (Link("p", "d"),)
    three = [*pair, spot("c", "camera", -500)]
    assert {one.id for one in match(three).unclear} == {"c", "d", "p"}


def test_all_that_tell_of_one_satellite_fire_are_one() -> None:
    found = match(
        [
            spot("sat", "satellite", minute=200),
            spot("p", "patrol", 700, minute=30),
            spot("d", "drone", -700, minute=60),
            spot("r", "public_report", 0, 1500),
        ]
    )
    assert found.links == (Link("d", "r"), Link("p", "r"), Link("sat", "r"))


SOURCES = ("satellite", "patrol", "drone", "camera", "public_report")


@st.composite
def _observed(draw: st.DrawFn) -> tuple[list[Spot], dict[str, int]]:
    """Fires 12 km apart, each seen by some sources at most 500 m and 3 hours off."""
    spots: list[Spot] = []
    fire_of: dict[str, int] = {}
    for fire in range(draw(st.integers(1, 4))):
        for source in draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=5, unique=True)):
            name = f"{draw(st.integers(0, 9))}-{fire}-{source}"
            east = fire * 12_000 + draw(st.integers(-480, 480))
            spots.append(
                spot(name, source, east, minute=draw(st.integers(0, 180)), slack=draw(st.integers(0, 400)))
            )
            fire_of[name] = fire
    return spots, fire_of


@settings(max_examples=150, deadline=None)
@given(_observed(), st.randoms())
def test_no_fire_is_left_twice_and_none_is_lost_in_any_order(
    case: tuple[list[Spot], dict[str, int]], random: object
) -> None:
    spots, fire_of = case
    found = match(spots)
    shuffled = list(spots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert match(shuffled) == found
    gone = {link.id for link in found.links}
    waiting = {one.id for one in found.unclear}
    alone = [fire_of[one.id] for one in spots if one.id not in gone | waiting]
    assert len(alone) == len(set(alone)), "no fire stands twice"
    assert {fire_of[one] for one in waiting} | set(alone) == set(fire_of.values()), "none is lost"
    for link in found.links:
        assert fire_of[link.id] == fire_of[link.of], "nobody is joined to another fire"
        assert link.of not in gone, "what stands for others stands for itself"


PLACES = st.tuples(st.sampled_from(SOURCES), st.integers(0, 6000), st.integers(0, 6000), st.integers(0, 2000))


@settings(max_examples=150, deadline=None)
@given(st.lists(PLACES, max_size=12), st.randoms())
def test_any_input_is_answered_the_same_in_any_order(
    places: list[tuple[str, int, int, int]], random: object
) -> None:
    spots = [spot(f"{n:02}", *place) for n, place in enumerate(places)]
    found = match(spots)
    random.shuffle(spots)  # type: ignore[attr-defined]
    assert match(spots) == found
    gone = [link.id for link in found.links]
    assert len(gone) == len(set(gone))
    assert not set(gone) & {one.id for one in found.unclear}


def test_the_parameters_are_a_version() -> None:
    assert DEFAULT.version == "m1"
    wide = MatchParams(version="x", distance_m=2500)
    found = match([spot("a", "satellite"), spot("r", "patrol", 2000)], params=wide)
    assert found.links == (Link("r", "a", "x"),)

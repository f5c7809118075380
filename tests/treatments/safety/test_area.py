import pytest

from tests.treatments.safety.shelf import D
from treatments.safety.area import bsa_m2, density_g_per_10cm2, zone_area_cm2


def to(value, places):
    return value.quantize(D(places))


@pytest.mark.parametrize(
    ("height_cm", "weight_kg", "bsa", "back_18", "back_13", "upper_half", "handprint"),
    [
        (165, 60, "1.658", 2985, 2156, 1492, 166),
        (178, 80, "1.989", 3580, 2586, 1790, 199),
        (185, 110, "2.378", 4280, 3091, 2140, 238),
    ],
)
def test_body_surface_and_back_areas_match_the_reference_persons(
    height_cm, weight_kg, bsa, back_18, back_13, upper_half, handprint
):
    surface = bsa_m2(D(height_cm), D(weight_kg))
    areas = [
        to(zone_area_cm2(surface, D(share)), "1") for share in ("0.18", "0.13", "0.09", "0.01")
    ]
    assert to(surface, "0.001") == D(bsa)
    assert areas == [back_18, back_13, upper_half, handprint]


def test_the_back_of_an_obese_person_is_a_quarter_of_the_surface():
    surface = bsa_m2(D(185), D(110))
    assert to(zone_area_cm2(surface, D("0.25")), "1") == D(5944)


def test_a_share_may_be_the_whole_body_and_no_more():
    assert zone_area_cm2(D(2), D(1)) == D(20_000)
    with pytest.raises(ValueError, match="more than the whole body"):
        zone_area_cm2(D(2), D("1.01"))


def test_sixty_grams_on_four_hundred_square_centimetres_is_one_and_a_half_per_ten():
    assert density_g_per_10cm2(D(60), D(400)) == D("1.5")


@pytest.mark.parametrize("bad", [D(0), D(-1), D("NaN"), D("Infinity"), 1.8, None])
def test_an_impossible_measure_never_becomes_an_area(bad):
    for sum_of_two in (bsa_m2, zone_area_cm2, density_g_per_10cm2):
        with pytest.raises(ValueError, match=r"weight_kg|fraction|area_cm2"):
            sum_of_two(D(1), bad)

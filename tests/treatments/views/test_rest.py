"""What becomes of the rest of a course, in words."""

import pytest

from treatments.views.rest import late_words, rest_words, stay_words


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], ""),
        ([3], "Session 3 stays."),
        ([3, 4], "Sessions 3 and 4 stay."),
        ([2, 3, 4], "Sessions 2, 3 and 4 stay."),
    ],
)
def test_those_that_stay_are_named(numbers, words):
    assert stay_words(numbers) == words


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (None, ""),
        ((3, 1), "Session 3 then comes 1 day past its longest interval."),
        ((3, 12), "Session 3 then comes 12 days past its longest interval."),
    ],
)
def test_who_comes_late_is_named_with_the_days(late, words):
    assert late_words(late) == words


def test_a_visit_outside_a_course_has_no_rest():
    assert rest_words(None) == ""

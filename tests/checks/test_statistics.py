import math
import statistics as stdlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskaudit.checks import statistics


# Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3 (Wilson).
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    assert statistics.wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_none():
    assert statistics.wilson(0, 0) is None


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(pair):
    successes, n = pair
    low, high = statistics.wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1
    mirror_low, mirror_high = statistics.wilson(n - successes, n)
    assert (1 - high, 1 - low) == pytest.approx((mirror_low, mirror_high))


# Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("a", "n_a", "b", "n_b", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
    ],
)
def test_newcombe_gives_the_published_intervals(a, n_a, b, n_b, low, high):
    assert statistics.newcombe(a, n_a, b, n_b) == pytest.approx((low, high), abs=5e-5)


# Any printed table of Student's t, two-sided 5 %.
@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.7062), (2, 4.3027), (5, 2.5706), (10, 2.2281), (18, 2.1009), (30, 2.0423), (1e6, 1.95997)]
)
def test_student_gives_the_printed_table(freedom, t):
    assert statistics.student(freedom) == pytest.approx(t, abs=5e-5)


def test_welch_of_equal_groups_has_pooled_freedom():
    # Both sd 1, n 10: df 18, t 2.1009, standard error √0.2.
    assert statistics.welch(5, 1, 10, 3, 1, 10) == pytest.approx(
        (2 - 2.1009 * math.sqrt(0.2), 2 + 2.1009 * math.sqrt(0.2)), abs=1e-4
    )


def test_welch_of_unequal_variances():
    # Variances 16/8 = 2 and 36/12 = 3: df = 25 / (4/7 + 9/11) = 17.99; t(18) = 2.1009; half = 2.1009 · √5.
    low, high = statistics.welch(10, 4, 8, 10, 6, 12)
    assert (low, high) == pytest.approx((-4.698, 4.698), abs=2e-3)


def test_welch_needs_two_of_each():
    assert statistics.welch(1, 0, 1, 2, 1, 5) is None
    assert statistics.welch(3, 0, 5, 1, 0, 5) == (2, 2)


def test_mean_interval_is_students():
    # n 11, sd √11: standard error 1, t(10) 2.2281.
    assert statistics.mean_interval(100, math.sqrt(11), 11) == pytest.approx((97.7719, 102.2281), abs=1e-4)


# The sign test's tables: the largest interval of order statistics with at least 95 %.
@pytest.mark.parametrize(("n", "ranks"), [(6, (1, 6)), (10, (2, 9)), (15, (4, 12)), (20, (6, 15)), (25, (8, 18))])
def test_median_ranks_are_the_sign_tests(n, ranks):
    assert statistics.quantile_ranks(n) == ranks


def test_five_values_have_no_median_interval():
    assert statistics.quantile_ranks(5) is None
    assert statistics.quantile_interval([1, 2, 3, 4, 5]) is None


@pytest.mark.parametrize(("n", "p"), [(50, 0.5), (60, 0.9), (400, 0.9), (1000, 0.5), (1001, 0.5), (1500, 0.9)])
def test_quantile_ranks_cover_95_percent_and_not_much_more(n, p):
    low, high = statistics.quantile_ranks(n, p)
    share = Fraction(p).limit_denominator(10)
    # P(low <= number of rows below the quantile < high), in whole numbers
    covered = sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(low, high))
    assert 0.9495 <= covered < 0.985


def test_quantile_interval_picks_from_the_sorted_values():
    assert statistics.quantile_interval([9, 1, 8, 2, 7, 3, 6, 4, 5, 10]) == (2, 9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_percentile_is_type_7(values):
    inclusive = stdlib.quantiles(values, n=10, method="inclusive")
    near = 1e-9 * max(1.0, *(abs(value) for value in values))  # two ways to the same figure round differently
    assert statistics.percentile(values, 0.9) == pytest.approx(inclusive[8], abs=near)
    assert statistics.percentile(values, 0.5) == pytest.approx(stdlib.median(values), abs=near)


def test_percentile_by_hand():
    assert statistics.percentile([4, 1, 3, 2], 0.9) == pytest.approx(3.7)
    assert statistics.percentile([], 0.5) is None


def test_coefficient_of_variation_by_hand():
    assert statistics.coefficient_of_variation([2, 4, 4, 4, 5, 5, 7, 9]) == pytest.approx(0.4)
    assert statistics.coefficient_of_variation([1, -1]) is None
    assert statistics.coefficient_of_variation([]) is None


def test_spearman_with_ties_by_hand():
    # Ranks 1, 2½, 2½, 4 and 1, 2, 3½, 3½: cross product 3.75, both squares 4.5.
    assert statistics.spearman([(1, 10), (2, 20), (2, 30), (3, 30)]) == pytest.approx(3.75 / 4.5)


def test_spearman_sees_order_only():
    assert statistics.spearman([(1, 1), (2, 100), (3, 101), (4, 10_000)]) == pytest.approx(1)
    assert statistics.spearman([(1, 4), (2, 3), (3, 2)]) == pytest.approx(-1)
    assert statistics.spearman([(1, 5), (2, 5)]) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=30))
def test_spearman_is_pearson_of_mean_ranks(pairs):
    def mean_rank(values, value):
        below = sum(other < value for other in values)
        return below + (sum(other == value for other in values) + 1) / 2

    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert statistics.spearman(pairs) is None
        return
    expected = stdlib.correlation([mean_rank(first, a) for a in first], [mean_rank(second, b) for b in second])
    assert statistics.spearman(pairs) == pytest.approx(expected)


def test_spearman_interval_by_hand():
    # ρ 0, n 28: ± tanh(1.96 · √(1/25)) = ± tanh(0.392)
    assert statistics.spearman_interval(0, 28) == pytest.approx((-0.37307, 0.37307), abs=1e-4)
    assert statistics.spearman_interval(0.5, 3) is None
    assert statistics.spearman_interval(1, 10) == (1, 1)

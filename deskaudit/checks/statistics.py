"""Intervals and coefficients. All intervals are 95 %; None where the rows are too few for one."""

import math
from collections.abc import Sequence

Interval = tuple[float, float]
Z95 = 1.959963984540054


def wilson(successes: int, n: int, z: float = Z95) -> Interval | None:
    """Wilson's score interval of a share (Wilson 1927): holds for small n and near 0 and 1, where Wald's does not."""
    if n <= 0:
        return None
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    bottom = 1 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / bottom
    high = 1.0 if successes == n else (centre + half) / bottom
    return low, high


def newcombe(successes_a: int, n_a: int, successes_b: int, n_b: int) -> Interval | None:
    """Interval of share a − share b by Newcombe's hybrid score (1998, method 10): from the two Wilson intervals."""
    first, second = wilson(successes_a, n_a), wilson(successes_b, n_b)
    if first is None or second is None:
        return None
    a, b = successes_a / n_a, successes_b / n_b
    low = a - b - math.hypot(a - first[0], second[1] - b)
    high = a - b + math.hypot(first[1] - a, b - second[0])
    return low, high


def welch(mean_a: float, sd_a: float, n_a: int, mean_b: float, sd_b: float, n_b: int) -> Interval | None:
    """Interval of mean a − mean b with unequal variances (Welch 1947); `sd` with n − 1."""
    if n_a < 2 or n_b < 2:
        return None
    part_a, part_b = sd_a * sd_a / n_a, sd_b * sd_b / n_b
    total = part_a + part_b
    difference = mean_a - mean_b
    if total == 0:
        return difference, difference
    freedom = total * total / (part_a * part_a / (n_a - 1) + part_b * part_b / (n_b - 1))
    half = student(freedom) * math.sqrt(total)
    return difference - half, difference + half


def mean_interval(mean: float, sd: float, n: int) -> Interval | None:
    """Student's interval of a mean; `sd` with n − 1."""
    if n < 2:
        return None
    half = student(n - 1) * sd / math.sqrt(n)
    return mean - half, mean + half


def quantile_ranks(n: int, p: float = 0.5) -> tuple[int, int] | None:
    """Ranks (from 1) of the two order statistics that hold the p-quantile between them, whatever the distribution.

    Each tail of the binomial gets at most 2.5 %. Exact up to n = 1000, by the normal approximation above.
    """
    if n > 1000:
        half = Z95 * math.sqrt(n * p * (1 - p))
        return max(1, math.floor(n * p - half)), min(n, math.ceil(n * p + half) + 1)
    below, low, high = 0.0, 0, 0
    for count in range(n):  # below: P(fewer than `count` + 1 rows lie under the quantile)
        below += math.exp(_log_binomial(n, count, p))
        if below <= 0.025:
            low = count + 1
        if high == 0 and below >= 0.975:
            high = count + 1
    return (low, high) if low >= 1 and 1 <= high <= n else None


def _log_binomial(n: int, k: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(p) + (n - k) * math.log1p(-p)


def quantile_interval(values: Sequence[float], p: float = 0.5) -> Interval | None:
    """Interval of the p-quantile by order statistics."""
    ranks = quantile_ranks(len(values), p)
    if ranks is None:
        return None
    ordered = sorted(values)
    return ordered[ranks[0] - 1], ordered[ranks[1] - 1]


def percentile(values: Sequence[float], p: float) -> float | None:
    """The p-quantile, type 7 (Hyndman and Fan 1996): what quantile_cont and percentile_cont give."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * p
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def coefficient_of_variation(values: Sequence[float]) -> float | None:
    """Standard deviation ÷ mean, with n below the line, because the whole team is seen; None where the mean is 0."""
    if not values:
        return None
    mean = math.fsum(values) / len(values)
    if mean == 0:
        return None
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values)) / mean


def spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rho: Pearson's coefficient of the ranks, ties sharing their mean rank. None where a side is constant."""
    n = len(pairs)
    if n < 2:
        return None
    first, second = _ranks([a for a, _b in pairs]), _ranks([b for _a, b in pairs])
    mean = (n + 1) / 2
    cross = math.fsum((a - mean) * (b - mean) for a, b in zip(first, second, strict=True))
    square = math.fsum((a - mean) ** 2 for a in first) * math.fsum((b - mean) ** 2 for b in second)
    return max(-1.0, min(1.0, cross / math.sqrt(square))) if square else None


def spearman_interval(rho: float, n: int) -> Interval | None:
    """Interval of rho on Fisher's scale with the variance of Bonett and Wright (2000)."""
    if n < 4:
        return None
    if abs(rho) >= 1:
        return rho, rho
    half = Z95 * math.sqrt((1 + rho * rho / 2) / (n - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + 1 + end) / 2
        start = end
    return ranks


def student(freedom: float) -> float:
    """The t of Student's distribution with 2.5 % above it, by Newton's method from the normal's.

    What lies above t is convex for t > 0, so that each step comes nearer from below.
    """
    t = Z95
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    for _step in range(100):
        density = math.exp(scale - (freedom + 1) / 2 * math.log1p(t * t / freedom))
        step = (_student_above(t, freedom) - 0.025) / density
        t += step
        if abs(step) < 1e-12 * t:
            break
    return t


def _student_above(t: float, freedom: float) -> float:
    return _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction."""
    if x in {0.0, 1.0}:
        return x
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    # Lentz's method: c and d carry numerator and denominator, kept away from 0.
    tiny = 1e-300
    c, d = 1.0, 1.0 / max(tiny, 1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, 300):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + step * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + step / c
            c = c if abs(c) > tiny else tiny
            total *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * total

#!/usr/bin/env python3
"""Writes comparison-statistics.json: what scipy computes for seeded samples, for the tests of the comparison's statistics.

Run with scipy 1.17.1 and numpy 2.4.6: python3 record-scipy.py > comparison-statistics.json
"""
import json
import numpy as np
import scipy
from scipy import optimize, special, stats

rng = np.random.default_rng(20240511)


def u_quantile(n, m, tail):
    """Smallest q with P(U <= q) > tail, by counting all choices of ranks (as R's qwilcox does)."""
    ways = np.zeros((n + 1, n * m + 1))
    ways[0, 0] = 1
    for rank in range(n + m):
        for k in range(min(rank + 1, n), 0, -1):
            gain = rank - (k - 1)
            if gain <= m:
                ways[k, gain:] += ways[k - 1, : n * m + 1 - gain]
    cumulative = np.cumsum(ways[n]) / ways[n].sum()
    return int(np.argmax(cumulative > tail))


def samples(name, x, y):
    method = "exact" if len(x) * len(y) <= 400 and len(set(x) | set(y)) == len(x) + len(y) else "asymptotic"
    test = stats.mannwhitneyu(x, y, alternative="two-sided", method=method, use_continuity=True)
    differences = np.sort(np.subtract.outer(x, y).ravel())
    case = dict(name=name, x=list(x), y=list(y), method=method, u=test.statistic, p_value=test.pvalue,
                cliffs_delta=2 * test.statistic / (len(x) * len(y)) - 1, shift=float(np.median(differences)))
    if len(x) * len(y) <= 400:
        rank = u_quantile(len(x), len(y), 0.025)
        case["interval"] = [differences[rank - 1], differences[-rank]] if rank >= 1 else None
    return case


def rounded(values, digits=4):
    return [round(float(v), digits) for v in values]


def moderated(variances, degrees):
    """Smyth 2004, section 6.2, solved by scipy."""
    v, d = np.array(variances), np.array(degrees)
    e = np.log(v) - special.digamma(d / 2) + np.log(d / 2)
    excess = e.var(ddof=1) - special.polygamma(1, d / 2).mean()
    if excess <= 0:
        return dict(variances=variances, degrees=degrees, prior_degrees=None, prior_variance=float(np.exp(e.mean())))
    half = optimize.brentq(lambda h: special.polygamma(1, h) - excess, 1e-6, 1e6, xtol=1e-12)
    return dict(variances=variances, degrees=degrees, prior_degrees=2 * half,
                prior_variance=float(np.exp(e.mean() + special.digamma(half) - np.log(half))))


p_values = rounded(rng.uniform(0, 1, 20) ** 3, 6)
document = dict(
    origin=f"record-scipy.py with scipy {scipy.__version__}, numpy {np.__version__}",
    mann_whitney=[
        samples("three and three", [1.1, 2.2, 3.3], [0.5, 0.7, 2.9]),
        samples("small, shifted", rounded(rng.normal(10, 1, 8)), rounded(rng.normal(11.5, 1, 7))),
        samples("lognormal", rounded(rng.lognormal(0, 0.3, 20)), rounded(rng.lognormal(0.1, 0.3, 20))),
        samples("ties", [1, 2, 2, 3, 3, 3, 4, 5], [2, 3, 3, 4, 4, 6, 6, 7, 7]),
        samples("large", rounded(rng.normal(5, 1, 60)), rounded(rng.normal(5.3, 2, 45))),
        samples("disjoint", rounded(rng.normal(1, 0.01, 5)), rounded(rng.normal(2, 0.01, 5))),
    ],
    benjamini_hochberg=dict(p_values=p_values, adjusted=list(stats.false_discovery_control(p_values))),
    student_t=[dict(degrees=d, t=t, p_value=2 * stats.t.sf(t, d)) for d in (0.7, 1, 3, 4.5, 30, 400) for t in (0.1, 1, 2.5, 12)],
    student_t_critical=[dict(degrees=d, p=0.05, t=stats.t.isf(0.025, d)) for d in (1, 3, 8, 57.3, 1000)],
    gamma=[dict(x=x, digamma=float(special.digamma(x)), trigamma=float(special.polygamma(1, x))) for x in (0.05, 0.5, 1, 3.7, 25)],
    variance_prior=[
        moderated(rounded(rng.chisquare(4, 40) / 4 * rng.lognormal(0, 0.8, 40), 6), [4.0] * 40),
        moderated(rounded(rng.chisquare(8, 25) / 8, 6), [8.0] * 25),
        moderated(rounded(rng.chisquare(3, 30) * rng.lognormal(-6, 1.5, 30), 9), [3.0] * 20 + [5.0] * 10),
    ],
)
print(json.dumps(document, indent=1, default=float))

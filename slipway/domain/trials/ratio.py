"""
Do the requests fall on the arms as the weights say? If not, what the arms show cannot be compared.

The sequential sample ratio mismatch test of Lindon & Malek ("Anytime-valid inference for multinomial
count data", NeurIPS 2022): the Bayes factor of shares drawn from a Dirichlet distribution around the
weights against the weights themselves is a martingale of mean 1 if the weights hold. It may be looked at
as often as one likes, unlike the chi-square test that it stands for. Two distributions, wide and narrow,
are averaged, so that gross mismatches are found early and small ones at all.
"""

from __future__ import annotations

import math
from typing import Final

MISMATCH_RISK: Final = 0.001
"""That a trial whose requests fall as they should is ever called mismatched, by each of its counts."""
_CONCENTRATIONS: Final = (100.0, 10_000.0)


def mismatch_p(challenger: int, champion: int, *, share: float) -> float:
    """
    An always-valid p-value: below ``MISMATCH_RISK`` the requests do not fall as the weights say.

    Args:
        challenger: Its requests.
        champion: Its requests.
        share: The challenger's weight, between 0 and 1.

    >>> mismatch_p(500, 500, share=0.5)
    1.0
    >>> mismatch_p(400, 600, share=0.5) < MISMATCH_RISK
    True
    """
    if not 0 < share < 1:
        return 1.0
    logs = [
        _log_beta(wide * share + challenger, wide * (1 - share) + champion)
        - _log_beta(wide * share, wide * (1 - share))
        - challenger * math.log(share)
        - champion * math.log(1 - share)
        for wide in _CONCENTRATIONS
    ]
    highest = max(logs)
    factor = highest + math.log(math.fsum(math.exp(log - highest) for log in logs) / len(logs))
    return min(1.0, math.exp(-factor)) if factor > 0 else 1.0


def is_mismatch(challenger: int, champion: int, *, share: float) -> bool:
    """Whether the trial must not be believed."""
    return mismatch_p(challenger, champion, share=share) < MISMATCH_RISK


def _log_beta(first: float, second: float) -> float:
    return math.lgamma(first) + math.lgamma(second) - math.lgamma(first + second)

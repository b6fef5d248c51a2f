"""
The verdict's paired bootstrap beside ``scipy.stats.bootstrap`` and a plain numpy loop, in one run.

``run()`` measures each in a process of its own on one core with one thread: milliseconds of processor
time (others use this machine too) per resample of MAE and AUC, ours and the peers', and ours alone with
2,000 resamples up to 1,000,000 rows, within an address space as large as a Lambda's memory.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
from scipy import stats

from slipway.domain.judging.bootstrap import compare
from slipway.domain.judging.metrics import metric_named
from slipway.domain.judging.pairing import Pair, pair
from slipway.domain.judging.rows import Rows, Side
from slipway.domain.judging.rows_csv import read_rows

LAMBDA_MB = 1769
RESAMPLES = 2000
SIZES = (10_000, 100_000, 1_000_000)
PEER_RESAMPLES = {10_000: 200, 100_000: 30, 1_000_000: 4}
ROUNDS = 3
"""The ratio is the median of as many rounds, in each of which everybody runs in turn."""


def columns(rows: int) -> Any:
    """Labels and both sides' scores; a fifth of the labels are 1, scores have six decimals."""
    random = np.random.default_rng(1)
    label = (random.random(rows) < 1 / 5).astype(float)
    ours = np.round(1 / (1 + np.exp(-(label + random.normal(0, 1, rows)))), 6)
    theirs = np.round(np.clip(ours + random.normal(0, 0.01, rows), 0, 1), 6)
    return label, ours, theirs


def pair_of(metric: str, rows: int) -> Any:
    label, ours, theirs = columns(rows)
    if metric == "mae":
        return Pair(Side("regression", label, ours), Side("regression", label, theirs), {})
    return Pair(Side("binary", label, score=ours), Side("binary", label, score=theirs), {})


def area(label: Any, score: Any) -> float:
    """The area under the ROC curve from ranks: the fastest plain way, with ties."""
    positive = label == 1
    count = int(positive.sum())
    won = stats.rankdata(score)[positive].sum() - count * (count + 1) / 2
    return float(won / (count * (len(label) - count)))


def mean_error(label: Any, predicted: Any) -> float:
    return float(np.abs(label - predicted).mean())


PLAIN = {"mae": mean_error, "auc": area}


def numpy_loop(metric: str, rows: int, resamples: int) -> tuple[float, float]:
    """Draw rows, pick them, compute both sides: what one writes first."""
    label, ours, theirs = columns(rows)
    random, of = np.random.default_rng(0), PLAIN[metric]

    def draw() -> float:
        some = random.integers(0, rows, rows)
        truth = label[some]
        return of(truth, theirs[some]) - of(truth, ours[some])

    began = time.process_time()
    found = [draw() for _ in range(resamples)]
    return time.process_time() - began, float(np.std(found))


def numpy_differences(_metric: str, rows: int, resamples: int) -> tuple[float, float]:
    """The best plain loop for MAE: draw from the differences of losses. There is none such for AUC."""
    label, ours, theirs = columns(rows)
    random = np.random.default_rng(0)
    began = time.process_time()
    losses = np.abs(label - theirs) - np.abs(label - ours)
    found = [losses[random.integers(0, rows, rows)].mean() for _ in range(resamples)]
    return time.process_time() - began, float(np.std(found))


def scipy_bootstrap(metric: str, rows: int, resamples: int) -> tuple[float, float]:
    of = PLAIN[metric]
    began = time.process_time()
    found = stats.bootstrap(
        columns(rows),
        lambda label, ours, theirs: of(label, theirs) - of(label, ours),
        paired=True,
        vectorized=False,
        n_resamples=resamples,
        method="percentile",
        rng=0,
    )
    return time.process_time() - began, float(found.standard_error)


def slipway(metric: str, rows: int, resamples: int, method: str = "percentile") -> tuple[float, float]:
    both = pair_of(metric, rows)
    named = metric_named(both.champion.task, metric)
    assert named is not None
    began = time.process_time()
    found = compare(both, [named], resamples=resamples, method=method)[0]  # type: ignore[arg-type]
    return time.process_time() - began, found.spread.standard_error  # type: ignore[union-attr]


def slipway_verdict(metric: str, rows: int, resamples: int) -> tuple[float, float]:
    """With the correction for bias and skewness, as verdicts are made: 200 jackknife groups more."""
    return slipway(metric, rows, resamples, "bca")


def slipway_files(metric: str, rows: int, _resamples: int) -> tuple[float, float]:
    """Read both files of predictions and bring them together."""
    label, ours, theirs = columns(rows)
    files = [
        "".join(
            ["row_id,label,score,prediction,month\n"]
            + [f"r{n},{y:g},{p},{p},m{n % 12}\n" for n, (y, p) in enumerate(zip(label, side, strict=True))]
        ).encode()
        for side in (ours, theirs)
    ]
    task: Any = "regression" if metric == "mae" else "binary"
    if task == "binary":
        files = [file.replace(b"prediction", b"other", 1) for file in files]
    began = time.process_time()
    sides = [read_rows(file, task, ["month"]) for file in files]
    champion, challenger = sides
    assert isinstance(champion, Rows), champion
    assert isinstance(challenger, Rows), challenger
    assert isinstance(pair(champion, challenger), Pair)
    return time.process_time() - began, 0.0


WAYS = {
    way.__name__: way
    for way in (numpy_loop, numpy_differences, scipy_bootstrap, slipway, slipway_verdict, slipway_files)
}


def in_a_process(way: str, metric: str, rows: int, resamples: int) -> dict[str, float]:
    """One measurement: seconds of processor time, the standard error found, peak memory, seconds of all."""
    environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "benchmarks.verdict", way, metric, str(rows), str(resamples)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{ran.stderr}")
    answer: dict[str, float] = json.loads(ran.stdout)
    return answer


def beside(metric: str, rows: int) -> dict[str, Any]:
    """Everybody in turn, some rounds; milliseconds per resample and their ratios to ours."""
    peers = ["numpy_loop", "scipy_bootstrap", *(["numpy_differences"] if metric == "mae" else [])]
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for way in ("slipway", *peers):
            resamples = PEER_RESAMPLES[rows] * (10 if way == "slipway" else 1)
            one = in_a_process(way, metric, rows, resamples)
            one["ms"] = 1000 * one["seconds"] / resamples
            found.setdefault(way, []).append(one)
    answer: dict[str, Any] = {}
    for way, rounds in found.items():
        ratios = [one["ms"] / ours["ms"] for one, ours in zip(rounds, found["slipway"], strict=True)]
        answer[way] = {
            "ms_per_resample": round(statistics.median(one["ms"] for one in rounds), 3),
            "times_ours": [round(ratio, 1) for ratio in sorted(ratios)],
            "standard_error": rounds[0]["standard_error"],
            "peak_mb": round(max(one["peak_mb"] for one in rounds)),
        }
    return answer


def run() -> dict[str, Any]:
    """Ours beside the peers, and ours alone as it grows."""
    answer: dict[str, Any] = {"resamples": RESAMPLES, "threads": 1, "address_space_mb": LAMBDA_MB}
    for metric in ("mae", "auc"):
        grown = {}
        for rows in (*SIZES, 30_000, 300_000):
            one = in_a_process("slipway_verdict", metric, rows, RESAMPLES)
            grown[f"{rows:,}"] = {
                "processor_seconds": round(one["seconds"], 2),
                "seconds_by_the_clock": round(one["seconds_by_the_clock"], 2),
                "peak_mb": round(one["peak_mb"]),
            }
        files = in_a_process("slipway_files", metric, SIZES[-1], 0)
        answer[metric] = {
            "verdict_of_2000_resamples_by_rows": dict(
                sorted(grown.items(), key=lambda item: int(item[0].replace(",", "")))
            ),
            "reading_two_files_of_1,000,000_rows": {
                "processor_seconds": round(files["seconds"], 2),
                "peak_mb": round(files["peak_mb"]),
            },
            "beside_peers_by_rows": {f"{rows:,}": beside(metric, rows) for rows in SIZES},
        }
    return answer


def main() -> None:
    """Measure one way in this process, on one core, within a Lambda's memory."""
    way, metric, rows, resamples = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if way.startswith("slipway"):
        resource.setrlimit(resource.RLIMIT_AS, (LAMBDA_MB * 1024 * 1024,) * 2)
    began = time.perf_counter()
    seconds, error = WAYS[way](metric, rows, resamples)
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer = {"seconds": seconds, "standard_error": error, "peak_mb": peak, "seconds_by_the_clock": wall}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

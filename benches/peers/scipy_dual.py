"""Optimal routing by dual decomposition with scipy: the method of CFMMRouter (Diamandis et al., 2023) in numpy.

Reads a problem from standard input as JSON and writes its answers to standard output:

    {"tokens": 3, "pieces": [[pool, token_in, token_out, reserve_in, reserve_out, fee, capacity_in], ...],
     "questions": [[token_in, token_out, amount_in, good_enough], ...], "repeat": 1}
    -> {"version": "..", "answers": [{"bound": float, "seconds": float, "evaluations": int}, ...]}

It stops where the dual is at most `good_enough` (null: where it falls no more), so that its time can be compared at
one quality.

A piece is `reserve_out * (1 - fee) * x / (reserve_in + (1 - fee) * x)` for `x` up to `capacity_in` (null for no end):
one for each direction of a constant-product pool, one for each range of ticks of a concentrated one, in order. All
pools are evaluated at once by numpy; a pool's pieces are kept as running sums, and the one that counts is searched.
"""

import json
import os
import sys
import time
from collections.abc import Callable

# Vectors of a few hundred numbers: more threads than one only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import scipy
from scipy.optimize import OptimizeResult, minimize

# Runs of the minimiser, and the relative gain of one below which there is no other.
MOST_RUNS = 40
SETTLED = 1e-9


class Market:
    """Every direction of every pool as a row of columns, and the running sums of its pieces."""

    def __init__(self, tokens: int, pieces: list[list[float | None]]) -> None:
        table = np.array([[np.inf if value is None else value for value in piece] for piece in pieces], dtype=float)
        take, give, room = table[:, 3] / (1 - table[:, 5]), table[:, 4], table[:, 6]
        with np.errstate(invalid="ignore"):
            full = np.where(np.isfinite(room), give * room / (take + room), give)
        _, first, way = np.unique(table[:, :3], axis=0, return_index=True, return_inverse=True)
        # Directions in the order of their first piece, so that a direction's pieces stay together.
        rank = np.argsort(np.argsort(first))[way.ravel()]
        begins = np.sort(first)
        self.tokens = tokens
        self.token_in, self.token_out = table[begins, 1].astype(int), table[begins, 2].astype(int)
        self.take, self.give, self.room, self.full = take, give, room, full
        self.price = give / take
        finite_room = np.where(np.isfinite(room), room, 0.0)
        sums_in, sums_out = np.cumsum(finite_room) - finite_room, np.cumsum(full) - full
        self.before_in = sums_in - sums_in[begins][rank]
        self.before_out = sums_out - sums_out[begins][rank]
        self.begins = begins
        # One ascending key for all: the direction first, then the price from the best down.
        self.step = 1e4
        self.offset = self.step * np.arange(len(begins))
        self.key = self.offset[rank] - np.log(self.price)

    def dual(
        self, factors: np.ndarray, spot: np.ndarray, token_in: int, amount: float, scale: float
    ) -> tuple[float, np.ndarray]:
        """The dual and its derivative by the prices, these in units of `spot`, both in units of `scale`."""
        prices = spot * factors
        log_prices = np.log(prices)
        log_ratio = log_prices[self.token_in] - log_prices[self.token_out]
        at = np.searchsorted(self.key, self.offset - log_ratio) - 1
        idle = at < self.begins
        at = np.maximum(at, self.begins)
        growth = np.sqrt(self.price[at] * np.exp(-log_ratio))
        taken = np.minimum(self.take[at] * (growth - 1), self.room[at])
        given = np.where(taken < self.room[at], self.give[at] * (taken / (self.take[at] + taken)), self.full[at])
        worth_in = np.where(idle, 0.0, (self.before_in[at] + taken) * prices[self.token_in])
        worth_out = np.where(idle, 0.0, (self.before_out[at] + given) * prices[self.token_out])
        gradient = np.bincount(self.token_out, worth_out, self.tokens)
        gradient -= np.bincount(self.token_in, worth_in, self.tokens)
        gradient[token_in] += amount * prices[token_in]
        value = (worth_out - worth_in).sum() + amount * prices[token_in]
        return value / scale, gradient / factors / scale

    def spot(self, ground: int) -> np.ndarray:
        """Prices along the deepest ways from the ground token."""
        prices = np.zeros(self.tokens)
        known = np.zeros(self.tokens, dtype=bool)
        prices[ground], known[ground] = 1.0, True
        while True:
            fresh = known[self.token_out] & ~known[self.token_in]
            if not fresh.any():
                break
            depth = np.where(fresh, self.give[self.begins] * prices[self.token_out], -1.0)
            best = int(depth.argmax())
            token = self.token_in[best]
            prices[token] = prices[self.token_out[best]] * self.price[self.begins[best]]
            known[token] = True
        return np.where(known, prices, 1.0)

    def solve(self, token_in: int, token_out: int, amount: float, good_enough: float | None) -> tuple[float, int]:
        """The least dual that L-BFGS-B finds, with the output's price held at one.

        One run often ends in a failed line search where a pool's fee makes the dual bend; the next one goes on from
        there, until it gains nothing.
        """
        prices = self.spot(token_out)
        bounds = [(1e-9, 1e9)] * self.tokens
        bounds[token_out] = (1.0, 1.0)
        value, evaluations = np.inf, 0
        for _ in range(MOST_RUNS):
            scale = amount * float(prices[token_in])
            enough = -np.inf if good_enough is None else good_enough / scale
            done = minimize(
                self.dual,
                np.ones(self.tokens),
                args=(prices, token_in, amount, scale),
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                callback=stop_at(enough),
                options={"maxiter": 2_000, "maxfun": 3_000, "ftol": 1e-12, "gtol": 1e-9, "maxcor": 20},
            )
            evaluations += int(done.nfev)
            before, value, prices = value, float(done.fun) * scale, prices * done.x
            if done.fun <= enough or before - value <= SETTLED * value:
                break
        return value, evaluations


def stop_at(enough: float) -> Callable[[OptimizeResult], None]:
    """A callback that ends the minimiser at this value."""

    def stop(intermediate_result: OptimizeResult) -> None:
        if intermediate_result.fun <= enough:
            raise StopIteration

    return stop


def main() -> None:
    """Answers every question, the time of each alone being the least of its repetitions."""
    problem = json.load(sys.stdin)
    market = Market(problem["tokens"], problem["pieces"])
    answers = []
    for token_in, token_out, amount, good_enough in problem["questions"]:
        seconds = []
        for _ in range(problem.get("repeat", 1)):
            began = time.perf_counter()
            bound, evaluations = market.solve(token_in, token_out, float(amount), good_enough)
            seconds.append(time.perf_counter() - began)
        answers.append({"bound": bound, "seconds": min(seconds), "evaluations": evaluations})
    json.dump({"version": f"scipy {scipy.__version__}", "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()

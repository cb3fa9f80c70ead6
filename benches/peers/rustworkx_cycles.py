"""Searches arbitrage with rustworkx: a directed graph whose weights are -log of the rates.

{"op": "load", "nodes": n, "edges": [[from, to, weight], ..]}  -> {"version": ".."}
{"op": "negative", "times": n}                                 -> {"ns": one, "cycle": [node, ..] | null}
{"op": "simple", "most": n}                                    -> {"ns": total, "cycles": how many}
"""

from importlib.metadata import version
from itertools import islice
from time import perf_counter_ns
from types import SimpleNamespace
from typing import Any

import rustworkx

from benches.peers.answering import serve

LOADED = SimpleNamespace(graph=None)


def load(nodes: int, edges: list[tuple[int, int, float]]) -> dict[str, Any]:
    """One edge a direction of a pair of tokens: that of the best rate."""
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from([tuple(edge) for edge in edges])
    LOADED.graph = graph
    return {"version": version("rustworkx")}


def negative(times: int) -> dict[str, Any]:
    """One negative cycle by Bellman and Ford, whatever its length."""
    cycle = None
    start = perf_counter_ns()
    for _ in range(times):
        try:
            cycle = list(rustworkx.find_negative_cycle(LOADED.graph, float))
        except ValueError:
            cycle = None
    return {"ns": (perf_counter_ns() - start) / times, "cycle": cycle}


def simple(most: int) -> dict[str, Any]:
    """Simple cycles of any length, as many as asked: it cannot be told a length."""
    start = perf_counter_ns()
    count = sum(1 for _ in islice(rustworkx.simple_cycles(LOADED.graph), most))
    return {"ns": perf_counter_ns() - start, "cycles": count}


if __name__ == "__main__":
    serve({"load": load, "negative": negative, "simple": simple})

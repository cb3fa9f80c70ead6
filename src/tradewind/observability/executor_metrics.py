"""ExecutorMetrics: what an executor did, for Prometheus, and the small server that gives it out on this machine.

A counter cannot fall, so profits and losses are counted apart. Numbers here are for looking at, never for deciding.
"""

from decimal import Decimal
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from tradewind.errors import Misconfigured

DURATION_BUCKETS_MS = (10, 50, 100, 200, 500, 1_000, 2_000, 5_000)
_LOOPBACK = "127.0.0.1"


class ExecutorMetrics:
    """One registry for one executor; `executor` is a label of all of them."""

    def __init__(self, executor: str) -> None:
        self.registry = CollectorRegistry()
        self._executor = executor
        self._server: tuple[WSGIServer, Thread] | None = None
        labels = ("method", "executor")
        self._executions = Counter(
            "executor_executions_total", "Plans by how they ended.", ("status", *labels), registry=self.registry
        )
        self._duration = Histogram(
            "executor_execution_duration_ms",
            "From taking a plan to its end.",
            labels,
            buckets=DURATION_BUCKETS_MS,
            registry=self.registry,
        )
        self._profit = Counter("executor_profit_usd_total", "Profits in USD.", labels, registry=self.registry)
        self._loss = Counter(
            "executor_loss_usd_total", "Losses in USD, as a positive number.", labels, registry=self.registry
        )
        self._failures = Counter(
            "executor_failures_total", "Plans that did not succeed.", ("code", *labels), registry=self.registry
        )
        self._attempts = Counter("executor_attempts_total", "Signatures made.", labels, registry=self.registry)
        self._open = Gauge("executor_open_plans", "Plans taken and not ended.", ("executor",), registry=self.registry)
        self._open.labels(executor)

    def ended(
        self, *, status: str, method: str, latency_ms: int, attempts: int, code: str | None, plan_id: str
    ) -> None:
        """A plan has its result, or the word that nothing is proven yet."""
        self._executions.labels(status, method, self._executor).inc()
        if status == "timeout":
            return
        self._duration.labels(method, self._executor).observe(latency_ms, exemplar={"plan_id": plan_id})
        self._attempts.labels(method, self._executor).inc(attempts)
        if code is not None:
            self._failures.labels(code, method, self._executor).inc()

    def profited(self, usd: Decimal, *, method: str) -> None:
        """What a plan brought, below zero a loss."""
        counter = self._profit if usd >= 0 else self._loss
        counter.labels(method, self._executor).inc(float(abs(usd)))

    def open_plans(self, count: int) -> None:
        """How many are in hand."""
        self._open.labels(self._executor).set(count)

    def serve(self, port: int) -> int:
        """Give them out at http://127.0.0.1:`port`/metrics, and return the port. 0 means any free one.

        Raises Misconfigured `metrics_port_taken`.
        """
        try:
            self._server = start_http_server(port, addr=_LOOPBACK, registry=self.registry)
        except OSError as error:
            raise Misconfigured(
                "metrics_port_taken",
                f"The metrics cannot be given out on port {port} ({error.strerror}).",
                remedy="Set METRICS_PORT to a free port, or METRICS_ENABLED=false.",
            ) from None
        return int(self._server[0].server_port)

    def close(self) -> None:
        """Stop giving them out. Idempotent."""
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
            self._server = None

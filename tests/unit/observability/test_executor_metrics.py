"""What Prometheus reads of an executor."""

import urllib.request
from decimal import Decimal

import pytest

from tradewind.errors import Misconfigured
from tradewind.observability.executor_metrics import ExecutorMetrics


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_the_page_has_the_names_and_buckets_of_the_dashboards() -> None:
    metrics = ExecutorMetrics("executor-1")
    metrics.ended(status="success", method="jito_bundle", latency_ms=180, attempts=1, code=None, plan_id="p1")
    metrics.profited(Decimal("0.25"), method="jito_bundle")
    metrics.profited(Decimal("-0.50"), method="jito_bundle")
    page = read(metrics.serve(0))
    metrics.close()
    labels = 'executor="executor-1",method="jito_bundle"'
    assert f'executor_executions_total{{{labels},status="success"}} 1.0' in page
    assert f"executor_profit_usd_total{{{labels}}} 0.25" in page
    assert f"executor_loss_usd_total{{{labels}}} 0.5" in page
    counts = {"10.0": 0, "50.0": 0, "100.0": 0, "200.0": 1, "500.0": 1, "1000.0": 1, "2000.0": 1, "5000.0": 1}
    for bound, count in counts.items():
        place = f'executor="executor-1",le="{bound}",method="jito_bundle"'
        assert f"executor_execution_duration_ms_bucket{{{place}}} {count}.0" in page


def test_a_timeout_is_counted_and_is_no_duration() -> None:
    metrics = ExecutorMetrics("executor-1")
    metrics.ended(status="timeout", method="rpc", latency_ms=2_000, attempts=1, code="not_seen_yet", plan_id="p1")
    value = metrics.registry.get_sample_value
    labels = {"method": "rpc", "executor": "executor-1"}
    assert value("executor_executions_total", {"status": "timeout", **labels}) == 1
    assert value("executor_execution_duration_ms_count", labels) is None


def test_a_port_that_is_taken_is_named() -> None:
    first = ExecutorMetrics("executor-1")
    port = first.serve(0)
    with pytest.raises(Misconfigured) as refused:
        ExecutorMetrics("executor-2").serve(port)
    assert refused.value.code == "metrics_port_taken"
    assert str(port) in refused.value.message
    first.close()

"""The executor's variables in this environment: how they are understood, and whether its bus is there."""

from collections.abc import Mapping

from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.errors import InvalidInput, TradewindError
from tradewind.execution.executor_settings import ExecutorSettings, from_environment, refuse_wallet_keys
from tradewind.settings import redact_url
from tradewind.streaming.nats_connection import NatsConnection
from tradewind.streaming.nats_settings import NatsSettings

_TIMEOUT_MS = 2_000
_SECRET = ("UUID",)


async def check_executor(environment: Mapping[str, str]) -> list[Finding]:
    """Nothing when none of its variables is set."""
    findings = []
    try:
        refuse_wallet_keys(environment)
    except TradewindError as error:
        findings.append(failed("wallet keys", error))
    found = from_environment(environment)
    if not found:
        return findings
    shown = ", ".join(f"{key.upper()}={_shown(key, value)}" for key, value in found.items())
    findings.append(good("executor variables", shown))
    findings.append(_understood(environment))
    if "nats_url" in found:
        findings.append(await _bus(found["nats_url"]))
    return findings


def _shown(key: str, value: str) -> str:
    if key.upper().endswith(_SECRET):
        return "***"
    return ",".join(redact_url(part) if "://" in part else part for part in value.split(","))


def _understood(environment: Mapping[str, str]) -> Finding:
    without_keys = {name: value for name, value in environment.items() if not name.startswith("WALLET_")}
    try:
        settings = ExecutorSettings.load(None, without_keys)
    except InvalidInput as error:
        faults = "; ".join(f"{fault.field}: {fault.message}" for fault in error.faults)
        missing = all(fault.code == "field_missing" for fault in error.faults)
        remedy = "Set them, or give a file with them: tradewind executor --config FILE"
        return warning("executor", faults, remedy) if missing else wrong("executor", faults, "Correct them.")
    said = f"{settings.executor_name} would trade with {len(settings.wallets)} wallets"
    return good("executor", said)


async def _bus(url: str) -> Finding:
    shown = redact_url(url)
    try:
        settings = NatsSettings(url=url, connect_timeout_ms=_TIMEOUT_MS)
        connection = await NatsConnection.open(settings, name="doctor")
    except TradewindError as error:
        return failed("bus", error)
    except ValueError:
        return wrong("bus", f"NATS_URL is not understood ({shown})", "Write it as nats://host:4222.")
    await connection.close()
    return good("bus", f"NATS answers at {shown}")

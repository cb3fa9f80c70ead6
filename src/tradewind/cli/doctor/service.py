"""The service: whether it runs and calls itself ready."""

from tradewind.api.token import read_token
from tradewind.cli.doctor.finding import Finding, failed, good, warning, wrong
from tradewind.cli.service import PATIENCE, service_url
from tradewind.client import AsyncClient
from tradewind.errors import TradewindError, Unavailable
from tradewind.settings import Settings


async def check_service(settings: Settings, url: str | None) -> Finding:
    """Not running is worth a look, not wrong: the doctor is asked before the start, too."""
    url = url or service_url(settings)
    try:
        async with AsyncClient(url, read_token(settings.token_file), patience=PATIENCE) as service:
            found = await service.readiness()
    except Unavailable as error:
        return warning("service", error.message, error.remedy or "")
    except TradewindError as error:
        if error.code == "token_missing":
            return warning("service", "has never been started here", "tradewind up")
        return failed("service", error)
    faults = [f"{check.name}: {check.detail}" for check in found.checks if not check.ok]
    if faults:
        return wrong("service", f"{url} is not ready: {'; '.join(faults)}", "Mend what it names.")
    return good("service", f"{url} is ready")

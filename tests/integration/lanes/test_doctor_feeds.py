"""`tradewind doctor` asks every feed and block engine, and says what is used in place of one that does not answer."""

from dataclasses import dataclass
from typing import cast

from tests.integration.lanes.rig import Rig
from tests.integration.lanes.test_feeds import node
from tradewind.cli.doctor.finding import Finding
from tradewind.cli.doctor.solana_feeds import check_feeds
from tradewind.settings import JitoSettings, SolanaSettings


@dataclass
class Solana:
    """The part of the table that is looked at."""

    websocket_urls: tuple[str, ...]
    jito: JitoSettings | None


async def found(*, websocket_url: str, jito: JitoSettings) -> list[Finding]:
    solana = cast("SolanaSettings", Solana((websocket_url,), jito))
    return [finding async for finding in check_feeds(solana)]


async def test_all_is_good_where_everything_tells_and_answers(rig: Rig) -> None:
    urls = rig.chain.description.urls
    jito = JitoSettings(
        regions=(urls["jito"], urls["jito_grpc"].replace("http", "grpc")),
        tip_floor_url=f"{urls['jito']}/api/v1/bundles/tip_floor",
        tip_stream_url=f"{urls['jito'].replace('http', 'ws')}/api/v1/bundles/tip_stream",
    )
    async with node() as the:
        the.slots = True
        findings = await found(websocket_url=the.url, jito=jito)
    assert [finding.verdict for finding in findings] == ["ok"] * 5, findings
    assert "7" in findings[0].seen
    assert "over JSON-RPC" in findings[1].seen
    assert "over gRPC" in findings[2].seen
    assert "1,000 lamports" in findings[3].seen
    assert "1,000 lamports" in findings[4].seen


async def test_each_that_does_not_is_named_with_what_takes_its_place() -> None:
    # Port 9 is `discard`: nobody listens.
    jito = JitoSettings(
        regions=("grpc://127.0.0.1:9",), tip_floor_url="http://127.0.0.1:9", tip_stream_url="ws://127.0.0.1:9/key"
    )
    findings = await found(websocket_url="ws://127.0.0.1:9/key", jito=jito)
    assert [finding.verdict for finding in findings] == ["warning"] * 4
    assert all("no connection" in finding.seen for finding in findings), findings
    assert "meanwhile" in findings[1].remedy

"""A wallet that is low is topped up from the treasury, and both wallets' accounts add up to the lamport."""

from pathlib import Path

from solders.account import Account
from solders.pubkey import Pubkey

from tests.e2e.solana_deployment import SolanaDeployment, deployed_on_solana

SOL = 10**9
LOW, FULL = 2_000_000, 3 * SOL


async def _prepared(solana: SolanaDeployment) -> str:
    """The second wallet is the treasury, and a strategy of its own, so that it has accounts; the first is low."""
    treasury = solana.chain.description.wallet("second")
    service, signer = solana.folder / solana.config, solana.folder / "signer.toml"
    strategy = 'id = "b1b2c3d4-e5f6-7890-1234-567890abcdef"'
    service.write_text(
        service.read_text().replace("[solana]\n", f"[solana]\ntop_up_to_lamports = {FULL}\ntop_up_every_s = 1\n")
        + f'\n[strategies.reserve]\n{strategy}\nwallet = "{treasury.address}"\n'
        + "max_slippage_bps = 100\nmax_price_impact_bps = 500\n"
    )
    listed = f'[[wallets]]\naddress = "{treasury.address}"\nchains = [101]\n\n[strategies.'
    signer.write_text(
        signer.read_text().replace("[strategies.", listed, 1)
        + f'\n[chains.101.treasury]\nwallet = "{treasury.address}"\nwallets = ["{solana.wallet.address}"]\n'
        + f"max_lamports = {5 * SOL}\nmax_per_day_lamports = {5 * SOL}\n"
    )
    assert treasury.key_file is not None
    arguments = ["key", "import", "--keys", "keys.age", "--solana-file", treasury.key_file, "--label", "treasury"]
    await solana.run_signer(*arguments, "--passphrase-file", "passphrase", "--work-factor", "2")
    adopted = ("--wallet", treasury.address, "--chain", "101")
    await solana.run_signer("adopt-wallet", "--config", "signer.toml", *adopted)
    solana.chain.node.set_account(
        Pubkey.from_string(solana.wallet.address), Account(LOW, b"", Pubkey.default(), executable=False)
    )
    await solana.start_signer()
    await solana.start_service()
    return treasury.address


async def test_a_low_wallet_is_topped_up_and_trades_again_and_both_accounts_add_up(
    tmp_path: Path, signer_binary: Path
) -> None:
    async with deployed_on_solana(tmp_path, signer=signer_binary, start=False) as solana:
        treasury = await _prepared(solana)
        before = solana.chain.node.account(Pubkey.from_string(treasury), "confirmed")
        assert before is not None
        await solana.until_said("wallet_topped_up")
        assert solana.lamports() == FULL
        [top_up] = await solana.landed()
        assert top_up["err"] is None
        after = solana.chain.node.account(Pubkey.from_string(treasury), "confirmed")
        assert after is not None
        fee = before.lamports - (FULL - LOW) - after.lamports
        assert 5_000 <= fee <= 5_100
        view = await solana.until_final(await solana.submit(solana.sells("1", "SOL", "USDC")))
        assert view["status"] == "COMPLETED", view
        report = await solana.report()
        by_wallet = {one["wallet"]: one for one in report["sums"]}
        assert by_wallet[solana.wallet.address]["topped_up_lamports"] == str(FULL - LOW)
        assert by_wallet[treasury]["topped_up_lamports"] == "0"
        for one in report["sums"]:
            held = {balance["asset"]["symbol"]: balance["unexplained_raw"] for balance in one["balances"]}
            assert held == dict.fromkeys(held, "0"), one
        assert report["is_explained"] is True
        # Once: it is not low any more.
        assert solana.log("service").count('"event": "upkeep_signed"') == 1

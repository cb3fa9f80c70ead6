"""Somebody else on the local market: trades in a pool of Raydium AMM v4, and so moves its price.

Source of the accounts: raydium-amm, `SwapBaseInV2`.
"""

from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from tradewind.localnet.errors import LocalnetError
from tradewind.localnet.solana.description import DescribedPool
from tradewind.localnet.solana.localnet import SolanaLocalnet
from tradewind.localnet.solana.market.raydium_amm_v4 import AUTHORITY
from tradewind.localnet.solana.programs import RAYDIUM_AMM_V4
from tradewind.localnet.solana.token_accounts import TOKEN_PROGRAM, associated_token_address

_SWAP_BASE_IN_V2 = b"\x10"
_AMOUNT = slice(64, 72)


class Somebody:
    """One of the funded wallets, by its name."""

    def __init__(self, chain: SolanaLocalnet, wallet: str) -> None:
        self._node = chain.node
        self._keys = chain.wallets[wallet]

    def holds_raw(self, mint: str) -> int:
        """What its account of a token holds."""
        account = self._node.account(self._account(mint), "processed")
        return 0 if account is None else int.from_bytes(account.data[_AMOUNT], "little")

    def sells(self, pool: DescribedPool, mint: str, amount_raw: int) -> str:
        """Sell so much of a token into a pool at whatever it gives; the signature. Raises LocalnetError."""
        other = pool.quote_mint if mint == pool.base_mint else pool.base_mint
        trader = self._keys.pubkey()
        accounts = [
            AccountMeta(TOKEN_PROGRAM, is_signer=False, is_writable=False),
            AccountMeta(Pubkey.from_string(pool.pool), is_signer=False, is_writable=True),
            AccountMeta(AUTHORITY, is_signer=False, is_writable=False),
            AccountMeta(Pubkey.from_string(pool.base_vault), is_signer=False, is_writable=True),
            AccountMeta(Pubkey.from_string(str(pool.quote_vault)), is_signer=False, is_writable=True),
            AccountMeta(self._account(mint), is_signer=False, is_writable=True),
            AccountMeta(self._account(other), is_signer=False, is_writable=True),
            AccountMeta(trader, is_signer=True, is_writable=False),
        ]
        data = _SWAP_BASE_IN_V2 + amount_raw.to_bytes(8, "little") + (1).to_bytes(8, "little")
        instruction = Instruction(RAYDIUM_AMM_V4.address, data, accounts)
        blockhash = self._node.latest_blockhash().blockhash
        message = MessageV0.try_compile(trader, [instruction], [], blockhash)
        done = self._node.submit(bytes(VersionedTransaction(message, [self._keys])), lane="rpc")
        if done.signature is None or done.meta is None or done.meta.err is not None:
            raise LocalnetError(
                "swap_failed", f"A swap of somebody else did not go through: {done.refusal or done.meta}"
            )
        return str(done.signature)

    def _account(self, mint: str) -> Pubkey:
        return associated_token_address(self._keys.pubkey(), Pubkey.from_string(mint))

"""The addresses follow from who deployed what, as on Arbitrum One."""

import pytest
from eth_account.account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradewind.localnet import addresses as at
from tradewind.localnet.artifacts import Artifacts

DEPLOYED = {
    at.UNISWAP_V3_FACTORY: (at.UNISWAP_DEPLOYER, 0),
    at.TICK_LENS: (at.UNISWAP_DEPLOYER, 2),
    at.SWAP_ROUTER: (at.UNISWAP_DEPLOYER, 4),
    at.NFT_DESCRIPTOR: (at.UNISWAP_DEPLOYER, 5),
    at.POSITION_DESCRIPTOR: (at.UNISWAP_DEPLOYER, 6),
    at.POSITION_DESCRIPTOR_PROXY: (at.UNISWAP_DEPLOYER, 7),
    at.POSITION_MANAGER: (at.UNISWAP_DEPLOYER, 8),
    at.QUOTER_V2: (at.UNISWAP_DEPLOYER, 13),
    at.SWAP_ROUTER_02: (at.UNISWAP_DEPLOYER, 14),
    at.MULTICALL3: (at.MULTICALL3_DEPLOYER, 0),
}
MNEMONIC = "test test test test test test test test test test test junk"


@pytest.mark.parametrize("address", DEPLOYED)
def test_contract_address_follows_from_deployer_and_nonce(address: str) -> None:
    deployer, nonce = DEPLOYED[address]
    # RLP of [deployer, nonce]: a list of 22 bytes, a string of 20, and a small number (0 is the empty string).
    encoded = b"\xd6\x94" + bytes.fromhex(deployer[2:]) + bytes([nonce or 0x80])
    assert to_checksum_address(keccak(encoded)[12:]) == address


def test_permit2_proves_itself_by_create2() -> None:
    creation = Artifacts.vendored("Permit2")
    deployer = bytes.fromhex(at.CREATE2_DEPLOYER[2:])
    derived = keccak(b"\xff" + deployer + at.PERMIT2_SALT + keccak(creation))[12:]
    assert to_checksum_address(derived) == at.PERMIT2


@pytest.mark.parametrize(("index", "address"), [(0, at.TRADER), (1, at.MARKET_MAKER), (2, at.TOKEN_ISSUER)])
def test_accounts_are_those_of_the_public_test_mnemonic(index: int, address: str) -> None:
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    assert account.address == address


@pytest.mark.parametrize("address", [*at.CONTRACTS.values(), *(token.address for token in at.TOKENS.values())])
def test_addresses_carry_their_checksum(address: str) -> None:
    assert to_checksum_address(address) == address

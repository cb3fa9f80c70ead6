"""What accounts take from the configuration."""

from tradewind.accounting.names import ChainNames, Names
from tradewind.settings import Settings


def names_of(settings: Settings) -> Names:
    """How chains, assets and strategies are called."""
    chains = {number: ChainNames(chain.name, chain.native_symbol) for number, chain in settings.every_chain().items()}
    return Names(settings.token_list(), chains, settings.strategies.values())


def decimals_of(settings: Settings) -> dict[tuple[int, str], int]:
    """The decimals of every listed token, by chain and address."""
    return {
        (number, token.address): token.decimals
        for number, chain in settings.every_chain().items()
        for token in chain.tokens
    }


def wallets_of(settings: Settings) -> tuple[str, ...]:
    """The wallets of the strategies, each once."""
    return tuple(dict.fromkeys(strategy.wallet for strategy in settings.strategies.values()))

"""Ask what an intent would do, send it, and follow it to its end.

python examples/watch_an_intent.py http://127.0.0.1:8420 data/api.token intent.json
"""

import sys
from pathlib import Path

from tradewind.client import Client
from tradewind.errors import TradewindError


def main(url: str, token_file: str, intent_file: str) -> int:
    """0 when the intent was filled, 1 when it was not."""
    intent = Path(intent_file).read_text()
    with Client(url, Path(token_file).read_text().strip()) as tradewind:
        quote = tradewind.quote(intent)
        if quote.route is None or quote.would_be == "rejected":
            print(f"It would be rejected: {quote.message}")
            return 1
        pays = quote.route.quoted_pay
        print(f"{quote.wants}: {quote.route.route} for {pays.decimal} {pays.symbol}")

        receipt = tradewind.submit(intent)
        for heard in tradewind.follow(receipt.id):
            print(heard.seq, heard.envelope.type)

        done = tradewind.intent(receipt.id)
        if done.fill is None:
            print(f"{done.status}: {done.end.message if done.end else 'no fill'}")
            return 1
        paid, got = done.fill.paid, done.fill.got
        print(f"paid {paid.decimal} {paid.symbol} for {got.decimal} {got.symbol}")
        return 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except TradewindError as error:
        sys.exit(f"{error} ({error.code})")

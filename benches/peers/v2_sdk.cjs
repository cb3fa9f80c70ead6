// Answers best trades with @uniswap/v2-sdk: Trade.bestTradeExactIn, at most 3 hops.
//
// {"op": "load", "pools": [[address, reserve, address, reserve], ..]}        -> {"version": "..", "pools": n}
// {"op": "best", "orders": [[address in, address out, amount in], ..]}       -> {"outputs": [.. | null], "simple": [..], "ns": [..]}
//
// A best trade may pass a token twice, though no pool; "simple" tells whether it passes none twice.

"use strict";

const { load, serve, version } = require("./answering.cjs");

const { CurrencyAmount, Token } = load("@uniswap/sdk-core");
const { Pair, Trade } = load("@uniswap/v2-sdk");

let pairs = [];

// The decimals have no influence on raw amounts.
const amountOf = (address, raw) => CurrencyAmount.fromRawAmount(new Token(1, address, 18), raw);

serve({
  load: ({ pools }) => {
    pairs = pools.map(([a, reserveA, b, reserveB]) => new Pair(amountOf(a, reserveA), amountOf(b, reserveB)));
    return { version: version("@uniswap/v2-sdk"), pools: pairs.length };
  },
  best: ({ orders }) => {
    const outputs = [];
    const simple = [];
    const ns = [];
    for (const [tokenIn, tokenOut, amount] of orders) {
      const input = amountOf(tokenIn, amount);
      const output = new Token(1, tokenOut, 18);
      const start = process.hrtime.bigint();
      const [trade] = Trade.bestTradeExactIn(pairs, input, output, { maxHops: 3, maxNumResults: 1 });
      ns.push(Number(process.hrtime.bigint() - start));
      outputs.push(trade === undefined ? null : trade.outputAmount.quotient.toString());
      const passed = trade === undefined ? [] : trade.route.path.map((token) => token.address);
      simple.push(new Set(passed).size === passed.length);
    }
    return { outputs, simple, ns };
  },
});

// Decodes transactions with viem, and recovers their senders.
//
// {"op": "load", "transactions": ["0x..", ..]}   -> {"version": ".."}
// {"op": "decode"}                               -> {"decoded": [[..], ..], "ns": total}
// {"op": "senders", "count": n}                  -> {"senders": ["0x..", ..], "ns": total}

"use strict";

const { load, serve, version } = require("./answering.cjs");

const { parseTransaction, recoverTransactionAddress } = load("viem");

let transactions = [];

serve({
  load: (request) => {
    transactions = request.transactions;
    return { version: version("viem") };
  },
  decode: () => {
    const start = process.hrtime.bigint();
    const decoded = transactions.map((transaction) => parseTransaction(transaction));
    const ns = Number(process.hrtime.bigint() - start);
    const fields = ({ chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, value, data, r, s, yParity }) =>
      [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, value, data, BigInt(r), BigInt(s), yParity].map(
        (field) => String(field ?? 0).toLowerCase(),
      );
    return { decoded: decoded.map(fields), ns };
  },
  senders: async ({ count }) => {
    const some = transactions.slice(0, count);
    const senders = [];
    const start = process.hrtime.bigint();
    for (const serializedTransaction of some) senders.push(await recoverTransactionAddress({ serializedTransaction }));
    return { senders, ns: Number(process.hrtime.bigint() - start) };
  },
});

// An arbitrage bot of the shape that is common in TypeScript: account subscriptions over a websocket, a quote in
// floating point, a transaction by @solana/kit, sent over JSON-RPC. Its key lies in the same process, and it writes
// nothing to disk.
//
// {"op": "load", "rpc": "..", "websocket": "..", "wallet": seed, "quote_mint": "..", "pairs": [[pool, pool], ..]}  -> {"version", "load_ms"}
//     a pool is {"pool", "coin", "base", "quote"}: its address, the coin's mint, its two vaults
// {"op": "stop"}                                                                   -> {"updates", "sent", "stages"}
//
// What can be known before is: keys, token accounts, the pools' accounts, a blockhash that is asked for twice a second.

"use strict";

const { load, serve, version } = require("./answering.cjs");

const kit = load("@solana/kit");
const WebSocket = load("ws");

const TOKEN = kit.address("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const ASSOCIATED = kit.address("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
const BUDGET = kit.address("ComputeBudget111111111111111111111111111111");
const AMM = kit.address("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
const AMM_AUTHORITY = kit.address("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
const { READONLY, WRITABLE, READONLY_SIGNER } = kit.AccountRole;
const SWAP_IN = 16;
const KEPT = 1 - 25 / 10_000;
const AMOUNT_AT = 64;
const BASE = 1;
const QUOTE = 2;
const WHOLE = BASE | QUOTE;
const MIN_PROFIT = 100_000;
const MOST_IN = 20_000_000_000;
const UNIT_LIMIT = 300_000;
const UNIT_PRICE = 10_000;
const BLOCKHASH_EVERY_MS = 400;

const bot = { updates: 0, sent: 0, failed: 0, decide: [], build: [], send: [] };

const u64 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(BigInt(value)); return bytes; };
const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
const data = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : part))));
const call = (programAddress, bytes, ...accounts) => ({
  programAddress, data: bytes, accounts: accounts.map(([address, role]) => ({ address, role })),
});
const ms = (from, until) => Number(until - from) / 1e6;

const tokenAccount = async (owner, mint) => {
  const encoder = kit.getAddressEncoder();
  const seeds = [owner, TOKEN, mint].map((one) => encoder.encode(one));
  return (await kit.getProgramDerivedAddress({ programAddress: ASSOCIATED, seeds }))[0];
};

// What a pool gives for so much, and the best amount through two of them: paid in quote, through the coin, and back.
const out = (given, reserveIn, reserveOut) => {
  const counted = given * KEPT;
  return (counted * reserveOut) / (reserveIn + counted);
};
const bestThrough = (buys, sells) => {
  const shared = sells.amounts.base + KEPT * buys.amounts.base;
  const paid = (buys.amounts.quote * sells.amounts.base) / shared;
  const got = (KEPT * buys.amounts.base * sells.amounts.quote) / shared;
  const amountIn = Math.floor(Math.min((Math.sqrt(KEPT * paid * got) - paid) / KEPT, MOST_IN));
  if (!(amountIn > 0)) return null;
  const coin = Math.floor(out(amountIn, buys.amounts.quote, buys.amounts.base));
  const profit = Math.floor(out(coin, sells.amounts.base, sells.amounts.quote)) - amountIn;
  return profit >= MIN_PROFIT ? { buys, sells, amountIn, coin, least: amountIn + MIN_PROFIT / 2 } : null;
};

const swap = (pool, amountIn, least, from, to) => call(
  AMM, data(SWAP_IN, u64(amountIn), u64(least)),
  [TOKEN, READONLY], [pool.address, WRITABLE], [AMM_AUTHORITY, READONLY], [pool.base, WRITABLE], [pool.quote, WRITABLE],
  [from, WRITABLE], [to, WRITABLE], [bot.wallet, READONLY_SIGNER],
);

const execute = async (trade, toldAt) => {
  const decidedAt = process.hrtime.bigint();
  const coin = bot.accounts.get(trade.buys.coin);
  const instructions = [
    call(BUDGET, data(2, u32(UNIT_LIMIT))), call(BUDGET, data(3, u64(UNIT_PRICE))),
    swap(trade.buys, trade.amountIn, trade.coin, bot.own, coin),
    swap(trade.sells, trade.coin, Math.floor(trade.least), coin, bot.own),
  ];
  const transaction = kit.compileTransaction(kit.pipe(
    kit.createTransactionMessage({ version: 0 }),
    (one) => kit.setTransactionMessageFeePayer(bot.wallet, one),
    (one) => kit.setTransactionMessageLifetimeUsingBlockhash(bot.lifetime, one),
    (one) => kit.appendTransactionMessageInstructions(instructions, one),
  ));
  const signed = await kit.signTransaction([bot.keys], transaction);
  const wire = kit.getBase64EncodedWireTransaction(signed);
  const builtAt = process.hrtime.bigint();
  bot.sent += 1;
  await bot.rpc.sendTransaction(wire, { encoding: "base64", skipPreflight: true }).send();
  bot.decide.push(ms(toldAt, decidedAt));
  bot.build.push(ms(decidedAt, builtAt));
  bot.send.push(ms(builtAt, process.hrtime.bigint()));
};

// A swap writes both vaults: between the two writes the pool stands nowhere.
const told = (pool, part, amount, toldAt) => {
  bot.updates += 1;
  pool.amounts[part === BASE ? "base" : "quote"] = amount;
  pool.whole |= part;
  if (pool.whole !== WHOLE) return;
  pool.whole = 0;
  const trade = bestThrough(pool, pool.other) ?? bestThrough(pool.other, pool);
  if (trade !== null) execute(trade, toldAt).catch(() => { bot.failed += 1; });
};

const amountOf = (account) => Number(Buffer.from(account.data[0], "base64").readBigUInt64LE(AMOUNT_AT));

const MOST_ASKED = 100;

// The vaults as they stand, asked for in hundreds.
const readAll = async (vaults) => {
  for (let from = 0; from < vaults.length; from += MOST_ASKED) {
    const some = vaults.slice(from, from + MOST_ASKED);
    const { value } = await bot.rpc.getMultipleAccounts(some.map(([key]) => key), { encoding: "base64" }).send();
    value.forEach((account, place) => {
      const [, pool, part] = some[place];
      pool.amounts[part === BASE ? "base" : "quote"] = amountOf(account);
    });
  }
};

// Resolves once every account is subscribed to.
const follow = (url, vaults) => new Promise((resolve, reject) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const asked = new Map();
  const open = new Map();
  socket.on("error", reject);
  socket.on("open", () => vaults.forEach(([key, pool, part], number) => {
    asked.set(number, [pool, part]);
    const params = [key, { encoding: "base64", commitment: "processed" }];
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: number, method: "accountSubscribe", params }));
  }));
  socket.on("message", (bytes) => {
    const toldAt = process.hrtime.bigint();
    const message = JSON.parse(bytes);
    if (message.method === "accountNotification") {
      const known = open.get(message.params.subscription);
      if (known) told(known[0], known[1], amountOf(message.params.result.value), toldAt);
    } else {
      open.set(message.result, asked.get(message.id));
      if (open.size === vaults.length) resolve(socket);
    }
  });
});

const refresh = async () => {
  bot.lifetime = (await bot.rpc.getLatestBlockhash({ commitment: "confirmed" }).send()).value;
};

const poolOf = ({ pool, coin, base, quote }) => ({
  address: kit.address(pool), coin, base: kit.address(base), quote: kit.address(quote), amounts: { base: 0, quote: 0 }, whole: 0,
});

const paired = (pair) => {
  const [one, two] = pair.map(poolOf);
  one.other = two;
  two.other = one;
  return [one, two];
};

const start = async ({ rpc, websocket, wallet, quote_mint: quoteMint, pairs }) => {
  const began = process.hrtime.bigint();
  bot.rpc = kit.createSolanaRpc(rpc);
  bot.keys = await kit.createKeyPairFromPrivateKeyBytes(new Uint8Array(Buffer.from(wallet, "hex")));
  bot.wallet = await kit.getAddressFromPublicKey(bot.keys.publicKey);
  bot.own = await tokenAccount(bot.wallet, kit.address(quoteMint));
  const pools = pairs.flatMap(paired);
  const coins = new Set(pools.map((pool) => pool.coin));
  bot.accounts = new Map();
  for (const coin of coins) bot.accounts.set(coin, await tokenAccount(bot.wallet, kit.address(coin)));
  const vaults = pools.flatMap((pool) => [[pool.base, pool, BASE], [pool.quote, pool, QUOTE]]);
  bot.socket = await follow(websocket, vaults);
  await readAll(vaults);
  await refresh();
  bot.clock = setInterval(() => { refresh().catch(() => {}); }, BLOCKHASH_EVERY_MS);
  return { version: version("@solana/kit"), load_ms: ms(began, process.hrtime.bigint()) };
};

serve({
  load: start,
  stop: async () => {
    clearInterval(bot.clock);
    bot.socket.terminate();
    const { updates, sent, failed, decide, build, send } = bot;
    return { updates, sent, failed, decide, build, send };
  },
});

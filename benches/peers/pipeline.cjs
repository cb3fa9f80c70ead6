// The job of the intent service as one would write it in Node: fastify in front, @uniswap/v3-sdk for the route, viem
// for the rest. POST /intents -> checked and on disk -> 202 -> pools read, routed, permit and transaction signed, on
// disk again -> sent. One intent at a time, like a wallet's turn.
//
// node pipeline.cjs NODE_MODULES_FOLDER CONFIG.json    prints {"url": "..."} when it listens
//
// What it leaves out, in its own favour: a policy, a process of its own for the key, priorities, recovery.

"use strict";

const { createRequire } = require("node:module");
const { randomUUID } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const folder = path.resolve(process.argv[2]);
const fromFolder = createRequire(path.join(folder, "package.json"));
const fastify = fromFolder("fastify");
const viem = fromFolder("viem");
const { privateKeyToAccount } = fromFolder("viem/accounts");
const { CurrencyAmount, Percent, Token } = fromFolder("@uniswap/sdk-core");
const { Pool, Tick, Trade, encodeRouteToPath } = fromFolder("@uniswap/v3-sdk");

const config = JSON.parse(fs.readFileSync(process.argv[3], "utf8"));
const account = privateKeyToAccount(config.private_key);
const chain = {
  id: config.chain_id,
  name: "local",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [config.rpc_url] } },
  contracts: { multicall3: { address: config.multicall } },
};
const client = viem.createPublicClient({ chain, transport: viem.http(config.rpc_url, { batch: true }) });
const log = fs.openSync(config.log, "a");

const POOL = viem.parseAbi([
  "function slot0() view returns (uint160, int24, uint16, uint16, uint16, uint8, bool)",
  "function liquidity() view returns (uint128)",
  "function ticks(int24) view returns (uint128, int128, uint256, uint256, int56, uint160, uint32, bool)",
]);
const ROUTER = viem.parseAbi([
  "function multicall(uint256 deadline, bytes[] data) returns (bytes[])",
  "function selfPermit(address token, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
  "function exactOutput((bytes path, address recipient, uint256 amountOut, uint256 amountInMaximum)) returns (uint256)",
]);
const TOKEN = viem.parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function nonces(address) view returns (uint256)",
]);
const BODY = {
  type: "object",
  required: ["strategy_id", "intent_type", "assets", "constraints"],
  properties: {
    strategy_id: { type: "string", format: "uuid" },
    intent_type: { enum: ["acquire"] },
    assets: { type: "array", minItems: 2, maxItems: 2 },
    constraints: { type: "object", required: ["max_slippage", "time_window_ms"] },
  },
};

const tokens = Object.fromEntries(
  config.tokens.map(({ address, decimals }) => [address, new Token(config.chain_id, address, decimals)]),
);
let ticks;

/** On disk before anybody is told. */
function record(entry) {
  fs.writeSync(log, `${JSON.stringify(entry)}\n`);
  fs.fdatasyncSync(log);
}

/** The initialised ticks of every pool, read once: nobody adds liquidity here. */
async function readTicks() {
  ticks = await Promise.all(
    config.pools.map(async ({ address, ticks: indices }) => {
      const contracts = indices.map((index) => ({ address, abi: POOL, functionName: "ticks", args: [index] }));
      const answers = await client.multicall({ contracts, allowFailure: false });
      return indices.map(
        (index, at) =>
          new Tick({ index, liquidityGross: String(answers[at][0]), liquidityNet: String(answers[at][1]) }),
      );
    }),
  );
}

async function readState(tokenIn) {
  const contracts = config.pools.flatMap(({ address }) => [
    { address, abi: POOL, functionName: "slot0" },
    { address, abi: POOL, functionName: "liquidity" },
  ]);
  contracts.push({ address: tokenIn.address, abi: TOKEN, functionName: "balanceOf", args: [account.address] });
  contracts.push({ address: tokenIn.address, abi: TOKEN, functionName: "nonces", args: [account.address] });
  const [answers, block, nonce, balance] = await Promise.all([
    client.multicall({ contracts, allowFailure: false }),
    client.getBlock(),
    client.getTransactionCount({ address: account.address }),
    client.getBalance({ address: account.address }),
  ]);
  const pools = config.pools.map(({ token0, token1, fee_pips: fee }, at) => {
    const [slot0, liquidity] = answers.slice(2 * at, 2 * at + 2);
    return new Pool(tokens[token0], tokens[token1], fee, String(slot0[0]), String(liquidity), slot0[1], ticks[at]);
  });
  const [held, permitNonce] = answers.slice(-2);
  return { pools, block, nonce, balance, held, permitNonce };
}

async function permit(token, value, nonce, deadline) {
  const { name, version } = config.tokens.find(({ address }) => address === token.address).permit;
  const signature = await account.signTypedData({
    domain: { name, version, chainId: config.chain_id, verifyingContract: token.address },
    primaryType: "Permit",
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    message: { owner: account.address, spender: config.router, value, nonce, deadline },
  });
  const { r, s, v } = viem.parseSignature(signature);
  return viem.encodeFunctionData({
    abi: ROUTER,
    functionName: "selfPermit",
    args: [token.address, value, deadline, Number(v), r, s],
  });
}

async function carryOut(intent) {
  const [sized, paid] = intent.assets;
  const tokenOut = tokens[sized.asset.address];
  const tokenIn = tokens[paid.asset.address];
  const amountOut = viem.parseUnits(sized.amount, tokenOut.decimals);
  const state = await readState(tokenIn);
  const wanted = CurrencyAmount.fromRawAmount(tokenOut, String(amountOut));
  const [trade] = await Trade.bestTradeExactOut(state.pools, tokenIn, wanted, { maxHops: 3, maxNumResults: 3 });
  const slippage = new Percent(Math.round(Number(intent.constraints.max_slippage) * 1e6), 1e6);
  const most = BigInt(trade.maximumAmountIn(slippage).quotient.toString());
  if (state.held < most) throw new Error("balance too low");
  const deadline = BigInt(Math.floor((intent.received_at + intent.constraints.time_window_ms) / 1000));
  const swap = viem.encodeFunctionData({
    abi: ROUTER,
    functionName: "exactOutput",
    args: [
      {
        path: encodeRouteToPath(trade.swaps[0].route, true),
        recipient: account.address,
        amountOut,
        amountInMaximum: most,
      },
    ],
  });
  const data = viem.encodeFunctionData({
    abi: ROUTER,
    functionName: "multicall",
    args: [deadline, [await permit(tokenIn, most, state.permitNonce, deadline), swap]],
  });
  const gas = await client.estimateGas({ account: account.address, to: config.router, data });
  const maxFeePerGas = 2n * state.block.baseFeePerGas;
  if (state.balance < gas * maxFeePerGas) throw new Error("gas balance too low");
  const transaction = { type: "eip1559", chainId: chain.id, nonce: state.nonce, to: config.router, data, value: 0n };
  const raw = await account.signTransaction({
    ...transaction,
    gas: (gas * 13n) / 10n,
    maxFeePerGas,
    maxPriorityFeePerGas: 0n,
  });
  record({ id: intent.id, raw, quoted_in: trade.inputAmount.quotient.toString() });
  const hash = await client.sendRawTransaction({ serializedTransaction: raw });
  const receipt = await client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
  return { status: receipt.status, tx_hash: hash, quoted_in: trade.inputAmount.quotient.toString() };
}

async function main() {
  await readTicks();
  const app = fastify();
  const intents = new Map();
  let turn = Promise.resolve();
  app.addHook("onRequest", async (request, reply) => {
    if (request.headers.authorization !== `Bearer ${config.token}`) reply.code(401).send({ code: "token_wrong" });
  });
  app.post("/intents", { schema: { body: BODY } }, async (request, reply) => {
    const intent = { ...request.body, id: randomUUID(), received_at: Date.now() };
    record({ accepted: intent });
    intents.set(intent.id, { status: "PENDING" });
    turn = turn.then(() =>
      carryOut(intent).then(
        (ended) => intents.set(intent.id, { ...ended, status: ended.status === "success" ? "COMPLETED" : "FAILED" }),
        (error) => intents.set(intent.id, { status: "FAILED", error: String(error) }),
      ),
    );
    reply.code(202).send({ id: intent.id, status: "PENDING" });
  });
  app.get("/intents/:id", async (request) => intents.get(request.params.id));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  process.stdout.write(`${JSON.stringify({ url })}\n`);
}

main();

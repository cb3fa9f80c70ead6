// An executor with @solana/kit, of the shape that is common in TypeScript: wallet, build, sign, submit, poll, read.
//
// {"op": "load", "rpc": "..", "jito": "..", "wallets": [seed, ..], "pool": {..}, "mints": [..], "tip": {..}}  -> {"version", "wallets"}
// {"op": "execute", "plan": {..}, "lane": "rpc" | "jito", "poll_ms": n, "uuid": ".."}                        -> times and what it got
//
// What can be known before the plan comes is: keys, token accounts, the pool's accounts. Connections are kept.

"use strict";

const { load, serve, version } = require("./answering.cjs");

const kit = load("@solana/kit");

const TOKEN = kit.address("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const ASSOCIATED = kit.address("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
const SYSTEM = kit.address("11111111111111111111111111111111");
const BUDGET = kit.address("ComputeBudget111111111111111111111111111111");
const AMM = kit.address("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8");
const AMM_AUTHORITY = kit.address("5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1");
const { READONLY, WRITABLE, READONLY_SIGNER, WRITABLE_SIGNER } = kit.AccountRole;
// swap_base_in in its form of 8 accounts.
const SWAP_IN = 16;
const CREATE_IDEMPOTENT = 1;
const UNHEALTHY_ERRORS = 5;
const MOST_IN_FLIGHT = 3;

let desk;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const u64 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(BigInt(value)); return bytes; };
const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
const data = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.of(part) : part))));
const call = (programAddress, bytes, ...accounts) => ({
  programAddress, data: bytes, accounts: accounts.map(([address, role]) => ({ address, role })),
});

const tokenAccount = async (owner, mint) => {
  const encoder = kit.getAddressEncoder();
  const seeds = [owner, TOKEN, mint].map((one) => encoder.encode(one));
  return (await kit.getProgramDerivedAddress({ programAddress: ASSOCIATED, seeds }))[0];
};

const walletOf = async (seed, mints) => {
  const keys = await kit.createKeyPairFromPrivateKeyBytes(new Uint8Array(Buffer.from(seed, "hex")));
  const address = await kit.getAddressFromPublicKey(keys.publicKey);
  const accounts = {};
  for (const mint of mints) accounts[mint] = await tokenAccount(address, kit.address(mint));
  return { keys, address, accounts, inFlight: 0, errors: 0 };
};

// Round-robin, leaving out those that fail or have too much under way.
const nextWallet = () => {
  for (let tried = 0; tried < desk.wallets.length; tried += 1) {
    const wallet = desk.wallets[desk.next];
    desk.next = (desk.next + 1) % desk.wallets.length;
    if (wallet.errors < UNHEALTHY_ERRORS && wallet.inFlight < MOST_IN_FLIGHT) return wallet;
  }
  throw new Error("no healthy wallet");
};

const instructionsOf = (plan, wallet, lane) => {
  const { address: payer, accounts } = wallet;
  const made = [plan.inputToken, plan.outputToken].map((mint) => call(
    ASSOCIATED, data(CREATE_IDEMPOTENT),
    [payer, WRITABLE_SIGNER], [accounts[mint], WRITABLE], [payer, READONLY],
    [kit.address(mint), READONLY], [SYSTEM, READONLY], [TOKEN, READONLY],
  ));
  const swaps = plan.routes.map((route) => call(
    AMM, data(SWAP_IN, u64(route.inputAmount), u64(route.limitAmount)),
    [TOKEN, READONLY], [kit.address(route.pool), WRITABLE], [AMM_AUTHORITY, READONLY],
    [desk.pool.coinVault, WRITABLE], [desk.pool.pcVault, WRITABLE],
    [accounts[route.inputMint], WRITABLE], [accounts[route.outputMint], WRITABLE], [payer, READONLY_SIGNER],
  ));
  const tip = lane === "jito"
    ? [call(SYSTEM, data(u32(2), u64(desk.tip.lamports)), [payer, WRITABLE_SIGNER], [desk.tip.account, WRITABLE])]
    : [];
  return [
    call(BUDGET, data(2, u32(plan.gasEstimate))), call(BUDGET, data(3, u64(plan.priorityFee))), ...made, ...swaps, ...tip,
  ];
};

const built = async (plan, wallet, lane) => {
  const { value: lifetime } = await desk.rpc.getLatestBlockhash({ commitment: "confirmed" }).send();
  return kit.compileTransaction(kit.pipe(
    kit.createTransactionMessage({ version: 0 }),
    (one) => kit.setTransactionMessageFeePayer(wallet.address, one),
    (one) => kit.setTransactionMessageLifetimeUsingBlockhash(lifetime, one),
    (one) => kit.appendTransactionMessageInstructions(instructionsOf(plan, wallet, lane), one),
  ));
};

const sendBundle = async (wire, uuid) => {
  const response = await fetch(`${desk.jito}/api/v1/bundles?uuid=${uuid}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "sendBundle", params: [[wire], { encoding: "base64" }] }),
  });
  const { result, error } = await response.json();
  if (error) throw new Error(error.message);
  return result;
};

const submitted = (wire, lane, uuid) => (lane === "jito"
  ? sendBundle(wire, uuid)
  : desk.rpc.sendTransaction(wire, { encoding: "base64", skipPreflight: true }).send());

const confirmed = async (signature, pollMs) => {
  for (;;) {
    const { value: [status] } = await desk.rpc.getSignatureStatuses([signature]).send();
    if (status && status.err) throw new Error(`it failed: ${JSON.stringify(status.err)}`);
    if (status && status.confirmationStatus !== "processed") return;
    await sleep(pollMs);
  }
};

// What came to the wallet, as the transaction's balances tell it.
const gotOf = async (signature, wallet, mint) => {
  const told = await desk.rpc
    .getTransaction(signature, { commitment: "confirmed", encoding: "json", maxSupportedTransactionVersion: 0 }).send();
  const held = (balances) =>
    BigInt(balances.find((one) => one.owner === wallet.address && one.mint === mint)?.uiTokenAmount.amount ?? 0);
  return held(told.meta.postTokenBalances) - held(told.meta.preTokenBalances);
};

const execute = async ({ plan, lane, poll_ms: pollMs, uuid }) => {
  const at = { total: process.hrtime.bigint() };
  const wallet = nextWallet();
  wallet.inFlight += 1;
  try {
    at.build = process.hrtime.bigint();
    const transaction = await built(plan, wallet, lane);
    at.sign = process.hrtime.bigint();
    const signed = await kit.signTransaction([wallet.keys], transaction);
    const wire = kit.getBase64EncodedWireTransaction(signed);
    const signature = kit.getSignatureFromTransaction(signed);
    at.submit = process.hrtime.bigint();
    await submitted(wire, lane, uuid);
    at.confirm = process.hrtime.bigint();
    await confirmed(signature, pollMs);
    const got = await gotOf(signature, wallet, plan.outputToken);
    at.end = process.hrtime.bigint();
    wallet.errors = 0;
    const ms = (from, until) => Number(at[until] - at[from]) / 1e6;
    return {
      signature, wallet: wallet.address, got: String(got),
      wallet_ms: ms("total", "build"), gate_ms: ms("build", "submit"), stage_ms: ms("total", "submit"),
      submit_ms: ms("submit", "confirm"), total_ms: ms("total", "end"),
    };
  } catch (error) {
    wallet.errors += 1;
    throw error;
  } finally {
    wallet.inFlight -= 1;
  }
};

serve({
  load: async ({ rpc, jito, wallets, pool, mints, tip }) => {
    desk = {
      rpc: kit.createSolanaRpc(rpc), jito, next: 0,
      wallets: await Promise.all(wallets.map((seed) => walletOf(seed, mints))),
      pool: { coinVault: kit.address(pool.coin_vault), pcVault: kit.address(pool.pc_vault) },
      tip: { account: kit.address(tip.account), lamports: tip.lamports },
    };
    // The connection is opened before anything is measured.
    await desk.rpc.getSlot().send();
    return { version: version("@solana/kit"), wallets: desk.wallets.map(({ address }) => address) };
  },
  execute,
});

// Answers quotes with @uniswap/v3-sdk: one JSON request a line on stdin, one JSON answer a line on stdout.
//
// {"op": "load", "pool": {...}}                       -> {"version": "..."}
// {"op": "quote", "token_in": 0 | 1, "exact": "in" | "out", "amounts": [..]}
//                                                     -> {"outputs": [..], "ns": [..]}   ns: each quote by itself
//
// The folder that holds node_modules is the first argument.

"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");

const folder = path.resolve(process.argv[2]);
const fromFolder = createRequire(path.join(folder, "package.json"));
const { CurrencyAmount, Token } = fromFolder("@uniswap/sdk-core");
const { Pool, Tick } = fromFolder("@uniswap/v3-sdk");
const { version } = JSON.parse(
  require("node:fs").readFileSync(path.join(folder, "node_modules/@uniswap/v3-sdk/package.json"), "utf8"),
);

let pool;

function load(state) {
  const tokens = state.tokens.map(({ address, decimals }) => new Token(state.chain_id, address, decimals));
  const ticks = state.ticks.map(
    ([index, liquidityGross, liquidityNet]) => new Tick({ index, liquidityGross, liquidityNet }),
  );
  pool = new Pool(tokens[0], tokens[1], state.fee_pips, state.sqrt_price_x96, state.liquidity, state.tick, ticks);
  return { version };
}

async function quote(tokenIn, exact, amounts) {
  const given = exact === "out" ? 1 - tokenIn : tokenIn;
  const token = given === 0 ? pool.token0 : pool.token1;
  // Parsing the amounts and writing the outputs is left out of the time.
  const inputs = amounts.map((amount) => CurrencyAmount.fromRawAmount(token, amount));
  const outputs = [];
  const ns = [];
  for (const input of inputs) {
    const start = process.hrtime.bigint();
    const [output] = exact === "out" ? await pool.getInputAmount(input) : await pool.getOutputAmount(input);
    ns.push(Number(process.hrtime.bigint() - start));
    outputs.push(output);
  }
  return { outputs: outputs.map((output) => output.quotient.toString()), ns };
}

async function answer(request) {
  if (request.op === "load") return load(request.pool);
  if (request.op === "quote") return quote(request.token_in, request.exact, request.amounts);
  throw new Error(`unknown op ${request.op}`);
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply;
    try {
      reply = await answer(JSON.parse(line));
    } catch (error) {
      reply = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

main();

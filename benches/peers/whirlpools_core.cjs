// Answers quotes of one Whirlpool with @orca-so/whirlpools-core, which is the program's own arithmetic as WASM.
//
// {"op": "load", "pool": {...}}                                                -> {"version": ".."}
// {"op": "quote", "a_to_b": bool, "exact": "in" | "out", "amounts": [..]}      -> {"answers": [..], "ns": [..]}

"use strict";

const { load, serve, version } = require("./answering.cjs");

const core = load("@orca-so/whirlpools-core");

const BLANK = {
  initialized: false,
  liquidityNet: 0n,
  liquidityGross: 0n,
  feeGrowthOutsideA: 0n,
  feeGrowthOutsideB: 0n,
  rewardGrowthsOutside: [0n, 0n, 0n],
};
const ARRAY = 88;

let pool;
let arrays;

function read(state) {
  pool = {
    feeTierIndexSeed: [state.tick_spacing & 255, state.tick_spacing >> 8],
    tickSpacing: state.tick_spacing,
    feeRate: state.fee_ppm,
    protocolFeeRate: state.protocol_fee_bps,
    liquidity: BigInt(state.liquidity),
    sqrtPrice: BigInt(state.sqrt_price_x64),
    tickCurrentIndex: state.tick,
    feeGrowthGlobalA: 0n,
    feeGrowthGlobalB: 0n,
    rewardLastUpdatedTimestamp: 0n,
    rewardInfos: [0, 1, 2].map(() => ({ emissionsPerSecondX64: 0n, growthGlobalX64: 0n })),
  };
  arrays = state.tick_arrays.map(({ start_tick_index: startTickIndex, ticks }) => {
    const known = new Map(ticks.map((tick) => [tick.index, tick]));
    const slot = (number) => known.get(startTickIndex + number * state.tick_spacing);
    return {
      startTickIndex,
      ticks: Array.from({ length: ARRAY }, (_, number) => {
        const tick = slot(number);
        if (tick === undefined) return BLANK;
        const [liquidityNet, liquidityGross] = [BigInt(tick.liquidity_net), BigInt(tick.liquidity_gross)];
        return { ...BLANK, initialized: true, liquidityNet, liquidityGross };
      }),
    };
  });
  return { version: version("@orca-so/whirlpools-core") };
}

// The arrays that a swap in this direction can pass, in its order.
function passed(aToB) {
  const span = ARRAY * pool.tickSpacing;
  const own = Math.floor(pool.tickCurrentIndex / span) * span;
  return [0, 1, 2].map((place) => arrays.find(({ startTickIndex }) => startTickIndex === own + (aToB ? -place : place) * span));
}

serve({
  load: (request) => read(request.pool),
  quote: ({ a_to_b: aToB, exact, amounts }) => {
    const rest = [0, pool, undefined, passed(aToB), 0n, undefined, undefined];
    const answers = [];
    const ns = [];
    for (const amount of amounts.map(BigInt)) {
      const start = process.hrtime.bigint();
      const answer =
        exact === "in"
          ? core.swapQuoteByInputToken(amount, aToB, ...rest).tokenEstOut
          : core.swapQuoteByOutputToken(amount, !aToB, ...rest).tokenEstIn;
      ns.push(Number(process.hrtime.bigint() - start));
      answers.push(answer.toString());
    }
    return { answers, ns };
  },
});

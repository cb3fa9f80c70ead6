// The official Yellowstone client, driven by lines of JSON on its input; each line of its output is one answer.
// Arguments: the folder that holds node_modules, the endpoint, the token (may be empty).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [folder, endpoint, token] = process.argv.slice(2);
const sdk = createRequire(`${folder}/`)("@triton-one/yellowstone-grpc");
const Client = sdk.default;

const say = (value) => process.stdout.write(`${JSON.stringify(value, plain)}\n`);

function plain(key, value) {
  if (typeof value === "bigint") return value.toString();
  if (value?.type === "Buffer") return Buffer.from(value.data).toString("hex");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value;
}

const empty = {
  accounts: {}, slots: {}, transactions: {}, transactionsStatus: {},
  blocks: {}, blocksMeta: {}, entry: {}, accountsDataSlice: [],
};

const client = new Client(endpoint, token || undefined, undefined);
let stream;

const operations = {
  async call({ method, args }) {
    say({ result: await client[method](...args) });
  },
  async subscribe({ request }) {
    stream = await client.subscribe({ ...empty, ...request });
    stream.on("data", (update) => say({ update: readable(update) }));
    stream.on("error", (error) => say({ ended: error.message }));
    say({ subscribed: true });
  },
  async write({ request }) {
    await new Promise((done, failed) => stream.write({ ...empty, ...request }, (error) => (error ? failed(error) : done())));
    say({ written: true });
  },
};

// The client's own decoders turn a transaction into what JSON-RPC would say, and an error into its name.
function readable(update) {
  const info = update.transaction?.transaction;
  const err = update.transactionStatus?.err?.err;
  return {
    ...update,
    ...(info && { encoded: sdk.txEncode.encode(info, sdk.txEncode.encoding.Json, 255, false) }),
    ...(err && { decodedErr: sdk.txErrDecode.decode(err) }),
  };
}

try {
  await client.connect();
  say({ connected: true });
} catch (error) {
  say({ failed: error.message });
}
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  try {
    await operations[order.op](order);
  } catch (error) {
    say({ failed: error.message });
  }
}
process.exit(0);

// Reads a balance, sends a transfer, and waits for its signature by subscription: all with the official client.
// Arguments: the folder that holds node_modules, RPC URL, WebSocket URL, key file of the payer, address of the receiver, lamports.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, rpcUrl, wsUrl, keyFile, receiver, amount] = process.argv.slice(2);
const packages = createRequire(`${folder}/`);
const {
  address,
  appendTransactionMessageInstruction,
  createKeyPairSignerFromBytes,
  createSolanaRpc,
  createSolanaRpcSubscriptions,
  createTransactionMessage,
  getSignatureFromTransaction,
  lamports,
  pipe,
  sendAndConfirmTransactionFactory,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} = packages("@solana/kit");
const { getTransferSolInstruction } = packages("@solana-program/system");

const rpc = createSolanaRpc(rpcUrl);
const rpcSubscriptions = createSolanaRpcSubscriptions(wsUrl);
const payer = await createKeyPairSignerFromBytes(new Uint8Array(JSON.parse(readFileSync(keyFile, "utf8"))));

const abort = new AbortController();
const changes = await rpcSubscriptions
  .accountNotifications(address(receiver), { commitment: "confirmed", encoding: "base64" })
  .subscribe({ abortSignal: abort.signal });
// Asked for before anything happens: what comes while nobody waits is not kept by the client.
const firstChange = changes[Symbol.asyncIterator]().next();

const before = await rpc.getBalance(payer.address, { commitment: "confirmed" }).send();
const { value: latest } = await rpc.getLatestBlockhash({ commitment: "confirmed" }).send();
const message = pipe(
  createTransactionMessage({ version: 0 }),
  (made) => setTransactionMessageFeePayerSigner(payer, made),
  (made) => setTransactionMessageLifetimeUsingBlockhash(latest, made),
  (made) =>
    appendTransactionMessageInstruction(
      getTransferSolInstruction({
        source: payer,
        destination: address(receiver),
        amount: lamports(BigInt(amount)),
      }),
      made,
    ),
);
const transaction = await signTransactionMessageWithSigners(message);
const sendAndConfirm = sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions });
await sendAndConfirm(transaction, { commitment: "confirmed" });
const signature = getSignatureFromTransaction(transaction);

const notified = (await firstChange).value.value.lamports;
abort.abort();
const after = await rpc.getBalance(payer.address, { commitment: "confirmed" }).send();
const { value: statuses } = await rpc.getSignatureStatuses([signature]).send();
const landed = await rpc
  .getTransaction(signature, { commitment: "confirmed", encoding: "base64", maxSupportedTransactionVersion: 0 })
  .send();
console.log(
  JSON.stringify({
    signature,
    before: String(before.value),
    after: String(after.value),
    notified: String(notified),
    status: statuses[0].confirmationStatus,
    fee: String(landed.meta.fee),
    version: landed.version,
  }),
);
process.exit(0);

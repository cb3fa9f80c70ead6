// Jito's own JavaScript client, once through its methods; each line of the output is one answer.
// Arguments: the folder that holds node_modules, the API's address, a bundle (JSON array of base64), a transaction.
const { createRequire } = require("node:module");

const [folder, url, bundle, transaction] = process.argv.slice(2);
const { JitoJsonRpcClient } = createRequire(`${folder}/`)("jito-js-rpc");
const client = new JitoJsonRpcClient(url, "");
const encoding = { encoding: "base64" };

async function main() {
  const accounts = await client.getTipAccounts();
  const sent = await client.sendBundle([JSON.parse(bundle), encoding]);
  const confirmed = await client.confirmInflightBundle(sent.result, 20_000);
  const status = await client.getBundleStatuses([[sent.result]]);
  const single = await client.sendTxn([transaction, encoding], true);
  return { accounts, sent, confirmed, status, single };
}

main().then(
  (told) => process.stdout.write(JSON.stringify(told)),
  (error) => process.stdout.write(JSON.stringify({ failed: error.message, data: error.response?.data })),
);

// Builds, signs and serializes one transaction with @solana/kit.
//
// {"op": "load", "seed": "..", "blockhash": "..", "instructions": [..], "table": {..}}   -> {"version": ".."}
// {"op": "build", "count": n}                                                           -> {"wire": "..", "ns": total}

"use strict";

const { load, serve, version } = require("./answering.cjs");

const kit = load("@solana/kit");

let work;

const role = (signer, writable) =>
  signer
    ? writable ? kit.AccountRole.WRITABLE_SIGNER : kit.AccountRole.READONLY_SIGNER
    : writable ? kit.AccountRole.WRITABLE : kit.AccountRole.READONLY;

const instruction = ({ program, accounts, data }) => ({
  programAddress: kit.address(program),
  accounts: accounts.map(([address, signer, writable]) => ({ address: kit.address(address), role: role(signer, writable) })),
  data: new Uint8Array(Buffer.from(data, "hex")),
});

// The lifetime needs a last valid height, which is no part of the bytes.
const lifetime = (blockhash) => ({ blockhash: kit.blockhash(blockhash), lastValidBlockHeight: 0n });

const build = async () => {
  const message = kit.pipe(
    kit.createTransactionMessage({ version: 0 }),
    (one) => kit.setTransactionMessageFeePayer(work.payer, one),
    (one) => kit.setTransactionMessageLifetimeUsingBlockhash(work.lifetime, one),
    (one) => kit.appendTransactionMessageInstructions(work.instructions, one),
    (one) => kit.compressTransactionMessageUsingAddressLookupTables(one, work.tables),
  );
  const signed = await kit.signTransaction([work.keys], kit.compileTransaction(message));
  return kit.getTransactionEncoder().encode(signed);
};

serve({
  load: async ({ seed, blockhash, instructions, table }) => {
    const keys = await kit.createKeyPairFromPrivateKeyBytes(new Uint8Array(Buffer.from(seed, "hex")));
    work = {
      keys,
      payer: await kit.getAddressFromPublicKey(keys.publicKey),
      lifetime: lifetime(blockhash),
      instructions: instructions.map(instruction),
      tables: { [kit.address(table.address)]: table.addresses.map((one) => kit.address(one)) },
    };
    return { version: version("@solana/kit") };
  },
  build: async ({ count }) => {
    let wire;
    const start = process.hrtime.bigint();
    for (let done = 0; done < count; done += 1) wire = await build();
    const ns = Number(process.hrtime.bigint() - start);
    return { wire: Buffer.from(wire).toString("hex"), ns };
  },
});

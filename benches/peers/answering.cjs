// The other side of LineProcess in Node: JSON lines in, JSON lines out.

"use strict";

const { createRequire } = require("node:module");
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

// The folder that holds node_modules is the first argument.
const folder = path.resolve(process.argv[2]);

exports.load = createRequire(path.join(folder, "package.json"));

exports.version = (name) =>
  JSON.parse(fs.readFileSync(path.join(folder, "node_modules", name, "package.json"), "utf8")).version;

// Answers each request with the operation that it names, until the input ends.
exports.serve = async (operations) => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let reply;
    try {
      const { op, ...request } = JSON.parse(line);
      reply = await operations[op](request);
    } catch (error) {
      reply = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
};

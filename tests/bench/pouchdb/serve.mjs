// A PouchDB Server on loopback with one database, "rows", made from a file of rows (see link_bench --rows).
//   node serve.mjs DIRECTORY ROWS COUNT     prints its port when the rows are in
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import express from "express";
import expressPouchDB from "express-pouchdb";
import PouchDB from "pouchdb";

const [directory, rows, count] = process.argv.slice(2);
const Stored = PouchDB.defaults({ prefix: `${directory}/` });
const database = new Stored("rows");
let batch = [];
let taken = 0;
const flush = async () => {
  for (const answer of await database.bulkDocs(batch)) if (answer.error) throw new Error(answer.reason);
  batch = [];
};
for await (const line of createInterface({ input: createReadStream(rows) })) {
  if (taken === Number(count)) break;
  const [_id, type, name, text] = line.split("\t");
  batch.push({ _id, type, name, text });
  taken += 1;
  if (batch.length === 1000) await flush();
}
await flush();

const app = express();
app.use("/", expressPouchDB(Stored, { mode: "minimumForPouchDB", logPath: `${directory}/log.txt`, inMemoryConfig: true }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));

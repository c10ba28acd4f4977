// Pulls the database "rows" of a PouchDB Server into an empty one on disk, and prints the seconds that it took.
//   node pull.mjs DIRECTORY PORT COUNT
import PouchDB from "pouchdb";

const [directory, port, count] = process.argv.slice(2);
const local = new PouchDB(`${directory}/copy`);
const began = process.hrtime.bigint();
const done = await local.replicate.from(`http://127.0.0.1:${port}/rows`, { batch_size: 1000, batches_limit: 10 });
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
if (!done.ok || done.docs_written !== Number(count)) throw new Error(JSON.stringify(done));
console.log(seconds);
await local.close();

// Bundles, hashes and precompresses the assets of the portal.
//   node build_assets.mjs SOURCE_DIR NODE_MODULES_DIR OUTPUT_DIR
// Writes OUTPUT_DIR/<name>.<hash>.<ext> with .gz and .br beside each text file, and manifest.json:
// {"site.css": "site.1a2b3c4d.css", ...}. Output that is no longer named is removed.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [source, modules, output] = process.argv.slice(2);
if (!output) {
  console.error("usage: node build_assets.mjs SOURCE_DIR NODE_MODULES_DIR OUTPUT_DIR");
  process.exit(2);
}
const esbuild = createRequire(join(resolve(modules), "package.json"))("esbuild");

const bundle = async (entry, options = {}) => {
  const result = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    target: ["es2020", "chrome90", "firefox91", "safari15"],
    nodePaths: [modules],
    loader: { ".png": "dataurl", ".svg": "dataurl" },
    legalComments: "eof",
    logLevel: "warning",
    ...options,
  });
  return Buffer.from(result.outputFiles[0].contents);
};

const files = new Map();  // final name -> bytes
const manifest = {};
const add = (name, bytes) => {
  const extension = extname(name);
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const hashed = `${basename(name, extension)}.${hash}${extension}`;
  files.set(hashed, bytes);
  manifest[name] = hashed;
  return hashed;
};

add("site.css", await bundle(join(source, "css/site.css")));
add("map.css", await bundle(join(source, "css/map.css")));
// site.js loads the others by their hashed names, only where they are needed.
let site = readFileSync(join(source, "js/site.js"), "utf8");
for (const name of readdirSync(join(source, "js")).filter((one) => one !== "site.js").sort()) {
  const hashed = add(name, await bundle(join(source, "js", name), { format: "esm" }));
  site = site.replaceAll(`"./${name}"`, `"/assets/${hashed}"`);
}
add("site.js", Buffer.from((await esbuild.transform(site, { minify: true, target: "es2020" })).code));

mkdirSync(output, { recursive: true });
for (const [name, bytes] of [...files]) {
  files.set(`${name}.gz`, gzipSync(bytes, { level: 9 }));
  files.set(`${name}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}
files.set("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`));
for (const [name, bytes] of files) writeFileSync(join(output, name), bytes);
for (const name of readdirSync(output)) {
  if (!files.has(name)) rmSync(join(output, name), { recursive: true });
}

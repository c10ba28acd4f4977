// A demonstration network of its own, started by deploy/up in a temporary directory.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const PASSWORD = "demonstration-solidaire";
const OFFSETS = { "rhone-alpes": 84, "savoie-mont-blanc": 73, isere: 38 };
const ALL_OFFSETS = [38, 73, 84, 100, 138, 173, 184];

const isFree = (port) => new Promise((done) => {
  const server = createServer().once("error", () => done(false));
  server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
});

const freeBase = async () => {
  for (;;) {
    const base = await new Promise((done) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        server.close(() => done(port));
      });
    });
    if (base > 65000) continue;
    if ((await Promise.all(ALL_OFFSETS.map((offset) => isFree(base + offset)))).every(Boolean)) return base;
  }
};

// Portals: [{ name, url, hub, accounts: { member, moderator, administrator } }], and stop().
export const startNetwork = async () => {
  const data = mkdtempSync(join(tmpdir(), "solidaires-browser-"));
  const program = process.env.SOLIDAIRES_PROGRAM ?? join(ROOT, "build/release/node/app/solidaires");
  const base = await freeBase();
  const stop = () => {
    spawnSync(join(ROOT, "deploy/down"), ["--data", data], { stdio: "ignore" });
    rmSync(data, { recursive: true, force: true });
  };
  try {
    // Nothing listens there: forms that need mail are shown, and what they would send waits.
    execFileSync(join(ROOT, "deploy/up"), ["--data", data, "--port-base", String(base), "--mail", "smtp://127.0.0.1:9"],
      { env: { ...process.env, SOLIDAIRES_PROGRAM: program }, stdio: ["ignore", "ignore", "inherit"] });
  } catch (error) {
    stop();
    throw new Error(`deploy/up failed: ${error.message}`);
  }
  const portals = Object.entries(OFFSETS).map(([name, offset]) => ({
    name,
    url: `http://127.0.0.1:${base + offset}`,
    hub: name === "rhone-alpes",
    accounts: { member: `membre@${name}.example`, moderator: `animation@${name}.example`, administrator: `administration@${name}.example` },
  }));
  return { portals, stop };
};

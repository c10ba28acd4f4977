// Visits every page of the three portals in Chromium, logged out and in. Ends with "N passed, N failed".
//   SOLIDAIRES_PROGRAM      the program (default: build/release/node/app/solidaires)
//   SOLIDAIRES_SCREENSHOTS  a directory for pictures of every page: wide, dark, 320 px, print
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import * as cases from "./cases.mjs";
import { startNetwork } from "./network.mjs";
import { officePages, publicPages } from "./pages.mjs";
import { PATHS, walk } from "./paths.mjs";
import { attempt, check, finish } from "./report.mjs";
import { visit } from "./visit.mjs";

const FIRST_PAGE_BYTES_MAX = 50_000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
// A colour that is on its way to another one is neither.
const STILL = { reducedMotion: "reduce" };
const require = createRequire(import.meta.url);

const visitAll = async (context, portal, pages, label, saved) => {
  const page = await context.newPage();
  const began = Date.now();
  for (const one of pages) await attempt(`${label} ${one.path}`, () => visit(page, portal, one, { label, saved }));
  await page.close();
  console.log(`     ${label}: ${pages.length} pages in ${Math.round((Date.now() - began) / 1000)} s`);
};

const visitPortal = async (browser, portal, saved) => {
  const anonymous = await browser.newContext(STILL);
  await attempt(`${portal.name}: public pages are found`, async () => {
    await visitAll(anonymous, portal, await publicPages(anonymous, portal), `${portal.name}-public`, saved);
  });
  for (const role of ["member", "moderator", "administrator"]) {
    await attempt(`${portal.name}: pages of the ${role} are found`, async () => {
      const context = await browser.newContext(STILL);
      const page = await context.newPage();
      await cases.logIn(page, portal, portal.accounts[role]);
      await visitAll(context, portal, await officePages(context, portal), `${portal.name}-${role}`, saved);
      if (role === "member") {
        await attempt(`${portal.name}: public pages are the same for everybody`, () => cases.sameForEverybody(anonymous, context, portal));
      }
      await context.close();
    });
  }
  await attempt(`${portal.name}: a picture is sent`, async () => {
    const context = await browser.newContext(STILL);
    const sent = await cases.sendPicture(await context.newPage(), portal);
    writeFileSync(join(saved, `${portal.name}-picture-faulty.html`), sent.faulty);
    await visitAll(context, portal, sent.pages.map((path) => ({ path })), `${portal.name}-picture`, saved);
    await context.close();
  });
  await attempt(`${portal.name}: forms of visitors`, async () => {
    const context = await browser.newContext(STILL);
    const sent = await cases.visitorForms(await context.newPage(), portal);
    sent.saved.forEach((html, n) => writeFileSync(join(saved, `${portal.name}-visitors-${n}.html`), html));
    await context.close();
    return sent.faults;
  });
  await attempt(`${portal.name}: a withdrawn record`, async () => {
    const context = await browser.newContext();
    const path = await cases.withdrawnPage(await context.newPage(), portal);
    await context.close();
    await visitAll(anonymous, portal, [{ path, status: 410 }], `${portal.name}-withdrawn`, saved);
  });
  await attempt(`${portal.name}: a refusal, an appeal and a vote`, async () => {
    const pages = await cases.moderation(browser, portal);
    const context = await browser.newContext(STILL);
    await cases.logIn(await context.newPage(), portal, portal.accounts.moderator);
    await visitAll(context, portal, pages.map((path) => ({ path })), `${portal.name}-moderation`, saved);
    await context.close();
  });
  await attempt(`${portal.name}: two records become one, and a draft saves itself`, async () => {
    const pages = await cases.editing(browser, portal);
    const context = await browser.newContext(STILL);
    await cases.logIn(await context.newPage(), portal, portal.accounts.moderator);
    await visitAll(context, portal, pages.map((path) => ({ path })), `${portal.name}-editing`, saved);
    await context.close();
  });
  await anonymous.close();
  await attempt(`${portal.name}: the first page is light`, async () => {
    const bytes = await cases.weight(browser, `${portal.url}/`);
    console.log(`     ${portal.name}: the first page moves ${bytes} bytes`);
    return bytes > 0 && bytes < FIRST_PAGE_BYTES_MAX ? [] : [`${bytes} bytes`];
  });
  await attempt(`${portal.name}: without script`, () => cases.withoutScript(browser, portal));
  for (const path of ["/", "/structures", "/agenda"]) {
    await attempt(`${portal.name}: ${path} by keyboard`, () => cases.keyboard(browser, portal, path));
  }
  await attempt(`${portal.name}: the map with script`, () => cases.map(browser, portal));
  await attempt(`${portal.name}: the device's position`, () => cases.position(browser, portal));
  await attempt(`${portal.name}: suggestions while one types`, () => cases.suggestions(browser, portal));
  await attempt(`${portal.name}: on another site`, () => cases.embedding(browser, portal));
  for (const name of Object.keys(PATHS)) {
    await attempt(`${portal.name}: by keyboard and as screen readers are told: ${name}`, () => walk(browser, portal, name));
  }
};

// The W3C checker, once over all saved pages: one case per page.
const checkMarkup = (saved) => {
  const pages = readdirSync(saved);
  const jar = join(require.resolve("vnu-jar/package.json"), "../build/dist/vnu.jar");
  const done = spawnSync("java", ["-Xmx512m", "-jar", jar, "--format", "json", "--errors-only", "--stdout", ...pages],
    { cwd: saved, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  let messages;
  try {
    ({ messages } = JSON.parse(done.stdout));
  } catch {
    check("the W3C checker runs", [`${done.error ?? ""}${done.stderr.slice(0, 500)}`]);
    return;
  }
  for (const page of pages) {
    check(`W3C checker: ${page}`, messages.filter((message) => message.url.endsWith(`/${page}`))
      .map((message) => `line ${message.lastLine}: ${message.message} ${(message.extract ?? "").replace(/\s+/g, " ").slice(0, 120)}`));
  }
};

const saved = mkdtempSync(join(tmpdir(), "solidaires-pages-"));
let network;
let browser;
const cleanUp = async () => {
  await browser?.close();
  network?.stop();
  rmSync(saved, { recursive: true, force: true });
};
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => cleanUp().then(() => process.exit(130)));
try {
  network = await startNetwork();
  browser = await chromium.launch({ executablePath: process.env.SOLIDAIRES_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const chosen = process.argv.slice(2);
  for (const portal of network.portals) {
    if (chosen.length === 0 || chosen.includes(portal.name)) await visitPortal(browser, portal, saved);
  }
  checkMarkup(saved);
} catch (error) {
  check("the network and the browser start", [error.stack]);
}
await cleanUp();
process.exitCode = finish();

// One page, seen as its visitors see it: by axe in light and dark, at 320 px, by its console and its requests.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const SCREENSHOTS = process.env.SOLIDAIRES_SCREENSHOTS ?? "";

const axe = async (page) => {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }), TAGS);
  return found.violations.flatMap((rule) => rule.nodes.slice(0, 3).map((node) =>
    `axe ${rule.id}: ${rule.help}: ${node.html.slice(0, 160)} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""})`));
};

// What no rule of axe asks for, and RGAA does: 1.9, 5.4, 5.6, 9.1, 11.6, 11.13, 13.2.
const structure = (page) => page.evaluate(() => {
  const faults = [];
  const say = (words, element) => faults.push(`structure: ${words}: ${element.outerHTML.slice(0, 120)}`);
  const seen = (element) => element.checkVisibility?.() ?? true;
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (heading.closest("main") && own > level + 1) say(`a heading of level ${own} after one of level ${level}`, heading);
    if (heading.closest("main")) level = own;
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("caption")?.textContent.trim()) say("a table without a caption", table);
    if (!table.querySelector("th[scope=col]")) say("a table whose columns have no head", table);
    for (const head of table.querySelectorAll("th:not([scope])")) say("a head without scope", head);
  }
  for (const group of document.querySelectorAll("fieldset")) {
    if (group.firstElementChild?.tagName !== "LEGEND" || !group.firstElementChild.textContent.trim()) say("a group without a legend", group);
  }
  for (const caption of document.querySelectorAll("figure > figcaption")) {
    const figure = caption.parentElement;
    if (figure.getAttribute("role") !== "figure" || figure.getAttribute("aria-label") !== caption.textContent.trim()) say("a caption that is not tied to its figure", figure);
  }
  for (const link of document.querySelectorAll("[target=_blank]")) say("a link that opens a window", link);
  const purposes = { email: "email", tel: "tel", password: "password" };
  for (const input of location.pathname.startsWith("/espace/") ? [] : document.querySelectorAll("main input")) {
    const wanted = purposes[input.type];
    if (wanted && seen(input) && !input.autocomplete.includes(wanted)) say("a personal field whose purpose is not said", input);
  }
  const names = [...document.querySelectorAll("nav")].map((nav) => nav.getAttribute("aria-label") ?? "");
  if (names.some((name, n) => !name || names.indexOf(name) !== n)) faults.push(`structure: navigations are not told apart: ${names}`);
  return faults;
});

// What stands out of a page that is too wide, to name the culprit.
const tooWide = (page) => page.evaluate(() => {
  const width = document.scrollingElement.scrollWidth;
  if (width <= window.innerWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1);
  return [`${width} px wide in ${window.innerWidth}: ${out.slice(0, 3).map((element) => element.outerHTML.slice(0, 100)).join(" ... ")}`];
});

// The page as it stands, such as the answer to a form: axe in light and dark, and 320 px.
export const look = async (page) => {
  const faults = await axe(page);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  faults.push(...(await axe(page)).map((fault) => `dark: ${fault}`));
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize({ width: 320, height: 640 });
  faults.push(...await tooWide(page));
  await page.setViewportSize({ width: 1280, height: 900 });
  return [...new Set(faults)];
};

const shot = async (page, directory, name) => {
  if (!SCREENSHOTS) return;
  mkdirSync(join(SCREENSHOTS, directory), { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, directory, `${name}.png`), fullPage: true });
};

const fileName = (path) => path.replace(/[^a-z0-9]+/gi, "_").replace(/^_|_$/g, "").slice(0, 90) || "home";

// Gives the faults; writes the page's bytes for the W3C checker into `saved`.
export const visit = async (page, portal, { path, status = 200 }, { label, saved }) => {
  const faults = [];
  const onConsole = (message) => {
    // A page of status 404 is itself an error in the console's eyes.
    if (message.type() === "error" && !(status >= 400 && message.text().includes(String(status)))) faults.push(`console: ${message.text()}`);
  };
  const onError = (error) => faults.push(`script: ${error.message}`);
  const onRequest = (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== portal.url && protocol !== "data:") faults.push(`asks another host: ${request.url()}`);
  };
  const onFailed = (response) => {
    if (response.status() >= 400 && response.url() !== portal.url + path) faults.push(`${response.status()} for ${response.url()}`);
  };
  page.on("console", onConsole).on("pageerror", onError).on("request", onRequest).on("response", onFailed);
  try {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: "light", media: "screen", reducedMotion: "reduce" });
    const answer = await page.goto(portal.url + path);
    // The map is the only thing that arrives later.
    if (await page.locator("[data-map]").count() > 0) await page.waitForLoadState("networkidle");
    if (answer.status() !== status) faults.push(`answers ${answer.status()}, not ${status}`);
    const name = `${label}-${fileName(path)}`;
    writeFileSync(join(saved, `${name}.html`), await answer.body());
    faults.push(...await axe(page), ...await structure(page));
    await shot(page, label, `${fileName(path)}-wide`);
    await page.emulateMedia({ colorScheme: "dark" });
    faults.push(...(await axe(page)).map((fault) => `dark: ${fault}`));
    await shot(page, label, `${fileName(path)}-dark`);
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 320, height: 640 });
    faults.push(...await tooWide(page));
    await shot(page, label, `${fileName(path)}-320`);
    if (SCREENSHOTS) {
      await page.setViewportSize({ width: 794, height: 1123 });
      await page.emulateMedia({ media: "print" });
      await shot(page, label, `${fileName(path)}-print`);
    }
  } finally {
    page.off("console", onConsole).off("pageerror", onError).off("request", onRequest).off("response", onFailed);
  }
  return [...new Set(faults)];
};

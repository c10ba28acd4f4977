// The main paths, by keyboard alone and as the browser's own accessibility tree tells them to a screen reader.
import { lists } from "./pages.mjs";

const need = (condition, words) => {
  if (!condition) throw new Error(words);
};

// Presses Tab until what has the focus matches.
const tabTo = async (page, selector, stops = 250) => {
  for (let stop = 0; stop < stops; stop += 1) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not come to ${selector} on ${page.url()}`);
};

// [{ role, name, ...properties }]: what is not ignored, in order.
const tree = async (page) => {
  const wire = await page.context().newCDPSession(page);
  const { nodes } = await wire.send("Accessibility.getFullAXTree");
  await wire.detach();
  return nodes.filter((node) => !node.ignored).map((node) => ({
    role: node.role?.value, name: node.name?.value ?? "", description: node.description?.value ?? "",
    ...Object.fromEntries((node.properties ?? []).map((one) => [one.name, one.value.value])),
  }));
};

const follow = (page, pattern, key = "Enter") => Promise.all([page.waitForURL(pattern), page.keyboard.press(key)]);

const withPage = async (browser, act) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  try {
    return await act(await context.newPage());
  } finally {
    await context.close();
  }
};

const searchByKeyboard = async (page, portal) => {
  await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
  const title = (await page.locator(".cards .card h3 a").first().innerText()).trim();
  await page.goto(portal.url, { waitUntil: "networkidle" });
  await tabTo(page, 'a[href="#recherche"]');
  await page.keyboard.press("Enter");
  await tabTo(page, "#site-q");
  await page.keyboard.type(title.slice(0, 12), { delay: 20 });
  const option = page.locator(".site-search [role=option]").filter({ hasText: title }).first();
  await option.waitFor({ state: "visible", timeout: 15000 });
  for (let n = 0; n < 12 && await option.getAttribute("aria-selected") !== "true"; n += 1) await page.keyboard.press("ArrowDown");
  need(await option.getAttribute("aria-selected") === "true", `the arrows come to "${title}"`);
  const told = await tree(page);
  const field = told.find((node) => node.role === "combobox" && node.expanded === true);
  need(field?.name === "Rechercher sur tout le portail", `the open field is told as a combobox with its name, not ${JSON.stringify(field)}`);
  need(told.some((node) => node.role === "option" && node.selected === true && node.name.includes(title)), "the marked suggestion is told as selected");
  await follow(page, (url) => url.pathname.split("/").length > 2);
  need((await page.locator("h1").innerText()).trim() === title, "Enter leads to what was marked");
};

const filterByKeyboard = async (page, portal) => {
  await page.goto(`${portal.url}/structures`);
  const told = await tree(page);
  need(told.some((node) => node.name.includes("s’applique aussitôt")), "that a choice applies at once is said before");
  await tabTo(page, ".facets input[type=checkbox]");
  const { id, label } = await page.evaluate(() => ({ id: document.activeElement.id, label: document.activeElement.labels[0].innerText.trim() }));
  need(told.some((node) => node.role === "checkbox" && node.name === label), `the choice "${label}" is told by its name`);
  await follow(page, /[?&][a-z]+=/, "Space");
  need(await page.locator(`#${id}`).isChecked(), "the choice stands in the page that follows");
  await tabTo(page, "[aria-label='Filtres choisis'] li:last-child a");
  await follow(page, (url) => url.pathname === "/structures" && url.search === "");
};

const agendaByKeyboard = async (page, portal) => {
  await page.goto(`${portal.url}/agenda`);
  await tabTo(page, 'a[href*="/agenda/2"]');
  await follow(page, /\/agenda\/\d{4}-\d\d/);
  const told = await tree(page);
  const heads = told.filter((node) => node.role === "columnheader").map((node) => node.name);
  need(heads.length === 7 && heads[0].startsWith("lundi"), `the month is a table with seven named columns: ${heads}`);
  need(told.some((node) => node.role === "table" && node.name), "and has a name");
  const here = new URL(page.url()).pathname;
  await tabTo(page, `main a[href*="/agenda/2"]:not([href*="${here}"])`);
  await follow(page, (url) => url.pathname !== here);
};

const mapByKeyboard = async (page, portal) => {
  await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
  await page.waitForSelector(".map-mark:not(.map-mark-many)[role=button]", { timeout: 15000 });
  await tabTo(page, ".map-mark:not(.map-mark-many)[role=button]");
  const told = (await tree(page)).filter((node) => node.role === "button" && node.focused === true);
  need(told.length === 1 && told[0].name.length > 2, `a place on the map is a button with a name: ${JSON.stringify(told)}`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".leaflet-popup a[href^='/structures/']", { timeout: 5000 });
  await tabTo(page, ".leaflet-popup a[href^='/structures/']", 400);
  await follow(page, /\/structures\/[^/]+$/);
};

const contactByKeyboard = async (page, portal) => {
  const { records } = await lists(page.context(), portal);
  let form = 0;
  for (const record of records.filter((path) => path.startsWith("/emploi/demandes/"))) {
    await page.goto(portal.url + record);
    form = await page.locator(`a[href$="/contacter"][href^="/"]`).count();
    if (form) break;
  }
  need(form || portal.hub, "a request of this portal takes messages");
  if (!form) return;
  await tabTo(page, 'a[href$="/contacter"]');
  await follow(page, /\/contacter$/);
  await tabTo(page, "#courriel");
  await page.keyboard.type("personne");
  await tabTo(page, "main form button");
  await Promise.all([page.waitForLoadState("load"), page.keyboard.press("Enter")]);
  await page.waitForSelector("#problemes");
  const told = await tree(page);
  const fields = Object.fromEntries(told.filter((node) => node.role === "textbox").map((node) => [node.name, node]));
  for (const name of ["Votre nom", "Votre adresse électronique", "Votre message"]) {
    need(fields[name]?.invalid === "true" && fields[name].required === true && fields[name].description, `"${name}" is told as required, wrong, and why: ${JSON.stringify(fields[name])}`);
  }
  need(fields["Votre adresse électronique"].description.includes("adresse complète"), "the description of a field is its fault");
  await tabTo(page, "#problemes a");
  await page.keyboard.press("Enter");
  need(await page.evaluate(() => document.activeElement.id) === "nom", "the first fault leads to its field");
};

// Landmarks with names, one of each kind that there may be only one of.
const landmarks = async (page, portal) => {
  const { prefixes, records } = await lists(page.context(), portal);
  for (const path of ["/", ...prefixes, ...records.slice(0, 1), "/aide", "/contact", "/plan-du-site", "/nulle-part"]) {
    await page.goto(portal.url + path);
    const told = await tree(page);
    const of = (role) => told.filter((node) => node.role === role);
    for (const role of ["banner", "main", "contentinfo", "search"]) need(of(role).length === 1, `${path} has ${of(role).length} ${role}`);
    const menus = of("navigation").map((node) => node.name);
    need(menus.includes("Menu principal") && new Set(menus).size === menus.length && menus.every(Boolean), `${path} tells its navigations apart: ${menus}`);
    need(of("link").every((node) => node.name), `${path}: every link has a name`);
    need(of("link").some((node) => node.name === "Plan du site"), `${path} leads to the site map`);
  }
};

export const PATHS = { "landmarks": landmarks, "search": searchByKeyboard, "filters": filterByKeyboard, "agenda": agendaByKeyboard, "map": mapByKeyboard,
  "contact form": contactByKeyboard };

export const walk = (browser, portal, name) => withPage(browser, (page) => PATHS[name](page, portal));

// What visitors do, beyond looking: without script, by keyboard, on the map, on a slow line.
import { createServer } from "node:http";
import { lists } from "./pages.mjs";
import { PASSWORD } from "./network.mjs";
import { look } from "./visit.mjs";

const need = (condition, words) => {
  if (!condition) throw new Error(words);
};

export const logIn = async (page, portal, email) => {
  await page.goto(`${portal.url}/espace`);
  await page.fill("#courriel", email);
  await page.fill("#mot_de_passe", PASSWORD);
  await Promise.all([page.waitForURL(/\/espace(?!\/connexion)/), page.locator('form[action="/espace/connexion"] button').click()]);
};

// Bytes that a first visit of the address moves over the wire, headers included.
export const weight = async (browser, url) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await wire.send("Network.enable");
  let bytes = 0;
  wire.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  await page.goto(url, { waitUntil: "networkidle" });
  await context.close();
  return bytes;
};

const openGroups = async (page) => {
  for (const group of await page.locator("details.form-group").all()) {
    if ((await group.getAttribute("open")) === null) await group.locator("> summary").click();
  }
};

const number = (words) => Number((words.match(/\d[\d\s\u00a0\u202f]*/) ?? ["-1"])[0].replace(/\D/g, ""));
const resultCount = async (page) => number(await page.locator(".result-count").first().innerText());

export const withoutScript = async (browser, portal) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  try {
    await page.goto(portal.url);
    await page.fill("#site-q", "association");
    await Promise.all([page.waitForURL(/\/recherche\?q=association/), page.locator("#recherche button").click()]);
    await page.goto(`${portal.url}/structures`);
    const all = await resultCount(page);
    need(all > 0, "the directory of a demonstration network is not empty");
    need(await page.locator(".map svg circle, .map svg use, .map svg path").count() > 3, "the server draws the map");
    const closer = page.locator(".map svg a[href*='zone=']").first();
    if (await closer.count() > 0) {
      await Promise.all([page.waitForURL(/zone=/), closer.click()]);
      const near = await resultCount(page);
      need(near > 1 && near <= all, `${near} of ${all} records behind a mark of many`);
      await page.goBack();
    }
    const box = page.locator(".facets input[type=checkbox]").first();
    const value = await box.getAttribute("value");
    if (!(await box.isVisible())) await page.locator(".facets details summary").first().click();
    await box.check();
    await Promise.all([page.waitForURL((url) => url.search.includes(encodeURIComponent(value))), page.getByRole("button", { name: "Appliquer les filtres" }).click()]);
    need(await resultCount(page) <= all, "a filter leaves no more than there was");
    await page.fill("#liste-lieu", portal.name === "savoie-mont-blanc" ? "Annecy" : "Grenoble");
    await Promise.all([page.waitForURL(/lieu=/), page.getByRole("button", { name: "Chercher", exact: true }).click()]);
    await logIn(page, portal, portal.accounts.member);
    await page.goto(`${portal.url}/espace/nouveau/structure`);
    const name = `Sans script ${Date.now()}`;
    await page.fill("[name=name]", name);
    await page.selectOption("[name=ess_family]", "association");
    await openGroups(page);
    await page.fill("[name=summary]", "Une fiche proposée depuis un navigateur sans script.");
    await page.locator("[name=sectors]").first().check();
    await page.fill('[name="address.commune"]', "Grenoble");
    await page.fill('[name="address.postal_code"]', "38000");
    await Promise.all([page.waitForURL(/\/espace\/fiches\//), page.locator("button[value=submit], button[value=publish]").first().click()]);
    need((await page.locator("h1").innerText()).includes(name), "the proposal is shown after it is sent");
    await Promise.all([page.waitForURL(`${portal.url}/`), page.getByRole("button", { name: "Se déconnecter" }).click()]);
    await page.goto(`${portal.url}/espace`);
    need(page.url().includes("/espace/connexion"), "after logging out the office asks to log in");
  } finally {
    await context.close();
  }
};

// 640 x 288, black.
const PNG = "89504e470d0a1a0a0000000d49484452000002800000012001000000000c42fffd0000002d4944415478daedc13101000000c2a0f54f6d0b2fa000000000000000000000000000000000000000000000e0675b200001b251f70e0000000049454e44ae426082";

// Sends a picture with a form that has a fault elsewhere, mends it, and gives the pages that show the picture.
export const sendPicture = async (page, portal) => {
  await logIn(page, portal, portal.accounts.moderator);
  await page.goto(`${portal.url}/espace/nouveau/structure`);
  await openGroups(page);
  const name = `Maison illustrée ${portal.name}`;
  await page.fill("[name=name]", name);
  await page.selectOption("[name=ess_family]", "association");
  await page.fill("[name=summary]", "Une fiche avec une image.");
  await page.locator("[name=sectors]").first().check();
  await page.fill('[name="address.commune"]', portal.name === "savoie-mont-blanc" ? "Annecy" : "Grenoble");
  await page.setInputFiles('[name="picture.file"]', { name: "façade.png", mimeType: "image/png", buffer: Buffer.from(PNG, "hex") });
  const publish = page.locator("button[value=publish]");
  await Promise.all([page.waitForLoadState("load"), publish.click()]);
  await page.waitForSelector("#problemes");
  const preview = page.locator("img.picture-preview");
  need(await preview.evaluate((image) => image.decode().then(() => image.naturalWidth)) === 640, "the picture is kept and shown though it has no description");
  const faulty = await page.content();
  await openGroups(page);
  await page.fill('[name="picture.alt"]', "La façade, en noir");
  await Promise.all([page.waitForURL(/\/espace\/fiches\//), publish.click()]);
  const record = new URL(page.url()).pathname;
  const shown = await page.getByRole("link", { name: "Voir la page publique" }).getAttribute("href");
  await page.goto(portal.url + shown);
  const picture = page.locator(".record-picture img");
  need(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth)) === 640, "the public page shows the picture");
  need(await picture.getAttribute("alt") === "La façade, en noir", "with its description");
  // Its place is there before it is: nothing moves when it comes.
  await page.route("**/fichiers/**", (route) => route.abort());
  await page.reload();
  const box = await picture.boundingBox();
  need(Math.round(box.width / box.height * 100) === 222, `its place is ${box.width} x ${box.height} before it comes`);
  await page.unroute("**/fichiers/**");
  return { faulty, pages: [record, `${record}/modifier`, shown, `/structures?q=${encodeURIComponent(name)}`] };
};

// What visitors send without an account: each form wrong first, then right. Gives the faults of all states, and the wrong ones' bytes.
export const visitorForms = async (page, portal) => {
  const faults = [];
  const saved = [];
  const send = async (button) => {
    await Promise.all([page.waitForLoadState("load"), page.getByRole("button", { name: button }).click()]);
    faults.push(...await look(page));
  };
  const wrongThenRight = async (path, wrong, right, button, thanks) => {
    await page.goto(portal.url + path);
    for (const [id, value] of Object.entries(wrong)) await page.fill(`#${id}`, value);
    await send(button);
    await page.waitForSelector("#problemes");
    saved.push(await page.content());
    for (const [id, value] of Object.entries(wrong)) need(await page.inputValue(`#${id}`) === value, `${path} keeps ${id}`);
    await page.locator("#problemes a").first().click();
    const focused = await page.evaluate(() => document.activeElement.id);
    need(focused in right || focused in wrong, `the summary of ${path} leads to a field, not to "${focused}"`);
    for (const [id, value] of Object.entries(right)) await page.fill(`#${id}`, value);
    await send(button);
    need((await page.locator("h1").innerText()).startsWith(thanks), `${path} ends with "${thanks}", not "${await page.locator("h1").innerText()}"`);
  };
  await wrongThenRight("/signaler?page=%2Faide", { courriel: "personne" }, { quoi: "Un mot manque.", courriel: "personne@exemple.org" },
    "Envoyer le signalement", "Merci");
  await page.goto(`${portal.url}/structures?q=association`);
  const list = await page.getByRole("link", { name: "Recevoir les nouveautés par courriel" }).getAttribute("href");
  await wrongThenRight(list, { courriel: "personne" }, { courriel: "personne@exemple.org" }, "Recevoir ces nouveautés", "Regardez votre courrier");
  return { faults: [...new Set(faults)], saved };
};

export const keyboard = async (browser, portal, path) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const faults = [];
  try {
    await page.goto(portal.url + path);
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement.getAttribute("href"));
    if (first !== "#contenu") faults.push(`the first stop is not the skip link but ${first}`);
    for (let stop = 0; stop < 40; stop += 1) {
      const seen = await page.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        const ring = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
        return { what: element.outerHTML.slice(0, 100), body: element === document.body, ring: ring || style.boxShadow !== "none",
          shown: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < window.innerHeight && box.right > 0 && style.visibility !== "hidden" };
      });
      if (seen.body) break;
      if (!seen.ring) faults.push(`no visible focus: ${seen.what}`);
      if (!seen.shown) faults.push(`focus on something that is not shown: ${seen.what}`);
      await page.keyboard.press("Tab");
    }
    await page.goto(portal.url + path);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    if (!(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)))) faults.push("the skip link does not lead into the content");
  } finally {
    await context.close();
  }
  return faults;
};

// A rectangle on the map, given up by Escape, then drawn; by the keyboard, what the map shows.
const drawZone = async (page, portal) => {
  await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
  const canvas = page.locator(".leaflet-container");
  const press = () => page.getByRole("button", { name: "Dessiner une zone" }).click();
  await press();
  await page.keyboard.press("Escape");
  await press();
  const { x, y, width } = await canvas.boundingBox();
  await page.mouse.move(x + width / 2 - 60, y + 120);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + 60, y + 180, { steps: 5 });
  await Promise.all([page.waitForURL(/zone=/), page.mouse.up()]);
  await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
  await canvas.focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("button", { name: "Chercher dans cette zone" }).waitFor({ timeout: 5000 });
};

export const map = async (browser, portal) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  try {
    await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
    await page.waitForSelector(".leaflet-container", { timeout: 15000 });
    const address = await page.locator("[data-map]").getAttribute("data-map");
    const located = (await (await context.request.get(new URL(address, portal.url).href)).json()).features.length;
    need(located > 0, "there are located results");
    const cards = await page.locator(".cards .card").count();
    need(located <= cards, `${located} records on the map for the ${cards} results of this page`);
    // A mark of many shows how many it is.
    const marked = (count) => page.waitForFunction((wanted) => [...document.querySelectorAll(".map-mark[role=button]")]
      .reduce((sum, mark) => sum + (Number(mark.textContent) || 1), 0) === wanted, count, { timeout: 15000 });
    await marked(located);
    // Leaflet draws on a sheet larger than the map; style that shrinks it hides every mark.
    const [sheet, frame] = await page.evaluate(() => [".leaflet-overlay-pane svg", ".leaflet-container"].map((one) => document.querySelector(one).getBoundingClientRect().width));
    need(sheet >= frame, `the sheet of the map is ${sheet} px wide in a frame of ${frame} px`);
    await page.locator(".map-mark:not(.map-mark-many)").first().focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector(".leaflet-popup a[href^='/structures/']", { timeout: 5000 });
    // All results, then a piece of the map as a filter.
    const all = await resultCount(page);
    if (cards < all) await Promise.all([page.waitForURL(/vue=carte/), page.locator("a[href*='vue=carte']").click()]);
    await page.waitForSelector(".map-mark[role=button]", { timeout: 15000 });
    await page.locator(".leaflet-control-zoom-in").click();
    await Promise.all([page.waitForURL(/zone=/), page.getByRole("button", { name: "Chercher dans cette zone" }).click()]);
    need((await page.locator(".result-count").innerText()).includes("zone de la carte"), "the piece of the map is said");
    need(await resultCount(page) <= all, "a piece of the map holds no more than the whole");
    await drawZone(page, portal);
  } finally {
    await context.close();
  }
};

// Where the device is goes into the address of the search, rounded, and into no alert.
export const position = async (browser, portal) => {
  const context = await browser.newContext({ viewport: { width: 320, height: 800 }, permissions: ["geolocation"], geolocation: { latitude: 45.67541, longitude: 6.39261 } });
  const page = await context.newPage();
  try {
    await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
    await Promise.all([page.waitForURL(/lieu=45.675/), page.locator(".locate").click()]);
    need((await page.locator(".result-count").innerText()).includes("de votre position"), "the position is said");
    need(!page.url().includes("6754"), "the position is no finer than a hundred metres");
    const alert = page.locator("a[href^='/alertes']");
    if (await alert.count() > 0) need((await alert.getAttribute("href")).includes("Albertville"), "an alert keeps the commune alone");
    await context.clearPermissions();
    await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
    await page.locator(".locate").click();
    await page.locator(".locate ~ [role=status]:not(:empty)").waitFor({ timeout: 15000 });
  } finally {
    await context.close();
  }
};

// Suggestions while one types: reached by the arrows, told to screen readers, never in the way.
export const suggestions = async (browser, portal) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  try {
    await page.goto(`${portal.url}/structures`, { waitUntil: "networkidle" });
    const title = (await page.locator(".cards .card a").first().innerText()).trim();
    await page.focus("#site-q");
    await page.keyboard.type(title.slice(0, 8), { delay: 20 });
    const list = page.locator(".site-search [role=listbox]");
    await list.waitFor({ state: "visible", timeout: 15000 });
    need(await page.getAttribute("#site-q", "aria-expanded") === "true", "an open list is said to be open");
    need((await page.locator(".site-search [aria-live]").innerText()).includes("suggestion"), "the number of suggestions is told");
    await page.keyboard.press("ArrowDown");
    const active = await page.getAttribute("#site-q", "aria-activedescendant");
    need(await page.getAttribute(`#${active}`, "aria-selected") === "true", "the arrows mark one suggestion");
    await page.keyboard.press("Escape");
    need(await list.isHidden(), "Escape closes the list");
    need(await page.inputValue("#site-q") === title.slice(0, 8), "Escape keeps what was typed");
    await page.focus("#liste-lieu");
    await page.keyboard.type("chamber", { delay: 20 });
    await page.locator(".field [role=listbox]").waitFor({ state: "visible", timeout: 15000 });
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    need(await page.inputValue("#liste-lieu") === "Chambéry", "choosing a place fills the field with its name");
    await Promise.all([page.waitForURL(/lieu=Chamb/), page.keyboard.press("Enter")]);
    need((await page.locator("[aria-label='Filtres choisis']").innerText()).includes("Chambéry"), "the place that was chosen is the filter");
  } finally {
    await context.close();
  }
};

// On another site: the list and the map are shown in their frame, other pages are not, and a link in the frame leaves it.
export const embedding = async (browser, portal) => {
  const frame = `${portal.url}/integre/structures?vue=carte&nombre=5`;
  const host = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html; charset=utf-8");
    answer.end(`<!doctype html><title>Mairie</title><iframe name="ours" src="${frame}" title="Structures" width="900" height="600"></iframe>
      <iframe name="refused" src="${portal.url}/structures" title="Refusé"></iframe>`);
  });
  await new Promise((ready) => host.listen(0, "localhost", ready));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(`http://localhost:${host.address().port}/`, { waitUntil: "networkidle" });
    const ours = page.frame({ name: "ours" });
    need(await ours.locator(".cards .card").count() === 5, "the frame shows as many as it was asked for");
    await ours.waitForSelector(".leaflet-container", { timeout: 15000 });
    need(!page.frames().some((one) => one.url() === `${portal.url}/structures`), "a page of the portal itself is not shown in a frame");
    need((await context.cookies()).length === 0, "no cookie is set");
    await Promise.all([page.waitForURL(/\/structures\/[^/]+$/), ours.locator(".cards .card a").first().click()]);
  } finally {
    await context.close();
    host.close();
  }
};

// The public pages are the same for everybody: a cache may keep them.
export const sameForEverybody = async (anonymous, known, portal) => {
  const faults = [];
  const { prefixes, records } = await lists(anonymous, portal);
  for (const path of ["/", ...prefixes, ...records.slice(0, 2)]) {
    const [one, other] = await Promise.all([anonymous, known].map(async (context) => (await context.request.get(portal.url + path)).text()));
    if (one !== other) faults.push(`${path} differs for somebody who is logged in`);
  }
  return faults;
};

// A record that a moderator takes back answers 410, with something to go on with.
export const withdrawnPage = async (page, portal) => {
  await logIn(page, portal, portal.accounts.moderator);
  await page.goto(`${portal.url}/espace/nouveau/article`);
  await page.fill("[name=title]", "Nouvelle bientôt retirée");
  await openGroups(page);
  await page.fill("[name=summary]", "Cette nouvelle ne restera pas longtemps, c’est un essai.");
  await page.fill("[name=body]", "Un texte assez long pour être publié, puis retiré aussitôt.");
  await Promise.all([page.waitForURL(/\/espace\/fiches\//), page.locator("button[value=publish]").first().click()]);
  const path = await page.getByRole("link", { name: "Voir la page publique" }).getAttribute("href");
  await page.locator("details:has([name=sur]) > summary").click();
  await page.check("[name=sur]");
  await Promise.all([page.waitForResponse((answer) => answer.request().method() === "POST"), page.locator("button[value=withdraw]").click()]);
  return path;
};

// A member proposes, a moderator refuses by a common reason, the member appeals, the committee is asked: without script.
export const moderation = async (browser, portal) => {
  const open = async (account) => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await logIn(page, portal, account);
    return page;
  };
  const press = (page, selector) => Promise.all([page.waitForResponse((answer) => answer.request().method() === "POST"), page.locator(selector).first().click()]);
  const [member, moderator] = [await open(portal.accounts.member), await open(portal.accounts.moderator)];
  try {
    await member.goto(`${portal.url}/espace/nouveau/article`);
    await member.fill("[name=title]", `Des paniers à prix cassé ${portal.name}`);
    await openGroups(member);
    await member.fill("[name=summary]", "Une nouvelle qui ressemble à une réclame.");
    await member.fill("[name=body]", "Le meilleur des paniers, moins cher que partout ailleurs.");
    await Promise.all([member.waitForURL(/\/espace\/fiches\//), member.locator("button[value=submit]").first().click()]);
    const record = member.url();
    await moderator.goto(`${portal.url}/espace/file`);
    await press(moderator, `.queue-item form[action="${new URL(record).pathname}/relire"] button`);
    await moderator.waitForURL(record);
    need(await moderator.locator(".claim").count() === 1, "the page says who reads the record");
    await press(moderator, "button[value=refuse]");
    need(await moderator.locator("[role=alert]").count() === 1, "a refusal without a reason is refused");
    await moderator.selectOption("#motif", "advertising");
    await press(moderator, "button[value=refuse]");
    await member.reload();
    need(await member.locator(".badge-refused").count() === 1, "the author sees that it is refused");
    need(await member.locator('a[href="/charte#no_advertising"]').count() === 1, "with the article of the charter");
    await member.fill("#raison-appel", "C’est un prix solidaire.");
    await press(member, "button[value=appeal]");
    await moderator.goto(`${portal.url}/espace/comite`);
    need(await moderator.locator(`a[href="${new URL(record).pathname}"]`).count() === 1, "the committee is asked");
    await moderator.goto(record);
    await moderator.check("#vote-yes");
    await press(moderator, 'form[action$="/vote"] button');
    await moderator.goto(`${portal.url}/espace/comite/compte-rendu`);
    need((await moderator.locator("main").innerText()).includes("pour"), "the minutes tell the vote");
    return [new URL(record).pathname, "/espace/comite/compte-rendu"];
  } finally {
    await member.context().close();
    await moderator.context().close();
  }
};

// Two records of one thing become one, which is put on the front page; then a draft that saves
// itself. Gives the pages that came of it.
export const editing = async (browser, portal) => {
  const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await logIn(plain, portal, portal.accounts.moderator);
  const scripted = await (await browser.newContext()).newPage();
  await logIn(scripted, portal, portal.accounts.member);
  try {
    const addresses = [];
    for (const name of ["Le Fournil partagé", "Fournil partagé (association)"]) {
      await plain.goto(`${portal.url}/espace/nouveau/structure`);
      await openGroups(plain);
      await plain.fill("[name=name]", `${name} ${portal.name}`);
      await plain.fill("[name=summary]", "Un fournil où l’on pétrit ensemble.");
      await plain.selectOption("[name=ess_family]", "association");
      await plain.check('[name=sectors][value="agriculture-alimentation"]');
      await plain.fill('[name="address.postal_code"]', "74230");
      await plain.fill('[name="address.commune"]', "Thônes");
      await plain.fill("[name=website]", `https://fournil-${portal.name}.example/`);
      await Promise.all([plain.waitForURL(/\/espace\/fiches\//), plain.locator("button[value=publish]").click()]);
      addresses.push({ record: plain.url(), shown: await plain.getByText("Voir la page publique").getAttribute("href") });
    }
    await plain.locator(`a[href^="/espace/doublons/"][href*="${addresses[0].record.split("/").pop()}"]`).click();
    const pair = plain.url();
    const kept = await plain.locator("td strong a").first().getAttribute("href");
    await Promise.all([plain.waitForURL(`${portal.url}${kept}`), plain.locator("button[value=unite]").click()]);
    const [stays, goes] = addresses[0].record.endsWith(kept) ? addresses : [...addresses].reverse();
    await plain.goto(`${portal.url}${goes.shown}`);
    need(new URL(plain.url()).pathname === stays.shown, "the old address leads to the record that stays");

    await plain.goto(stays.record);
    await plain.getByText("Mettre à la une", { exact: true }).first().click();
    await plain.fill("[name=phrase]", "On y pétrit le jeudi.");
    await plain.locator('form[action$="/une"] button').click();
    await plain.goto(portal.url);
    need((await plain.locator("main").innerText()).includes("On y pétrit le jeudi."), "the front page shows what was chosen");

    await scripted.goto(`${portal.url}/espace/nouveau/article`);
    await scripted.fill("[name=title]", `Gardé tout seul ${portal.name}`);
    await scripted.waitForURL(/\/modifier$/);
    await scripted.reload();
    need(await scripted.inputValue("[name=title]") === `Gardé tout seul ${portal.name}`, "a draft is there again after the page was left");
    const [preview] = await Promise.all([scripted.context().waitForEvent("page"), scripted.locator("button[value=preview]").click()]);
    await preview.waitForLoadState();
    need((await preview.locator("main").innerText()).includes("Aperçu"), "the preview says what it is");
    return [new URL(pair).pathname, "/espace/doublons", "/espace/programme", "/espace/imports", "/espace/compte/donnees"];
  } finally {
    await plain.context().close();
    await scripted.context().close();
  }
};

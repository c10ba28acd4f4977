// Which pages there are: found by following the portal's own site map and links, so that a new kind of record
// is visited without a word here.

const STATIC = ["/", "/recherche", "/a-propos", "/contact", "/aide", "/plan-du-site", "/accessibilite", "/accessibilite/criteres", "/composants", "/mentions-legales",
  "/confidentialite", "/donnees", "/api",
  "/en", "/en/about", "/en/contact", "/en/help", "/en/site-map", "/en/privacy", "/en/accessibility", "/en/legal", "/en/data", "/en/api",
  "/en/search?q=association&lieu=Grenoble&rayon=50", "/en/embed?rubrique=structures&vue=carte", "/en/embedded/structures?vue=carte&nombre=5",
  `/en/alerts?recherche=${encodeURIComponent("/structures?q=velo")}`, "/en/report?page=%2Fen%2Fstructures"];

// A plain request by the browser's own network stack, with the cookies of its context.
const text = async (context, url) => (await context.request.get(url)).text();

export const lists = async (context, portal) => {
  const map = await text(context, `${portal.url}/sitemap.xml`);
  const paths = [...map.matchAll(/<loc>([^<]*)<\/loc>/g)].map((found) => new URL(found[1]).pathname);
  const prefixes = paths.filter((path) => path !== "/" && !paths.some((other) => other !== "/" && path.startsWith(`${other}/`)));
  return { prefixes, records: paths.filter((path) => path !== "/" && !prefixes.includes(path)) };
};

// [{ path, status }]: every kind of public page, filters included; two records of each kind.
export const publicPages = async (context, portal) => {
  const { prefixes, records } = await lists(context, portal);
  const pages = STATIC.map((path) => ({ path }));
  for (const prefix of prefixes) {
    pages.push({ path: prefix });
    pages.push({ path: `${prefix}?q=association&lieu=Grenoble&rayon=50&dep=tous` });
    pages.push({ path: `${prefix}?q=zzzzqqq&lieu=nullepart&rayon=-4&page=900&inconnu=1` });
    const ofKind = records.filter((record) => record.startsWith(`${prefix}/`));
    for (const path of ofKind.slice(0, 2)) pages.push({ path });
    // The same templates in English: one page of each sort is enough.
    for (const path of [`${prefix}?lieu=Grenoble&rayon=50`, ...ofKind.slice(0, 1)]) pages.push({ path: `/en${path}` });
    const list = await text(context, portal.url + prefix);
    for (const [, href] of list.matchAll(/href="([^"]*)"/g)) {
      const path = href.replaceAll("&amp;", "&");
      if (/\/\d{4}-\d\d$/.test(path) && !pages.some((page) => page.path === path)) pages.push({ path }, { path: `/en${path}` });
    }
    const facet = list.match(/<input type="checkbox"[^>]*name="([^"]+)" value="([^"]+)"/);
    if (facet) pages.push({ path: `${prefix}?${facet[1]}=${encodeURIComponent(facet[2])}` });
  }
  pages.push({ path: "/recherche?q=velo" }, { path: "/nulle-part", status: 404 }, { path: "/en/nowhere", status: 404 }, { path: "/structures/inconnue-00000000", status: 404 });
  pages.push({ path: "/integrer" }, { path: "/integrer?rubrique=structures&vue=carte&lieu=Grenoble&rayon=20" },
    { path: "/integre/structures" }, { path: "/integre/structures?vue=carte&nombre=5" }, { path: "/integre/recherche?q=zzzzqqq" });
  pages.push({ path: "/espace/connexion" });
  pages.push({ path: "/alertes" }, { path: `/alertes?recherche=${encodeURIComponent("/structures?q=velo")}` }, { path: "/alertes/demande" },
    { path: "/alertes/confirmer/inconnu", status: 410 }, { path: "/alertes/fin/inconnu" });
  pages.push({ path: "/signaler?page=%2Fstructures" }, { path: "/signaler/merci?reference=0abcdefg" });
  return pages;
};

const hrefs = (html, pattern) => [...new Set([...html.matchAll(/href="([^"]*)"/g)].map((found) => found[1].replaceAll("&amp;", "&"))
  .filter((href) => pattern.test(href)))];

// What this account reaches from its home page: menu, forms, lists, one record of each kind and its form.
export const officePages = async (context, portal) => {
  const home = await text(context, `${portal.url}/espace`);
  const pages = ["/espace", ...hrefs(home, /^\/(espace|region)[/?]/), ...hrefs(home, /^\/region$/)];
  const records = await text(context, `${portal.url}/espace/fiches`);
  for (const record of hrefs(records, /^\/espace\/fiches\/[^/]+\/[^/?]+$/).slice(0, 3)) pages.push(record, `${record}/modifier`);
  for (const page of pages.filter((path) => path.startsWith("/region"))) {
    pages.push(...hrefs(await text(context, portal.url + page), /^\/region\//).slice(0, 6));
  }
  pages.push("/espace/fiches?q=zzzz&etat=draft");
  return [...new Set(pages)].map((path) => ({ path })).concat({ path: "/espace/fiches/isere/inconnue", status: 404 });
};

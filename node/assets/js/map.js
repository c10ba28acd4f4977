// The interactive map: takes the place of the server's drawing, with the same items as the list.
// data-map: the address of the selection as GeoJSON; data-outline: of the territory's outlines;
// data-css: of this map's style sheet. No tiles, hence no request to anybody else.
import { circleMarker, geoJSON, latLngBounds, map as createMap } from "leaflet";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const load = async (address) => {
  const response = await fetch(address, { headers: { Accept: "application/geo+json" } });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
};

const popup = (properties) => {
  const box = document.createElement("div");
  const link = document.createElement("a");
  link.href = properties.url;
  link.textContent = properties.title;
  const place = document.createElement("div");
  place.textContent = properties.place ?? "";
  box.append(link, place);
  return box;
};

export const show = async (box) => {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = box.dataset.css;
  const styled = new Promise((resolve, reject) => {
    style.addEventListener("load", resolve);
    style.addEventListener("error", reject);
  });
  document.head.append(style);
  let items;
  let outline = null;
  try {
    [items] = await Promise.all([load(box.dataset.map), styled]);
    if (box.dataset.outline) outline = await load(box.dataset.outline);
  } catch {
    return;  // the server's drawing stays
  }
  const canvas = document.createElement("div");
  box.querySelector("svg")?.replaceWith(canvas);
  const map = createMap(canvas, { zoomControl: true, attributionControl: true, scrollWheelZoom: false });
  map.zoomControl.setPosition("topright");
  map.attributionControl.setPrefix("Leaflet");
  if (outline) {
    geoJSON(outline, {
      interactive: false,
      style: (feature) => feature.geometry.type === "Point" ? {} : { color: colour("--line"), weight: 1, fillColor: colour("--paper"), fillOpacity: 1 },
      pointToLayer: (feature, at) => circleMarker(at, {
        radius: feature.properties.radius ?? 1, stroke: false, fillColor: colour("--accent-line"), fillOpacity: 1, interactive: false }),
      attribution: outline.attribution ?? "",
    }).addTo(map);
  }
  const bounds = latLngBounds([]);
  geoJSON(items, {
    pointToLayer: (feature, at) => {
      bounds.extend(at);
      return circleMarker(at, { radius: 9, color: colour("--paper"), weight: 2, fillColor: colour("--accent"), fillOpacity: 1 });
    },
    onEachFeature: (feature, layer) => {
      layer.bindPopup(popup(feature.properties));
      layer.on("add", () => {
        const element = layer.getElement();
        if (!element) return;
        element.setAttribute("tabindex", "0");
        element.setAttribute("role", "button");
        element.setAttribute("aria-label", `${feature.properties.title}, ${feature.properties.place ?? ""}`);
        element.addEventListener("keydown", (event) => {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); layer.openPopup(); }
        });
      });
    },
  }).addTo(map);
  if (bounds.isValid()) map.fitBounds(bounds.pad(0.15), { maxZoom: 13 });
};

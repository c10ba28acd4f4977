// The interactive map: takes the place of the server's drawing, with the same items.
// data-map: the address of the selection as GeoJSON; data-below: what addresses of pages in it begin
// with, in another language; data-outline: of the territory's outlines;
// data-css: of this map's style sheet; data-frame: west, south, east and north of what is shown
// first; data-search: of the list, to which the sides of a piece of
// the map are added; data-search-words, data-draw-words, data-drawing-words, data-count-words,
// data-tiles-words, data-closer, data-farther, data-close: what is said.
// data-tiles: the address of tiles, asked for only when somebody presses the button that names
// their server; data-tiles-credit: whom they come from. Without it no request goes to anybody else.
import { circleMarker, control, Control, divIcon, DomEvent, geoJSON, latLngBounds, layerGroup, map as createMap, marker, rectangle, tileLayer } from "leaflet";
import Supercluster from "supercluster";

const kClusterPixels = 60;
const kClusterZoomMax = 17;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const load = async (address) => {
  const response = await fetch(address, { headers: { Accept: "application/geo+json" } });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
};

const entry = (properties) => {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = properties.url;
  link.textContent = properties.title;
  line.append(link, ` ${properties.place ?? ""}`);
  return line;
};

const popup = (features) => {
  const list = document.createElement("ul");
  list.className = "map-popup";
  list.lang = "fr";  // as people wrote it
  list.append(...features.map((feature) => entry(feature.properties)));
  return list;
};

// A button of the page's own over the map.
const button = (map, words, press) => {
  const Pressed = Control.extend({
    options: { position: "topleft" },
    onAdd: () => {
      const element = document.createElement("button");
      element.type = "button";
      element.className = "button button-secondary map-button";
      element.textContent = words;
      DomEvent.disableClickPropagation(element);
      element.addEventListener("click", () => press(element));
      return element;
    },
  });
  return new Pressed().addTo(map);
};

// Marks that are near one another are one, with their number, until one looks closer.
const showItems = (map, items, countWords) => {
  const index = new Supercluster({ radius: kClusterPixels, maxZoom: kClusterZoomMax });
  index.load(items.features);
  const shown = layerGroup().addTo(map);
  const marks = new Map();  // by what they stand for
  const markOf = (feature) => {
    const [longitude, latitude] = feature.geometry.coordinates;
    const many = feature.properties.cluster;
    const label = many
      ? `${feature.properties.point_count} ${countWords}`
      : `${feature.properties.title}, ${feature.properties.place ?? ""}`;
    const size = many ? Math.min(28 + 4 * Math.log2(feature.properties.point_count), 56) : 24;
    const icon = divIcon({
      className: many ? "map-mark map-mark-many" : "map-mark",
      html: many ? String(feature.properties.point_count_abbreviated) : "",
      iconSize: [size, size],
    });
    const mark = marker([latitude, longitude], { icon, keyboard: true, alt: label, title: label });
    mark.on("add", () => {
      const element = mark.getElement();
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", label);
    });
    if (!many) return mark.bindPopup(popup([feature]));
    mark.on("click", () => {
      const closer = index.getClusterExpansionZoom(feature.properties.cluster_id);
      if (closer > kClusterZoomMax) {  // all at one spot
        mark.unbindPopup().bindPopup(popup(index.getLeaves(feature.properties.cluster_id, 20))).openPopup();
      } else {
        map.setView([latitude, longitude], closer);
      }
    });
    return mark;
  };
  // What is shown already stays, with its focus and its open popup.
  return () => {
    const around = map.getBounds().pad(0.2);
    const zoom = Math.min(Math.round(map.getZoom()), kClusterZoomMax + 1);
    const sides = [around.getWest(), around.getSouth(), around.getEast(), around.getNorth()];
    const wanted = new Map(index.getClusters(sides, zoom).map((feature) => [
      feature.properties.cluster ? `${zoom}/${feature.properties.cluster_id}` : feature.properties.id, feature]));
    for (const [key, mark] of marks) {
      if (wanted.has(key)) continue;
      shown.removeLayer(mark);
      marks.delete(key);
    }
    for (const [key, feature] of wanted) {
      if (marks.has(key)) continue;
      marks.set(key, markOf(feature).addTo(shown));
    }
  };
};

// On to the list of what lies in a piece of the map.
const search = (address, piece) => {
  const sides = [piece.getWest(), piece.getSouth(), piece.getEast(), piece.getNorth()];
  location.assign(address + sides.map((side) => side.toFixed(4)).join(","));
};

// Of the piece that is seen, once somebody has moved it: with the mouse, a finger or the arrow keys.
const offerSearch = (map, address, words) => {
  map.once("moveend", () => button(map, words, () => search(address, map.getBounds())));
};

// Of a rectangle that is drawn, by mouse, pen or finger; the arrow keys and the button above do the
// same for the keyboard.
const offerDrawing = (map, { search: address, drawWords, drawingWords }) => {
  const canvas = map.getContainer();
  let from = null;
  let frame = null;
  let toggle = null;
  const leave = () => {
    frame?.remove();
    from = frame = null;
    canvas.classList.remove("map-drawing");
    map.dragging.enable();
    toggle.textContent = drawWords;
  };
  button(map, drawWords, (element) => {
    if (canvas.classList.contains("map-drawing")) return leave();
    toggle = element;
    canvas.classList.add("map-drawing");
    map.dragging.disable();
    element.textContent = drawingWords;
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (!canvas.classList.contains("map-drawing") || event.target.closest(".leaflet-control")) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    from = map.mouseEventToLatLng(event);
    frame = rectangle([from, from], { color: colour("--accent"), weight: 2, interactive: false }).addTo(map);
  });
  canvas.addEventListener("pointermove", (event) => frame?.setBounds([from, map.mouseEventToLatLng(event)]));
  canvas.addEventListener("pointerup", () => {
    const piece = frame?.getBounds();
    if (piece && piece.getWest() < piece.getEast() && piece.getSouth() < piece.getNorth()) return search(address, piece);
    frame?.remove();
    frame = null;
  });
  canvas.addEventListener("pointercancel", leave);
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && canvas.classList.contains("map-drawing")) leave();
  });
};

const offerTiles = (map, { tiles, tilesCredit, tilesWords }) => {
  button(map, tilesWords, (element) => {
    element.remove();
    tileLayer(tiles, { attribution: tilesCredit, maxZoom: 19 }).addTo(map);
  });
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
    for (const { properties } of items.features) properties.url = `${box.dataset.below ?? ""}${properties.url}`;
    if (box.dataset.outline) outline = await load(box.dataset.outline);
  } catch {
    return;  // the server's drawing stays
  }
  const canvas = document.createElement("div");
  box.querySelector("svg")?.replaceWith(canvas);
  const map = createMap(canvas, { zoomControl: false, attributionControl: true, scrollWheelZoom: false });
  control.zoom({ position: "topright", zoomInTitle: box.dataset.closer, zoomOutTitle: box.dataset.farther }).addTo(map);
  map.on("popupopen", ({ popup: opened }) => {
    opened.getElement().querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", box.dataset.close);
  });
  map.attributionControl.setPrefix("Leaflet");
  control.scale({ imperial: false }).addTo(map);
  if (outline) {
    geoJSON(outline, {
      interactive: false,
      style: (feature) => feature.geometry.type === "Point" ? {} : { color: colour("--line"), weight: 1, fillColor: colour("--paper"), fillOpacity: 1 },
      pointToLayer: (feature, at) => circleMarker(at, {
        radius: feature.properties.radius ?? 1, stroke: false, fillColor: colour("--accent-line"), fillOpacity: 1, interactive: false }),
      attribution: outline.attribution ?? "",
    }).addTo(map);
  }
  const draw = showItems(map, items, box.dataset.countWords);
  const [west, south, east, north] = box.dataset.frame.split(",").map(Number);
  map.fitBounds(latLngBounds([south, west], [north, east]), { maxZoom: 14, animate: false });
  draw();
  map.on("moveend", draw);
  // From here on it is somebody who moves it.
  if (box.dataset.search) {
    offerDrawing(map, box.dataset);
    offerSearch(map, box.dataset.search, box.dataset.searchWords);
  }
  if (box.dataset.tiles) offerTiles(map, box.dataset);
};

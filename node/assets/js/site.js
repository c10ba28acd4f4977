// Improvements for browsers with script; every page works without.

// Filters apply as soon as a choice is made; the button stays for everybody else.
for (const form of document.querySelectorAll("form[data-apply]")) {
  for (const words of form.querySelectorAll("[data-apply-says]")) words.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target.matches('input[type="checkbox"], input[type="radio"], select')) form.requestSubmit();
  });
}

// A form with unsent text asks before it is left.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let touched = false;
  form.addEventListener("input", () => { touched = true; });
  // A preview opens beside the form, which stays as it is.
  form.addEventListener("submit", (event) => { touched = event.submitter?.value === "preview"; });
  form.addEventListener("saved", () => { touched = false; });
  window.addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });
}

// Drafts that save themselves.
const draft = document.querySelector("form[data-autosave]");
if (draft) import("./autosave.js").then((module) => module.keep(draft));

// Every box of a list at once.
for (const button of document.querySelectorAll("[data-select-all]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const box of document.getElementsByName(button.dataset.selectAll)) box.checked = true;
  });
}

// A sheet of paper in one press; without script the browser's own menu does it.
for (const button of document.querySelectorAll("[data-print]")) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Suggestions while one types: fetched when such a field is first entered.
const wishes = document.querySelectorAll("input[data-suggest]");
for (const input of wishes) {
  input.addEventListener("focus", () => import("./suggest.js"), { once: true });
}

// Where the device is, if the browser may tell at all.
if (window.isSecureContext && "geolocation" in navigator && document.querySelector("input[data-locate]")) {
  import("./locate.js");
}

// The map beside a list: loaded only where there is one.
const map = document.querySelector("[data-map]");
if (map) import("./map.js").then((module) => module.show(map));

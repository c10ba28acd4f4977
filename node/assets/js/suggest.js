// Suggestions below a field while one types: the combobox pattern of ARIA 1.2 with a list box. The
// field stays an ordinary one: what is typed can always be sent as it is.
// data-suggest: the address to ask, to which the typed text is added.

const kPause = 150;  // milliseconds without a key before asking
let count = 0;

const enhance = (input) => {
  const id = `suggest-${++count}`;
  const list = document.createElement("ul");
  list.id = id;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  const told = document.createElement("p");
  told.className = "visually-hidden";
  told.setAttribute("aria-live", "polite");
  const box = document.createElement("div");
  box.className = "suggest-box";
  const focused = document.activeElement === input;
  input.replaceWith(box);
  box.append(input, list, told);
  if (focused) input.focus();
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", id);
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("autocomplete", "off");

  let items = [];
  let active = -1;
  let timer = 0;
  let asked = null;

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (item) => {
    if (item.value === undefined) {
      location.assign(item.href);
    } else {
      input.value = item.value;
      close();
    }
  };
  const mark = (next) => {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = next;
    const option = list.children[active];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const show = (found, words) => {
    items = found;
    active = -1;
    list.replaceChildren(...items.map((item, index) => {
      const option = document.createElement("li");
      option.id = `${id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      const kind = document.createElement("span");
      kind.className = "suggest-kind";
      kind.textContent = item.kind;
      option.append(item.label, " ", kind);
      option.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(item); });
      return option;
    }));
    list.hidden = items.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
    told.textContent = words;
  };
  const ask = async () => {
    const typed = input.value.trim();
    if (typed.length < 2) return close();
    asked?.abort();
    asked = new AbortController();
    const places = input.dataset.suggestOnlyPlaces !== undefined;
    try {
      const response = await fetch(`${input.dataset.suggest}${encodeURIComponent(typed)}`, { signal: asked.signal });
      if (!response.ok) return close();
      const { items: found, words } = await response.json();
      // A field that is not one of places leads somewhere, whatever is chosen.
      show(places ? found : found.map(({ label, kind, href }) => ({ label, kind, href })), words);
    } catch {
      // Cut off, or asked anew: the field works without.
    }
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, kPause); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const last = items.length - 1;
    if (event.key === "ArrowDown") mark(active === last ? -1 : active + 1);
    else if (event.key === "ArrowUp") mark(active === -1 ? last : active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) choose(items[active]);
    else return;
    event.preventDefault();
  });
};

for (const input of document.querySelectorAll("input[data-suggest]")) enhance(input);

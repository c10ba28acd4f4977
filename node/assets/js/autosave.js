// A draft that is saved while somebody writes it: some seconds after the last key, and when the page
// is left. Files are sent by the form's own buttons only. What the server answers becomes what the
// form was rendered from, so that the next save, by whatever way, supersedes exactly that.

const kPause = 4000;  // milliseconds without a change

export const keep = (form) => {
  const status = document.createElement("p");
  status.className = "quiet small";
  status.setAttribute("role", "status");
  const actions = [...form.querySelectorAll(".actions")].pop();
  actions.before(status);

  let timer = 0, running = false, changed = false, leaving = false;

  const basis = () => {
    let input = form.elements._basis;
    if (!input) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = "_basis";
      form.append(input);
    }
    return input;
  };

  const save = async () => {
    clearTimeout(timer);
    if (running || !changed || leaving) return;
    running = true;
    changed = false;
    const data = new FormData(form);
    for (const input of form.querySelectorAll("input[type=file]")) data.delete(input.name);
    data.set("_then", "autosave");
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
      const json = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
      if (json?.saved) {
        basis().value = json.basis;
        form.action = json.action;
        history.replaceState(null, "", json.action);
        status.textContent = `Brouillon enregistré à ${json.saved}.`;
        if (!changed) form.dispatchEvent(new Event("saved"));
      } else if (json) {
        status.textContent = `Brouillon pas encore enregistré : ${json.problem}`;
      } else {
        status.textContent = "Brouillon pas enregistré : votre session a pris fin. Enregistrez, puis reconnectez-vous : rien n’est perdu.";
      }
    } catch {
      changed = true;
      status.textContent = "Brouillon pas enregistré : pas de connexion. Votre texte reste sur cette page.";
    }
    running = false;
    if (changed) timer = setTimeout(save, kPause);
  };

  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(save, kPause);
  });
  form.addEventListener("submit", (event) => { leaving = event.submitter?.value !== "preview"; });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
};

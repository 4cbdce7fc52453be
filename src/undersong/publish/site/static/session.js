"use strict";
/* The journal beside the player: how tense before, how tense after, a note. Never in the way. */
(() => {
  const form = document.getElementById("session");
  const by = (id) => document.getElementById(id);
  const slug = form.dataset.slug;
  const FORGET_MS = 12 * 3600 * 1000; // a session begun yesterday is another session

  const chosen = (name) => {
    const found = form.querySelector(`input[name=${name}]:checked`);
    return found ? Number(found.value) : null;
  };

  /** Show the second half; without moving anything to it, for somebody may be asleep. */
  const open = () => {
    by("later").hidden = false;
    by("open").hidden = true;
  };
  const close = () => {
    by("later").hidden = true;
    by("open").hidden = false;
  };

  const recall = () => {
    const draft = entries.draft(slug);
    if (!draft || !(Date.now() - Date.parse(draft.when) < FORGET_MS)) return;
    const step = form.querySelector(`input[name=before][value="${Number(draft.before)}"]`);
    if (step) {
      step.checked = true;
      open();
    }
  };

  const note = (event) => {
    by("kept").textContent = "";
    if (event.target.name !== "before") return;
    entries.setDraft(slug, { before: chosen("before"), when: entries.local(new Date()) });
  };

  const keep = (event) => {
    event.preventDefault();
    const [before, after] = [chosen("before"), chosen("after")];
    const text = form.elements.note.value.trim();
    if (before === null && after === null && !text) return;
    const entry = {
      id: entries.fresh(), when: entries.local(new Date()), episode: slug,
      title: form.dataset.title, before, after, note: text,
    };
    if (!entries.put(entry)) {
      by("kept").textContent = said.full;
      return;
    }
    entries.dropDraft(slug);
    form.reset();
    close();
    by("kept").textContent = said.kept;
  };

  form.hidden = false;
  if (!entries.usable) {
    by("scales").hidden = true;
    by("session-lead").hidden = true;
    by("refused").hidden = false;
    return;
  }
  recall();
  form.addEventListener("change", note);
  form.addEventListener("submit", keep);
  by("open").addEventListener("click", () => {
    open();
    form.querySelector("input[name=after]").focus();
  });
  by("sound").addEventListener("ended", open);
})();

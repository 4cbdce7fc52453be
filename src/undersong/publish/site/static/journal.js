"use strict";
/* The journal page: picture, table, export, import, deletion. */
(() => {
  const by = (id) => document.getElementById(id);
  const language = document.documentElement.lang;
  const formatted = (options) => {
    const format = new Intl.DateTimeFormat(language, options);
    return (when) => format.format(new Date(when));
  };
  const day = formatted({ day: "numeric", month: "short" });
  const moment = formatted({ dateStyle: "medium", timeStyle: "short" });

  const mean = (values) => {
    const format = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    return format.format(values.reduce((sum, value) => sum + value, 0) / values.length);
  };

  /** One sentence of plain numbers; no promise in it. */
  const summed = (list) => {
    const both = list.filter((entry) => entry.before !== null && entry.after !== null);
    const count = list.length === 1 ? said.one_session : filled(said.many_sessions, { n: list.length });
    if (both.length < 2) return count;
    const before = mean(both.map((entry) => entry.before));
    const after = mean(both.map((entry) => entry.after));
    return `${count} ${filled(said.mean, { before, after, n: both.length })}`;
  };

  const cell = (text, label = "") => {
    const made = document.createElement("td");
    made.textContent = text ?? "";
    if (label) made.dataset.label = label;
    return made;
  };

  /** A cell of words in whatever direction they run. */
  const words = (text) => {
    const made = document.createElement("td");
    made.append(document.createElement("bdi"));
    made.firstChild.textContent = text;
    return made;
  };

  const remover = (entry) => {
    const made = document.createElement("td");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "×";
    button.setAttribute("aria-label", filled(said.remove, { when: moment(entry.when) }));
    button.addEventListener("click", () => {
      entries.remove(entry.id);
      show();
      by("said").textContent = "";
      (by("rows").querySelector("button") ?? by("import")).focus();
    });
    made.append(button);
    return made;
  };

  const row = (entry) => {
    const made = document.createElement("tr");
    const time = document.createElement("th");
    time.scope = "row";
    time.textContent = moment(entry.when);
    const labels = by("rows").dataset;
    made.append(time, words(entry.title || entry.episode),
      cell(entry.before, labels.before), cell(entry.after, labels.after),
      words(entry.note), remover(entry));
    return made;
  };

  const draw = (list) => {
    const frame = window.getComputedStyle(by("trend"));
    const room = by("trend").clientWidth - parseFloat(frame.paddingLeft) - parseFloat(frame.paddingRight);
    if (room > 0) by("trend").replaceChildren(trend.draw(list, day, Math.floor(room)));
  };

  const show = () => {
    const list = entries.all();
    by("empty").hidden = list.length > 0;
    by("filled").hidden = list.length === 0;
    by("means").textContent = summed(list);
    draw(list);
    by("rows").replaceChildren(...list.toReversed().map(row));
    ["export-csv", "export-json", "delete"].forEach((id) => { by(id).disabled = list.length === 0; });
  };

  /** Hand a file to the browser's own download; it never leaves this machine. */
  const hand = (text, type, suffix) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = `journal-${entries.local(new Date()).slice(0, 10)}.${suffix}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  const bring = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    by("said").textContent = entries.take(await file.text());
    event.target.value = "";
    show();
  };

  const forget = () => {
    entries.clear();
    by("sure").close();
    by("said").textContent = "";
    show();
  };

  by("needs-script").hidden = true;
  if (!entries.usable) {
    by("refused").hidden = false;
    return;
  }
  by("journal").hidden = false;
  by("export-csv").addEventListener("click", () => hand(entries.toCsv(entries.all()), "text/csv", "csv"));
  by("export-json").addEventListener("click", () => hand(entries.toJson(entries.all()), "application/json", "json"));
  by("import").addEventListener("change", bring);
  by("delete").addEventListener("click", () => by("sure").showModal());
  by("no").addEventListener("click", () => by("sure").close());
  by("yes").addEventListener("click", forget);
  window.addEventListener("storage", show);
  window.addEventListener("resize", () => draw(entries.all()));
  show();
})();

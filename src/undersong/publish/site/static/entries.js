"use strict";
/* The session journal's entries: what they are, where they are kept, how they travel.
 *
 * Each entry has a key of its own in localStorage, so two open pages never overwrite each other's,
 * and shows on one host keep apart. Nothing here can reach the network: the pages' policy forbids it.
 */
const said = JSON.parse(document.getElementById("words").textContent);

/** Fill `{name}` in a text. */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

const entries = (() => {
  const HOME = `undersong.${document.body.dataset.show}.`;
  const COLUMNS = ["id", "when", "episode", "title", "before", "after", "note"];
  const NOTE_MAX = 2000;
  const WHEN = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

  /** The store, or null where the browser refuses one. */
  const store = (() => {
    try {
      const probe = `${HOME}probe`;
      window.localStorage.setItem(probe, "1");
      window.localStorage.removeItem(probe);
      return window.localStorage;
    } catch {
      return null;
    }
  })();

  /** A moment as ISO 8601 with this place's own offset. */
  const local = (moment) => {
    const offset = -moment.getTimezoneOffset();
    const two = (value) => String(Math.floor(Math.abs(value))).padStart(2, "0");
    const shifted = new Date(moment.getTime() + offset * 60000).toISOString().slice(0, 19);
    return `${shifted}${offset < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
  };

  const fresh = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
      byte.toString(16).padStart(2, "0")).join("");

  const step = (value) => {
    if (value === null || value === undefined || value === "") return null;
    const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
    return /^(10|[0-9])$/.test(text) ? Number(text) : undefined;
  };

  /** An entry read from anywhere, or null when it cannot be one. */
  const sound = (raw) => {
    if (raw === null || typeof raw !== "object") return null;
    const text = (name) => (typeof raw[name] === "string" ? raw[name] : "");
    const [before, after] = [step(raw.before), step(raw.after)];
    const when = text("when");
    if (before === undefined || after === undefined) return null;
    if (!/^[0-9a-f]{8,32}$/.test(text("id"))) return null;
    if (!WHEN.test(when) || Number.isNaN(Date.parse(when))) return null;
    return {
      id: raw.id, when, episode: text("episode").slice(0, 255), title: text("title").slice(0, 255),
      before, after, note: text("note").slice(0, NOTE_MAX),
    };
  };

  const parsed = (text) => {
    try {
      return JSON.parse(text);
    } catch {
      return null;
    }
  };

  /** Every entry, oldest first. */
  const all = () => {
    const found = [];
    for (let k = 0; store && k < store.length; k += 1) {
      const key = store.key(k);
      const entry = key.startsWith(`${HOME}entry.`) ? sound(parsed(store.getItem(key))) : null;
      if (entry) found.push(entry);
    }
    return found.sort((a, b) => Date.parse(a.when) - Date.parse(b.when) || (a.id < b.id ? -1 : 1));
  };

  /** Keep a value; false when the store is full or gone. */
  const keep = (key, value) => {
    try {
      store.setItem(HOME + key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  };

  const put = (entry) => keep(`entry.${entry.id}`, entry);
  const remove = (id) => store.removeItem(`${HOME}entry.${id}`);
  const clear = () => {
    const keys = Array.from({ length: store.length }, (_, k) => store.key(k));
    keys.filter((key) => key.startsWith(HOME)).forEach((key) => store.removeItem(key));
  };

  /** What was begun before a session and is not yet an entry. */
  const draft = (slug) => (store ? parsed(store.getItem(`${HOME}draft.${slug}`)) : null);
  const setDraft = (slug, value) => keep(`draft.${slug}`, value);
  const dropDraft = (slug) => store.removeItem(`${HOME}draft.${slug}`);

  /* A spreadsheet takes a cell that begins with one of these for a formula; an apostrophe forbids. */
  const FORMULA = /^'*[=+\-@\t\r]/;
  const cell = (value) => {
    const text = value === null ? "" : String(value);
    const tame = FORMULA.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame;
  };
  const untamed = (text) => (text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text);

  const toCsv = (list) => {
    const rows = list.map((entry) => COLUMNS.map((name) => cell(entry[name])).join(","));
    return `\ufeff${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
  };

  const toJson = (list) =>
    `${JSON.stringify({ schema: 1, journal: document.body.dataset.show, entries: list }, null, 2)}\n`;

  /** Rows of cells, RFC 4180; null for a quote that never ends. */
  const rowsOf = (text) => {
    const rows = [[]];
    const pattern = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/gy;
    let match;
    while ((match = pattern.exec(text)) !== null) {
      const raw = match[1];
      rows.at(-1).push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
      if (match[2] === "") break;
      if (match[2] !== ",") rows.push([]);
    }
    if (match === null) return null;
    return rows.filter((row) => row.length > 1 || row[0] !== "");
  };

  const listOf = (text) => {
    const bare = text.replace(/^\ufeff/, "");
    if (bare.trimStart().startsWith("{")) return parsed(bare)?.entries;
    const [head, ...rows] = rowsOf(bare) ?? [[]];
    if (COLUMNS.some((name) => !head?.includes(name))) return null;
    return rows.map((row) =>
      Object.fromEntries(head.map((name, k) => [name, untamed(row[k] ?? "")])));
  };

  /** Add what a file holds and we do not; all of it or nothing. Returns what to say. */
  const take = (text) => {
    const list = listOf(text);
    if (!Array.isArray(list)) return said.wrong_file;
    const read = list.map(sound);
    const wrong = read.indexOf(null);
    if (wrong >= 0) return filled(said.wrong_row, { n: wrong + 1 });
    const known = new Set(all().map((entry) => entry.id));
    const added = read.filter((entry) => !known.has(entry.id));
    const kept = [];
    for (const entry of added) {
      if (!put(entry)) {
        kept.forEach(remove);
        return said.full;
      }
      kept.push(entry.id);
    }
    return added.length ? filled(said.imported, { n: new Set(kept).size }) : said.imported_none;
  };

  return { usable: store !== null, all, put, remove, clear, draft, setDraft, dropDraft,
    toCsv, toJson, take, local, fresh };
})();

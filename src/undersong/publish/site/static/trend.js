"use strict";
/* The picture of a journal: for each session a ring (before) and a dot (after), joined by a line. */
const trend = (() => {
  const NEWEST = 40;
  const SIZE = { height: 250, top: 14, bottom: 34, start: 30, end: 6, inset: 26, each: 22 };

  const drawn = (name, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.textContent = text;
    return made;
  };

  const room = SIZE.height - SIZE.top - SIZE.bottom;
  const y = (step) => SIZE.top + room * (1 - step / 10);

  const grid = (width) =>
    [0, 5, 10].flatMap((step) => [
      drawn("line", { class: "rule", x1: SIZE.start, x2: width - SIZE.end, y1: y(step), y2: y(step) }),
      drawn("text", { class: "step", x: SIZE.start - 10, y: y(step) + 4 }, String(step)),
    ]);

  const session = (entry, x) => {
    const marks = [];
    if (entry.before !== null && entry.after !== null && entry.before !== entry.after) {
      marks.push(drawn("line", { class: "way", x1: x, x2: x, y1: y(entry.before), y2: y(entry.after) }));
    }
    if (entry.before !== null) marks.push(drawn("circle", { class: "before", cx: x, cy: y(entry.before), r: 6 }));
    if (entry.after !== null) marks.push(drawn("circle", { class: "after", cx: x, cy: y(entry.after), r: 5 }));
    return marks;
  };

  /** Dates under the last session and as many before it as have room. */
  const dates = (list, xs, day) => {
    const apart = Math.max(1, Math.ceil((list.length * 62) / (xs.at(-1) - xs[0] + 62)));
    return list.flatMap((entry, k) =>
      (list.length - 1 - k) % apart ? []
        : [drawn("text", { class: "day", x: xs[k], y: SIZE.height - 8 }, day(entry.when))]);
  };

  /** Return the picture of a list of entries, oldest first: as many of the newest as `width` holds. */
  const draw = (list, day, width) => {
    const inner = width - SIZE.start - SIZE.end - 2 * SIZE.inset;
    const most = Math.min(NEWEST, Math.max(2, Math.floor(inner / SIZE.each)));
    const newest = list.filter((entry) => entry.before !== null || entry.after !== null).slice(-most);
    const step = newest.length > 1 ? Math.min(inner / (newest.length - 1), 120) : 0;
    const xs = newest.map((_, k) => SIZE.start + SIZE.inset + step * k);
    const picture = drawn("svg", {
      viewBox: `0 0 ${width} ${SIZE.height}`, width, height: SIZE.height, role: "img",
      "aria-label": filled(said.trend_text, { n: newest.length }),
    });
    picture.append(...grid(width), ...newest.flatMap((entry, k) => session(entry, xs[k])));
    if (newest.length) picture.append(...dates(newest, xs, day));
    return picture;
  };

  return { draw };
})();

"use strict";
/* The list's filters; what is chosen stands in the page's address, so that it can be shared. */
(() => {
  const form = document.getElementById("filters");
  if (!form) return;
  const said = JSON.parse(document.getElementById("words").textContent);
  const cards = [...document.querySelectorAll("#cards > li")];
  const count = document.getElementById("count");

  /** An episode that names no value fits any. */
  const fits = (card, name, value) => {
    const own = card.dataset[name];
    return !value || own === "" || own.split("|").includes(value);
  };

  const show = () => {
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    const shown = cards.filter((card) => {
      card.hidden = !wanted.every(([name, value]) => fits(card, name, value));
      return !card.hidden;
    });
    count.textContent = !wanted.length ? "" : said.shown.replace("{n}", shown.length).replace("{of}", cards.length);
    document.getElementById("none").hidden = shown.length > 0;
    const query = new URLSearchParams(wanted).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  };

  const recall = () => {
    for (const [name, value] of new URLSearchParams(location.search)) {
      const found = [...form.elements].find((one) => one.name === name && one.value === value);
      if (found) found.checked = true;
    }
  };

  /** Call languages by their names, where the browser knows them. */
  const nameLanguages = () => {
    const names = new Intl.DisplayNames(document.documentElement.lang, { type: "language" });
    form.querySelectorAll("input[name=language]").forEach((input) => {
      if (input.value) input.nextElementSibling.textContent = names.of(input.value);
    });
  };

  form.hidden = false;
  nameLanguages();
  recall();
  show();
  form.addEventListener("change", show);
  document.getElementById("all").addEventListener("click", () => {
    form.reset();
    show();
    form.querySelector("input").focus();
  });
})();

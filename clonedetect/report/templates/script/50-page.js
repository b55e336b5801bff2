// ------------------------------------------------------------ print: the first pairs of the list, as tables
const PRINTED = 30;
addEventListener("beforeprint", () => {
  document.querySelectorAll(".legend").forEach((legend) => { legend.open = true; });
  const target = byId("print-pairs");
  if (!target) return;
  target.replaceChildren();
  for (const pair of filtered.slice(0, PRINTED)) {
    const { names, rows, fill } = study(pair, false), view = make("article", "view"), table = make("table", "code");
    view.append(head(pair, names, null).box);
    const columns = make("colgroup");
    ["no", "", "no", ""].forEach((cls) => columns.append(make("col", cls)));
    const top = make("thead"), line = make("tr");
    SIDES.forEach((side, s) => { const th = make("th"); th.colSpan = 2; th.append(paneHead(pair, s)); line.append(th); });
    top.append(line);
    const content = make("tbody");
    rows.slice(0, 600).forEach((row) => {
      const tr = make("tr");
      const cells = SIDES.map((side) => {
        const cls = row[side] === null ? "" : row.state, text = make("td", cls);
        tr.append(make("td", "n " + cls, row[side] === null ? "" : String(row[side])), text);
        return row[side] === null ? null : text;
      });
      fill(cells, row);
      content.append(tr);
    });
    table.append(columns, top, content);
    view.append(table);
    if (rows.length > 600) view.append(make("p", "", rows.length - 600 + " more lines of this pair are not printed."));
    target.append(view);
  }
  if (filtered.length > PRINTED) target.append(make("p", "", thousands(filtered.length - PRINTED) + " more pairs are not printed; the file itself and report.json hold them."));
});
addEventListener("afterprint", () => {
  document.querySelectorAll(".legend").forEach((legend) => { legend.open = false; });
  byId("print-pairs")?.replaceChildren();
});

// ------------------------------------------------------------ theme, help, keys
const themes = ["auto", "light", "dark"], theme = byId("theme");
const setTheme = (name) => {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  theme.textContent = "Theme: " + name;
  try { localStorage.setItem("clonedetect-theme", name); } catch { /* forbidden to files in some browsers */ }
};
theme.addEventListener("click", () => setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3]));
theme.textContent = "Theme: " + (document.documentElement.dataset.theme || "auto");
const keys = byId("keys");
byId("help").addEventListener("click", () => keys.showModal());
byId("keys-close").addEventListener("click", () => keys.close());
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const field = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName || "");
  if (event.key === "Escape" && field) { event.target.blur(); return; }
  if ((field && event.target.type !== "checkbox") || keys.open) return;
  const region = (by) => { if (shown && shown.pair.regions.length) shown.toRegion(Math.max(0, Math.min(shown.pair.regions.length - 1, shown.region + by))); };
  const action = {
    j: () => step(1), k: () => step(-1), "]": () => region(1), "[": () => region(-1), "?": () => keys.showModal(),
    "/": () => byId("search")?.focus(), f: () => { if (shown) { folded = !folded; shown.redraw(); } }, w: () => { if (shown) { wrapped = !wrapped; shown.redraw(); } },
  }[event.key];
  if (action) { event.preventDefault(); action(); }
});

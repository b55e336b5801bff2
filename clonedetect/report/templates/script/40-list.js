// ------------------------------------------------------------ list of pairs
const list = byId("pair-list"), body = byId("pair-rows");
let filtered = pairs, drawn = 0, files = null;
const open = (pair, focus) => {
  history.replaceState(null, "", "#" + anchor(pair));
  show(pair, focus);
};
const drawMore = () => {
  const rows = document.createDocumentFragment();
  for (const pair of filtered.slice(drawn, drawn + 100)) {
    const row = make("tr");
    row.id = "row-" + pair.index;
    if (shown && shown.pair === pair) row.setAttribute("aria-current", "true");
    if (pair.explained !== null) row.className = "known";
    const cell = (cls, ...nodes) => {
      const td = make("td", cls);
      td.append(...nodes);
      nodes.forEach((n) => { if (n.textContent?.length > 40) n.title = n.textContent; });
      row.append(td);
      return td;
    };
    const link = make("a", "", pair.id);
    link.href = "#" + anchor(pair);
    cell("", link);
    cell("", data.types[pair.type], ...(pair.explained === null ? [] : [make("small", "", "explained by " + pair.explained)]));
    cell("num", percent(pair.similarity)).dataset.label = "alike";
    cell("num", bits(pair.bits)).dataset.label = "bits";
    cell("num", figure(pair.e)).dataset.label = "E";
    cell("num", pair.left.end - pair.left.start + 1 + " | " + (pair.right.end - pair.right.start + 1)).dataset.label = "lines";
    cell("", make("code", "", pair.left.name), make("small", "", place(pair.left)));
    cell("", make("code", "", pair.right.name), make("small", "", place(pair.right)));
    row.addEventListener("click", (event) => { event.preventDefault(); open(pair, true); });
    rows.append(row);
  }
  body.append(rows);
  drawn = Math.min(filtered.length, drawn + 100);
};
const searchable = (pair) => (pair.text ??= [pair.id, pair.left.name, pair.right.name, pair.left.path, pair.right.path, pair.explained || "",
  ...couples(pair.row[10]).map(([i]) => renames[i][0] + " " + renames[i][1])].join("\n").toLowerCase());
const ORDERS = {
  bits: (a, b) => (b.bits ?? -Infinity) - (a.bits ?? -Infinity),
  e: (a, b) => (a.e ?? Infinity) - (b.e ?? Infinity),
  size: (a, b) => size(b) - size(a),
  left: (a, b) => (a.left.path < b.left.path ? -1 : +(a.left.path > b.left.path)) || a.left.start - b.left.start,
  right: (a, b) => (a.right.path < b.right.path ? -1 : +(a.right.path > b.right.path)) || a.right.start - b.right.start,
};
const refresh = () => {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const types = new Set([...document.querySelectorAll("input[name=type]:checked")].map((input) => +input.value));
  const explained = byId("explained").value, strength = byId("strength").value, order = byId("sort").value;
  filtered = pairs.filter((pair) =>
    types.has(pair.type) && (!explained || (pair.explained !== null) === (explained === "yes")) &&
    (!strength || (pair.e !== null && pair.e <= +strength)) &&
    (!files || (pair.left.whole === files[0] && pair.right.whole === files[1])) && words.every((word) => searchable(pair).includes(word)));
  if (ORDERS[order]) filtered = filtered.slice().sort((a, b) => ORDERS[order](a, b) || a.index - b.index);
  body.replaceChildren();
  drawn = 0;
  list.scrollTop = 0;
  drawMore();
  byId("clear-files").hidden = !files;
  byId("pair-count").textContent = thousands(filtered.length) + " of " + thousands(pairs.length) + " pairs" + (files ? " in " + files[2] : "");
};
const step = (by) => {
  if (!filtered.length) return;
  const at = shown ? filtered.indexOf(shown.pair) : -1;
  const to = at < 0 ? 0 : Math.max(0, Math.min(filtered.length - 1, at + by));
  while (drawn <= to && drawn < filtered.length) drawMore();
  open(filtered[to], false);
};
const fromHash = () => {
  const hash = location.hash.slice(1), number = /^n(\d+)$/.exec(hash);
  const pair = number ? pairs[number[1] - 1] : hash.startsWith("pair-") && pairs.find((p) => anchor(p) === hash);
  if (pair) show(pair, true);
  return Boolean(pair);
};

if (list) {
  refresh();
  list.addEventListener("scroll", () => { if (list.scrollTop + list.clientHeight > list.scrollHeight - 600 && drawn < filtered.length) drawMore(); });
  ["search", "sort", "explained", "strength"].forEach((id) => byId(id).addEventListener("input", refresh));
  document.querySelectorAll("input[name=type]").forEach((input) => input.addEventListener("change", refresh));
  byId("clear-files").addEventListener("click", () => { files = null; refresh(); });
  document.querySelectorAll(".heat a").forEach((link) => {
    const cell = link.parentNode, both = [cell.parentNode.cells[0], cell.closest("table").rows[0].cells[cell.cellIndex]].map((th) => th.title || th.textContent).join(" and ");
    link.setAttribute("aria-label", both + ": " + link.title);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      files = [...link.dataset.files.split(",").map(Number), both];
      refresh();
      byId("pairs").scrollIntoView();
      if (filtered.length) open(filtered[0], false);
      list.focus({ preventScroll: true });
    });
  });
  addEventListener("hashchange", fromHash);
  addEventListener("resize", () => { if (shown) shown.ribbons(); });
  if (!fromHash() && pairs.length) show(pairs[0], false);
}

// ------------------------------------------------------------ rename map and shared features
const PLACES = 3;
const mapTable = (rows, column, filter, count, noun) => {
  if (!rows.length) return;
  const texts = rows.map((row) => [...row.cells].slice(0, column).map((cell) => cell.textContent).join("\n").toLowerCase());
  rows.forEach((row) => {
    const cell = row.cells[column], [list, more] = cell.textContent.split(" and "), numbers = list.trim().split(" ").filter(Boolean);
    const left = numbers.length - PLACES + (more ? parseInt(more, 10) : 0);
    cell.replaceChildren();
    numbers.slice(0, PLACES).forEach((number, i) => cell.append(i ? ", " : "", linkTo(pairs[number - 1])));
    if (left > 0) cell.append(" and " + left + " more");
  });
  const apply = () => {
    const word = byId(filter).value.trim().toLowerCase();
    rows.forEach((row, i) => { row.hidden = !texts[i].includes(word); });
    byId(count).textContent = thousands(rows.filter((row) => !row.hidden).length) + " of " + thousands(rows.length) + " " + noun;
  };
  byId(filter).addEventListener("input", apply);
  apply();
};
mapTable(renameRows, 5, "rename-filter", "rename-count", "names");
mapTable(featureRows, 2, "feature-filter", "feature-count", "features");

// The parts of this directory are one script in one scope, in the order of their numbers.
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const SIDES = ["left", "right"];
const make = (tag, cls, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text !== undefined) node.textContent = text;
  return node;
};
const button = (cls, text, action) => {
  const node = make("button", cls, text);
  node.type = "button";
  node.addEventListener("click", action);
  return node;
};
const hue = (index) => Math.round((index * 137.508 + 205) % 360);
const colour = (node, index) => { node.style.setProperty("--h", hue(index)); return node; };
const thousands = (n) => n.toLocaleString("en-US");
const narrow = matchMedia("(max-width: 46rem)");

// ------------------------------------------------------------ the pairs
const fragment = (row, side) => ({
  side, file: row[0], whole: data.files[side][row[0]], path: data.paths[side][row[0]], start: row[1], end: row[2],
  name: data.texts[row[3]] || "(" + data.texts[row[4]] + ")", kind: data.texts[row[4]],
});
const couples = (flat) => flat.filter((_, i) => i % 2 === 0).map((value, i) => [value, flat[2 * i + 1]]);
const pairs = data.pairs.map((row, index) => {
  const regions = [];
  for (let i = 0; i < row[9].length; i += 4) regions.push({ left: [row[9][i], row[9][i + 1]], right: [row[9][i + 2], row[9][i + 3]] });
  return {
    index, id: row[0], type: row[1], similarity: row[2], containment: row[3], bits: row[4], e: row[5],
    explained: row[6] < 0 ? null : data.texts[row[6]], left: fragment(row[7], 0), right: fragment(row[8], 1),
    regions, row,
  };
});
const size = (pair) => pair.left.end - pair.left.start + pair.right.end - pair.right.start + 2;
const percent = (share) => (share === null ? "–" : (share < 1 ? Math.min(99, Math.round(share * 100)) : 100) + " %");
const figure = (value) => (value === null ? "–" : value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : String(+value.toPrecision(3)));
const bits = (value) => (value === null ? "–" : value.toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
const place = (f) => f.path + ":" + f.start + "-" + f.end;
const anchor = (pair) => "pair-" + encodeURIComponent(pair.id).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
const linkTo = (pair, cls, text) => {
  const link = make("a", cls, text ?? pair.left.name);
  link.href = "#" + anchor(pair);
  return link;
};

// The first renames and features are the rows of the page's tables; `data` has those that these do not show.
const rowsIn = (id) => [...(byId(id)?.rows || [])];
const renameRows = rowsIn("rename-rows"), featureRows = rowsIn("feature-rows");
const textOf = (row, column) => row.cells[column].textContent;
const renames = renameRows.map((row) => [textOf(row, 0), textOf(row, 1), textOf(row, 2)]).concat(data.renames);
const features = featureRows.map((row) => [textOf(row, 0), +textOf(row, 1)]).concat(data.features);

// ------------------------------------------------------------ the source, embedded once per file
const ranges = new Map();
data.sources.forEach(([side, path, start, blob, runs], index) => {
  const key = side + ":" + path;
  if (!ranges.has(key)) ranges.set(key, []);
  ranges.get(key).push({ index, start, blob, runs, lines: null });
});
const wordClass = new Map();
for (const letter in data.words) data.words[letter].split(" ").forEach((word) => wordClass.set(word, letter));
// Lines of a range as arrays of [class, text].
const load = (range) => {
  if (range.lines) return range.lines;
  const text = byId("q" + range.index).textContent;
  const lines = [[]];
  const put = (cls, chunk) => chunk.split("\n").forEach((part, i) => {
    if (i) lines.push([]);
    if (part) lines[lines.length - 1].push([cls, part]);
  });
  // Lengths count code points, as Python does; a string of JavaScript counts UTF-16 units.
  const units = /[\ud800-\udbff]/.test(text) ? Array.from(text) : null;
  let at = 0;
  const take = (cls, length) => {
    if (length) put(cls, units ? units.slice(at, at + length).join("") : text.slice(at, at + length));
    at += length;
  };
  // "w": plain text whose words may have a class of their own.
  const rest = range.runs === null ? "" : "w";
  for (const [, plain, letter, length] of (range.runs || "").matchAll(/(\d*)([a-z])([A-Z]+)/g)) {
    take(rest, plain === "" ? 1 : +plain);
    take(letter, [...length].reduce((sum, digit) => sum * 26 + digit.charCodeAt(0) - 65, 0));
  }
  take(rest, text.length);
  return (range.lines = lines);
};
const lineOf = (f, number) => {
  for (const range of ranges.get(f.side + ":" + f.file) || []) {
    if (number < range.start) continue;
    const line = load(range)[number - range.start];
    if (line) return line;
  }
  return null;
};
const blobOf = (f) => ((ranges.get(f.side + ":" + f.file) || [])[0] || {}).blob;

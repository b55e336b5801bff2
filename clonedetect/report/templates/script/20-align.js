// ------------------------------------------------------------ alignment, for display only
const WORD = /[\p{L}_][\p{L}\p{N}_]*|\d[\w.]*|\s+|./gu;
const tokens = (line) => {
  const out = [];
  for (const [cls, text] of line) {
    if (cls === "s" || cls === "c") out.push({ cls, text });
    else for (const [word] of text.matchAll(WORD)) out.push({ cls, text: word });
  }
  return out;
};
const norm = (line, map) => tokens(line).filter((t) => t.text.trim() && t.cls !== "c").map((t) => map.get(t.text) ?? t.text).join(" ").trim();
const likeness = (a, b) => {
  if (a === b) return 1;
  const x = a.split(" "), y = b.split(" "), seen = new Map();
  x.forEach((w) => seen.set(w, (seen.get(w) || 0) + 1));
  let both = 0;
  y.forEach((w) => { if (seen.get(w) > 0) { both++; seen.set(w, seen.get(w) - 1); } });
  return (2 * both) / (x.length + y.length);
};
// Pairs [i, j] of two lists of normal forms, in order; `least` is the likeness that two lines need.
const align = (a, b, least) => {
  const out = [], back = [];
  let s = 0, ea = a.length, eb = b.length;
  while (s < ea && s < eb && a[s] === b[s]) out.push([s, s++]);
  while (ea > s && eb > s && a[ea - 1] === b[eb - 1]) back.unshift([--ea, --eb]);
  const n = ea - s, m = eb - s;
  if (n && m && n * m <= 160000) {
    const best = Array.from({ length: n + 1 }, () => new Float64Array(m + 1)), like = (i, j) => {
      const value = a[s + i] === "" || b[s + j] === "" ? (a[s + i] === b[s + j] ? 0.5 : 0) : least === 1 ? +(a[s + i] === b[s + j]) : likeness(a[s + i], b[s + j]);
      return value >= (a[s + i] === "" ? 0.5 : least) ? value : 0;
    };
    const cost = Array.from({ length: n }, (_, i) => Float64Array.from({ length: m }, (_, j) => like(i, j)));
    for (let i = n - 1; i >= 0; i--) for (let j = m - 1; j >= 0; j--)
      best[i][j] = Math.max(best[i + 1][j], best[i][j + 1], cost[i][j] ? best[i + 1][j + 1] + cost[i][j] : 0);
    let i = 0, j = 0;
    while (i < n && j < m) {
      if (cost[i][j] && best[i][j] === best[i + 1][j + 1] + cost[i][j]) out.push([s + i++, s + j++]);
      else if (best[i][j] === best[i + 1][j]) i++;
      else j++;
    }
  } else if (least < 1) for (let i = 0; i < Math.min(n, m); i++) out.push([s + i, s + i]);
  return out.concat(back);
};

// Regions that do not overlap, longest first, in the order of the left: the right follows the left.
const disjoint = (regions) => {
  const out = [], apart = (x, y) => x[1] < y[0] || y[1] < x[0];
  [...regions].sort((a, b) => b.left[1] - b.left[0] - a.left[1] + a.left[0]).forEach((region) => {
    if (out.every((other) => SIDES.every((side) => apart(region[side], other[side])))) out.push(region);
  });
  return out.sort((a, b) => a.left[0] - b.left[0]);
};

// Regions in one order on both sides (the heaviest such chain); the others keep their ribbon but share no rows.
const chain = (regions) => {
  const sorted = regions.map((r, index) => ({ ...r, index })).sort((a, b) => a.left[0] - b.left[0] || a.right[0] - b.right[0]);
  const weight = sorted.map((r) => r.left[1] - r.left[0] + 1), from = sorted.map(() => -1), total = weight.slice();
  sorted.forEach((r, i) => {
    for (let j = Math.max(0, i - 400); j < i; j++)
      if (sorted[j].left[1] < r.left[0] && sorted[j].right[1] < r.right[0] && total[j] + weight[i] > total[i]) { total[i] = total[j] + weight[i]; from[i] = j; }
  });
  const out = [];
  for (let i = total.indexOf(Math.max(...total, 0)); i >= 0 && i < sorted.length; i = from[i]) out.unshift(sorted[i]);
  return out;
};

// Rows of the pair: {left, right: line number or null, state}. Moved regions stand opposite each other unless `inOrder`.
const rowsOf = (pair, map, inOrder) => {
  const none = new Map(), rows = [];
  const forms = (f, from, to, m) => {
    const out = [];
    for (let n = from; n <= to; n++) { const line = lineOf(f, n); out.push(line ? norm(line, m) : ""); }
    return out;
  };
  const block = (l0, l1, r0, r1, least) => {
    const a = forms(pair.left, l0, l1, map), b = forms(pair.right, r0, r1, none);
    let i = 0, j = 0;
    const upTo = (x, y) => {
      while (i < x) rows.push({ left: l0 + i++, right: null, state: "left-only" });
      while (j < y) rows.push({ left: null, right: r0 + j++, state: "right-only" });
    };
    for (const [x, y] of align(a, b, least)) {
      upTo(x, y);
      rows.push({ left: l0 + i, right: r0 + j, state: a[i++] === b[j++] ? "same" : "changed" });
    }
    upTo(a.length, b.length);
  };
  const placed = inOrder ? chain(pair.regions) : disjoint(pair.regions);
  const ends = placed.map((region) => region.right[1] + 1).concat(pair.right.start);
  let l = pair.left.start;
  for (const region of placed) {
    // The lines of the right before a region that belong to none stand before it.
    const r = Math.max(...ends.filter((end) => end <= region.right[0]), pair.right.start);
    block(l, region.left[0] - 1, r, region.right[0] - 1, 1);
    block(region.left[0], region.left[1], region.right[0], region.right[1], 0.4);
    l = region.left[1] + 1;
  }
  block(l, pair.left.end, Math.max(...ends), pair.right.end, pair.regions.length ? 1 : 0.4);
  return rows;
};

// Indices of the tokens of `a` and `b` that have no equal opposite (longest common subsequence).
const changedTokens = (a, b, map) => {
  const seen = (list, m) => list.map((t, i) => [i, m ? m.get(t.text) ?? t.text : t.text]).filter(([i]) => list[i].text.trim());
  const x = seen(a, map), y = seen(b, null), out = [new Set(), new Set()];
  if (x.length * y.length > 250000) return out;
  const best = Array.from({ length: x.length + 1 }, () => new Int32Array(y.length + 1));
  for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--)
    best[i][j] = x[i][1] === y[j][1] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
  let i = 0, j = 0;
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i][1] === y[j][1]) { i++; j++; }
    else if (j >= y.length || (i < x.length && best[i + 1][j] >= best[i][j + 1])) out[0].add(x[i++][0]);
    else out[1].add(y[j++][0]);
  }
  return out;
};

const span = (parent, list, colours, changed) => {
  list.forEach((token, i) => {
    const renamed = token.cls === "s" || token.cls === "c" ? undefined : colours.get(token.text);
    const cls = renamed !== undefined ? "hue" : changed && changed.has(i) ? "ch" : token.cls;
    if (!cls) { parent.append(token.text); return; }
    const node = make("span", cls, token.text);
    if (renamed !== undefined) colour(node, renamed).dataset.rename = renamed;
    parent.append(node);
  });
};

// What a pair view needs: names with their colours, rows with their tokens.
const study = (pair, inOrder) => {
  const names = couples(pair.row[10]).map(([index, count]) => ({ left: renames[index][0], right: renames[index][1], kind: renames[index][2], count }));
  const map = new Map(), colours = [new Map(), new Map()];
  names.forEach((r, i) => {
    if (!map.has(r.left)) map.set(r.left, r.right);
    if (!colours[0].has(r.left)) colours[0].set(r.left, i);
    if (!colours[1].has(r.right)) colours[1].set(r.right, i);
  });
  const regionAt = [new Map(), new Map()];
  pair.regions.forEach((region, i) => SIDES.forEach((side, s) => {
    for (let n = region[side][0]; n <= Math.min(region[side][1], region[side][0] + 20000); n++) if (!regionAt[s].has(n)) regionAt[s].set(n, i);
  }));
  const rows = rowsOf(pair, map, inOrder);
  const fill = (cells, row) => {
    const lines = SIDES.map((side) => (row[side] === null ? null : lineOf(pair[side], row[side])));
    const lists = lines.map((line) => (line ? tokens(line) : null));
    const changed = row.state === "changed" && lists[0] && lists[1] ? changedTokens(lists[0], lists[1], map) : [null, null];
    SIDES.forEach((side, s) => {
      if (!cells[s]) return;
      if (lists[s]) span(cells[s], lists[s], colours[s], changed[s]);
      else if (row[side] !== null) cells[s].append("· not quoted in this report");
    });
  };
  return { names, rows, fill, regionAt };
};


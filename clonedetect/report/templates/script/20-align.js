// ------------------------------------------------------------ alignment, for display only
const WORD = /[\p{L}_][\p{L}\p{N}_]*|\d[\w.]*|\s+|./gu;
const tokens = (line) => {
  const out = [];
  for (const [cls, text] of line) {
    if (cls === "s" || cls === "c") out.push({ cls, text });
    else for (const [word] of text.matchAll(WORD)) out.push({ cls: cls !== "w" ? cls : wordClass.get(word) || (/^\d/.test(word) ? "m" : ""), text: word });
  }
  return out;
};
// The words of a line that count. `same` compares a word of the left with one of the right under the pair's renames:
// a name may stand for itself in one place and be renamed in the next, or be renamed in two ways.
const words = (line) => tokens(line).filter((t) => t.text.trim() && t.cls !== "c").map((t) => t.text.trim());
const same = (x, y, map) => x === y || Boolean(map.get(x)?.has(y));
const equal = (a, b, map) => a.length === b.length && a.every((x, i) => same(x, b[i], map));
const likeness = (a, b, map) => {
  if (equal(a, b, map)) return 1;
  const left = new Map();
  b.forEach((y) => left.set(y, (left.get(y) || 0) + 1));
  let both = 0;
  a.forEach((x) => {
    const found = [x, ...(map.get(x) || [])].find((y) => left.get(y) > 0);
    if (found !== undefined) { both++; left.set(found, left.get(found) - 1); }
  });
  return (2 * both) / (a.length + b.length);
};
// Pairs [i, j] of two lists of lines, in order; `least` is the likeness that two lines need.
const align = (a, b, least, map) => {
  const out = [], back = [];
  let s = 0, ea = a.length, eb = b.length;
  while (s < ea && s < eb && equal(a[s], b[s], map)) out.push([s, s++]);
  while (ea > s && eb > s && equal(a[ea - 1], b[eb - 1], map)) back.unshift([--ea, --eb]);
  const n = ea - s, m = eb - s;
  if (n && m && n * m <= 160000) {
    const best = Array.from({ length: n + 1 }, () => new Float64Array(m + 1)), like = (i, j) => {
      const x = a[s + i], y = b[s + j];
      if (!x.length || !y.length) return x.length === y.length ? 0.5 : 0;
      const value = least === 1 ? +equal(x, y, map) : likeness(x, y, map);
      return value >= least ? value : 0;
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
  const rows = [];
  const linesOf = (f, from, to) => {
    const out = [];
    for (let n = from; n <= to; n++) { const line = lineOf(f, n); out.push(line ? words(line) : []); }
    return out;
  };
  const block = (l0, l1, r0, r1, least) => {
    const a = linesOf(pair.left, l0, l1), b = linesOf(pair.right, r0, r1);
    let i = 0, j = 0;
    const upTo = (x, y) => {
      while (i < x) rows.push({ left: l0 + i++, right: null, state: "left-only" });
      while (j < y) rows.push({ left: null, right: r0 + j++, state: "right-only" });
    };
    for (const [x, y] of align(a, b, least, map)) {
      upTo(x, y);
      rows.push({ left: l0 + i, right: r0 + j, state: equal(a[i++], b[j++], map) ? "same" : "changed" });
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

// Which token of `a` stands opposite which of `b`: maps of indices, both ways (longest common subsequence).
const opposite = (a, b, map) => {
  const seen = (list) => [...list.keys()].filter((i) => list[i].cls !== "c" && list[i].text.trim());
  const x = seen(a), y = seen(b), out = [new Map(), new Map()];
  const like = (i, j) => same(a[x[i]].text.trim(), b[y[j]].text.trim(), map), put = (i, j) => { out[0].set(x[i], y[j]); out[1].set(y[j], x[i]); };
  if (x.length === y.length && x.every((_, i) => like(i, i))) x.forEach((_, i) => put(i, i));
  else if (x.length * y.length <= 250000) {
    const best = Array.from({ length: x.length + 1 }, () => new Int32Array(y.length + 1));
    for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--)
      best[i][j] = like(i, j) ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    for (let i = 0, j = 0; i < x.length && j < y.length;) {
      if (like(i, j)) put(i++, j++);
      else if (best[i + 1][j] >= best[i][j + 1]) i++;
      else j++;
    }
  } else return null;
  return out;
};

// Writes tokens; `about` says of each what it is: the number of its rename, "ch" for changed, else undefined.
const span = (parent, list, about) => {
  list.forEach((token, i) => {
    const what = about(token, i), cls = typeof what === "number" ? "hue" : what ?? token.cls;
    if (!cls) { parent.append(token.text); return; }
    const node = make("span", cls, token.text);
    if (typeof what === "number") colour(node, what).dataset.rename = what;
    parent.append(node);
  });
};

// What a pair view needs: names with their colours, rows with their tokens.
const study = (pair, inOrder) => {
  const found = new Map();
  const add = (left, right, kind, count) => {
    const key = left + "\n" + right, known = found.get(key);
    if (!known) found.set(key, { left, right, kind, count });
    else { known.count += count; if (!known.kind.includes(kind)) known.kind += ", " + kind; }
  };
  couples(pair.row[10]).forEach(([index, count]) => add(...renames[index], count));
  const own = SIDES.map((side) => pair[side].name.split(".").pop());
  if (own[0] !== own[1] && SIDES.every((side) => pair[side].kind !== "module")) add(...own, pair.left.kind, 0);
  const names = [...found.values()], map = new Map(), colours = [new Map(), new Map()], numbers = new Map([...found.keys()].map((key, i) => [key, i]));
  names.forEach((r, i) => {
    map.set(r.left, (map.get(r.left) || new Set()).add(r.right));
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
    const facing = lists[0] && lists[1] ? opposite(lists[0], lists[1], map) : null;
    SIDES.forEach((side, s) => {
      if (!cells[s]) return;
      if (!lists[s]) { cells[s].append("· not quoted in this report"); return; }
      span(cells[s], lists[s], (token, i) => {
        if (token.cls === "s" || token.cls === "c" || !token.text.trim()) return facing && token.cls === "s" && !facing[s].has(i) ? "ch" : undefined;
        if (!facing) return colours[s].get(token.text);
        if (!facing[s].has(i)) return "ch";
        const other = lists[1 - s][facing[s].get(i)].text;
        return token.text === other ? undefined : numbers.get(s ? other + "\n" + token.text : token.text + "\n" + other);
      });
    });
  };
  return { names, rows, fill, regionAt };
};


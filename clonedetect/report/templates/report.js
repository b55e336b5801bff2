"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const SIDES = ["left", "right"];
  const make = (tag, cls, text) => {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const hue = (index) => Math.round((index * 137.508 + 205) % 360);
  const thousands = (n) => n.toLocaleString("en-US");

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
  const bits = (value) => (value === null ? "–" : value.toFixed(1));
  const place = (f) => f.path + ":" + f.start + "-" + f.end;
  const anchor = (pair) => "pair-" + encodeURIComponent(pair.id).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());

  // ------------------------------------------------------------ the source, embedded once per file
  const ranges = new Map();
  data.sources.forEach((source, index) => {
    const key = source[0] + ":" + source[1];
    if (!ranges.has(key)) ranges.set(key, []);
    ranges.get(key).push({ index, start: source[2], blob: source[3], runs: source[4], lines: null });
  });
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
    const slice = (from, to) => (units ? units.slice(from, to).join("") : text.slice(from, to));
    let at = 0;
    for (const [, letter, length] of range.runs.matchAll(/(\D)(\d+)/g)) {
      put(letter === "." ? "" : letter, slice(at, at + +length));
      at += +length;
    }
    put("", slice(at, units ? units.length : text.length));
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
  const plain = (line) => line.map((part) => part[1]).join("");

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

  // Rows of the pair: {left, right: line number or null, state}.
  const rowsOf = (pair, map) => {
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
    let l = pair.left.start, r = pair.right.start;
    for (const region of chain(pair.regions)) {
      if (region.left[0] < l || region.right[0] < r) continue;
      block(l, region.left[0] - 1, r, region.right[0] - 1, 1);
      block(region.left[0], region.left[1], region.right[0], region.right[1], 0.4);
      l = region.left[1] + 1;
      r = region.right[1] + 1;
    }
    block(l, pair.left.end, r, pair.right.end, pair.regions.length ? 1 : 0.4);
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
      const cls = renamed !== undefined ? "rn" : changed && changed.has(i) ? "ch" : token.cls;
      if (!cls) { parent.append(token.text); return; }
      const node = make("span", cls, token.text);
      if (renamed !== undefined) { node.style.setProperty("--h", hue(renamed)); node.dataset.rename = renamed; }
      parent.append(node);
    });
  };

  // What a pair view needs: names with their colours, rows with their tokens.
  const study = (pair) => {
    const renames = couples(pair.row[10]).map(([index, count]) => ({ left: data.renames[index][0], right: data.renames[index][1], kind: data.renames[index][2], count }));
    const map = new Map(), colours = [new Map(), new Map()];
    renames.forEach((r, i) => {
      if (!map.has(r.left)) map.set(r.left, r.right);
      if (!colours[0].has(r.left)) colours[0].set(r.left, i);
      if (!colours[1].has(r.right)) colours[1].set(r.right, i);
    });
    const regionAt = [new Map(), new Map()];
    pair.regions.forEach((region, i) => SIDES.forEach((side, s) => {
      for (let n = region[side][0]; n <= Math.min(region[side][1], region[side][0] + 20000); n++) if (!regionAt[s].has(n)) regionAt[s].set(n, i);
    }));
    const rows = rowsOf(pair, map);
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
    return { renames, rows, fill, regionAt };
  };

  // ------------------------------------------------------------ pair view
  let shown = null; // {pair, redraw, regions, region}
  let folded = false;

  const head = (pair, renames, view) => {
    const box = make("div", "view-head"), title = make("div", "view-title");
    const h3 = make("h3", "", pair.left.name + " and " + pair.right.name);
    h3.id = view ? "pair-title" : "";
    if (!view) h3.removeAttribute("id");
    title.append(h3);
    box.append(title);
    const facts = make("ul", "facts");
    const fact = (label, value) => { const li = make("li"); li.append(label + " ", make("b", "", value)); facts.append(li); };
    fact("pair", pair.id);
    fact("how", data.types[pair.type]);
    fact("alike", percent(pair.similarity));
    fact("contained", percent(pair.containment));
    fact("bits", bits(pair.bits));
    fact("E", figure(pair.e));
    if (pair.row[12]) fact("conflicting renames", String(pair.row[12]));
    if (pair.explained !== null) fact("explained by", pair.explained);
    box.append(facts);
    const chips = (label, nodes) => {
      if (!nodes.length) return;
      const line = make("div", "chips");
      line.append(make("span", "label", label), ...nodes);
      box.append(line);
    };
    const chip = (r, i) => {
      const button = make(view ? "button" : "span", "chip hue");
      button.style.setProperty("--h", hue(i));
      button.append(make("code", "", r.left), " → ", make("code", "", r.right), r.count > 1 ? " ×" + r.count : "");
      if (view) {
        button.type = "button";
        button.title = r.kind + ": show its places";
        button.setAttribute("aria-pressed", "false");
        button.addEventListener("click", () => {
          const on = button.getAttribute("aria-pressed") !== "true";
          button.setAttribute("aria-pressed", String(on));
          view.querySelectorAll(".rn[data-rename='" + i + "']").forEach((node) => node.classList.toggle("on", on));
        });
      }
      return button;
    };
    const FIRST = view ? 18 : 60, shownChips = renames.slice(0, FIRST).map(chip);
    if (renames.length > FIRST) {
      const rest = renames.length - FIRST, more = make(view ? "button" : "span", view ? "" : "muted", (view ? "show " : "and ") + rest + " more");
      if (view) {
        more.type = "button";
        more.addEventListener("click", () => more.replaceWith(...renames.slice(FIRST).map((r, i) => chip(r, FIRST + i))));
      }
      shownChips.push(more);
    }
    chips("Renames", shownChips);
    chips("Edits", couples(pair.row[11]).map(([kind, count]) => make("span", "chip", data.texts[kind] + (count > 1 ? " ×" + count : ""))));
    const features = couples(pair.row[13]).map(([index, count]) => ({ text: data.features[index][0], bits: data.features[index][1] ?? 0, count }));
    if (features.length) {
      const details = make("details", "features"), list = make("ul");
      details.open = features.length <= 6 || !view;
      details.append(make("summary", "", "What both sides share that is rare: " + features.length + (features.length === 1 ? " feature" : " features")));
      const most = Math.max(...features.map((f) => f.bits), 1);
      features.slice(0, 40).forEach((f) => {
        const li = make("li"), bar = make("span", "bitbar");
        bar.style.width = Math.max(0.2, (6 * f.bits) / most) + "rem";
        const number = make("span", "bits", bits(f.bits) + " bits");
        li.append(number, bar, make("code", "", f.text), f.count > 1 ? " ×" + f.count : "");
        list.append(li);
      });
      details.append(list);
      box.append(details);
    }
    return { box, title };
  };

  const paneHead = (pair, s) => {
    const f = pair[SIDES[s]], box = make("div", "pane-head " + SIDES[s]), blob = blobOf(f);
    box.append(make("span", "mono", place(f)), make("br"), make("small", "", SIDES[s] + ", " + f.kind + " " + f.name + ", " + data.origins[s] + (blob ? ", blob " + blob.slice(0, 12) : ", text not in this report")));
    return box;
  };

  const show = (pair, focus) => {
    const target = byId("pair-view");
    const view = make("article", "view");
    view.setAttribute("aria-labelledby", "pair-title");
    const { renames, rows, fill, regionAt } = study(pair);
    const { box, title } = head(pair, renames, view);
    view.append(box);
    const tools = make("div", "chips");
    const tool = (text, action, label) => { const b = make("button", "", text); b.type = "button"; if (label) b.setAttribute("aria-label", label); b.addEventListener("click", action); tools.append(b); return b; };
    tool("Previous", () => step(-1), "Previous pair");
    tool("Next", () => step(1), "Next pair");
    const fold = tool("Fold unchanged", () => { folded = !folded; redraw(); });
    fold.id = "fold";
    const link = make("a", "", "Link to this pair");
    link.href = "#" + anchor(pair);
    tools.append(link);
    title.append(tools);
    if (pair.regions.length > 1) {
      const line = make("div", "chips");
      line.append(make("span", "label", "Regions"));
      pair.regions.slice(0, 80).forEach((region, i) => {
        const button = make("button", "hue", region.left.join("–") + " | " + region.right.join("–"));
        button.type = "button";
        button.style.setProperty("--h", hue(i * 3 + 1));
        button.addEventListener("click", () => toRegion(i));
        line.append(button);
      });
      box.append(line);
    }
    const scroller = make("div", "scroller");
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", "Side by side");
    view.append(scroller);
    target.replaceChildren(view);

    let elements = [new Map(), new Map()], paths = [], svg = null, panes = [];
    const drawRibbons = () => {
      if (!svg) return;
      const top = svg.parentNode.getBoundingClientRect().top, width = svg.parentNode.clientWidth;
      paths.forEach((path, i) => {
        const ends = SIDES.map((side, s) => {
          const near = (from, to, by) => { for (let n = from; by > 0 ? n <= to : n >= to; n += by) { const e = elements[s].get(n); if (e) return e.getBoundingClientRect(); } return null; };
          const [from, to] = pair.regions[i][side], first = near(from, to, 1), last = near(to, from, -1);
          return first && last ? [first.top - top, last.bottom - top] : null;
        });
        if (!ends[0] || !ends[1]) { path.removeAttribute("d"); return; }
        const [[a, b], [c, d]] = ends, half = width / 2;
        path.setAttribute("d", `M0 ${a}C${half} ${a} ${half} ${c} ${width} ${c}V${d}C${half} ${d} ${half} ${b} 0 ${b}Z`);
      });
    };
    const redraw = () => {
      fold.setAttribute("aria-pressed", String(folded));
      elements = [new Map(), new Map()];
      const lines = [make("div", "lines"), make("div", "lines")];
      const drawRow = (row) => {
        const cells = SIDES.map((side, s) => {
          const number = row[side], cls = number === null ? "none" : row.state;
          const node = make("div", "row " + cls), text = make("span", "t");
          node.append(make("span", "n", number === null ? "" : String(number)), text);
          const region = number === null ? undefined : regionAt[s].get(number);
          if (region !== undefined) { node.classList.add("in-region"); node.style.setProperty("--h", hue(region * 3 + 1)); node.dataset.region = region; }
          if (number !== null) { elements[s].set(number, node); node.dataset.line = number; }
          lines[s].append(node);
          return number === null ? null : text;
        });
        fill(cells, row);
      };
      for (let i = 0; i < rows.length;) {
        let j = i;
        while (folded && j < rows.length && rows[j].state === "same") j++;
        if (j - i > 8) {
          rows.slice(i, i + 2).forEach(drawRow);
          const hidden = rows.slice(i + 2, j - 2), nodes = SIDES.map((_, s) => {
            const node = make("div", "row fold"), button = make("button", "", hidden.length + " unchanged lines");
            button.type = "button";
            node.append(make("span", "n", ""), button);
            button.addEventListener("click", () => {
              const after = nodes.map((n) => n.nextSibling), keep = lines.map((l) => l);
              const temporary = [make("div"), make("div")];
              lines[0] = temporary[0]; lines[1] = temporary[1];
              hidden.forEach(drawRow);
              lines[0] = keep[0]; lines[1] = keep[1];
              nodes.forEach((n, k) => { [...temporary[k].children].forEach((child) => keep[k].insertBefore(child, after[k])); n.remove(); });
              drawRibbons();
            });
            lines[s].append(node);
            return node;
          });
          rows.slice(j - 2, j).forEach(drawRow);
          i = j;
        } else { drawRow(rows[i]); i++; }
      }
      panes = SIDES.map((side, s) => {
        const pane = make("div", "pane");
        pane.tabIndex = 0;
        pane.setAttribute("role", "region");
        pane.setAttribute("aria-label", side + ": " + place(pair[side]));
        pane.dataset.side = side;
        pane.append(lines[s]);
        return pane;
      });
      panes.forEach((pane, s) => pane.addEventListener("scroll", () => { if (panes[1 - s].scrollLeft !== pane.scrollLeft) panes[1 - s].scrollLeft = pane.scrollLeft; }));
      const middle = make("div", "ribbons");
      middle.setAttribute("aria-hidden", "true");
      svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      paths = pair.regions.map((_, i) => {
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.style.setProperty("--h", hue(i * 3 + 1));
        path.addEventListener("click", () => toRegion(i));
        svg.append(path);
        return path;
      });
      middle.append(svg);
      scroller.replaceChildren(paneHead(pair, 0), make("div", "pane-head mid"), paneHead(pair, 1), panes[0], middle, panes[1]);
      drawRibbons();
    };
    const toRegion = (i) => {
      shown.region = i;
      view.querySelectorAll(".here").forEach((node) => node.classList.remove("here"));
      view.querySelectorAll(".row[data-region='" + i + "']").forEach((node) => node.classList.add("here"));
      paths[i].classList.add("here");
      const first = view.querySelector(".row[data-region='" + i + "']");
      if (first) scroller.scrollTo({ top: first.offsetTop - scroller.clientHeight / 3 });
    };
    shown = { pair, redraw, ribbons: drawRibbons, toRegion, region: -1 };
    redraw();
    document.querySelectorAll("#pair-rows tr[aria-current]").forEach((row) => row.removeAttribute("aria-current"));
    const row = byId("row-" + pair.index);
    if (row) {
      row.setAttribute("aria-current", "true");
      // Only the list may scroll, not the page.
      const top = row.offsetTop - 40, bottom = row.offsetTop + row.offsetHeight;
      if (top < list.scrollTop) list.scrollTop = top;
      else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
    }
    if (focus) { target.scrollIntoView({ block: "start" }); scroller.focus({ preventScroll: true }); }
  };

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
      const cell = (cls, ...nodes) => { const td = make("td", cls); td.append(...nodes); nodes.forEach((n) => { if (n.textContent?.length > 40) n.title = n.textContent; }); row.append(td); };
      const link = make("a", "", pair.id);
      link.href = "#" + anchor(pair);
      cell("", link);
      cell("", data.types[pair.type], ...(pair.explained === null ? [] : [make("small", "", "explained by " + pair.explained)]));
      cell("num", percent(pair.similarity));
      cell("num", bits(pair.bits));
      cell("num wide", figure(pair.e));
      cell("num wide", pair.left.end - pair.left.start + 1 + " | " + (pair.right.end - pair.right.start + 1));
      cell("", make("code", "", pair.left.name), make("small", "", place(pair.left)));
      cell("", make("code", "", pair.right.name), make("small", "", place(pair.right)));
      row.addEventListener("click", (event) => { event.preventDefault(); open(pair, true); });
      rows.append(row);
    }
    body.append(rows);
    drawn = Math.min(filtered.length, drawn + 100);
  };
  const searchable = (pair) => (pair.text ??= [pair.id, pair.left.name, pair.right.name, pair.left.path, pair.right.path, pair.explained || "",
    ...couples(pair.row[10]).map(([i]) => data.renames[i][0] + " " + data.renames[i][1])].join("\n").toLowerCase());
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
    const hash = location.hash.slice(1);
    const pair = hash.startsWith("pair-") && pairs.find((p) => anchor(p) === hash);
    if (pair) show(pair, true);
    return Boolean(pair);
  };

  if (list) {
    refresh();
    list.addEventListener("scroll", () => { if (list.scrollTop + list.clientHeight > list.scrollHeight - 600 && drawn < filtered.length) drawMore(); });
    ["search", "sort", "explained", "strength"].forEach((id) => byId(id).addEventListener("input", refresh));
    document.querySelectorAll("input[name=type]").forEach((input) => input.addEventListener("change", refresh));
    byId("clear-files").addEventListener("click", () => { files = null; refresh(); });
    document.querySelectorAll(".heat a[data-left]").forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      files = [+link.dataset.left, +link.dataset.right, link.getAttribute("aria-label").split(": ")[0]];
      refresh();
      byId("pairs").scrollIntoView();
      if (filtered.length) open(filtered[0], false);
      list.focus({ preventScroll: true });
    }));
    addEventListener("hashchange", fromHash);
    addEventListener("resize", () => { if (shown) shown.ribbons(); });
    if (!fromHash() && pairs.length) show(pairs[0], false);
  }

  // ------------------------------------------------------------ rename map
  const renameFilter = byId("rename-filter");
  if (renameFilter) {
    const rows = [...byId("rename-rows").rows].map((row) => [row, row.textContent.toLowerCase()]);
    const apply = () => {
      const word = renameFilter.value.trim().toLowerCase();
      let count = 0;
      rows.forEach(([row, text]) => { row.hidden = !text.includes(word); count += !row.hidden; });
      byId("rename-count").textContent = thousands(count) + " of " + thousands(rows.length) + " names";
    };
    renameFilter.addEventListener("input", apply);
    apply();
  }

  // ------------------------------------------------------------ print: the first pairs of the list, as tables
  const PRINTED = 30;
  addEventListener("beforeprint", () => {
    const target = byId("print-pairs");
    if (!target) return;
    target.replaceChildren();
    for (const pair of filtered.slice(0, PRINTED)) {
      const { renames, rows, fill } = study(pair), view = make("article", "view"), table = make("table", "code");
      view.append(head(pair, renames, null).box);
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
  addEventListener("afterprint", () => byId("print-pairs")?.replaceChildren());

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
      "/": () => byId("search")?.focus(), f: () => { if (shown) { folded = !folded; shown.redraw(); } },
    }[event.key];
    if (action) { event.preventDefault(); action(); }
  });
})();

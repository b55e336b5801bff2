// ------------------------------------------------------------ pair view
let shown = null; // {pair, redraw, ribbons, toRegion, region}
let folded = false, wrapped = false, inOrder = false;

const chipLine = (box, label, nodes) => {
  if (!nodes.length) return;
  const line = make("div", "chips");
  line.append(make("span", "label", label), ...nodes);
  box.append(line);
};

// Chips of the renames; in a `view` they are buttons that show their places.
const renameChips = (names, view) => {
  const chip = (r, i) => {
    const node = view ? button("chip hue", "", () => {
      const on = node.getAttribute("aria-pressed") !== "true";
      node.setAttribute("aria-pressed", String(on));
      view.querySelectorAll("[data-rename='" + i + "']").forEach((place) => place.classList.toggle("on", on));
    }) : make("span", "chip hue");
    colour(node, i).append(make("code", "", r.left), " → ", make("code", "", r.right), r.count > 1 ? " ×" + r.count : "");
    if (view) {
      node.title = r.kind + ": show its places";
      node.setAttribute("aria-pressed", "false");
    }
    return node;
  };
  const first = !view ? 60 : narrow.matches ? 5 : 18, chips = names.slice(0, first).map(chip), rest = names.length - first;
  if (rest > 0 && view) {
    const more = button("", "show " + rest + " more", () => more.replaceWith(...names.slice(first).map((r, i) => chip(r, first + i))));
    chips.push(more);
  } else if (rest > 0) chips.push(make("span", "muted", "and " + rest + " more"));
  return chips;
};

const featureList = (pair, open) => {
  const shared = couples(pair.row[13]).map(([index, count]) => ({ text: features[index][0], bits: features[index][1], count }));
  if (!shared.length) return [];
  const details = make("details", "features"), list = make("ul");
  details.open = shared.length <= 6 || open;
  details.append(make("summary", "", "The rarest of what both sides share"));
  const most = Math.max(...shared.map((f) => f.bits), 1);
  shared.forEach((f) => {
    const li = make("li"), bar = make("span", "bitbar");
    bar.style.width = Math.max(0.2, (6 * f.bits) / most) + "rem";
    li.append(make("span", "bits", bits(f.bits) + " bits"), bar, make("code", "", f.text), f.count > 1 ? " ×" + f.count : "");
    list.append(li);
  });
  details.append(list);
  return [details];
};

const holds = (outer, inner) => outer !== inner && SIDES.every((side) =>
  outer[side].file === inner[side].file && outer[side].start <= inner[side].start && outer[side].end >= inner[side].end);
const chipsTo = (found) => found.slice(0, 12).map((pair) => linkTo(pair, "chip"));

// The head of a pair, for the screen (`view`) or for print (null).
const head = (pair, names, view) => {
  const box = make("div", "view-head"), title = make("div", "view-title");
  const h3 = make("h3", "", pair.left.name + " and " + pair.right.name);
  if (view) h3.id = "pair-title";
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
  chipLine(box, "Renames", renameChips(names, view));
  chipLine(box, "Edits", couples(pair.row[11]).map(([kind, count]) => make("span", "chip", data.texts[kind] + (count > 1 ? " ×" + count : ""))));
  if (view) {
    chipLine(box, "Inside it", chipsTo(pairs.filter((other) => holds(pair, other))));
    chipLine(box, "Part of", chipsTo(pairs.filter((other) => holds(other, pair))));
  }
  box.append(...featureList(pair, !view));
  return { box, title };
};

const paneHead = (pair, s) => {
  const f = pair[SIDES[s]], box = make("div", "pane-head " + SIDES[s]), blob = blobOf(f);
  box.append(make("span", "mono", place(f)), make("br"), make("small", "", SIDES[s] + ", " + f.kind + " " + f.name + ", " + data.origins[s] + (blob ? ", blob " + blob : ", text not in this report")));
  return box;
};

const svgNode = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);

const show = (pair, focus) => {
  const view = make("article", "view"), moved = chain(pair.regions).length < disjoint(pair.regions).length;
  let { names, rows, fill, regionAt } = study(pair, inOrder);
  view.setAttribute("aria-labelledby", "pair-title");
  const { box, title } = head(pair, names, view), tools = make("div", "chips");
  view.append(box);
  const tool = (text, action, label) => {
    const node = button("", text, action);
    if (label) node.setAttribute("aria-label", label);
    tools.append(node);
    return node;
  };
  tool("Previous", () => step(-1), "Previous pair");
  tool("Next", () => step(1), "Next pair");
  const fold = tool("Fold unchanged", () => { folded = !folded; redraw(); }), wrap = tool("Wrap lines", () => { wrapped = !wrapped; redraw(); });
  const order = moved && tool("Order of the file", () => { inOrder = !inOrder; rows = study(pair, inOrder).rows; redraw(); });
  tools.append(linkTo(pair, "", "Link to this pair"));
  title.append(tools);
  if (pair.regions.length > 1) chipLine(box, "Regions", pair.regions.slice(0, 80).map((region, i) =>
    colour(button("hue", region.left.join("–") + " | " + region.right.join("–"), () => toRegion(i)), i * 3 + 1)));
  const scroller = make("div", "scroller");
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", "Side by side");
  view.append(scroller);
  byId("pair-view").replaceChildren(view);

  let elements = [new Map(), new Map()], paths = [], svg = null, panes = [], lines = [];
  const level = () => {
    if (!wrapped) return;
    const nodes = lines.map((column) => [...column.children]);
    nodes.flat().forEach((node) => { node.style.minHeight = ""; });
    const high = (node) => node.getBoundingClientRect().height;
    const heights = nodes[0].map((node, i) => Math.max(high(node), high(nodes[1][i])));
    nodes.forEach((column) => column.forEach((node, i) => { node.style.minHeight = heights[i] + "px"; }));
  };
  const drawRibbons = () => {
    if (!svg) return;
    level();
    const top = svg.parentNode.getBoundingClientRect().top, width = svg.parentNode.clientWidth;
    paths.forEach((path, i) => {
      const ends = SIDES.map((side, s) => {
        const found = [];
        for (let n = pair.regions[i][side][0]; n <= pair.regions[i][side][1]; n++) if (elements[s].has(n)) found.push(elements[s].get(n));
        return found.length ? [found[0].getBoundingClientRect().top - top, found[found.length - 1].getBoundingClientRect().bottom - top] : null;
      });
      if (!ends[0] || !ends[1]) { path.removeAttribute("d"); return; }
      const [[a, b], [c, d]] = ends, half = width / 2;
      path.setAttribute("d", `M0 ${a}C${half} ${a} ${half} ${c} ${width} ${c}V${d}C${half} ${d} ${half} ${b} 0 ${b}Z`);
    });
  };
  const drawRow = (row, before) => {
    const cells = SIDES.map((side, s) => {
      const number = row[side], node = make("div", "row " + (number === null ? "none" : row.state)), text = make("span", "t");
      node.append(make("span", "n", number === null ? "" : String(number)), text);
      const region = number === null ? undefined : regionAt[s].get(number);
      if (region !== undefined) colour(node, region * 3 + 1).dataset.region = region;
      if (number !== null) {
        elements[s].set(number, node);
        node.dataset.line = number;
        if (number > pair[side].start && !elements[s].has(number - 1) && !folded) node.classList.add("jump");
      }
      lines[s].insertBefore(node, before ? before[s] : null);
      return number === null ? null : text;
    });
    fill(cells, row);
  };
  const drawFold = (hidden) => {
    const nodes = SIDES.map((_, s) => {
      const node = make("div", "row fold");
      node.append(make("span", "n", ""), button("", hidden.length + " unchanged lines", () => {
        hidden.forEach((row) => drawRow(row, nodes));
        nodes.forEach((each) => each.remove());
        drawRibbons();
      }));
      lines[s].append(node);
      return node;
    });
  };
  const redraw = () => {
    fold.setAttribute("aria-pressed", String(folded));
    wrap.setAttribute("aria-pressed", String(wrapped));
    if (order) order.setAttribute("aria-pressed", String(inOrder));
    scroller.classList.toggle("wrapped", wrapped);
    elements = [new Map(), new Map()];
    lines = [make("div", "lines"), make("div", "lines")];
    for (let i = 0; i < rows.length;) {
      let j = i;
      while (folded && j < rows.length && rows[j].state === "same") j++;
      if (j - i > 8) {
        rows.slice(i, i + 2).forEach((row) => drawRow(row));
        drawFold(rows.slice(i + 2, j - 2));
        rows.slice(j - 2, j).forEach((row) => drawRow(row));
        i = j;
      } else drawRow(rows[i++]);
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
    svg = svgNode("svg");
    paths = pair.regions.map((_, i) => {
      const path = colour(svgNode("path"), i * 3 + 1);
      path.dataset.region = i;
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
    view.querySelectorAll("[data-region='" + i + "']").forEach((node) => node.classList.add("here"));
    const first = view.querySelector(".row.here");
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
  if (focus) { byId("pair-view").scrollIntoView({ block: "start" }); scroller.focus({ preventScroll: true }); }
};

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


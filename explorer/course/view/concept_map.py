"""The map of the concepts to click and to walk through by keyboard, and what a node says when it is chosen."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.app.components import component
from explorer.course.figures.concepts import Graph

_HTML = '<div class="map"><svg class="lines" aria-hidden="true"></svg><div class="columns" role="group"></div></div>'
_CSS = """
.map { position: relative; container-type: inline-size; padding: .25rem 0;
  font-family: var(--st-font); color: var(--st-text-color); }
.lines { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; pointer-events: none; }
.lines path { fill: none; stroke: var(--st-text-color); stroke-opacity: .38; stroke-width: 1.5; stroke-dasharray: 3 4; }
.lines path.done { stroke-dasharray: none; stroke-opacity: .6; stroke-width: 2; }
.lines path.near { stroke: var(--st-primary-color); stroke-opacity: 1; stroke-width: 3; }
.columns { position: relative; display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); column-gap: 1.3rem; }
.column { display: flex; flex-direction: column; align-items: stretch; gap: 1.4rem; min-width: 0; }
.nodes { display: flex; flex: 1; flex-direction: column; justify-content: center; gap: 1.7rem; min-width: 0; }
.head { font-size: .8rem; font-weight: 600; line-height: 1.25; min-height: 2.5em; text-align: center; }
.node { position: relative; display: flex; flex-direction: column; align-items: center; gap: .15rem; padding: .45rem .1rem;
  font: inherit; font-size: .82rem; line-height: 1.2; color: inherit; text-align: center; cursor: pointer;
  background: var(--st-background-color); border: 2px solid var(--st-text-color); border-radius: .7rem;
  overflow-wrap: anywhere; hyphens: auto; }
.node:hover { background: var(--st-secondary-background-color); }
.node:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
.node[aria-current="true"] { box-shadow: 0 0 0 3px var(--st-primary-color); }
.mark { display: grid; place-items: center; width: 1.35rem; height: 1.35rem; border-radius: 50%; font-weight: 700;
  border: 2px solid var(--st-text-color); box-sizing: border-box; line-height: 1; }
.done .mark { background: var(--st-text-color); color: var(--st-background-color); }
.open .mark { font-size: 0; background: linear-gradient(90deg, var(--st-text-color) 50%, transparent 50%); }
.later { border-style: dashed; border-width: 1.5px; }
.later .mark { border-style: dotted; }
.done { border-width: 3px; }
.title { font-weight: 600; }
.columns:not(.tall *) .title { font-size: clamp(.64rem, 1.5cqi, .82rem); }
.columns:not(.tall *) .state { font-size: clamp(.6rem, 1.4cqi, .74rem); }
.state { font-size: .74rem; }
.tall .columns { grid-auto-flow: row; gap: 1.5rem; }
.tall .column { gap: .5rem; }
.tall .nodes { flex-direction: row; flex-wrap: wrap; gap: .8rem; }
.tall .head { text-align: left; min-height: 0; }
.tall .node { flex: 1 1 5.6rem; max-width: 10rem; }
"""
_JS = """
const kept = new WeakMap();
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".map");
  const columns = root.querySelector(".columns"), lines = root.querySelector(".lines");
  const active = root.getRootNode().activeElement;
  const held = active && root.contains(active) ? active.dataset.name : null;
  columns.setAttribute("aria-label", data.label);
  const nodes = new Map();
  const part = (kind, text) => {
    const piece = document.createElement("span");
    piece.className = kind;
    piece.textContent = text;
    return piece;
  };
  columns.replaceChildren(...data.columns.map(([title, rows]) => {
    const column = document.createElement("div");
    column.className = "column";
    const head = document.createElement("div");
    head.className = "head";
    head.textContent = title;
    const stack = document.createElement("div");
    stack.className = "nodes";
    for (const row of rows) {
      const node = document.createElement("button");
      node.type = "button";
      node.className = "node " + row.state;
      node.dataset.name = row.name;
      node.title = row.words;
      node.setAttribute("aria-label", `${row.title}: ${row.state}. ${row.words}`);
      if (row.name === data.chosen) node.setAttribute("aria-current", "true");
      node.tabIndex = -1;
      const mark = part("mark", row.mark);
      mark.setAttribute("aria-hidden", "true");
      node.append(mark, part("title", row.title.replaceAll("_", "_\\u200b")), part("state", row.state));
      node.onclick = () => { kept.set(root, row.name); setTriggerValue("picked", row.name); };
      node.onmouseenter = node.onfocus = () => near(row.name);
      node.onmouseleave = node.onblur = () => near(data.chosen);
      nodes.set(row.name, node);
      stack.append(node);
    }
    column.append(head, stack);
    return column;
  }));
  const all = [...nodes.values()];
  const first = nodes.get(held) ?? nodes.get(data.chosen) ?? all[0];
  if (first) first.tabIndex = 0;
  if (first && held) first.focus({ preventScroll: true });
  function near(name) {
    for (const path of lines.children)
      path.classList.toggle("near", path.dataset.from === name || path.dataset.to === name);
  }
  function draw() {
    const box = root.getBoundingClientRect();
    if (!box.width) return;
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    root.classList.toggle("tall", box.width < 44 * size);
    const tall = root.classList.contains("tall");
    const outer = root.getBoundingClientRect();
    const place = (node) => {  // along the way of reading (from, to) and across it (low, high, mid)
      const at = node.getBoundingClientRect();
      const x = [at.left - outer.left, at.right - outer.left], y = [at.top - outer.top, at.bottom - outer.top];
      const [along, over] = tall ? [y, x] : [x, y];
      return { from: along[0], to: along[1], low: over[0], high: over[1], mid: (over[0] + over[1]) / 2 };
    };
    const layers = data.columns.map(([, rows]) => {
      const boxes = rows.map((row) => place(nodes.get(row.name))).sort((a, b) => a.low - b.low);
      const gaps = boxes.slice(1).map((box, i) => (boxes[i].high + box.low) / 2);
      return { from: Math.min(...boxes.map((box) => box.from)), to: Math.max(...boxes.map((box) => box.to)),
        gaps: [boxes[0].low - 11, ...gaps, boxes[boxes.length - 1].high + 11], used: new Map() };
    });
    const layer = new Map(data.columns.flatMap(([, rows], i) => rows.map((row) => [row.name, i])));
    const point = (along, over) => (tall ? `${over} ${along}` : `${along} ${over}`);
    const curve = (a, x, b, y) => `C ${point((a + b) / 2, x)} ${point((a + b) / 2, y)} ${point(b, y)} `;
    function between(from, to) {  // round the nodes of the layers that lie between
      const a = place(nodes.get(from)), b = place(nodes.get(to)), first = layer.get(from), last = layer.get(to);
      let at = a.to, over = a.mid, way = `M ${point(at, over)} `;
      for (let k = first + 1; k < last; k++) {
        const wanted = over + (b.mid - over) / (last - k + 1);
        const gap = layers[k].gaps.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
        const others = layers[k].used.get(gap) ?? 0;
        layers[k].used.set(gap, others + 1);
        const lane = gap + (others % 2 ? -4 : 4) * Math.ceil(others / 2);
        way += curve(at, over, layers[k].from, lane) + `L ${point(layers[k].to, lane)} `;
        [at, over] = [layers[k].to, lane];
      }
      return way + curve(at, over, b.from, b.mid);
    }
    function within(from, to) {  // two nodes of one layer, one after the other
      const a = place(nodes.get(from)), b = place(nodes.get(to));
      const middle = (box) => (box.from + box.to) / 2;
      const [start, end] = a.high <= b.low ? [a.high, b.low] : b.high <= a.low ? [a.low, b.high] : [a.mid, b.mid];
      return `M ${point(middle(a), start)} L ${point(middle(b), end)}`;
    }
    lines.replaceChildren(...data.edges.filter(([a, b]) => nodes.has(a) && nodes.has(b)).map(([from, to, done]) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", layer.get(from) === layer.get(to) ? within(from, to) : between(from, to));
      path.dataset.from = from;
      path.dataset.to = to;
      if (done) path.classList.add("done");
      return path;
    }));
    near(data.chosen);
  }
  draw();
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  columns.onkeydown = (event) => {
    const at = all.indexOf(event.target);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : step ? at + step : -1;
    if (at < 0 || to < 0 || to >= all.length) return;
    event.preventDefault();
    all[at].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  };
  if (data.chosen && kept.get(root) === data.chosen) {
    kept.delete(root);
    const detail = document.querySelector(".st-key-concept_detail");
    if (detail && detail.getBoundingClientRect().top > window.innerHeight - 120)
      detail.scrollIntoView({ block: "center" });
  }
  return () => watch.disconnect();
}
"""

_map = component("thaw_concepts", html=_HTML, css=_CSS, js=_JS)


def concept_map(graph: Graph, chosen: str, on_pick: Callable[[str], None], key: str) -> None:
    """The map; `on_pick` gets the name of the concept that was clicked. The arrow keys walk through its nodes."""

    def picked() -> None:
        name = st.session_state[key].get("picked")
        if any(name == node["name"] for _, nodes in graph.columns for node in nodes):
            on_pick(name)

    data: dict[str, Any] = graph.packed() | {"chosen": chosen}
    _map(key=key, data=data, on_picked_change=picked)

// Draw trajectories: small multiples over time with one common cursor, or one quantity against another.

import uPlot from "/static/vendor/uplot/uPlot.js";

const COLOURS = ["#2f7fc1", "#d9822b", "#3a9e5f", "#b0489a", "#8a6d3b", "#5d5fc9", "#c0392b", "#16a0a0"];
const HEIGHT = 230;
let drawn = [];

// A canvas does not understand `light-dark()`: take the colours as the page resolves them.
const ink = () => getComputedStyle(document.querySelector("label")).color;
const rule = () => getComputedStyle(document.querySelector("section")).borderTopColor;
const axis = (label) => ({ label, labelSize: 18, labelFont: "12px system-ui", font: "11px system-ui", stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 } });
const shown = (value) => (value == null ? "" : Number(value.toPrecision(6)).toString());

function figure(root, caption) {
  const box = document.createElement("figure");
  const title = document.createElement("figcaption");
  title.textContent = caption;
  box.append(title);
  root.append(box);
  return box;
}

function draw(box, options, data) {
  const size = () => ({ width: Math.max(280, box.clientWidth), height: HEIGHT });
  const plot = new uPlot({ ...size(), ...options }, data, box);
  const observer = new ResizeObserver(() => plot.setSize(size()));
  observer.observe(box);
  drawn.push(() => { observer.disconnect(); plot.destroy(); });
}

export function clear(root) {
  drawn.forEach((destroy) => destroy());
  drawn = [];
  root.replaceChildren();
}

// One family of curves (states, controls or costates), split so that unlike magnitudes do not flatten each other.
function family(root, caption, phases, key) {
  const names = Object.keys(phases[0][key] || {});
  for (const group of byMagnitude(names, phases, key)) {
    const time = phases.flatMap((phase) => phase.time);
    const curves = group.map((name) => phases.flatMap((phase) => phase[key]?.[name] ?? phase.time.map(() => null)));
    draw(figure(root, caption), {
      scales: { x: { time: false } },
      cursor: { sync: { key: "time" }, drag: { x: true, y: false } },
      axes: [axis("time"), { ...axis(group.join(", ")), size: 62 }],
      series: [
        { label: "time", value: (_, v) => shown(v) },
        ...group.map((label) => ({ label, stroke: COLOURS[names.indexOf(label) % COLOURS.length], width: 2, points: { show: false }, value: (_, v) => shown(v) })),
      ],
    }, [time, ...curves]);
  }
}

function byMagnitude(names, phases, key) {
  const groups = [];
  for (const name of names) {
    const values = phases.flatMap((phase) => phase[key]?.[name] ?? []).filter((value) => value != null);
    const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const like = groups.find((group) => group.names.length < 4 && size <= group.size * 8 && group.size <= size * 8);
    if (like) like.names.push(name);
    else groups.push({ size, names: [name] });
  }
  return groups.map((group) => group.names);
}

// A picture that the service draws, before the others.
export function picture(root, caption, source) {
  const box = figure(root, caption);
  box.className = "wide";
  box.append(Object.assign(new Image(), { src: source, alt: caption }));
  root.prepend(box);
}

export function overTime(root, phases) {
  clear(root);
  family(root, "States", phases, "states");
  family(root, "Controls", phases, "controls");
  family(root, "Costates", phases, "costates");
}

export function inPlane(root, phases, across, up) {
  clear(root);
  const curve = (name) => (phase) => phase.states[name] ?? phase.controls[name] ?? [];
  const data = phases.map((phase) => [curve(across)(phase), curve(up)(phase)]);
  const path = (plot, index) => {
    const [xs, ys] = plot.data[index];
    const stroke = new Path2D();
    xs.forEach((x, i) => stroke[i ? "lineTo" : "moveTo"](plot.valToPos(x, "x", true), plot.valToPos(ys[i], "y", true)));
    return { stroke, fill: null, clip: null, flags: 0 };
  };
  const range = (pick) => () => {
    const values = data.flatMap((pair) => pair[pick]);
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const margin = (high - low || Math.abs(high) || 1) * 0.05;
    return [low - margin, high + margin];
  };
  draw(figure(root, `${up} against ${across}`), {
    mode: 2,
    height: HEIGHT * 1.8,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { x: { time: false, range: range(0) }, y: { range: range(1) } },
    axes: [axis(across), { ...axis(up), size: 62 }],
    series: [{}, ...data.map((_, i) => ({ stroke: COLOURS[i % COLOURS.length], width: 2, paths: path, facets: [{ scale: "x", auto: true }, { scale: "y", auto: true }] }))],
  }, [null, ...data]);
}

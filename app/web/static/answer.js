// The right side: how a job runs, then its figures and pictures.

import * as api from "./api.js";
import * as plots from "./plots.js";

const $ = (id) => document.getElementById(id);
const RETRY_MS = 3000;
const DONE = new Set(["completed", "failed", "cancelled"]);
const TONE = { completed: "good", converged: "good", running: "warn", pending: "", failed: "bad", cancelled: "warn" };
let stream = null;
let shownJob = null;
let phases = [];
let front = null; // where the picture of several objectives is

export const number = (value, digits = 7) => (value == null ? "–" : Number(Number(value).toPrecision(digits)).toString());
const seconds = (value) => (value == null ? "–" : value < 1 ? `${number(value * 1000, 3)} ms` : `${number(value, 3)} s`);

export function badge(element, text, tone) {
  element.textContent = text;
  element.className = `badge ${tone ?? TONE[text] ?? ""}`;
}

// Follow a job to its end; `settled` is called once when nothing more will come.
export async function follow(id, settled) {
  stream?.close();
  stream = null;
  shownJob = id;
  $("hint").hidden = true;
  $("result").hidden = true;
  $("run").hidden = false;
  $("job-id").textContent = id;
  $("stage").textContent = "";
  const first = await api.job(id);
  if (shownJob !== id) return;
  show(first);
  if (DONE.has(first.status)) return settled(first);
  watch(id, settled);
}

// The row is asked for at every change of status, and whenever the stream breaks.
function watch(id, settled) {
  stream?.close();
  const watched = stream = api.events(id);
  const refresh = async () => {
    const now = await api.job(id).catch(() => null); // offline: the stream comes back, and asks again
    if (!now || stream !== watched) return;
    show(now);
    if (!DONE.has(now.status)) return;
    stream.close();
    stream = null;
    settled(now);
  };
  watched.addEventListener("progress", (event) => { if (stream === watched) progress(JSON.parse(event.data)); });
  watched.addEventListener("status", refresh);
  watched.onerror = async () => {
    await refresh();
    const refused = watched.readyState === EventSource.CLOSED; // else the browser reconnects by itself
    if (refused) setTimeout(() => { if (stream === watched) watch(id, settled); }, RETRY_MS);
  };
}

function progress(report) {
  $("progress").value = report.fraction ?? 0;
  const figures = [
    report.iteration != null && `iteration ${report.iteration}`,
    report.cost != null && `cost ${number(report.cost)}`,
    report.violation != null && `violation ${number(report.violation, 2)}`,
  ].filter(Boolean);
  $("stage").textContent = [report.message || report.stage, ...figures].join(", ");
}

function show(job) {
  badge($("status"), job.status);
  $("cancel").hidden = DONE.has(job.status);
  $("progress").hidden = DONE.has(job.status);
  if (job.progress && typeof job.progress === "object") progress(job.progress);
  else $("progress").value = job.progress ?? 0;
  if (job.status === "pending") $("stage").textContent = "waiting for a worker";
  if (DONE.has(job.status)) $("stage").textContent = job.error ? explain(job.error) : "";
  if (job.result) showResult(job);
}

const explain = (error) => (typeof error === "string" ? error : error.detail || error.message || JSON.stringify(error));

function figures(list, pairs) {
  list.replaceChildren(...pairs.filter(([, value]) => value != null).map(([name, value]) => {
    const [box, term, text] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = name;
    text.textContent = value;
    if (list.id === "checks") { const both = document.createDocumentFragment(); both.append(term, text); return both; }
    box.append(term, text);
    return box;
  }));
}

function showResult(job) {
  const { result } = job;
  $("result").hidden = false;
  $("verdict").replaceChildren();
  const mark = document.createElement("span");
  badge(mark, result.status, result.status === "converged" ? "good" : "warn");
  $("verdict").append(mark, ` ${result.message ?? ""}`);
  phases = result.phases?.length ? result.phases : [result];
  front = result.front?.length ? `/api/job/${job.job_id}/plot.svg` : null;
  const last = phases.at(-1).time;
  figures($("figures"), [
    ["cost", front ? null : number(result.cost, 9)],
    ["final time", last?.length ? number(last.at(-1)) : null],
    ["points", front && result.front.length],
    ["hypervolume", result.hypervolume == null ? null : number(result.hypervolume)],
    ["iterations", result.iterations],
    ["constraint violation", result.constraint_violation == null ? null : number(result.constraint_violation, 2)],
    ["solve time", seconds(result.timings?.solve_s)],
    ...Object.entries(result.parameters ?? {}).map(([name, value]) => [name, number(value)]),
  ]);
  figures($("checks"), [
    ["optimality residual", number(result.optimality_residual, 2)],
    ["mesh error", number(result.mesh_error, 2)],
    ...Object.entries(result.verification ?? {}).map(([name, value]) => [name.replaceAll("_", " "), typeof value === "number" ? number(value, 6) : typeof value === "object" ? JSON.stringify(value) : String(value)]),
    ...Object.entries(result.timings ?? {}).map(([name, value]) => [name.replace(/_s$/, " time"), seconds(value)]),
    ["solver version", result.solver_version],
  ]);
  downloads(job.job_id);
  if (!phases[0].time?.length) {
    plots.clear($("plots"));
    return front && plots.picture($("plots"), "Front", front);
  }
  const names = [...Object.keys(phases[0].states), ...Object.keys(phases[0].controls ?? {})];
  for (const axis of ["axis-x", "axis-y"]) $(axis).replaceChildren(...names.map((name) => new Option(name)));
  $("axis-y").selectedIndex = Math.min(1, names.length - 1);
  redraw();
}

export function redraw() {
  const plane = $("view").value === "plane";
  $("axes").hidden = !plane;
  if (plane) plots.inPlane($("plots"), phases, $("axis-x").value, $("axis-y").value);
  else plots.overTime($("plots"), phases);
  if (front) plots.picture($("plots"), "Front, and the trajectories of its knee", front);
}

function downloads(id) {
  const link = (text, href, name) => Object.assign(document.createElement("a"), { textContent: text, href, download: name });
  $("downloads").replaceChildren(
    link("JSON", `/api/job/${id}/result`, `${id}.json`),
    link("SVG", `/api/job/${id}/plot.svg`, `${id}.svg`),
  );
}

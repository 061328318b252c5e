// The left side: template, statement, solver options, and what is wrong with them. A draft survives a reload.

import * as api from "./api.js";

const $ = (id) => document.getElementById(id);
const DRAFT = "costate.draft";
let schemas = {};
let coming = null; // what was asked for last

// Nobody edits or sends a statement that is about to be replaced; of several on their way the last one asked for is shown.
export async function arrive(asked, show) {
  coming = asked;
  $("editor").disabled = true;
  try {
    const arrived = await asked;
    if (coming === asked) show(arrived);
  } finally {
    if (coming === asked) $("editor").disabled = false;
  }
}

export async function load(chosen) {
  if (drafted()) $("problem").value = localStorage.getItem(DRAFT);
  await arrive(Promise.all([api.templates(), api.solvers()]), ([{ templates }, { solvers }]) => {
    $("template").replaceChildren(new Option("Your own problem", ""), ...templates.map((t) => new Option(t.title, t.name)));
    $("solver").replaceChildren(...solvers.map((s) => new Option(s.title, s.name)));
    schemas = Object.fromEntries(solvers.map((s) => [s.name, s.options]));
    showOptions();
  });
  await choose(drafted() ? "" : chosen);
}

// The template of that name; without a name what stands there stays.
export async function choose(name) {
  $("template").value = name;
  $("about").replaceChildren();
  if (!name) return arrive(null, () => {});
  localStorage.removeItem(DRAFT);
  await arrive(api.template(name), ({ description, source, problem }) => {
    $("problem").value = pretty(problem);
    const credit = document.createElement("span");
    credit.className = "source";
    credit.textContent = source ? `Source: ${source}` : "";
    $("about").replaceChildren(...marked(description || ""), credit);
    showFaults([]);
  });
}

// Names in backticks as code.
function marked(text) {
  return text.split("`").map((part, i) => (i % 2 ? Object.assign(document.createElement("code"), { textContent: part }) : part));
}

export function keepDraft() {
  localStorage.setItem(DRAFT, $("problem").value);
  $("template").value = "";
  $("about").replaceChildren();
}

// The database keeps no order of keys: a statement is read from its states on, whatever else it has comes last.
const ORDER = ["problem", "objectives", "name", "states", "controls", "parameters", "constants", "tables", "definitions", "time", "dynamics", "running_cost", "terminal_cost", "sense", "initial", "final", "phases", "links"];
const rank = (key) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);

function inOrder(statement) {
  const sorted = Object.entries(statement).sort(([one], [other]) => rank(one) - rank(other));
  const inner = { phases: (phases) => phases.map(inOrder), problem: inOrder };
  return Object.fromEntries(sorted.map(([key, value]) => [key, inner[key] ? inner[key](value) : value]));
}

// What was asked of the service, to look at or to change; options that are defaults stay empty.
export function take({ solver_type, problem_config, solver_config }) {
  localStorage.removeItem(DRAFT);
  $("template").value = "";
  $("about").replaceChildren();
  $("problem").value = pretty(inOrder(problem_config.problem));
  $("solver").value = solver_type;
  showOptions();
  const { properties = {} } = schemas[solver_type] || {};
  for (const field of $("options").querySelectorAll("[data-option]")) {
    const value = solver_config[field.dataset.option];
    if (value == null || value === properties[field.dataset.option].default) continue;
    field.value = typeof value === "object" ? JSON.stringify(value) : value;
  }
  showFaults([]);
}

export const drafted = () => localStorage.getItem(DRAFT) !== null;

// Two levels deep, then one line each: a statement stays readable.
export function pretty(problem) {
  return JSON.stringify(problem, null, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inside) => `[${inside.replace(/\s*\n\s*/g, " ")}]`);
}

// The request body, or null when the text is no JSON (the place is shown).
export function body() {
  const text = $("problem").value;
  let problem;
  try {
    problem = JSON.parse(text);
  } catch (error) {
    const at = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
    const line = text.slice(0, at).split("\n").length;
    showFaults([{ field: `line ${line}`, message: `this is not JSON: ${error.message}`, allowed: "a JSON object; names and texts stand in double quotes" }]);
    $("problem").focus();
    $("problem").setSelectionRange(at, Math.min(at + 1, text.length));
    return null;
  }
  return { solver_type: $("solver").value, problem_config: { problem }, solver_config: options() };
}

export function showFaults(faults) {
  const list = document.createElement("ul");
  for (const fault of faults) {
    const item = document.createElement("li");
    const field = document.createElement("code");
    field.textContent = fault.field;
    item.append(field, ` ${fault.message}`);
    if (fault.allowed) {
      const remedy = document.createElement("span");
      remedy.className = "remedy";
      remedy.textContent = fault.allowed;
      item.append(remedy);
    }
    list.append(item);
  }
  $("faults").replaceChildren(...(faults.length ? [list] : []));
}

export function showProblem(problem) {
  showFaults(problem.faults.length ? problem.faults : [{ field: "request", message: problem.message }]);
}

export function showUnderstood(answer) {
  const text = document.createElement("p");
  text.className = "understood";
  text.textContent = `Understood: ${answer.summary}`;
  $("faults").replaceChildren(text);
  for (const warning of answer.warnings || []) {
    const item = document.createElement("p");
    item.textContent = `Note: ${typeof warning === "string" ? warning : `${warning.field} ${warning.message}`}`;
    $("faults").append(item);
  }
}

export function showOptions() {
  const { properties = {}, $defs = {} } = schemas[$("solver").value] || {};
  $("options").replaceChildren(...Object.entries(properties).map(([name, schema]) => {
    const choices = schema.enum || $defs[schema.$ref?.split("/").pop()]?.enum;
    const field = choices ? document.createElement("select") : document.createElement("input");
    field.id = `option-${name}`;
    field.dataset.option = name;
    if (choices) {
      field.append(...choices.map((choice) => new Option(choice)));
      field.value = schema.default;
    } else if (schema.anyOf?.some((one) => one.$ref)) {
      field.dataset.json = "";
      field.placeholder = "{...} as JSON";
    } else {
      field.type = "number";
      field.step = "any";
      field.placeholder = schema.default ?? "automatic";
    }
    const label = document.createElement("label");
    label.htmlFor = field.id;
    label.title = schema.description || "";
    label.textContent = name.replaceAll("_", " ");
    const cell = document.createElement("div");
    cell.append(label, field);
    return cell;
  }));
}

function options() {
  const given = [...$("options").querySelectorAll("[data-option]")].filter((field) => field.value !== "");
  return Object.fromEntries(given.map((field) => [field.dataset.option, valueOf(field)]));
}

function valueOf(field) {
  if (field.type === "number") return Number(field.value);
  if (!("json" in field.dataset)) return field.value;
  try {
    return JSON.parse(field.value);
  } catch {
    return field.value; // the service tells what it takes instead
  }
}

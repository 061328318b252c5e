// Wires the page: the address holds the job (`#job=...`), so a result can be bookmarked and shared.

import * as api from "./api.js";
import * as answer from "./answer.js";
import * as statement from "./statement.js";

const $ = (id) => document.getElementById(id);
let submitted = null; // from the statement that stands there
const jobInAddress = () => new URLSearchParams(location.hash.slice(1)).get("job");

async function guarded(action) {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    statement.showProblem(error);
  }
}

async function submit(event) {
  event.preventDefault();
  const body = statement.body();
  if (!body) return;
  statement.showFaults([]);
  $("submit").disabled = true;
  await guarded(async () => {
    ({ job_id: submitted } = await api.solve(body));
    location.hash = `job=${submitted}`;
  });
  $("submit").disabled = false;
}

async function check() {
  const body = statement.body();
  if (body) await guarded(async () => statement.showUnderstood(await api.validate(body)));
}

async function showJobs() {
  const { jobs } = await api.jobs();
  $("jobs").replaceChildren(...jobs.map((job) => {
    const row = document.createElement("tr");
    const cell = (content) => row.insertCell().append(content);
    cell(Object.assign(document.createElement("a"), { href: `#job=${job.job_id}`, textContent: new Date(job.submitted_at).toLocaleTimeString() }));
    cell(job.title || "");
    cell(job.solver_type);
    const status = document.createElement("span");
    const outcome = job.status === "completed" && job.outcome ? job.outcome : job.status;
    answer.badge(status, outcome, outcome === "converged" ? "good" : undefined);
    cell(status);
    cell(answer.number(job.cost));
    cell(job.completed_at ? `${answer.number((new Date(job.completed_at) - new Date(job.submitted_at)) / 1000, 3)} s` : "");
    return row;
  }));
}

async function showService() {
  try {
    const state = await api.ready();
    answer.badge($("service"), state.status ?? "ready", state.status === "degraded" ? "warn" : "good");
  } catch (error) {
    answer.badge($("service"), error.status ? "not ready" : "offline", "bad");
  }
}

// The statement beside an answer is its own: a draft is overwritten only when that is asked for.
async function edit() {
  const id = jobInAddress();
  await statement.arrive(api.asked(id), (asked) => { if (id === jobInAddress()) statement.take(asked); });
}

async function open() {
  const id = jobInAddress();
  if (!id) return;
  if (id !== submitted && !statement.drafted()) await guarded(edit);
  await guarded(() => answer.follow(id, showJobs));
  await guarded(showJobs);
}

$("solve").addEventListener("submit", submit);
$("check").addEventListener("click", check);
$("template").addEventListener("change", () => guarded(() => statement.choose($("template").value)));
$("problem").addEventListener("input", statement.keepDraft);
$("solver").addEventListener("change", statement.showOptions);
$("cancel").addEventListener("click", () => guarded(() => api.cancel(jobInAddress())));
$("edit").addEventListener("click", () => guarded(edit));
for (const id of ["view", "axis-x", "axis-y"]) $(id).addEventListener("change", answer.redraw);
addEventListener("hashchange", open);

await guarded(() => statement.load(jobInAddress() ? "" : "brachistochrone"));
await guarded(showJobs);
await open();
await showService();
setInterval(showService, 10000);

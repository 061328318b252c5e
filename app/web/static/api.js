// The HTTP API as the page uses it. Every refusal becomes a Problem (RFC 9457) with its list of faults.

export class Problem extends Error {
  constructor(body, status) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.faults = body.errors || [];
  }
}

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem({ detail: "The service does not answer. Is it running?" }, 0);
  }
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const answer = isJson ? await response.json() : { detail: await response.text() };
  if (!response.ok) throw new Problem(answer, response.status);
  return answer;
}

export const ready = () => request("GET", "/ready");
export const solvers = () => request("GET", "/api/solvers");
export const templates = () => request("GET", "/api/templates");
export const template = (name) => request("GET", `/api/templates/${encodeURIComponent(name)}`);
export const validate = (body) => request("POST", "/api/validate", body);
export const solve = (body) => request("POST", "/api/solve", body);
export const job = (id, wait = 0) => request("GET", `/api/job/${id}?wait=${wait}`);
export const asked = (id) => request("GET", `/api/job/${id}/request`);
export const cancel = (id) => request("POST", `/api/job/${id}/cancel`);
export const jobs = () => request("GET", "/api/jobs?limit=12");
export const events = (id) => new EventSource(`/api/job/${id}/events`);

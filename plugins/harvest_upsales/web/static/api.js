/** Calls to the page's routes; Airflow's login cookie goes along by itself. */

const ROUTES = new URL("../api/", import.meta.url);
const AIRFLOW = new URL("api/v2/", document.baseURI);
/** A page of another host can't set a header of its own without being asked about it first. */
const WRITE_HEADERS = { "Content-Type": "application/json", "X-Harvest-Upsales": "page" };

/** An answer that is no success: `status`, a message for people, and messages for single fields. */
export class RouteError extends Error {
  constructor(status, message, errors = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

async function call(url, options) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", cache: "no-cache", ...options });
  } catch {
    throw new RouteError(0, "Airflow's API server can't be reached. Is it running, and are you online?");
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  const detail = body?.detail ?? body;
  const errors = Array.isArray(detail?.errors) ? detail.errors : [];
  throw new RouteError(answer.status, reason(answer.status, detail), errors);
}

function reason(status, detail) {
  if (typeof detail === "string") return detail;
  if (typeof detail?.message === "string") return detail.message;
  if (status === 401) return "Your login has ended. Load the page again to log in.";
  if (status === 403) return "You may not do this. Ask an administrator of this Airflow.";
  return `Airflow answered ${status}. The API server's log says why.`;
}

function route(path, query) {
  const url = new URL(path, ROUTES);
  for (const [name, value] of Object.entries(query ?? {})) if (value) url.searchParams.set(name, value);
  return url;
}

export const read = (path, query) => call(route(path, query));

export const write = (method, path, body, query) =>
  call(route(path, query), { method, headers: WRITE_HEADERS, body: JSON.stringify(body) });

/** State of a run, from Airflow's own API. */
export const runState = (dagId, runId) =>
  call(new URL(`dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}`, AIRFLOW)).then(
    (run) => run.state,
  );

/** The run's page in Airflow, for the router. */
export const runPage = (dagId, runId) =>
  `/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}`;

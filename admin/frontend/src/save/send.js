// Sends changes, and says what an answer means: stored, later, or not at all.

/** Less than the minute after which a proxy gives up. */
const TIMEOUT_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * @typedef {object} Outcome
 * @property {"saved" | "conflict" | "offline" | "busy" | "signed-out" | "refused"} kind
 * @property {object} [answer] what the server said, as JSON
 * @property {string} [reason] why it was refused, a sentence
 * @property {number} [after] when to try again, in milliseconds
 */

const REASONS = {
  400: "the page is too old, reload it",
  403: "you may no longer change this",
  404: "this walkthrough is gone",
  413: "it is too large",
  422: "the server could not read it",
};

/**
 * Posts *body* as JSON. Never throws: what goes wrong is an outcome.
 *
 * @param {string} url
 * @param {object} body
 * @param {string} csrf
 * @returns {Promise<Outcome>}
 */
export async function send(url, body, csrf) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(body),
      redirect: "manual", // to the page of the sign-in
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return { kind: "offline" };
  }
  return judge(response);
}

async function judge(response) {
  const { status } = response;
  if (status === 401 || response.type === "opaqueredirect") return { kind: "signed-out" };
  const answer = await readJson(response);
  if (status === 200 && answer) return { kind: "saved", answer };
  if (status === 409) return { kind: "conflict", answer: answer ?? {} };
  if (status === 429 || status >= 500 || status === 200) {
    return { kind: "busy", after: retryAfter(response) };
  }
  const reason = typeof answer?.error === "string" ? answer.error : (REASONS[status] ?? "the server refused it");
  return { kind: "refused", answer, reason: reason.replace(/\.$/, "") };
}

async function readJson(response) {
  try {
    const answer = await response.json();
    return answer && typeof answer === "object" ? answer : null;
  } catch {
    return null;
  }
}

function retryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? Math.min(seconds * 1000, 10 * LONGEST_WAIT_MS) : undefined;
}

/**
 * Returns how long to wait before the next try: one second, then twice as long each time, at most a
 * minute, a little apart from other pages.
 *
 * @param {number} tries how many have failed, from 1
 */
export function backoff(tries) {
  const wait = Math.min(1000 * 2 ** (tries - 1), LONGEST_WAIT_MS);
  return wait * (0.75 + Math.random() / 2);
}

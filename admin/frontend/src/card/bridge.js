// Talks to the assistant's program that shows this page: JSON-RPC messages to the parent window, as MCP
// Apps (`io.modelcontextprotocol/ui`) has them.

const VERSION = "2026-01-26";
/** Longer than any call of a tool takes. A program that never answers must not lock the buttons. */
const ANSWER_MS = 30_000;

/** Connects to the parent window. `heard` has a function for each notification that matters. */
export function connect(heard) {
  const waiting = new Map();
  let lastId = 0;

  addEventListener("message", ({ source, data }) => {
    // Anything may send messages to a window, also what stands in a frame of it.
    if (source !== parent || data?.jsonrpc !== "2.0") return;
    if (!data.method) settle(data);
    else if (data.id === undefined) heard[data.method]?.(data.params ?? {});
    else answer(data);
  });

  function send(message) {
    // The parent's origin is not known: a sandbox stands between. Nothing sent here is secret from it.
    parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  }

  function settle({ id, result, error }) {
    const { resolve, reject, timer } = waiting.get(id) ?? {};
    if (!waiting.delete(id)) return;
    clearTimeout(timer);
    if (error) reject(new Error(error.message ?? "The assistant's program refused."));
    else resolve(result ?? {});
  }

  /** Answers what the host asks: whether the page is there, and that it may go. */
  function answer({ id, method }) {
    const isKnown = method === "ping" || method === "ui/resource-teardown";
    send(isKnown ? { id, result: {} } : { id, error: { code: -32601, message: `No ${method} here.` } });
  }

  function request(method, params) {
    const id = ++lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle({ id, error: { message: "No answer came." } }), ANSWER_MS);
      waiting.set(id, { resolve, reject, timer });
      send({ id, method, params });
    });
  }

  const notify = (method, params = {}) => send({ method, params });

  /** Says hello; returns what the host can do and how it looks. */
  async function begin() {
    const appInfo = { name: "handrail-step", version: "1" };
    const appCapabilities = { availableDisplayModes: ["inline", "fullscreen"] };
    const host = await request("ui/initialize", { appInfo, appCapabilities, protocolVersion: VERSION });
    notify("ui/notifications/initialized");
    return host;
  }

  return { begin, request, notify };
}

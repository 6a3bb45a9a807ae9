// Listen with an official TypeScript SDK. node listen.mjs 1|2 legacy|auto
//
// The first line of standard input is an address; then one line is printed when the client hears of
// changes, and one for each list that it has read again because it heard. Ends with its input.
import { createInterface } from "node:readline";

const [major, mode] = process.argv.slice(2);
const name = major === "1" ? "sdk/client/index.js" : "client";
const { Client } = await import(`@modelcontextprotocol/${name}`);
const transports = major === "1" ? "sdk/client/streamableHttp.js" : "client";
const { StreamableHTTPClientTransport } = await import(`@modelcontextprotocol/${transports}`);

const print = (facts) => console.log(JSON.stringify({ ...facts, at: Date.now() / 1000 }));
const heard = (list, words) => ({
  debounceMs: 0,
  onChanged: (error, items) => print({ list, error: error?.message, items: items?.map(words) }),
});

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { value: address } = await lines.next();
let open;
const opened = new Promise((resolve) => (open = resolve));
const transport = new StreamableHTTPClientTransport(new URL(address), {
  fetch: async (url, init) => {
    const answer = await fetch(url, init);
    const accepted = new Headers(init.headers).get("accept");
    if (init.method === "GET" && accepted === "text/event-stream" && answer.ok) open();
    return answer;
  },
});
const client = new Client(
  { name: "listener", version: "1" },
  {
    ...(major === "2" && { versionNegotiation: { mode } }),
    listChanged: {
      tools: heard("tools", (tool) => tool.name),
      prompts: heard("prompts", (prompt) => prompt.description),
      resources: heard("resources", (resource) => resource.title),
    },
  },
);
await client.connect(transport);
// The current era has acknowledged by now; in the other one the stream is opened by a GET.
if (mode !== "auto") await opened;
print({ ready: true });
await lines.next();
await client.close();
process.exit(0);

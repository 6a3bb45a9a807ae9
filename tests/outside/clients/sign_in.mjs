// The official TypeScript SDKs sign in. node sign_in.mjs 1|2 legacy|auto
//
// A line of standard input is an address to begin anew with, or a tool call, or, where a line
// "authorize" was printed, what came back from the browser.
import { createInterface } from "node:readline";

const [version, mode] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport, UnauthorizedError } = await load();
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()).value;
const print = (facts) => console.log(JSON.stringify(facts));
let address, client, kept;
const provider = {
  redirectUrl: "http://127.0.0.1:7777/callback",
  clientMetadata: {
    client_name: "TypeScript",
    redirect_uris: ["http://127.0.0.1:7777/callback"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  state: () => "xyz",
  clientInformation: () => kept.client,
  saveClientInformation: (client) => void (kept.client = client),
  tokens: () => kept.tokens,
  saveTokens: (tokens) => void (kept.tokens = tokens),
  redirectToAuthorization: (url) => print({ authorize: url.href }),
  saveCodeVerifier: (verifier) => void (kept.verifier = verifier),
  codeVerifier: () => kept.verifier,
  discoveryState: () => kept.discovery,
  saveDiscoveryState: (state) => void (kept.discovery = state),
};

for (let line = await next(); line; line = await next()) {
  if (line.startsWith("http")) await begin(new URL(line));
  else await call(JSON.parse(line));
}
await client.close();

async function begin(wanted) {
  await client?.close();
  [address, kept] = [wanted, {}];
  client = await signedIn(connect);
  print({ connected: true });
}

async function call(wanted) {
  const result = await signedIn(() => client.callTool(wanted));
  print({ view: result._meta["handrail/view"] });
}

async function load() {
  if (version === "2") return import("@modelcontextprotocol/client");
  const parts = await Promise.all([
    import("@modelcontextprotocol/sdk/client/index.js"),
    import("@modelcontextprotocol/sdk/client/streamableHttp.js"),
    import("@modelcontextprotocol/sdk/client/auth.js"),
  ]);
  return Object.assign({}, ...parts);
}

async function connect() {
  const options = version === "2" ? { versionNegotiation: { mode } } : {};
  const made = new Client({ name: "typescript", version: "1" }, options);
  await made.connect(new StreamableHTTPClientTransport(address, { authProvider: provider }));
  return made;
}

// Do what an application does that is told to sign in: finish it, connect anew, and try again.
async function signedIn(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    const answer = JSON.parse(await next());
    const transport = new StreamableHTTPClientTransport(address, { authProvider: provider });
    await transport.finishAuth(answer.code, answer.iss);
    if (attempt !== connect) {
      await client.close(); // it listens, and would keep this process
      client = await connect();
    }
    return attempt();
  }
}

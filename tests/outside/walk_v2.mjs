// The official TypeScript SDK, version 2. node walk_v2.mjs ADDRESS legacy|auto
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { walk } from "./walk.mjs";

const [, , address, mode] = process.argv;
const client = new Client({ name: "walk-v2", version: "1" }, { versionNegotiation: { mode } });
await client.connect(new StreamableHTTPClientTransport(new URL(address)));
await walk(client, client.getNegotiatedProtocolVersion());

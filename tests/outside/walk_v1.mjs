// The official TypeScript SDK, version 1. node walk_v1.mjs ADDRESS
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { walk } from "./walk.mjs";

const transport = new StreamableHTTPClientTransport(new URL(process.argv[2]));
const client = new Client({ name: "walk-v1", version: "1" });
await client.connect(transport);
await walk(client, transport.protocolVersion);

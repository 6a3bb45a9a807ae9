// The official TypeScript SDK, version 1.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { converse } from "./conversation.mjs";

await converse(async (address) => {
  const transport = new StreamableHTTPClientTransport(address);
  const client = new Client({ name: "typescript-1", version: "1" });
  await client.connect(transport);
  return [client, transport.protocolVersion];
});

// The official TypeScript SDK, version 2. node typescript_2.mjs legacy|auto
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { converse } from "./conversation.mjs";

const mode = process.argv[2];

await converse(async (address) => {
  const client = new Client(
    { name: "typescript-2", version: "1" },
    { versionNegotiation: { mode } },
  );
  await client.connect(new StreamableHTTPClientTransport(address));
  return [client, client.getNegotiatedProtocolVersion()];
});

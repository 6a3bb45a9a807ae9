// Let a test talk through a client: each line of standard input is one step, answered by one line.
//
// An address opens a connection, the lines after it are tool calls or other requests, and an empty
// line closes it.
import { createInterface } from "node:readline";

// Serves standard input until it ends. `connect` gets an address and returns a connected client
// and the protocol version that it agreed on.
export async function converse(connect) {
  let client;
  for await (const line of createInterface({ input: process.stdin })) {
    if (!client) {
      let protocol;
      [client, protocol] = await connect(new URL(line));
      const tools = (await client.listTools()).tools.map((tool) => tool.name);
      print({ protocol, tools });
    } else if (line) {
      const wanted = JSON.parse(line);
      print(await (wanted.method ? ask(client, wanted) : call(client, wanted)));
    } else {
      await client.close();
      client = undefined;
      print({ closed: true });
    }
  }
}

async function call(client, { name, arguments: given }) {
  try {
    const result = await client.callTool({ name, arguments: given });
    return {
      text: result.content[0].text,
      is_error: result.isError ?? false,
      view: result._meta?.["handrail/view"] ?? null,
      structured: result.structuredContent ?? null,
    };
  } catch (error) {
    return { text: error.message, is_error: true, view: null, structured: null };
  }
}

const requests = {
  "prompts/list": (client, given) => client.listPrompts(given),
  "prompts/get": (client, given) => client.getPrompt(given),
  "resources/list": (client, given) => client.listResources(given),
  "resources/templates/list": (client, given) => client.listResourceTemplates(given),
  "resources/read": (client, given) => client.readResource(given),
};

async function ask(client, { method, params }) {
  try {
    return await requests[method](client, params);
  } catch (error) {
    return { error: { code: error.code, message: error.message } };
  }
}

const print = (facts) => console.log(JSON.stringify(facts));

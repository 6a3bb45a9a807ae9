// Walks the first walkthrough on offer to its end with a connected client of either SDK,
// and prints what it saw as JSON.
export async function walk(client, protocol) {
  const call = async (name, args = {}) => {
    const result = await client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(result.content[0].text);
    return result.structuredContent;
  };
  const tools = (await client.listTools()).tools.map((tool) => tool.name);
  const [card] = (await call("list_walkthroughs")).walkthroughs;
  const titles = [];
  let view = await call("select_walkthrough", { walkthrough_id: card.id });
  while (view.step) {
    titles.push(view.step.title);
    view = await call("next_walkthrough_step", { current_step_id: view.step.id });
  }
  const status = await call("get_walkthrough_status", { walkthrough_id: card.id });
  const instructions = client.getInstructions();
  console.log(JSON.stringify({ protocol, tools, titles, instructions, status: status.status }));
  await client.close();
}

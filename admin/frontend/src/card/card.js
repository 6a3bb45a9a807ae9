// The step card: shows the learner's step, and calls the tools for the buttons. The host hands it the
// result of the call that it stands beside; the texts of results stay complete without it.
import { doneBefore, newsFor, placeOf, readStep, wordsOf } from "./answers.js";
import { connect } from "./bridge.js";
import { dress, tellHeight } from "./look.js";
import { allowNoMoreScripts } from "./policy.js";
import { blocks, words } from "./markdown.js";

const NOT_PASSED_ON =
  "This assistant has not passed on what the card needs. Go on in the conversation: ask for the step.";
const SOON = "Press the button again when you have done the step.";
const TICK = "Tick the box when it is so; then you can go on.";
const SAY = "When you have done it, say so in the conversation.";
const AGAIN = "Press the button again, or go on in the conversation.";

const part = (id) => document.getElementById(id);
const host = connect({
  "ui/notifications/tool-result": (result) => take(result),
  "ui/notifications/tool-cancelled": () => warn("The call was cancelled.", "Ask for the step again."),
  "ui/notifications/host-context-changed": dress,
});
/** What the host can do. */
let can = {};
/** Where the learner is, as the newest result tells it. */
let current = null;
/** An earlier step that is shown again; null while the current one is shown. */
let earlier = null;

allowNoMoreScripts();
part("back").addEventListener("click", () => run(back));
part("next").addEventListener("click", () => run(next));
part("return").addEventListener("click", comeBack);
part("checked").addEventListener("change", check);
document.addEventListener("click", openLink);
begin();

async function begin() {
  try {
    const { hostCapabilities, hostContext } = await host.begin();
    can = hostCapabilities ?? {};
    dress(hostContext);
    tellHeight(host.notify);
  } catch {
    warn("The assistant's program does not answer.", "Go on in the conversation.");
  }
}

/** Takes a result over: the one of the call that opened the card, or of the card's own. */
function take(result) {
  const answer = readStep(result);
  if (!answer) return warn(result.isError ? wordsOf(result) : NOT_PASSED_ON, result.isError ? AGAIN : "");
  // A call that came too soon repeats no text. The card may have it; else the server does.
  const isSame = answer.step && answer.step.id === current?.step?.id;
  const isSoon = answer.step && answer.text === null;
  if (isSoon) answer.notice = [answer.notice, SOON].filter(Boolean).join(" ");
  if (isSame) answer.isChecked = current.isChecked;
  if (isSame && isSoon) answer.text = current.text;
  current = answer;
  earlier = null;
  show();
  if (answer.step && answer.text === null) run(fetchText);
  return !isSame;
}

/** Shows the step that is to be shown: the current one, or an earlier one. */
function show() {
  const { step, text } = earlier ?? current;
  const { progress, walkthrough } = current;
  warn();
  part("card").hidden = false;
  part("notice").textContent = (!earlier && current.notice) || "";
  part("place").textContent = placeOf({ walkthrough, step, progress });
  part("title").textContent = step ? step.title : `You have finished “${walkthrough.title}”`;
  part("done").max = Math.max(1, progress.total_steps);
  part("done").value = progress.completed_steps;
  part("done").textContent = tally(progress);
  part("seen").hidden = !earlier;
  part("text").replaceChildren(step ? blocks(text ?? "") : tally(progress));
  part("check").hidden = !step?.verify || Boolean(earlier);
  part("checked").checked = Boolean(current.isChecked);
  part("what").replaceChildren(step?.verify ? words(step.verify) : "");
  offer();
}

const tally = ({ completed_steps, total_steps }) => `${completed_steps} of ${total_steps} steps done.`;

function check() {
  current.isChecked = part("checked").checked;
  offer();
}

/** Offers the buttons that lead somewhere. */
function offer(busy = false) {
  const mustCheck = !part("check").hidden && !part("checked").checked;
  part("card").setAttribute("aria-busy", String(busy));
  part("back").hidden = !can.serverTools;
  part("back").disabled = busy || (earlier ?? current).step?.position === 1;
  part("next").hidden = !can.serverTools || Boolean(earlier) || !current.step;
  part("next").disabled = busy || mustCheck;
  part("return").hidden = !earlier;
  part("return").textContent = current.step ? `To step ${current.step.position}` : "To the end";
  part("hint").textContent = can.serverTools ? TICK : SAY;
  part("hint").hidden = can.serverTools ? !mustCheck || part("next").hidden : !current.step;
}

/** Does what a button is for; one thing at a time, and with words if it fails. */
async function run(work) {
  const pressed = document.activeElement;
  offer(true);
  warn();
  try {
    await work();
  } catch (error) {
    warn(error.message, AGAIN);
  }
  offer();
  // A button that could not be pressed meanwhile has lost the focus.
  if (document.activeElement === document.body) pressed.focus();
}

async function next() {
  const result = await call("next_walkthrough_step", { current_step_id: current.step.id });
  if (take(result) !== true) return;
  say(placeOf(current));
  part("title").focus();
  if (can.updateModelContext) host.request("ui/update-model-context", newsFor(result)).catch(() => {});
}

/** Shows the step before the one that is shown. It moves nothing. */
async function back() {
  const from = (earlier ?? current).step?.position ?? Infinity;
  const { steps } = await status({});
  const before = doneBefore(steps, from);
  const found = before && (await status({ step_id: before.id })).step;
  if (!found) return warn("There is no step before this one that you have done.", "");
  earlier = { step: found, text: found.content };
  show();
  say(placeOf({ ...current, step: found }));
  part("title").focus();
}

function comeBack() {
  earlier = null;
  show();
  say(placeOf(current));
  part("title").focus();
}

async function fetchText() {
  const { step } = current;
  const { content } = (await status({ step_id: step.id })).step ?? {};
  if (current.step?.id !== step.id || content === undefined) return;
  current.text = content;
  show();
}

async function status(given) {
  const wanted = { walkthrough_id: current.walkthrough.id, ...given };
  const result = await call("get_walkthrough_status", wanted);
  if (result.isError || !result.structuredContent) throw new Error(wordsOf(result) || NOT_PASSED_ON);
  return result.structuredContent;
}

const call = (name, given) => host.request("tools/call", { name, arguments: given });

/** Shows what went wrong and what to do; nothing without words. */
function warn(problem = "", advice = "") {
  part("problem").textContent = [problem, advice].filter(Boolean).join(" ");
  part("waiting").hidden = true;
}

/** Says something to those who hear the page. */
function say(text) {
  part("spoken").textContent = text;
}

/** Lets the host open a link: a page in a sandbox cannot. */
function openLink(event) {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  event.preventDefault();
  const cannot = () => warn(`The address is ${link.href}`, "Open it in your browser.");
  if (!can.openLinks) return cannot();
  host.request("ui/open-link", { url: link.href }).then(({ isError }) => isError && cannot(), cannot);
}

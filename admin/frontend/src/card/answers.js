// Reads what the tools answer. Pure: results in, what the card shows out.

const VIEW = "handrail/view";
const END = /\n<\/(content(?:-[0-9a-f]+)?)>$/;

/**
 * Returns what a result of select_walkthrough or next_walkthrough_step says; null if the host has not
 * passed on what the card needs. `text` is null where the result repeats no text.
 */
export function readStep(result) {
  const view = result?._meta?.[VIEW];
  if (!view?.walkthrough || !view.progress) return null;
  const { walkthrough, step, progress, notice } = view;
  return { walkthrough, step, progress, notice, text: step ? stepText(wordsOf(result)) : null };
}

/** Returns the text of a result, which is all there is of one that says what went wrong. */
export function wordsOf(result) {
  const isText = (part) => part?.type === "text" && typeof part.text === "string";
  return (result?.content ?? []).filter(isText).map((part) => part.text).join("\n");
}

/**
 * Returns the author's text. It stands at the end, between two marks. The name of the marks is one that
 * the text does not have, so the last opening mark is the one that belongs to the last line.
 */
export function stepText(words) {
  const mark = END.exec(words)?.[1];
  if (!mark) return null;
  const opening = `\n<${mark}>\n`;
  const at = words.lastIndexOf(opening);
  return at < 0 ? null : words.slice(at + opening.length, words.length - mark.length - 4);
}

/**
 * Returns which step to ask for before `position`: the newest one before it that is done, of the steps
 * that get_walkthrough_status lists. A step that was added since is not done, and is not shown.
 */
export function doneBefore(steps, position) {
  return steps.filter((step) => step.completed && step.position < position).at(-1) ?? null;
}

/** Returns the line above the title. */
export function placeOf({ walkthrough, step, progress }) {
  const place = step ? `Step ${step.position} of ${progress.total_steps}` : "Finished";
  return [place, step?.section, walkthrough.title].filter(Boolean).join(" · ");
}

/** Returns what the assistant is told when the learner has gone on without it. */
export function newsFor(result) {
  const text =
    "The learner pressed a button in the card, which shows them the answer below. Do not show it " +
    "again. Wait for the learner, and help if they ask.";
  return { content: [{ type: "text", text }, ...(result.content ?? [])] };
}

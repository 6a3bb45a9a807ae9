// The changes that wait for the server: which belong together, and what each has seen.
import { hash, newKey } from "./ids.js";

/**
 * @typedef {object} Change
 * @property {string} kind set_step, set_detail, add_step, move_step, delete_step, rename_section, drop
 * @property {string} [step]
 * @property {string} [field]
 * @property {string} [value]
 * @property {string | null} [after]
 * @property {string} [section]
 */

/** @typedef {{ request_id: string, changes: Change[] }} Batch */

const isSet = (change) => change.kind === "set_step" || change.kind === "set_detail";

/** Returns the name of the text that a change sets, such as `stp_1/text` or `/title`. */
export function target(change) {
  return isSet(change) ? `${change.step ?? ""}/${change.field}` : "";
}

export class Queue {
  constructor() {
    /** @type {Change[]} */
    this.waiting = [];
    /** @type {Batch | null} the changes that were sent and not yet answered */
    this.sent = null;
    /** What the server holds of each text, as a hash; of one that it never drew, the empty text's. */
    this.seen = new Map();
    /** Texts that somebody else changed too: they wait until somebody chooses. */
    this.held = new Map();
  }

  /** Adds a change. Of one text only the newest value is kept. */
  add(change) {
    const name = target(change);
    if (name && this.held.has(name)) {
      this.held.set(name, change);
      return;
    }
    if (change.kind === "add_step") this.#knowStep(change);
    const same = name ? this.waiting.findIndex((each) => target(each) === name) : -1;
    if (same !== -1) this.waiting[same] = this.waiting[same].resolves ? { ...change, resolves: true } : change;
    else this.waiting.push(change);
  }

  /** What a new step brings along is what the server will hold when its texts are changed. */
  #knowStep(change) {
    for (const [field, value] of Object.entries(change)) {
      if (typeof value === "string") this.seen.set(`${change.step}/${field}`, hash(value));
    }
  }

  /** Returns all changes that the server has not taken, oldest first. */
  get all() {
    return [...(this.sent?.changes ?? []), ...this.waiting, ...this.held.values()];
  }

  /** Returns what to send now: what was sent before and not answered, under the same id, or what waits. */
  next() {
    if (this.sent) return this.sent;
    const changes = this.waiting.filter((each) => each.resolves || !isSet(each) || this.seen.get(target(each)) !== hash(each.value));
    this.waiting = [];
    if (!changes.length) return null;
    const withSeen = changes.map((each) => (isSet(each) ? { ...each, seen: this.seen.get(target(each)) ?? hash("") } : each));
    this.sent = { request_id: newKey(), changes: withSeen };
    return this.sent;
  }

  /** Takes the answer: what was sent is stored, but for the texts in conflict, which are held. */
  answered(conflicts) {
    const sent = this.sent?.changes ?? [];
    this.sent = null;
    for (const change of sent.filter(isSet)) this.seen.set(target(change), hash(change.value));
    for (const conflict of conflicts) {
      const name = `${conflict.step ?? ""}/${conflict.field}`;
      const mine = [...sent, ...this.waiting].findLast((each) => target(each) === name);
      this.waiting = this.waiting.filter((each) => target(each) !== name);
      this.seen.set(name, hash(conflict.theirs));
      if (mine) this.held.set(name, mine);
    }
  }

  /** Returns whether a newer value of a text, or a choice, is still to be sent. */
  isWaiting(name) {
    return this.held.has(name) || this.waiting.some((each) => target(each) === name);
  }

  /** Puts what was sent back, to be sent again under a new id. */
  takeBack() {
    if (!this.sent) return;
    const newer = this.waiting;
    this.waiting = this.sent.changes.map(({ seen: _seen, ...change }) => change);
    this.sent = null;
    newer.forEach((change) => this.add(change));
  }

  /** Ends the conflict of a text; *value* is what it shall be, null if the other's stays. */
  resolve(name, value) {
    const mine = this.held.get(name);
    if (!mine) return;
    this.held.delete(name);
    if (value === null) this.waiting.push({ kind: "drop", step: mine.step, field: mine.field, value: mine.value });
    else this.add({ ...mine, value, resolves: true });
  }
}

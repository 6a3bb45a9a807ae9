// Saves a draft a second after the last key, and loses nothing when that fails.
import { element, showDialog } from "./dom.js";
import { askConflict } from "./save/conflict.js";
import { clock, offerCopy } from "./save/copy_bar.js";
import { changeOf, fieldOf, learn, setField, showProblems, showWaiting } from "./save/fields.js";
import { hash, newKey } from "./save/ids.js";
import { Queue, target } from "./save/queue.js";
import { backoff, send } from "./save/send.js";
import { openStore } from "./save/store.js";
import { toast } from "./toast.js";

export { element, newKey, showDialog, toast };

const QUIET_MS = 1000, STORE_MS = 300;

/** Saves the fields below one element. `data-save-url`, `-revision` and `-store` say where. */
export class Autosave {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.url = root.dataset.saveUrl;
    this.revision = Number(root.dataset.saveRevision);
    this.quietMs = Number(root.dataset.saveAfterMs ?? QUIET_MS);
    this.client = newKey();
    this.queue = new Queue();
    this.store = openStore(root.dataset.saveStore);
    this.status = root.querySelector("[data-save-status]") ?? document.querySelector("[data-save-status]");
    this.isStored = true;
    this.isStopped = false; // until somebody signs in
    this.tries = 0;
    learn(this.queue, root);
    this.#listen();
    this.#offer();
    this.#takeEarly();
  }

  /** Saves what was typed while the scripts of the page were on their way. */
  #takeEarly() {
    for (const field of this.root.querySelectorAll("[data-field]")) {
      const drawn = field.defaultValue?.replaceAll("\r\n", "\n");
      if (drawn !== undefined && !field.readOnly && field.value !== drawn) this.change(changeOf(field));
    }
  }

  /** Adds a change, such as a step that was moved, and saves it soon. */
  change(change) {
    this.queue.add(change);
    clearTimeout(this.storing);
    this.storing = setTimeout(() => this.#keep(), STORE_MS);
    if (this.isStopped || this.tries > 0) return; // what the status says is still so
    this.#state("Saving…");
    this.#later(this.quietMs);
  }

  /** Saves now; resolves when the server has answered, also to what was sent before. */
  async flush() {
    while (this.sending) await this.sending;
    if (this.isStopped) return;
    clearTimeout(this.timer);
    const batch = this.queue.next();
    if (!batch) return this.#idle();
    this.#keep();
    this.#state("Saving…");
    const body = { ...batch, base: this.revision, client: this.client };
    this.sending = send(this.url, body, csrfToken());
    const outcome = await this.sending;
    this.sending = null;
    this.#take(outcome, batch.changes);
  }

  /** Goes on after a sign-in. *csrf* is the token of the new session. */
  resume(csrf) {
    if (csrf) document.querySelector('meta[name="csrf-token"]').content = csrf;
    this.isStopped = false;
    return this.flush();
  }

  /** Settles a conflict: *value* is what the text shall be, null for the other's. */
  resolve(conflict, value) {
    this.queue.resolve(target({ kind: "set_step", ...conflict }), value);
    const field = fieldOf(this.root, conflict);
    if (field) setField(field, value ?? conflict.theirs);
    this.#later(0);
  }

  /** Shows what the server holds of a text by now, unless somebody here has another one. */
  take(stored) {
    const name = target({ kind: "set_step", ...stored });
    const field = fieldOf(this.root, stored);
    if (!field || this.queue.all.some((each) => target(each) === name)) return;
    if (field.value === stored.value || this.queue.seen.get(name) !== hash(field.value)) return;
    this.queue.seen.set(name, hash(stored.value));
    setField(field, stored.value);
  }

  #listen() {
    this.root.addEventListener("input", (event) => {
      if (event.target.matches("[data-field]")) this.change(changeOf(event.target));
    });
    this.root.addEventListener("handrail:move", (event) => {
      for (const { step, after, section } of event.detail.moves) this.change({ kind: "move_step", step, after, section });
    });
    this.root.addEventListener("htmx:load", () => {
      learn(this.queue, this.root);
      showWaiting(this.queue, this.root);
    });
    document.addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      if (this.isStopped) this.#signedOut();
      else this.flush();
    });
    window.addEventListener("online", () => this.flush());
    window.addEventListener("pagehide", () => this.#keep());
    document.addEventListener("visibilitychange", () => document.hidden && this.#keep());
    window.addEventListener("beforeunload", (event) => {
      if (!this.#keep()) event.preventDefault();
    });
  }

  #take(outcome, sent) {
    if (outcome.kind === "saved") return this.#saved(outcome.answer, sent);
    if (outcome.kind === "conflict") {
      const conflicts = outcome.answer.conflicts ?? [];
      if (!conflicts.length) return this.#retry(outcome);
      this.queue.takeBack();
      return this.#saved(outcome.answer, sent);
    }
    if (outcome.kind === "signed-out") return this.#signedOut();
    if (outcome.kind === "refused") {
      this.queue.takeBack();
      return this.#state(`Not saved: ${outcome.reason}, ${this.#where()}`);
    }
    return this.#retry(outcome);
  }

  #saved(answer, sent) {
    const conflicts = answer.conflicts ?? [];
    this.tries = 0;
    if (Number.isInteger(answer.revision)) this.revision = answer.revision;
    this.queue.answered(conflicts);
    for (const stored of answer.stored ?? []) this.#learnStored(stored, sent);
    this.#keep();
    if (Array.isArray(answer.problems)) showProblems(this.root, answer.problems);
    const told = [...(answer.merged ?? []), ...(answer.notices ?? [])];
    if (told.length) toast(told.join(" "));
    this.savedAt = Date.parse(answer.saved_at) || Date.now();
    this.#dispatch("handrail:saved", answer);
    if (this.queue.waiting.length) this.#later(this.quietMs);
    else this.#idle();
    this.#settle(conflicts);
  }

  /** The server keeps another text than was sent: shows it, unless somebody has typed on. */
  #learnStored(stored, sent) {
    const name = target({ kind: "set_step", ...stored });
    const field = fieldOf(this.root, stored);
    const mine = sent.find((each) => target(each) === name)?.value;
    if (this.queue.isWaiting(name) || !field || (mine !== undefined && field.value !== mine)) return;
    this.queue.seen.set(name, hash(stored.value));
    setField(field, stored.value);
    field.closest("details")?.setAttribute("open", "");
  }

  async #settle(conflicts) {
    for (const conflict of conflicts) {
      if (!this.#dispatch("handrail:conflict", conflict)) continue; // the page asks by itself
      const mine = this.queue.held.get(target({ kind: "set_step", ...conflict }))?.value ?? conflict.mine;
      const answer = await askConflict({ ...conflict, mine });
      if (answer) this.resolve(conflict, answer.value);
    }
  }

  #idle() {
    if (this.queue.held.size) this.#state(`Not saved: somebody else changed this text, ${this.#where()}`);
    else if (this.savedAt) this.#state(`Saved ${clock(this.savedAt)}`);
  }

  #signedOut() {
    this.isStopped = true;
    this.#state("Not saved: sign in again");
    this.#dispatch("handrail:sign-in", { done: (csrf) => this.resume(csrf) });
  }

  #retry({ kind, after }) {
    this.tries += 1;
    const wait = after ?? backoff(this.tries);
    const seconds = Math.max(1, Math.round(wait / 1000));
    if (kind === "offline") this.#state(`Not saved: offline, ${this.#where()}`);
    else this.#state(`Not saved: the server is busy, ${this.#where()}; next try in ${seconds} s`);
    this.#later(wait);
  }

  #later(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Keeps what is not saved; returns whether nothing would be lost now. */
  #keep() {
    clearTimeout(this.storing);
    this.isStored = this.store.write(this.queue.all);
    return this.isStored;
  }

  #where() {
    this.#keep();
    return this.isStored ? "kept in this browser" : "only on this page: do not close it";
  }

  async #offer() {
    const copy = await this.store.find();
    if (!copy) return;
    const here = (change) => fieldOf(this.root, change)?.value ?? null;
    if (copy.changes.every((each) => target(each) && here(each) === each.value)) {
      this.store.drop(copy); // it was saved, and only the answer was lost
      return;
    }
    const name = (change) => fieldOf(this.root, change)?.labels?.[0]?.textContent.trim() ?? change.field;
    const drop = () => this.store.drop(copy);
    const bar = offerCopy(this.root, copy, { here, name, drop, restore: () => this.#restore(copy) });
    this.#dispatch("handrail:copy", { copy, bar });
  }

  /** Takes the kept changes as new ones: they are compared with what the page showed. */
  #restore(copy) {
    for (const change of copy.changes.filter((each) => each.kind !== "drop")) {
      const { seen: _seen, resolves: _resolves, ...plain } = change;
      const field = fieldOf(this.root, change);
      if (field) setField(field, change.value);
      this.change(plain);
    }
    if (this.#keep()) this.store.drop(copy);
  }

  #state(text) {
    if (this.status && this.status.textContent !== text) this.status.textContent = text;
  }

  /** Returns whether nobody called `preventDefault`. */
  #dispatch(name, detail) {
    return this.root.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
  }
}

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

for (const root of document.querySelectorAll("[data-save-url]")) root.handrailSave = new Autosave(root);

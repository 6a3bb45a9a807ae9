// Keeps unsent changes in this browser, apart for each page that is open.
import { newKey } from "./ids.js";

const PREFIX = "handrail:unsent:";
const MAX_AGE_MS = 30 * 24 * 3600 * 1000;
/** How long an open page has to say that a copy is its own. */
const ANSWER_MS = 200;

/**
 * @typedef {object} Copy
 * @property {string} key
 * @property {number} at when it was written, in milliseconds since 1970
 * @property {object[]} changes
 */

/**
 * Returns the store of one draft and one member. Each page writes a copy of its own.
 *
 * @param {string} name organization, walkthrough and member, so that nobody is offered another's text
 */
export function openStore(name) {
  const key = `${PREFIX}${name}:${newKey()}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(PREFIX + name) : null;
  channel?.addEventListener("message", ({ data }) => {
    if (data?.asks) channel.postMessage({ isOpen: key });
  });
  return {
    /** Writes the changes, or removes the copy if there are none; returns whether it is stored. */
    write(changes) {
      try {
        if (changes.length) localStorage.setItem(key, JSON.stringify({ at: Date.now(), changes }));
        else localStorage.removeItem(key);
        return true;
      } catch {
        return changes.length === 0; // full, or switched off
      }
    },
    /** Resolves to the newest copy that no open page writes to, or null. */
    async find() {
      const copies = read(`${PREFIX}${name}:`).filter((copy) => copy.key !== key);
      if (!copies.length) return null;
      const open = await openKeys(channel);
      return copies.filter((copy) => !open.has(copy.key)).sort((a, b) => b.at - a.at)[0] ?? null;
    },
    drop(copy) {
      localStorage.removeItem(copy.key);
    },
  };
}

/** Returns the copies under *prefix*; removes those that are old or cannot be read. */
function read(prefix) {
  const copies = [];
  try {
    for (const key of Object.keys(localStorage).filter((each) => each.startsWith(prefix))) {
      const copy = parse(localStorage.getItem(key));
      if (copy && Date.now() - copy.at < MAX_AGE_MS) copies.push({ key, ...copy });
      else localStorage.removeItem(key);
    }
  } catch {
    return []; // switched off
  }
  return copies;
}

function parse(text) {
  try {
    const copy = JSON.parse(text);
    return Array.isArray(copy?.changes) && typeof copy.at === "number" ? copy : null;
  } catch {
    return null;
  }
}

function openKeys(channel) {
  const open = new Set();
  if (!channel) return open;
  const listen = ({ data }) => data?.isOpen && open.add(data.isOpen);
  channel.addEventListener("message", listen);
  channel.postMessage({ asks: true });
  return new Promise((resolve) => {
    setTimeout(() => {
      channel.removeEventListener("message", listen);
      resolve(open);
    }, ANSWER_MS);
  });
}

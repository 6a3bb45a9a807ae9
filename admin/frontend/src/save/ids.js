// Names and hashes that the server can compare.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * Returns 22 random characters of small letters and digits. `crypto.randomUUID` and
 * `crypto.subtle` are missing on a page without https.
 */
export function newKey(length = 22) {
  let key = "";
  while (key.length < length) {
    const [byte] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 252) key += LETTERS[byte % 36]; // 252 is 7 * 36: each letter as often
  }
  return key;
}

/**
 * Returns the SHA-256 of a text in UTF-8, in hexadecimal.
 *
 * @param {string} text
 */
export function hash(text) {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

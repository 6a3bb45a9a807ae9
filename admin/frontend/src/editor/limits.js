// How much a text may have, in bytes of UTF-8, as the server counts.

const encoder = new TextEncoder();

/** A text may have this many bytes unless the field says otherwise (`data-max-bytes`). */
export const MAX_BYTES = 65_536;

/**
 * Returns how many bytes *text* has in UTF-8.
 *
 * @param {string} text
 */
export function byteLength(text) {
  return encoder.encode(text).length;
}

/**
 * Returns a size for people: "512 bytes", "48.2 KiB", "1.3 MiB".
 *
 * @param {number} bytes
 */
export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const [unit, name] = bytes < 1024 ** 2 ? [1024, "KiB"] : [1024 ** 2, "MiB"];
  return `${Number((bytes / unit).toFixed(1))} ${name}`;
}

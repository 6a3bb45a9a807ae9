// Takes on the host's colours, and tells it how high the card is.

/** Takes on what a host says of its theme; what it leaves out stays. */
export function dress({ theme, styles, safeAreaInsets } = {}) {
  const { style, dataset } = document.documentElement;
  if (theme === "light" || theme === "dark") dataset.theme = theme;
  for (const [name, value] of Object.entries(styles?.variables ?? {})) {
    if (name.startsWith("--") && typeof value === "string") style.setProperty(name, value);
  }
  for (const [side, pixels] of Object.entries(safeAreaInsets ?? {})) {
    if (Number.isFinite(pixels)) style.setProperty(`--inset-${side}`, `${pixels}px`);
  }
}

/** Tells how high the card is, now and when it changes. Its width is the host's to say. */
export function tellHeight(notify) {
  let told = 0;
  new ResizeObserver(() => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height !== told) notify("ui/notifications/size-changed", { height });
    told = height;
  }).observe(document.body);
}

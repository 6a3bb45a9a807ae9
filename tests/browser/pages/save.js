// Keeps what was told while saving.
window.told = [];
window.events = [];
document.addEventListener("securitypolicyviolation", (event) => window.told.push(`${event.violatedDirective} ${event.sample}`));
for (const name of ["handrail:saved", "handrail:sign-in", "handrail:conflict", "handrail:copy"]) {
  document.addEventListener(name, (event) => window.events.push([name, event.detail]));
}

// What a page does with its editor, and what its test asks about.
const text = document.querySelector("#text");
window.told = [];
window.inputs = 0;
document.addEventListener("securitypolicyviolation", (event) => window.told.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
text.addEventListener("handrail:change", () => (window.inputs += 1));
text.addEventListener("handrail:picture", (event) => {
  event.preventDefault();
  window.picture = event.detail;
});

// A second wall behind the sanitizer.

/**
 * From now on no script runs here but this one, and nothing is loaded but pictures. The host's own policy,
 * which allows inline scripts, says which pictures. It is not in the page's head, since hosts move it.
 */
export function allowNoMoreScripts() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "default-src 'none'; img-src http: https:; base-uri 'none'; form-action 'none'";
  document.head.append(policy);
}

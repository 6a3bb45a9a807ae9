// Lets a text area have the value of its editor, without writing 64 KiB into it with each key.

const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");

/**
 * Makes `textarea.value`, and what its form sends, the text of the editor; returns what ends that.
 *
 * Setting the value sets the text of the editor.
 *
 * @param {HTMLTextAreaElement} textarea
 * @param {import("@codemirror/view").EditorView} view
 */
export function follow(textarea, view) {
  const text = () => view.state.doc.toString();
  Object.defineProperty(textarea, "value", {
    configurable: true,
    get: text,
    set: (value) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } }),
  });
  const write = () => set.call(textarea, text());
  const onFormData = (event) => {
    if (textarea.name && event.formData.has(textarea.name)) event.formData.set(textarea.name, text());
  };
  const { form } = textarea;
  form?.addEventListener("formdata", onFormData);
  // The browser gives the text area back as it was when somebody comes back to the page.
  window.addEventListener("pagehide", write);
  return () => {
    form?.removeEventListener("formdata", onFormData);
    window.removeEventListener("pagehide", write);
    write();
    delete textarea.value;
  };
}

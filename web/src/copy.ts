// The button that puts a text on the clipboard.

import { fill, h } from "./dom";
import { icon } from "./icons";

/** Pages of other machines that are not encrypted have no navigator.clipboard: they ask the document. */
async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const source = h("textarea", { class: "visually-hidden", "aria-hidden": "true" });
  source.value = text;
  document.body.append(source);
  source.select();
  const isCopied = document.execCommand("copy");
  source.remove();
  if (!isCopied) throw new Error("the browser does not allow it");
}

export function copyButton(name: string, title: string, symbol: string, text: () => string): HTMLButtonElement {
  const button = h("button", { type: "button", class: "button", title }, icon(symbol), name);
  button.addEventListener("click", () => {
    copyText(text()).then(
      () => fill(button, icon("check"), "Copied"),
      () => fill(button, icon("alert"), "Cannot copy"),
    );
  });
  return button;
}

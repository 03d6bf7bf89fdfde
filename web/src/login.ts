// Asks for a token when the server wants one.

import { ApiError, logIn } from "./api";
import { fill, h } from "./dom";
import { messageOf } from "./page";

export function showLogin(parent: HTMLElement): void {
  const problem = h("p", { class: "is-critical", role: "alert" });
  const input = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
  const form = h(
    "form",
    { class: "card" },
    h("h1", {}, "avocet"),
    h("label", { for: "token" }, "Access token"),
    input,
    problem,
    h("button", { class: "button primary", type: "submit" }, "Sign in"),
    h("p", { class: "muted" }, "An administrator makes one with ", h("code", {}, "avocet access create NAME"), "."),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    logIn(input.value.trim()).then(
      () => location.reload(),
      (error: unknown) => {
        const unknown = error instanceof ApiError && error.status === 401;
        problem.textContent = unknown ? "This token is not known." : messageOf(error);
        input.select();
      },
    );
  });
  fill(parent, h("main", { class: "login" }, form));
  input.focus();
}

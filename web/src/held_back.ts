// What detectors do not say of a device's series: what came too often, or anything while they learn.

import { post, type HeldBack } from "./api";
import { fill, h, setText } from "./dom";
import { messageOf, type Context } from "./page";

export interface HeldBackCard {
  root: HTMLElement;
  show: (series: HeldBack[]) => void;
}

export function heldBackCard(device: string, context: Context): HeldBackCard {
  const mayAct = context.status.role !== "viewer";
  const list = h("ul", { class: "gone" });
  const note = h("p", { class: "muted", role: "status" });
  const button = h("button", { type: "button", class: "button", disabled: !mayAct, title: "From the next readings on" }, "Tell them again");
  const muted = h("div", {}, h("p", {}, "Came too often, so one of that kind is not told for a while:"), list, h("p", {}, button));
  const learning = h("p", {});
  const root = h("section", { class: "card", "aria-label": "Held back", hidden: true }, h("div", { class: "card-head" }, h("h2", {}, "Held back")), h("div", { class: "card-body" }, learning, muted, note));
  button.addEventListener("click", () => {
    button.setAttribute("disabled", "");
    void post("resets", { device })
      .then(() => setText(note, "They are told again from the next readings on."))
      .catch((error: unknown) => {
        setText(note, messageOf(error));
        button.toggleAttribute("disabled", !mayAct);
      });
  });
  let shown = "";
  return {
    root,
    show: (series) => {
      const key = JSON.stringify(series);
      if (key === shown) return;
      shown = key;
      const young = series.filter((one) => one.type === null).map((one) => one.metric);
      const kinds = series.filter((one) => one.type !== null);
      setText(learning, young.length ? `Still learning what is usual for ${young.join(", ")}: only what is huge is told.` : "");
      fill(list, ...kinds.map((one) => h("li", {}, h("b", {}, one.type ?? ""), ` of ${one.metric}`)));
      muted.hidden = kinds.length === 0;
      button.toggleAttribute("disabled", !mayAct);
      setText(note, "");
      root.hidden = series.length === 0;
    },
  };
}

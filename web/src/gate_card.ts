// Moved gates: what is proposed for a false positive, and those that hold.

import { get, post, remove, type Gate, type GateProposal } from "./api";
import { fill, h } from "./dom";
import { count, dateTime, measure } from "./format";
import { messageOf } from "./page";
import { deviceLink } from "./parts";
import { href } from "./view";

/** What people say of a gate: "temperature of press-7". */
function series(gate: { device: string; metric: string }): string {
  return `${gate.metric || "anomalies"} of ${gate.device}`;
}

/** Where the gate should be now that the alert is a false positive, and what that would have changed. */
export function gateProposal(alert: string, mayAct: boolean, say: (text: string, undo?: () => Promise<void>) => void): HTMLElement {
  const root = h("section", { class: "proposal", "aria-label": "Proposed gate", "aria-busy": "true" }, h("p", { class: "muted" }, "Looking at the last 7 days …"));
  const apply = async (proposal: GateProposal): Promise<void> => {
    try {
      const gate = await post<Gate>("gates", { alert, min_score: proposal.min_score });
      fill(root, h("p", {}, `The gate of ${series(gate)} is at score ${measure(gate.min_score)} from now on. `, h("a", { href: "/rules" }, "Gates")));
      say(`Gate moved to ${measure(gate.min_score)}`, () => remove("gates", { id: gate.id }).then(() => fill(root)));
    } catch (error) {
      say(messageOf(error));
    }
  };
  const show = (proposal: GateProposal): void => {
    if (proposal.min_score <= proposal.present) {
      fill(root, h("p", {}, `${series(proposal)} counts for alerts from score ${measure(proposal.present)} on already: the like of it is told no more. `, h("a", { href: "/rules" }, "Gates")));
      return;
    }
    const button = h("button", { type: "button", class: "button primary", disabled: !mayAct }, `Move the gate to ${measure(proposal.min_score)}`);
    button.addEventListener("click", () => void apply(proposal));
    fill(
      root,
      h("p", {}, h("b", {}, "Proposal: "), `${series(proposal)} counts for alerts from score ${measure(proposal.min_score)} on, not ${measure(proposal.present)}.`),
      h("div", { class: "verdict" }, h("span", {}, h("b", { class: "number" }, count(proposal.before)), " alerts in 7 days"), h("span", { "aria-hidden": "true" }, "→"), h("span", {}, h("b", { class: "number" }, count(proposal.after)), " with this")),
      proposal.hidden_true ? h("p", { class: "is-warning" }, `Careful: ${count(proposal.hidden_true)} that were labelled true positives would be hidden, too.`) : null,
      proposal.gone.length
        ? h("details", {}, h("summary", {}, "Alerts that would not have been"), h("ul", { class: "gone" }, ...proposal.gone.map((gone) => h("li", {}, h("a", { class: "number", href: href("/alerts", { id: gone.id, at: String(gone.time_us) }) }, dateTime(gone.time_us)), ` · score ${measure(Number(gone.score.toFixed(2)))}`))))
        : null,
      button,
    );
  };
  void get<GateProposal>("gate_proposal", { alert })
    .then(show, (error: unknown) => fill(root, h("p", { class: "muted" }, messageOf(error))))
    .finally(() => root.removeAttribute("aria-busy"));
  return root;
}

/** Gates that hold, each with a button that takes it back; nothing when there are none. */
export function gatesCard(gates: Gate[], mayAct: boolean, revert: (gate: Gate) => void): HTMLElement | null {
  const holding = gates.filter((gate) => !gate.is_reverted);
  if (holding.length === 0) return null;
  return h(
    "section",
    { class: "card", "aria-label": "Moved gates" },
    h("div", { class: "card-head" }, h("h2", {}, "Moved gates"), h("span", { class: "muted" }, "because of false positives")),
    h(
      "div",
      { class: "table-wrap" },
      h(
        "table",
        { class: "fold" },
        h("thead", {}, h("tr", {}, ...["Device", "Metric", "From score", "Since", "By", ""].map((name) => h("th", { scope: "col" }, name)))),
        h(
          "tbody",
          {},
          ...holding.map((gate) => {
            const button = h("button", { type: "button", class: "button", disabled: !mayAct }, "Revert");
            button.addEventListener("click", () => revert(gate));
            return h(
              "tr",
              {},
              h("td", { class: "name" }, h("a", { href: deviceLink(gate.device) }, gate.device)),
              h("td", {}, gate.metric || "as a whole"),
              h("td", { class: "number" }, measure(gate.min_score)),
              h("td", {}, gate.from_us === null ? "in a moment" : dateTime(gate.from_us)),
              h("td", {}, gate.actor, " · ", h("a", { href: href("/alerts", { id: gate.alert_id }) }, "alert")),
              h("td", {}, button),
            );
          }),
        ),
      ),
    ),
  );
}

// A mute by what it matches: rule, devices, labels, metric; for a while or at hours of the week.

import { post, type Labels, type Mute } from "./api";
import { fill, h, setText } from "./dom";
import { messageOf, type Context } from "./page";
import { select } from "./parts";

const LENGTHS: [string, string][] = [
  ["1h", "for 1 hour"],
  ["8h", "for 8 hours"],
  ["24h", "for a day"],
  ["7d", "for a week"],
  ["", "at these hours, until it is ended"],
];

/** "site=north, line=3"; null when it is something else. */
function parseLabels(text: string): Labels | null {
  const labels: Labels = {};
  for (const part of text.split(",").map((item) => item.trim())) {
    if (!part) continue;
    const at = part.indexOf("=");
    if (at <= 0) return null;
    labels[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return labels;
}

export function muteForm(context: Context, onMuted: () => void): HTMLElement {
  const field = (name: string, hint: string): HTMLInputElement => h("input", { type: "text", "aria-label": name, placeholder: hint });
  const rule = select("Rule", [["*", "Any rule"], ...context.status.rules.map((name): [string, string] => [name, name])], "*", () => undefined);
  const device = field("Devices", "press-*");
  const labels = field("Labels", "site=north, line=3");
  const metric = select("Metric", [["*", "Any metric"], ...context.status.metrics.map((item): [string, string] => [item.name, item.name])], "*", () => undefined);
  const length = select("How long", LENGTHS, "1h", () => undefined);
  const hours = field("Only at these hours", "sat,sun 00:00-24:00 Europe/Berlin");
  const reason = field("Why", "planned work");
  const problem = h("span", { class: "is-critical", role: "alert" });
  const form = h("form", { class: "trial-fields mute-fields" });
  const labelled = (name: string, control: HTMLElement): HTMLElement => h("label", {}, name, control);
  fill(
    form,
    labelled("Rule", rule),
    labelled("Devices", device),
    labelled("Labels", labels),
    labelled("Metric", metric),
    labelled("How long", length),
    labelled("Only at these hours", hours),
    labelled("Why", reason),
    h("button", { class: "button primary" }, "Mute"),
    problem,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const matchers = parseLabels(labels.value);
    if (!matchers) {
      setText(problem, "Write labels as site=north, line=3.");
      labels.focus();
      return;
    }
    const wanted = { rule: rule.value, device: device.value.trim() || "*", metric: metric.value, labels: matchers, schedule: hours.value.trim(), reason: reason.value.trim() };
    if (!length.value && !wanted.schedule) {
      setText(problem, "Say how long, or at which hours.");
      hours.focus();
      return;
    }
    post<Mute>("mutes", length.value ? { ...wanted, for: length.value } : wanted)
      .then(() => {
        setText(problem, "");
        form.reset();
        onMuted();
      })
      .catch((error: unknown) => setText(problem, messageOf(error)));
  });
  return form;
}

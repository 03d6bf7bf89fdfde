// One alert: what happened, why, since when, and what people did.

import type { Alert, Similar } from "./api";
import { h, type Child } from "./dom";
import { count, dateTime, duration, measure } from "./format";
import { labelChips } from "./labels";
import { deviceLink, fact, stateBadge, word } from "./parts";
import { href } from "./view";

const MARK: Record<string, string> = {
  open: "critical",
  acknowledged: "info",
  cleared: "ok",
  pending: "silent",
  firing: "critical",
  flapping: "warning",
};

/** The stage in words, with a shape and a colour. */
export function stageBadge(stage: string): HTMLElement {
  const badge = stateBadge(MARK[stage] ?? "info");
  badge.lastChild!.textContent = word(stage);
  return badge;
}

export function alertLink(alert: Alert): string {
  return href("/alerts", { id: alert.id, at: String(alert.time_us) });
}

export function alertSubject(alert: Alert): string {
  const metric = alert.metric ? ` · ${alert.metric}` : "";
  return `${alert.device ?? "the fleet"}${metric}`;
}

/** Where the alert is seen in its surroundings. */
export function alertChart(alert: Alert): string {
  if (alert.device === null) return href("/anomalies", { from: String(alert.opened_us - 3_600_000_000) });
  const around = 30 * 60 * 1_000_000;
  return href("/device", {
    device: alert.device,
    from: String(alert.opened_us - around),
    to: String(alert.time_us + around),
    anomaly: alert.anomaly_id,
  });
}

function band(alert: Alert, suffix: string): string {
  if (alert.lower === null && alert.upper === null) return "–";
  if (alert.lower === null) return `at most ${measure(alert.upper)}${suffix}`;
  if (alert.upper === null) return `at least ${measure(alert.lower)}${suffix}`;
  return `${measure(alert.lower)} to ${measure(alert.upper)}${suffix}`;
}

function timeline(alert: Alert): HTMLElement {
  const items: { at: number; node: HTMLElement }[] = [];
  for (const step of alert.steps ?? []) {
    items.push({
      at: step.time_us,
      node: h("li", {}, h("div", { class: "top" }, stageBadge(step.state), h("span", { class: "muted number" }, dateTime(step.time_us))), h("div", { class: "why" }, step.reason)),
    });
  }
  for (const action of alert.actions ?? []) {
    const text = action.text ? `: ${action.text}` : "";
    items.push({
      at: action.at_us,
      node: h("li", {}, h("div", { class: "top" }, h("b", {}, action.actor), h("span", { class: "muted number" }, dateTime(action.at_us))), h("div", { class: "why" }, `${action.action}${text}`)),
    });
  }
  // Steps are in event time and actions on the clock on the wall, so each kind keeps its order.
  return h("ol", { class: "timeline", "aria-label": "History" }, ...items.map((item) => item.node));
}

/** What looked like this before, and how it ended. */
function before(similar: Similar): HTMLElement {
  const whose = similar.of_device ? "of this device" : "of other devices";
  const more = similar.found > similar.alerts.length ? `, the newest ${similar.alerts.length} are listed` : "";
  const line = (alert: Similar["alerts"][number]): HTMLElement => {
    const lasted = alert.stage === "cleared" ? `cleared after ${duration(alert.time_us - alert.opened_us)}` : `still ${alert.stage}`;
    const device = similar.of_device || !alert.device ? null : h("b", {}, alert.device, " · ");
    const link = h("a", { class: "number", href: href("/alerts", { id: alert.id, at: String(alert.time_us) }) }, dateTime(alert.opened_us));
    return h("li", {}, device, link, ` · ${lasted} · score ${measure(Number(alert.score.toFixed(2)))}`, alert.label ? h("b", {}, ` · ${alert.label}`) : null);
  };
  return h(
    "section",
    { "aria-label": "Similar alerts" },
    h("h3", {}, "Seen before"),
    similar.found === 0
      ? h("p", { class: "muted" }, "Nothing like this is known: no earlier alert with this detector and metric.")
      : h("p", { class: "muted" }, `${count(similar.found)} ${whose} with this detector and metric${more}.`),
    similar.found === 0 ? null : h("ul", { class: "gone" }, ...similar.alerts.map(line)),
  );
}

/** `tools` are shown between the sentence and the facts. */
export function alertPanel(alert: Alert, unit: string, ...tools: Child[]): HTMLElement {
  const suffix = unit ? ` ${unit}` : "";
  const lasted = alert.stage === "cleared" ? `, lasted ${duration(alert.time_us - alert.opened_us)}` : "";
  return h(
    "div",
    { class: "explain" },
    h(
      "div",
      { class: "toolbar" },
      stateBadge(alert.severity, true),
      stageBadge(alert.stage),
      alert.muted && alert.stage !== "cleared" ? h("span", { class: "muted" }, "muted") : null,
      alert.label ? h("span", { class: "muted" }, alert.label) : null,
    ),
    h("p", { class: "sentence" }, alert.cause),
    alert.stage === "cleared" ? h("p", { class: "muted" }, `Cleared: ${alert.reason}.`) : null,
    ...tools,
    h(
      "dl",
      { class: "facts" },
      ...fact("Device", alert.device === null ? "the fleet" : h("a", { href: deviceLink(alert.device) }, alert.device)),
      ...(Object.keys(alert.labels).length ? fact("Labels", h("span", { class: "chips" }, ...labelChips(alert.labels))) : []),
      ...fact("Metric", alert.metric ?? "as a whole"),
      ...fact("Rule", h("a", { href: href("/rules", { rule: alert.rule }) }, alert.rule)),
      ...fact("Since", `${dateTime(alert.opened_us)}${lasted}`),
      ...fact("Anomalies", String(alert.anomalies)),
      ...fact("Measured", alert.value === null ? "–" : `${measure(alert.value)}${suffix}`),
      ...fact("Usual range", band(alert, suffix)),
      ...fact("Score", `${alert.score.toFixed(2)} (1 fires)`),
      ...fact("Detector", alert.detector ?? "–"),
      ...(alert.assignee ? fact("Looked after by", alert.assignee) : alert.acknowledged_by ? fact("Acknowledged by", alert.acknowledged_by) : []),
      ...fact("Id", h("span", { class: "mono" }, alert.id)),
    ),
    alert.similar ? before(alert.similar) : null,
    timeline(alert),
  );
}

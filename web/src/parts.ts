// Parts that several pages show.

import type { Anomaly } from "./api";
import { h, svg, type Child } from "./dom";
import { dateTime, measure, percent, shortTime } from "./format";
import { icon, shape } from "./icons";
import { href } from "./view";

const WORDS: Record<string, string> = {
  ok: "OK",
  warning: "Warning",
  critical: "Critical",
  silent: "Silent",
  info: "Info",
  pending: "Pending",
  open: "Open",
  firing: "Firing",
  flapping: "Flapping",
  acknowledged: "Acknowledged",
  cleared: "Cleared",
  muted: "Muted",
};

export function word(state: string): string {
  return WORDS[state] ?? state;
}

export function stateBadge(state: string, pill = false): HTMLElement {
  return h("span", { class: `state is-${state}${pill ? " pill" : ""}` }, shape(state), word(state));
}

/** A line through values; a gap where there is none. */
export function sparkline(values: (number | null)[], label: string): SVGElement {
  const known = values.filter((value): value is number => value !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const span = high - low || 1;
  let path = "";
  let pen = "M";
  values.forEach((value, i) => {
    if (value === null) {
      pen = "M";
      return;
    }
    const x = values.length > 1 ? (i / (values.length - 1)) * 100 : 50;
    const y = high === low ? 13 : 24 - ((value - low) / span) * 22;
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return svg(
    "svg",
    {
      class: "spark",
      viewBox: "0 0 100 26",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": known.length ? `${label}: ${measure(low)} to ${measure(high)}` : `${label}: none`,
    },
    svg("path", { d: path }),
  );
}

export function tile(label: Child, value: Child, note: Child = ""): HTMLElement {
  return h(
    "div",
    { class: "card tile" },
    h("div", { class: "label" }, label),
    h("div", { class: "value" }, value),
    h("div", { class: "note" }, note),
  );
}

export function emptyState(name: string, title: string, ...text: Child[]): HTMLElement {
  return h("div", { class: "empty" }, icon(name), h("h2", {}, title), ...text);
}

export function deviceLink(device: string): string {
  return href("/device", { device });
}

/** Where an anomaly is seen in its surroundings. */
export function anomalyLink(anomaly: Anomaly): string {
  return href("/anomalies", { id: anomaly.id, at: String(anomaly.time_us) });
}

export function chartLink(anomaly: Anomaly): string {
  const around = 30 * 60 * 1_000_000;
  return href("/device", {
    device: anomaly.device,
    from: String(anomaly.time_us - around),
    to: String(anomaly.time_us + around),
    anomaly: anomaly.id,
  });
}

/** The sentence without the detector's word in front. */
export function sentence(anomaly: Anomaly): string {
  const at = anomaly.reason.indexOf(": ");
  return at > 0 && at < 32 ? anomaly.reason.slice(at + 2) : anomaly.reason;
}

export function feedItem(anomaly: Anomaly, nowUs: number, selected = false): HTMLElement {
  return h(
    "li",
    { class: `feed-item${selected ? " selected" : ""}`, "data-id": anomaly.id },
    h(
      "a",
      { href: anomalyLink(anomaly), "aria-current": selected ? "true" : null },
      h(
        "span",
        { class: "top" },
        stateBadge(anomaly.severity),
        h("span", { class: "push number", title: dateTime(anomaly.time_us) }, shortTime(anomaly.time_us, nowUs)),
      ),
      h("span", { class: "what" }, `${anomaly.device} · ${anomaly.metric ?? "device"}`),
      h("span", { class: "why" }, sentence(anomaly)),
    ),
  );
}

export function fact(name: string, value: Child): Child[] {
  return [h("dt", {}, name), h("dd", {}, value)];
}

/** What the detector says it came from, largest share first. */
function contributors(anomaly: Anomaly): Child {
  const shares = Object.entries({ ...anomaly.contributors?.metrics, ...anomaly.contributors?.signals });
  if (shares.length === 0) return null;
  return h(
    "ul",
    { class: "shares", "aria-label": "Contributors" },
    ...shares.map(([name, share]) =>
      h(
        "li",
        {},
        h("span", { class: "name" }, name),
        h("progress", { max: 1, value: share, "aria-label": name }),
        h("span", { class: "number" }, percent(share)),
      ),
    ),
  );
}

/** What was measured, what was expected, how unusual, and why. */
export function explainPanel(anomaly: Anomaly, unit: string): HTMLElement {
  const suffix = unit ? ` ${unit}` : "";
  const band =
    anomaly.lower === null && anomaly.upper === null
      ? "–"
      : `${measure(anomaly.lower)} to ${measure(anomaly.upper)}${suffix}`;
  const position = anomaly.position
    ? `${anomaly.position.source} · ${anomaly.position.partition} @ ${anomaly.position.offset}`
    : "none: a reading did not come";
  return h(
    "div",
    { class: "explain" },
    h("div", {}, stateBadge(anomaly.severity, true)),
    h("p", { class: "sentence" }, sentence(anomaly)),
    contributors(anomaly),
    h(
      "dl",
      { class: "facts" },
      ...fact("Device", h("a", { href: deviceLink(anomaly.device) }, anomaly.device)),
      ...fact("Metric", anomaly.metric ?? "the device as a whole"),
      ...fact("When", dateTime(anomaly.time_us)),
      ...fact("Measured", anomaly.value === null ? "–" : `${measure(anomaly.value)}${suffix}`),
      ...fact("Expected", anomaly.expected === null ? "–" : `${measure(anomaly.expected)}${suffix}`),
      ...fact("Usual range", band),
      ...fact("Score", `${anomaly.score.toFixed(2)} (1 fires)`),
      ...fact("Type", anomaly.type.replaceAll("_", " ")),
      ...fact("Detector", anomaly.detector),
      ...fact("Record", h("span", { class: "mono" }, position)),
      ...fact("Id", h("span", { class: "mono" }, anomaly.id)),
    ),
  );
}

export function errorCard(message: string, retry: () => void): HTMLElement {
  return h(
    "div",
    { class: "card", role: "alert" },
    emptyState(
      "alert",
      "This cannot be shown",
      h("p", {}, message),
      h("button", { class: "button", type: "button", onClick: retry }, "Try again"),
    ),
  );
}

export function select(
  label: string,
  options: [string, string][],
  value: string,
  onChange: (value: string) => void,
): HTMLSelectElement {
  const element = h("select", { "aria-label": label });
  for (const [id, text] of options) {
    element.append(h("option", { value: id, selected: id === value }, text));
  }
  element.addEventListener("change", () => onChange(element.value));
  return element;
}

// The editor of a rule's thresholds: what they would have made of stored data, before anybody applies
// them.

import { get, type Rule, type RulePreview, type TrialAlert } from "./api";
import { copyButton } from "./copy";
import { fill, h, setText } from "./dom";
import { count, dateTime, duration } from "./format";
import { Latest, messageOf } from "./page";
import { select, stateBadge } from "./parts";
import { href } from "./view";

interface Field {
  key: string; // of the API
  yaml: string; // of the configuration, below the rule
  name: string;
  value: string; // as it is
  words?: string[];
}

/** "90s", "5m", "2h" as the configuration has it. */
function length(micros: number): string {
  if (micros === 0) return "0s";
  for (const [unit, size] of [["d", 86_400e6], ["h", 3600e6], ["m", 60e6], ["s", 1e6]] as const) {
    if (micros % size === 0) return `${micros / size}${unit}`;
  }
  return `${micros / 1000}ms`;
}

function fields(rule: Rule): Field[] {
  const severity: Field = { key: "min_severity", yaml: "min_severity", name: "From severity", value: rule.min_severity, words: ["info", "warning", "critical"] };
  const score: Field = { key: "fire_score", yaml: "fire_score", name: "From score", value: String(rule.fire_score) };
  const calm: Field = { key: "hold_off", yaml: "hold_off", name: "Clears after calm of", value: length(rule.hold_off_us) };
  if (rule.type === "anomaly") {
    return [
      score,
      severity,
      { key: "count", yaml: "count", name: "Anomalous readings", value: String(rule.count) },
      { key: "of", yaml: "of", name: "of so many in a row", value: String(rule.of) },
      { key: "for", yaml: "for", name: "Lasting for", value: length(rule.for_us) },
      calm,
    ];
  }
  return [
    score,
    severity,
    { key: "spike_min_count", yaml: "spike.min_count", name: "At least anomalies", value: String(rule.spike_min_count) },
    { key: "spike_sigma", yaml: "spike.sigma", name: "Deviations above usual", value: String(rule.spike_sigma) },
    calm,
  ];
}

/** Two bars for each day: as it is, and as it would be. */
function comparison(preview: RulePreview): HTMLElement {
  const most = Math.max(1, ...preview.before.fires_per_day, ...preview.after.fires_per_day);
  const root = h("div", { class: "bars pairs", role: "img", "aria-label": `Alerts for each of ${preview.before.fires_per_day.length} days, before and after` });
  preview.before.fires_per_day.forEach((was, day) => {
    const is = preview.after.fires_per_day[day] ?? 0;
    const title = `${dateTime(preview.from_us + day * 86_400e6).slice(0, 10)}: ${count(was)} before, ${count(is)} after`;
    const before = h("i", { class: "was" });
    const after = h("i", { class: "is" });
    before.style.height = `${(was / most) * 100}%`;
    after.style.height = `${(is / most) * 100}%`;
    root.append(h("span", { title }, before, after));
  });
  return root;
}

function examples(title: string, list: { alerts: number; newest: TrialAlert[] }): HTMLElement {
  return h(
    "details",
    {},
    h("summary", {}, `${title}: ${count(list.alerts)}`),
    list.alerts === 0
      ? h("p", { class: "muted" }, "none")
      : h(
          "div",
          { class: "table-wrap" },
          h(
            "table",
            {},
            h(
              "tbody",
              {},
              ...list.newest.map((alert) =>
                h(
                  "tr",
                  {},
                  h("td", {}, stateBadge(alert.severity)),
                  h("td", { class: "number" }, dateTime(alert.time_us)),
                  h("td", { class: "name" }, h("a", { href: href("/device", { device: alert.device, from: String(alert.time_us - 1800e6), to: String(alert.time_us + 1800e6) }) }, `${alert.device || "the fleet"}${alert.metric ? ` · ${alert.metric}` : ""}`)),
                  h("td", { class: "wrap" }, alert.reason),
                  h("td", { class: "number" }, alert.score.toFixed(2)),
                ),
              ),
            ),
          ),
        ),
  );
}

function snippet(rule: Rule, changed: [Field, string][]): string {
  const lines = ["alerts:", "  rules:", `    - name: ${rule.name}`];
  for (const [field, value] of changed.filter(([f]) => !f.yaml.includes("."))) lines.push(`      ${field.yaml}: ${value}`);
  const spike = changed.filter(([f]) => f.yaml.startsWith("spike."));
  if (spike.length) lines.push(`      spike: {${spike.map(([f, value]) => `${f.yaml.slice(6)}: ${value}`).join(", ")}}`);
  return lines.join("\n");
}

export function ruleTrial(rule: Rule, nowUs: number): HTMLElement {
  const all = fields(rule);
  const inputs = new Map<string, HTMLInputElement | HTMLSelectElement>();
  const answer = h("div", { class: "explain", role: "status" });
  const error = h("p", { class: "is-critical", role: "alert" });
  const latest = new Latest();
  let days = "7";
  let timer = 0;

  const changed = (): [Field, string][] => all.map((field): [Field, string] => [field, inputs.get(field.key)!.value.trim()]).filter(([field, value]) => value !== "" && value !== field.value);

  const show = async (): Promise<void> => {
    const query: Record<string, string | number> = { rule: rule.name, from: nowUs - Number(days) * 86_400e6 };
    for (const [field, value] of changed()) query[field.key] = value;
    root.setAttribute("aria-busy", "true");
    try {
      const preview = await latest.run((signal) => get<RulePreview>("rule_preview", query, signal));
      if (!preview) return;
      setText(error, "");
      const yaml = snippet(rule, changed());
      fill(
        answer,
        h(
          "div",
          { class: "verdict" },
          h("span", {}, h("b", { class: "number" }, count(preview.before.fires)), " as it is"),
          h("span", { "aria-hidden": "true" }, "→"),
          h("span", {}, h("b", { class: "number" }, count(preview.after.fires)), " with this"),
          h("span", { class: "muted" }, `in ${duration(preview.to_us - preview.from_us)}, from ${count(preview.anomalies)} anomalies`),
        ),
        comparison(preview),
        h("div", { class: "legend" }, h("span", {}, h("i", { class: "was" }), "as it is"), h("span", {}, h("i", {}), "with this")),
        examples("Alerts that would not have been", preview.gone),
        examples("Alerts that would have been new", preview.new),
        changed().length
          ? h(
              "div",
              { class: "yaml" },
              h("p", { class: "muted" }, "To apply it, change the rule in the configuration; one without rules gets all of this:"),
              h("pre", { class: "mono" }, yaml),
              copyButton("Copy", "Copy the lines", "copy", () => yaml),
              h("p", { class: "muted" }, "Then have it taken over: ", h("code", {}, "systemctl reload avocet"), ", or SIGHUP. It holds for readings from then on; ", h("code", {}, "avocet rebuild"), " applies it to the past."),
            )
          : null,
      );
    } catch (problem) {
      setText(error, messageOf(problem));
    } finally {
      root.removeAttribute("aria-busy");
    }
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void show(), 250);
  };

  const form = h("div", { class: "trial-fields" });
  for (const field of all) {
    const input = field.words
      ? select(field.name, field.words.map((text): [string, string] => [text, text]), field.value, later)
      : h("input", { type: "text", value: field.value, "aria-label": field.name, inputmode: "decimal", spellcheck: "false" });
    input.addEventListener("input", later);
    inputs.set(field.key, input);
    form.append(h("label", {}, h("span", {}, field.name), input));
  }
  const reset = h("button", { type: "button", class: "button" }, "As it is");
  reset.addEventListener("click", () => {
    for (const field of all) inputs.get(field.key)!.value = field.value;
    void show();
  });
  form.append(
    h("label", {}, h("span", {}, "Tried on"), select("Tried on", [["1", "the last day"], ["7", "the last 7 days"], ["30", "the last 30 days"]], days, (value) => {
      days = value;
      void show();
    })),
    reset,
  );
  const root = h("div", { class: "trial" }, form, error, answer);
  void show();
  return root;
}

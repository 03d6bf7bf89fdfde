// Rules: what each did in the last 30 days, whether it is noisy, and what other thresholds would do.

import { get, remove, type Gate, type Rule, type Rules } from "../api";
import { fill, h, setText, type Child } from "../dom";
import { ago, count, duration } from "../format";
import { gatesCard } from "../gate_card";
import { icon } from "../icons";
import { labelsText } from "../labels";
import { messageOf, refreshedPage, type Context, type Page } from "../page";
import { emptyState, errorCard, fact } from "../parts";
import { ruleTrial } from "../rule_trial";
import { href, parameter } from "../view";

const REFRESH_MS = 15_000;
const KINDS: Record<Rule["type"], string> = {
  anomaly: "anomalies of one series",
  device_spike: "unusually many anomalies of one device",
  fleet_spike: "unusually many anomalies of all devices",
};

function days(rule: Rule): HTMLElement {
  const most = Math.max(1, ...rule.fires_per_day);
  const root = h("div", { class: "bars", role: "img", "aria-label": `Alerts on each of the last ${rule.fires_per_day.length} days, at most ${most}` });
  rule.fires_per_day.forEach((fires, day) => {
    const bar = h("i", { title: `${rule.fires_per_day.length - 1 - day} days ago: ${count(fires)}` });
    bar.style.height = `${(fires / most) * 100}%`;
    root.append(bar);
  });
  return root;
}

function list(values: string[], all: string): string {
  return values.length ? values.join(", ") : all;
}

function condition(rule: Rule): string {
  if (rule.type !== "anomaly") {
    return `at least ${count(rule.spike_min_count)} within ${duration(rule.spike_window_us)}, and ${rule.spike_sigma} deviations above the usual`;
  }
  const parts = [`score ${rule.fire_score} or more`];
  if (rule.of > 1) parts.push(`${rule.count} of ${rule.of} readings`);
  if (rule.for_us > 0) parts.push(`for ${duration(rule.for_us)}`);
  return parts.join(", ");
}

function matters(rule: Rule): string {
  const except = rule.exclude_devices.length ? ` but ${rule.exclude_devices.join(", ")}` : "";
  const labels = labelsText(rule.labels);
  return `${list(rule.metrics, "all metrics")}; ${list(rule.devices, "all devices")}${except}${labels ? ` with ${labels}` : ""}; ${list(rule.detectors, "all detectors")}; ${rule.min_severity} or worse`;
}

function number(value: number, name: string, link: string | null = null): Child {
  const text = h("span", {}, h("b", { class: "number" }, count(value)), ` ${name}`);
  return link && value > 0 ? h("a", { href: link }, text) : text;
}

interface Card {
  root: HTMLElement;
  show: (rule: Rule) => void;
}

function ruleCard(first: Rule, nowUs: () => number): Card {
  const summary = h("div", { class: "explain" });
  const trial = h("div", {});
  const open = h("button", { type: "button", class: "button", "aria-expanded": "false" }, icon("rules"), "Try other thresholds");
  open.addEventListener("click", () => {
    const isOpen = trial.firstChild !== null;
    open.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) fill(trial);
    else fill(trial, ruleTrial(first, nowUs()));
  });
  const flag = h("span", {});
  const root = h(
    "section",
    { class: "card rule", "aria-label": first.name, "data-rule": first.name },
    h("div", { class: "card-head" }, h("h2", {}, first.name), h("span", { class: "muted" }, KINDS[first.type]), flag, h("span", { class: "push" }, open)),
    h("div", { class: "card-body explain" }, summary, trial),
  );
  return {
    root,
    show: (rule) => {
      fill(flag, rule.noise ? h("span", { class: "state pill is-warning" }, icon("alert"), "Noisy") : null);
      fill(
        summary,
        rule.noise ? h("p", { class: "is-warning noise" }, rule.noise) : null,
        h(
          "div",
          { class: "rule-numbers" },
          number(rule.fires, "fired", href("/alerts", { stage: "any", rule: rule.name, from: "now-30d" })),
          number(rule.open, "not over", href("/alerts", { stage: "open", rule: rule.name })),
          number(rule.acknowledged, "acknowledged"),
          number(rule.flapping, "flapping"),
          number(rule.false_positives, "false positives"),
          number(rule.never_fired, "did not last"),
          h("span", { class: "muted" }, rule.last_fired_us === null ? "never fired" : `last ${ago(rule.last_fired_us, nowUs())}`),
        ),
        days(rule),
        h(
          "dl",
          { class: "facts" },
          ...fact("Looks at", matters(rule)),
          ...fact("Fires", condition(rule)),
          ...fact("Clears", `after ${duration(rule.hold_off_us)} without an anomaly`),
          ...fact("Tells", list(rule.channels, "all channels")),
          ...(rule.noisiest.length > 1
            ? fact(
                "Most alerts",
                h("span", {}, ...rule.noisiest.flatMap((item, i): Child[] => [i ? ", " : "", h("a", { href: href("/alerts", { stage: "any", rule: rule.name, q: item.device }) }, item.device || "the fleet"), ` ${count(item.fires)}`])),
              )
            : []),
        ),
      );
    },
  };
}

export function rulesPage(context: Context): Page {
  const note = h("span", { class: "muted", role: "status" });
  const holder = h("div", {});
  const cards = h("div", { class: "charts" });
  const gates = h("div", {});
  const mayAct = context.status.role !== "viewer";
  const known = new Map<string, Card>();
  const root = h("div", { class: "page" }, h("div", { class: "head" }, h("h1", {}, "Rules"), note), holder, cards, gates);

  const revert = (gate: Gate): void => {
    void remove("gates", { id: gate.id }).then(
      () => load(),
      (error: unknown) => fill(holder, errorCard(messageOf(error), () => void load())),
    );
  };
  const load = async (): Promise<void> => {
    try {
      const [answer, moved] = await Promise.all([get<Rules>("rules"), get<{ gates: Gate[] }>("gates")]);
      fill(gates, gatesCard(moved.gates, mayAct, revert));
      fill(holder, answer.rules.length ? null : h("div", { class: "card" }, emptyState("rules", "No rules", h("p", {}, "alerts.rules of the configuration is empty: nothing becomes an alert."))));
      for (const rule of answer.rules) {
        let card = known.get(rule.name);
        if (!card) {
          card = ruleCard(rule, context.now);
          known.set(rule.name, card);
          cards.append(card.root);
          if (rule.name === parameter("rule")) card.root.scrollIntoView({ block: "start" });
        }
        card.show(rule);
      }
      const channels = answer.channels.length ? answer.channels.map((channel) => channel.name).join(", ") : "nobody: alerts.channels is empty";
      setText(note, `the last ${answer.days} days${answer.is_complete ? "" : ", as far as is in memory"} · told to ${channels}`);
    } catch (error) {
      fill(holder, errorCard(messageOf(error), () => void load()));
    }
  };
  return refreshedPage("Rules", root, REFRESH_MS, load);
}

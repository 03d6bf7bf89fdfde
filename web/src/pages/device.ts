// Device: its metrics over time, and what was unusual.

import { ApiError, get, type Anomaly, type AnomalyList, type Device, type Late, type Quiet, type Series } from "../api";
import { Chart, type LatePoint } from "../chart";
import { deviceAlerts } from "../device_alerts";
import { deviceRecords } from "../device_records";
import { fill, h, setText } from "../dom";
import { events } from "../events";
import { ago, count, duration, measure, percent, HOUR } from "../format";
import { DeviceHealthCard } from "../health";
import { heldBackCard } from "../held_back";
import { icon } from "../icons";
import { labelChips } from "../labels";
import { Latest, messageOf, type Context, type Page } from "../page";
import { emptyState, errorCard, explainPanel, feedItem, stateBadge } from "../parts";
import { change, href, instant, parameter } from "../view";

const RANGES: [string, string][] = [
  ["now-15m", "15 min"],
  ["now-1h", "1 h"],
  ["now-6h", "6 h"],
  ["now-24h", "24 h"],
  ["now-7d", "7 d"],
];
const FIRST_RANGE = "now-6h";
const MAX_LISTED = 500;
const MAX_LATE = 500;
const LATE_MS = 30_000; // between two looks for more

interface Card {
  chart: Chart;
  root: HTMLElement;
  now: HTMLElement;
  facts: HTMLElement;
}

export function devicePage(context: Context): Page {
  const name = parameter("device");
  const title = h("h1", {}, name || "Device");
  const badge = h("span", {});
  const chips = h("span", { class: "chips", hidden: true });
  const facts = h("span", { class: "muted number" });
  const ranges = h("div", { class: "group", role: "group", "aria-label": "Time range" });
  const from = h("input", { type: "text", "aria-label": "From", size: 17, title: "now-6h, now/d or 2025-01-31T12:00Z" });
  const to = h("input", { type: "text", "aria-label": "To", size: 17, title: "now, or 2025-01-31T12:00Z" });
  const live = h("button", { type: "button", class: "button", title: "Follow live (l)" }, icon("play"), "Live");
  const button = (picture: string, label: string, act: () => void): HTMLElement =>
    h("button", { type: "button", class: "button icon", "aria-label": label, title: label, onClick: act }, icon(picture));
  const charts = h("div", { class: "charts" });
  const alerts = deviceAlerts(context, name);
  const records = deviceRecords(name);
  const list = h("ol", { class: "feed-list" });
  const listTitle = h("h2", {}, "Anomalies");
  const explain = h("section", { class: "card", "aria-label": "Explanation", hidden: true });
  const note = h("span", { class: "muted", role: "status" });
  const health = new DeviceHealthCard(name, context);
  const heldBack = heldBackCard(name, context);
  const custom = h("form", { class: "toolbar" }, from, h("span", { class: "muted" }, "to"), to, h("button", { class: "button", type: "submit" }, "Apply"));
  const toolbar = h(
    "div",
    { class: "toolbar" },
    ranges,
    h(
      "span",
      { class: "toolbar" },
      button("left", "Earlier ([)", () => shift(-1)),
      button("right", "Later (])", () => shift(1)),
      button("out", "Zoom out (z)", () => zoomOut()),
      live,
    ),
    custom,
    note,
  );
  const side = h(
    "div",
    { class: "sticky" },
    explain,
    alerts.root,
    heldBack.root,
    health.root,
    h("section", { class: "card feed", "aria-label": "Anomalies in view" }, h("div", { class: "card-head" }, listTitle), list),
  );
  const root = h(
    "div",
    { class: "page" },
    h("div", { class: "head" }, h("a", { href: "/", class: "crumb" }, "Fleet"), h("span", { class: "crumb" }, "/"), title, badge, chips, facts),
    toolbar,
    h(
      "div",
      { class: "columns" },
      h("div", { class: "charts" }, charts, records.root),
      side,
    ),
  );

  const cards = new Map<string, Card>();
  const latest = new Latest();
  const latestLate = new Latest();
  let late: Late | null = null;
  let series: Series | null = null;
  let anomalies: Anomaly[] = [];
  let quiet: Quiet[] = [];
  let device: Device | null = null;
  let picked: Anomaly | null = null;

  const bounds = (): [number, number] => {
    const nowUs = context.now();
    const end = instant(parameter("to", "now"), nowUs) ?? nowUs;
    const begin = instant(parameter("from", FIRST_RANGE), nowUs) ?? nowUs - 6 * HOUR;
    return begin < end ? [begin, end] : [end - HOUR, end];
  };
  /** What the address says that is no time; another one is shown then. */
  const unreadable = (): string | undefined =>
    [parameter("from", FIRST_RANGE), parameter("to", "now")].find((text) => instant(text, context.now()) === null);
  const follows = (): boolean => parameter("to", "now") === "now";

  const setRange = (begin: number, end: number): void => {
    change({ from: String(Math.round(begin)), to: String(Math.round(end)) }, true);
  };
  const shift = (direction: number): void => {
    const [begin, end] = bounds();
    const step = ((end - begin) / 2) * direction;
    setRange(begin + step, end + step);
  };
  const zoomOut = (): void => {
    const [begin, end] = bounds();
    const half = (end - begin) / 2;
    setRange(begin - half, Math.min(end + half, Math.max(context.now(), end)));
  };
  const toggleLive = (): void => {
    if (follows()) {
      const [begin, end] = bounds();
      setRange(begin, end);
    } else {
      change({ from: null, to: null }, true);
    }
  };
  live.addEventListener("click", toggleLive);
  custom.addEventListener("submit", (event) => {
    event.preventDefault();
    const nowUs = context.now();
    const bad = [from, to].find((field) => instant(field.value, nowUs) === null);
    for (const field of [from, to]) field.setAttribute("aria-invalid", String(field === bad));
    if (bad) {
      setText(note, `“${bad.value}” is not a time`);
      bad.focus();
      return;
    }
    change({ from: from.value, to: to.value === "now" ? null : to.value }, true);
  });

  const pick = (anomaly: Anomaly | null): void => change({ anomaly: anomaly?.id ?? null });

  const makeCard = (metric: string): Card => {
    const unit = context.unit(metric);
    const now = h("span", { class: "now" });
    const facts = h("span", { class: "muted number push" });
    const chart = new Chart(metric, {
      zoom: setRange,
      zoomOut,
      pick: (anomaly) => pick(anomaly),
    });
    const card = h(
      "section",
      { class: "card chart-card", "aria-label": metric },
      h("div", { class: "card-head" }, h("h2", {}, metric, unit ? h("span", { class: "muted" }, ` ${unit}`) : ""), now, facts),
      chart.root,
    );
    return { chart, root: card, now, facts };
  };

  const drawCharts = (): void => {
    if (!series) return;
    const metrics = series.metrics.filter((metric) => metric.mean.some((value) => value !== null) || context.status.metrics.length === 1);
    const shown = metrics.length ? metrics : series.metrics;
    const names = shown.map((metric) => metric.metric).join("\n");
    if (charts.dataset["names"] !== names) {
      charts.dataset["names"] = names;
      for (const card of cards.values()) card.chart.destroy();
      cards.clear();
      fill(charts, legend);
      for (const metric of shown) {
        const card = makeCard(metric.metric);
        cards.set(metric.metric, card);
        charts.append(card.root);
      }
    }
    drawLegend();
    for (const metric of shown) {
      const card = cards.get(metric.metric)!;
      const own = anomalies.filter((anomaly) => anomaly.metric === metric.metric || anomaly.metric === null);
      card.chart.set(series, metric, context.unit(metric.metric), device?.period_us ?? 0, own, quiet.filter((span) => span.metrics === null || span.metrics.includes(metric.metric)), lateOf(metric.metric), picked?.id ?? "");
      const known = metric.mean.filter((value): value is number => value !== null);
      const low = Math.min(...(metric.min ?? metric.mean).filter((value): value is number => value !== null));
      const high = Math.max(...(metric.max ?? metric.mean).filter((value): value is number => value !== null));
      const last = follows() ? (device?.values[metric.metric] ?? null) : (known[known.length - 1] ?? null);
      setText(card.now, measure(last));
      setText(card.facts, known.length ? `${measure(low)} to ${measure(high)}` : "no readings in view");
    }
  };

  const lateOf = (metric: string): LatePoint[] =>
    (late?.newest ?? []).flatMap((reading) => {
      const value = reading.values[metric] ?? null;
      return value === null ? [] : [{ timeUs: reading.time_us, value }];
    });
  const legend = h("div", { class: "legend" });
  const drawLegend = (): void => {
    const has = (kind: Quiet["kind"]): boolean => quiet.some((span) => span.kind === kind);
    fill(
      legend,
      h("span", {}, h("i", {}), "value"),
      h("span", {}, h("i", { class: "range" }), "smallest to largest"),
      h("span", {}, h("i", { class: "expected" }), "rolling mean"),
      h("span", {}, h("i", { class: "band" }), "usual range"),
      late?.rows ? h("span", {}, h("i", { class: "late" }), late.rows > late.newest.length ? `late, the newest ${count(late.newest.length)} of ${count(late.rows)}` : `late: ${count(late.rows)}`) : null,
      has("maintenance") ? h("span", {}, h("i", { class: "maintenance" }), "maintenance: not judged") : null,
      has("mute") ? h("span", {}, h("i", { class: "mute" }), "muted: nobody is told") : null,
      ...(["critical", "warning", "info"] as const).map((severity) => stateBadge(severity)),
    );
  };

  const drawSide = (): void => {
    setText(listTitle, anomalies.length >= MAX_LISTED ? `Newest ${MAX_LISTED} anomalies in view` : `Anomalies in view: ${count(anomalies.length)}`);
    if (anomalies.length === 0) fill(list, h("li", {}, emptyState("anomalies", "Nothing unusual in view")));
    else {
      fill(
        list,
        ...anomalies.slice(0, 100).map((anomaly) => {
          const item = feedItem(anomaly, context.now(), anomaly.id === picked?.id);
          item.querySelector("a")!.addEventListener("click", (event) => {
            event.preventDefault();
            pick(anomaly);
          });
          return item;
        }),
      );
    }
    explain.hidden = picked === null;
    if (picked) {
      const close = h("button", { type: "button", class: "button icon quiet push", "aria-label": "Close" }, icon("close"));
      close.addEventListener("click", () => pick(null));
      fill(
        explain,
        h("div", { class: "card-head" }, h("h2", {}, "Why"), close),
        h("div", { class: "card-body" }, explainPanel(picked, context.unit(picked.metric))),
      );
    }
  };

  const drawHead = (): void => {
    const current = parameter("from", FIRST_RANGE);
    fill(
      ranges,
      ...RANGES.map(([id, label]) => {
        const pressed = follows() && current === id;
        const choice = h("button", { type: "button", class: "button", "aria-pressed": String(pressed) }, label);
        choice.addEventListener("click", () => change({ from: id === FIRST_RANGE ? null : id, to: null }, true));
        return choice;
      }),
    );
    live.setAttribute("aria-pressed", String(follows()));
    const show = (text: string): string => (/^\d+$/.test(text) ? new Date(Number(text) / 1000).toISOString().slice(0, 19) + "Z" : text);
    if (document.activeElement !== from) from.value = show(parameter("from", FIRST_RANGE));
    if (document.activeElement !== to) to.value = show(parameter("to", "now"));
    if (!device) return;
    fill(badge, stateBadge(device.state, true));
    chips.hidden = Object.keys(device.labels).length === 0;
    fill(chips, ...labelChips(device.labels));
    setText(
      facts,
      [
        `seen ${ago(device.last_us, context.now())}`,
        device.period_us ? `every ${duration(device.period_us)}` : "",
        `quality ${percent(device.quality)}`,
        `${count(device.anomalies_24h)} ${device.anomalies_24h === 1 ? "anomaly" : "anomalies"} in 24 h`,
      ]
        .filter(Boolean)
        .join(" · "),
    );
  };

  const showWhole = (is: boolean): void => {
    for (const part of [toolbar, side, records.root]) part.hidden = !is;
    if (is) fill(charts);
  };
  // It is looked for again when there are more devices, and shown once it has sent something.
  let missingAmong = -1;
  const known = (): number => Object.values(events.pulse?.states ?? {}).reduce((sum, devices) => sum + devices, 0);
  const showMissing = (): void => {
    showWhole(false);
    missingAmong = known();
    const search = h("a", { class: "button primary", href: href("/", { q: name }) }, "Search the fleet");
    fill(
      charts,
      h("div", { class: "card" }, emptyState("fleet", "No device of this name", h("p", {}, "Nothing has come from it so far. It appears here as soon as it sends a reading."), h("p", {}, search))),
    );
  };

  // They come from the tables, later than all else, and seldom change.
  let lateFor = "";
  const loadLate = async (begin: number, end: number): Promise<void> => {
    const wanted = `${(device?.late ?? 0) > 0} ${follows() ? parameter("from", FIRST_RANGE) : `${begin} ${end}`} ${Math.floor(Date.now() / LATE_MS)}`;
    if (wanted === lateFor) return;
    lateFor = wanted;
    try {
      const query = { device: name, from: Math.round(begin), to: Math.round(end) + 1, limit: MAX_LATE };
      const answer = await latestLate.run((signal) => get<Late>("late", query, signal));
      if (!answer) return;
      late = answer;
      drawCharts();
    } catch {
      lateFor = "";
    }
  };
  const load = async (): Promise<void> => {
    const [begin, end] = bounds();
    records.show(begin, end);
    const width = Math.min(4000, Math.max(300, charts.clientWidth - 90));
    const query = { device: name, from: Math.round(begin), to: Math.round(end) + 1 };
    try {
      const answer = await latest.run((signal) =>
        Promise.all([
          get<Series>("series", { ...query, points: width }, signal),
          get<AnomalyList>("anomalies", { ...query, limit: MAX_LISTED }, signal),
          get<Device>("device", { device: name }, signal),
          get<{ spans: Quiet[] }>("quiet", query, signal),
        ]),
      );
      if (!answer) return;
      series = answer[0];
      anomalies = answer[1].anomalies;
      device = answer[2];
      quiet = answer[3].spans;
      picked = anomalies.find((anomaly) => anomaly.id === parameter("anomaly")) ?? null;
      setText(
        note,
        series.problem ||
          (unreadable() ? `“${unreadable()}” in the address is not a time · ` : "") +
            `${count(series.readings)} readings${series.is_raw ? "" : `, one point is ${duration(series.bucket_us)}`}`,
      );
      missingAmong = -1;
      if (side.hidden) showWhole(true);
      drawHead();
      drawCharts();
      drawSide();
      heldBack.show(device.held_back ?? []);
      void loadLate(begin, end);
    } catch (error) {
      if (series) return;
      if (error instanceof ApiError && error.status === 404) return showMissing();
      fill(charts, errorCard(messageOf(error), () => void load()));
    }
  };

  let dueMs = 0;
  void alerts.load();
  const stop = [
    events.on("alert", (alert) => {
      if (alert.device === name) void alerts.load();
    }),
    events.on("reset", () => void alerts.load()),
    events.on("pulse", () => {
      if (!follows() || document.hidden || known() === missingAmong) return;
      const [begin, end] = bounds();
      // A wide view moves less than a pixel in a while.
      const every = Math.min(30_000, Math.max(1000, (end - begin) / 1000 / 2000));
      if (Date.now() < dueMs) return;
      dueMs = Date.now() + every;
      void load();
    }),
  ];
  const observer = new ResizeObserver(() => {
    for (const card of cards.values()) card.chart.resize();
  });
  observer.observe(charts);
  const loading = h("div", { class: "card" }, emptyState("clock", "Loading"));
  charts.append(loading);
  let shown = "";
  return {
    title: name || "Device",
    root,
    update: () => {
      drawHead();
      const key = `${parameter("from")} ${parameter("to")}`;
      if (shown === key && series) {
        picked = anomalies.find((anomaly) => anomaly.id === parameter("anomaly")) ?? null;
        drawCharts();
        drawSide();
        return;
      }
      shown = key;
      void load();
    },
    restyle: () => {
      for (const card of cards.values()) card.chart.redraw();
      drawSide();
    },
    key: (key) => {
      const at = anomalies.findIndex((anomaly) => anomaly.id === picked?.id);
      if (key === "[") shift(-1);
      else if (key === "]") shift(1);
      else if (key === "z") zoomOut();
      else if (key === "l") toggleLive();
      else if (key === "r") void load();
      else if (key === "j" && anomalies.length) pick(anomalies[Math.min(anomalies.length - 1, at + 1)]!);
      else if (key === "k" && anomalies.length) pick(anomalies[Math.max(0, at - 1)]!);
      else if (key === "Escape" && picked) pick(null);
      else return alerts.key(key);
      return true;
    },
    destroy: () => {
      health.destroy();
      latest.cancel();
      latestLate.cancel();
      records.destroy();
      observer.disconnect();
      for (const off of stop) off();
      for (const card of cards.values()) card.chart.destroy();
    },
  };
}


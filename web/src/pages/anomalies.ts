// Anomalies: what was found, as it is found; filters, permalinks, CSV.

import { get, url, type Anomaly, type AnomalyList, type DevicePage } from "../api";
import { copyButton } from "../copy";
import { fill, h, setText } from "../dom";
import { events } from "../events";
import { count, dateTime, shortTime } from "../format";
import { icon } from "../icons";
import { LabelFilter, labelFilters } from "../labels";
import { Latest, messageOf, type Context, type Page } from "../page";
import { anomalyLink, chartLink, deviceLink, emptyState, errorCard, explainPanel, select, sentence, stateBadge } from "../parts";
import { markPicked, onQueryChange, pickNext, searchBox } from "../pick_list";
import { change, go, parameter } from "../view";

const ROWS = 200;
const RANGES: [string, string][] = [
  ["now-1h", "Last hour"],
  ["now-24h", "Last 24 hours"],
  ["now-7d", "Last 7 days"],
  ["now-30d", "Last 30 days"],
];

function query(): Record<string, string> {
  return {
    from: parameter("from", "now-24h"),
    severity: parameter("severity"),
    metric: parameter("metric"),
    detector: parameter("detector"),
    q: parameter("q"),
    ...labelFilters(),
  };
}

/** The same choice as the server makes, but for labels: these the server alone knows. */
function matches(anomaly: Anomaly): boolean {
  const wanted = query();
  const text = (wanted["q"] ?? "").toLowerCase();
  return (
    (!wanted["severity"] || anomaly.severity === wanted["severity"]) &&
    (!wanted["metric"] || anomaly.metric === wanted["metric"]) &&
    (!wanted["detector"] || anomaly.detector === wanted["detector"]) &&
    (!text || anomaly.device.toLowerCase().includes(text) || anomaly.reason.toLowerCase().includes(text))
  );
}

export function anomaliesPage(context: Context): Page {
  const search = searchBox("Search device or reason");
  const any = (label: string, values: string[]): [string, string][] => [["", label], ...values.map((value): [string, string] => [value, value])];
  const severity = select("Severity", [["", "Any severity"], ["critical", "Critical"], ["warning", "Warning"], ["info", "Info"]], parameter("severity"), (value) => change({ severity: value }));
  const metric = select("Metric", any("Any metric", context.status.metrics.map((m) => m.name)), parameter("metric"), (value) => change({ metric: value }));
  const detector = select("Detector", any("Any detector", context.status.detectors), parameter("detector"), (value) => change({ detector: value }));
  const range = select("Time range", RANGES, parameter("from", "now-24h"), (value) => change({ from: value === "now-24h" ? null : value }));
  const labels = new LabelFilter();
  const pause = h("button", { type: "button", class: "button", "aria-pressed": "false", title: "Pause the feed (p)" }, icon("pause"), "Pause");
  const csv = h("a", { class: "button", download: "anomalies.csv", href: "/api/v1/anomalies.csv" }, icon("download"), "CSV");
  const note = h("span", { class: "muted", role: "status" });
  const body = h("tbody", {});
  const panel = h("section", { class: "card sticky", "aria-label": "Explanation" });
  const scroller = h(
    "section",
    { class: "card table-wrap", "aria-label": "Anomalies", tabindex: "0" },
    h(
      "table",
      { class: "fold" },
      h(
        "thead",
        {},
        h("tr", {}, ...["Severity", "Time", "Device", "Metric", "What"].map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col", class: "number" }, "Score")),
      ),
      body,
    ),
  );
  const holder = h("div", {});
  const columns = h("div", { class: "columns picks" }, scroller, panel);
  const root = h(
    "div",
    { class: "page full" },
    h("div", { class: "head" }, h("h1", {}, "Anomalies"), note, h("span", { class: "push toolbar" }, pause, csv)),
    h("div", { class: "toolbar" }, search, range, severity, metric, detector, labels.select, labels.chips),
    holder,
    columns,
  );

  const latest = new Latest();
  let rows: Anomaly[] = [];
  let complete = true;
  let waiting: Anomaly[] = [];
  let paused = false;
  let isStale = false;
  let selected: Anomaly | null = null;
  const fresh = new Set<string>();

  const select_ = (anomaly: Anomaly): void => change({ id: anomaly.id, at: String(anomaly.time_us) });

  const drawRows = (): void => {
    const nowUs = context.now();
    fill(
      body,
      ...rows.map((anomaly) => {
        const row = h(
          "tr",
          { class: `pick${anomaly.id === selected?.id ? " selected" : ""}${fresh.has(anomaly.id) ? " new" : ""}`, "data-id": anomaly.id, "aria-selected": String(anomaly.id === selected?.id) },
          h("td", {}, stateBadge(anomaly.severity)),
          h("td", { class: "number", title: dateTime(anomaly.time_us) }, shortTime(anomaly.time_us, nowUs)),
          h("td", { class: "name" }, h("a", { href: anomalyLink(anomaly) }, anomaly.device)),
          h("td", {}, anomaly.metric ?? h("span", { class: "muted" }, "device")),
          h("td", { class: "wrap" }, sentence(anomaly)),
          h("td", { class: "number skip-small" }, anomaly.score.toFixed(2)),
        );
        row.addEventListener("click", (event) => {
          event.preventDefault();
          select_(anomaly);
        });
        return row;
      }),
    );
    fresh.clear();
    const isEmpty = rows.length === 0;
    scroller.hidden = isEmpty;
    columns.hidden = isEmpty && selected === null;
    if (isEmpty) {
      fill(holder, h("div", { class: "card" }, emptyState("anomalies", "Nothing unusual", h("p", {}, "No anomaly matches in this range. New ones appear here by themselves."))));
    } else fill(holder);
    drawNote();
  };

  const drawNote = (): void => {
    const shown = complete ? `${count(rows.length)} found` : `the newest ${count(rows.length)}`;
    setText(note, waiting.length ? `${shown} · ${count(waiting.length)} new while paused` : isStale ? `${shown} · there may be more` : shown);
    pause.setAttribute("aria-pressed", String(paused));
    fill(pause, icon(paused ? "play" : "pause"), paused ? "Go on" : "Pause");
    csv.href = url("anomalies.csv", query());
  };

  const drawPanel = (): void => {
    if (!selected) {
      fill(panel, emptyState("anomalies", "Choose an anomaly", h("p", {}, "to see what was expected, and why it was flagged.")));
      return;
    }
    const copy = copyButton("Link", "Copy the link", "link", () => location.origin + anomalyLink(selected!));
    fill(
      panel,
      h("div", { class: "card-head" }, h("h2", {}, "Why")),
      h(
        "div",
        { class: "card-body explain", tabindex: "0" },
        explainPanel(selected, context.unit(selected.metric)),
        h(
          "div",
          { class: "toolbar" },
          h("a", { class: "button primary", href: chartLink(selected) }, "See it in the chart"),
          h("a", { class: "button", href: deviceLink(selected.device) }, "Device"),
          copy,
        ),
      ),
    );
  };

  const findSelected = async (): Promise<void> => {
    const id = parameter("id");
    if (!id) selected = null;
    else if (selected?.id !== id) {
      selected = rows.find((row) => row.id === id) ?? null;
      if (!selected) {
        try {
          selected = await get<Anomaly>("anomaly", { id, at: parameter("at") });
        } catch (error) {
          fill(panel, emptyState("alert", "Not found", h("p", {}, messageOf(error))));
          columns.hidden = false;
          columns.classList.add("has-selected");
          return;
        }
      }
    }
    columns.classList.toggle("has-selected", id !== "");
    markPicked(body, selected?.id);
    columns.hidden = rows.length === 0 && selected === null;
    drawPanel();
  };

  const load = async (): Promise<void> => {
    try {
      const answer = await latest.run((signal) => get<AnomalyList>("anomalies", { ...query(), limit: ROWS }, signal));
      if (!answer) return;
      rows = answer.anomalies;
      complete = answer.is_complete;
      waiting = [];
      isStale = false;
      drawRows();
      await findSelected();
    } catch (error) {
      // The banner tells of a lost connection; what is known stays in sight.
      if (rows.length > 0 && events.connection === "lost") return;
      fill(holder, errorCard(messageOf(error), () => void load()));
      columns.hidden = true;
    }
  };

  const take = (): void => {
    const known = new Set(rows.map((row) => row.id));
    for (const anomaly of waiting) if (!known.has(anomaly.id)) fresh.add(anomaly.id);
    rows = [...waiting.filter((anomaly) => fresh.has(anomaly.id)), ...rows];
    rows.sort((a, b) => b.time_us - a.time_us || (a.id < b.id ? -1 : 1));
    if (rows.length > ROWS) {
      rows.length = ROWS;
      complete = false;
    }
    waiting = [];
    drawRows();
  };
  const togglePause = (): void => {
    paused = !paused;
    if (paused) drawNote();
    else if (isStale) void load();
    else take();
  };
  pause.addEventListener("click", togglePause);
  const stop = [
    events.on("anomaly", (anomaly) => {
      if (!matches(anomaly)) return;
      if (Object.keys(labelFilters()).length > 0) isStale = true;
      else waiting.push(anomaly);
      if (waiting.length > ROWS) waiting.splice(0, waiting.length - ROWS);
    }),
    events.on("reset", () => void load()),
    events.on("pulse", () => {
      if (waiting.length === 0 && !isStale) return;
      // Rows do not move under somebody who reads further down.
      if (paused || scroller.scrollTop > 40) drawNote();
      else if (isStale) void load();
      else take();
    }),
  ];
  scroller.addEventListener("scroll", () => {
    if (!paused && waiting.length && scroller.scrollTop <= 40) take();
  });
  const move = (by: number): void => pickNext(rows, selected?.id, by, body, select_);
  const follow = onQueryChange(query, search, () => void load(), () => void findSelected());
  // Without them the filter is not offered, and all else works.
  void get<DevicePage>("devices", { limit: 1 }).then((page) => labels.offer(page.labels), () => undefined);
  return {
    title: "Anomalies",
    root,
    update: () => {
      labels.draw();
      follow();
    },
    restyle: () => {
      drawRows();
      drawPanel();
    },
    key: (key) => {
      if (key === "j" || key === "ArrowDown") move(1);
      else if (key === "k" || key === "ArrowUp") move(-1);
      else if (key === "p") togglePause();
      else if (key === "b") labels.select.focus();
      else if (key === "r") void load();
      else if (key === "Enter" && selected) go(chartLink(selected));
      else if (key === "Escape" && selected) change({ id: null, at: null });
      else return false;
      return true;
    },
    destroy: () => {
      latest.cancel();
      for (const off of stop) off();
    },
  };
}

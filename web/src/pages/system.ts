// System: what avocet does, how long it takes, and how it is configured.

import { get, type System } from "../api";
import { fill, h, setText, type Child } from "../dom";
import { events } from "../events";
import { ago, bytes, count, dateTime, duration, shortCount } from "../format";
import { messageOf, refreshedPage, type Context, type Page } from "../page";
import { errorCard, sparkline, stateBadge, tile } from "../parts";

const REFRESH_MS = 2000;
const STAGES: Record<string, string> = {
  poll: "reading the sources, waiting included",
  decode: "decoding records",
  state: "windows and detectors",
  collect: "collecting rows",
  snapshot: "snapshots of the state",
  files: "writing Parquet, beside",
  commit: "committing, beside",
};
const INKS = ["--series", "--accent", "--warning", "--silent", "--critical", "--ok", "--info"];

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : count(value);
}

function accounting(system: System): HTMLElement {
  const t = system.totals;
  const adds = t.received === t.accepted + t.quarantined + t.duplicates;
  const rows: [string, number, string][] = [
    ["Received", t.received, ""],
    ["In bronze", t.accepted, ""],
    ["Quarantined", t.quarantined, "records that cannot be read"],
    ["Duplicates", t.duplicates, "seen before, in no table"],
    ["Dropped by rules", t.dropped, "in bronze, not in silver"],
    ["Late", t.late, "kept, and flagged"],
    ["Anomalies", t.anomalies, ""],
  ];
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, "Every record accounted for"), h("span", { class: "push" }, adds ? stateBadge("ok", true) : stateBadge("critical", true))),
    h("table", {}, h("tbody", {}, ...rows.map(([name, value, note]) => h("tr", {}, h("td", {}, name, note ? h("span", { class: "muted" }, ` · ${note}`) : ""), h("td", { class: "number" }, count(value)))))),
    h("p", { class: "card-body muted" }, adds ? "Received = in bronze + quarantined + duplicates." : "Received is not the sum of its parts: please report this."),
  );
}

function stages(system: System): HTMLElement {
  const total = system.stages.reduce((sum, stage) => sum + stage.seconds, 0) || 1;
  const stack = h("div", { class: "stack", role: "img", "aria-label": "Share of each stage" });
  const rows = system.stages.map((stage, i) => {
    const ink = `var(${INKS[i % INKS.length]})`;
    const share = stage.seconds / total;
    const part = h("i", { title: stage.name });
    part.style.width = `${share * 100}%`;
    part.style.background = ink;
    stack.append(part);
    const key = h("i", { class: "dot" });
    key.style.background = ink;
    key.style.display = "inline-block";
    key.style.borderRadius = "2px";
    return h(
      "tr",
      {},
      h("td", {}, key, " ", h("b", {}, stage.name), h("span", { class: "muted" }, ` · ${STAGES[stage.name] ?? ""}`)),
      h("td", { class: "number" }, `${stage.seconds.toFixed(2)} s`),
      h("td", { class: "number" }, `${(share * 100).toFixed(1)} %`),
    );
  });
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, "Where the time goes"), h("span", { class: "muted push" }, "since the start")),
    h("div", { class: "card-body" }, stack),
    h("table", {}, h("tbody", {}, ...rows)),
  );
}

function sources(system: System): HTMLElement {
  const state = (source: System["sources"][number]): Child =>
    source.problem ? stateBadge("critical") : source.ended ? h("span", { class: "muted" }, "ended") : stateBadge("ok");
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, "Sources")),
    h(
      "div",
      { class: "table-wrap" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, h("th", {}, "Source"), h("th", {}, "State"), h("th", { class: "number" }, "Records"), h("th", { class: "number" }, "Read"), h("th", { class: "number" }, "To read"))),
        h(
          "tbody",
          {},
          ...system.sources.map((source) =>
            h(
              "tr",
              {},
              h("td", { class: "wrap" }, h("b", {}, source.name), source.problem ? h("div", { class: "is-critical" }, source.problem) : null),
              h("td", {}, state(source)),
              h("td", { class: "number" }, shortCount(source.records)),
              h("td", { class: "number" }, bytes(source.bytes)),
              h("td", { class: "number" }, source.lag_records ? `${shortCount(source.lag_records)} records` : bytes(source.lag_bytes)),
            ),
          ),
        ),
      ),
    ),
  );
}

function build(system: System, nowUs: number): HTMLElement {
  const line = (name: string, value: Child): Node[] => [h("dt", {}, name), h("dd", {}, value)];
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, "This program")),
    h(
      "dl",
      { class: "facts card-body" },
      ...line("Version", `avocet ${system.version}`),
      ...line("Running", `${duration(nowUs - system.started_us)}, since ${dateTime(system.started_us)}`),
      ...line("Where", `${system.host}, process ${system.process_id}`),
      ...line("Processor time", duration(system.cpu_seconds * 1e6)),
      ...line("Memory at most", bytes(system.peak_memory_bytes)),
      ...line("Epoch", count(system.epoch)),
      ...line("API", h("a", { href: "/api/v1/openapi.json", target: "_blank", rel: "noopener" }, "OpenAPI document")),
      ...Object.entries(system.violations)
        .filter(([, value]) => value > 0)
        .flatMap(([rule, value]) => line(`Broken rule ${rule}`, count(value))),
    ),
  );
}

export function systemPage(_context: Context): Page {
  const note = h("span", { class: "muted" });
  const tiles = h("div", { class: "tiles" });
  const cards = h("div", { class: "two" });
  const config = h("section", { class: "card", "aria-label": "Configuration" });
  const root = h("div", { class: "page" }, h("div", { class: "head" }, h("h1", {}, "System"), note), tiles, cards, config);
  let shownConfig = "";
  let loaded = false;

  const drawConfig = (system: System): void => {
    const text = system.config ?? "";
    if (config.hasChildNodes() && text === shownConfig) return;
    shownConfig = text;
    const copy = h("button", { type: "button", class: "button push" }, "Copy");
    copy.addEventListener("click", () => void navigator.clipboard.writeText(text).then(() => setText(copy, "Copied")));
    fill(
      config,
      h("div", { class: "card-head" }, h("h2", {}, "Configuration in force"), h("span", { class: "muted mono" }, system.config_file || "built-in defaults"), system.config === null ? null : copy),
      system.config === null ? h("p", { class: "card-body muted" }, "Only administrators see it.") : h("pre", { class: "config", tabindex: "0" }, text),
    );
  };

  const load = async (): Promise<void> => {
    try {
      const system = await get<System>("system");
      loaded = true;
      const nowUs = Date.now() * 1000;
      const pulse = events.pulse;
      const spark = sparkline(events.rates, "Readings per second");
      fill(
        tiles,
        tile("Readings / s", shortCount(pulse?.readings_per_second ?? 0), spark),
        tile("Judged in", h("span", {}, milliseconds(system.judgement_ms.p50), h("small", {}, " ms")), "median, from arrival to verdict"),
        tile("99 % judged in", h("span", {}, milliseconds(system.judgement_ms.p99), h("small", {}, " ms")), `at most ${milliseconds(system.judgement_ms.max)} ms`),
        tile("To read", bytes(pulse?.lag_bytes ?? 0), "lag of all sources"),
        tile("Last commit", system.last_commit_us ? ago(system.last_commit_us, nowUs) : "–", `${count(system.commits)} commits`),
        tile("Devices", count(system.devices)),
      );
      fill(cards, accounting(system), stages(system), sources(system), build(system, nowUs));
      drawConfig(system);
    } catch (error) {
      if (!loaded) fill(tiles, errorCard(messageOf(error), () => void load()));
    }
  };
  return refreshedPage("System", root, REFRESH_MS, load);
}

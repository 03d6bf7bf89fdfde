// System: what avocet does, how long it takes, and how it is configured.

import { get, type Passage, type System } from "../api";
import { copyButton } from "../copy";
import { fill, h, type Child } from "../dom";
import { events } from "../events";
import { ago, bytes, count, dateTime, duration, percent, shortCount } from "../format";
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
const INKS = ["--series", "--accent", "--warning", "--silent", "--critical", "--ok", "--muted"];

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : count(value);
}

function judges(system: System): boolean {
  return system.judgement_ms.max > 0;
}

function judged(system: System, ms: number): Child {
  return judges(system) ? h("span", {}, milliseconds(ms), h("small", {}, " ms")) : "–";
}

/** With its unit. */
function spoken(ms: number): string {
  return ms < 1000 ? `${milliseconds(ms)} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms * 1000);
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

const PASSAGES: Record<string, string> = {
  judged: "anomalies are known",
  written: "in files, synced",
  bronze: "safe whatever happens",
  tables: "in all tables",
  stored: "in the outbox, on disk",
  delivered: "taken by its receiver",
};

function passages(title: string, note: string, rows: Passage[]): HTMLElement | null {
  if (rows.every((row) => row.count === 0)) return null;
  const time = (row: Passage, ms: number): string => (row.count > 0 ? spoken(ms) : "–");
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, title), h("span", { class: "muted push" }, note)),
    table(
      ["Stage", "Median", "99 %", "At most", "Count"],
      rows.map((row) => [
        h("span", {}, h("b", {}, row.stage), h("span", { class: "muted" }, ` · ${PASSAGES[row.stage] ?? ""}`)),
        time(row, row.p50),
        time(row, row.p99),
        time(row, row.max),
        shortCount(row.count),
      ]),
    ),
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

function table(head: string[], rows: Child[][]): HTMLElement {
  const style = (i: number): Record<string, string> => (i === 0 ? {} : { class: "number" });
  return h(
    "div",
    { class: "table-wrap" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((name, i) => h("th", { scope: "col", ...style(i) }, name)))),
      h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell, i) => h("td", style(i), cell))))),
    ),
  );
}

/** What is on disk before bronze has it; nothing without push sources. */
function journals(system: System, nowUs: number): HTMLElement | null {
  const rows = system.sources.flatMap((source): Child[][] => {
    const journal = source.journal;
    if (!journal) return [];
    const share = journal.max_bytes > 0 ? journal.bytes / journal.max_bytes : 0;
    const meter = h("progress", { max: 1, value: share, "aria-label": `${percent(share)} of the space of the journal` });
    return [[h("b", {}, source.name), h("span", {}, `${bytes(journal.bytes)} of ${bytes(journal.max_bytes)} `, meter), count(journal.segments), journal.oldest_us === null ? "–" : ago(journal.oldest_us, nowUs), `${count(source.lag_records)} records`, count(journal.syncs)]];
  });
  if (rows.length === 0) return null;
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, "Journals"), h("span", { class: "muted push" }, "durable before bronze has it")),
    table(["Source", "On disk", "Segments", "Oldest", "To read", "Syncs"], rows),
  );
}

/** What waits in the outbox; nothing without channels. */
function channels(system: System): HTMLElement | null {
  if (system.channels.length === 0) return null;
  const rows = system.channels.map((channel): Child[] => [
    h("b", {}, channel.name),
    channel.waiting > 0 ? h("b", {}, count(channel.waiting)) : "0",
    count(channel.delivered),
    channel.failed > 0 ? h("b", { class: "is-critical" }, count(channel.failed)) : "0",
    count(channel.silenced),
  ]);
  return h(
    "section",
    { class: "card" },
    h("div", { class: "card-head" }, h("h2", {}, "Messages about alerts"), h("span", { class: "muted push" }, "of the last 14 days")),
    table(["Channel", "Waiting", "Delivered", "Failed", "Muted"], rows),
  );
}

/** The configuration, and of each value the line that sets it. */
class ConfigCard {
  readonly root = h("section", { class: "card", "aria-label": "Configuration" });
  private shown = "";
  private isShort = false;

  show(system: System): void {
    const known = JSON.stringify(system.config);
    if (this.root.hasChildNodes() && known === this.shown) return;
    this.shown = known;
    this.draw(system);
  }

  private draw(system: System): void {
    const lines = system.config;
    const from = h("span", { class: "muted mono" }, system.config_file || "built-in defaults");
    if (!lines) {
      fill(this.root, h("div", { class: "card-head" }, h("h2", {}, "Configuration in force"), from), h("p", { class: "card-body muted" }, "Only administrators see it."));
      return;
    }
    const copy = copyButton("Copy", "Copy the configuration", "copy", () => lines.map((line) => line.text).join("\n"));
    const short = h("button", { type: "button", class: "button", "aria-pressed": String(this.isShort) }, "Only what the file sets");
    short.addEventListener("click", () => {
      this.isShort = !this.isShort;
      this.draw(system);
    });
    const shown = this.isShort ? lines.filter((line) => line.line !== null) : lines;
    fill(
      this.root,
      h("div", { class: "card-head" }, h("h2", {}, "Configuration in force"), from, h("span", { class: "toolbar push" }, system.config_file ? short : null, copy)),
      h(
        "div",
        { class: "config mono", tabindex: "0" },
        ...shown.map((line) =>
          h("div", { class: line.has_value && line.line === null ? "muted" : "" }, h("span", {}, this.isShort ? line.text.trim() : line.text), h("span", { class: "origin muted" }, line.line !== null ? `line ${line.line}` : line.has_value ? "default" : "")),
        ),
      ),
    );
  }
}

export function systemPage(_context: Context): Page {
  const note = h("span", { class: "muted" });
  const tiles = h("div", { class: "tiles" });
  const cards = h("div", { class: "two" });
  const config = new ConfigCard();
  const root = h("div", { class: "page" }, h("div", { class: "head" }, h("h1", {}, "System"), note), tiles, cards, config.root);
  let loaded = false;

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
        tile("Judged in", judged(system, system.judgement_ms.p50), "median, from arrival to verdict"),
        tile("99 % judged in", judged(system, system.judgement_ms.p99), judges(system) ? `at most ${milliseconds(system.judgement_ms.max)} ms` : "nothing came yet"),
        tile("To read", bytes(pulse?.lag_bytes ?? 0), "lag of all sources"),
        tile("Last commit", system.last_commit_us ? ago(system.last_commit_us, nowUs) : "–", `${count(system.commits)} commits`),
        tile("Devices", count(system.devices)),
      );
      const toTables = passages("From arrival to the tables", "records", system.to_commit_ms);
      const toPeople = passages("From arrival to people told", "messages", system.to_alert_ms);
      fill(cards, accounting(system), stages(system), toTables, toPeople, sources(system), journals(system, nowUs), channels(system), build(system, nowUs));
      config.show(system);
    } catch (error) {
      if (!loaded) fill(tiles, errorCard(messageOf(error), () => void load()));
    }
  };
  return refreshedPage("System", root, REFRESH_MS, load);
}

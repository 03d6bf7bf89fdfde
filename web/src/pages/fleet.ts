// Fleet: how many devices are how, and which.

import { get, type AnomalyList, type Anomaly, type Device, type DevicePage, type DeviceState, type Pulse } from "../api";
import { fill, h, setText } from "../dom";
import { events } from "../events";
import { ago, bytes, count, dateTime, measure, percent, shortCount } from "../format";
import { FleetHealthCard, healthBadge } from "../health";
import { icon, shape } from "../icons";
import { LabelFilter, labelFilters, labelsText } from "../labels";
import { Latest, messageOf, type Context, type Page } from "../page";
import { deviceLink, emptyState, feedItem, select, sparkline, stateBadge, word } from "../parts";
import { change, go, parameter } from "../view";

const PAGE_ROWS = 100;
const REFRESH_MS = 3000;
const FEED_ROWS = 30;
const STATES: DeviceState[] = ["critical", "warning", "silent", "ok"];
const COLUMNS: [string, string, string][] = [
  ["state", "State", ""],
  ["device", "Device", ""],
  ["", "Trend", "wide-never"],
  ["", "Latest", "right latest"],
  ["last", "Last seen", "right"],
  ["alerts", "Alerts", "right"],
  ["anomalies", "Anomalies", "right found"],
  ["", "Health", "right wide"],
  ["quality", "Quality", "right wide"],
];
const HINTS: Record<string, string> = { alerts: "Open: nobody has acknowledged them", anomalies: "In the last 24 hours" };
// The order in which a column is most useful first.
const FIRST_ORDER: Record<string, string> = { alerts: "desc", anomalies: "desc", quality: "asc", last: "asc" };

function sortBy(id: string, order = FIRST_ORDER[id] ?? "asc"): void {
  change({ sort: id === "state" ? null : id, order: order === "asc" ? null : order });
}

class FleetTable {
  readonly root: HTMLElement;
  private readonly body = h("div", { class: "grid-body", tabindex: "0", role: "rowgroup", "aria-label": "Devices" });
  private readonly space = h("div", { class: "grid-space", role: "presentation" });
  private readonly head = h("div", { class: "grid-head", role: "row" });
  private readonly pages = new Map<number, Device[]>();
  private readonly latest = new Latest();
  private readonly rows = new Map<number, HTMLElement>();
  private matching = 0;
  private total = -1;
  private loading = 0;
  private selected = -1;
  private observer = new ResizeObserver(() => this.draw());

  constructor(
    private readonly context: Context,
    private readonly onPage: (page: DevicePage) => void,
    private readonly healthOf: (device: string) => number | undefined,
  ) {
    this.body.append(this.space);
    this.root = h(
      "section",
      { class: "card grid", role: "table", "aria-label": "Devices" },
      h("div", { role: "rowgroup" }, this.head),
      this.body,
    );
    this.body.addEventListener("scroll", () => this.draw());
    this.observer.observe(this.body);
  }

  destroy(): void {
    this.observer.disconnect();
    this.latest.cancel();
  }

  private rowHeight(): number {
    const isSmall = matchMedia("(max-width: 680px)").matches;
    return isSmall ? (this.root.classList.contains("labelled") ? 80 : 62) : 46;
  }

  reset(): void {
    this.pages.clear();
    this.selected = -1;
    this.body.scrollTop = 0;
    this.drawHead();
    void this.load();
  }

  private drawHead(): void {
    const sort = parameter("sort", "state");
    const order = parameter("order", "asc");
    fill(
      this.head,
      ...COLUMNS.map(([id, name, style]) => {
        const active = id !== "" && id === sort;
        const cell = h("div", {
          role: "columnheader",
          class: style,
          "aria-sort": id ? (active ? (order === "asc" ? "ascending" : "descending") : "none") : null,
        });
        if (!id) {
          cell.append(name);
          return cell;
        }
        const button = h("button", { type: "button", title: HINTS[id] }, name, active ? (order === "asc" ? " ↑" : " ↓") : "");
        button.addEventListener("click", () => {
          sortBy(id, active ? (order === "asc" ? "desc" : "asc") : undefined);
        });
        cell.append(button);
        return cell;
      }),
    );
  }

  /** Whether an answer is on its way. */
  get isLoading(): boolean {
    return this.loading > 0;
  }

  /** Loads the rows in view. */
  async load(): Promise<void> {
    this.loading += 1;
    const height = this.rowHeight();
    const first = Math.max(0, Math.floor(this.body.scrollTop / height) - 20);
    const query = {
      q: parameter("q"),
      state: parameter("state"),
      sort: parameter("sort"),
      order: parameter("order"),
      metric: this.metric(),
      offset: first,
      limit: PAGE_ROWS,
      ...labelFilters(),
    };
    try {
      const page = await this.latest.run((signal) => get<DevicePage>("devices", query, signal));
      if (!page) return;
      this.matching = page.matching;
      this.total = page.total;
      this.pages.clear();
      this.pages.set(page.offset, page.devices);
      this.root.classList.toggle("labelled", page.labels.length > 0);
      this.onPage(page);
      this.draw(true);
    } catch (error) {
      if (this.total < 0) fill(this.space, emptyState("alert", "Devices cannot be shown", h("p", {}, messageOf(error))));
    } finally {
      this.loading -= 1;
    }
  }

  metric(): string {
    const wanted = parameter("metric");
    const known = this.context.status.metrics;
    return known.some((metric) => metric.name === wanted) ? wanted : (known[0]?.name ?? "");
  }

  private deviceAt(index: number): Device | undefined {
    for (const [offset, devices] of this.pages) {
      if (index >= offset && index < offset + devices.length) return devices[index - offset];
    }
    return undefined;
  }

  private draw(again = false): void {
    if (this.total < 0) return;
    if (this.total === 0) return;
    const height = this.rowHeight();
    if (this.matching === 0) {
      this.rows.clear();
      fill(this.space, emptyState("fleet", "No device matches", h("p", {}, "Change the search or the filter.")));
      this.space.style.height = "auto";
      return;
    }
    if (this.rows.size === 0) fill(this.space);
    this.space.style.height = `${this.matching * height}px`;
    this.root.setAttribute("aria-rowcount", String(this.matching + 1));
    const first = Math.max(0, Math.floor(this.body.scrollTop / height) - 4);
    const last = Math.min(this.matching, Math.ceil((this.body.scrollTop + this.body.clientHeight) / height) + 4);
    let missing = false;
    for (const [index, row] of this.rows) {
      if (again || index < first || index >= last) {
        row.remove();
        this.rows.delete(index);
      }
    }
    for (let index = first; index < last; ++index) {
      if (this.rows.has(index)) continue;
      const device = this.deviceAt(index);
      if (!device) {
        missing = true;
        continue;
      }
      const row = this.makeRow(device, index, height);
      this.rows.set(index, row);
      this.space.append(row);
    }
    if (missing && !again) void this.load();
  }

  private makeRow(device: Device, index: number, height: number): HTMLElement {
    const metric = this.metric();
    const unit = this.context.unit(metric);
    const value = device.values[metric];
    const health = this.healthOf(device.device);
    const row = h(
      "div",
      { class: `grid-row${index === this.selected ? " selected" : ""}`, role: "row", "aria-rowindex": index + 2 },
      h("div", { role: "cell", class: "state-cell" }, stateBadge(device.state), device.muted ? mutedMark() : null),
      h("div", { role: "rowheader", class: "name" }, h("a", { href: deviceLink(device.device), title: device.device, class: "name", tabindex: "-1" }, device.device), rowLabels(device)),
      h("div", { role: "cell", class: "spark-cell" }, sparkline(device.sparkline, metric)),
      h("div", { role: "cell", class: "right number latest" }, measure(value), value === null || value === undefined || !unit ? "" : h("span", { class: "muted" }, ` ${unit}`)),
      h("div", { role: "cell", class: "right number seen", title: device.last_us === null ? "" : dateTime(device.last_us) }, ago(device.last_us, this.context.now())),
      h("div", { role: "cell", class: "right number open" }, openAlerts(device)),
      h("div", { role: "cell", class: "right number found" }, device.anomalies_24h === 0 ? h("span", { class: "muted" }, "0") : count(device.anomalies_24h)),
      h("div", { role: "cell", class: "right wide", title: "In the last day, 0 to 100" }, health === undefined ? "–" : healthBadge(health)),
      h(
        "div",
        { role: "cell", class: "right number wide", title: `${count(device.late)} late, ${count(device.invalid)} invalid of ${count(device.readings)} readings` },
        percent(device.quality),
      ),
    );
    row.style.top = `${index * height}px`;
    row.addEventListener("click", () => go(deviceLink(device.device)));
    return row;
  }

  redraw(): void {
    this.draw(true);
  }

  move(by: number): void {
    if (this.matching === 0) return;
    this.selected = Math.min(this.matching - 1, Math.max(0, this.selected + by));
    const height = this.rowHeight();
    const top = this.selected * height;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    if (top + height > this.body.scrollTop + this.body.clientHeight) {
      this.body.scrollTop = top + height - this.body.clientHeight;
    }
    this.draw(true);
  }

  open(): boolean {
    const device = this.deviceAt(this.selected);
    if (device) go(deviceLink(device.device));
    return device !== undefined;
  }
}

function mutedMark(): HTMLElement {
  return h("span", { class: "muted-mark", role: "img", "aria-label": "Muted", title: "Muted: nobody is told of its alerts" }, icon("mute"));
}

/** On a phone, where columns have no names, the word comes with it. */
function openAlerts(device: Device): HTMLElement {
  const { open_alerts: open, acknowledged_alerts: acknowledged } = device;
  const title = `${count(open)} open, ${count(acknowledged)} acknowledged`;
  return h("span", { class: open === 0 ? "muted none" : "", title }, count(open), h("span", { class: "word" }, open === 1 ? " alert" : " alerts"));
}

function rowLabels(device: Device): HTMLElement | null {
  const text = labelsText(device.labels);
  const words = Object.entries(device.labels).flatMap(([name, value], i) => [i > 0 ? " · " : "", h("span", { class: "label-name" }, `${name} `), value]);
  return text ? h("span", { class: "row-labels muted", title: text }, ...words) : null;
}

interface StateTiles {
  root: HTMLElement;
  /** What came with the rows, so that both say the same. */
  count: (page: DevicePage) => void;
  /** Whether the pulse has other numbers of devices than are shown. */
  differ: (pulse: Pulse) => boolean;
  show: (pulse: Pulse) => void;
  mark: () => void;
}

function stateTiles(): StateTiles {
  const values = new Map<string, HTMLElement>();
  const buttons = new Map<string, HTMLElement>();
  const root = h("div", { class: "tiles fleet" });
  for (const state of ["", ...STATES, "muted"]) {
    const value = h("div", { class: "value" }, "–");
    const label = h("div", { class: `label is-${state}` }, state === "muted" ? icon("mute") : state ? shape(state) : null, state ? word(state) : "Devices");
    const button = h("button", { type: "button", class: "card tile" }, label, value);
    button.addEventListener("click", () => change({ state: parameter("state") === state ? null : state }));
    values.set(state, value);
    buttons.set(state, button);
    root.append(button);
  }
  let shown: DevicePage["states"] | null = null;
  const rate = h("div", { class: "value" }, "–");
  const spark = h("div", { class: "note" });
  root.append(h("div", { class: "card tile" }, h("div", { class: "label" }, "Readings/s"), rate, spark));
  const anomalies = h("div", { class: "value" }, "–");
  root.append(h("div", { class: "card tile" }, h("div", { class: "label" }, "Anomalies"), anomalies));
  return {
    root,
    mark: () => {
      for (const [state, button] of buttons) button.setAttribute("aria-pressed", String(parameter("state") === state));
    },
    count: ({ states, muted }) => {
      shown = states;
      setText(values.get("muted")!, count(muted));
      for (const state of STATES) setText(values.get(state)!, count(states[state]));
      setText(values.get("")!, count(STATES.reduce((sum, state) => sum + states[state], 0)));
    },
    differ: (pulse) => STATES.some((state) => pulse.states[state] !== shown?.[state]),
    show: (pulse) => {
      setText(rate, shortCount(pulse.readings_per_second));
      setText(anomalies, shortCount(pulse.anomalies));
      fill(spark, sparkline(events.rates, "Readings per second"));
    },
  };
}

function welcome(): HTMLElement {
  return h(
    "div",
    { class: "card" },
    emptyState(
      "fleet",
      "Waiting for the first reading",
      h("p", {}, "Devices appear here by themselves as soon as readings arrive."),
      h("p", {}, "No data at hand? Watch a simulated fleet, with faults that are found:"),
      h("pre", {}, "avocet run --source simulate"),
      h("p", {}, "Or let avocet write a configuration that fits your data:"),
      h("pre", {}, "avocet init readings.csv"),
    ),
  );
}

export function fleetPage(context: Context): Page {
  const tiles = stateTiles();
  const counted = h("span", { class: "muted", role: "status" });
  const lag = h("span", { class: "crumb number push" });
  const health = new FleetHealthCard(() => table.redraw());
  const labels = new LabelFilter();
  const showPage = (page: DevicePage): void => {
    const { matching, total } = page;
    labels.offer(page.labels);
    tiles.count(page);
    setText(counted, matching === total ? `${count(total)} devices` : `${count(matching)} of ${count(total)} devices`);
    const isEmpty = total === 0;
    columns.hidden = isEmpty;
    toolbar.hidden = isEmpty;
    if (isEmpty && !start.hasChildNodes()) fill(start, welcome());
    if (!isEmpty) fill(start);
  };
  const table = new FleetTable(context, showPage, (device) => health.of(device));
  const search = h("input", { type: "search", placeholder: "Search devices and labels", "aria-label": "Search devices and labels", value: parameter("q") });
  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => change({ q: search.value }), 150);
  });
  const metricSelect = select(
    "Metric of the trend",
    context.status.metrics.map((metric) => [metric.name, `Trend: ${metric.name}`]),
    table.metric(),
    (metric) => change({ metric }),
  );
  // Where the columns have no heads.
  const sortSelect = select(
    "Order of the devices",
    COLUMNS.filter(([id]) => id !== "").map(([id, name]) => [id, `Sort: ${name.toLowerCase()}`]),
    parameter("sort", "state"),
    sortBy,
  );
  sortSelect.classList.add("phone-only");
  const toolbar = h("div", { class: "toolbar" }, search, labels.select, labels.chips, metricSelect, sortSelect, counted);
  const list = h("ol", { class: "feed-list" });
  const columns = h(
    "div",
    { class: "columns" },
    table.root,
    h(
      "div",
      { class: "fleet-side" },
      health.root,
      h(
        "section",
        { class: "card feed", "aria-label": "Newest anomalies" },
        h("div", { class: "card-head" }, h("h2", {}, "Newest anomalies"), h("a", { href: "/anomalies", class: "push" }, "All")),
        list,
      ),
    ),
  );
  const start = h("div", {});
  const root = h("div", { class: "page full" }, h("div", { class: "head" }, h("h1", {}, "Fleet"), lag), tiles.root, toolbar, start, columns);

  let newest: Anomaly[] = [];
  const drawFeed = (): void => {
    if (newest.length === 0) fill(list, h("li", {}, emptyState("anomalies", "Nothing unusual", h("p", {}, "In the last 24 hours."))));
    else fill(list, ...newest.map((anomaly) => feedItem(anomaly, context.now())));
  };
  const loadFeed = async (): Promise<void> => {
    try {
      newest = (await get<AnomalyList>("anomalies", { limit: FEED_ROWS })).anomalies;
      drawFeed();
    } catch {
      // The banner tells of a lost connection.
    }
  };
  let dirty = false;
  const stop = [
    events.on("anomaly", (anomaly) => {
      newest = [anomaly, ...newest.filter((other) => other.id !== anomaly.id)].slice(0, FEED_ROWS);
      dirty = true;
    }),
    events.on("reset", () => void loadFeed()),
    events.on("pulse", (pulse) => {
      tiles.show(pulse);
      if (tiles.differ(pulse) && !table.isLoading) void table.load();
      if (dirty && !list.matches(":hover, :focus-within")) {
        dirty = false;
        drawFeed();
      }
      const behind = pulse.wall_us - pulse.now_us;
      setText(
        lag,
        pulse.has_readings
          ? `Stream at ${dateTime(pulse.now_us)}${Math.abs(behind) > 120e6 ? " (not the present)" : ""}${pulse.lag_bytes > 0 ? ` · ${bytes(pulse.lag_bytes)} to read` : ""}`
          : "",
      );
    }),
  ];
  if (events.pulse) tiles.show(events.pulse);
  const timer = setInterval(() => void table.load(), REFRESH_MS);
  void loadFeed();
  let shown = "";
  return {
    title: "Fleet",
    root,
    update: () => {
      tiles.mark();
      if (document.activeElement !== search) search.value = parameter("q");
      metricSelect.value = table.metric();
      sortSelect.value = parameter("sort", "state");
      labels.draw();
      if (location.search === shown && shown !== "") return;
      shown = location.search || "?";
      table.reset();
    },
    restyle: () => {
      drawFeed();
      void table.load();
    },
    key: (key) => {
      if (key === "j" || key === "ArrowDown") table.move(1);
      else if (key === "k" || key === "ArrowUp") table.move(-1);
      else if (key === "Enter") return table.open();
      else if (key === "b") labels.select.focus();
      else if (key === "r") void table.load();
      else return false;
      return true;
    },
    destroy: () => {
      clearInterval(timer);
      table.destroy();
      health.destroy();
      for (const off of stop) off();
    },
  };
}


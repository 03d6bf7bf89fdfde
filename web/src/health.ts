// The health of devices: who needs attention, and how one device has been.

import { get } from "./api";
import { fill, h, setText, svg, type Child } from "./dom";
import { dateTime, DAY, HOUR, measure, percent } from "./format";
import { messageOf, type Context } from "./page";
import { deviceLink, emptyState, fact } from "./parts";

const REFRESH_MS = 30_000;
const LISTED = 12;
const SHOWN_HOURS = 7 * 24;

interface Outlook {
  device: string;
  urgency: number; // 0 to 100
  day: number | null; // mean health of the last 24 hours, 0 to 100
  week: number | null; // of the six days before
  silent_us: number;
  reasons: string[];
}

interface FleetHealth {
  total: number;
  need_attention: number;
  devices: Outlook[];
}

interface HealthHour {
  hour_us: number;
  until_us: number;
  health: number;
  availability: number | null;
  freshness: number | null;
  quality: number | null;
  anomaly_share: number | null;
  drift: number | null;
  reason: string;
}

interface Forecast {
  metric: string;
  limit: number;
  hours: number; // until the limit is reached, from the newest hour on
  hours_low: number; // 80 % interval
  hours_high: number;
}

interface UsefulLife {
  hours: number; // from the newest hour on
  hours_low: number; // 80 % interval
  hours_high: number;
  hours_cap: number; // what reaches this may be any more
  shares: { metric: string; hours: number }[]; // that which takes most first
}

/** How a health is called; colour is never alone. */
export function grade(health: number): string {
  return health >= 90 ? "ok" : health >= 70 ? "warning" : "critical";
}

export function healthBadge(health: number): HTMLElement {
  return h("span", { class: `health-value number is-${grade(health)}` }, String(Math.round(health)));
}

function hours(count: number): string {
  if (count < 1) return "less than an hour";
  return count < 48 ? `${Math.round(count)} h` : `${(count / 24).toFixed(1)} days`;
}

/** The devices that need attention within a week, and the health of all. */
export class FleetHealthCard {
  readonly root: HTMLElement;
  private readonly list = h("ol", { class: "feed-list" });
  private readonly note = h("span", { class: "push muted number", role: "status" });
  private readonly timer: number;
  private health = new Map<string, number>();

  constructor(private readonly onLoaded: () => void) {
    this.root = h(
      "section",
      { class: "card feed attention", "aria-label": "Devices that need attention", hidden: true },
      h("div", { class: "card-head" }, h("h2", {}, "Needs attention"), this.note),
      this.list,
    );
    this.timer = window.setInterval(() => void this.load(), REFRESH_MS);
    void this.load();
  }

  destroy(): void {
    clearInterval(this.timer);
  }

  /** 0 to 100; undefined before the first hour of a device is over. */
  of(device: string): number | undefined {
    return this.health.get(device);
  }

  private async load(): Promise<void> {
    let fleet: FleetHealth;
    try {
      fleet = await get<FleetHealth>("health", { limit: 10_000 });
    } catch {
      return; // the banner tells of a lost connection; before the first hour there is nothing
    }
    this.health = new Map(fleet.devices.flatMap((device): [string, number][] => (device.day === null ? [] : [[device.device, device.day]])));
    this.root.hidden = fleet.need_attention === 0;
    setText(this.note, `${fleet.need_attention} within a week`);
    const urgent = fleet.devices.filter((device) => device.urgency > 0).slice(0, LISTED);
    fill(this.list, ...urgent.map((device) => this.item(device)));
    this.onLoaded();
  }

  private item(device: Outlook): HTMLElement {
    return h(
      "li",
      { class: "feed-item" },
      h(
        "a",
        { href: deviceLink(device.device) },
        h(
          "span",
          { class: "top" },
          h("span", { class: "what" }, device.device),
          device.day === null ? null : h("span", { class: "push", title: "Health in the last day, 0 to 100" }, healthBadge(device.day)),
        ),
        ...device.reasons.map((reason) => h("span", { class: "why" }, reason)),
      ),
    );
  }
}

/** A bar for each hour of the last week. */
function bars(rows: HealthHour[], endUs: number): SVGElement {
  const first = endUs - SHOWN_HOURS * HOUR;
  const width = 100 / SHOWN_HOURS;
  return svg(
    "svg",
    { class: "health-bars", viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": "Health by the hour over the last week" },
    ...rows
      .filter((row) => row.hour_us >= first)
      .map((row) => {
        const height = Math.max(0.8, (row.health / 100) * 30);
        return svg(
          "rect",
          {
            class: `is-${grade(row.health)}`,
            x: (((row.hour_us - first) / HOUR) * width).toFixed(3),
            y: (30 - height).toFixed(2),
            width: (width * 0.86).toFixed(3),
            height: height.toFixed(2),
          },
          svg("title", {}, `${dateTime(row.hour_us)}: ${Math.round(row.health)}${row.reason ? `, ${row.reason}` : ""}`),
        );
      }),
  );
}

function share(name: string, value: number | null, isLoss: boolean): Child[] {
  const text = value === null ? "–" : percent(value);
  const kept = value === null ? 1 : isLoss ? 1 - value : value;
  return fact(
    name,
    h("span", { class: `health-part is-${grade(100 * kept)}` }, h("progress", { max: 1, value: value ?? 0, "aria-label": name }), h("span", { class: "number" }, text)),
  );
}

function usefulLife(life: UsefulLife): HTMLElement {
  const worst = life.shares[0];
  const urgency = life.hours < 24 ? "critical" : life.hours < SHOWN_HOURS && life.hours < life.hours_cap / 2 ? "warning" : "ok";
  return h(
    "p",
    { class: `forecast is-${urgency}` },
    life.hours >= life.hours_cap ? "Useful life left: at least " : "Useful life left: about ",
    h("b", {}, hours(life.hours)),
    h("span", { class: "muted" }, ` (80 % interval: ${hours(life.hours_low)} to ${hours(life.hours_high)})`),
    worst && worst.hours < 0 ? h("span", {}, ", shortened most by ", h("b", {}, worst.metric)) : null,
    ".",
  );
}

/** How one device has been in the last week, and when a metric will reach its limit. */
export class DeviceHealthCard {
  readonly root = h("section", { class: "card health-card", "aria-label": "Health", hidden: true });
  private readonly timer: number;

  constructor(
    private readonly device: string,
    private readonly context: Context,
  ) {
    this.timer = window.setInterval(() => void this.load(), REFRESH_MS);
    void this.load();
  }

  destroy(): void {
    clearInterval(this.timer);
  }

  private async load(): Promise<void> {
    try {
      const from = Math.round(this.context.now() - 7 * DAY - HOUR);
      const answer = await get<{ hours: HealthHour[]; limits: Forecast[]; useful_life: UsefulLife | null }>("device_health", { device: this.device, from });
      this.show(answer.hours, answer.limits, answer.useful_life);
    } catch (error) {
      if (this.root.hidden) return;
      fill(this.root, emptyState("alert", "Health cannot be shown", h("p", {}, messageOf(error))));
    }
  }

  private show(rows: HealthHour[], forecasts: Forecast[], life: UsefulLife | null): void {
    const last = rows[rows.length - 1];
    this.root.hidden = last === undefined;
    if (!last) return;
    const until = Math.max(last.until_us, last.hour_us);
    fill(
      this.root,
      h(
        "div",
        { class: "card-head" },
        h("h2", {}, "Health"),
        healthBadge(last.health),
        h("span", { class: "push muted number", title: "The newest hour that is written" }, `until ${dateTime(until)}`),
      ),
      h(
        "div",
        { class: "card-body" },
        bars(rows, last.hour_us + HOUR),
        h("div", { class: "health-axis muted" }, h("span", {}, "7 days before"), h("span", {}, "last hour")),
        last.reason ? h("p", { class: "sentence" }, `In that hour it ${last.reason}.`) : null,
        life ? usefulLife(life) : null,
        ...forecasts.map((forecast) => this.forecast(forecast)),
        h(
          "dl",
          { class: "facts" },
          ...share("Availability", last.availability, false),
          ...share("Freshness", last.freshness, false),
          ...share("Quality", last.quality, false),
          ...share("Anomalous", last.anomaly_share, true),
          ...share("Drift", last.drift, true),
        ),
      ),
    );
  }

  private forecast(to: Forecast): HTMLElement {
    const unit = this.context.unit(to.metric);
    const limit = `${measure(to.limit)}${unit ? ` ${unit}` : ""}`;
    const text =
      to.hours <= 0
        ? h("span", {}, h("b", {}, to.metric), ` is beyond its limit of ${limit}.`)
        : h(
            "span",
            {},
            h("b", {}, to.metric),
            ` reaches its limit of ${limit} in about `,
            h("b", {}, hours(to.hours)),
            h("span", { class: "muted" }, ` (80 % interval: ${hours(to.hours_low)} to ${hours(to.hours_high)})`),
            ".",
          );
    const urgency = to.hours <= 0 ? "critical" : to.hours_low < SHOWN_HOURS ? "warning" : "ok";
    return h("p", { class: `forecast is-${urgency}` }, text);
  }
}

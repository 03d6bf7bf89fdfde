// Readings that came late: of which devices, and the newest.

import { get, type Late } from "./api";
import { fill, h, setText, type Child } from "./dom";
import { count, dateTime, measure } from "./format";
import { deviceLink, emptyState } from "./parts";
import { href } from "./view";

const ROWS = 50;
const HOUR_US = 3_600_000_000;

function values(reading: Late["newest"][number]): string {
  return Object.entries(reading.values)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${measure(value)}`)
    .join(" · ");
}

function around(reading: Late["newest"][number]): string {
  return href("/device", { device: reading.device, from: String(reading.time_us - HOUR_US), to: String(reading.time_us + HOUR_US) });
}

function table(heads: [string, string][], rows: HTMLElement[]): HTMLElement {
  return h("div", { class: "table-wrap" }, h("table", { class: "fold" }, h("thead", {}, h("tr", {}, ...heads.map(([name, style]) => h("th", { scope: "col", class: style }, name)))), h("tbody", {}, ...rows)));
}

/** The card of late readings; `button` asks for more of them. */
export class LateCard {
  readonly root = h("section", { class: "card", "aria-label": "Late readings" });
  private readonly number = h("span", { class: "muted push number" });
  private readonly content = h("div", {});
  private shown = "";

  constructor(button: Child) {
    this.root.append(h("div", { class: "card-head" }, h("h2", {}, "Readings that came late"), this.number), this.content);
    if (button) this.root.firstElementChild!.append(button as Node);
  }

  async load(): Promise<void> {
    const late = await get<Late>("late", { limit: ROWS });
    // What is the same stays, with what is open in it; times are told in a zone.
    const shown = JSON.stringify([late.rows, late.newest, dateTime(0)]);
    if (shown === this.shown) return;
    this.shown = shown;
    const looked = late.is_complete ? "in the last 7 days" : `among the newest ${count(late.examined)} readings`;
    setText(this.number, `${count(late.rows)} ${looked}`);
    if (late.rows === 0) {
      fill(this.content, emptyState("clock", "None", h("p", {}, `Every reading came in its device's order ${looked}.`)));
      return;
    }
    const devices = late.devices.map((device) =>
      h("tr", {}, h("td", { class: "name" }, h("a", { href: deviceLink(device.device) }, device.device)), h("td", { class: "number" }, count(device.rows)), h("td", {}, dateTime(device.newest_us))),
    );
    const newest = late.newest.map((reading) =>
      h("tr", {}, h("td", {}, h("a", { href: around(reading) }, dateTime(reading.time_us))), h("td", { class: "name" }, reading.device), h("td", { class: "wrap" }, values(reading))),
    );
    const more = late.late_devices > devices.length ? `, the ${count(devices.length)} with the most` : "";
    fill(
      this.content,
      h("p", { class: "card-body muted" }, "They are in valid_readings, flagged, and in the hours of device_stats that they belong to. Detectors that need the order did not judge them."),
      h("details", { class: "card-body", open: devices.length <= 10 }, h("summary", {}, `By device: ${count(late.late_devices)}${more}`), table([["Device", ""], ["Late", "number"], ["Newest", ""]], devices)),
      h("details", { class: "card-body" }, h("summary", {}, `The newest ${count(newest.length)}`), table([["Event time", ""], ["Device", ""], ["Values", ""]], newest)),
    );
  }
}

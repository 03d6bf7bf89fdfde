// Labels of devices: in words, as chips, and as the filter of the fleet, of alerts and of anomalies. The filter is
// in the URL, one parameter label.NAME for each.

import type { DevicePage, Labels } from "./api";
import { fill, h } from "./dom";
import { count } from "./format";
import { change, href } from "./view";

const PREFIX = "label.";

export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");
}

/** The part of a query that the URL says, as parameters of the API. */
export function labelFilters(): Labels {
  const filters: Labels = {};
  for (const [name, value] of new URLSearchParams(location.search)) if (name.startsWith(PREFIX)) filters[name] = value;
  return filters;
}

/** Links to the part of the fleet that has a label, too. */
export function labelChips(labels: Labels): HTMLElement[] {
  return Object.entries(labels).map(([name, value]) =>
    h("a", { class: "chip", href: href("/", { [PREFIX + name]: value }), title: `All devices with ${name} ${value}` }, h("span", { class: "muted" }, `${name} `), value),
  );
}

/** Chooses labels among those that devices have; shows those that are chosen. */
export class LabelFilter {
  readonly select = h("select", { "aria-label": "Filter by a label", title: "Filter by a label (b)", hidden: true });
  readonly chips = h("span", { class: "chips", role: "group", "aria-label": "Labels that are filtered by", hidden: true });
  private known = "";

  constructor() {
    this.select.addEventListener("change", () => {
      const at = this.select.value.indexOf("=");
      if (at > 0) change({ [PREFIX + this.select.value.slice(0, at)]: this.select.value.slice(at + 1) });
    });
  }

  /** What there is to choose. */
  offer(labels: DevicePage["labels"]): void {
    const text = JSON.stringify(labels);
    // An open list must not change under the pointer.
    if (text === this.known || document.activeElement === this.select) return;
    this.known = text;
    this.select.hidden = labels.length === 0;
    fill(
      this.select,
      h("option", { value: "" }, "Filter by label"),
      ...labels.map((label) => {
        const group = h("optgroup", { label: label.values > Object.keys(label.devices).length ? `${label.name} (the most frequent)` : label.name });
        for (const [value, devices] of Object.entries(label.devices)) group.append(h("option", { value: `${label.name}=${value}` }, `${value} (${count(devices)} ${devices === 1 ? "device" : "devices"})`));
        return group;
      }),
    );
    this.select.value = "";
  }

  /** The view has changed. */
  draw(): void {
    const filters = Object.entries(labelFilters());
    this.select.value = "";
    this.chips.hidden = filters.length === 0;
    fill(
      this.chips,
      ...filters.map(([parameter, value]) => {
        const name = parameter.slice(PREFIX.length);
        const chip = h("button", { type: "button", class: "chip on", "aria-label": `No longer only ${name} ${value}` }, h("span", { class: "muted" }, `${name} `), value, h("span", { "aria-hidden": "true" }, " ×"));
        chip.addEventListener("click", () => change({ [parameter]: null }));
        return chip;
      }),
    );
  }
}

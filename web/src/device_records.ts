// The records of a device as they are in bronze, for the range in view.

import { get, type StoredRecord } from "./api";
import { fill, h, setText } from "./dom";
import { count, dateTime } from "./format";
import { Latest, messageOf } from "./page";
import { emptyState, errorCard } from "./parts";

const MAX_RECORDS = 200;

export interface DeviceRecords {
  root: HTMLElement;
  /** The range in view has changed. */
  show: (fromUs: number, toUs: number) => void;
  destroy: () => void;
}

export function deviceRecords(device: string): DeviceRecords {
  const note = h("span", { class: "muted push", role: "status" });
  const body = h("div", {});
  const root = h("details", { class: "card records" }, h("summary", { class: "card-head" }, h("h2", {}, "Records as they arrived"), note), body);
  const latest = new Latest();
  let range: [number, number] | null = null;

  const draw = (records: StoredRecord[], isComplete: boolean): void => {
    setText(note, isComplete ? `${count(records.length)} in view` : `the newest ${count(records.length)} in view`);
    if (records.length === 0) {
      fill(body, emptyState("data", "No records in view", h("p", {}, "Records are in the table with the next commit.")));
      return;
    }
    fill(
      body,
      h(
        "div",
        { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Records" },
        h(
          "table",
          { class: "fold" },
          h("thead", {}, h("tr", {}, ...["Event time", "Received", "Position", "Record"].map((name) => h("th", { scope: "col" }, name)))),
          h(
            "tbody",
            {},
            ...records.map((record) =>
              h(
                "tr",
                {},
                h("td", { class: "number" }, dateTime(record.time_us)),
                h("td", { class: "number" }, dateTime(record.received_us), h("div", { class: "muted" }, `epoch ${count(record.epoch)}, row ${count(record.sequence)}`)),
                h("td", { class: "wrap mono" }, `${record.position.source} · ${record.position.partition} @ ${record.position.offset}`),
                h("td", { class: "wrap mono" }, record.payload),
              ),
            ),
          ),
        ),
      ),
    );
  };
  const load = async (): Promise<void> => {
    if (!root.open || range === null) return;
    try {
      const query = { device, from: Math.round(range[0]), to: Math.round(range[1]) + 1, limit: MAX_RECORDS };
      const answer = await latest.run((signal) => get<{ is_complete: boolean; records: StoredRecord[] }>("records", query, signal));
      if (answer) draw(answer.records, answer.is_complete);
    } catch (error) {
      fill(body, errorCard(messageOf(error), () => void load()));
    }
  };
  root.addEventListener("toggle", () => void load());
  return {
    root,
    show: (fromUs, toUs) => {
      // Following live would read the table each second; opening it again does.
      if (range && root.open && toUs - fromUs === range[1] - range[0] && toUs - range[1] < (toUs - fromUs) / 20) return;
      range = [fromUs, toUs];
      void load();
    },
    destroy: () => latest.cancel(),
  };
}

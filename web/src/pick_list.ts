// A table of rows of which one is picked: what the pages of alerts and anomalies share.

import { h } from "./dom";
import { change, parameter } from "./view";

interface Row {
  id: string;
}

/** A field for the parameter `q`, which follows what is typed with a little delay. */
export function searchBox(label: string): HTMLInputElement {
  const box = h("input", { type: "search", placeholder: label, "aria-label": label, value: parameter("q") });
  let typing = 0;
  box.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => change({ q: box.value }), 200);
  });
  return box;
}

/** What a page does when the view has changed: `load` for another query, else `find`. */
export function onQueryChange(query: () => Record<string, string>, search: HTMLInputElement, load: () => void, find: () => void): () => void {
  let shown = "";
  return () => {
    const key = JSON.stringify(query());
    if (shown === key) return find();
    shown = key;
    if (document.activeElement !== search) search.value = parameter("q");
    load();
  };
}

/** Marks the row of that id, which is in `data-id`, and no other. */
export function markPicked(body: HTMLElement, id: string | undefined): void {
  for (const row of body.children) {
    const is = (row as HTMLElement).dataset["id"] === id;
    row.classList.toggle("selected", is);
    row.setAttribute("aria-selected", String(is));
  }
}

/** Picks the row that is `by` further down than that of the id, and scrolls it into sight. */
export function pickNext<T extends Row>(rows: T[], id: string | undefined, by: number, body: HTMLElement, pick: (row: T) => void): void {
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.id === id);
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))]!;
  pick(next);
  body.querySelector(`[data-id="${CSS.escape(next.id)}"]`)?.scrollIntoView({ block: "nearest" });
}

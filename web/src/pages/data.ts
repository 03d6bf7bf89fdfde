// Data: the Delta tables, their commits, and records that were not accepted.

import { get, type Commit, type Table } from "../api";
import { fill, h, setText } from "../dom";
import { ago, bytes, count, dateTime, shortCount } from "../format";
import { LateCard } from "../late_card";
import { messageOf, refreshedPage, type Context, type Page } from "../page";
import { errorCard } from "../parts";
import { QuarantineCard } from "../quarantine_card";
import { sqlBox, type SqlBox } from "../sql_box";

const REFRESH_MS = 10_000;

/** Rows that came; an OPTIMIZE only writes them once more. */
function bars(commits: Commit[]): HTMLElement {
  const oldestFirst = commits.filter((commit) => commit.operation !== "OPTIMIZE").reverse();
  const most = Math.max(1, ...oldestFirst.map((commit) => commit.rows_added));
  const root = h("div", { class: "bars", role: "img", "aria-label": `Rows of the last ${oldestFirst.length} commits` });
  for (const commit of oldestFirst) {
    const bar = h("i", { title: `version ${commit.version}: ${count(commit.rows_added)} rows` });
    bar.style.height = `${Math.max(3, (commit.rows_added / most) * 100)}%`;
    root.append(bar);
  }
  return root;
}

function commitTable(commits: Commit[]): HTMLElement {
  return h(
    "div",
    { class: "table-wrap" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", { class: "number" }, "Version"), h("th", {}, "Time"), h("th", {}, "Operation"), h("th", { class: "number" }, "Rows"), h("th", { class: "number" }, "Files"), h("th", { class: "number" }, "Size"))),
      h(
        "tbody",
        {},
        ...commits.map((commit) =>
          h(
            "tr",
            {},
            h("td", { class: "number" }, commit.version),
            h("td", {}, commit.time_us ? dateTime(commit.time_us) : "–"),
            h("td", {}, commit.operation.toLowerCase()),
            h("td", { class: "number" }, `+${count(commit.rows_added)}`),
            h("td", { class: "number" }, `+${commit.files_added}${commit.files_removed ? ` −${commit.files_removed}` : ""}`),
            h("td", { class: "number" }, bytes(commit.bytes_added)),
          ),
        ),
      ),
    ),
  );
}

function columnTable(table: Table): HTMLElement {
  return h(
    "div",
    { class: "table-wrap" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, h("th", {}, "Column"), h("th", {}, "Type"), h("th", {}, "Meaning"))),
      h("tbody", {}, ...table.columns.map((column) => h("tr", {}, h("td", { class: "mono" }, column.name), h("td", { class: "mono" }, column.type), h("td", { class: "wrap" }, column.comment)))),
    ),
  );
}

interface TableCard {
  root: HTMLElement;
  show: (table: Table) => void;
}

/** A button that asks for rows; nothing for those who may not ask. */
function rowsButton(sql: SqlBox | null, query: string): HTMLElement | null {
  return sql && h("button", { type: "button", class: "button", onClick: () => sql.ask(query) }, "Rows");
}

function tableCard(first: Table, sql: SqlBox | null): TableCard {
  const facts = h("dl", { class: "facts" });
  const chart = h("div", {});
  const commits = h("div", {});
  const root = h(
    "section",
    { class: "card", "aria-label": first.full_name },
    h("div", { class: "card-head" }, h("h2", {}, first.name.replace("_", " ")), h("span", { class: "push" }, rowsButton(sql, `SELECT * FROM ${first.full_name} LIMIT 100`))),
    h(
      "div",
      { class: "card-body explain" },
      h("p", { class: "mono muted" }, first.full_name),
      h("p", { class: "muted" }, first.description),
      facts,
      chart,
      h("details", {}, h("summary", {}, "Commits"), commits),
      h("details", {}, h("summary", {}, "Columns"), columnTable(first)),
    ),
  );
  return {
    root,
    show: (table) => {
      const newest = table.commits[0];
      const line = (name: string, value: string): Node[] => [h("dt", {}, name), h("dd", {}, value)];
      fill(
        facts,
        ...line("Rows", count(table.rows)),
        ...line("Size", `${bytes(table.size_bytes)} in ${count(table.files)} ${table.files === 1 ? "file" : "files"}${table.small_files ? `, ${count(table.small_files)} small` : ""}`),
        ...line("Version", `${count(table.version)}${newest?.time_us ? `, ${ago(newest.time_us, Date.now() * 1000)}` : ""}`),
      );
      // The first commit makes the table and has no rows.
      fill(chart, table.commits.length > 1 ? bars(table.commits) : null);
      fill(commits, commitTable(table.commits));
    },
  };
}

export function dataPage(context: Context): Page {
  const note = h("span", { class: "muted number", role: "status" });
  const tables = h("div", { class: "three" });
  const mayAsk = context.status.role !== "viewer";
  const sql = sqlBox(context.status.catalog, mayAsk);
  const asks = mayAsk ? sql : null;
  const recordsWith = (code: string): string =>
    `SELECT received_at, message, coalesce(TRY_CAST(payload AS VARCHAR), encode(payload, 'hex')) AS payload, source, partition, "offset"\nFROM ${context.status.catalog}.raw.quarantine\nWHERE code = '${code}' ORDER BY received_at DESC LIMIT 100`;
  const quarantine = new QuarantineCard(mayAsk, (code) => rowsButton(asks, recordsWith(code)));
  const late = new LateCard(rowsButton(asks, `SELECT * FROM ${context.status.catalog}.processed.valid_readings\nWHERE late ORDER BY event_time DESC LIMIT 100`));
  const root = h("div", { class: "page" }, h("div", { class: "head" }, h("h1", {}, "Data"), note), sql.root, tables, quarantine.root, late.root);
  const cards = new Map<string, TableCard>();
  let loaded = false;
  const load = async (): Promise<void> => {
    try {
      const [answer] = await Promise.all([get<{ lake: string; tables: Table[] }>("tables", { commits: 40 }), quarantine.load(), late.load()]);
      if (!loaded) fill(tables);
      loaded = true;
      let rows = 0;
      let size = 0;
      for (const table of answer.tables) {
        rows += table.rows;
        size += table.size_bytes;
        let card = cards.get(table.name);
        if (!card) {
          card = tableCard(table, asks);
          cards.set(table.name, card);
          tables.append(card.root);
        }
        card.show(table);
      }
      setText(note, `Delta Lake in ${answer.lake} · ${shortCount(rows)} rows · ${bytes(size)}`);
    } catch (error) {
      if (!loaded) fill(tables, errorCard(messageOf(error), () => void load()));
    }
  };
  const page = refreshedPage("Data", root, REFRESH_MS, load);
  return {
    ...page,
    destroy: () => {
      page.destroy?.();
      quarantine.destroy();
      sql.destroy();
    },
  };
}

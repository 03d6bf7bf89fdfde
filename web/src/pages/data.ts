// Data: the Delta tables, their commits, and records that were not accepted.

import { get, type Commit, type Quarantine, type Table } from "../api";
import { fill, h, setText } from "../dom";
import { ago, bytes, count, dateTime, shortCount } from "../format";
import { messageOf, refreshedPage, type Context, type Page } from "../page";
import { emptyState, errorCard } from "../parts";
import { sqlBox, type SqlBox } from "../sql_box";

const REFRESH_MS = 10_000;

function bars(commits: Commit[]): HTMLElement {
  const oldestFirst = [...commits].reverse();
  const most = Math.max(1, ...oldestFirst.map((commit) => commit.rows_added));
  const root = h("div", { class: "bars", role: "img", "aria-label": `Rows of the last ${commits.length} commits` });
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
    h("div", { class: "card-head" }, h("h2", {}, first.name.replace("_", " ")), h("span", { class: "mono muted push" }, first.full_name), rowsButton(sql, `SELECT * FROM ${first.full_name} LIMIT 100`)),
    h(
      "div",
      { class: "card-body explain" },
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
        ...line("Size", `${bytes(table.size_bytes)} in ${count(table.files)} files${table.small_files ? `, ${count(table.small_files)} small` : ""}`),
        ...line("Version", `${count(table.version)}${newest?.time_us ? `, ${ago(newest.time_us, Date.now() * 1000)}` : ""}`),
      );
      fill(chart, bars(table.commits));
      fill(commits, commitTable(table.commits));
    },
  };
}

function quarantineCard(quarantine: Quarantine, table: string, sql: SqlBox | null): HTMLElement {
  const head = h("div", { class: "card-head" }, h("h2", {}, "Records that were not accepted"), h("span", { class: "muted push number" }, `${count(quarantine.rows)} in quarantine`));
  if (quarantine.reasons.length === 0) {
    return h("section", { class: "card" }, head, emptyState("data", "None", h("p", {}, "Every record was accepted.")));
  }
  return h(
    "section",
    { class: "card" },
    head,
    h(
      "div",
      { class: "table-wrap" },
      h(
        "table",
        { class: "fold" },
        h("thead", {}, h("tr", {}, h("th", {}, "Reason"), h("th", { class: "number" }, "Records"), h("th", {}, "Newest"), h("th", {}, "What is wrong with it"), h("th", {}, "Record"))),
        h(
          "tbody",
          {},
          ...quarantine.reasons.map((reason) =>
            h(
              "tr",
              {},
              h("td", {}, h("div", { class: "mono" }, reason.code), rowsButton(sql, `SELECT received_at, message, coalesce(TRY_CAST(payload AS VARCHAR), encode(payload, 'hex')) AS payload, source, partition, "offset"\nFROM ${table}\nWHERE code = '${reason.code}' ORDER BY received_at DESC LIMIT 100`)),
              h("td", { class: "number" }, count(reason.count)),
              h("td", {}, dateTime(reason.newest_us)),
              h("td", { class: "wrap" }, reason.message),
              h("td", { class: "wrap mono" }, reason.sample, h("div", { class: "muted" }, reason.position)),
            ),
          ),
        ),
      ),
    ),
    h("p", { class: "card-body muted" }, "After a fix of the configuration, ", h("code", {}, "avocet quarantine retry"), " gives them a second chance."),
  );
}

export function dataPage(context: Context): Page {
  const note = h("span", { class: "muted number", role: "status" });
  const tables = h("div", { class: "three" });
  const quarantine = h("div", {});
  const mayAsk = context.status.role !== "viewer";
  const sql = sqlBox(context.status.catalog, mayAsk);
  const asks = mayAsk ? sql : null;
  const root = h("div", { class: "page" }, h("div", { class: "head" }, h("h1", {}, "Data"), note), sql.root, tables, quarantine);
  const cards = new Map<string, TableCard>();
  let loaded = false;
  const load = async (): Promise<void> => {
    try {
      const [answer, refused] = await Promise.all([get<{ lake: string; tables: Table[] }>("tables", { commits: 40 }), get<Quarantine>("quarantine")]);
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
      fill(quarantine, quarantineCard(refused, `${context.status.catalog}.raw.quarantine`, asks));
    } catch (error) {
      if (!loaded) fill(tables, errorCard(messageOf(error), () => void load()));
    }
  };
  const page = refreshedPage("Data", root, REFRESH_MS, load);
  return {
    ...page,
    destroy: () => {
      page.destroy?.();
      sql.destroy();
    },
  };
}

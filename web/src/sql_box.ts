// The SQL box: a read-only query over the tables, its result as a table, a chart and CSV.

import { post, type QueryResult } from "./api";
import { fill, h, svg } from "./dom";
import { count, measure } from "./format";
import { icon } from "./icons";
import { Latest, messageOf } from "./page";
import { change, parameter } from "./view";

const INKS = ["--series", "--accent", "--warning"];

/** Rows of CSV with quotes as RFC 4180 has them. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i]!;
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') {
        field += c;
        ++i;
      } else if (c === '"') quoted = false;
      else field += c;
    } else if (c === '"') quoted = true;
    else if (c === ",") {
      row.push(field);
      field = "";
    } else if (c === "\n") {
      row.push(field);
      rows.push(row);
      row = [];
      field = "";
    } else if (c !== "\r") field += c;
  }
  if (field !== "" || row.length > 0) rows.push([...row, field]);
  return rows;
}

/** Columns of which every value is a number. */
function numeric(rows: string[][], columns: number): number[] {
  const is = (column: number): boolean => rows.some((row) => row[column] !== "") && rows.every((row) => row[column] === "" || Number.isFinite(Number(row[column])));
  return [...Array(columns).keys()].filter(is);
}

/** Where the rows are, from 0 to 1: by the first column of times, else in their order; and what is at both ends. */
function places(rows: string[][]): { at: number[]; first: string; last: string } {
  const last = rows.length - 1;
  const order = rows.map((_, i) => (last > 0 ? i / last : 0.5));
  const column = rows[0]!.findIndex((_, c) => rows.every((row) => /^\d{4}-\d\d-\d\d/.test(row[c]!) && !Number.isNaN(Date.parse(row[c]!))));
  if (column < 0) return { at: order, first: rows[0]![0]!, last: rows[last]![0]! };
  const times = rows.map((row) => Date.parse(row[column]!));
  const begin = Math.min(...times);
  const span = Math.max(...times) - begin;
  const text = (time: number): string => rows[times.indexOf(time)]![column]!;
  return { at: span > 0 ? times.map((time) => (time - begin) / span) : order, first: text(begin), last: text(begin + span) };
}

/** Up to three columns of numbers, each from its smallest to its largest value. */
function chart(head: string[], rows: string[][], columns: number[]): HTMLElement {
  const shown = columns.slice(0, INKS.length);
  const picture = svg("svg", { class: "query-chart", viewBox: "0 0 1000 200", preserveAspectRatio: "none", role: "img", "aria-label": `${shown.map((c) => head[c]).join(", ")} over ${rows.length} rows` });
  const legend = h("div", { class: "legend" });
  const across = places(rows);
  shown.forEach((column, i) => {
    const values = rows.map((row) => (row[column] === "" ? NaN : Number(row[column])));
    const known = values.filter((value) => !Number.isNaN(value));
    const low = Math.min(...known);
    const high = Math.max(...known);
    let path = "";
    let pen = "M";
    const byPlace = [...values.keys()].sort((a, b) => across.at[a]! - across.at[b]!);
    byPlace.forEach((row) => {
      const value = values[row]!;
      if (Number.isNaN(value)) {
        pen = "M";
        return;
      }
      const x = across.at[row]! * 1000;
      const y = high === low ? 100 : 194 - ((value - low) / (high - low)) * 188;
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    });
    const line = svg("path", { d: path });
    line.style.stroke = `var(${INKS[i]})`;
    picture.append(line);
    const key = h("i", {});
    key.style.background = `var(${INKS[i]})`;
    legend.append(h("span", {}, key, `${head[column]}: ${measure(low)} to ${measure(high)}`));
  });
  return h("div", {}, picture, h("div", { class: "query-ends muted number" }, h("span", {}, across.first), h("span", {}, across.last)), legend);
}

function resultTable(head: string[], rows: string[][], numbers: number[]): HTMLElement {
  const right = new Set(numbers);
  return h(
    "div",
    { class: "table-wrap query-rows", tabindex: "0", role: "region", "aria-label": "Result" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((name, column) => h("th", { scope: "col", class: right.has(column) ? "number" : null }, name)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((value, column) => h("td", { class: right.has(column) ? "number" : "whole" }, value))))),
    ),
  );
}

export interface SqlBox {
  root: HTMLElement;
  /** Asks that instead of what is written there. */
  ask: (sql: string) => void;
  /** Ends a query that still runs. */
  destroy: () => void;
}

export function sqlBox(catalog: string, mayAct: boolean): SqlBox {
  const text = h("textarea", { class: "mono", rows: 4, spellcheck: "false", "aria-label": "SQL", disabled: !mayAct });
  text.value = parameter("sql") || `SELECT device_id, count(*) AS anomalies, max(score) AS worst\nFROM ${catalog}.analytics.anomalies\nGROUP BY 1 ORDER BY 2 DESC LIMIT 20`;
  const run = h("button", { type: "submit", class: "button primary", disabled: !mayAct }, icon("play"), "Run");
  const stop = h("button", { type: "button", class: "button", hidden: true }, icon("close"), "Stop");
  const note = h("span", { class: "muted", role: "status" }, mayAct ? "read-only; at most 1,000 rows, 10 s and 256 MiB" : "an operator's token may ask");
  const problem = h("pre", { class: "is-critical query-problem", role: "alert" });
  const result = h("div", { class: "explain" });
  const form = h("form", { class: "sql" }, text, h("div", { class: "toolbar" }, run, stop, note));

  const latest = new Latest();
  let download = "";

  const show = (answer: QueryResult): void => {
    const [head = [], ...all] = parseCsv(answer.csv);
    const rows = all.slice(0, answer.most_rows);
    const numbers = numeric(rows, head.length);
    URL.revokeObjectURL(download);
    download = URL.createObjectURL(new Blob([answer.csv], { type: "text/csv" }));
    const csv = h("a", { class: "button", download: "query.csv", href: download }, icon("download"), "CSV");
    const picture = h("div", { hidden: true });
    const draw = h("button", { type: "button", class: "button", "aria-pressed": "false", disabled: numbers.length === 0 || rows.length < 2 }, icon("anomalies"), "Chart");
    draw.addEventListener("click", () => {
      picture.hidden = !picture.hidden;
      draw.setAttribute("aria-pressed", String(!picture.hidden));
      if (!picture.firstChild) picture.append(chart(head, rows, numbers));
    });
    const more = all.length > rows.length ? "the first " : "";
    fill(note, `${more}${count(rows.length)} ${rows.length === 1 ? "row" : "rows"} in ${answer.seconds.toFixed(2)} s`);
    fill(result, h("div", { class: "toolbar" }, draw, csv), picture, resultTable(head, rows, numbers));
  };
  const ask = async (): Promise<void> => {
    const sql = text.value;
    change({ sql });
    stop.hidden = false;
    fill(problem);
    fill(note, "asking …");
    try {
      const answer = await latest.run((signal) => post<QueryResult>("query", { sql }, signal));
      if (!answer) return;
      show(answer);
    } catch (error) {
      fill(problem, messageOf(error));
      fill(note);
      fill(result);
    }
    stop.hidden = true;
  };
  stop.addEventListener("click", () => {
    latest.cancel();
    stop.hidden = true;
    fill(note, "stopped");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void ask();
  });
  const root = h("section", { class: "card", "aria-label": "SQL" }, h("div", { class: "card-head" }, h("h2", {}, "Ask in SQL"), h("span", { class: "muted push" }, "Ctrl+Enter runs it")), h("div", { class: "card-body explain" }, form, problem, result));
  return {
    root,
    ask: (sql) => {
      text.value = sql;
      root.scrollIntoView({ block: "start" });
      void ask();
    },
    destroy: () => {
      latest.cancel();
      URL.revokeObjectURL(download);
    },
  };
}

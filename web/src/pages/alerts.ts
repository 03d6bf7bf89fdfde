// Alerts: what people should know, and what they do about it; triage with one key per verdict.

import { alertChart, alertLink, alertPanel, alertSubject, stageBadge } from "../alert_panel";
import { assignForm, muteSeries, VERBS } from "../alert_verbs";
import { get, post, remove, url, type Alert, type AlertList, type AlertStage, type DevicePage, type Mute } from "../api";
import { copyButton } from "../copy";
import { fill, h, setText, type Child } from "../dom";
import { events } from "../events";
import { count, dateTime, shortTime } from "../format";
import { gateProposal } from "../gate_card";
import { icon } from "../icons";
import { LabelFilter, labelFilters, labelsText } from "../labels";
import { muteForm } from "../mute_form";
import { Latest, messageOf, type Context, type Page } from "../page";
import { emptyState, errorCard, select, stateBadge } from "../parts";
import { markPicked, onQueryChange, pickNext, searchBox } from "../pick_list";
import { change, go, parameter } from "../view";

const ROWS = 300;
const STAGES: [AlertStage | "any", string][] = [
  ["open", "Open"],
  ["acknowledged", "Acknowledged"],
  ["cleared", "Cleared"],
  ["pending", "Pending"],
  ["any", "All"],
];
const RANGES: [string, string][] = [
  ["", "Any time"],
  ["now-1h", "Last hour"],
  ["now-24h", "Last 24 hours"],
  ["now-7d", "Last 7 days"],
];
const LENGTHS: [string, string][] = [
  ["1h", "for 1 hour"],
  ["8h", "for 8 hours"],
  ["24h", "for a day"],
  ["7d", "for a week"],
];
const EMPTY: Record<string, [string, string]> = {
  open: ["All calm", "No alert waits for anybody. New ones appear here by themselves."],
  acknowledged: ["Nothing in work", "Alerts that somebody has acknowledged are here until they clear."],
  cleared: ["Nothing has cleared", "Alerts that are over are here."],
  pending: ["Nothing is pending", "Here is what does not last long enough yet for its rule."],
  any: ["No alerts", "Nothing matches. New ones appear here by themselves."],
};

function stage(): AlertStage | "any" {
  const wanted = parameter("stage", parameter("id") ? "any" : "open");
  return STAGES.find(([name]) => name === wanted)?.[0] ?? "open";
}

function query(): Record<string, string> {
  return {
    stage: stage() === "any" ? "" : stage(),
    from: parameter("from"),
    severity: parameter("severity"),
    rule: parameter("rule"),
    q: parameter("q"),
    ...labelFilters(),
  };
}

/** What a mute matches, in words. */
function muted(mute: Mute): string {
  const parts = [
    mute.rule === "*" ? "any rule" : `rule ${mute.rule}`,
    mute.device === "*" ? "any device" : mute.device ? `device ${mute.device}` : "the fleet",
    labelsText(mute.labels),
    mute.metric === "*" ? "any metric" : mute.metric ? `metric ${mute.metric}` : "as a whole",
  ];
  return parts.filter(Boolean).join(", ");
}

export function alertsPage(context: Context): Page {
  const mayAct = context.status.role !== "viewer";
  const search = searchBox("Search device, rule or reason");
  const severity = select("Severity", [["", "Any severity"], ["critical", "Critical"], ["warning", "Warning"], ["info", "Info"]], parameter("severity"), (value) => change({ severity: value }));
  const rule = select("Rule", [["", "Any rule"], ...context.status.rules.map((name): [string, string] => [name, name])], parameter("rule"), (value) => change({ rule: value }));
  const range = select("Time range", RANGES, parameter("from"), (value) => change({ from: value }));
  const labels = new LabelFilter();
  const csv = h("a", { class: "button", download: "alerts.csv", href: "/api/v1/alerts.csv" }, icon("download"), "CSV");
  const mutesButton = h("button", { type: "button", class: "button", "aria-expanded": "false" }, icon("mute"), "Mutes");
  const note = h("span", { class: "muted", role: "status" });
  const tabs = h("div", { class: "group tabs", role: "group", "aria-label": "Stage" });
  const bulk = h("div", { class: "toolbar bulk", role: "region", "aria-label": "What to do with the chosen alerts", hidden: true });
  const mutesList = h("div");
  const mutes = h("section", { class: "card", "aria-label": "Mutes", hidden: true });
  const toast = h("div", { class: "toast", role: "status", hidden: true });
  const length = select("How long to mute", LENGTHS, "1h", () => undefined);
  const body = h("tbody", {});
  const panel = h("section", { class: "card sticky", "aria-label": "The alert" });
  const all = h("input", { type: "checkbox", "aria-label": "Choose all" });
  const scroller = h(
    "section",
    { class: "card table-wrap", "aria-label": "Alerts", tabindex: "0" },
    h(
      "table",
      { class: "fold alerts" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "box" }, h("label", { class: "choose-all" }, all, h("span", {}, "Choose all"))), ...["Severity", "Stage"].map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col", class: "number" }, "Since"), h("th", { scope: "col" }, "Device"), h("th", { scope: "col", class: "rule" }, "Rule"), h("th", { scope: "col" }, "What"))),
      body,
    ),
  );
  const holder = h("div", {});
  const columns = h("div", { class: "columns picks" }, scroller, panel);
  const root = h(
    "div",
    { class: "page full" },
    h("div", { class: "head" }, h("h1", {}, "Alerts"), note, h("span", { class: "push toolbar" }, mutesButton, csv)),
    h("div", { class: "toolbar" }, tabs, search, range, severity, rule, labels.select, labels.chips),
    mutes,
    bulk,
    holder,
    columns,
    toast,
  );

  const latest = new Latest();
  let rows: Alert[] = [];
  let matching = 0;
  let selected: Alert | null = null;
  let isStale = false;
  const chosen = new Set<string>();

  const targets = (): string[] => (chosen.size > 0 ? [...chosen] : selected ? [selected.id] : []);

  let toastTimer = 0;
  const say = (text: string, undo?: () => Promise<void>): void => {
    clearTimeout(toastTimer);
    const button = undo ? h("button", { type: "button", class: "button" }, "Undo") : null;
    button?.addEventListener("click", () => void undo!().then(() => say("Undone")));
    fill(toast, h("span", {}, text), button);
    toast.hidden = false;
    toastTimer = window.setTimeout(() => (toast.hidden = true), 6000);
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    if (!mayAct) return say("Your role may only look. An operator's token can do that.");
    try {
      await work();
      await load();
    } catch (error) {
      say(messageOf(error));
    }
  };

  const act = (action: string, text: string, done: string): Promise<void> =>
    attempt(async () => {
      const ids = targets();
      if (ids.length === 0) return;
      const next = following(ids);
      await post("alert_actions", { ids, action, text });
      say(`${ids.length === 1 ? "1 alert" : `${ids.length} alerts`} ${done}`);
      const leaves = action === "acknowledge" && stage() === "open";
      chosen.clear();
      if (leaves && next) select_(next);
    });

  const mute = (): Promise<void> =>
    attempt(async () => {
      const listed = rows.filter((alert) => targets().includes(alert.id));
      const made = await muteSeries(listed.length === 0 && selected ? [selected] : listed, length.value);
      if (made.length === 0) return;
      chosen.clear();
      say(`Muted ${length.selectedOptions[0]!.textContent}: recorded, and nobody is told`, async () => {
        for (const id of made) await remove("mutes", { id });
        await load();
      });
    });

  const verbs = (): [string, string, string, () => Promise<void>][] => [
    ...VERBS.map((verb): [string, string, string, () => Promise<void>] => [verb.key, verb.picture, verb.name, () => act(verb.action, verb.text, verb.done)]),
    ["m", "mute", "Mute", mute],
  ];
  // One form for the chosen alerts and for the one shown, so that what is being typed outlives an update.
  const assign = assignForm(context.status, (person) => void act("assign", person, `assigned to ${person}`));
  const buttons = (): Child[] => [
    ...verbs().map(([key, picture, name, run]) => {
      const button = h("button", { type: "button", class: "button", title: `${name} (${key})`, disabled: !mayAct }, icon(picture), name, h("kbd", {}, key));
      button.addEventListener("click", () => void run());
      return button;
    }),
    length,
    assign.form,
  ];

  const following = (ids: string[]): Alert | null => {
    const at = rows.findIndex((row) => ids.includes(row.id));
    const rest = [...rows.slice(at + 1), ...rows.slice(0, Math.max(0, at)).reverse()];
    return rest.find((row) => !ids.includes(row.id)) ?? null;
  };
  const select_ = (alert: Alert): void => change({ id: alert.id, at: String(alert.time_us), stage: stage() });

  const choose = (id: string, on: boolean): void => {
    if (on) chosen.add(id);
    else chosen.delete(id);
    drawChosen();
  };
  const drawChosen = (): void => {
    for (const row of body.children) {
      const id = (row as HTMLElement).dataset["id"]!;
      row.querySelector("input")!.checked = chosen.has(id);
    }
    all.checked = rows.length > 0 && chosen.size === rows.length;
    all.indeterminate = chosen.size > 0 && chosen.size < rows.length;
    bulk.hidden = chosen.size === 0;
    if (chosen.size === 0) {
      drawPanel();
      return;
    }
    const clear = h("button", { type: "button", class: "button quiet" }, "Choose none");
    clear.addEventListener("click", () => {
      chosen.clear();
      drawChosen();
    });
    fill(bulk, h("b", {}, `${count(chosen.size)} chosen`), ...buttons(), clear);
  };

  const drawRows = (): void => {
    const nowUs = context.now();
    for (const id of chosen) if (!rows.some((row) => row.id === id)) chosen.delete(id);
    fill(
      body,
      ...rows.map((alert) => {
        const box = h("input", { type: "checkbox", "aria-label": `Choose ${alertSubject(alert)}` });
        box.addEventListener("click", (event) => {
          event.stopPropagation();
          choose(alert.id, box.checked);
        });
        const row = h(
          "tr",
          { class: `pick${alert.id === selected?.id ? " selected" : ""}`, "data-id": alert.id, "aria-selected": String(alert.id === selected?.id) },
          h("td", { class: "box" }, box),
          h("td", { class: "severity" }, stateBadge(alert.severity)),
          h("td", { class: "stage" }, stageBadge(alert.stage === "open" && alert.state === "flapping" ? "flapping" : alert.stage), alert.muted && alert.stage !== "cleared" ? h("span", { class: "muted" }, " muted") : null, alert.assignee ? h("span", { class: "muted assignee" }, ` ${alert.assignee}`) : null),
          h("td", { class: "number since", title: dateTime(alert.opened_us) }, shortTime(alert.opened_us, nowUs)),
          h("td", { class: "name" }, h("a", { href: alertLink(alert) }, alertSubject(alert))),
          h("td", { class: "rule skip-small" }, alert.rule),
          h("td", { class: "wrap" }, alert.cause, alert.label ? h("span", { class: "muted" }, ` · ${alert.label}`) : null),
        );
        row.addEventListener("click", (event) => {
          event.preventDefault();
          select_(alert);
        });
        return row;
      }),
    );
    const isEmpty = rows.length === 0;
    scroller.hidden = isEmpty;
    columns.hidden = isEmpty && selected === null;
    if (isEmpty) {
      const [title, text] = EMPTY[stage()]!;
      fill(holder, h("div", { class: "card" }, emptyState("alerts", title, h("p", {}, text))));
    } else fill(holder);
    drawChosen();
    drawNote();
  };

  const drawNote = (): void => {
    const shown = matching > rows.length ? `the newest ${count(rows.length)} of ${count(matching)}` : `${count(matching)} found`;
    setText(note, isStale ? `${shown} · more have changed` : shown);
    csv.href = url("alerts.csv", query());
  };

  const drawTabs = (stages: Record<AlertStage, number>): void => {
    const sum = Object.values(stages).reduce((a, b) => a + b, 0);
    fill(
      tabs,
      ...STAGES.map(([name, text]) => {
        const number = name === "any" ? sum : stages[name];
        const button = h("button", { type: "button", class: "button", "aria-pressed": String(name === stage()) }, text, h("span", { class: "count number" }, count(number)));
        button.addEventListener("click", () => change({ stage: name === "open" ? null : name, id: null, at: null }));
        return button;
      }),
    );
  };

  const drawPanel = (): void => {
    if (!selected) {
      fill(panel, emptyState("alerts", "Choose an alert", h("p", {}, "to see what happened, and why."), h("p", {}, h("kbd", {}, "j"), " ", h("kbd", {}, "k"), " move, ", h("kbd", {}, "a"), " acknowledges")));
      return;
    }
    const copy = copyButton("Link", "Copy the link", "link", () => location.origin + alertLink(selected!));
    const { form, input } = commenting(selected);
    const typed = [input, assign.input].find((field) => document.activeElement === field);
    fill(
      panel,
      h("div", { class: "card-head" }, h("h2", {}, alertSubject(selected))),
      h(
        "div",
        { class: "card-body explain", tabindex: "0" },
        alertPanel(
          selected,
          context.unit(selected.metric),
          h("div", { class: "toolbar verbs" }, ...(chosen.size === 0 ? buttons() : [])),
          proposal(selected),
          h("div", { class: "toolbar" }, h("a", { class: "button primary", href: alertChart(selected) }, "See it in the chart"), copy),
        ),
        form,
      ),
    );
    typed?.focus();
  };

  // Kept while the alert is shown, so that what is being typed outlives an update.
  let comment: { id: string; form: HTMLFormElement; input: HTMLInputElement } | null = null;
  const commenting = (alert: Alert): { form: HTMLFormElement; input: HTMLInputElement } => {
    if (comment?.id === alert.id) return comment;
    const input = h("input", { type: "text", placeholder: "Comment", "aria-label": "Comment", disabled: !mayAct });
    const form = h("form", { class: "toolbar" }, input, h("button", { class: "button", disabled: !mayAct }, "Add"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      input.value = "";
      if (text) void act("comment", text, "commented");
    });
    comment = { id: alert.id, form, input };
    return comment;
  };

  // Kept while the alert is shown, so that what is open in it stays open.
  let proposed: { id: string; root: HTMLElement } | null = null;
  const proposal = (alert: Alert): HTMLElement | null => {
    if (alert.label !== "false-positive" || alert.device === null) return null;
    if (proposed?.id !== alert.id) proposed = { id: alert.id, root: gateProposal(alert.id, mayAct, say) };
    return proposed.root;
  };

  const findSelected = async (): Promise<void> => {
    const id = parameter("id");
    if (!id) selected = null;
    else {
      try {
        selected = await get<Alert>("alert", { id });
      } catch (error) {
        selected = null;
        fill(panel, emptyState("alert", "Not found", h("p", {}, messageOf(error)), h("p", {}, "It may be older than a month: avocet alerts show has it.")));
        columns.hidden = false;
        columns.classList.add("has-selected");
        return;
      }
    }
    markPicked(body, selected?.id);
    columns.hidden = rows.length === 0 && selected === null;
    columns.classList.toggle("has-selected", selected !== null);
    drawPanel();
  };

  const loadMutes = async (): Promise<void> => {
    const list = (await get<{ mutes: Mute[] }>("mutes")).mutes;
    fill(mutesButton, icon("mute"), list.length ? `Mutes (${list.length})` : "Mutes");
    if (mutes.hidden) return;
    fill(
      mutesList,
      list.length === 0
        ? h("p", { class: "card-body muted" }, "Nothing is muted.")
        : h(
            "div",
            { class: "table-wrap" },
            h(
              "table",
              { class: "fold" },
              h("thead", {}, h("tr", {}, ...["What", "By", "Until", "Why", ""].map((name) => h("th", { scope: "col" }, name)))),
              h(
                "tbody",
                {},
                ...list.map((item) => {
                  const end = h("button", { type: "button", class: "button", disabled: !mayAct }, "End");
                  end.addEventListener("click", () => void attempt(() => remove("mutes", { id: item.id }).then(() => undefined)));
                  return h(
                    "tr",
                    {},
                    h("td", { class: "name whole" }, muted(item)),
                    h("td", {}, item.actor),
                    h("td", {}, [item.schedule, item.until_us === null ? "until it is ended" : dateTime(item.until_us)].filter(Boolean).join(", ")),
                    h("td", { class: "wrap" }, item.reason || "–"),
                    h("td", {}, end),
                  );
                }),
              ),
            ),
          ),
    );
  };
  // The form stays where it is when the list changes: who types in it keeps the focus.
  fill(
    mutes,
    h("div", { class: "card-head" }, h("h2", {}, "Muted"), h("span", { class: "muted" }, "recorded as ever, and nobody is told")),
    mutesList,
    mayAct
      ? muteForm(context, () => {
          say("Muted: recorded, and nobody is told");
          void load();
        })
      : null,
  );
  mutesButton.addEventListener("click", () => {
    mutes.hidden = !mutes.hidden;
    mutesButton.setAttribute("aria-expanded", String(!mutes.hidden));
    void loadMutes();
  });

  const load = async (): Promise<void> => {
    try {
      const answer = await latest.run((signal) => get<AlertList>("alerts", { ...query(), limit: ROWS }, signal));
      if (!answer) return;
      rows = answer.alerts;
      matching = answer.matching;
      isStale = false;
      drawTabs(answer.stages);
      drawRows();
      await findSelected();
      await loadMutes();
    } catch (error) {
      // The banner tells of a lost connection; what is known stays in sight.
      if (rows.length > 0 && events.connection === "lost") return;
      fill(holder, errorCard(messageOf(error), () => void load()));
      columns.hidden = true;
    }
  };

  all.addEventListener("click", () => {
    chosen.clear();
    if (all.checked) for (const row of rows) chosen.add(row.id);
    drawChosen();
  });
  const isWriting = (): boolean => panel.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement;
  const stop = [
    events.on("alert", (alert) => {
      isStale = true;
      // What is being typed below it stays.
      if (alert.id === selected?.id) void findSelected();
    }),
    events.on("reset", () => void load()),
    events.on("connection", (connection) => {
      if (connection === "live") void load();
    }),
    events.on("pulse", () => {
      if (!isStale) return;
      // Rows do not move under somebody who reads further down or chooses.
      if (scroller.scrollTop > 40 || chosen.size > 0 || isWriting()) drawNote();
      else void load();
    }),
  ];
  const move = (by: number): void => pickNext(rows, selected?.id, by, body, select_);
  const follow = onQueryChange(query, search, () => void load(), () => void findSelected());
  // Without them the filter is not offered, and all else works.
  void get<DevicePage>("devices", { limit: 1 }).then((page) => labels.offer(page.labels), () => undefined);
  return {
    title: "Alerts",
    root,
    update: () => {
      labels.draw();
      follow();
    },
    restyle: () => drawRows(),
    key: (key) => {
      const verb = verbs().find(([name]) => name === key);
      if (verb) void verb[3]();
      else if (key === "j" || key === "ArrowDown") move(1);
      else if (key === "k" || key === "ArrowUp") move(-1);
      else if (key === "x" && selected) choose(selected.id, !chosen.has(selected.id));
      else if (key === "b") labels.select.focus();
      else if (key === "o" && targets().length > 0) assign.input.select();
      else if (key === "c") panel.querySelector<HTMLInputElement>("form input")?.focus();
      else if (key === "r") void load();
      else if (key === "Enter" && selected) go(alertChart(selected));
      else if (key === "Escape" && chosen.size > 0) {
        chosen.clear();
        drawChosen();
      } else if (key === "Escape" && selected) change({ id: null, at: null });
      else return false;
      return true;
    },
    destroy: () => {
      latest.cancel();
      for (const off of stop) off();
    },
  };
}
